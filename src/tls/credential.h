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

/*
 * Those with the exact name, else those with a fitting wildcard; for a name that none bears, where the policy lets
 * it pass, the default ones, else any. Within one of these kinds our first signature scheme that the client offers
 * decides. `sni` with len 0: none was sent. False: none fits, or SNI_REJECTED.
 */
MUST_CHECK bool credential_choose(const struct tls_policy *policy, struct bytes sni, struct bytes offered_schemes,
                                  const struct tls_credential **credential, const struct tls_signature_scheme **scheme,
                                  enum sni_match *match);

#endif
