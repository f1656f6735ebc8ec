/*
 * client_certificate.h: what both versions do with a client's certificate: ask for it, judge it, check its signature.
 */
#ifndef TLS_CLIENT_CERTIFICATE_H
#define TLS_CLIENT_CERTIFICATE_H

#include "crypto/client_trust.h"
#include "tls/tls_types.h"

/* Views of the certificates of a message, leaf first; one more than is allowed is counted, so that it is refused. */
struct client_chain {
    struct bytes certificates[MAX_CLIENT_CHAIN + 1];
    size_t count;
};
void client_chain_add(struct client_chain *chain, struct bytes certificate);

/*
 * Judges the chain, which may be empty where none is required. On success with a chain the handshake has the leaf's
 * key, and the outcome who it is; that it is theirs, CertificateVerify must prove. False: the connection failed.
 */
MUST_CHECK bool client_chain_verify(struct tls *tls, const struct client_chain *chain);

/* Reads a CertificateVerify and checks it over `input`. False: the connection failed. */
MUST_CHECK bool client_certificate_verify(struct tls *tls, struct reader *body, struct bytes input);

/* For CertificateRequest: SignatureScheme supported_signature_algorithms<2..2^16-2>, with its length. */
void client_certificate_write_schemes(struct writer *w, const struct tls_policy *policy, uint16_t version);

/* DistinguishedName authorities<3..2^16-1>, with its length; cut when there are too many. */
bool client_certificate_has_authorities(const struct tls_policy *policy);
void client_certificate_write_authorities(struct writer *w, const struct tls_policy *policy);
size_t client_certificate_authorities_len(const struct tls_policy *policy); /* at most */

#endif
