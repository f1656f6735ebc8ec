#include <openssl/objects.h>

#include "crypto/provider_libcrypto.h"
#include "crypto/scalar.h"

static EC_GROUP *curves[LIBCRYPTO_CURVES];
static BN_CTX *numbers;

bool libcrypto_curves_start(OSSL_LIB_CTX *context)
{
    static const int names[] = {
        [LIBCRYPTO_P256] = NID_X9_62_prime256v1, [LIBCRYPTO_P384] = NID_secp384r1, [LIBCRYPTO_P521] = NID_secp521r1};

    for (size_t i = 0; i < LIBCRYPTO_CURVES; i++) {
        curves[i] = EC_GROUP_new_by_curve_name_ex(context, NULL, names[i]);
        if (!curves[i])
            return false;
    }
    numbers = BN_CTX_new_ex(context);
    return numbers != NULL;
}

const EC_GROUP *libcrypto_curve(enum libcrypto_curve curve)
{
    return curves[curve];
}

BN_CTX *libcrypto_numbers(void)
{
    return numbers;
}

bool libcrypto_scalar_is_valid(enum libcrypto_curve curve, struct bytes scalar)
{
    uint8_t order[MAX_SCALAR_LEN];
    int len = (int)scalar.len;

    return scalar.len <= sizeof order && BN_bn2binpad(EC_GROUP_get0_order(curves[curve]), order, len) == len &&
           scalar_is_in_range(scalar.at, order, scalar.len);
}

bool libcrypto_base_multiple(enum libcrypto_curve curve, struct bytes scalar, uint8_t *point, size_t len)
{
    const EC_GROUP *group = curves[curve];
    BIGNUM *number = BN_bin2bn(scalar.at, (int)scalar.len, NULL);
    EC_POINT *product = EC_POINT_new(group);
    bool is_ok = number && product;

    if (is_ok) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
        is_ok = EC_POINT_mul(group, product, number, NULL, NULL, numbers) == 1 &&
                EC_POINT_point2oct(group, product, POINT_CONVERSION_UNCOMPRESSED, point, len, numbers) == len;
    }
    EC_POINT_clear_free(product);
    BN_clear_free(number);
    return is_ok;
}
