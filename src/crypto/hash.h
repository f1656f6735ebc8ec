/*
 * hash.h: SHA-256 and SHA-384, HMAC.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/secret.h"
#include "crypto/crypto.h"

enum hash_id { HASH_SHA256, HASH_SHA384 };

struct hash_alg; /* one const object an algorithm, private to src/crypto */

struct hash {
    const struct hash_alg *alg; /* NULL: not begun */
    _Alignas(16) uint8_t state[256];
};

const struct hash_alg *hash_find(enum hash_id id);
size_t hash_alg_len(const struct hash_alg *alg);       /* 32 or 48 */
const char *hash_alg_name(const struct hash_alg *alg); /* "SHA256" */

MUST_CHECK bool hash_init(struct hash *hash, const struct hash_alg *alg);
MUST_CHECK bool hash_update(struct hash *hash, struct bytes data);

/* The digest of what went in so far; more may follow. `out` holds hash_alg_len() bytes. */
MUST_CHECK bool hash_peek(const struct hash *hash, uint8_t *out);
/* `hash` becomes a second one, from here on of its own; wipe both. */
MUST_CHECK bool hash_clone(struct hash *hash, const struct hash *from);
void hash_wipe(struct hash *hash);

MUST_CHECK bool hash_once(const struct hash_alg *alg, struct bytes data, uint8_t *out);

/* HMAC (RFC 2104) under one key, for any number of messages: the two hashes that begin with the key, kept. */
struct hmac {
    struct hash inner, outer;
};

MUST_CHECK bool hmac_init(struct hmac *hmac, const struct hash_alg *alg, struct bytes key); /* false: it is wiped */
const struct hash_alg *hmac_alg(const struct hmac *hmac);

/* Of `count` parts, one behind the other. `out` holds hash_alg_len() bytes and may be one of the parts. */
MUST_CHECK bool hmac_make(const struct hmac *hmac, const struct bytes *parts, size_t count, uint8_t *out);
void hmac_wipe(struct hmac *hmac);

MUST_CHECK bool hmac_once(const struct hash_alg *alg, struct bytes key, struct bytes data, uint8_t *out);

#endif
