#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/alloc.h"
#include "crypto/provider_libcrypto.h"

struct rsa_key {
    EVP_PKEY_CTX *sign, *verify, *decrypt;    /* a public key has `verify` alone */
    enum signature_id sign_form, verify_form; /* what the contexts are set to; SIGNATURE_IDS: nothing yet */
};

/* ---- loading */

enum { NUMBERS = 8 };

struct numbers {
    BIGNUM *all[NUMBERS];
};

static void numbers_free(struct numbers *numbers)
{
    for (size_t i = 0; i < NUMBERS; i++)
        BN_clear_free(numbers->all[i]);
}

/* The parameters of a key out of what of `material` is there: a public key has n and e. NULL: memory. */
static OSSL_PARAM *make_params(const struct key_material *material, bool is_private, struct numbers *numbers)
{
    const struct {
        const char *name;
        struct bytes number;
    } rows[NUMBERS] = {
        {OSSL_PKEY_PARAM_RSA_N, material->n},          {OSSL_PKEY_PARAM_RSA_E, material->e},
        {OSSL_PKEY_PARAM_RSA_D, material->d},          {OSSL_PKEY_PARAM_RSA_FACTOR1, material->p},
        {OSSL_PKEY_PARAM_RSA_FACTOR2, material->q},    {OSSL_PKEY_PARAM_RSA_EXPONENT1, material->dp},
        {OSSL_PKEY_PARAM_RSA_EXPONENT2, material->dq}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, material->qp},
    };
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    bool is_ok = builder != NULL;

    for (size_t i = 0; is_ok && i < (is_private ? NUMBERS : 2); i++) {
        numbers->all[i] = BN_bin2bn(rows[i].number.at, (int)rows[i].number.len, NULL);
        is_ok = numbers->all[i] && OSSL_PARAM_BLD_push_BN(builder, rows[i].name, numbers->all[i]) == 1;
    }
    if (is_ok)
        params = OSSL_PARAM_BLD_to_param(builder);
    OSSL_PARAM_BLD_free(builder);
    return params;
}

static EVP_PKEY *make_key(const struct key_material *material, bool is_private)
{
    struct numbers numbers = {{NULL}};
    OSSL_PARAM *params = make_params(material, is_private, &numbers);
    EVP_PKEY *key = params ? libcrypto_key("RSA", is_private, params) : NULL;

    if (is_private && params) /* the library wipes what it copies a secret number into, but not here */
        for (OSSL_PARAM *p = params; p->key; p++)
            memory_wipe(p->data, p->data_size);
    OSSL_PARAM_free(params);
    numbers_free(&numbers);
    return key;
}

static bool begin_using(struct rsa_key *rsa, EVP_PKEY *key, bool is_private)
{
    OSSL_LIB_CTX *library = libcrypto_context();

    rsa->sign_form = rsa->verify_form = SIGNATURE_IDS;
    rsa->verify = EVP_PKEY_CTX_new_from_pkey(library, key, NULL);
    if (!rsa->verify || EVP_PKEY_verify_init(rsa->verify) != 1)
        return false;
    if (!is_private)
        return true;
    rsa->sign = EVP_PKEY_CTX_new_from_pkey(library, key, NULL);
    rsa->decrypt = EVP_PKEY_CTX_new_from_pkey(library, key, NULL);
    return rsa->sign && EVP_PKEY_sign_init(rsa->sign) == 1 && rsa->decrypt &&
           EVP_PKEY_decrypt_init(rsa->decrypt) == 1 && EVP_PKEY_CTX_set_rsa_padding(rsa->decrypt, RSA_NO_PADDING) == 1;
}

/*
 * Whether its numbers belong together is judged by the provider that is always there: a second opinion could only
 * differ in what it forgets.
 */
static enum key_load judge(struct key_material *material, struct random_source random)
{
    const struct key_alg *judge = provider_mbedtls.keys[KEY_KIND_RSA];
    void *context = memory_new(judge->context_len);
    enum key_load answer;

    if (!context)
        return KEY_NOT_LOADED;
    answer = judge->load_private(context, material, random);
    judge->wipe(context);
    memory_wipe(context, judge->context_len);
    memory_free(context);
    return answer;
}

static enum key_load rsa_load_private(void *context, struct key_material *material, struct random_source random)
{
    enum key_load answer = judge(material, random);
    EVP_PKEY *key;

