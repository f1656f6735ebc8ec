/*
 * negotiate.h: (ClientHello, policy with its clock, opened ticket) -> what is chosen, or why nothing can be. Pure: no
 * state, no bytes written, nothing but the record of its decisions.
 */
#ifndef TLS_NEGOTIATE_H
#define TLS_NEGOTIATE_H

#include "tls/client_hello.h"
#include "tls/decision.h"
#include "tls/policy.h"
#include "tls/session.h"

struct choice {
    uint16_t version;
    const struct tls_suite *suite;
    const struct tls_group *group;             /* NULL: the classic RSA key exchange, or TLS 1.2 resumed */
    bool needs_retry;                          /* no share came for `group`: HelloRetryRequest */
    struct bytes share;                        /* the client's key_exchange for `group`; a view into the ClientHello */
    bool is_resumed;                           /* scheme and credential are NULL then */
    const struct tls_signature_scheme *scheme; /* NULL too for the classic RSA key exchange */
    const struct tls_credential *credential;
    bool is_sni_used;  /* the credential was chosen by the name */
    struct bytes alpn; /* a view into the policy; len 0: none */
    bool is_stapled;   /* the client asked for an OCSP response and there is a current one */
    int compressor;    /* index in the policy of how the Certificate is compressed; -1: it is not */
    bool asks_client_certificate;
    uint16_t record_limit; /* bytes of content in a record of ours, from record_size_limit or max_fragment_length */
    bool has_size_limit;   /* it is from record_size_limit, which is answered */
    /* Or from max_fragment_length, whose code this is, and holds for the client's records as well; 0: not. */
    uint8_t fragment_length;
};

/* What is known of the client's ticket. */
struct offered_session {
    const struct session *session; /* NULL: none was offered, or none opened */
    uint16_t index;                /* which of the client's identities it is */
    int64_t now;                   /* seconds since 1970 */
};

/* The version, before anything else is looked at (RFC 8446 4.2.1, RFC 7507). */
MUST_CHECK bool negotiate_version(const struct client_hello *ch, const struct tls_policy *policy, uint16_t *version,
                                  struct decisions *decisions, enum why *why);

/* All the rest, after negotiate_version(). `decisions` may be NULL. */
MUST_CHECK bool negotiate13(const struct client_hello *ch, const struct tls_policy *policy,
                            const struct offered_session *offered, struct choice *out, struct decisions *decisions,
                            enum why *why);
MUST_CHECK bool negotiate12(const struct client_hello *ch, const struct tls_policy *policy,
                            const struct offered_session *offered, struct choice *out, struct decisions *decisions,
                            enum why *why);

/* The three together, for who wants to know the answer and not to give it. No ticket is taken into account. */
MUST_CHECK bool negotiate(const struct client_hello *ch, const struct tls_policy *policy, struct choice *out,
                          struct decisions *decisions, enum why *why);

#endif
