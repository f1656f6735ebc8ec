/*
 * aead.h: AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305, keyed once, in place.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "crypto/crypto.h"

enum aead_id { AEAD_AES_128_GCM, AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305 };
enum { AEAD_NONCE_LEN = 12, AEAD_TAG_LEN = 16, MAX_AEAD_KEY_LEN = 32 };

struct aead_alg;
struct aead; /* a keyed context */

const struct aead_alg *aead_find(enum aead_id id);
size_t aead_alg_key_len(const struct aead_alg *alg);
const char *aead_alg_name(const struct aead_alg *alg);

/* `key` has aead_alg_key_len() bytes and is not kept. NULL when memory or the library fails. */
MUST_CHECK struct aead *aead_new(const struct aead_alg *alg, const uint8_t *key);
void aead_free(struct aead *aead); /* wipes; NULL is fine */
const struct aead_alg *aead_alg(const struct aead *aead);

/* Another key in the place of the old one, which is gone. False: it has neither, and can only be freed. */
MUST_CHECK bool aead_rekey(struct aead *aead, const uint8_t *key);

/* Encrypts `text` where it lies and writes AEAD_TAG_LEN bytes to `tag`. The caller never repeats a nonce. */
MUST_CHECK bool aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct bytes aad, uint8_t *text,
                          size_t len, uint8_t *tag);

/* Decrypts `text` where it lies. CRYPTO_BAD_INPUT when the tag does not fit; `text` is then worthless. */
MUST_CHECK enum crypto_result aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct bytes aad,
                                        uint8_t *text, size_t len, const uint8_t *tag);

#endif
