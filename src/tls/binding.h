/*
 * binding.h: what a ticket is good for (reliability X01).
 *
 * A ticket never carries more authority than a fresh handshake would get now: its seal is bound to the listener, the
 * name the client asks for, the version, and a digest of the client-certificate policy (mode, CAs, CRLs). Certificates
 * and ALPN are not in it: a renewed certificate ends no resumption, and ALPN is negotiated afresh.
 */
#ifndef TLS_BINDING_H
#define TLS_BINDING_H

#include "tls/policy_types.h"

/* What is the same for all tickets of a policy. False: the hash failed, as below. */
MUST_CHECK bool binding_context(struct bytes listener, const struct tls_policy *policy, uint8_t out[32]);

/* Of one ticket; `sni` with len 0: the client asked for no name. */
MUST_CHECK bool binding_of(const struct tls_policy *policy, uint16_t version, struct bytes sni, uint8_t out[32]);

#endif
