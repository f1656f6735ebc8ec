/*
 * key_operation.h: the typed requests of the key port.
 *
 * The engine describes what it needs; whoever holds the private keys formats the signed input itself and answers.
 * There is no raw sign and no raw decrypt: a request says which step of which protocol it is for. In this process
 * or in another one, the engine cannot tell the difference.
 */
#ifndef TLS_KEY_OPERATION_H
#define TLS_KEY_OPERATION_H

#include "crypto/signature.h"

enum tls_key_operation {
    TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, /* RFC 8446 4.4.3; answer: the signature */
};

struct tls_key_request {
    enum tls_key_operation operation;
    uint8_t key_id[KEY_ID_LEN]; /* SHA-256 of the SubjectPublicKeyInfo */
    enum signature_id signature;
    uint8_t transcript_hash[MAX_HASH_LEN]; /* Transcript-Hash(Handshake Context, Certificate) */
    size_t transcript_hash_len;
};

/* Does the work with the key the request names. `out` takes MAX_SIGNATURE_LEN bytes. False: refused or failed. */
MUST_CHECK bool tls_key_perform(const struct tls_key_request *request, const struct private_key *key,
                                struct random_source random, uint8_t *out, size_t *len);

/* The signed content of a server's CertificateVerify, also for tests that verify one. */
enum { MAX_CERTIFICATE_VERIFY_INPUT = 64 + 33 + 1 + MAX_HASH_LEN };
MUST_CHECK bool tls_certificate_verify_input(struct bytes transcript_hash, uint8_t out[MAX_CERTIFICATE_VERIFY_INPUT],
                                             size_t *len);

#endif
