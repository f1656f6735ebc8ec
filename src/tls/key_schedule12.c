#include "tls/key_schedule12.h"

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/prf12.h"

enum { MASTER_LEN = 48, RANDOM_LEN = 32 };

bool master_secret12(const struct hash_alg *hash, struct bytes premaster, bool is_extended, struct bytes seed,
                     struct secret *out)
{
    const char *label = is_extended ? "extended master secret" : "master secret";

    return secret_resize(out, MASTER_LEN) && prf12(hash, premaster, label, seed, out->bytes, MASTER_LEN);
}

bool key_block12(const struct hash_alg *hash, const struct secret *master, const uint8_t client_random[32],
                 const uint8_t server_random[32], size_t key_len, size_t iv_len, struct key_block12 *out)
{
    uint8_t seed[2 * RANDOM_LEN], block[sizeof *out];
    size_t len = 2 * (key_len + iv_len);
    struct reader r = reader_of(bytes_of(block, len));
    bool is_ok;

    memcpy(seed, server_random, RANDOM_LEN); /* the other way round than for the master secret (RFC 5246 6.3) */
    memcpy(seed + RANDOM_LEN, client_random, RANDOM_LEN);
    is_ok = prf12(hash, secret_view(master), "key expansion", BYTES_OF_ARRAY(seed), block, len) &&
            read_copy(&r, key_len, out->client_key) && read_copy(&r, key_len, out->server_key) &&
            read_copy(&r, iv_len, out->client_iv) && read_copy(&r, iv_len, out->server_iv);
    memory_wipe(block, sizeof block);
    return is_ok;
}

bool finished12_verify_data(const struct hash_alg *hash, const struct secret *master, const char *label,
                            const uint8_t *transcript_hash, uint8_t *out)
{
    return prf12(hash, secret_view(master), label, bytes_of(transcript_hash, hash_alg_len(hash)), out,
                 VERIFY_DATA12_LEN);
}
