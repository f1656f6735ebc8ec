/*
 * hkdf.h: RFC 5869. The TLS labels are laid over it in tls/key_schedule13.
 */
#ifndef CRYPTO_HKDF_H
#define CRYPTO_HKDF_H

#include "crypto/hash.h"

/* Of a HkdfLabel (RFC 8446 7.1): two bytes of length, a label of up to 255 and a context of up to 255. */
enum { MAX_HKDF_INFO_LEN = 2 + 1 + 255 + 1 + 255 };

/* An empty salt stands for hash_alg_len() zeros (RFC 5869 2.2). */
MUST_CHECK bool hkdf_extract(const struct hash_alg *alg, struct bytes salt, struct bytes input, struct secret *out);

/* `len` bytes into `out`, at most 255 * hash_alg_len() (RFC 5869 2.3); `info` has at most MAX_HKDF_INFO_LEN bytes.
 * When it fails `out` holds zeros. */
MUST_CHECK bool hkdf_expand(const struct hash_alg *alg, const struct secret *key, struct bytes info, uint8_t *out,
                            size_t len);

#endif