    if (answer != KEY_LOADED)
        return answer;
    key = make_key(material, true);
    answer = key && begin_using(context, key, true) ? KEY_LOADED : KEY_NOT_LOADED;
    EVP_PKEY_free(key);
    ERR_clear_error();
    return answer;
}

static enum key_load rsa_load_public(void *context, const struct key_material *material)
{
    EVP_PKEY *key = make_key(material, false);
    enum key_load answer = key && begin_using(context, key, false) ? KEY_LOADED : KEY_NOT_LOADED;

    EVP_PKEY_free(key);
    ERR_clear_error();
    return answer; /* key_der.c has seen to the values */
}

/* ---- signatures */

/* RFC 8446 4.2.3: PSS with the same hash for the mask, and a salt as long as the hash. */
static bool set_form(EVP_PKEY_CTX *context, enum signature_id id, enum signature_id *form)
{
    static const struct {
        const char *hash, *padding;
    } forms[SIGNATURE_IDS] = {
        [SIGNATURE_RSA_PSS_SHA256] = {"SHA256", OSSL_PKEY_RSA_PAD_MODE_PSS},
        [SIGNATURE_RSA_PSS_SHA384] = {"SHA384", OSSL_PKEY_RSA_PAD_MODE_PSS},
        [SIGNATURE_RSA_PSS_SHA512] = {"SHA512", OSSL_PKEY_RSA_PAD_MODE_PSS},
        [SIGNATURE_RSA_PKCS1_SHA256] = {"SHA256", OSSL_PKEY_RSA_PAD_MODE_PKCSV15},
        [SIGNATURE_RSA_PKCS1_SHA384] = {"SHA384", OSSL_PKEY_RSA_PAD_MODE_PKCSV15},
        [SIGNATURE_RSA_PKCS1_SHA512] = {"SHA512", OSSL_PKEY_RSA_PAD_MODE_PKCSV15},
    };
    OSSL_PARAM params[5], *p = params;

    if (*form == id)
        return true;
    *form = SIGNATURE_IDS;
    if (id >= SIGNATURE_IDS || !forms[id].hash)
        return false;
    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, (char *)forms[id].padding, 0);
    *p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, (char *)forms[id].hash, 0);
    if (strcmp(forms[id].padding, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0) {
        *p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, (char *)forms[id].hash, 0);
        *p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN,
                                                (char *)OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST, 0);
    }
    *p = OSSL_PARAM_construct_end();
    if (EVP_PKEY_CTX_set_params(context, params) != 1)
        return false;
    *form = id;
    return true;
}

static bool rsa_sign(void *context, enum signature_id id, struct bytes message, struct random_source random,
                     uint8_t *out, size_t *len)
{
    struct rsa_key *key = context;

    if (set_form(key->sign, id, &key->sign_form))
        return libcrypto_sign(key->sign, id, message, random, out, len);
    ERR_clear_error();
    return false;
}

static enum crypto_result rsa_check(void *context, enum signature_id id, struct bytes message, struct bytes signature)
{
    struct rsa_key *key = context;

    if (set_form(key->verify, id, &key->verify_form))
        return libcrypto_check(key->verify, id, message, signature);
    ERR_clear_error();
    return CRYPTO_FAILED;
}

/* ---- the classic exchange */

static enum crypto_result rsa_raw_private(void *context, struct bytes in, struct random_source random, uint8_t *out)
{
    struct rsa_key *key = context;
    size_t len = in.len;
    enum crypto_result result = CRYPTO_OK;

    libcrypto_random_begin(&random);
    if (EVP_PKEY_decrypt(key->decrypt, out, &len, in.at, in.len) != 1 || len != in.len)
        result =
            ERR_GET_REASON(ERR_peek_error()) == RSA_R_DATA_TOO_LARGE_FOR_MODULUS ? CRYPTO_BAD_INPUT : CRYPTO_FAILED;
    libcrypto_random_end();
    ERR_clear_error();
    return result;
}

static void rsa_wipe(void *context)
{
    struct rsa_key *key = context;

    EVP_PKEY_CTX_free(key->sign);
    EVP_PKEY_CTX_free(key->verify);
    EVP_PKEY_CTX_free(key->decrypt);
}

const struct key_alg libcrypto_key_rsa = {
    KEY_RSA_FACTS,
    .context_len = sizeof(struct rsa_key),
    .load_private = rsa_load_private,
    .load_public = rsa_load_public,
    .sign = rsa_sign,
    .check = rsa_check,
    .raw_private = rsa_raw_private,
    .wipe = rsa_wipe,
};
