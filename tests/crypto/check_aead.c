#include "crypto/aead.h"

#include "base/secret.h"
#include "crypto/provider.h"
#include "crypto/random.h"
#include "support/check_run.h"
#include "support/vectors.h"

static const struct {
    enum aead_id id;
    const char *word;
    const char *name;
    size_t key_len;
} algorithms[] = {
    {AEAD_AES_128_GCM, "aes-128-gcm", "AES-128-GCM", 16},
    {AEAD_AES_256_GCM, "aes-256-gcm", "AES-256-GCM", 32},
    {AEAD_CHACHA20_POLY1305, "chacha20-poly1305", "ChaCha20-Poly1305", 32},
};

static enum aead_id id_of(const struct vector *vector)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        if (vector_is(vector, "alg", algorithms[i].word))
            return algorithms[i].id;
    }
    ck_abort_msg("%s: an unknown algorithm", vector->name);
}

static const struct aead_alg *alg_of(const struct provider *provider, struct vector *vector)
{
    return provider->aeads[id_of(vector)];
}

/* Whoever serves an algorithm gets every vector of it. */
static void for_each_provider(struct vector *vector,
                              void (*run)(const struct provider *provider, struct vector *vector))
{
    for (size_t i = 0; provider_at(i); i++) {
        if (alg_of(provider_at(i), vector))
            run(provider_at(i), vector);
    }
}

/* Memory of exactly the length, so that AddressSanitizer sees a byte too much; empty texts have none at all. */
static uint8_t *copy_of(struct bytes from)
{
    uint8_t *copy = from.len ? malloc(from.len) : NULL;

    if (from.len)
        memcpy(copy, from.at, from.len);
    return copy;
}

static void open_by(const struct provider *provider, struct vector *vector)
{
    struct bytes nonce = vector_bytes(vector, "nonce"), aad = vector_bytes(vector, "aad");
    struct bytes sealed = vector_bytes(vector, "sealed"), tag = vector_bytes(vector, "tag");
    struct aead *aead = aead_new(alg_of(provider, vector), vector_bytes(vector, "key").at);
    uint8_t *text = copy_of(sealed);
    enum crypto_result result;

    ck_assert(aead && nonce.len == AEAD_NONCE_LEN && tag.len == AEAD_TAG_LEN);
    result = aead_open(aead, nonce.at, aad, text, sealed.len, tag.at);
    if (vector_is(vector, "result", "valid")) {
        ck_assert_msg(result == CRYPTO_OK, "%s is refused by %s", vector->name, provider->name());
        ck_assert_msg(bytes_equal(vector_bytes(vector, "text"), bytes_of(text, sealed.len)), "%s", vector->name);
    } else {
        ck_assert_msg(result == CRYPTO_BAD_INPUT, "%s is accepted by %s", vector->name, provider->name());
    }
    free(text);
    aead_free(aead);
}

static void open_vector(struct vector *vector)
{
    for_each_provider(vector, open_by);
}

START_TEST(opening_takes_what_is_whole_and_refuses_what_is_damaged)
{
    vectors_for_each("aead.txt", open_vector);
    vectors_for_each("edge_aead.txt", open_vector);
    vectors_for_each("wycheproof_aead.txt", open_vector);
    vectors_for_each("nist_aead.txt", open_vector);
}
END_TEST

static void seal_by(const struct provider *provider, struct vector *vector)
{
    struct bytes text = vector_bytes(vector, "text");
    struct aead *aead;
    uint8_t *out, tag[AEAD_TAG_LEN];

    if (!vector_is(vector, "result", "valid"))
        return;
    aead = aead_new(alg_of(provider, vector), vector_bytes(vector, "key").at);
    out = copy_of(text);
    ck_assert(aead &&
              aead_seal(aead, vector_bytes(vector, "nonce").at, vector_bytes(vector, "aad"), out, text.len, tag));
    ck_assert_msg(bytes_equal(vector_bytes(vector, "sealed"), bytes_of(out, text.len)), "%s", vector->name);
    ck_assert_msg(bytes_equal(vector_bytes(vector, "tag"), BYTES_OF_ARRAY(tag)), "%s", vector->name);
    free(out);
    aead_free(aead);
}

static void seal_vector(struct vector *vector)
{
    for_each_provider(vector, seal_by);
}

START_TEST(sealing_gives_the_published_bytes)
{
    vectors_for_each("aead.txt", seal_vector);
    vectors_for_each("edge_aead.txt", seal_vector);
    vectors_for_each("wycheproof_aead.txt", seal_vector);
    vectors_for_each("nist_aead.txt", seal_vector);
}
END_TEST

/*
 * Input and output are the same memory, which mbedTLS 2.28's header forbids for GCM: every short length, a whole
 * record and one byte around it, with one context used over and over as a connection does.
 */
