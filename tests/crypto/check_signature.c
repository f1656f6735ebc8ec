#include "crypto/signature.h"

#include <stdio.h>

#include "base/alloc.h"
#include "crypto/certificate.h"
#include "crypto/key_der.h"
#include "crypto/pem.h"
#include "crypto/provider.h"
#include "crypto/provider_key.h"
#include "support/check_run.h"
#include "support/data_file.h"
#include "support/test_random.h"
#include "support/vectors.h"

static const struct {
    const char *file;
    enum key_kind kind;
    unsigned bits;
} keys[] = {
    {"certificates/rsa2048.key", KEY_KIND_RSA, 2048},
    {"certificates/rsa3072.key", KEY_KIND_RSA, 3072},
    {"certificates/p256.key", KEY_KIND_ECDSA_P256, 256},
    {"certificates/p384.key", KEY_KIND_ECDSA_P384, 384},
};

static const enum signature_id signatures[] = {
    SIGNATURE_RSA_PSS_SHA256,    SIGNATURE_RSA_PSS_SHA384,    SIGNATURE_RSA_PSS_SHA512,
    SIGNATURE_ECDSA_P256_SHA256, SIGNATURE_ECDSA_P384_SHA384,
};

static struct private_key *load_key(const char *file)
{
    struct bytes pem = data_file_read(file);
    struct crypto_fault fault;
    struct private_key *key = private_key_new(pem, random_system(), &fault);

    ck_assert_msg(key != NULL, "%s: %s", file, fault.text);
    data_file_free(pem);
    return key;
}

/* The public key of the certificate that goes with NAME.key. */
static struct public_key *load_public_key(const char *file)
{
    char name[128];
    struct certificate_chain *chain;
    struct crypto_fault fault;
    struct public_key *key;
    struct bytes pem;

    snprintf(name, sizeof name, "%.*s.crt", (int)(strlen(file) - 4), file);
    pem = data_file_read(name);
    chain = certificate_chain_new(pem, &fault);
    ck_assert_msg(chain != NULL, "%s: %s", name, fault.text);
    key = public_key_new(certificate_chain_spki(chain));
    ck_assert(key != NULL);
    certificate_chain_free(chain);
    data_file_free(pem);
    return key;
}

START_TEST(every_key_makes_what_its_certificate_verifies)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct private_key *key = load_key(keys[i].file);
        struct public_key *public_key = load_public_key(keys[i].file);

        ck_assert_int_eq(public_key_kind(public_key), keys[i].kind);
        for (size_t j = 0; j < ARRAY_LEN(signatures); j++) {
            uint8_t out[MAX_SIGNATURE_LEN], message[200] = {(uint8_t)j};
            size_t len;

            if (!signature_fits_key(signatures[j], keys[i].kind, keys[i].bits))
                continue;
            ck_assert(signature_make(key, signatures[j], BYTES_OF_ARRAY(message), random_system(), out, &len));
            ck_assert_int_eq(signature_check(public_key, signatures[j], BYTES_OF_ARRAY(message), bytes_of(out, len)),
                             CRYPTO_OK);
            message[100] ^= 1;
            ck_assert_int_eq(signature_check(public_key, signatures[j], BYTES_OF_ARRAY(message), bytes_of(out, len)),
                             CRYPTO_BAD_INPUT);
        }
        private_key_free(key);
        public_key_free(public_key);
    }
}
END_TEST

/* RFC 8446 4.2.3: an ECDSA scheme names its curve, and RSA-PSS wants an RSA key. */
START_TEST(a_key_makes_and_checks_only_signatures_of_its_own_kind)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct private_key *key = load_key(keys[i].file);
        struct public_key *public_key = load_public_key(keys[i].file);

        for (size_t j = 0; j < ARRAY_LEN(signatures); j++) {
            bool is_rsa = signatures[j] <= SIGNATURE_RSA_PSS_SHA512;
            bool fits = is_rsa
                            ? keys[i].kind == KEY_KIND_RSA
                            : (signatures[j] == SIGNATURE_ECDSA_P256_SHA256) == (keys[i].kind == KEY_KIND_ECDSA_P256) &&
                                  keys[i].kind != KEY_KIND_RSA;
            uint8_t out[MAX_SIGNATURE_LEN];
            size_t len = 1;

            ck_assert_int_eq(signature_fits_key(signatures[j], keys[i].kind, keys[i].bits), fits);
            if (fits)
                continue;
            ck_assert(!signature_make(key, signatures[j], BYTES_OF_LITERAL("m"), random_system(), out, &len));
            ck_assert_uint_eq(len, 0);
            ck_assert_int_eq(signature_check(public_key, signatures[j], BYTES_OF_LITERAL("m"), bytes_of(out, 10)),
                             CRYPTO_BAD_INPUT);
        }
        private_key_free(key);
        public_key_free(public_key);
    }
}
END_TEST

