#include <mbedtls/version.h>

#include "crypto/provider_mbedtls.h"

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
        error = mbedtls_read_number(all[i].number, all[i].from);
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

static bool is_pkcs1(enum signature_id id)
{
    return id == SIGNATURE_RSA_PKCS1_SHA256 || id == SIGNATURE_RSA_PKCS1_SHA384 || id == SIGNATURE_RSA_PKCS1_SHA512;
}

static bool rsa_sign(void *context, enum signature_id id, struct bytes message, struct random_source random,
                     uint8_t *out, size_t *len)
{
    mbedtls_rsa_context *rsa = context;
    struct mbedtls_digest digest;

    *len = mbedtls_rsa_get_len(rsa);
    if (is_pkcs1(id))
        return mbedtls_take_digest(id, message, &digest) && compat_rsa_set_pkcs1(rsa) == 0 &&
               compat_rsa_pkcs1_sign(rsa, mbedtls_random, &random, digest.md, digest.len, digest.bytes, out) == 0;
    return mbedtls_take_digest(id, message, &digest) && compat_rsa_set_pss(rsa, digest.md) == 0 &&
           mbedtls_rsa_rsassa_pss_sign_ext(rsa, mbedtls_random, &random, digest.md, digest.len, digest.bytes,
                                           (int)digest.len, out) == 0;
}

static int verify(mbedtls_rsa_context *rsa, enum signature_id id, const struct mbedtls_digest *digest,
                  const uint8_t *signature)
{
    int error = is_pkcs1(id) ? compat_rsa_set_pkcs1(rsa) : compat_rsa_set_pss(rsa, digest->md);

    if (error)
        return error;
    return is_pkcs1(id) ? compat_rsa_pkcs1_verify(rsa, digest->md, digest->len, digest->bytes, signature)
                        : compat_rsa_pss_verify(rsa, digest->md, digest->len, digest->bytes, signature);
}

static enum crypto_result rsa_check(void *context, enum signature_id id, struct bytes message, struct bytes signature)
{
    mbedtls_rsa_context *rsa = context;
    struct mbedtls_digest digest;

    if (signature.len != mbedtls_rsa_get_len(rsa))
        return CRYPTO_BAD_INPUT;
    if (!mbedtls_take_digest(id, message, &digest))
        return CRYPTO_FAILED;
    switch (verify(rsa, id, &digest, signature.at)) {
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

static enum crypto_result rsa_raw_private(void *context, struct bytes in, struct random_source random, uint8_t *out)
{
    int error = mbedtls_rsa_private(context, mbedtls_random, &random, in.at, out);

    return error == MBEDTLS_ERR_RSA_PRIVATE_FAILED + MBEDTLS_ERR_MPI_BAD_INPUT_DATA ? CRYPTO_BAD_INPUT
           : error                                                                  ? CRYPTO_FAILED
                                                                                    : CRYPTO_OK;
}

static void rsa_wipe(void *context)
{
    mbedtls_rsa_free(context);
}

const struct key_alg mbedtls_key_rsa = {
    KEY_RSA_FACTS,
    .context_len = sizeof(mbedtls_rsa_context),
    .load_private = rsa_load_private,
    .load_public = rsa_load_public,
    .sign = rsa_sign,
    .check = rsa_check,
    .raw_private = rsa_raw_private,
    .wipe = rsa_wipe,
    .leaks_time = MBEDTLS_VERSION_NUMBER < 0x021c0700 ||
                  (MBEDTLS_VERSION_NUMBER >= 0x03000000 && MBEDTLS_VERSION_NUMBER < 0x03050200),
};
