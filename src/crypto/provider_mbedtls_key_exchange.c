#include "crypto/provider_mbedtls.h"

/*
 * mbedtls_ecdh_calc_secret() is not used: before 3.6.7 it overflows a buffer shorter than the field when the secret
 * has leading zeros. Every coordinate is taken from a point written whole into a buffer that holds the largest.
 */
enum { MAX_WRITTEN_POINT_LEN = 1 + 2 * 66 };
_Static_assert(MAX_WRITTEN_POINT_LEN >= 1 + 2 * ((MBEDTLS_ECP_MAX_BITS + 7) / 8), "a point may not fit its buffer");

static mbedtls_ecp_group *group_of(const struct key_exchange_alg *alg)
{
    switch (alg->id) {
    case KEY_EXCHANGE_SECP256R1:
        return mbedtls_curve(MBEDTLS_CURVE_P256);
    case KEY_EXCHANGE_SECP384R1:
        return mbedtls_curve(MBEDTLS_CURVE_P384);
    default:
        return mbedtls_curve(MBEDTLS_CURVE_25519);
    }
}

static int read_scalar(const struct key_exchange_alg *alg, const uint8_t *scalar, mbedtls_mpi *number)
{
    uint8_t clamped[32];
    int error;

    if (alg->id != KEY_EXCHANGE_X25519)
        return mbedtls_mpi_read_binary(number, scalar, alg->scalar_len);
    memcpy(clamped, scalar, sizeof clamped); /* RFC 7748 5, decodeScalar25519 */
    clamped[0] &= 248;
    clamped[31] = (uint8_t)((clamped[31] & 127) | 64);
    error = mbedtls_mpi_read_binary_le(number, clamped, sizeof clamped);
    memory_wipe(clamped, sizeof clamped);
    return error;
}

/* scalar * point; the result in the form of the curve (point uncompressed, X25519 little-endian). */
static int multiply(const struct key_exchange_alg *alg, const uint8_t *scalar, const mbedtls_ecp_point *point,
                    struct random_source blinding, uint8_t written[MAX_WRITTEN_POINT_LEN])
{
    mbedtls_ecp_group *group = group_of(alg);
    mbedtls_ecp_point product;
    mbedtls_mpi number;
    size_t len = 0;
    int error;

    mbedtls_ecp_point_init(&product);
    mbedtls_mpi_init(&number);
    error = read_scalar(alg, scalar, &number);
    if (!error)
        error = mbedtls_ecp_mul(group, &product, &number, point, mbedtls_random, &blinding);
    if (!error)
        error = mbedtls_ecp_point_write_binary(group, &product, MBEDTLS_ECP_PF_UNCOMPRESSED, &len, written,
                                               MAX_WRITTEN_POINT_LEN);
    if (!error && len != alg->share_len)
        error =
            MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE; /* the point at infinity, which is one byte: never for a valid one */
    mbedtls_mpi_free(&number);
    mbedtls_ecp_point_free(&product);
    return error;
}

static bool make_share(const struct key_exchange_alg *alg, const uint8_t *scalar, struct random_source blinding,
                       uint8_t *share)
{
    uint8_t written[MAX_WRITTEN_POINT_LEN];
    bool ok = multiply(alg, scalar, &group_of(alg)->G, blinding, written) == 0;

    if (ok)
        memcpy(share, written, alg->share_len);
    return ok;
}

static enum crypto_result agree(const struct key_exchange_alg *alg, const uint8_t *scalar, const uint8_t *own_share,
                                const uint8_t *peer_share, struct random_source blinding, uint8_t *secret)
{
    mbedtls_ecp_group *group = group_of(alg);
    uint8_t written[MAX_WRITTEN_POINT_LEN];
    mbedtls_ecp_point peer;
    int error;

    (void)own_share;
    mbedtls_ecp_point_init(&peer);
    error = mbedtls_ecp_point_read_binary(group, &peer, peer_share, alg->share_len);
    if (!error)
        error = mbedtls_ecp_check_pubkey(group, &peer);
    if (!error)
        error = multiply(alg, scalar, &peer, blinding, written);
    if (!error)
        memcpy(secret, alg->id == KEY_EXCHANGE_X25519 ? written : written + 1, alg->secret_len);
    mbedtls_ecp_point_free(&peer);
    memory_wipe(written, sizeof written);
    return mbedtls_result(error);
}

const struct key_exchange_alg mbedtls_x25519 = {
    KEY_EXCHANGE_X25519_FACTS,
    .make_share = make_share,
    .agree = agree,
};

const struct key_exchange_alg mbedtls_secp256r1 = {
    KEY_EXCHANGE_SECP256R1_FACTS,
    .make_share = make_share,
    .agree = agree,
};

const struct key_exchange_alg mbedtls_secp384r1 = {
    KEY_EXCHANGE_SECP384R1_FACTS,
    .make_share = make_share,
    .agree = agree,
};