/* Good signatures, but asked for under the name of the other kind that takes the same hash. */
START_TEST(a_good_signature_does_not_pass_under_another_algorithms_name)
{
    static const struct {
        const char *file;
        enum signature_id made, asked;
    } cases[] = {{"certificates/rsa2048.key", SIGNATURE_RSA_PSS_SHA256, SIGNATURE_ECDSA_P256_SHA256},
                 {"certificates/rsa2048.key", SIGNATURE_RSA_PSS_SHA384, SIGNATURE_ECDSA_P384_SHA384},
                 {"certificates/p256.key", SIGNATURE_ECDSA_P256_SHA256, SIGNATURE_RSA_PSS_SHA256},
                 {"certificates/p384.key", SIGNATURE_ECDSA_P384_SHA384, SIGNATURE_RSA_PSS_SHA384}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct private_key *key = load_key(cases[i].file);
        struct public_key *public_key = load_public_key(cases[i].file);
        uint8_t out[MAX_SIGNATURE_LEN];
        size_t len;

        ck_assert(signature_make(key, cases[i].made, BYTES_OF_LITERAL("m"), random_system(), out, &len));
        ck_assert_int_eq(signature_check(public_key, cases[i].asked, BYTES_OF_LITERAL("m"), bytes_of(out, len)),
                         CRYPTO_BAD_INPUT);
        private_key_free(key);
        public_key_free(public_key);
    }
}
END_TEST

/* RFC 8017 9.1.1: the modulus must hold hash, salt and ten bits more. */
START_TEST(an_rsa_key_too_short_for_the_hash_does_not_fit)
{
    ck_assert(signature_fits_key(SIGNATURE_RSA_PSS_SHA512, KEY_KIND_RSA, 8 * 130 - 8 + 2));
    ck_assert(!signature_fits_key(SIGNATURE_RSA_PSS_SHA512, KEY_KIND_RSA, 8 * 130 - 8 + 1));
    ck_assert(signature_fits_key(SIGNATURE_RSA_PSS_SHA256, KEY_KIND_RSA, 522));
    ck_assert(!signature_fits_key(SIGNATURE_RSA_PSS_SHA256, KEY_KIND_RSA, 521));
}
END_TEST

/* By the front door, and by every provider. */
static void check_vector(struct vector *vector, enum signature_id id)
{
    struct bytes spki = vector_bytes(vector, "spki"), message = vector_bytes(vector, "message");
    struct bytes signature = vector_bytes(vector, "signature");
    enum crypto_result expected = vector_is(vector, "result", "valid") ? CRYPTO_OK : CRYPTO_BAD_INPUT;
    struct public_key *key = public_key_new(spki);

    ck_assert_msg(key != NULL, "%s: the key is refused", vector->name);
    ck_assert_msg(signature_check(key, id, message, signature) == expected, "%s", vector->name);
    public_key_free(key);
    for (size_t i = 0; provider_at(i); i++) {
        struct provider_key *of_provider = provider_key_new(provider_at(i), spki);

        if (!of_provider)
            continue;
        ck_assert_msg(provider_key_check(of_provider, id, message, signature) == expected, "%s by %s", vector->name,
                      provider_at(i)->name());
        provider_key_free(of_provider);
    }
}

static void check_ecdsa(struct vector *vector)
{
    struct public_key *key = public_key_new(vector_bytes(vector, "spki"));
    bool is_p256 = key && public_key_kind(key) == KEY_KIND_ECDSA_P256;

    public_key_free(key);
    check_vector(vector, is_p256 ? SIGNATURE_ECDSA_P256_SHA256 : SIGNATURE_ECDSA_P384_SHA384);
}

START_TEST(ecdsa_takes_numbers_in_range_in_strict_der_only)
{
    vectors_for_each("edge_ecdsa.txt", check_ecdsa);
}
END_TEST

