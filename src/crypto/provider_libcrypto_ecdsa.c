#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "crypto/der.h"
#include "crypto/provider_libcrypto.h"

struct ecdsa_key {
    EVP_PKEY_CTX *sign, *verify; /* each begun once, used for every signature; a public key has no `sign` */
};

static const struct curve {
    enum libcrypto_curve curve;
    const char *name;
    size_t scalar_len;
} curves[] = {
    [KEY_KIND_ECDSA_P256] = {LIBCRYPTO_P256, "P-256", 32},
    [KEY_KIND_ECDSA_P384] = {LIBCRYPTO_P384, "P-384", 48},
    [KEY_KIND_ECDSA_P521] = {LIBCRYPTO_P521, "P-521", 66},
};

/* `secret` NULL: a public key. */
static EVP_PKEY *make_key(const struct curve *curve, const struct key_material *material, const uint8_t *secret)
{
    uint8_t native[MAX_SCALAR_LEN];
    OSSL_PARAM params[4], *p = params;
    EVP_PKEY *key;

    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)curve->name, 0);
    *p++ = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)material->point, material->point_len);
    if (secret) { /* a number is in the order of the machine there */
        for (size_t i = 0; i < curve->scalar_len; i++)
            native[__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? i : curve->scalar_len - 1 - i] = secret[i];
        *p++ = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, curve->scalar_len);
    }
    *p = OSSL_PARAM_construct_end();
    key = libcrypto_key("EC", secret != NULL, params);
    memory_wipe(native, sizeof native);
    return key;
}

/* The contexts hold the key from here on. */
static bool begin_using(struct ecdsa_key *ecdsa, EVP_PKEY *key, bool is_private)
{
    ecdsa->verify = EVP_PKEY_CTX_new_from_pkey(libcrypto_context(), key, NULL);
    if (!ecdsa->verify || EVP_PKEY_verify_init(ecdsa->verify) != 1)
        return false;
    if (!is_private)
        return true;
    ecdsa->sign = EVP_PKEY_CTX_new_from_pkey(libcrypto_context(), key, NULL);
    return ecdsa->sign && EVP_PKEY_sign_init(ecdsa->sign) == 1;
}

static enum key_load as_key_load(enum crypto_result result)
{
    return result == CRYPTO_BAD_INPUT ? KEY_INVALID : KEY_NOT_LOADED;
}

/* The public point belongs to the secret: computed, not believed. */
static enum key_load ecdsa_load_private(void *context, struct key_material *material, struct random_source random)
{
    const struct curve *curve = &curves[material->kind];
    uint8_t point[MAX_POINT_LEN];
    size_t len = 1 + 2 * curve->scalar_len;
    EVP_PKEY *key;
    bool is_ok;

    if (!libcrypto_scalar_is_valid(curve->curve, material->scalar))
        return KEY_INVALID;
    libcrypto_random_begin(&random);
    is_ok = libcrypto_base_multiple(curve->curve, material->scalar, point, len);
    libcrypto_random_end();
    if (!is_ok) {
        ERR_clear_error();
        return KEY_NOT_LOADED;
    }
    if (material->point_len != 0 && (material->point_len != len || memcmp(material->point, point, len) != 0))
        return KEY_INVALID;
    memcpy(material->point, point, len);
    material->point_len = len;
    key = make_key(curve, material, material->scalar.at);
    is_ok = key && begin_using(context, key, true);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return is_ok ? KEY_LOADED : KEY_NOT_LOADED;
}

static enum key_load ecdsa_load_public(void *context, const struct key_material *material)
{
    EVP_PKEY *key = make_key(&curves[material->kind], material, NULL);
    enum key_load answer;

    if (!key)
        return as_key_load(libcrypto_refusal());
    answer = begin_using(context, key, false) ? KEY_LOADED : KEY_NOT_LOADED;
    EVP_PKEY_free(key);
    ERR_clear_error();
    return answer;
}

/* Where memory runs out while the library encodes the numbers it calls that a success, of length 0 or -1 (3.0). */
static bool is_encoded(const uint8_t *signature, size_t len)
{
    struct reader r = reader_of(bytes_of(signature, len <= MAX_SIGNATURE_LEN ? len : 0)), inner;

    return der_enter(&r, DER_SEQUENCE, &inner) && read_end(&r);
}

/*
 * The nonce is of the library's making: out of the secret, the digest and random bytes, so that no weakness of one of
 * them alone can leak the key.
 */
static bool ecdsa_sign(void *context, enum signature_id id, struct bytes message, struct random_source random,
                       uint8_t *out, size_t *len)
{
    struct ecdsa_key *key = context;

    if (libcrypto_sign(key->sign, id, message, random, out, len) && is_encoded(out, *len))
        return true;
    ERR_clear_error();
    return false;
}

static enum crypto_result ecdsa_check(void *context, enum signature_id id, struct bytes message, struct bytes signature)
{
    struct ecdsa_key *key = context;

    return libcrypto_check(key->verify, id, message, signature);
}

static void ecdsa_wipe(void *context)
{
    struct ecdsa_key *key = context;

    EVP_PKEY_CTX_free(key->sign);
    EVP_PKEY_CTX_free(key->verify);
}

#define ECDSA(facts)                                                                                                   \
    {                                                                                                                  \
        .context_len = sizeof(struct ecdsa_key), .load_private = ecdsa_load_private, .load_public = ecdsa_load_public, \
        .sign = ecdsa_sign, .check = ecdsa_check, .wipe = ecdsa_wipe, facts                                            \
    }

const struct key_alg libcrypto_key_p256 = ECDSA(KEY_P256_FACTS);
const struct key_alg libcrypto_key_p384 = ECDSA(KEY_P384_FACTS);
const struct key_alg libcrypto_key_p521 = ECDSA(KEY_P521_FACTS);
