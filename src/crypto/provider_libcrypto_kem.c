#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "crypto/mlkem768.h"
#include "crypto/provider_libcrypto.h"

/* ML-KEM-768, which the library has from 3.5 on: whoever compiles against an older one may run with a newer. */
#ifndef OSSL_KEM_PARAM_IKME
#define OSSL_KEM_PARAM_IKME "ikme"
#endif

static EVP_PKEY_CTX *key_maker; /* NULL: it is not there */

void libcrypto_kem_start(OSSL_LIB_CTX *context)
{
    key_maker = EVP_PKEY_CTX_new_from_name(context, "ML-KEM-768", NULL);
    if (key_maker && EVP_PKEY_fromdata_init(key_maker) != 1) {
        EVP_PKEY_CTX_free(key_maker);
        key_maker = NULL;
    }
    ERR_clear_error();
}

static bool is_there(void)
{
    return key_maker != NULL;
}

/* The library checks the key as FIPS 203 7.2 has it. NULL: it refuses it, or has no memory. */
static EVP_PKEY *read_key(struct bytes ek)
{
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)ek.at, ek.len), OSSL_PARAM_END};
    EVP_PKEY *key = NULL;

    return EVP_PKEY_fromdata(key_maker, &key, EVP_PKEY_PUBLIC_KEY, params) == 1 ? key : NULL;
}

static bool encapsulate(EVP_PKEY *key, const uint8_t *random, uint8_t *ciphertext, uint8_t *secret)
{
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_KEM_PARAM_IKME, (void *)random, MLKEM768_ENCAPS_RANDOM_LEN),
                           OSSL_PARAM_END};
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(libcrypto_context(), key, NULL);
    size_t ciphertext_len = MLKEM768_CIPHERTEXT_LEN, secret_len = MLKEM768_SECRET_LEN;
    bool is_ok = context && EVP_PKEY_encapsulate_init(context, params) == 1 &&
                 EVP_PKEY_encapsulate(context, ciphertext, &ciphertext_len, secret, &secret_len) == 1 &&
                 ciphertext_len == MLKEM768_CIPHERTEXT_LEN && secret_len == MLKEM768_SECRET_LEN;

    EVP_PKEY_CTX_free(context);
    return is_ok;
}

static enum crypto_result encaps(struct bytes ek, const uint8_t *random, uint8_t *ciphertext, uint8_t *secret)
{
    EVP_PKEY *key;
    bool is_ok;

    if (ek.len != MLKEM768_EK_LEN)
        return CRYPTO_BAD_INPUT;
    key = read_key(ek);
    if (!key)
        return libcrypto_refusal();
    is_ok = encapsulate(key, random, ciphertext, secret);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return is_ok ? CRYPTO_OK : CRYPTO_FAILED;
}

const struct kem_alg libcrypto_kem_mlkem768 = {KEM_MLKEM768_FACTS, .encaps = encaps, .is_there = is_there};
