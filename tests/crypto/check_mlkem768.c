#include "crypto/mlkem768.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/provider.h"
#include "crypto/sha3.h"
#include "support/check_run.h"
#include "support/vectors.h"

enum { RANDOM_LEN = MLKEM768_KEYGEN_RANDOM_LEN, EK_IN_DK = 1152, HASH_IN_DK = EK_IN_DK + MLKEM768_EK_LEN, Q = 3329 };

struct pair {
    uint8_t ek[MLKEM768_EK_LEN], dk[MLKEM768_DK_LEN];
};

static struct pair make_pair(uint8_t first)
{
    uint8_t random[RANDOM_LEN] = {first};
    struct pair pair;

    mlkem768_keygen(random, pair.ek, pair.dk);
    return pair;
}

/* The n-th implementation that is there: ours, which always is, and those of providers. NULL past the last. */
static const struct kem_alg *kem_at(size_t n)
{
    if (n-- == 0)
        return &kem_mlkem768;
    for (size_t i = 0; provider_at(i); i++) {
        const struct kem_alg *kem = provider_at(i)->kems[KEM_MLKEM768];
        if (kem && kem->is_there() && n-- == 0)
            return kem;
    }
    return NULL;
}

/* What all of them say; they have to say the same. */
static enum crypto_result try_encaps(struct bytes ek)
{
    static const uint8_t m[MLKEM768_ENCAPS_RANDOM_LEN];
    uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN], secret[MLKEM768_SECRET_LEN];
    enum crypto_result result = mlkem768_encaps(ek, m, ciphertext, secret);

    for (size_t i = 1; kem_at(i); i++)
        ck_assert_int_eq(kem_at(i)->encaps(ek, m, ciphertext, secret), result);
    return result;
}

static enum crypto_result try_decaps(struct bytes dk, struct bytes ciphertext)
{
    uint8_t secret[MLKEM768_SECRET_LEN];

    return mlkem768_decaps(dk, ciphertext, secret);
}

/* ---- published figures */

static void keygen(struct vector *vector)
{
    struct bytes d = vector_bytes(vector, "d"), z = vector_bytes(vector, "z"), dk = vector_bytes(vector, "dk");
    uint8_t random[RANDOM_LEN];
    struct pair pair;

    ck_assert_uint_eq(d.len + z.len, sizeof random);
    memcpy(random, d.at, d.len);
    memcpy(random + d.len, z.at, z.len);
    mlkem768_keygen(random, pair.ek, pair.dk);
    ck_assert_msg(bytes_equal(dk, BYTES_OF_ARRAY(pair.dk)), "%s", vector->name);
    ck_assert_mem_eq(pair.ek, dk.at + EK_IN_DK, sizeof pair.ek);
}

static void encapsulate(struct vector *vector)
{
    struct bytes ek = vector_bytes(vector, "ek"), m = vector_bytes(vector, "m");

    ck_assert_uint_eq(m.len, MLKEM768_ENCAPS_RANDOM_LEN);
    for (size_t i = 0; kem_at(i); i++) {
        uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN], secret[MLKEM768_SECRET_LEN];

        ck_assert_int_eq(kem_at(i)->encaps(ek, m.at, ciphertext, secret), CRYPTO_OK);
        ck_assert_msg(bytes_equal(vector_bytes(vector, "c"), BYTES_OF_ARRAY(ciphertext)), "%s", vector->name);
        ck_assert_msg(bytes_equal(vector_bytes(vector, "k"), BYTES_OF_ARRAY(secret)), "%s", vector->name);
    }
}

static void decapsulate(struct vector *vector)
{
    uint8_t secret[MLKEM768_SECRET_LEN];

    ck_assert_int_eq(mlkem768_decaps(vector_bytes(vector, "dk"), vector_bytes(vector, "c"), secret), CRYPTO_OK);
    ck_assert_msg(bytes_equal(vector_bytes(vector, "k"), BYTES_OF_ARRAY(secret)), "%s", vector->name);
}

static void check_key(struct vector *vector, enum crypto_result result)
{
    ck_assert_msg(result == (vector_is(vector, "result", "valid") ? CRYPTO_OK : CRYPTO_BAD_INPUT), "%s", vector->name);
}

static void check_ek(struct vector *vector)
{
    check_key(vector, try_encaps(vector_bytes(vector, "ek")));
}

static void check_dk(struct vector *vector)
{
    static const uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN];

    check_key(vector, try_decaps(vector_bytes(vector, "dk"), BYTES_OF_ARRAY(ciphertext)));
}

