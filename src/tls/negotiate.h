/*
 * negotiate.h: (ClientHello, policy) -> what is chosen, or why nothing can be. Pure: no state, no bytes written.
 */
#ifndef TLS_NEGOTIATE_H
#define TLS_NEGOTIATE_H

#include "tls/client_hello.h"
#include "tls/policy.h"

struct choice {
    const struct tls_suite *suite;
    const struct tls_group *group;
    bool needs_retry;   /* no share came for `group`: HelloRetryRequest */
    struct bytes share; /* the client's key_exchange for `group`; a view into the ClientHello */
    const struct tls_signature_scheme *scheme;
    const struct tls_credential *credential;
    bool is_sni_used;  /* the credential was chosen by the name */
    struct bytes alpn; /* a view into the policy; len 0: none */
};

/* The version, before anything else is looked at (RFC 8446 4.2.1). */
MUST_CHECK bool negotiate_version(const struct client_hello *ch, const struct tls_policy *policy, uint16_t *version,
                                  enum why *why);

/* All the rest of a TLS 1.3 handshake. */
MUST_CHECK bool negotiate13(const struct client_hello *ch, const struct tls_policy *policy, struct choice *out,
                            enum why *why);

#endif
