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
    *hash = (struct hash){.alg = from->alg};
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
    if (hash->alg)
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

/* H(pad || data), the pad being the key xor a constant byte. RFC 2104 2. */
static bool padded_hash(const struct hash_alg *alg, const uint8_t *key_block, uint8_t constant, struct bytes data,
                        uint8_t *out)
{
    const uint64_t constants = constant * UINT64_C(0x0101010101010101);
    uint8_t pad[MAX_HASH_BLOCK_LEN];
    struct hash hash;
    bool ok;

    for (size_t i = 0; i < alg->block_len;
         i += sizeof constants) { /* eight bytes at a time: there are dozens of these */
        uint64_t word;
        memcpy(&word, key_block + i, sizeof word);
        word ^= constants;
        memcpy(pad + i, &word, sizeof word);
    }
    ok = hash_init(&hash, alg) && hash_update(&hash, bytes_of(pad, alg->block_len)) && hash_update(&hash, data) &&
         alg->finish(hash.state, out);
    hash_wipe(&hash);
    memory_wipe(pad, sizeof pad);
    return ok;
}

bool hmac_once(const struct hash_alg *alg, struct bytes key, struct bytes data, uint8_t *out)
{
    uint8_t key_block[MAX_HASH_BLOCK_LEN] = {0}, inner[MAX_HASH_LEN];
    bool ok = true;

    if (key.len > alg->block_len)
        ok = hash_once(alg, key, key_block);
    else if (key.len != 0)
        memcpy(key_block, key.at, key.len);
    ok = ok && padded_hash(alg, key_block, 0x36, data, inner) &&
         padded_hash(alg, key_block, 0x5c, bytes_of(inner, alg->len), out);
    memory_wipe(key_block, sizeof key_block);
    memory_wipe(inner, sizeof inner);
    return ok;
}
