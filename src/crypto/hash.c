#include "crypto/hash.h"

#include "crypto/provider.h"

size_t hash_alg_len(const struct hash_alg *alg)
{
    return alg->len;
}

const char *hash_alg_name(const struct hash_alg *alg)
{
    return alg->name;
}

bool hash_init(struct hash *hash, const struct hash_alg *alg)
{
    hash->alg = alg;
    if (alg->begin(hash->state))
        return true;
    hash_wipe(hash);
    return false;
}

bool hash_update(struct hash *hash, struct bytes data)
{
    return hash->alg && (data.len == 0 || hash->alg->update(hash->state, data));
}

bool hash_clone(struct hash *hash, const struct hash *from)
{
    hash->alg = from->alg;
    return from->alg && from->alg->clone(hash->state, from->state);
}

bool hash_peek(const struct hash *hash, uint8_t *out)
{
    struct hash copy;
    bool ok;

    if (!hash_clone(&copy, hash))
        return false;
    ok = hash->alg->finish(copy.state, out);
    hash_wipe(&copy);
    return ok;
}

void hash_wipe(struct hash *hash)
{
    if (hash->alg && hash->alg->wipe)
        hash->alg->wipe(hash->state);
    memory_wipe(hash, sizeof *hash);
}

bool hash_once(const struct hash_alg *alg, struct bytes data, uint8_t *out)
{
    struct hash hash;
    bool ok = hash_init(&hash, alg) && hash_update(&hash, data) && alg->finish(hash.state, out);

    hash_wipe(&hash);
    return ok;
}

/* ---- HMAC, RFC 2104 2: H(key xor opad, H(key xor ipad, text)) */

enum { INNER_PAD = 0x36, OUTER_PAD = 0x5c };

static void exclusive_or(uint8_t block[MAX_HASH_BLOCK_LEN], uint8_t constant)
{
    for (size_t i = 0; i < MAX_HASH_BLOCK_LEN; i++)
        block[i] ^= constant;
}

static bool begin_padded(struct hmac *hmac, const struct hash_alg *alg, uint8_t block[MAX_HASH_BLOCK_LEN])
{
    struct bytes pad = bytes_of(block, alg->block_len);
    bool is_ok;

    exclusive_or(block, INNER_PAD);
    is_ok = hash_init(&hmac->inner, alg) && hash_update(&hmac->inner, pad);
    exclusive_or(block, INNER_PAD ^ OUTER_PAD);
    return is_ok && hash_init(&hmac->outer, alg) && hash_update(&hmac->outer, pad);
}

bool hmac_init(struct hmac *hmac, const struct hash_alg *alg, struct bytes key)
{
    uint8_t block[MAX_HASH_BLOCK_LEN] = {0};
    bool is_ok = true;

    hmac->inner.alg = hmac->outer.alg = NULL;
    if (key.len > alg->block_len)
        is_ok = hash_once(alg, key, block);
    else if (key.len != 0)
        memcpy(block, key.at, key.len);
    is_ok = is_ok && begin_padded(hmac, alg, block);
    memory_wipe(block, sizeof block);
    if (!is_ok)
        hmac_wipe(hmac);
    return is_ok;
}

const struct hash_alg *hmac_alg(const struct hmac *hmac)
{
    return hmac->inner.alg;
}

/* One of the two hashes, from where the key left it. */
static bool finish_from(const struct hash *keyed, const struct bytes *parts, size_t count, uint8_t *out)
{
    struct hash hash;
    bool is_ok = hash_clone(&hash, keyed);

    for (size_t i = 0; i < count; i++)
        is_ok = is_ok && hash_update(&hash, parts[i]);
    is_ok = is_ok && hash.alg->finish(hash.state, out);
    hash_wipe(&hash);
    return is_ok;
}

bool hmac_make(const struct hmac *hmac, const struct bytes *parts, size_t count, uint8_t *out)
{
    uint8_t inner[MAX_HASH_LEN];
    bool is_ok = hmac->inner.alg && finish_from(&hmac->inner, parts, count, inner);
    struct bytes part = bytes_of(inner, is_ok ? hmac->inner.alg->len : 0);

    is_ok = is_ok && finish_from(&hmac->outer, &part, 1, out);
    memory_wipe(inner, sizeof inner);
    return is_ok;
}

void hmac_wipe(struct hmac *hmac)
{
    hash_wipe(&hmac->inner);
    hash_wipe(&hmac->outer);
}

bool hmac_once(const struct hash_alg *alg, struct bytes key, struct bytes data, uint8_t *out)
{
    struct hmac hmac;
    bool is_ok = hmac_init(&hmac, alg, key) && hmac_make(&hmac, &data, 1, out);

    hmac_wipe(&hmac);
    return is_ok;
}
