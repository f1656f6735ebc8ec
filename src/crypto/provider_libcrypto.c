#include "crypto/provider_libcrypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/processor.h"

static OSSL_LIB_CTX *context;

OSSL_LIB_CTX *libcrypto_context(void)
{
    return context;
}

static const char *provider_name(void)
{
    static char name[32];

    if (name[0] == 0)
        snprintf(name, sizeof name, "libcrypto %s", OpenSSL_version(OPENSSL_VERSION_STRING));
    return name;
}

static bool provider_start(void)
{
    if (context)
        return true;
    /* Of the library's own context too nothing is read: no openssl.cnf, whatever the environment names. No texts of its
     * errors, which nobody reads. What it keeps to remember them is made now, not with the first error. */
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL) != 1)
        return false;
    ERR_clear_error();
    context = OSSL_LIB_CTX_new();
    if (context && libcrypto_random_start(context) && OSSL_PROVIDER_load(context, "default") &&
        libcrypto_curves_start(context) && libcrypto_aead_start(context)) {
        libcrypto_kem_start(context);
        return true;
    }
    OSSL_LIB_CTX_free(context);
    context = NULL;
    return false;
}

/*
 * By what the library itself will go by, which OPENSSL_ia32cap of its environment may have changed: "OPENSSL_ia32cap=
 * 0x..." or "OPENSSL_armcap=0x...". Where it has AES in vectors (bsaes of x86-64) GCM takes its key schedule, the first
 * block and the hash from tables all the same (cipher_aes_gcm_hw.c, gcm128.c).
 */
static bool aes_is_table_based(void)
{
#if defined(__x86_64__)
    enum { AES_BIT = 57, MULTIPLICATION_BIT = 33 };
#else
    enum { AES_BIT = 2, MULTIPLICATION_BIT = 5 }; /* ARMV8_AES, ARMV8_PMULL */
#endif
    const char *settings = OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS);
    const char *number = settings ? strstr(settings, "cap=0x") : NULL;
    unsigned long long has = number ? strtoull(number + strlen("cap="), NULL, 16) : 0;

    if (!number)
        return !processor_has_aes_gcm();
    return !(has >> AES_BIT & 1) || !(has >> MULTIPLICATION_BIT & 1);
}

/* `silent` is what it means when the library left no error at all. */
static enum crypto_result judge_errors(enum crypto_result silent)
{
    enum crypto_result result = ERR_peek_error() ? CRYPTO_BAD_INPUT : silent;
    unsigned long error;

    while ((error = ERR_get_error()) != 0)
        if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
            result = CRYPTO_FAILED;
    ERR_clear_error(); /* so that it always writes into the same places */
    return result;
}

enum crypto_result libcrypto_refusal(void)
{
    return judge_errors(CRYPTO_FAILED);
}

enum crypto_result libcrypto_verdict(int answer)
{
    return answer == 1 ? CRYPTO_OK : judge_errors(CRYPTO_BAD_INPUT);
}

EVP_PKEY *libcrypto_key(const char *type, bool is_private, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(context, type, NULL);
    EVP_PKEY *key = NULL;

    if (!maker || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &key, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(maker);
    return key;
}

bool libcrypto_sign(EVP_PKEY_CTX *signer, enum signature_id id, struct bytes message, struct random_source random,
                    uint8_t *out, size_t *len)
{
    uint8_t digest[MAX_LIBCRYPTO_DIGEST_LEN];
    size_t digest_len = libcrypto_digest(id, message, digest);
    bool is_ok;

    *len = MAX_SIGNATURE_LEN;
    libcrypto_random_begin(&random);
    is_ok = digest_len > 0 && EVP_PKEY_sign(signer, out, len, digest, digest_len) == 1;
    libcrypto_random_end();
    if (!is_ok)
        ERR_clear_error();
    return is_ok;
}

enum crypto_result libcrypto_check(EVP_PKEY_CTX *verifier, enum signature_id id, struct bytes message,
                                   struct bytes signature)
{
    uint8_t digest[MAX_LIBCRYPTO_DIGEST_LEN];
    size_t digest_len = libcrypto_digest(id, message, digest);

    if (digest_len == 0)
        return CRYPTO_FAILED;
    return libcrypto_verdict(EVP_PKEY_verify(verifier, signature.at, signature.len, digest, digest_len));
}

const struct provider provider_libcrypto = {
    .name = provider_name,
    .start = provider_start,
    .aes_is_table_based = aes_is_table_based,
    .hashes = {[HASH_SHA256] = &libcrypto_hash_sha256, [HASH_SHA384] = &libcrypto_hash_sha384},
    .aeads = {[AEAD_AES_128_GCM] = &libcrypto_aead_aes_128_gcm,
              [AEAD_AES_256_GCM] = &libcrypto_aead_aes_256_gcm,
              [AEAD_CHACHA20_POLY1305] = &libcrypto_aead_chacha20_poly1305},
    .key_exchanges = {[KEY_EXCHANGE_X25519] = &libcrypto_x25519,
                      [KEY_EXCHANGE_SECP256R1] = &libcrypto_secp256r1,
                      [KEY_EXCHANGE_SECP384R1] = &libcrypto_secp384r1},
    .kems = {[KEM_MLKEM768] = &libcrypto_kem_mlkem768},
    .keys = {[KEY_KIND_RSA] = &libcrypto_key_rsa,
             [KEY_KIND_ECDSA_P256] = &libcrypto_key_p256,
             [KEY_KIND_ECDSA_P384] = &libcrypto_key_p384,
             [KEY_KIND_ECDSA_P521] = &libcrypto_key_p521},
};
