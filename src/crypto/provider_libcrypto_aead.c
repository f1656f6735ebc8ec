#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "crypto/provider_libcrypto.h"

static EVP_CIPHER *ciphers[AEAD_COUNT];

bool libcrypto_aead_start(OSSL_LIB_CTX *context)
{
    static const char *const names[] = {[AEAD_AES_128_GCM] = "AES-128-GCM",
                                        [AEAD_AES_256_GCM] = "AES-256-GCM",
                                        [AEAD_CHACHA20_POLY1305] = "ChaCha20-Poly1305"};

    for (size_t i = 0; i < AEAD_COUNT; i++) {
        ciphers[i] = EVP_CIPHER_fetch(context, names[i], NULL);
        if (!ciphers[i])
            return false;
    }
    return true;
}

struct context {
    EVP_CIPHER_CTX *it; /* keyed once; each record brings its nonce alone */
};

static bool aead_init(void *context)
{
    struct context *c = context;

    c->it = EVP_CIPHER_CTX_new();
    if (!c->it)
        ERR_clear_error();
    return c->it != NULL;
}

/* The second key of a context is expanded where the first one was: nothing is allocated, nothing of it stays. */
static bool aead_set_key(const struct aead_alg *alg, void *context, const uint8_t *key)
{
    struct context *c = context;
    const EVP_CIPHER *cipher = EVP_CIPHER_CTX_get0_cipher(c->it) ? NULL : ciphers[alg->id];

    if (EVP_CipherInit_ex2(c->it, cipher, key, NULL, 1, NULL) == 1)
        return true;
    ERR_clear_error();
    return false;
}

static bool begin(struct context *c, const uint8_t *nonce, struct bytes aad, size_t len, int encrypts)
{
    int out_len;

    return len <= INT_MAX && aad.len <= INT_MAX && EVP_CipherInit_ex2(c->it, NULL, NULL, nonce, encrypts, NULL) == 1 &&
           (aad.len == 0 || EVP_CipherUpdate(c->it, NULL, &out_len, aad.at, (int)aad.len) == 1);
}

/* In place; the last call, which also checks the tag, has nothing left to write for these ciphers. */
static bool run(struct context *c, uint8_t *text, size_t len)
{
    int out_len;

    return len == 0 || EVP_CipherUpdate(c->it, text, &out_len, text, (int)len) == 1;
}

static int finish(struct context *c)
{
    uint8_t rest[16];
    int out_len;

    return EVP_CipherFinal_ex(c->it, rest, &out_len);
}

static bool aead_tag(struct context *c, uint8_t *tag)
{
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, AEAD_TAG_LEN), OSSL_PARAM_END};

    return EVP_CIPHER_CTX_get_params(c->it, params) == 1;
}

static bool aead_expect_tag(struct context *c, const uint8_t *tag)
{
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, (void *)tag, AEAD_TAG_LEN),
                           OSSL_PARAM_END};

    return EVP_CIPHER_CTX_set_params(c->it, params) == 1;
}

static bool seal(void *context, const uint8_t *nonce, struct bytes aad, uint8_t *text, size_t len, uint8_t *tag)
{
    struct context *c = context;
    bool is_ok = begin(c, nonce, aad, len, 1) && run(c, text, len) && finish(c) == 1 && aead_tag(c, tag);

    if (!is_ok)
        ERR_clear_error();
    return is_ok;
}

static enum crypto_result open_text(void *context, const uint8_t *nonce, struct bytes aad, uint8_t *text, size_t len,
                                    const uint8_t *tag)
{
    struct context *c = context;
    enum crypto_result result = CRYPTO_FAILED;

    if (len > INT_MAX)
        return CRYPTO_FAILED;
    if (begin(c, nonce, aad, len, 0) && aead_expect_tag(c, tag) && run(c, text, len))
        result = libcrypto_verdict(finish(c));
    if (result == CRYPTO_OK)
        return CRYPTO_OK;
    ERR_clear_error();
    memory_wipe(text, len); /* whatever was deciphered was not what the peer sent */
    return result;
}

static void aead_wipe(void *context)
{
    struct context *c = context;

    EVP_CIPHER_CTX_free(c->it); /* the library wipes the keys */
    c->it = NULL;
}

#define AEAD(facts)                                                                                                    \
    {                                                                                                                  \
        .context_len = sizeof(struct context), .init = aead_init, .set_key = aead_set_key, .seal = seal,               \
        .open = open_text, .wipe = aead_wipe, facts                                                                    \
    }

const struct aead_alg libcrypto_aead_aes_128_gcm = AEAD(AEAD_AES_128_GCM_FACTS);
const struct aead_alg libcrypto_aead_aes_256_gcm = AEAD(AEAD_AES_256_GCM_FACTS);
const struct aead_alg libcrypto_aead_chacha20_poly1305 = AEAD(AEAD_CHACHA20_POLY1305_FACTS);
