#include "crypto/provider_mbedtls.h"

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(((struct hash *)0)->state), "struct hash.state is too small");
_Static_assert(sizeof(mbedtls_sha512_context) <= sizeof(((struct hash *)0)->state), "struct hash.state is too small");

static bool sha256_begin(void *state)
{
    mbedtls_sha256_init(state);
    return mbedtls_sha256_starts(state, 0) == 0;
}

static bool sha256_update(void *state, struct bytes data)
{
    return mbedtls_sha256_update(state, data.at, data.len) == 0;
}

static bool sha256_clone(void *state, const void *from)
{
    mbedtls_sha256_init(state);
    mbedtls_sha256_clone(state, from);
    return true;
}

static bool sha256_finish(void *state, uint8_t *out)
{
    return mbedtls_sha256_finish(state, out) == 0;
}

static void sha256_wipe(void *state)
{
    mbedtls_sha256_free(state);
}

static bool sha384_begin(void *state)
{
    mbedtls_sha512_init(state);
    return mbedtls_sha512_starts(state, 1) == 0;
}

static bool sha384_update(void *state, struct bytes data)
{
    return mbedtls_sha512_update(state, data.at, data.len) == 0;
}

static bool sha384_clone(void *state, const void *from)
{
    mbedtls_sha512_init(state);
    mbedtls_sha512_clone(state, from);
    return true;
}

/* 2.28 declares 64 bytes of output for SHA-384 too and 3.6 writes 48: neither is relied on. */
static bool sha384_finish(void *state, uint8_t *out)
{
    uint8_t digest[64];
    bool ok = mbedtls_sha512_finish(state, digest) == 0;

    if (ok)
        memcpy(out, digest, 48);
    memory_wipe(digest, sizeof digest);
    return ok;
}

static void sha384_wipe(void *state)
{
    mbedtls_sha512_free(state);
}

const struct hash_alg mbedtls_hash_sha256 = {
    HASH_SHA256_FACTS, /* id, name, lengths */
    .begin = sha256_begin, .update = sha256_update, .clone = sha256_clone, .finish = sha256_finish, .wipe = sha256_wipe,
};

const struct hash_alg mbedtls_hash_sha384 = {
    HASH_SHA384_FACTS, /* id, name, lengths */
    .begin = sha384_begin, .update = sha384_update, .clone = sha384_clone, .finish = sha384_finish, .wipe = sha384_wipe,
};
