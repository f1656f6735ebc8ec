#include "crypto/key_exchange.h"

#include "crypto/provider.h"
#include "crypto/scalar.h"

/* The orders of the base points, FIPS 186-4 D.1.2.3 and D.1.2.4. */
const uint8_t key_exchange_p256_order[32] = {
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};
const uint8_t key_exchange_p384_order[48] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
};

size_t key_exchange_client_len(const struct key_exchange_alg *alg)
{
    return alg->share_len;
}

size_t key_exchange_server_len(const struct key_exchange_alg *alg)
{
    return alg->share_len;
}

const char *key_exchange_name(const struct key_exchange_alg *alg)
{
    return alg->name;
}

static bool scalar_is_valid(const struct key_exchange_alg *alg, const uint8_t *scalar)
{
    return !alg->order || scalar_is_in_range(scalar, alg->order, alg->scalar_len);
}

/* Drawing again until it fits leaves the scalar without bias (FIPS 186-4 B.4.2); P-256 needs it once in 2^32. */
static bool draw_scalar(const struct key_exchange_alg *alg, struct random_source random, struct secret *scalar)
{
    enum { MAX_DRAWS = 32 }; /* a source that fails it 32 times is broken */

    if (!secret_resize(scalar, alg->scalar_len))
        return false;
    for (int draw = 0; draw < MAX_DRAWS; draw++) {
        if (!random_fill(random, scalar->bytes, scalar->len))
            break;
        if (scalar_is_valid(alg, scalar->bytes))
            return true;
    }
    secret_wipe(scalar);
    return false;
}

/* RFC 8446 4.2.8.2: points are uncompressed. The provider checks that they lie on the curve. */
static bool share_has_its_form(const struct key_exchange_alg *alg, struct bytes share)
{
    return share.len == alg->share_len && (alg->id == KEY_EXCHANGE_X25519 || share.at[0] == 4);
}

static enum crypto_result agree(const struct key_exchange_alg *alg, const struct secret *scalar,
                                const uint8_t *own_share, struct bytes share, struct random_source blinding,
                                struct secret *shared)
{
    static const uint8_t zeros[MAX_SCALAR_LEN];
    enum crypto_result result = CRYPTO_BAD_INPUT;

    secret_wipe(shared);
    if (!share_has_its_form(alg, share))
        return CRYPTO_BAD_INPUT;
    if (!secret_resize(shared, alg->secret_len))
        return CRYPTO_FAILED;
    result = alg->agree(alg, scalar->bytes, own_share, share.at, blinding, shared->bytes);
    /* RFC 7748 6.1, RFC 8446 7.4.2: there the all-zero value comes from a point of small order. On the other curves
     * it is the coordinate of a good point, if an unlikely one. */
    if (result == CRYPTO_OK && alg->id == KEY_EXCHANGE_X25519 && memory_equal(shared->bytes, zeros, shared->len))
        result = CRYPTO_BAD_INPUT;
    if (result != CRYPTO_OK)
        secret_wipe(shared);
    return result;
}

enum crypto_result key_exchange_respond(const struct key_exchange_alg *alg, struct bytes client_share,
                                        struct random_source random, uint8_t *server_share, struct secret *shared)
{
    struct secret scalar = {.len = 0};
    struct random_stream blinding;
    enum crypto_result result = CRYPTO_FAILED;

    secret_wipe(shared);
    if (draw_scalar(alg, random, &scalar) && random_stream_begin(&blinding, random)) {
        struct random_source source = random_stream_source(&blinding);
        if (alg->make_share(alg, scalar.bytes, source, server_share))
            result = agree(alg, &scalar, server_share, client_share, source, shared);
        random_stream_wipe(&blinding);
    }
    secret_wipe(&scalar);
    return result;
}

bool key_exchange_client_start(struct key_exchange_client *state, const struct key_exchange_alg *alg,
                               struct random_source random, uint8_t *client_share)
{
    struct random_stream blinding;
    bool ok = false;

    state->alg = alg;
    if (!draw_scalar(alg, random, &state->private_value))
        return false;
    if (random_stream_begin(&blinding, random)) {
        ok = alg->make_share(alg, state->private_value.bytes, random_stream_source(&blinding), client_share);
        memcpy(state->own_share, client_share, ok ? alg->share_len : 0);
        random_stream_wipe(&blinding);
    }
    if (!ok)
        secret_wipe(&state->private_value);
    return ok;
}

enum crypto_result key_exchange_client_finish(struct key_exchange_client *state, struct bytes server_share,
                                              struct secret *shared)
{
    enum crypto_result result =
        agree(state->alg, &state->private_value, state->own_share, server_share, random_system(), shared);

    secret_wipe(&state->private_value);
    return result;
}