static void check_rsa_pss(struct vector *vector)
{
    if (vector_is(vector, "hash", "sha256"))
        check_vector(vector, SIGNATURE_RSA_PSS_SHA256);
    else if (vector_is(vector, "hash", "sha384"))
        check_vector(vector, SIGNATURE_RSA_PSS_SHA384);
    else
        check_vector(vector, SIGNATURE_RSA_PSS_SHA512);
}

/* RFC 8446 4.2.3: "The length of the Salt MUST be equal to the length of the output of the digest algorithm." */
START_TEST(rsa_pss_takes_salts_as_long_as_the_hash_only)
{
    vectors_for_each("edge_rsa_pss.txt", check_rsa_pss);
}
END_TEST

/* A key that is computed with by this provider, whichever comes first. */
static struct private_key *key_of_provider(const struct provider *provider, struct bytes pkcs8)
{
    struct key_material material = {.bits = 0};
    struct crypto_fault fault;
    struct private_key *key;
    const struct key_alg *alg;

    ck_assert_msg(key_read_pkcs8(pkcs8, &material, &fault), "%s", fault.text);
    alg = provider->keys[material.kind];
    key = memory_new(sizeof *key + alg->context_len);
    ck_assert(key != NULL);
    key->alg = alg;
    key->bits = material.bits;
    ck_assert_int_eq(alg->load_private(key->context, &material, random_system()), KEY_LOADED);
    return key;
}

static void sign_deterministically(struct vector *vector)
{
    struct private_key *key = key_of_provider(&provider_mbedtls, vector_bytes(vector, "pkcs8"));
    enum signature_id id =
        private_key_kind(key) == KEY_KIND_ECDSA_P256 ? SIGNATURE_ECDSA_P256_SHA256 : SIGNATURE_ECDSA_P384_SHA384;
    uint8_t out[MAX_SIGNATURE_LEN];
    size_t len;

    ck_assert(signature_make(key, id, vector_bytes(vector, "message"), random_system(), out, &len));
    ck_assert_msg(bytes_equal(vector_bytes(vector, "signature"), bytes_of(out, len)), "%s", vector->name);
    private_key_free(key);
}

/* RFC 6979 A.2: whatever the random source says, which only blinds. So mbedTLS's; libcrypto takes random bytes too. */
START_TEST(ecdsa_signatures_are_the_published_deterministic_ones)
{
    vectors_for_each("ecdsa_deterministic.txt", sign_deterministically);
}
END_TEST

/* Each signature in turn, so that what the library keeps between two of them (its blinding) cannot show. */
START_TEST(the_same_random_bytes_give_the_same_signature_and_each_draws_as_many)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct private_key *key = load_key(keys[i].file);

        for (size_t j = 0; j < ARRAY_LEN(signatures); j++) {
            uint8_t out[3][MAX_SIGNATURE_LEN];
            size_t len[3];

            if (!signature_fits_key(signatures[j], keys[i].kind, keys[i].bits))
                continue;
            for (int n = 0; n < 3; n++) {
                struct test_random random = {.drawn = 0};

                ck_assert(signature_make(key, signatures[j], BYTES_OF_LITERAL("message"), test_random_source(&random),
                                         out[n], &len[n]));
                ck_assert_uint_eq(random.drawn, 32);
                ck_assert(bytes_equal(bytes_of(out[n], len[n]), bytes_of(out[0], len[0])));
            }
        }
        private_key_free(key);
    }
}
END_TEST

static struct private_key *pem_key_of_provider(const struct provider *provider, const char *file)
{
    struct bytes pem = data_file_read(file);
    struct pem_reader reader = pem_reader_of(pem);
    uint8_t der[8192];
    struct writer w = writer_of(der, sizeof der);
    struct pem_block block;
    struct private_key *key;

    ck_assert_int_eq(pem_next(&reader, &block), PEM_BLOCK);
    ck_assert(pem_label_is(&block, "PRIVATE KEY") && pem_decode(&block, &w));
    key = key_of_provider(provider, writer_view(&w));
    data_file_free(pem);
    return key;
}