static void run_vector(struct vector *vector)
{
    static const struct {
        const char *name;
        vector_run *run;
    } runs[] = {{"keyGen", keygen},
                {"encapsulation", encapsulate},
                {"decapsulation", decapsulate},
                {"encapsulationKeyCheck", check_ek},
                {"decapsulationKeyCheck", check_dk}};
    unsigned done = 0;

    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        if (vector_is(vector, "function", runs[i].name)) {
            runs[i].run(vector);
            done++;
        }
    }
    ck_assert_uint_eq(done, 1);
}

/* FIPS 203 7.1, 7.2, 7.3, with the checks of their input, and the implicit rejection of 6.3 */
START_TEST(published_figures_come_out)
{
    vectors_for_each("mlkem768.txt", run_vector);
    vectors_for_each("mlkem768_cctv.txt", run_vector);
}
END_TEST

/* ---- the accumulated test: thousands of rounds, one hash of all that they give */

struct accumulated {
    struct sha3 random, with_dk, without_dk;
};

static void accumulate(struct accumulated *a, struct bytes data)
{
    sha3_absorb(&a->with_dk, data);
    sha3_absorb(&a->without_dk, data);
}

static void accumulate_round(struct accumulated *a)
{
    uint8_t random[RANDOM_LEN], m[MLKEM768_ENCAPS_RANDOM_LEN], ciphertext[MLKEM768_CIPHERTEXT_LEN];
    uint8_t secret[MLKEM768_SECRET_LEN], same[MLKEM768_SECRET_LEN];
    struct pair pair;

    sha3_squeeze(&a->random, random, sizeof random);
    sha3_squeeze(&a->random, m, sizeof m);
    mlkem768_keygen(random, pair.ek, pair.dk);
    accumulate(a, BYTES_OF_ARRAY(pair.ek));
    sha3_absorb(&a->with_dk, BYTES_OF_ARRAY(pair.dk));
    ck_assert_int_eq(mlkem768_encaps(BYTES_OF_ARRAY(pair.ek), m, ciphertext, secret), CRYPTO_OK);
    accumulate(a, BYTES_OF_ARRAY(ciphertext));
    accumulate(a, BYTES_OF_ARRAY(secret));
    ck_assert_int_eq(mlkem768_decaps(BYTES_OF_ARRAY(pair.dk), BYTES_OF_ARRAY(ciphertext), same), CRYPTO_OK);
    ck_assert_mem_eq(secret, same, sizeof secret);
    sha3_squeeze(&a->random, ciphertext, sizeof ciphertext);
    ck_assert_int_eq(mlkem768_decaps(BYTES_OF_ARRAY(pair.dk), BYTES_OF_ARRAY(ciphertext), secret), CRYPTO_OK);
    accumulate(a, BYTES_OF_ARRAY(secret));
}

static void expect_hash(struct sha3 *sponge, const char *expected)
{
    char text[2 * 32 + 1] = "";
    uint8_t hash[32];

    sha3_squeeze(sponge, hash, sizeof hash);
    for (size_t i = 0; i < sizeof hash; i++)
        snprintf(text + 2 * i, 3, "%02x", hash[i]);
    ck_assert_str_eq(text, expected);
}

/*
 * The form of C2SP's CCTV, whose own hashes are of the draft (without the k that Algorithm 13 hashes with d); with FIPS
 * 203 implementations agree on that of 10,000. Go's crypto/mlkem leaves dk out, and has one of 100 rounds too.
 */
START_TEST(thousands_of_rounds_give_the_published_hash)
{
    const char *asked = getenv("SALLYPORT_LONG_TESTS");
    bool is_long = asked && strcmp(asked, "yes") == 0;
    struct accumulated a;

    sha3_init(&a.random, SHAKE128);
    sha3_init(&a.with_dk, SHAKE128);
    sha3_init(&a.without_dk, SHAKE128);
    for (int round = 0; round < (is_long ? 10000 : 100); round++)
        accumulate_round(&a);
    if (is_long)
        expect_hash(&a.with_dk, "f959d18d3d1180121433bf0e05f11e7908cf9d03edc150b2b07cb90bef5bc1c1");
    expect_hash(&a.without_dk, is_long ? "8a518cc63da366322a8e7a818c7a0d63483cb3528d34a4cf42f35d5ad73f22fc"
                                       : "1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415");
}
END_TEST

/* ---- ours and those of providers */

