/*
 * prf12.h: the pseudorandom function of RFC 5246 section 5.
 */
#ifndef CRYPTO_PRF12_H
#define CRYPTO_PRF12_H

#include "crypto/hash.h"

enum { MAX_PRF_LABEL_LEN = 32, MAX_PRF_SEED_LEN = 128 };

/* PRF(secret, label, seed), `len` bytes. False when the hash fails or an input is too long; `out` is then wiped. */
MUST_CHECK bool prf12(const struct hash_alg *hash, struct bytes secret, const char *label, struct bytes seed,
                      uint8_t *out, size_t len);

#endif
