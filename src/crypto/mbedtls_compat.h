/*
 * mbedtls_compat.h: what differs between mbedTLS 2.28 (Debian 12, Ubuntu 24.04) and 3.6 (Debian 13).
 *
 * Nothing else in the house asks for the version. The names here are those of 3.x.
 */
#ifndef CRYPTO_MBEDTLS_COMPAT_H
#define CRYPTO_MBEDTLS_COMPAT_H

#include <mbedtls/md.h>
#include <mbedtls/rsa.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <mbedtls/version.h>

#if MBEDTLS_VERSION_MAJOR < 3

#define MBEDTLS_PRIVATE(member) member /* 3.x hides them; where it offers no other way we say so */

#define mbedtls_sha256_starts mbedtls_sha256_starts_ret
#define mbedtls_sha256_update mbedtls_sha256_update_ret
#define mbedtls_sha256_finish mbedtls_sha256_finish_ret
#define mbedtls_sha512_starts mbedtls_sha512_starts_ret
#define mbedtls_sha512_update mbedtls_sha512_update_ret
#define mbedtls_sha512_finish mbedtls_sha512_finish_ret

static inline void compat_rsa_init(mbedtls_rsa_context *rsa)
{
    mbedtls_rsa_init(rsa, MBEDTLS_RSA_PKCS_V21, 0);
}

/* 2.28 asks the context which hash the mask generation takes. */
static inline int compat_rsa_set_pss(mbedtls_rsa_context *rsa, mbedtls_md_type_t md)
{
    mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, (int)md);
    return 0;
}

static inline int compat_rsa_set_pkcs1(mbedtls_rsa_context *rsa)
{
    mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V15, 0);
    return 0;
}

static inline int compat_rsa_pkcs1_sign(mbedtls_rsa_context *rsa, int (*random)(void *, unsigned char *, size_t),
                                        void *source, mbedtls_md_type_t md, unsigned hash_len, const uint8_t *hash,
                                        uint8_t *signature)
{
    return mbedtls_rsa_rsassa_pkcs1_v15_sign(rsa, random, source, MBEDTLS_RSA_PRIVATE, md, hash_len, hash, signature);
}

static inline int compat_rsa_pkcs1_verify(mbedtls_rsa_context *rsa, mbedtls_md_type_t md, unsigned hash_len,
                                          const uint8_t *hash, const uint8_t *signature)
{
    return mbedtls_rsa_rsassa_pkcs1_v15_verify(rsa, NULL, NULL, MBEDTLS_RSA_PUBLIC, md, hash_len, hash, signature);
}

static inline int compat_rsa_pss_verify(mbedtls_rsa_context *rsa, mbedtls_md_type_t md, unsigned hash_len,
                                        const uint8_t *hash, const uint8_t *signature)
{
    return mbedtls_rsa_rsassa_pss_verify_ext(rsa, NULL, NULL, MBEDTLS_RSA_PUBLIC, md, hash_len, hash, md, (int)hash_len,
                                             signature);
}

#else

static inline void compat_rsa_init(mbedtls_rsa_context *rsa)
{
    mbedtls_rsa_init(rsa);
}

static inline int compat_rsa_set_pss(mbedtls_rsa_context *rsa, mbedtls_md_type_t md)
{
    return mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V21, md);
}

static inline int compat_rsa_set_pkcs1(mbedtls_rsa_context *rsa)
{
    return mbedtls_rsa_set_padding(rsa, MBEDTLS_RSA_PKCS_V15, MBEDTLS_MD_NONE);
}

static inline int compat_rsa_pkcs1_sign(mbedtls_rsa_context *rsa, int (*random)(void *, unsigned char *, size_t),
                                        void *source, mbedtls_md_type_t md, unsigned hash_len, const uint8_t *hash,
                                        uint8_t *signature)
{
    return mbedtls_rsa_rsassa_pkcs1_v15_sign(rsa, random, source, md, hash_len, hash, signature);
}

static inline int compat_rsa_pkcs1_verify(mbedtls_rsa_context *rsa, mbedtls_md_type_t md, unsigned hash_len,
                                          const uint8_t *hash, const uint8_t *signature)
{
    return mbedtls_rsa_rsassa_pkcs1_v15_verify(rsa, md, hash_len, hash, signature);
}

static inline int compat_rsa_pss_verify(mbedtls_rsa_context *rsa, mbedtls_md_type_t md, unsigned hash_len,
                                        const uint8_t *hash, const uint8_t *signature)
{
    return mbedtls_rsa_rsassa_pss_verify_ext(rsa, md, hash_len, hash, md, (int)hash_len, signature);
}

#endif

#endif
