/*
 * The functions of SHA-2 themselves: state in our memory, nothing fetched, nothing allocated. The header calls them
 * old; what would replace them costs an allocation for every copy of a transcript.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "crypto/provider_libcrypto.h"

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct hash *)0)->state), "struct hash.state is too small");
_Static_assert(sizeof(SHA512_CTX) <= sizeof(((struct hash *)0)->state), "struct hash.state is too small");

static bool sha256_begin(void *state)
{
    return SHA256_Init(state) == 1;
}

static bool sha256_update(void *state, struct bytes data)
{
    return SHA256_Update(state, data.at, data.len) == 1;
}

static bool sha256_clone(void *state, const void *from)
{
    memcpy(state, from, sizeof(SHA256_CTX));
    return true;
}

static bool sha256_finish(void *state, uint8_t *out)
{
    return SHA256_Final(out, state) == 1;
}

static bool sha384_begin(void *state)
{
    return SHA384_Init(state) == 1;
}

static bool sha384_update(void *state, struct bytes data)
{
    return SHA384_Update(state, data.at, data.len) == 1;
}

static bool sha384_clone(void *state, const void *from)
{
    memcpy(state, from, sizeof(SHA512_CTX));
    return true;
}

static bool sha384_finish(void *state, uint8_t *out)
{
    return SHA384_Final(out, state) == 1;
}

/* Not by SHA256() and its like, which fetch from the library's context of everybody and allocate, each time. */
size_t libcrypto_digest(enum signature_id id, struct bytes message, uint8_t out[MAX_LIBCRYPTO_DIGEST_LEN])
{
    union {
        SHA256_CTX sha256;
        SHA512_CTX sha512;
    } state;
    unsigned len = signature_hash_len(id);
    bool is_ok = false;

    switch (len) {
    case 32:
        is_ok = SHA256_Init(&state.sha256) && SHA256_Update(&state.sha256, message.at, message.len) &&
                SHA256_Final(out, &state.sha256);
        break;
    case 48:
        is_ok = SHA384_Init(&state.sha512) && SHA384_Update(&state.sha512, message.at, message.len) &&
                SHA384_Final(out, &state.sha512);
        break;
    case 64:
        is_ok = SHA512_Init(&state.sha512) && SHA512_Update(&state.sha512, message.at, message.len) &&
                SHA512_Final(out, &state.sha512);
        break;
    default:
        break;
    }
    return is_ok ? len : 0;
}

const struct hash_alg libcrypto_hash_sha256 = {
    HASH_SHA256_FACTS, /* id, name, lengths */
    .begin = sha256_begin, .update = sha256_update, .clone = sha256_clone, .finish = sha256_finish,
};

const struct hash_alg libcrypto_hash_sha384 = {
    HASH_SHA384_FACTS, /* id, name, lengths */
    .begin = sha384_begin, .update = sha384_update, .clone = sha384_clone, .finish = sha384_finish,
};
