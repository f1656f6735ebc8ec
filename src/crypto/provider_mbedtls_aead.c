#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>

#include "crypto/provider_mbedtls.h"

/*
 * Input and output are the same memory here. 2.28's header forbids that for GCM decryption; its code, and 3.6's
 * documentation, allow it, and tests/crypto/check_aead.c holds it. Partial overlap is never relied on.
 */
static bool gcm_init(void *context)
{
    mbedtls_gcm_init(context);
    return true;
}

static bool gcm_set_key(const struct aead_alg *alg, void *context, const uint8_t *key)
{
    return mbedtls_gcm_setkey(context, MBEDTLS_CIPHER_ID_AES, key, (unsigned)(8 * alg->key_len)) == 0;
}

static bool gcm_seal(void *context, const uint8_t *nonce, struct bytes aad, uint8_t *text, size_t len, uint8_t *tag)
{
    return mbedtls_gcm_crypt_and_tag(context, MBEDTLS_GCM_ENCRYPT, len, nonce, AEAD_NONCE_LEN, aad.at, aad.len, text,
                                     text, AEAD_TAG_LEN, tag) == 0;
}

static enum crypto_result gcm_open(void *context, const uint8_t *nonce, struct bytes aad, uint8_t *text, size_t len,
                                   const uint8_t *tag)
{
    int error =
        mbedtls_gcm_auth_decrypt(context, len, nonce, AEAD_NONCE_LEN, aad.at, aad.len, tag, AEAD_TAG_LEN, text, text);

    if (error == MBEDTLS_ERR_GCM_AUTH_FAILED)
        return CRYPTO_BAD_INPUT;
    return error ? CRYPTO_FAILED : CRYPTO_OK;
}

static void gcm_wipe(void *context)
{
    mbedtls_gcm_free(context);
}

static bool chachapoly_init(void *context)
{
    mbedtls_chachapoly_init(context);
    return true;
}

static bool chachapoly_set_key(const struct aead_alg *alg, void *context, const uint8_t *key)
{
    (void)alg;
    return mbedtls_chachapoly_setkey(context, key) == 0;
}

static bool chachapoly_seal(void *context, const uint8_t *nonce, struct bytes aad, uint8_t *text, size_t len,
                            uint8_t *tag)
{
    return mbedtls_chachapoly_encrypt_and_tag(context, len, nonce, aad.at, aad.len, text, text, tag) == 0;
}

static enum crypto_result chachapoly_open(void *context, const uint8_t *nonce, struct bytes aad, uint8_t *text,
                                          size_t len, const uint8_t *tag)
{
    int error = mbedtls_chachapoly_auth_decrypt(context, len, nonce, aad.at, aad.len, tag, text, text);

    if (error == MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED)
        return CRYPTO_BAD_INPUT;
    return error ? CRYPTO_FAILED : CRYPTO_OK;
}

static void chachapoly_wipe(void *context)
{
    mbedtls_chachapoly_free(context);
}

#define GCM(facts)                                                                                                     \
    {                                                                                                                  \
        .context_len = sizeof(mbedtls_gcm_context), .init = gcm_init, .set_key = gcm_set_key, .seal = gcm_seal,        \
        .open = gcm_open, .wipe = gcm_wipe, facts                                                                      \
    }

const struct aead_alg mbedtls_aead_aes_128_gcm = GCM(AEAD_AES_128_GCM_FACTS);
const struct aead_alg mbedtls_aead_aes_256_gcm = GCM(AEAD_AES_256_GCM_FACTS);
const struct aead_alg mbedtls_aead_chacha20_poly1305 = {
    AEAD_CHACHA20_POLY1305_FACTS, /* id, name, length */
    .context_len = sizeof(mbedtls_chachapoly_context),
    .init = chachapoly_init,
    .set_key = chachapoly_set_key,
    .seal = chachapoly_seal,
    .open = chachapoly_open,
    .wipe = chachapoly_wipe,
};
