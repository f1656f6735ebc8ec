#include "crypto/hkdf.h"

bool hkdf_extract(const struct hash_alg *alg, struct bytes salt, struct bytes input, struct secret *out)
{
    /* HMAC fills its key up with zeros, so that an empty salt is the one of zeros already. */
    if (secret_resize(out, hash_alg_len(alg)) && hmac_once(alg, salt, input, out->bytes))
        return true;
    secret_wipe(out);
    return false;
}

/* T(n) = HMAC(key, T(n-1) || info || n), RFC 5869 2.3. T(0) is empty. */
bool hkdf_expand(const struct hmac *key, struct bytes info, uint8_t *out, size_t len)
{
    uint8_t block[MAX_HASH_LEN], number = 1;
    size_t block_len = hmac_alg(key) ? hash_alg_len(hmac_alg(key)) : 0;
    struct bytes text[] = {bytes_of(block, 0), info, bytes_of(&number, 1)};
    bool is_ok = len <= 255 * block_len;

    for (size_t done = 0; is_ok && done < len; number++) {
        size_t part = len - done < block_len ? len - done : block_len;

        is_ok = hmac_make(key, text, ARRAY_LEN(text), block);
        memcpy(out + done, block, is_ok ? part : 0);
        text[0].len = block_len;
        done += part;
    }
    memory_wipe(block, sizeof block);
    if (!is_ok)
        memory_wipe(out, len);
    return is_ok;
}
