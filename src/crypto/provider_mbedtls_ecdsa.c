#include <mbedtls/ecdsa.h>

#include "crypto/der.h"
#include "crypto/provider_mbedtls.h"

struct ecdsa_key {
    mbedtls_ecp_group *group; /* a curve of the process: not ours to free */
    mbedtls_mpi secret;
    mbedtls_ecp_point point;
};

static size_t field_len(const mbedtls_ecp_group *group)
{
    return (group->pbits + 7) / 8;
}

static void ecdsa_init(struct ecdsa_key *key, enum key_kind kind)
{
    static const enum mbedtls_curve curves[] = {
        [KEY_KIND_ECDSA_P256] = MBEDTLS_CURVE_P256,
        [KEY_KIND_ECDSA_P384] = MBEDTLS_CURVE_P384,
        [KEY_KIND_ECDSA_P521] = MBEDTLS_CURVE_P521,
    };

    key->group = mbedtls_curve(curves[kind]);
    mbedtls_mpi_init(&key->secret);
    mbedtls_ecp_point_init(&key->point);
}

static enum key_load as_key_load(int error)
{
    switch (mbedtls_result(error)) {
    case CRYPTO_OK:
        return KEY_LOADED;
    case CRYPTO_BAD_INPUT:
        return KEY_INVALID;
    default:
        return KEY_NOT_LOADED;
    }
}

/* The public point belongs to the secret: computed, not believed. */
static enum key_load ecdsa_load_private(void *context, struct key_material *material, struct random_source random)
{
    struct ecdsa_key *key = context;
    uint8_t point[MAX_POINT_LEN];
    size_t len = 0;
    int error;

    ecdsa_init(key, material->kind);
    error = mbedtls_mpi_read_binary(&key->secret, material->scalar.at, material->scalar.len);
    if (!error)
        error = mbedtls_ecp_check_privkey(key->group, &key->secret);
    if (!error)
        error = mbedtls_ecp_mul(key->group, &key->point, &key->secret, &key->group->G, mbedtls_random, &random);
    if (!error)
        error = mbedtls_ecp_point_write_binary(key->group, &key->point, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, point,
                                               sizeof point);
    if (error)
        return as_key_load(error);
    if (material->point_len != 0 && memcmp(material->point, point, len) != 0)
        return KEY_INVALID;
    memcpy(material->point, point, len);
    material->point_len = len;
    return KEY_LOADED;
}

static enum key_load ecdsa_load_public(void *context, const struct key_material *material)
{
    struct ecdsa_key *key = context;
    int error;

    ecdsa_init(key, material->kind);
    error = mbedtls_ecp_point_read_binary(key->group, &key->point, material->point, material->point_len);
    if (!error)
        error = mbedtls_ecp_check_pubkey(key->group, &key->point);
    return as_key_load(error);
}

static bool write_signature(const mbedtls_ecp_group *group, const mbedtls_mpi *r, const mbedtls_mpi *s, uint8_t *out,
                            size_t *len)
{
    uint8_t number[MAX_SCALAR_LEN], content[2 * (MAX_SCALAR_LEN + 3)];
    struct writer inner = writer_of(content, sizeof content);
    struct writer outer = writer_of(out, MAX_SIGNATURE_LEN);

    if (mbedtls_mpi_write_binary(r, number, field_len(group)) != 0)
        return false;
    der_write_unsigned(&inner, bytes_of(number, field_len(group)));
    if (mbedtls_mpi_write_binary(s, number, field_len(group)) != 0)
        return false;
    der_write_unsigned(&inner, bytes_of(number, field_len(group)));
    der_write(&outer, DER_SEQUENCE, writer_view(&inner));
    *len = writer_view(&outer).len;
    return writer_ok(&inner) && writer_ok(&outer);
}

/* Deterministic (RFC 6979), so that no weakness of the random source can leak the key; `random` only blinds. */
static bool ecdsa_sign(void *context, enum signature_id id, struct bytes message, struct random_source random,
                       uint8_t *out, size_t *len)
{
    struct ecdsa_key *key = context;
    struct mbedtls_digest digest;
    mbedtls_mpi r, s;
    bool ok;

    if (!mbedtls_take_digest(id, message, &digest))
        return false;
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    ok = mbedtls_ecdsa_sign_det_ext(key->group, &r, &s, &key->secret, digest.bytes, digest.len, digest.md,
                                    mbedtls_random, &random) == 0 &&
         write_signature(key->group, &r, &s, out, len);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&s);
    return ok;
}

/* Ecdsa-Sig-Value, RFC 3279 2.2.3, in strict DER. */
static bool read_signature(struct bytes signature, size_t max_len, struct bytes *r, struct bytes *s)
{
    struct reader outer = reader_of(signature), inner;

    return der_enter(&outer, DER_SEQUENCE, &inner) && read_end(&outer) && der_read_unsigned(&inner, r) &&
           der_read_unsigned(&inner, s) && read_end(&inner) && r->len <= max_len && s->len <= max_len;
}

static enum crypto_result ecdsa_check(void *context, enum signature_id id, struct bytes message, struct bytes signature)
{
    struct ecdsa_key *key = context;
    struct bytes r_bytes, s_bytes;
    struct mbedtls_digest digest;
    mbedtls_mpi r, s;
    int error;

    if (!read_signature(signature, field_len(key->group), &r_bytes, &s_bytes))
        return CRYPTO_BAD_INPUT;
    if (!mbedtls_take_digest(id, message, &digest))
        return CRYPTO_FAILED;
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    error = mbedtls_read_number(&r, r_bytes);
    if (!error)
        error = mbedtls_read_number(&s, s_bytes);
    if (!error)
        error = mbedtls_ecdsa_verify(key->group, digest.bytes, digest.len, &key->point, &r, &s);
    mbedtls_mpi_free(&r);
    mbedtls_mpi_free(&s);
    return mbedtls_result(error);
}

static void ecdsa_wipe(void *context)
{
    struct ecdsa_key *key = context;

    mbedtls_mpi_free(&key->secret);
    mbedtls_ecp_point_free(&key->point);
}

#define ECDSA(facts)                                                                                                   \
    {                                                                                                                  \
        .context_len = sizeof(struct ecdsa_key), .load_private = ecdsa_load_private, .load_public = ecdsa_load_public, \
        .sign = ecdsa_sign, .check = ecdsa_check, .wipe = ecdsa_wipe, facts                                            \
    }

const struct key_alg mbedtls_key_p256 = ECDSA(KEY_P256_FACTS);
const struct key_alg mbedtls_key_p384 = ECDSA(KEY_P384_FACTS);
const struct key_alg mbedtls_key_p521 = ECDSA(KEY_P521_FACTS);
