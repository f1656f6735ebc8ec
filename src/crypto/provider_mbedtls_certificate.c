#include <mbedtls/oid.h>
#include <mbedtls/pk.h>

#include "crypto/provider_mbedtls.h"

/* PKCS#1 v1.5 and ECDSA over every key the library knows: issuers use more kinds of keys than we serve. */
enum crypto_result mbedtls_check_issued(struct bytes spki, struct bytes algorithm_oid, struct bytes signed_part,
                                        struct bytes signature)
{
    mbedtls_asn1_buf oid = {MBEDTLS_ASN1_OID, algorithm_oid.len, (unsigned char *)algorithm_oid.at};
    unsigned char *at = (unsigned char *)spki.at, digest[MBEDTLS_MD_MAX_SIZE];
    const mbedtls_md_info_t *info;
    mbedtls_pk_context key;
    mbedtls_md_type_t md;
    mbedtls_pk_type_t kind;
    enum crypto_result result = CRYPTO_FAILED;

    if (mbedtls_oid_get_sig_alg(&oid, &md, &kind) != 0 || kind == MBEDTLS_PK_RSASSA_PSS)
        return CRYPTO_FAILED;
    info = mbedtls_md_info_from_type(md);
    if (!info || mbedtls_md(info, signed_part.at, signed_part.len, digest) != 0)
        return CRYPTO_FAILED;
    mbedtls_pk_init(&key);
    if (mbedtls_pk_parse_subpubkey(&at, spki.at + spki.len, &key) == 0 && mbedtls_pk_can_do(&key, kind)) {
        switch (mbedtls_pk_verify(&key, md, digest, mbedtls_md_get_size(info), signature.at, signature.len)) {
        case 0:
            result = CRYPTO_OK;
            break;
        case MBEDTLS_ERR_RSA_VERIFY_FAILED:
        case MBEDTLS_ERR_RSA_INVALID_PADDING:
        case MBEDTLS_ERR_ECP_VERIFY_FAILED:
            result = CRYPTO_BAD_INPUT;
            break;
        default:
            break;
        }
    }
    mbedtls_pk_free(&key);
    return result;
}

size_t mbedtls_hash_by_oid(struct bytes oid, struct bytes data, uint8_t out[MAX_HASH_BY_OID_LEN])
{
    _Static_assert(MAX_HASH_BY_OID_LEN >= MBEDTLS_MD_MAX_SIZE, "a hash of the library does not fit");
    mbedtls_asn1_buf name = {MBEDTLS_ASN1_OID, oid.len, (unsigned char *)oid.at};
    const mbedtls_md_info_t *info;
    mbedtls_md_type_t md;

    if (mbedtls_oid_get_md_alg(&name, &md) != 0)
        return 0;
    info = mbedtls_md_info_from_type(md);
    return info && mbedtls_md(info, data.at, data.len, out) == 0 ? mbedtls_md_get_size(info) : 0;
}
