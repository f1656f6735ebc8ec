#include "crypto/provider_mbedtls.h"

static mbedtls_ecp_group curves[MBEDTLS_CURVE_COUNT];

/* One multiplication of the base point makes the library keep its table. */
static bool warm_up(mbedtls_ecp_group *group)
{
    struct random_source random = random_system();
    mbedtls_ecp_point point;
    mbedtls_mpi scalar;
    bool ok;

    mbedtls_ecp_point_init(&point);
    mbedtls_mpi_init(&scalar);
    ok = mbedtls_mpi_lset(&scalar, 3) == 0 &&
         mbedtls_ecp_mul(group, &point, &scalar, &group->G, mbedtls_random, &random) == 0;
    mbedtls_ecp_point_free(&point);
    mbedtls_mpi_free(&scalar);
    return ok;
}

static bool load(enum mbedtls_curve curve, mbedtls_ecp_group_id id)
{
    mbedtls_ecp_group *group = &curves[curve];

    if (group->id == id)
        return true;
    mbedtls_ecp_group_init(group);
    if (mbedtls_ecp_group_load(group, id) == 0 && (curve == MBEDTLS_CURVE_25519 || warm_up(group)))
        return true;
    mbedtls_ecp_group_free(group);
    return false;
}

bool mbedtls_curves_start(void)
{
    return load(MBEDTLS_CURVE_25519, MBEDTLS_ECP_DP_CURVE25519) && load(MBEDTLS_CURVE_P256, MBEDTLS_ECP_DP_SECP256R1) &&
           load(MBEDTLS_CURVE_P384, MBEDTLS_ECP_DP_SECP384R1) && load(MBEDTLS_CURVE_P521, MBEDTLS_ECP_DP_SECP521R1);
}

mbedtls_ecp_group *mbedtls_curve(enum mbedtls_curve curve)
{
    return &curves[curve];
}
