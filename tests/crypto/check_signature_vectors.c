/*
 * Signatures as a client may send them in CertificateVerify, out of Project Wycheproof and of NIST, to every provider:
 * numbers out of range, BER in place of DER, DigestInfos that are none, padding forged for a small exponent. Each gets
 * the published verdict, and a good one is none under the name of any other algorithm.
 */
#include "crypto/provider_key.h"
#include "support/check_run.h"
#include "support/vectors.h"

static const struct {
    const char *name;
    enum signature_id id;
} algorithms[] = {
    {"ecdsa_p256_sha256", SIGNATURE_ECDSA_P256_SHA256}, {"ecdsa_p384_sha384", SIGNATURE_ECDSA_P384_SHA384},
    {"ecdsa_p521_sha512", SIGNATURE_ECDSA_P521_SHA512}, {"ecdsa_sha256", SIGNATURE_ECDSA_SHA256},
    {"ecdsa_sha384", SIGNATURE_ECDSA_SHA384},           {"ecdsa_sha512", SIGNATURE_ECDSA_SHA512},
    {"pkcs1_sha256", SIGNATURE_RSA_PKCS1_SHA256},       {"pkcs1_sha384", SIGNATURE_RSA_PKCS1_SHA384},
    {"pkcs1_sha512", SIGNATURE_RSA_PKCS1_SHA512},       {"pss_sha256", SIGNATURE_RSA_PSS_SHA256},
    {"pss_sha384", SIGNATURE_RSA_PSS_SHA384},           {"pss_sha512", SIGNATURE_RSA_PSS_SHA512},
};

static unsigned valid[SIGNATURE_IDS], invalid[SIGNATURE_IDS];
static const char *family; /* how the names of the algorithms begin that are looked at: each test has its minute */

static bool is_of_family(enum signature_id id)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
        if (algorithms[i].id == id)
            return strncmp(algorithms[i].name, family, strlen(family)) == 0;
    return false;
}

/* In TLS 1.2 the hash alone is named, and the same signature is good under that name too (RFC 5246 7.4.1.4.1). */
static enum signature_id name_of_12(enum signature_id id)
{
    static const enum signature_id of_12[SIGNATURE_IDS] = {
        [SIGNATURE_ECDSA_P256_SHA256] = SIGNATURE_ECDSA_SHA256,
        [SIGNATURE_ECDSA_P384_SHA384] = SIGNATURE_ECDSA_SHA384,
        [SIGNATURE_ECDSA_P521_SHA512] = SIGNATURE_ECDSA_SHA512,
    };

    return of_12[id] ? of_12[id] : id;
}

static enum signature_id find_algorithm(struct vector *vector)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
        if (vector_is(vector, "alg", algorithms[i].name))
            return algorithms[i].id;
    ck_abort_msg("%s: an algorithm of another name", vector->name);
    return SIGNATURE_IDS;
}

/* A good signature with a byte behind it, or with its last byte cut off, is none. */
static void check_lengths(const struct vector *vector, struct provider_key *key, enum signature_id id,
                          struct bytes message, struct bytes signature)
{
    uint8_t longer[MAX_SIGNATURE_LEN + 1] = {0};

    ck_assert_uint_le(signature.len, MAX_SIGNATURE_LEN);
    memcpy(longer, signature.at, signature.len);
    ck_assert_msg(provider_key_check(key, id, message, bytes_of(longer, signature.len + 1)) == CRYPTO_BAD_INPUT,
                  "%s with a byte behind it", vector->name);
    ck_assert_msg(provider_key_check(key, id, message, bytes_of(longer, signature.len - 1)) == CRYPTO_BAD_INPUT,
                  "%s without its last byte", vector->name);
}

enum { ENOUGH = 20 }; /* good ones of an algorithm that are asked for by other names too: it takes time */

static void check_by(const struct provider *provider, struct vector *vector)
{
    struct provider_key *key = provider_key_new(provider, vector_bytes(vector, "spki"));
    struct bytes message = vector_bytes(vector, "message"), signature = vector_bytes(vector, "signature");
    enum signature_id right = find_algorithm(vector);
    bool is_valid = vector_is(vector, "result", "valid");

    if (!key)
        return;
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        enum signature_id id = algorithms[i].id;
        bool is_right = id == right || name_of_12(right) == id || (name_of_12(id) == right && id != right);
        enum crypto_result expected = is_right && is_valid ? CRYPTO_OK : CRYPTO_BAD_INPUT, result;

        if (!is_right && (!is_valid || valid[right] >= ENOUGH))
            continue; /* among those that are none of PKCS#1 is a good one of PSS */
        if (!signature_fits_key(id, key->alg->kind, key->bits))
            expected = CRYPTO_BAD_INPUT;
        result = provider_key_check(key, id, message, signature);
        ck_assert_msg(result == expected, "%s as %s by %s: %d", vector->name, algorithms[i].name, provider->name(),
                      result);
    }
    if (is_valid)
        check_lengths(vector, key, right, message, signature);
    valid[right] += is_valid;
    invalid[right] += !is_valid;
    provider_key_free(key);
}

static void check_vector(struct vector *vector)
{
    for (size_t i = 0; is_of_family(find_algorithm(vector)) && provider_at(i); i++)
        check_by(provider_at(i), vector);
}

static void check_family(const char *name)
{
    family = name;
    vectors_for_each("wycheproof_signatures.txt", check_vector);
    vectors_for_each("nist_signatures.txt", check_vector);
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++)
        ck_assert_msg(!is_of_family(algorithms[i].id) || (valid[algorithms[i].id] > 0 && invalid[algorithms[i].id] > 0),
                      "%s: %u good ones, %u bad ones", algorithms[i].name, valid[algorithms[i].id],
                      invalid[algorithms[i].id]);
}

START_TEST(ecdsa_is_taken_and_refused_as_published_for_p256)
{
    check_family("ecdsa_p256");
}
END_TEST

START_TEST(ecdsa_is_taken_and_refused_as_published_for_p384)
{
    check_family("ecdsa_p384");
}
END_TEST

START_TEST(ecdsa_is_taken_and_refused_as_published_for_p521)
{
    check_family("ecdsa_p521");
}
END_TEST

START_TEST(ecdsa_is_taken_and_refused_as_published_with_other_hashes)
{
    check_family("ecdsa_sha");
}
END_TEST

START_TEST(pkcs1_is_taken_and_refused_as_published)
{
    check_family("pkcs1");
}
END_TEST

START_TEST(pss_is_taken_and_refused_as_published)
{
    check_family("pss");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ecdsa_is_taken_and_refused_as_published_for_p256, ecdsa_is_taken_and_refused_as_published_for_p384,
        ecdsa_is_taken_and_refused_as_published_for_p521, ecdsa_is_taken_and_refused_as_published_with_other_hashes,
        pkcs1_is_taken_and_refused_as_published,          pss_is_taken_and_refused_as_published,
    };

    return crypto_start() ? check_run("signature_vectors", tests, ARRAY_LEN(tests)) : 1;
}
