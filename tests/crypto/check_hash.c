#include "crypto/hash.h"

#include "support/check_run.h"
#include "support/vectors.h"

static const struct {
    enum hash_id id;
    const char *field;
    size_t len;
} hashes[] = {{HASH_SHA256, "sha256", 32}, {HASH_SHA384, "sha384", 48}};

static void digest_of_vector(struct vector *vector)
{
    struct bytes message = vector_bytes(vector, "message");

    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        uint8_t digest[MAX_HASH_LEN];

        ck_assert(hash_once(hash_find(hashes[i].id), message, digest));
        ck_assert_msg(bytes_equal(vector_bytes(vector, hashes[i].field), bytes_of(digest, hashes[i].len)), "%s",
                      vector->name);
    }
}

START_TEST(hashes_give_the_published_digests)
{
    vectors_for_each("hash.txt", digest_of_vector);
}
END_TEST

static void mac_of_vector(struct vector *vector)
{
    struct bytes key = vector_bytes(vector, "key"), message = vector_bytes(vector, "message");

    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        uint8_t mac[MAX_HASH_LEN];

        ck_assert(hmac_once(hash_find(hashes[i].id), key, message, mac));
        ck_assert_msg(bytes_equal(vector_bytes(vector, hashes[i].field), bytes_of(mac, hashes[i].len)), "%s",
                      vector->name);
    }
}

/* One key, the same message in every cut into two parts: each time the code of the whole. */
static void mac_of_parts_of_vector(struct vector *vector)
{
    struct bytes message = vector_bytes(vector, "message");

    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        struct hmac hmac;
        uint8_t mac[MAX_HASH_LEN];

        ck_assert(hmac_init(&hmac, hash_find(hashes[i].id), vector_bytes(vector, "key")));
        for (size_t cut = 0; cut <= message.len; cut++) {
            struct bytes parts[] = {bytes_of(message.at, cut), bytes_of(message.at + cut, message.len - cut)};

            ck_assert(hmac_make(&hmac, parts, 2, mac));
            ck_assert_msg(bytes_equal(vector_bytes(vector, hashes[i].field), bytes_of(mac, hashes[i].len)), "%s",
                          vector->name);
        }
        hmac_wipe(&hmac);
    }
}

START_TEST(a_kept_hmac_key_gives_the_published_codes_however_often_and_in_whatever_parts)
{
    vectors_for_each("hmac.txt", mac_of_parts_of_vector);
}
END_TEST

START_TEST(a_code_may_take_the_place_of_what_it_is_made_of)
{
    uint8_t a[MAX_HASH_LEN] = "A(1)", expected[MAX_HASH_LEN];
    struct bytes part = bytes_of(a, 32);
    struct hmac hmac;

    ck_assert(hmac_once(hash_find(HASH_SHA256), BYTES_OF_LITERAL("key"), part, expected));
    ck_assert(hmac_init(&hmac, hash_find(HASH_SHA256), BYTES_OF_LITERAL("key")));
    ck_assert(hmac_make(&hmac, &part, 1, a));
    ck_assert_mem_eq(a, expected, 32);
}
END_TEST

START_TEST(a_wiped_hmac_holds_nothing_and_gives_nothing)
{
    static const struct hmac nothing;
    struct bytes text = BYTES_OF_LITERAL("text");
    uint8_t mac[MAX_HASH_LEN];
    struct hmac hmac;

    ck_assert(hmac_init(&hmac, hash_find(HASH_SHA384), BYTES_OF_LITERAL("key")));
    ck_assert(hmac_alg(&hmac) == hash_find(HASH_SHA384));
    hmac_wipe(&hmac);
    ck_assert_mem_eq(&hmac, &nothing, sizeof nothing);
    ck_assert(!hmac_make(&hmac, &text, 1, mac));
    hmac_wipe(&hmac);
}
END_TEST

/* RFC 4231 */
START_TEST(hmac_gives_the_published_codes)
{
    vectors_for_each("hmac.txt", mac_of_vector);
}
END_TEST

