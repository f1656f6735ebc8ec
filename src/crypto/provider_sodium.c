#include <sodium.h>
#include <stdio.h>

#include "crypto/provider.h"

/*
 * libsodium, for X25519 alone: without an object for each key it is a fourth faster than libcrypto's, and X25519 is
 * most of what a TLS 1.3 handshake computes.
 */
static const char *provider_name(void)
{
    static char name[32];

    if (name[0] == 0)
        snprintf(name, sizeof name, "libsodium %s", sodium_version_string());
    return name;
}

static bool provider_start(void)
{
    return sodium_init() >= 0; /* looks at the processor; more than once is fine */
}

static bool make_share(const struct key_exchange_alg *alg, const uint8_t *scalar, struct random_source blinding,
                       uint8_t *share)
{
    (void)alg, (void)blinding;
    return crypto_scalarmult_curve25519_base(share, scalar) == 0;
}

/* It refuses the points of small order itself (RFC 7748 6.1). */
static enum crypto_result agree(const struct key_exchange_alg *alg, const uint8_t *scalar, const uint8_t *own_share,
                                const uint8_t *peer_share, struct random_source blinding, uint8_t *secret)
{
    (void)alg, (void)own_share, (void)blinding;
    return crypto_scalarmult_curve25519(secret, scalar, peer_share) == 0 ? CRYPTO_OK : CRYPTO_BAD_INPUT;
}

_Static_assert(crypto_scalarmult_curve25519_BYTES == 32 && crypto_scalarmult_curve25519_SCALARBYTES == 32,
               "the lengths of KEY_EXCHANGE_X25519_FACTS");

static const struct key_exchange_alg x25519 = {
    KEY_EXCHANGE_X25519_FACTS,
    .make_share = make_share,
    .agree = agree,
};

const struct provider provider_sodium = {
    .name = provider_name,
    .start = provider_start,
    .key_exchanges = {[KEY_EXCHANGE_X25519] = &x25519},
};
