#include "crypto/hkdf.h"

#include "base/writer.h"

bool hkdf_extract(const struct hash_alg *alg, struct bytes salt, struct bytes input, struct secret *out)
{
    /* HMAC fills its key up with zeros, so that an empty salt is the one of zeros already. */
    if (secret_resize(out, hash_alg_len(alg)) && hmac_once(alg, salt, input, out->bytes))
        return true;
    secret_wipe(out);
    return false;
}

/* T(n) = HMAC(key, T(n-1) || info || n), RFC 5869 2.3. `previous` is empty for the first. */
static bool expand_block(const struct hash_alg *alg, const struct secret *key, struct bytes previous, struct bytes info,
                         uint8_t number, uint8_t *out)
{
    uint8_t text[MAX_HASH_LEN + MAX_HKDF_INFO_LEN + 1];
    struct writer w = writer_of(text, sizeof text);
    bool ok;

    write_bytes(&w, previous);
    write_bytes(&w, info);
    write_u8(&w, number);
    ok = writer_ok(&w) && hmac_once(alg, secret_view(key), writer_view(&w), out);
    memory_wipe(text, sizeof text);
    return ok;
}

bool hkdf_expand(const struct hash_alg *alg, const struct secret *key, struct bytes info, uint8_t *out, size_t len)
{
    uint8_t block[MAX_HASH_LEN];
    size_t block_len = hash_alg_len(alg), done = 0;
    bool ok = len <= 255 * block_len;

    for (uint8_t number = 1; ok && done < len; number++) {
        struct bytes previous = bytes_of(block, done ? block_len : 0);
        size_t part = len - done < block_len ? len - done : block_len;

        ok = expand_block(alg, key, previous, info, number, block);
        if (ok)
            memcpy(out + done, block, part);
        done += part;
    }
    memory_wipe(block, sizeof block);
    if (!ok)
        memory_wipe(out, len);
    return ok;
}