static void open_and_seal_in_place(const struct aead_alg *alg, struct aead *aead, size_t len)
{
    uint8_t nonce[AEAD_NONCE_LEN] = {(uint8_t)len, (uint8_t)(len >> 8)}, tag[AEAD_TAG_LEN];
    uint8_t *text = malloc(len + 1), *before = malloc(len + 1);
    struct bytes aad = BYTES_OF_LITERAL("12345");

    for (size_t i = 0; i <= len; i++)
        before[i] = (uint8_t)(i * 31 + len);
    memcpy(text, before, len + 1);
    ck_assert(aead_seal(aead, nonce, aad, text, len, tag));
    ck_assert(len < 8 || memcmp(text, before, len) != 0);
    ck_assert_uint_eq(text[len], before[len]);
    ck_assert_int_eq(aead_open(aead, nonce, aad, text, len, tag), CRYPTO_OK);
    ck_assert_msg(memcmp(text, before, len + 1) == 0, "%s, %zu bytes", aead_alg_name(alg), len);
    free(text);
    free(before);
}

START_TEST(sealing_and_opening_in_place_gives_the_text_back_at_every_length)
{
    static const uint8_t key[MAX_AEAD_KEY_LEN] = {1, 2, 3};
    static const size_t long_lens[] = {255, 256, 257, 1023, 4096, 16383, 16384, 16385, 17 * 1024};

    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        const struct aead_alg *alg = aead_find(algorithms[i].id);
        struct aead *aead = aead_new(alg, key);

        ck_assert(aead);
        for (size_t len = 0; len <= 130; len++)
            open_and_seal_in_place(alg, aead, len);
        for (size_t j = 0; j < ARRAY_LEN(long_lens); j++)
            open_and_seal_in_place(alg, aead, long_lens[j]);
        aead_free(aead);
    }
}
END_TEST

/* What is sealed in place equals what another context, fresh for every record, makes of it. */
START_TEST(a_context_keeps_nothing_from_one_record_to_the_next)
{
    static const uint8_t key[MAX_AEAD_KEY_LEN] = {9};

    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        const struct aead_alg *alg = aead_find(algorithms[i].id);
        struct aead *kept = aead_new(alg, key);

        for (uint8_t record = 0; record < 50; record++) {
            struct aead *fresh = aead_new(alg, key);
            uint8_t nonce[AEAD_NONCE_LEN] = {record}, text[2][300] = {{record}, {record}}, tag[2][AEAD_TAG_LEN];
            uint8_t junk[40] = {0};

            ck_assert(kept && fresh);
            ck_assert(aead_seal(kept, nonce, BYTES_OF_LITERAL("aad"), text[0], 300, tag[0]));
            ck_assert(aead_seal(fresh, nonce, BYTES_OF_LITERAL("aad"), text[1], 300, tag[1]));
            ck_assert_mem_eq(text[0], text[1], 300);
            ck_assert_mem_eq(tag[0], tag[1], AEAD_TAG_LEN);
            /* A forged record between them changes nothing either. */
            ck_assert_int_eq(aead_open(kept, nonce, bytes_of(NULL, 0), junk, sizeof junk, tag[0]), CRYPTO_BAD_INPUT);
            aead_free(fresh);
        }
        aead_free(kept);
    }
}
END_TEST

/* RFC 8446 5.2: the caller must not see what was not authentic, not even by mistake. */
/* Another key in the same context: as if it were a new one, whatever the old one was used for. */
START_TEST(a_key_takes_the_place_of_the_one_before_and_nothing_else_changes)
{
    static const uint8_t keys[2][MAX_AEAD_KEY_LEN] = {"the first key of 32 bytes......",
                                                      "and another, quite different..."};
    static const uint8_t nonce[AEAD_NONCE_LEN] = {7};

    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        const struct aead_alg *alg = aead_find(algorithms[i].id);
        struct aead *fresh = aead_new(alg, keys[1]), *used = aead_new(alg, keys[0]);
        uint8_t text[3][100] = {{0}}, tag[3][AEAD_TAG_LEN];

        ck_assert(fresh && used && aead_alg(used) == alg);
        ck_assert(aead_seal(used, nonce, BYTES_OF_LITERAL("aad"), text[0], 100, tag[0]));
        memcpy(text[1], text[0], 100);
        ck_assert_int_eq(aead_open(used, nonce, BYTES_OF_LITERAL("aad"), text[1], 100, tag[0]), CRYPTO_OK);
        ck_assert(aead_rekey(used, keys[1]));
        memset(text[1], 0, 100);
        ck_assert(aead_seal(used, nonce, BYTES_OF_LITERAL("aad"), text[1], 100, tag[1]));
        ck_assert(aead_seal(fresh, nonce, BYTES_OF_LITERAL("aad"), text[2], 100, tag[2]));
        ck_assert_mem_eq(text[1], text[2], 100);
        ck_assert_mem_eq(tag[1], tag[2], AEAD_TAG_LEN);
        ck_assert_int_eq(aead_open(used, nonce, BYTES_OF_LITERAL("aad"), text[0], 100, tag[0]), CRYPTO_BAD_INPUT);
        ck_assert_int_eq(aead_open(used, nonce, BYTES_OF_LITERAL("aad"), text[2], 100, tag[2]), CRYPTO_OK);
        aead_free(fresh);
        aead_free(used);
    }
}
END_TEST

