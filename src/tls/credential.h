/*
 * credential.h: which of a policy's certificates answers a ClientHello.
 */
#ifndef TLS_CREDENTIAL_H
#define TLS_CREDENTIAL_H

#include "tls/policy_types.h"

enum sni_match {
    SNI_UNUSED,   /* no name was sent, or an unknown one that the policy lets pass */
    SNI_MATCHED,  /* a certificate bears the name */
    SNI_REJECTED, /* unknown, and the policy rejects it */
};

/* What the certificate must be good for. */
struct credential_need {
    struct bytes sni;             /* len 0: none was sent */
    uint16_t version;             /* which column of the schemes counts */
    enum suite_exchange exchange; /* EXCHANGE_RSA: no signature, but a key of RSA */
    struct bytes schemes;         /* offered */
    struct bytes groups;          /* offered; the curves of certificates too in TLS 1.2 (RFC 8422 5.1); at NULL: any */
};

struct credential_found {
    const struct tls_credential *credential;
    const struct tls_signature_scheme *scheme; /* NULL for EXCHANGE_RSA */
    enum sni_match match;
};

/* Whether the name is one we answer for; does not look at keys. */
enum sni_match credential_match_name(const struct tls_policy *policy, struct bytes sni);

/*
 * Those with the exact name, else those with a fitting wildcard; for a name that none bears, where the policy lets
 * it pass, the default ones, else any. Within one of these kinds our first signature scheme that the client offers
 * decides. False: none fits, or SNI_REJECTED.
 */
MUST_CHECK bool credential_choose(const struct tls_policy *policy, const struct credential_need *need,
                                  struct credential_found *found);

/* What a signature by this scheme is in this version; SIGNATURE_IDS: it makes none. */
enum signature_id scheme_signature(const struct tls_signature_scheme *scheme, uint16_t version);

#endif
