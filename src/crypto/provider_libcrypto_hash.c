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

static void sha256_wipe(void *state)
{
    memory_wipe(state, sizeof(SHA256_CTX));
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

static void sha384_wipe(void *state)
{
    memory_wipe(state, sizeof(SHA512_CTX));
}

size_t libcrypto_digest(enum signature_id id, struct bytes message, uint8_t out[MAX_LIBCRYPTO_DIGEST_LEN])
{
    unsigned len = signature_hash_len(id);

    switch (len) {
    case 32:
        return SHA256(message.at, message.len, out) ? len : 0;
    case 48:
        return SHA384(message.at, message.len, out) ? len : 0;
    case 64:
        return SHA512(message.at, message.len, out) ? len : 0;
    default:
        return 0;
    }
}

const struct hash_alg libcrypto_hash_sha256 = {
    HASH_SHA256_FACTS, /* id, name, lengths */
    .begin = sha256_begin, .update = sha256_update, .clone = sha256_clone, .finish = sha256_finish, .wipe = sha256_wipe,
};

const struct hash_alg libcrypto_hash_sha384 = {
    HASH_SHA384_FACTS, /* id, name, lengths */
    .begin = sha384_begin, .update = sha384_update, .clone = sha384_clone, .finish = sha384_finish, .wipe = sha384_wipe,
};