START_TEST(a_refused_record_does_not_leave_its_plaintext)
{
    static const uint8_t key[MAX_AEAD_KEY_LEN] = {5}, nonce[AEAD_NONCE_LEN] = {7};

    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        struct aead *aead = aead_new(aead_find(algorithms[i].id), key);
        uint8_t text[100], before[100], tag[AEAD_TAG_LEN];

        memset(before, 0x41, sizeof before);
        memcpy(text, before, sizeof text);
        ck_assert(aead && aead_seal(aead, nonce, bytes_of(NULL, 0), text, sizeof text, tag));
        tag[15] ^= 1;
        ck_assert_int_eq(aead_open(aead, nonce, bytes_of(NULL, 0), text, sizeof text, tag), CRYPTO_BAD_INPUT);
        ck_assert(memcmp(text, before, sizeof text) != 0);
        aead_free(aead);
    }
}
END_TEST

/* NIST SP 800-38D 5.2.1.1 ends a text at 2^36 - 32 bytes. No record is that long; a failure of the library is one. */
START_TEST(a_failure_of_the_library_is_not_taken_for_a_good_record)
{
    static const uint8_t key[MAX_AEAD_KEY_LEN], nonce[AEAD_NONCE_LEN];
    uint8_t text[16] = {0}, tag[AEAD_TAG_LEN] = {0};

    for (enum aead_id id = AEAD_AES_128_GCM; id <= AEAD_AES_256_GCM; id++) {
        struct aead *aead = aead_new(aead_find(id), key);

        ck_assert(aead);
        ck_assert(!aead_seal(aead, nonce, bytes_of(NULL, 0), text, (size_t)1 << 37, tag));
        ck_assert_int_eq(aead_open(aead, nonce, bytes_of(NULL, 0), text, (size_t)1 << 37, tag), CRYPTO_FAILED);
        aead_free(aead);
    }
}
END_TEST

START_TEST(algorithms_tell_their_key_length_and_name)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        ck_assert_uint_eq(aead_alg_key_len(aead_find(algorithms[i].id)), algorithms[i].key_len);
        ck_assert_str_eq(aead_alg_name(aead_find(algorithms[i].id)), algorithms[i].name);
    }
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
    aead_free(NULL);
}
END_TEST

/* What one sealed the other seals alike and opens, with random keys, nonces, texts and additional data of any length.
 */
static void compare(const struct aead_alg *one, const struct aead_alg *two)
{
    uint8_t random[MAX_AEAD_KEY_LEN + AEAD_NONCE_LEN + 2 + 40], *key = random, *nonce = random + MAX_AEAD_KEY_LEN;
    uint8_t text[3][3000], tag[2][AEAD_TAG_LEN];
    struct aead *seals, *opens;
    struct bytes aad;
    size_t len;

    ck_assert(random_fill(random_system(), random, sizeof random));
    aad = bytes_of(nonce + AEAD_NONCE_LEN + 2, nonce[AEAD_NONCE_LEN] % 41);
    len = (size_t)(nonce[AEAD_NONCE_LEN] << 8 | nonce[AEAD_NONCE_LEN + 1]) % sizeof text[0];
    ck_assert(random_fill(random_system(), text[0], len));
    memcpy(text[1], text[0], len);
    memcpy(text[2], text[0], len);
    seals = aead_new(one, key);
    opens = aead_new(two, key);
    ck_assert(seals && opens && aead_seal(seals, nonce, aad, text[1], len, tag[0]));
    ck_assert(aead_seal(opens, nonce, aad, text[2], len, tag[1]));
    ck_assert(memcmp(text[1], text[2], len) == 0 && memcmp(tag[0], tag[1], sizeof tag[0]) == 0);
    ck_assert_int_eq(aead_open(opens, nonce, aad, text[1], len, tag[0]), CRYPTO_OK);
    ck_assert(memcmp(text[1], text[0], len) == 0);
    aead_free(seals);
    aead_free(opens);
}

START_TEST(providers_agree_with_each_other)
{
    unsigned compared = 0;

    for (size_t a = 0; provider_at(a); a++) {
        for (size_t b = 0; provider_at(b); b++) {
            for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
                const struct aead_alg *one = provider_at(a)->aeads[i], *two = provider_at(b)->aeads[i];

                for (int round = 0; one && two && round < 200; round++, compared++)
                    compare(one, two);
            }
        }
    }
    ck_assert_uint_ge(compared, ARRAY_LEN(algorithms));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        opening_takes_what_is_whole_and_refuses_what_is_damaged,
        sealing_gives_the_published_bytes,
        sealing_and_opening_in_place_gives_the_text_back_at_every_length,
        a_context_keeps_nothing_from_one_record_to_the_next,
        a_key_takes_the_place_of_the_one_before_and_nothing_else_changes,
        a_refused_record_does_not_leave_its_plaintext,
        a_failure_of_the_library_is_not_taken_for_a_good_record,
        algorithms_tell_their_key_length_and_name,
        freeing_nothing_is_fine,
        providers_agree_with_each_other,
    };
    return crypto_start() ? check_run("aead", tests, ARRAY_LEN(tests)) : 1;
}
