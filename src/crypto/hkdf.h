/*
 * hkdf.h: RFC 5869. The TLS labels are laid over it in tls/key_schedule13.
 */
#ifndef CRYPTO_HKDF_H
#define CRYPTO_HKDF_H

#include "crypto/hash.h"

/* An empty salt stands for hash_alg_len() zeros (RFC 5869 2.2). */
MUST_CHECK bool hkdf_extract(const struct hash_alg *alg, struct bytes salt, struct bytes input, struct secret *out);

/*
 * `len` bytes into `out`, at most 255 * hash_alg_len() (RFC 5869 2.3), out of a key that may give several such.
 * When it fails `out` holds zeros.
 */
MUST_CHECK bool hkdf_expand(const struct hmac *key, struct bytes info, uint8_t *out, size_t len);

#endif
