#include "crypto/prf12.h"

#include "base/writer.h"

/* P_hash(secret, seed): A(0) = seed, A(i) = HMAC(secret, A(i-1)); HMAC(secret, A(i) + seed), one behind the other. */
static bool p_hash(const struct hash_alg *hash, struct bytes secret, struct bytes seed, uint8_t *out, size_t len)
{
    uint8_t a[MAX_HASH_LEN], text[MAX_HASH_LEN + MAX_PRF_LABEL_LEN + MAX_PRF_SEED_LEN], block[MAX_HASH_LEN];
    size_t hash_len = hash_alg_len(hash), done = 0;
    bool is_ok = hmac_once(hash, secret, seed, a);

    while (is_ok && done < len) {
        size_t part = len - done < hash_len ? len - done : hash_len;
        struct writer w = writer_of(text, sizeof text);

        write_bytes(&w, bytes_of(a, hash_len));
        write_bytes(&w, seed);
        is_ok = writer_ok(&w) && hmac_once(hash, secret, writer_view(&w), block) &&
                hmac_once(hash, secret, bytes_of(a, hash_len), a);
        memcpy(out + done, block, part);
        done += part;
    }
    memory_wipe(a, sizeof a);
    memory_wipe(text, sizeof text);
    memory_wipe(block, sizeof block);
    return is_ok;
}

bool prf12(const struct hash_alg *hash, struct bytes secret, const char *label, struct bytes seed, uint8_t *out,
           size_t len)
{
    uint8_t text[MAX_PRF_LABEL_LEN + MAX_PRF_SEED_LEN];
    struct writer w = writer_of(text, sizeof text);

    write_bytes(&w, bytes_of_string(label));
    write_bytes(&w, seed);
    if (writer_ok(&w) && p_hash(hash, secret, writer_view(&w), out, len))
        return true;
    memory_wipe(out, len);
    return false;
}
