/*
 * Hashes as NIST has them, HMAC and HKDF as Project Wycheproof has them, with keys, salts and outputs of odd lengths,
 * and what all providers of a hash make of random messages.
 */
#include "base/secret.h"
#include "crypto/hkdf.h"
#include "crypto/provider.h"
#include "support/check_run.h"
#include "support/vectors.h"

enum { MAX_OKM_LEN = 255 * MAX_HASH_LEN };

static enum hash_id hash_of(const struct vector *vector)
{
    return vector_is(vector, "hash", "sha256") ? HASH_SHA256 : HASH_SHA384;
}

static void compare_digest(struct vector *vector)
{
    struct bytes message = vector_bytes(vector, "message"), expected = vector_bytes(vector, "digest");

    for (size_t i = 0; provider_at(i); i++) {
        const struct hash_alg *alg = provider_at(i)->hashes[hash_of(vector)];
        uint8_t digest[MAX_HASH_LEN];

        if (!alg)
            continue;
        ck_assert(hash_once(alg, message, digest));
        ck_assert_msg(bytes_equal(expected, bytes_of(digest, hash_alg_len(alg))), "%s by %s", vector->name,
                      provider_at(i)->name());
    }
}

START_TEST(hashes_give_the_published_digests)
{
    vectors_for_each("nist_hash.txt", compare_digest);
}
END_TEST

static void compare_code(struct vector *vector)
{
    struct bytes key = vector_bytes(vector, "key"), message = vector_bytes(vector, "message");
    struct bytes expected = vector_bytes(vector, "mac");
    bool is_valid = vector_is(vector, "result", "valid");

    for (size_t i = 0; provider_at(i); i++) {
        const struct hash_alg *alg = provider_at(i)->hashes[hash_of(vector)];
        uint8_t mac[MAX_HASH_LEN];

        if (!alg)
            continue;
        ck_assert(hmac_once(alg, key, message, mac));
        ck_assert_msg(bytes_equal(expected, bytes_of(mac, hash_alg_len(alg))) == is_valid, "%s by %s", vector->name,
                      provider_at(i)->name());
    }
}

START_TEST(hmac_gives_the_published_codes_and_no_changed_one)
{
    vectors_for_each("wycheproof_hmac.txt", compare_code);
}
END_TEST

static size_t len_of(struct vector *vector)
{
    struct bytes len = vector_bytes(vector, "len");

    return (size_t)(len.at[0] << 8 | len.at[1]);
}

/* What is not valid there is longer than RFC 5869 2.3 lets an output be. */
static void derive(struct vector *vector)
{
    struct bytes salt = vector_bytes(vector, "salt"), ikm = vector_bytes(vector, "ikm");
    struct bytes info = vector_bytes(vector, "info"), expected = vector_bytes(vector, "okm");
    bool is_valid = vector_is(vector, "result", "valid");
    size_t len = len_of(vector);

    for (size_t i = 0; provider_at(i); i++) {
        const struct hash_alg *alg = provider_at(i)->hashes[hash_of(vector)];
        static uint8_t out[MAX_OKM_LEN + 1];
        struct secret key;
        struct hmac keyed;

        if (!alg)
            continue;
        ck_assert_uint_le(len, sizeof out);
        ck_assert(hkdf_extract(alg, salt, ikm, &key) && hmac_init(&keyed, alg, secret_view(&key)));
        ck_assert_msg(hkdf_expand(&keyed, info, out, len) == is_valid, "%s", vector->name);
        ck_assert_msg(!is_valid || bytes_equal(expected, bytes_of(out, len)), "%s by %s", vector->name,
                      provider_at(i)->name());
    }
}

START_TEST(hkdf_gives_the_published_keys_and_none_that_is_too_long)
{
    vectors_for_each("wycheproof_hkdf.txt", derive);
}
END_TEST

/* By the first provider that serves the hash, and by each. */
static void compare_providers(enum hash_id id, struct bytes key, struct bytes message)
{
    uint8_t digest[2][MAX_HASH_LEN], mac[2][MAX_HASH_LEN];
    size_t len = hash_alg_len(hash_find(id));

    ck_assert(hash_once(hash_find(id), message, digest[0]) && hmac_once(hash_find(id), key, message, mac[0]));
    for (size_t i = 0; provider_at(i); i++) {
        const struct hash_alg *alg = provider_at(i)->hashes[id];

        if (!alg)
            continue;
        ck_assert(hash_once(alg, message, digest[1]) && hmac_once(alg, key, message, mac[1]));
        ck_assert_mem_eq(digest[0], digest[1], len);
        ck_assert_mem_eq(mac[0], mac[1], len);
    }
}

START_TEST(providers_agree_with_each_other_on_random_messages)
{
    uint8_t random[2 + 200 + 2000];

    for (int round = 0; round < 500; round++) {
        ck_assert(random_fill(random_system(), random, sizeof random));
        for (enum hash_id id = HASH_SHA256; id <= HASH_SHA384; id++)
            compare_providers(id, bytes_of(random + 2, random[0] % 200),
                              bytes_of(random + 202, (size_t)(random[0] << 8 | random[1]) % 2000));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hashes_give_the_published_digests,
        hmac_gives_the_published_codes_and_no_changed_one,
        hkdf_gives_the_published_keys_and_none_that_is_too_long,
        providers_agree_with_each_other_on_random_messages,
    };
    return crypto_start() ? check_run("mac_vectors", tests, ARRAY_LEN(tests)) : 1;
}
