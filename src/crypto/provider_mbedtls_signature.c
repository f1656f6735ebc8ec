#include <mbedtls/ecdsa.h>

#include "crypto/der.h"
#include "crypto/provider_mbedtls.h"

struct digest {
    mbedtls_md_type_t md;
    unsigned len;
    uint8_t bytes[MBEDTLS_MD_MAX_SIZE];
};

static bool take_digest(enum signature_id id, struct bytes message, struct digest *digest)
{
    switch (id) {
    case SIGNATURE_RSA_PSS_SHA256:
    case SIGNATURE_ECDSA_P256_SHA256:
        digest->md = MBEDTLS_MD_SHA256;
        digest->len = 32;
        break;
    case SIGNATURE_RSA_PSS_SHA384:
    case SIGNATURE_ECDSA_P384_SHA384:
        digest->md = MBEDTLS_MD_SHA384;
        digest->len = 48;
        break;
    case SIGNATURE_RSA_PSS_SHA512:
        digest->md = MBEDTLS_MD_SHA512;
        digest->len = 64;
        break;
    }
    return mbedtls_md(mbedtls_md_info_from_type(digest->md), message.at, message.len, digest->bytes) == 0;
}

/* ---- RSA */

static int read_number(mbedtls_mpi *number, struct bytes from)
{
    return mbedtls_mpi_read_binary(number, from.at, from.len);
}

/*
 * mbedtls_rsa_check_privkey() would do, did it not call running out of memory a bad key. The numbers of the file,
 * with room for one product; all of it is wiped when it is freed.
 */
struct rsa_numbers {
    mbedtls_mpi n, e, d, p, q, dp, dq, qp, product;
};

static void numbers_init(struct rsa_numbers *numbers)
{
    mbedtls_mpi *const all[] = {&numbers->n,  &numbers->e,  &numbers->d,  &numbers->p,      &numbers->q,
                                &numbers->dp, &numbers->dq, &numbers->qp, &numbers->product};

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        mbedtls_mpi_init(all[i]);
}

static void numbers_free(struct rsa_numbers *numbers)
{
    mbedtls_mpi *const all[] = {&numbers->n,  &numbers->e,  &numbers->d,  &numbers->p,      &numbers->q,
                                &numbers->dp, &numbers->dq, &numbers->qp, &numbers->product};

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        mbedtls_mpi_free(all[i]);
}

static int numbers_read(struct rsa_numbers *numbers, const struct key_material *material)
{
    const struct {
        mbedtls_mpi *number;
        struct bytes from;
    } all[] = {{&numbers->n, material->n},   {&numbers->e, material->e},  {&numbers->d, material->d},
               {&numbers->p, material->p},   {&numbers->q, material->q},  {&numbers->dp, material->dp},
               {&numbers->dq, material->dq}, {&numbers->qp, material->qp}};
    int error = 0;

    for (size_t i = 0; !error && i < ARRAY_LEN(all); i++)
        error = read_number(all[i].number, all[i].from);
    return error;
}

/* Whether a * b is 1 modulo m - 1, or modulo m itself when `less` is 0. An error of the library, or 0 and *holds. */
static int product_is_one(struct rsa_numbers *numbers, const mbedtls_mpi *a, const mbedtls_mpi *b, const mbedtls_mpi *m,
                          int less, bool *holds)
{
    mbedtls_mpi modulus;
    int error;

    mbedtls_mpi_init(&modulus);
    error = mbedtls_mpi_sub_int(&modulus, m, less);
    if (!error)
        error = mbedtls_mpi_mul_mpi(&numbers->product, a, b);
    if (!error)
        error = mbedtls_mpi_mod_mpi(&numbers->product, &numbers->product, &modulus);
    *holds = !error && mbedtls_mpi_cmp_int(&numbers->product, 1) == 0;
    mbedtls_mpi_free(&modulus);
    return error;
}

/* RFC 8017 3.2: n = p q; e dP = 1 mod p - 1 and so for q; q qInv = 1 mod p; and d fits e in the same sense. */
static int numbers_fit(struct rsa_numbers *numbers, bool *fit)
{
    const struct {
        const mbedtls_mpi *a, *b, *modulus;
        int less;
    } relations[] = {{&numbers->e, &numbers->dp, &numbers->p, 1},
                     {&numbers->e, &numbers->dq, &numbers->q, 1},
                     {&numbers->e, &numbers->d, &numbers->p, 1},
                     {&numbers->e, &numbers->d, &numbers->q, 1},
                     {&numbers->q, &numbers->qp, &numbers->p, 0}};
    int error = mbedtls_mpi_mul_mpi(&numbers->product, &numbers->p, &numbers->q);

    *fit = !error && mbedtls_mpi_cmp_mpi(&numbers->product, &numbers->n) == 0 &&
           mbedtls_mpi_cmp_int(&numbers->p, 2) > 0 && mbedtls_mpi_cmp_int(&numbers->q, 2) > 0 &&
           mbedtls_mpi_cmp_mpi(&numbers->p, &numbers->q) != 0 && mbedtls_mpi_cmp_mpi(&numbers->d, &numbers->n) < 0;
    for (size_t i = 0; !error && *fit && i < ARRAY_LEN(relations); i++)
        error = product_is_one(numbers, relations[i].a, relations[i].b, relations[i].modulus, relations[i].less, fit);
    return error;
}

