#include "crypto/provider_mbedtls.h"

#include <mbedtls/version.h>

#include "crypto/processor.h"

static const char *provider_name(void)
{
    static char name[32] = "mbedTLS ";

    if (name[8] == 0)
        mbedtls_version_get_string(name + 8); /* at most nine characters, its documentation says */
    return name;
}

static bool provider_start(void)
{
    return mbedtls_curves_start();
}

/* 2.28 has the instructions of x86-64 alone, 3.x those of ARM too; what they are compiled by is the library's option.
 */
static bool aes_is_table_based(void)
{
#if defined(__x86_64__) && defined(MBEDTLS_AESNI_C) || defined(__aarch64__) && defined(MBEDTLS_AESCE_C)
    return !processor_has_aes_gcm();
#else
    return true;
#endif
}

int mbedtls_random(void *source, unsigned char *out, size_t len)
{
    const struct random_source *random = source;

    return random_fill(*random, out, len) ? 0 : MBEDTLS_ERR_ECP_RANDOM_FAILED;
}

enum crypto_result mbedtls_result(int error)
{
    switch (error) {
    case 0:
        return CRYPTO_OK;
    case MBEDTLS_ERR_ECP_INVALID_KEY:
    case MBEDTLS_ERR_ECP_BAD_INPUT_DATA:
    case MBEDTLS_ERR_ECP_VERIFY_FAILED:
        return CRYPTO_BAD_INPUT;
    default:
        return CRYPTO_FAILED;
    }
}

int mbedtls_read_number(mbedtls_mpi *number, struct bytes from)
{
    return mbedtls_mpi_read_binary(number, from.at, from.len);
}

bool mbedtls_take_digest(enum signature_id id, struct bytes message, struct mbedtls_digest *digest)
{
    digest->len = signature_hash_len(id);
    switch (digest->len) {
    case 32:
        digest->md = MBEDTLS_MD_SHA256;
        break;
    case 48:
        digest->md = MBEDTLS_MD_SHA384;
        break;
    case 64:
        digest->md = MBEDTLS_MD_SHA512;
        break;
    default:
        return false;
    }
    return mbedtls_md(mbedtls_md_info_from_type(digest->md), message.at, message.len, digest->bytes) == 0;
}

const struct provider provider_mbedtls = {
    .name = provider_name,
    .start = provider_start,
    .aes_is_table_based = aes_is_table_based,
    .hashes = {[HASH_SHA256] = &mbedtls_hash_sha256, [HASH_SHA384] = &mbedtls_hash_sha384},
    .aeads = {[AEAD_AES_128_GCM] = &mbedtls_aead_aes_128_gcm,
              [AEAD_AES_256_GCM] = &mbedtls_aead_aes_256_gcm,
              [AEAD_CHACHA20_POLY1305] = &mbedtls_aead_chacha20_poly1305},
    .key_exchanges = {[KEY_EXCHANGE_X25519] = &mbedtls_x25519,
                      [KEY_EXCHANGE_SECP256R1] = &mbedtls_secp256r1,
                      [KEY_EXCHANGE_SECP384R1] = &mbedtls_secp384r1},
    .keys = {[KEY_KIND_RSA] = &mbedtls_key_rsa,
             [KEY_KIND_ECDSA_P256] = &mbedtls_key_p256,
             [KEY_KIND_ECDSA_P384] = &mbedtls_key_p384,
             [KEY_KIND_ECDSA_P521] = &mbedtls_key_p521},
    .check_issued = mbedtls_check_issued,
    .hash_by_oid = mbedtls_hash_by_oid,
};