/* One random key and seed: the same ciphertext and secret, which the owner of the key comes to as well. */
static void compare_once(void)
{
    uint8_t random[RANDOM_LEN], m[MLKEM768_ENCAPS_RANDOM_LEN], secret[MLKEM768_SECRET_LEN];
    uint8_t ciphertext[2][MLKEM768_CIPHERTEXT_LEN], secrets[2][MLKEM768_SECRET_LEN];
    struct pair pair;

    ck_assert(random_fill(random_system(), random, sizeof random) && random_fill(random_system(), m, sizeof m));
    mlkem768_keygen(random, pair.ek, pair.dk);
    ck_assert_int_eq(mlkem768_encaps(BYTES_OF_ARRAY(pair.ek), m, ciphertext[0], secrets[0]), CRYPTO_OK);
    for (size_t i = 1; kem_at(i); i++) {
        ck_assert_int_eq(kem_at(i)->encaps(BYTES_OF_ARRAY(pair.ek), m, ciphertext[1], secrets[1]), CRYPTO_OK);
        ck_assert_mem_eq(ciphertext[0], ciphertext[1], sizeof ciphertext[0]);
        ck_assert_mem_eq(secrets[0], secrets[1], sizeof secrets[0]);
    }
    ck_assert_int_eq(mlkem768_decaps(BYTES_OF_ARRAY(pair.dk), BYTES_OF_ARRAY(ciphertext[0]), secret), CRYPTO_OK);
    ck_assert_mem_eq(secret, secrets[0], sizeof secret);
}

START_TEST(implementations_agree_with_each_other_on_random_inputs)
{
    for (int round = 0; round < 500; round++)
        compare_once();
}
END_TEST

/* It stands behind ours in libcrypto from 3.5 on, and nowhere before: what is compared above is known. */
START_TEST(libcrypto_has_it_from_3_5_on)
{
    bool is_expected = false;

    for (size_t i = 0; provider_at(i); i++) {
        unsigned major, minor;

        if (sscanf(provider_at(i)->name(), "libcrypto %u.%u", &major, &minor) == 2)
            is_expected = major > 3 || (major == 3 && minor >= 5);
    }
    ck_assert_int_eq(kem_at(1) != NULL, is_expected);
    ck_assert_ptr_null(kem_at(2));
    ck_assert_ptr_eq(kem_find(KEM_MLKEM768), &kem_mlkem768);
}
END_TEST

/* ---- the checks of 7.2 and 7.3 */

/* Two numbers in three bytes, the low bits first (Algorithm 5). */
static void put_number(uint8_t *ek, size_t index, unsigned value)
{
    uint8_t *at = ek + index / 2 * 3;

    if (index % 2 == 0) {
        at[0] = (uint8_t)value;
        at[1] = (uint8_t)((at[1] & 0xf0) | value >> 8);
    } else {
        at[1] = (uint8_t)((at[1] & 0x0f) | (value & 15) << 4);
        at[2] = (uint8_t)(value >> 4);
    }
}

/* FIPS 203 7.2, "Modulus check" */
START_TEST(every_number_of_an_encapsulation_key_is_below_q)
{
    const struct pair pair = make_pair(1);

    for (size_t index = 0; index < 3 * 256; index++) {
        for (unsigned value = Q - 1; value < 4096; value += value < Q || value > 4090 ? 1 : 70) {
            struct pair spoiled = pair;

            put_number(spoiled.ek, index, value);
            if (value < Q)
                ck_assert_msg(try_encaps(BYTES_OF_ARRAY(spoiled.ek)) == CRYPTO_OK, "%zu %u", index, value);
            else
                ck_assert_msg(try_encaps(BYTES_OF_ARRAY(spoiled.ek)) == CRYPTO_BAD_INPUT, "%zu %u", index, value);
        }
    }
}
END_TEST

START_TEST(a_key_that_is_refused_writes_nothing)
{
    static const uint8_t zeros[MLKEM768_CIPHERTEXT_LEN], m[MLKEM768_ENCAPS_RANDOM_LEN];
    uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN] = {0}, secret[MLKEM768_SECRET_LEN] = {0};
    struct pair pair = make_pair(2);

    put_number(pair.ek, 700, Q);
    ck_assert_int_eq(mlkem768_encaps(BYTES_OF_ARRAY(pair.ek), m, ciphertext, secret), CRYPTO_BAD_INPUT);
    ck_assert_mem_eq(ciphertext, zeros, sizeof ciphertext);
    ck_assert_mem_eq(secret, zeros, sizeof secret);
}
END_TEST

/* A copy of exactly its length, for AddressSanitizer. */
static uint8_t *exact(const uint8_t *from, size_t len)
{
    uint8_t *copy = len ? malloc(len) : NULL;

    if (len)
        memcpy(copy, from, len);
    return copy;
}

