#include "crypto/prf12.h"

#include "base/writer.h"

/* P_hash(secret, seed): A(0) = seed, A(i) = HMAC(secret, A(i-1)); HMAC(secret, A(i) + seed), one behind the other. */
static bool p_hash(const struct hmac *secret, struct bytes seed, uint8_t *out, size_t len)
{
    uint8_t a[MAX_HASH_LEN], block[MAX_HASH_LEN];
    size_t hash_len = hash_alg_len(hmac_alg(secret)), done = 0;
    struct bytes text[] = {bytes_of(a, hash_len), seed};
    bool is_ok = hmac_make(secret, &seed, 1, a);

    while (is_ok && done < len) {
        size_t part = len - done < hash_len ? len - done : hash_len;

        is_ok = hmac_make(secret, text, ARRAY_LEN(text), block);
        memcpy(out + done, block, is_ok ? part : 0);
        done += part;
        if (done < len)
            is_ok = is_ok && hmac_make(secret, text, 1, a);
    }
    memory_wipe(a, sizeof a);
    memory_wipe(block, sizeof block);
    return is_ok;
}

bool prf12(const struct hash_alg *hash, struct bytes secret, const char *label, struct bytes seed, uint8_t *out,
           size_t len)
{
    uint8_t text[MAX_PRF_LABEL_LEN + MAX_PRF_SEED_LEN];
    struct writer w = writer_of(text, sizeof text);
    struct hmac keyed;
    bool is_ok;

    write_bytes(&w, bytes_of_string(label));
    write_bytes(&w, seed);
    is_ok = hmac_init(&keyed, hash, secret) && writer_ok(&w) && p_hash(&keyed, writer_view(&w), out, len);
    hmac_wipe(&keyed);
    if (!is_ok)
        memory_wipe(out, len);
    return is_ok;
}