static int rsa_import(mbedtls_rsa_context *rsa, const struct rsa_numbers *numbers)
{
    int error = mbedtls_rsa_import(rsa, &numbers->n, &numbers->p, &numbers->q, &numbers->d, &numbers->e);

    return error ? error : mbedtls_rsa_complete(rsa); /* computes dP, dQ and qInv itself */
}

static enum key_load rsa_load_private(void *context, struct key_material *material, struct random_source random)
{
    struct rsa_numbers numbers;
    bool fit = false;
    int error;

    (void)random;
    compat_rsa_init(context);
    numbers_init(&numbers);
    error = numbers_read(&numbers, material);
    if (!error)
        error = numbers_fit(&numbers, &fit);
    if (!error && fit)
        error = rsa_import(context, &numbers);
    numbers_free(&numbers);
    if (error)
        return KEY_NOT_LOADED;
    return fit ? KEY_LOADED : KEY_INVALID;
}

static enum key_load rsa_load_public(void *context, const struct key_material *material)
{
    mbedtls_rsa_context *rsa = context;
    int error;

    compat_rsa_init(rsa);
    error = mbedtls_rsa_import_raw(rsa, material->n.at, material->n.len, NULL, 0, NULL, 0, NULL, 0, material->e.at,
                                   material->e.len);
    if (!error)
        error = mbedtls_rsa_complete(rsa);
    if (!error)
        error = mbedtls_rsa_check_pubkey(rsa);
    return error ? KEY_NOT_LOADED : KEY_LOADED; /* key_der.c has seen to the values */
}

static bool rsa_sign(void *context, enum signature_id id, struct bytes message, struct random_source random,
                     uint8_t *out, size_t *len)
{
    mbedtls_rsa_context *rsa = context;
    struct digest digest;

    *len = mbedtls_rsa_get_len(rsa);
    return take_digest(id, message, &digest) && compat_rsa_set_pss(rsa, digest.md) == 0 &&
           mbedtls_rsa_rsassa_pss_sign_ext(rsa, mbedtls_random, &random, digest.md, digest.len, digest.bytes,
                                           (int)digest.len, out) == 0;
}

static enum crypto_result rsa_check(void *context, enum signature_id id, struct bytes message, struct bytes signature)
{
    mbedtls_rsa_context *rsa = context;
    struct digest digest;

    if (signature.len != mbedtls_rsa_get_len(rsa))
        return CRYPTO_BAD_INPUT;
    if (!take_digest(id, message, &digest) || compat_rsa_set_pss(rsa, digest.md) != 0)
        return CRYPTO_FAILED;
    switch (compat_rsa_pss_verify(rsa, digest.md, digest.len, digest.bytes, signature.at)) {
    case 0:
        return CRYPTO_OK;
    case MBEDTLS_ERR_RSA_VERIFY_FAILED:
    case MBEDTLS_ERR_RSA_INVALID_PADDING:
    case MBEDTLS_ERR_RSA_BAD_INPUT_DATA:
    case MBEDTLS_ERR_RSA_PUBLIC_FAILED + MBEDTLS_ERR_MPI_BAD_INPUT_DATA: /* a number not below the modulus */
        return CRYPTO_BAD_INPUT;
    default:
        return CRYPTO_FAILED;
    }
}

static void rsa_wipe(void *context)
{
    mbedtls_rsa_free(context);
}

/* ---- ECDSA */

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
    key->group = mbedtls_curve(kind == KEY_KIND_ECDSA_P256 ? MBEDTLS_CURVE_P256 : MBEDTLS_CURVE_P384);
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
    struct digest digest;
    mbedtls_mpi r, s;
    bool ok;

    if (!take_digest(id, message, &digest))
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
    struct digest digest;
    mbedtls_mpi r, s;
    int error;

    if (!read_signature(signature, field_len(key->group), &r_bytes, &s_bytes))
        return CRYPTO_BAD_INPUT;
    if (!take_digest(id, message, &digest))
        return CRYPTO_FAILED;
    mbedtls_mpi_init(&r);
    mbedtls_mpi_init(&s);
    error = read_number(&r, r_bytes);
    if (!error)
        error = read_number(&s, s_bytes);
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

const struct key_alg mbedtls_key_rsa = {
    .kind = KEY_KIND_RSA,
    .name = "RSA-PSS",
    .context_len = sizeof(mbedtls_rsa_context),
    .load_private = rsa_load_private,
    .load_public = rsa_load_public,
    .sign = rsa_sign,
    .check = rsa_check,
    .wipe = rsa_wipe,
};

const struct key_alg mbedtls_key_p256 = {
    .kind = KEY_KIND_ECDSA_P256,
    .name = "ECDSA P-256",
    .context_len = sizeof(struct ecdsa_key),
    .load_private = ecdsa_load_private,
    .load_public = ecdsa_load_public,
    .sign = ecdsa_sign,
    .check = ecdsa_check,
    .wipe = ecdsa_wipe,
};

const struct key_alg mbedtls_key_p384 = {
    .kind = KEY_KIND_ECDSA_P384,
    .name = "ECDSA P-384",
    .context_len = sizeof(struct ecdsa_key),
    .load_private = ecdsa_load_private,
    .load_public = ecdsa_load_public,
    .sign = ecdsa_sign,
    .check = ecdsa_check,
    .wipe = ecdsa_wipe,
};
