/*
 * The shim believes any certificate that it can read: BoGo's are self-signed. Takes the place of crypto/client_trust.c.
 */
#include "bogo/trust.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "crypto/certificate_der.h"

struct client_trust {
    bool is_refusing;
};

struct client_trust *bogo_trust_new(bool is_refusing)
{
    struct client_trust *trust = memory_new(sizeof *trust);

    if (trust)
        trust->is_refusing = is_refusing;
    return trust;
}

void client_trust_free(struct client_trust *trust)
{
    memory_free(trust);
}

const uint8_t *client_trust_digest(const struct client_trust *trust)
{
    static const uint8_t digests[2][32] = {{0}, {1}};
    return digests[trust->is_refusing];
}

bool client_trust_next_subject(const struct client_trust *trust, const void **at, struct bytes *name)
{
    (void)trust, (void)at, (void)name;
    return false;
}

enum chain_result client_trust_verify(struct client_trust *trust, const struct bytes *chain, size_t count, int64_t now,
                                      struct client_identity *identity, struct public_key **key)
{
    struct certificate leaf;
    struct crypto_fault fault;

    (void)now;
    *key = NULL;
    *identity = (struct client_identity){.not_after = INT64_MAX};
    for (size_t i = count; i-- > 0;)
        if (!certificate_read(chain[i], &leaf, &fault))
            return CHAIN_MALFORMED;
    if (trust->is_refusing)
        return CHAIN_UNKNOWN_CA;
    if (!leaf.may_sign)
        return CHAIN_NOT_FOR_CLIENTS;
    *key = public_key_new(leaf.spki);
    return *key ? CHAIN_OK : CHAIN_WEAK;
}
