/*
 * The keys of TLS 1.2 against NIST's figures for RFC 7627: premaster secret and session hash to the extended master
 * secret, and that with both randoms to the key block, of which the record layer takes as much as its cipher needs.
 */
#include "tls/key_schedule12.h"

#include "support/check_run.h"
#include "support/vectors.h"

static unsigned seen[2];

static const struct hash_alg *hash_of(struct vector *vector)
{
    bool is_sha384 = vector_is(vector, "hash", "sha384");

    seen[is_sha384]++;
    return hash_find(is_sha384 ? HASH_SHA384 : HASH_SHA256);
}

/* RFC 5246 6.3: client key, server key, client IV, server IV, in this order; an AEAD has no MAC keys. */
static void check_block(struct vector *vector, const struct hash_alg *hash, const struct secret *master)
{
    static const struct {
        size_t key_len, iv_len;
    } rows[] = {{16, 4}, {32, 4}, {32, 12}};
    struct bytes block = vector_bytes(vector, "block"), client = vector_bytes(vector, "client"),
                 server = vector_bytes(vector, "server");

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct key_block12 keys;

        ck_assert(key_block12(hash, master, client.at, server.at, rows[i].key_len, rows[i].iv_len, &keys));
        ck_assert_mem_eq(keys.client_key, block.at, rows[i].key_len);
        ck_assert_mem_eq(keys.server_key, block.at + rows[i].key_len, rows[i].key_len);
        ck_assert_mem_eq(keys.client_iv, block.at + 2 * rows[i].key_len, rows[i].iv_len);
        ck_assert_mem_eq(keys.server_iv, block.at + 2 * rows[i].key_len + rows[i].iv_len, rows[i].iv_len);
    }
}

static void check_vector(struct vector *vector)
{
    const struct hash_alg *hash = hash_of(vector);
    struct secret master = {0}, classic = {0};

    ck_assert(master_secret12(hash, vector_bytes(vector, "premaster"), true, vector_bytes(vector, "seed"), &master));
    ck_assert_msg(bytes_equal(secret_view(&master), vector_bytes(vector, "master")), "%s", vector->name);
    ck_assert(master_secret12(hash, vector_bytes(vector, "premaster"), false, vector_bytes(vector, "seed"), &classic));
    ck_assert(!bytes_equal(secret_view(&master), secret_view(&classic))); /* RFC 7627 4: another label */
    check_block(vector, hash, &master);
}

START_TEST(the_published_master_secrets_and_key_blocks_come_out)
{
    vectors_for_each("extended_master_secret.txt", check_vector);
    ck_assert_uint_ge(seen[0], 3);
    ck_assert_uint_ge(seen[1], 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_published_master_secrets_and_key_blocks_come_out};

    return crypto_start() ? check_run("key_schedule12", tests, ARRAY_LEN(tests)) : 1;
}
