#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "crypto/provider_libcrypto.h"

/* ---- X25519 */

enum { X25519_LEN = 32 };

static bool x25519_make_share(const struct key_exchange_alg *alg, const uint8_t *scalar, struct random_source blinding,
                              uint8_t *share)
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(libcrypto_context(), "X25519", NULL, scalar, X25519_LEN);
    size_t len = X25519_LEN;
    bool is_ok = key && EVP_PKEY_get_raw_public_key(key, share, &len) == 1 && len == X25519_LEN;

    (void)alg, (void)blinding;
    EVP_PKEY_free(key);
    if (!is_ok)
        ERR_clear_error();
    return is_ok;
}

/* With its public half, which the library would compute once more. */
static EVP_PKEY *x25519_own_key(const uint8_t *scalar, const uint8_t *own_share)
{
    OSSL_PARAM params[] = {OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, (void *)scalar, X25519_LEN),
                           OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)own_share, X25519_LEN),
                           OSSL_PARAM_END};

    return libcrypto_key("X25519", true, params);
}

static enum crypto_result x25519_agree(const struct key_exchange_alg *alg, const uint8_t *scalar,
                                       const uint8_t *own_share, const uint8_t *peer_share,
                                       struct random_source blinding, uint8_t *secret)
{
    EVP_PKEY *own = x25519_own_key(scalar, own_share);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key_ex(libcrypto_context(), "X25519", NULL, peer_share, X25519_LEN);
    EVP_PKEY_CTX *context = own && peer ? EVP_PKEY_CTX_new_from_pkey(libcrypto_context(), own, NULL) : NULL;
    enum crypto_result result = CRYPTO_FAILED;
    size_t len = X25519_LEN;

    (void)alg, (void)blinding;
    if (context && EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer_ex(context, peer, 0) == 1)
        result = EVP_PKEY_derive(context, secret, &len) == 1 ? CRYPTO_OK : libcrypto_refusal(); /* RFC 7748 6.1 */
    ERR_clear_error();
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    return result;
}

/* ---- the curves of NIST */

static enum libcrypto_curve curve_of(const struct key_exchange_alg *alg)
{
    return alg->id == KEY_EXCHANGE_SECP256R1 ? LIBCRYPTO_P256 : LIBCRYPTO_P384;
}

static bool nist_make_share(const struct key_exchange_alg *alg, const uint8_t *scalar, struct random_source blinding,
                            uint8_t *share)
{
    bool is_ok;

    libcrypto_random_begin(&blinding);
    is_ok = libcrypto_base_multiple(curve_of(alg), bytes_of(scalar, alg->scalar_len), share, alg->share_len);
    libcrypto_random_end();
    if (!is_ok)
        ERR_clear_error();
    return is_ok;
}

struct agreement {
    BIGNUM *scalar, *x;
    EC_POINT *peer, *product;
};

static bool agreement_init(struct agreement *a, const struct key_exchange_alg *alg, const uint8_t *scalar)
{
    const EC_GROUP *group = libcrypto_curve(curve_of(alg));

    a->scalar = BN_bin2bn(scalar, (int)alg->scalar_len, NULL);
    a->x = BN_new();
    a->peer = EC_POINT_new(group);
    a->product = EC_POINT_new(group);
    if (!a->scalar || !a->x || !a->peer || !a->product)
        return false;
    BN_set_flags(a->scalar, BN_FLG_CONSTTIME);
    return true;
}

static void agreement_free(struct agreement *a)
{
    BN_clear_free(a->scalar);
    BN_clear_free(a->x);
    EC_POINT_free(a->peer);
    EC_POINT_clear_free(a->product);
}

/* That the point lies on the curve (RFC 8446 4.2.8.2) is checked as it is read. The order is prime: no small subgroup.
 */
static enum crypto_result multiply(struct agreement *a, const struct key_exchange_alg *alg, const uint8_t *peer_share,
                                   uint8_t *secret)
{
    const EC_GROUP *group = libcrypto_curve(curve_of(alg));
    BN_CTX *numbers = libcrypto_numbers();

    if (EC_POINT_oct2point(group, a->peer, peer_share, alg->share_len, numbers) != 1)
        return libcrypto_refusal();
    if (EC_POINT_mul(group, a->product, NULL, a->peer, a->scalar, numbers) != 1 ||
        EC_POINT_get_affine_coordinates(group, a->product, a->x, NULL, numbers) != 1 ||
        BN_bn2binpad(a->x, secret, (int)alg->secret_len) != (int)alg->secret_len)
        return CRYPTO_FAILED;
    return CRYPTO_OK;
}

static enum crypto_result nist_agree(const struct key_exchange_alg *alg, const uint8_t *scalar,
                                     const uint8_t *own_share, const uint8_t *peer_share, struct random_source blinding,
                                     uint8_t *secret)
{
    struct agreement a = {.scalar = NULL};
    enum crypto_result result = CRYPTO_FAILED;

    (void)own_share;
    libcrypto_random_begin(&blinding);
    if (agreement_init(&a, alg, scalar))
        result = multiply(&a, alg, peer_share, secret);
    libcrypto_random_end();
    agreement_free(&a);
    ERR_clear_error();
    return result;
}

const struct key_exchange_alg libcrypto_x25519 = {
    KEY_EXCHANGE_X25519_FACTS,
    .make_share = x25519_make_share,
    .agree = x25519_agree,
};

const struct key_exchange_alg libcrypto_secp256r1 = {
    KEY_EXCHANGE_SECP256R1_FACTS,
    .make_share = nist_make_share,
    .agree = nist_agree,
};

const struct key_exchange_alg libcrypto_secp384r1 = {
    KEY_EXCHANGE_SECP384R1_FACTS,
    .make_share = nist_make_share,
    .agree = nist_agree,
};
