/*
 * exporter.c: put in front of key_block12() when the shim is linked (-Wl,--wrap), to see the master secret go by.
 */
#include "bogo/exporter.h"

#include "base/writer.h"
#include "crypto/prf12.h"
#include "tls/key_schedule12.h"

static struct {
    const struct hash_alg *hash;
    struct secret master;
    uint8_t client_random[32], server_random[32];
} last;

bool __real_key_block12(const struct hash_alg *hash, const struct secret *master, const uint8_t client_random[32],
                        const uint8_t server_random[32], size_t key_len, size_t iv_len, struct key_block12 *out);
bool __wrap_key_block12(const struct hash_alg *hash, const struct secret *master, const uint8_t client_random[32],
                        const uint8_t server_random[32], size_t key_len, size_t iv_len, struct key_block12 *out);

bool __wrap_key_block12(const struct hash_alg *hash, const struct secret *master, const uint8_t client_random[32],
                        const uint8_t server_random[32], size_t key_len, size_t iv_len, struct key_block12 *out)
{
    last.hash = hash;
    last.master = *master;
    memcpy(last.client_random, client_random, sizeof last.client_random);
    memcpy(last.server_random, server_random, sizeof last.server_random);
    return __real_key_block12(hash, master, client_random, server_random, key_len, iv_len, out);
}

/* RFC 5705 4: PRF(master_secret, label, client_random + server_random [+ context_value_length + context_value]). */
bool exporter12(const char *label, const char *context, uint8_t *out, size_t len)
{
    uint8_t seed[MAX_PRF_SEED_LEN];
    struct writer w = writer_of(seed, sizeof seed);
    struct vector_mark mark;

    write_bytes(&w, BYTES_OF_ARRAY(last.client_random));
    write_bytes(&w, BYTES_OF_ARRAY(last.server_random));
    if (context) {
        mark = write_vec16_begin(&w);
        write_bytes(&w, bytes_of_string(context));
        write_vec_end(&w, mark);
    }
    return last.hash && writer_ok(&w) && prf12(last.hash, secret_view(&last.master), label, writer_view(&w), out, len);
}