/* FIPS 203 7.2 and 7.3, "type checks" */
START_TEST(lengths_are_checked)
{
    uint8_t long_ek[MLKEM768_EK_LEN + 2] = {0}, long_dk[MLKEM768_DK_LEN + 2] = {0};
    uint8_t long_ciphertext[MLKEM768_CIPHERTEXT_LEN + 2] = {0}, *copy;
    struct pair pair = make_pair(3);

    memcpy(long_ek, pair.ek, sizeof pair.ek);
    memcpy(long_dk, pair.dk, sizeof pair.dk);
    for (size_t len = 0; len <= sizeof long_ek; len++) {
        copy = exact(long_ek, len);
        ck_assert_int_eq(try_encaps(bytes_of(copy, len)), len == MLKEM768_EK_LEN ? CRYPTO_OK : CRYPTO_BAD_INPUT);
        free(copy);
    }
    for (size_t len = 0; len <= sizeof long_dk; len++) {
        copy = exact(long_dk, len);
        ck_assert_int_eq(try_decaps(bytes_of(copy, len), bytes_of(long_ciphertext, MLKEM768_CIPHERTEXT_LEN)),
                         len == MLKEM768_DK_LEN ? CRYPTO_OK : CRYPTO_BAD_INPUT);
        free(copy);
    }
    for (size_t len = 0; len <= sizeof long_ciphertext; len++) {
        copy = exact(long_ciphertext, len);
        ck_assert_int_eq(try_decaps(BYTES_OF_ARRAY(pair.dk), bytes_of(copy, len)),
                         len == MLKEM768_CIPHERTEXT_LEN ? CRYPTO_OK : CRYPTO_BAD_INPUT);
        free(copy);
    }
}
END_TEST

/* FIPS 203 7.3, "Hash check": of the encapsulation key in the middle, not of what stands around it. */
START_TEST(a_decapsulation_key_holds_the_hash_of_its_encapsulation_key)
{
    static const uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN];
    struct pair pair = make_pair(4);

    for (size_t at = 0; at < sizeof pair.dk; at++) {
        bool is_hashed = at >= EK_IN_DK && at < HASH_IN_DK + SHA3_256_LEN;

        pair.dk[at] ^= 1;
        ck_assert_int_eq(try_decaps(BYTES_OF_ARRAY(pair.dk), BYTES_OF_ARRAY(ciphertext)),
                         is_hashed ? CRYPTO_BAD_INPUT : CRYPTO_OK);
        pair.dk[at] ^= 1;
    }
}
END_TEST

/* Algorithm 18: a ciphertext with any bit changed gives J(z, c), and says nothing else. */
START_TEST(a_spoiled_ciphertext_gives_the_secret_of_nobody)
{
    static const uint8_t m[MLKEM768_ENCAPS_RANDOM_LEN] = {9};
    uint8_t ciphertext[MLKEM768_CIPHERTEXT_LEN], secret[MLKEM768_SECRET_LEN], other[MLKEM768_SECRET_LEN];
    uint8_t rejected[MLKEM768_SECRET_LEN];
    struct pair pair = make_pair(5);
    struct sha3 j;

    ck_assert_int_eq(mlkem768_encaps(BYTES_OF_ARRAY(pair.ek), m, ciphertext, secret), CRYPTO_OK);
    for (size_t bit = 0; bit < 8 * sizeof ciphertext; bit += 5) {
        ciphertext[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sha3_init(&j, SHAKE256);
        sha3_absorb(&j, bytes_of(pair.dk + HASH_IN_DK + SHA3_256_LEN, 32));
        sha3_absorb(&j, BYTES_OF_ARRAY(ciphertext));
        sha3_squeeze(&j, rejected, sizeof rejected);
        ck_assert_int_eq(mlkem768_decaps(BYTES_OF_ARRAY(pair.dk), BYTES_OF_ARRAY(ciphertext), other), CRYPTO_OK);
        ck_assert_mem_eq(other, rejected, sizeof rejected);
        ciphertext[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    ck_assert_int_eq(mlkem768_decaps(BYTES_OF_ARRAY(pair.dk), BYTES_OF_ARRAY(ciphertext), other), CRYPTO_OK);
    ck_assert_mem_eq(other, secret, sizeof secret);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        published_figures_come_out,
        thousands_of_rounds_give_the_published_hash,
        implementations_agree_with_each_other_on_random_inputs,
        libcrypto_has_it_from_3_5_on,
        every_number_of_an_encapsulation_key_is_below_q,
        a_key_that_is_refused_writes_nothing,
        lengths_are_checked,
        a_decapsulation_key_holds_the_hash_of_its_encapsulation_key,
        a_spoiled_ciphertext_gives_the_secret_of_nobody,
    };
    return !crypto_start() ? 1 : check_run("mlkem768", tests, ARRAY_LEN(tests));
}
