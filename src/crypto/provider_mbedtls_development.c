#include <mbedtls/oid.h>
#include <mbedtls/pk.h>

#include "base/alloc.h"
#include "crypto/provider_mbedtls.h"

enum { MAX_PEM_LEN = 8 * 1024, SERIAL_LEN = 16 };

/* id-kp-serverAuth in a SEQUENCE, RFC 5280 4.2.1.12; 2.28 has no call for it. */
static const uint8_t server_auth[] = {0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01};

static int set_serial(mbedtls_x509write_cert *certificate, struct random_source random)
{
    uint8_t serial[SERIAL_LEN];

    if (!random_fill(random, serial, sizeof serial))
        return MBEDTLS_ERR_ECP_RANDOM_FAILED;
    serial[0] = (uint8_t)((serial[0] & 0x3f) | 0x40); /* positive, of constant length (RFC 5280 4.1.2.2) */
    return compat_crt_set_serial(certificate, serial, sizeof serial);
}

static int set_extensions(mbedtls_x509write_cert *certificate, struct bytes alt_names)
{
    int error = mbedtls_x509write_crt_set_basic_constraints(certificate, 0, -1);

    if (!error)
        error = mbedtls_x509write_crt_set_key_usage(certificate, MBEDTLS_X509_KU_DIGITAL_SIGNATURE);
    if (!error)
        error = mbedtls_x509write_crt_set_extension(certificate, MBEDTLS_OID_EXTENDED_KEY_USAGE,
                                                    MBEDTLS_OID_SIZE(MBEDTLS_OID_EXTENDED_KEY_USAGE), 0, server_auth,
                                                    sizeof server_auth);
    if (!error)
        error = mbedtls_x509write_crt_set_extension(certificate, MBEDTLS_OID_SUBJECT_ALT_NAME,
                                                    MBEDTLS_OID_SIZE(MBEDTLS_OID_SUBJECT_ALT_NAME), 0, alt_names.at,
                                                    alt_names.len);
    return error;
}

static int write_certificate(const struct self_signed *wanted, mbedtls_pk_context *key, struct random_source random,
                             char *pem)
{
    mbedtls_x509write_cert certificate;
    int error;

    mbedtls_x509write_crt_init(&certificate);
    mbedtls_x509write_crt_set_version(&certificate, MBEDTLS_X509_CRT_VERSION_3);
    mbedtls_x509write_crt_set_md_alg(&certificate, MBEDTLS_MD_SHA256);
    mbedtls_x509write_crt_set_subject_key(&certificate, key);
    mbedtls_x509write_crt_set_issuer_key(&certificate, key);
    error = set_serial(&certificate, random);
    if (!error)
        error = mbedtls_x509write_crt_set_validity(&certificate, wanted->not_before, wanted->not_after);
    if (!error)
        error = mbedtls_x509write_crt_set_subject_name(&certificate, wanted->subject);
    if (!error)
        error = mbedtls_x509write_crt_set_issuer_name(&certificate, wanted->subject);
    if (!error)
        error = set_extensions(&certificate, wanted->alt_names);
    if (!error)
        error = mbedtls_x509write_crt_pem(&certificate, (unsigned char *)pem, MAX_PEM_LEN, mbedtls_random, &random);
    mbedtls_x509write_crt_free(&certificate);
    return error;
}

static int make_key(mbedtls_pk_context *key, struct random_source random)
{
    int error = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));

    if (error)
        return error;
    return mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), mbedtls_random, &random);
}

bool mbedtls_make_self_signed(const struct self_signed *wanted, struct random_source random, char **certificate_pem,
                              char **key_pem)
{
    mbedtls_pk_context key;
    bool ok;

    *certificate_pem = memory_new(MAX_PEM_LEN);
    *key_pem = memory_new(MAX_PEM_LEN);
    mbedtls_pk_init(&key);
    ok = *certificate_pem && *key_pem && make_key(&key, random) == 0 &&
         write_certificate(wanted, &key, random, *certificate_pem) == 0 &&
         mbedtls_pk_write_key_pem(&key, (unsigned char *)*key_pem, MAX_PEM_LEN) == 0;
    mbedtls_pk_free(&key);
    if (ok)
        return true;
    if (*key_pem)
        memory_wipe(*key_pem, MAX_PEM_LEN);
    memory_free(*key_pem);
    memory_free(*certificate_pem);
    *certificate_pem = *key_pem = NULL;
    return false;
}
