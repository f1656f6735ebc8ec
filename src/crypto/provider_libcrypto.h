/*
 * provider_libcrypto.h: what the files of the libcrypto provider share. Private to them.
 *
 * OpenSSL's libcrypto, 3.0 or newer; never its libssl. A library context of our own, so that no openssl.cnf, engine or
 * provider of the system comes in; all that is fetched by name is fetched once, at the start.
 */
#ifndef CRYPTO_PROVIDER_LIBCRYPTO_H
#define CRYPTO_PROVIDER_LIBCRYPTO_H

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "crypto/provider.h"

extern const struct hash_alg libcrypto_hash_sha256, libcrypto_hash_sha384;
extern const struct aead_alg libcrypto_aead_aes_128_gcm, libcrypto_aead_aes_256_gcm, libcrypto_aead_chacha20_poly1305;
extern const struct key_exchange_alg libcrypto_x25519, libcrypto_secp256r1, libcrypto_secp384r1;
extern const struct kem_alg libcrypto_kem_mlkem768;
extern const struct key_alg libcrypto_key_rsa, libcrypto_key_p256, libcrypto_key_p384, libcrypto_key_p521;

/* Lives as long as the process. */
OSSL_LIB_CTX *libcrypto_context(void);

/*
 * Random numbers of the library (nonces, salts, blinding) are taken from `source` until libcrypto_random_end(), and
 * from the system's source outside. It is the only source: the library has no generator with a state of its own.
 */
void libcrypto_random_begin(const struct random_source *source);
void libcrypto_random_end(void);
MUST_CHECK bool libcrypto_random_start(OSSL_LIB_CTX *context);

MUST_CHECK bool libcrypto_aead_start(OSSL_LIB_CTX *context);

void libcrypto_kem_start(OSSL_LIB_CTX *context); /* does without, where the library has none */

/* A key out of the parameters of its `type`; secrets in them stay the caller's to wipe. NULL: memory or the library. */
EVP_PKEY *libcrypto_key(const char *type, bool is_private, OSSL_PARAM *params);

/* The curves, with the tables of their base points where the library has them. */
enum libcrypto_curve { LIBCRYPTO_P256, LIBCRYPTO_P384, LIBCRYPTO_P521, LIBCRYPTO_CURVES };
MUST_CHECK bool libcrypto_curves_start(OSSL_LIB_CTX *context);
const EC_GROUP *libcrypto_curve(enum libcrypto_curve curve);
BN_CTX *libcrypto_numbers(void); /* scratch for them; its memory is wiped by the library */

/* Big-endian; within [1, order). */
MUST_CHECK bool libcrypto_scalar_is_valid(enum libcrypto_curve curve, struct bytes scalar);

/* scalar * base point, uncompressed. False: memory or the library. */
MUST_CHECK bool libcrypto_base_multiple(enum libcrypto_curve curve, struct bytes scalar, uint8_t *point, size_t len);

/*
 * What an answer of the library that is no success means, by the errors it left, which are gone then: BAD_INPUT when it
 * says what is wrong with the peer's value, FAILED when it ran out of memory or says nothing.
 */
enum crypto_result libcrypto_refusal(void);

/* The same of what judges a peer's value: 1 is good, and of a bad one it may say nothing. */
enum crypto_result libcrypto_verdict(int answer);

/* The hash of a message, as the signature algorithm takes it; 0: no such algorithm. */
enum { MAX_LIBCRYPTO_DIGEST_LEN = 64 };
size_t libcrypto_digest(enum signature_id id, struct bytes message, uint8_t out[MAX_LIBCRYPTO_DIGEST_LEN]);

/* By contexts begun for signing or verifying and set to the form of `id`; `out` and `len` as key_alg's sign() has them.
 */
MUST_CHECK bool libcrypto_sign(EVP_PKEY_CTX *signer, enum signature_id id, struct bytes message,
                               struct random_source random, uint8_t *out, size_t *len);
enum crypto_result libcrypto_check(EVP_PKEY_CTX *verifier, enum signature_id id, struct bytes message,
                                   struct bytes signature);

#endif
