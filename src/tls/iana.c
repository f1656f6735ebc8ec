#include "tls/iana.h"

/*
 * RFC 8446 B.4, RFC 5289, RFC 7905, RFC 5288. The order is the one in which Mozilla's guidelines 6.0 name them; those
 * of the classic RSA key exchange, which they leave out, come last.
 */
const struct tls_suite tls_suites[] = {
    {0x1301, "TLS_AES_128_GCM_SHA256", TLS_1_3, AEAD_AES_128_GCM, HASH_SHA256, EXCHANGE_ANY},
    {0x1302, "TLS_AES_256_GCM_SHA384", TLS_1_3, AEAD_AES_256_GCM, HASH_SHA384, EXCHANGE_ANY},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256", TLS_1_3, AEAD_CHACHA20_POLY1305, HASH_SHA256, EXCHANGE_ANY},
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", TLS_1_2, AEAD_AES_128_GCM, HASH_SHA256, EXCHANGE_ECDHE_ECDSA},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", TLS_1_2, AEAD_AES_128_GCM, HASH_SHA256, EXCHANGE_ECDHE_RSA},
    {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", TLS_1_2, AEAD_AES_256_GCM, HASH_SHA384, EXCHANGE_ECDHE_ECDSA},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", TLS_1_2, AEAD_AES_256_GCM, HASH_SHA384, EXCHANGE_ECDHE_RSA},
    {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", TLS_1_2, AEAD_CHACHA20_POLY1305, HASH_SHA256,
     EXCHANGE_ECDHE_ECDSA},
    {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", TLS_1_2, AEAD_CHACHA20_POLY1305, HASH_SHA256,
     EXCHANGE_ECDHE_RSA},
    {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", TLS_1_2, AEAD_AES_128_GCM, HASH_SHA256, EXCHANGE_RSA},
    {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", TLS_1_2, AEAD_AES_256_GCM, HASH_SHA384, EXCHANGE_RSA},
    {0},
};

/* RFC 8446 4.2.7, draft-ietf-tls-ecdhe-mlkem 7. The order is that of Mozilla's guidelines 6.0. */
const struct tls_group tls_groups[] = {
    {0x11ec, "X25519MLKEM768", KEY_EXCHANGE_X25519MLKEM768, true},
    {0x001d, "x25519", KEY_EXCHANGE_X25519, false},
    {0x0017, "secp256r1", KEY_EXCHANGE_SECP256R1, false},
    {0x0018, "secp384r1", KEY_EXCHANGE_SECP384R1, false},
    {0},
};

/*
 * RFC 8446 4.2.3. ECDSA first: the smaller certificate and by far the cheaper signature. PSS before PKCS #1 v1.5, which
 * TLS 1.3 does not take at all.
 */
const struct tls_signature_scheme tls_signature_schemes[] = {
    {0x0403, "ecdsa_secp256r1_sha256", SIGNATURE_ECDSA_P256_SHA256, SIGNATURE_ECDSA_SHA256},
    {0x0503, "ecdsa_secp384r1_sha384", SIGNATURE_ECDSA_P384_SHA384, SIGNATURE_ECDSA_SHA384},
    {0x0603, "ecdsa_secp521r1_sha512", SIGNATURE_ECDSA_P521_SHA512, SIGNATURE_ECDSA_SHA512},
    {0x0804, "rsa_pss_rsae_sha256", SIGNATURE_RSA_PSS_SHA256, SIGNATURE_RSA_PSS_SHA256},
    {0x0805, "rsa_pss_rsae_sha384", SIGNATURE_RSA_PSS_SHA384, SIGNATURE_RSA_PSS_SHA384},
    {0x0806, "rsa_pss_rsae_sha512", SIGNATURE_RSA_PSS_SHA512, SIGNATURE_RSA_PSS_SHA512},
    {0x0401, "rsa_pkcs1_sha256", SIGNATURE_IDS, SIGNATURE_RSA_PKCS1_SHA256},
    {0x0501, "rsa_pkcs1_sha384", SIGNATURE_IDS, SIGNATURE_RSA_PKCS1_SHA384},
    {0x0601, "rsa_pkcs1_sha512", SIGNATURE_IDS, SIGNATURE_RSA_PKCS1_SHA512},
    {0},
};

const struct tls_suite *tls_suite_find(uint16_t code)
{
    for (const struct tls_suite *suite = tls_suites; suite->code; suite++)
        if (suite->code == code)
            return suite;
    return NULL;
}

const struct tls_group *tls_group_find(uint16_t code)
{
    for (const struct tls_group *group = tls_groups; group->code; group++)
        if (group->code == code)
            return group;
    return NULL;
}

const struct tls_signature_scheme *tls_signature_scheme_find(uint16_t code)
{
    for (const struct tls_signature_scheme *scheme = tls_signature_schemes; scheme->code; scheme++)
        if (scheme->code == code)
            return scheme;
    return NULL;
}

/* Names of what clients offer and we do not negotiate, so that a log line reads in words. */
struct code_name {
    uint16_t code;
    const char *name;
};

static const struct code_name other_suites[] = {
    {0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
    {0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA"},
    {0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"},
    {0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"},
    {0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"},
    {0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256"},
    {0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256"},
    {0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"},
    {0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"},
    {0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"},
    {0x1304, "TLS_AES_128_CCM_SHA256"},
    {0x1305, "TLS_AES_128_CCM_8_SHA256"},
    {0x5600, "TLS_FALLBACK_SCSV"},
    {0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"},
    {0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"},
    {0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"},
    {0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"},
    {0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
    {0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"},
    {0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"},
    {0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"},
    {0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
};

static const struct code_name other_groups[] = {
    {0x0019, "secp521r1"},
    {0x001a, "brainpoolP256r1"},
    {0x001b, "brainpoolP384r1"},
    {0x001c, "brainpoolP512r1"},
    {0x001e, "x448"},
    {0x0100, "ffdhe2048"},
    {0x0101, "ffdhe3072"},
    {0x0102, "ffdhe4096"},
    {0x0103, "ffdhe6144"},
    {0x0104, "ffdhe8192"},
    {0x11eb, "SecP256r1MLKEM768"},
    {0x11ed, "SecP384r1MLKEM1024"},
    {0x6399, "X25519Kyber768Draft00"},
};

static const struct code_name other_schemes[] = {
    {0x0201, "rsa_pkcs1_sha1"},
    {0x0202, "dsa_sha1"}, /* those of DSA: RFC 8446 B.3.1.3, there reserved */
    {0x0203, "ecdsa_sha1"},
    {0x0301, "rsa_pkcs1_sha224"}, /* SHA-224: RFC 5246 7.4.1.4.1 alone, its pair of hash and signature */
    {0x0302, "dsa_sha224"},
    {0x0303, "ecdsa_sha224"},
    {0x0402, "dsa_sha256"},
    {0x0502, "dsa_sha384"},
    {0x0602, "dsa_sha512"},
    {0x0807, "ed25519"},
    {0x0808, "ed448"},
    {0x0809, "rsa_pss_pss_sha256"},
    {0x080a, "rsa_pss_pss_sha384"},
    {0x080b, "rsa_pss_pss_sha512"},
    {0x0904, "mldsa44"},
    {0x0905, "mldsa65"},
    {0x0906, "mldsa87"},
};

static const struct code_name versions[] = {
    {0x0300, "SSLv3"}, {TLS_1_0, "TLSv1.0"}, {TLS_1_1, "TLSv1.1"}, {TLS_1_2, "TLSv1.2"}, {TLS_1_3, "TLSv1.3"},
};

#define X(name, code, text) {code, text},
static const struct code_name alerts[] = {ALERTS(X)};
static const struct code_name handshake_types[] = {HANDSHAKE_TYPES(X)};
static const struct code_name extensions[] = {EXTENSIONS(X)};
#undef X

static const char *find_name(const struct code_name *names, size_t count, uint16_t code)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].code == code)
            return names[i].name;
    return NULL;
}

bool tls_is_grease(uint16_t code)
{
    return (code & 0x0f0f) == 0x0a0a && code / 256 == code % 256;
}

const char *tls_version_name(uint16_t version)
{
    return find_name(versions, ARRAY_LEN(versions), version);
}

const char *tls_alert_name(uint8_t code)
{
    return find_name(alerts, ARRAY_LEN(alerts), code);
}

const char *tls_handshake_type_name(uint8_t type)
{
    return find_name(handshake_types, ARRAY_LEN(handshake_types), type);
}

const char *tls_extension_name(uint16_t code)
{
    return find_name(extensions, ARRAY_LEN(extensions), code);
}

const char *tls_suite_name(uint16_t code)
{
    const struct tls_suite *suite = tls_suite_find(code);
    return suite ? suite->name : find_name(other_suites, ARRAY_LEN(other_suites), code);
}

const char *tls_group_name(uint16_t code)
{
    const struct tls_group *group = tls_group_find(code);
    return group ? group->name : find_name(other_groups, ARRAY_LEN(other_groups), code);
}

const char *tls_signature_scheme_name(uint16_t code)
{
    const struct tls_signature_scheme *scheme = tls_signature_scheme_find(code);
    return scheme ? scheme->name : find_name(other_schemes, ARRAY_LEN(other_schemes), code);
}
