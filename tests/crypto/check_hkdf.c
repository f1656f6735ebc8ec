#include "crypto/hkdf.h"

#include "support/check_run.h"
#include "support/vectors.h"

static bool expand(const struct hash_alg *alg, const struct secret *key, struct bytes info, uint8_t *out, size_t len)
{
    struct hmac keyed;

    ck_assert(hmac_init(&keyed, alg, secret_view(key)));
    return hkdf_expand(&keyed, info, out, len);
}

static void derive_vector(struct vector *vector)
{
    const struct hash_alg *alg = hash_find(vector_is(vector, "hash", "sha256") ? HASH_SHA256 : HASH_SHA384);
    struct bytes expected = vector_bytes(vector, "okm");
    struct secret key;
    uint8_t out[128];

    ck_assert_uint_le(expected.len, sizeof out);
    ck_assert(hkdf_extract(alg, vector_bytes(vector, "salt"), vector_bytes(vector, "ikm"), &key));
    ck_assert_msg(bytes_equal(vector_bytes(vector, "prk"), secret_view(&key)), "%s", vector->name);
    ck_assert(expand(alg, &key, vector_bytes(vector, "info"), out, expected.len));
    ck_assert_msg(bytes_equal(expected, bytes_of(out, expected.len)), "%s", vector->name);
}

/* RFC 5869 appendix A */
START_TEST(hkdf_gives_the_published_keys)
{
    vectors_for_each("hkdf.txt", derive_vector);
}
END_TEST

/* RFC 5869 2.2: "if not provided, [the salt] is set to a string of HashLen zeros". */
START_TEST(an_empty_salt_stands_for_zeros)
{
    const struct hash_alg *alg = hash_find(HASH_SHA384);
    struct secret with_zeros, without;
    uint8_t zeros[48] = {0};

    ck_assert(hkdf_extract(alg, BYTES_OF_ARRAY(zeros), BYTES_OF_LITERAL("input"), &with_zeros));
    ck_assert(hkdf_extract(alg, bytes_of(NULL, 0), BYTES_OF_LITERAL("input"), &without));
    ck_assert_mem_eq(&with_zeros, &without, sizeof without);
}
END_TEST

/* Every length is the beginning of a longer one, across the blocks. */
START_TEST(a_shorter_output_is_the_beginning_of_a_longer_one)
{
    const struct hash_alg *alg = hash_find(HASH_SHA256);
    uint8_t longest[200], out[200];
    struct secret key;

    ck_assert(hkdf_extract(alg, bytes_of(NULL, 0), BYTES_OF_LITERAL("input"), &key));
    ck_assert(expand(alg, &key, BYTES_OF_LITERAL("info"), longest, sizeof longest));
    for (size_t len = 0; len <= sizeof longest; len++) {
        memset(out, 0xee, sizeof out);
        ck_assert(expand(alg, &key, BYTES_OF_LITERAL("info"), out, len));
        ck_assert(bytes_equal(bytes_of(out, len), bytes_of(longest, len)));
        ck_assert(len == sizeof out || out[len] == 0xee);
    }
}
END_TEST

/* RFC 5869 2.3: L <= 255*HashLen */
START_TEST(more_than_255_blocks_are_refused)
{
    static uint8_t out[255 * 48 + 1];
    struct secret key;

    for (enum hash_id id = HASH_SHA256; id <= HASH_SHA384; id++) {
        const struct hash_alg *alg = hash_find(id);
        size_t max_len = 255 * hash_alg_len(alg);

        ck_assert(hkdf_extract(alg, bytes_of(NULL, 0), BYTES_OF_LITERAL("input"), &key));
        ck_assert(expand(alg, &key, BYTES_OF_LITERAL("info"), out, max_len));
        memset(out, 0xee, sizeof out);
        ck_assert(!expand(alg, &key, BYTES_OF_LITERAL("info"), out, max_len + 1));
        ck_assert_uint_eq(out[0], 0);
        ck_assert_uint_eq(out[max_len], 0);
    }
}
END_TEST

START_TEST(one_keyed_secret_gives_as_many_keys_as_are_asked_for_and_an_unkeyed_one_none)
{
    struct hmac keyed, none = {.inner = {.alg = NULL}};
    uint8_t first[40], other[40], again[40];

    ck_assert(hmac_init(&keyed, hash_find(HASH_SHA256), BYTES_OF_LITERAL("key")));
    ck_assert(hkdf_expand(&keyed, BYTES_OF_LITERAL("info"), first, sizeof first));
    ck_assert(hkdf_expand(&keyed, BYTES_OF_LITERAL("other"), other, sizeof other));
    ck_assert(hkdf_expand(&keyed, BYTES_OF_LITERAL("info"), again, sizeof again));
    ck_assert_mem_eq(first, again, sizeof first);
    ck_assert_mem_ne(first, other, sizeof first);
    ck_assert(!hkdf_expand(&none, BYTES_OF_LITERAL("info"), again, sizeof again));
    ck_assert_uint_eq(again[0], 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hkdf_gives_the_published_keys,
        an_empty_salt_stands_for_zeros,
        a_shorter_output_is_the_beginning_of_a_longer_one,
        more_than_255_blocks_are_refused,
        one_keyed_secret_gives_as_many_keys_as_are_asked_for_and_an_unkeyed_one_none,
    };
    return check_run("hkdf", tests, ARRAY_LEN(tests));
}
