#include "crypto/key_exchange.h"

#include "crypto/mlkem768.h"
#include "crypto/provider.h"
#include "crypto/scalar.h"
#include "crypto/x25519_base.h"

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

const struct key_exchange_alg key_exchange_x25519mlkem768 = {
    .id = KEY_EXCHANGE_X25519MLKEM768,
    .name = "X25519MLKEM768",
    .is_hybrid = true,
};

/* The two parts of the hybrid, from whoever serves them. */
struct hybrid {
    const struct kem_alg *kem;
    const struct key_exchange_alg *classic;
};

static struct hybrid hybrid_parts(void)
{
    return (struct hybrid){kem_find(KEM_MLKEM768), key_exchange_find(KEY_EXCHANGE_X25519)};
}

size_t key_exchange_client_len(const struct key_exchange_alg *alg)
{
    struct hybrid parts = hybrid_parts();

    return alg->is_hybrid ? parts.kem->ek_len + parts.classic->share_len : alg->share_len;
}

size_t key_exchange_server_len(const struct key_exchange_alg *alg)
{
    struct hybrid parts = hybrid_parts();

    return alg->is_hybrid ? parts.kem->ciphertext_len + parts.classic->share_len : alg->share_len;
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

/* X25519's is our own code where the compiler can build it: the providers are held against it in tests. */
static bool make_share(const struct key_exchange_alg *alg, const uint8_t *scalar, struct random_source blinding,
                       uint8_t *share)
{
    if (X25519_BASE_IS_OURS && alg->id == KEY_EXCHANGE_X25519) {
        x25519_base(scalar, share);
        return true;
    }
    return alg->make_share(alg, scalar, blinding, share);
}

static enum crypto_result respond(const struct key_exchange_alg *alg, struct bytes client_share,
                                  struct random_source random, uint8_t *server_share, struct secret *shared)
{
    struct secret scalar = {.len = 0};
    struct random_stream blinding;
    enum crypto_result result = CRYPTO_FAILED;

    secret_wipe(shared);
    if (draw_scalar(alg, random, &scalar) && random_stream_begin(&blinding, random)) {
        struct random_source source = random_stream_source(&blinding);
        if (make_share(alg, scalar.bytes, source, server_share))
            result = agree(alg, &scalar, server_share, client_share, source, shared);
        random_stream_wipe(&blinding);
    }
    secret_wipe(&scalar);
    return result;
}

/* draft-ietf-tls-ecdhe-mlkem 4.3: the secrets one behind the other, ML-KEM's first. */
static bool join(const struct hybrid *parts, const uint8_t *kem_secret, const struct secret *classic,
                 struct secret *shared)
{
    if (!secret_resize(shared, parts->kem->secret_len + classic->len))
        return false;
    memcpy(shared->bytes, kem_secret, parts->kem->secret_len);
    memcpy(shared->bytes + parts->kem->secret_len, classic->bytes, classic->len);
    return true;
}

/*
 * draft-ietf-tls-ecdhe-mlkem 4.2: the server MUST check the encapsulation key as FIPS 203 7.2 has it, which
 * encaps() does, and both parts count: a bad one refuses the whole.
 */
static enum crypto_result respond_hybrid(struct bytes client_share, struct random_source random, uint8_t *server_share,
                                         struct secret *shared)
{
    struct hybrid parts = hybrid_parts();
    struct bytes ek = bytes_of(client_share.at, parts.kem->ek_len);
    uint8_t kem_random[MAX_KEM_RANDOM_LEN], kem_secret[MAX_SECRET_LEN];
    enum crypto_result result = CRYPTO_FAILED;
    struct secret classic = {.len = 0};

    secret_wipe(shared);
    if (client_share.len != ek.len + parts.classic->share_len)
        return CRYPTO_BAD_INPUT;
    if (random_fill(random, kem_random, parts.kem->random_len))
        result = parts.kem->encaps(ek, kem_random, server_share, kem_secret);
    if (result == CRYPTO_OK)
        result = respond(parts.classic, bytes_of(client_share.at + ek.len, parts.classic->share_len), random,
                         server_share + parts.kem->ciphertext_len, &classic);
    if (result == CRYPTO_OK && !join(&parts, kem_secret, &classic, shared))
        result = CRYPTO_FAILED;
    memory_wipe(kem_random, sizeof kem_random);
    memory_wipe(kem_secret, sizeof kem_secret);
    secret_wipe(&classic);
    return result;
}

enum crypto_result key_exchange_respond(const struct key_exchange_alg *alg, struct bytes client_share,
                                        struct random_source random, uint8_t *server_share, struct secret *shared)
{
    return alg->is_hybrid ? respond_hybrid(client_share, random, server_share, shared)
                          : respond(alg, client_share, random, server_share, shared);
}

/* ---- the client's half; that of ML-KEM is always our own code */

static bool start(struct key_exchange_client *state, const struct key_exchange_alg *alg, struct random_source random,
                  uint8_t *client_share)
{
    struct random_stream blinding;
    bool ok = false;

    if (!draw_scalar(alg, random, &state->private_value))
        return false;
    if (random_stream_begin(&blinding, random)) {
        ok = make_share(alg, state->private_value.bytes, random_stream_source(&blinding), client_share);
        memcpy(state->own_share, client_share, ok ? alg->share_len : 0);
        random_stream_wipe(&blinding);
    }
    if (!ok)
        secret_wipe(&state->private_value);
    return ok;
}

static bool start_hybrid(struct key_exchange_client *state, struct random_source random, uint8_t *client_share)
{
    struct hybrid parts = hybrid_parts();
    uint8_t dk[MLKEM768_DK_LEN];
    bool ok = false;

    if (secret_resize(&state->kem_seed, MLKEM768_KEYGEN_RANDOM_LEN) &&
        random_fill(random, state->kem_seed.bytes, state->kem_seed.len)) {
        mlkem768_keygen(state->kem_seed.bytes, client_share, dk);
        memory_wipe(dk, sizeof dk);
        ok = start(state, parts.classic, random, client_share + MLKEM768_EK_LEN);
    }
    if (!ok)
        secret_wipe(&state->kem_seed);
    return ok;
}

bool key_exchange_client_start(struct key_exchange_client *state, const struct key_exchange_alg *alg,
                               struct random_source random, uint8_t *client_share)
{
    state->alg = alg;
    return alg->is_hybrid ? start_hybrid(state, random, client_share) : start(state, alg, random, client_share);
}

static enum crypto_result finish_hybrid(struct key_exchange_client *state, struct bytes server_share,
                                        struct secret *shared)
{
    struct hybrid parts = hybrid_parts();
    uint8_t ek[MLKEM768_EK_LEN], dk[MLKEM768_DK_LEN], kem_secret[MLKEM768_SECRET_LEN];
    struct bytes ciphertext = bytes_of(server_share.at, MLKEM768_CIPHERTEXT_LEN), point;
    struct secret classic = {.len = 0};
    enum crypto_result result;

    secret_wipe(shared);
    if (server_share.len != ciphertext.len + parts.classic->share_len)
        return CRYPTO_BAD_INPUT;
    point = bytes_of(server_share.at + ciphertext.len, parts.classic->share_len);
    mlkem768_keygen(state->kem_seed.bytes, ek, dk);
    result = mlkem768_decaps(BYTES_OF_ARRAY(dk), ciphertext, kem_secret);
    if (result == CRYPTO_OK)
        result = agree(parts.classic, &state->private_value, state->own_share, point, random_system(), &classic);
    if (result == CRYPTO_OK && !join(&parts, kem_secret, &classic, shared))
        result = CRYPTO_FAILED;
    memory_wipe(dk, sizeof dk);
    memory_wipe(kem_secret, sizeof kem_secret);
    secret_wipe(&classic);
    return result;
}

enum crypto_result key_exchange_client_finish(struct key_exchange_client *state, struct bytes server_share,
                                              struct secret *shared)
{
    enum crypto_result result = state->alg->is_hybrid ? finish_hybrid(state, server_share, shared)
                                                      : agree(state->alg, &state->private_value, state->own_share,
                                                              server_share, random_system(), shared);

    secret_wipe(&state->private_value);
    secret_wipe(&state->kem_seed);
    return result;
}
