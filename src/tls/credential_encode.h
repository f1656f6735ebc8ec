/*
 * credential_encode.h: the messages that carry a certificate, put together once, when it is loaded.
 */
#ifndef TLS_CREDENTIAL_ENCODE_H
#define TLS_CREDENTIAL_ENCODE_H

#include "tls/policy_types.h"

/* Certificate of TLS 1.3, and compressed by every compressor of the policy. False: no memory. */
MUST_CHECK bool credential_encode(struct tls_credential *credential, const struct tls_policy *policy);

/* Keeps a copy of `response` and encodes the same with it. */
MUST_CHECK bool credential_set_staple(struct tls_credential *credential, const struct tls_policy *policy,
                                      struct bytes response);
void credential_free(struct tls_credential *credential);

#endif