START_TEST(an_hmac_key_of_exactly_one_block_is_used_as_it_is)
{
    /* RFC 2104 2: only a key longer than a block is hashed first; zeros behind a shorter one change nothing. */
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        const struct hash_alg *alg = hash_find(hashes[i].id);
        size_t block_len = hashes[i].id == HASH_SHA256 ? 64 : 128;
        uint8_t key[129] = "key", mac[3][MAX_HASH_LEN];

        ck_assert(hmac_once(alg, bytes_of(key, 3), BYTES_OF_LITERAL("text"), mac[0]));
        ck_assert(hmac_once(alg, bytes_of(key, block_len), BYTES_OF_LITERAL("text"), mac[1]));
        ck_assert(hmac_once(alg, bytes_of(key, block_len + 1), BYTES_OF_LITERAL("text"), mac[2]));
        ck_assert_mem_eq(mac[0], mac[1], hashes[i].len);
        ck_assert_mem_ne(mac[0], mac[2], hashes[i].len);
    }
}
END_TEST

/* A transcript is peeked at in the middle and goes on: every split of a message must give its digest. */
START_TEST(peeking_gives_the_digest_so_far_and_changes_nothing)
{
    uint8_t message[300], whole[MAX_HASH_LEN], part[MAX_HASH_LEN], peeked[MAX_HASH_LEN];

    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        const struct hash_alg *alg = hash_find(hashes[i].id);

        ck_assert(hash_once(alg, BYTES_OF_ARRAY(message), whole));
        for (size_t cut = 0; cut <= sizeof message; cut++) {
            struct hash hash;

            ck_assert(hash_init(&hash, alg));
            ck_assert(hash_update(&hash, bytes_of(message, cut)));
            ck_assert(hash_peek(&hash, peeked));
            ck_assert(hash_once(alg, bytes_of(message, cut), part));
            ck_assert_mem_eq(peeked, part, hashes[i].len);
            ck_assert(hash_update(&hash, bytes_of(message + cut, sizeof message - cut)));
            ck_assert(hash_peek(&hash, peeked));
            ck_assert_mem_eq(peeked, whole, hashes[i].len);
            hash_wipe(&hash);
        }
    }
}
END_TEST

START_TEST(an_empty_update_changes_nothing)
{
    uint8_t digest[2][MAX_HASH_LEN];
    struct hash hash;

    ck_assert(hash_init(&hash, hash_find(HASH_SHA256)));
    ck_assert(hash_update(&hash, bytes_of(NULL, 0)));
    ck_assert(hash_peek(&hash, digest[0]));
    hash_wipe(&hash);
    ck_assert(hash_once(hash_find(HASH_SHA256), bytes_of(NULL, 0), digest[1]));
    ck_assert_mem_eq(digest[0], digest[1], 32);
}
END_TEST

START_TEST(wiping_leaves_zeros_and_a_hash_that_takes_nothing)
{
    static const uint8_t zeros[sizeof(struct hash)];
    uint8_t digest[MAX_HASH_LEN];
    struct hash hash;

    ck_assert(hash_init(&hash, hash_find(HASH_SHA384)));
    ck_assert(hash_update(&hash, BYTES_OF_LITERAL("secret")));
    hash_wipe(&hash);
    ck_assert_mem_eq(&hash, zeros, sizeof hash);
    hash_wipe(&hash);
    ck_assert(!hash_update(&hash, BYTES_OF_LITERAL("more")));
    ck_assert(!hash_update(&hash, bytes_of(NULL, 0)));
    ck_assert(!hash_peek(&hash, digest));
}
END_TEST

START_TEST(hashes_tell_their_length_and_name)
{
    ck_assert_uint_eq(hash_alg_len(hash_find(HASH_SHA256)), 32);
    ck_assert_uint_eq(hash_alg_len(hash_find(HASH_SHA384)), 48);
    ck_assert_str_eq(hash_alg_name(hash_find(HASH_SHA256)), "SHA256");
    ck_assert_str_eq(hash_alg_name(hash_find(HASH_SHA384)), "SHA384");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hashes_give_the_published_digests,
        hmac_gives_the_published_codes,
        a_kept_hmac_key_gives_the_published_codes_however_often_and_in_whatever_parts,
        a_code_may_take_the_place_of_what_it_is_made_of,
        a_wiped_hmac_holds_nothing_and_gives_nothing,
        an_hmac_key_of_exactly_one_block_is_used_as_it_is,
        peeking_gives_the_digest_so_far_and_changes_nothing,
        an_empty_update_changes_nothing,
        wiping_leaves_zeros_and_a_hash_that_takes_nothing,
        hashes_tell_their_length_and_name,
    };
    return check_run("hash", tests, ARRAY_LEN(tests));
}