static void check_each_other(const struct private_key *signs, const struct private_key *checks, unsigned *compared)
{
    for (enum signature_id id = 0; id < SIGNATURE_IDS; id++) {
        uint8_t out[MAX_SIGNATURE_LEN];
        size_t len;

        if (!signature_fits_key(id, private_key_kind(signs), private_key_bits(signs)))
            continue;
        ck_assert(signature_make(signs, id, BYTES_OF_LITERAL("message"), random_system(), out, &len));
        ck_assert_int_eq(
            checks->alg->check((void *)checks->context, id, BYTES_OF_LITERAL("message"), bytes_of(out, len)),
            CRYPTO_OK);
        ck_assert_int_eq(
            checks->alg->check((void *)checks->context, id, BYTES_OF_LITERAL("massage"), bytes_of(out, len)),
            CRYPTO_BAD_INPUT);
        out[len / 2] ^= 1;
        ck_assert_int_eq(
            checks->alg->check((void *)checks->context, id, BYTES_OF_LITERAL("message"), bytes_of(out, len)),
            CRYPTO_BAD_INPUT);
        (*compared)++;
    }
}

/* The raw operation of the classic exchange: the same number, whoever computes it, and too large a one is refused. */
static void decrypt_alike(const struct private_key *one, const struct private_key *two)
{
    uint8_t in[512] = {0}, first[512], second[512];
    size_t len = private_key_bits(one) / 8;

    ck_assert_uint_le(len, sizeof in);
    for (unsigned round = 0; round < 20; round++) {
        ck_assert(random_fill(random_system(), in + 1, len - 1));
        ck_assert_int_eq(one->alg->raw_private((void *)one->context, bytes_of(in, len), random_system(), first),
                         CRYPTO_OK);
        ck_assert_int_eq(two->alg->raw_private((void *)two->context, bytes_of(in, len), random_system(), second),
                         CRYPTO_OK);
        ck_assert_mem_eq(first, second, len);
    }
    memset(in, 0xff, len);
    ck_assert_int_eq(one->alg->raw_private((void *)one->context, bytes_of(in, len), random_system(), first),
                     CRYPTO_BAD_INPUT);
}

START_TEST(providers_agree_with_each_other)
{
    unsigned compared = 0;

    for (size_t a = 0; provider_at(a); a++) {
        for (size_t b = 0; provider_at(b); b++) {
            for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
                struct private_key *one, *two;

                if (!provider_at(a)->keys[keys[i].kind] || !provider_at(b)->keys[keys[i].kind])
                    continue;
                one = pem_key_of_provider(provider_at(a), keys[i].file);
                two = pem_key_of_provider(provider_at(b), keys[i].file);
                check_each_other(one, two, &compared);
                if (keys[i].kind == KEY_KIND_RSA)
                    decrypt_alike(one, two);
                private_key_free(one);
                private_key_free(two);
            }
        }
    }
    ck_assert_uint_ge(compared, 20);
}
END_TEST

START_TEST(rsa_pss_draws_a_new_salt_for_each_signature)
{
    struct private_key *key = load_key("certificates/rsa2048.key");
    uint8_t one[MAX_SIGNATURE_LEN], two[MAX_SIGNATURE_LEN];
    size_t len;

    ck_assert(signature_make(key, SIGNATURE_RSA_PSS_SHA256, BYTES_OF_LITERAL("m"), random_system(), one, &len));
    ck_assert(signature_make(key, SIGNATURE_RSA_PSS_SHA256, BYTES_OF_LITERAL("m"), random_system(), two, &len));
    ck_assert_uint_eq(len, 256);
    ck_assert_mem_ne(one, two, len);
    private_key_free(key);
}
END_TEST

START_TEST(a_random_source_that_refuses_gives_no_signature)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct private_key *key = load_key(keys[i].file);
        struct test_random random = {.limit = 31};
        uint8_t out[MAX_SIGNATURE_LEN];
        size_t len = 1;

        for (size_t j = 0; j < ARRAY_LEN(signatures); j++) {
            ck_assert(
                !signature_make(key, signatures[j], BYTES_OF_LITERAL("m"), test_random_source(&random), out, &len));
            ck_assert_uint_eq(len, 0);
        }
        private_key_free(key);
    }
}
END_TEST

/* ---- reliability T26: a wrong RSA signature gives the primes away, so none may leave */

static struct key_alg faulty;
static const struct key_alg *sound;
static unsigned faulty_bit;

static bool sign_with_a_fault(void *context, enum signature_id id, struct bytes message, struct random_source random,
                              uint8_t *out, size_t *len)
{
    if (!sound->sign(context, id, message, random, out, len))
        return false;
    out[faulty_bit / 8] ^= (uint8_t)(1U << faulty_bit % 8);
    return true;
}

