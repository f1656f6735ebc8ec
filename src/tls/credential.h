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
 * decides. One that has expired, or is not valid yet, is chosen only where of all those that the name means none else
 * fits. False: none fits, or SNI_REJECTED.
 */
MUST_CHECK bool credential_choose(const struct tls_policy *policy, const struct credential_need *need,
                                  struct credential_found *found);

/* ---- why one was not taken, for the record */

/* Those that a name means; where no name decides (match is SNI_UNUSED) it means all. */
struct credential_namesakes {
    enum sni_match match;
    struct {
        const struct credential_name *at;
        size_t count;
    } exact, wildcard;
};

struct credential_namesakes credential_find_namesakes(const struct tls_policy *policy, struct bytes sni);
bool credential_is_namesake(const struct credential_namesakes *namesakes, const struct tls_credential *credential);

/* Within its time, by the policy's clock; without one it is. */
bool credential_is_current(const struct tls_policy *policy, const struct tls_credential *credential);

/* Of the kind of key that the exchange needs. */
bool credential_has_kind(const struct tls_credential *credential, enum suite_exchange exchange);

/* RFC 8422 5.1: in TLS 1.2 the curve of the server's certificate is one of those that the client names. */
bool credential_has_curve(const struct tls_credential *credential, uint16_t version, struct bytes groups);
bool credential_makes(const struct tls_credential *credential, enum signature_id id);

/* What a signature by this scheme is in this version; SIGNATURE_IDS: it makes none. */
enum signature_id scheme_signature(const struct tls_signature_scheme *scheme, uint16_t version);

#endif