START_TEST(an_rsa_signature_that_does_not_verify_is_not_given_out)
{
    static const uint8_t zeros[MAX_SIGNATURE_LEN];
    struct private_key *key = load_key("certificates/rsa2048.key");

    sound = key->alg;
    faulty = *sound;
    faulty.sign = sign_with_a_fault;
    key->alg = &faulty;
    for (faulty_bit = 0; faulty_bit < 2048; faulty_bit += 97) {
        uint8_t out[MAX_SIGNATURE_LEN];
        size_t len = 1;

        ck_assert(!signature_make(key, SIGNATURE_RSA_PSS_SHA256, BYTES_OF_LITERAL("m"), random_system(), out, &len));
        ck_assert_uint_eq(len, 0);
        ck_assert_mem_eq(out, zeros, sizeof out);
    }
    key->alg = sound;
    private_key_free(key);
}
END_TEST

/* ---- public keys */

START_TEST(a_public_key_with_a_byte_missing_or_too_many_is_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        char name[128];
        struct crypto_fault fault;
        struct certificate_chain *chain;
        struct bytes pem, spki;
        uint8_t longer[1024] = {0};

        snprintf(name, sizeof name, "%.*s.crt", (int)(strlen(keys[i].file) - 4), keys[i].file);
        pem = data_file_read(name);
        chain = certificate_chain_new(pem, &fault);
        ck_assert(chain != NULL);
        spki = certificate_chain_spki(chain);
        for (size_t len = 0; len < spki.len; len++) {
            uint8_t *exact = len ? malloc(len) : NULL;

            if (len)
                memcpy(exact, spki.at, len);
            ck_assert(public_key_new(bytes_of(exact, len)) == NULL);
            free(exact);
        }
        memcpy(longer, spki.at, spki.len);
        ck_assert(public_key_new(bytes_of(longer, spki.len + 1)) == NULL);
        certificate_chain_free(chain);
        data_file_free(pem);
    }
}
END_TEST

START_TEST(a_public_key_that_is_no_point_of_its_curve_is_refused)
{
    struct bytes pem = data_file_read("certificates/p256.crt");
    struct crypto_fault fault;
    struct certificate_chain *chain = certificate_chain_new(pem, &fault);
    uint8_t spki[256];
    size_t len;

    ck_assert(chain != NULL);
    len = certificate_chain_spki(chain).len;
    memcpy(spki, certificate_chain_spki(chain).at, len);
    for (size_t i = 1; i <= 64; i++) {
        struct public_key *key;

        spki[len - i] ^= 1; /* the point is the last 64 bytes; any bit of it matters */
        key = public_key_new(bytes_of(spki, len));
        ck_assert(key == NULL);
        spki[len - i] ^= 1;
    }
    certificate_chain_free(chain);
    data_file_free(pem);
}
END_TEST

START_TEST(kinds_of_keys_have_names)
{
    ck_assert_str_eq(key_kind_name(KEY_KIND_RSA), "RSA");
    ck_assert_str_eq(key_kind_name(KEY_KIND_ECDSA_P256), "ECDSA P-256");
    ck_assert_str_eq(key_kind_name(KEY_KIND_ECDSA_P384), "ECDSA P-384");
    private_key_free(NULL);
    public_key_free(NULL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_key_makes_what_its_certificate_verifies,
        a_key_makes_and_checks_only_signatures_of_its_own_kind,
        a_good_signature_does_not_pass_under_another_algorithms_name,
        an_rsa_key_too_short_for_the_hash_does_not_fit,
        ecdsa_takes_numbers_in_range_in_strict_der_only,
        rsa_pss_takes_salts_as_long_as_the_hash_only,
        ecdsa_signatures_are_the_published_deterministic_ones,
        the_same_random_bytes_give_the_same_signature_and_each_draws_as_many,
        providers_agree_with_each_other,
        rsa_pss_draws_a_new_salt_for_each_signature,
        a_random_source_that_refuses_gives_no_signature,
        an_rsa_signature_that_does_not_verify_is_not_given_out,
        a_public_key_with_a_byte_missing_or_too_many_is_refused,
        a_public_key_that_is_no_point_of_its_curve_is_refused,
        kinds_of_keys_have_names,
    };
    return crypto_start() ? check_run("signature", tests, ARRAY_LEN(tests)) : 1;
}
