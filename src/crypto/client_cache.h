/*
 * client_cache.h: the last chains that were found good, by their digest. Private to src/crypto.
 *
 * Services reconnect with the same certificate all day. The digest's first byte names a set of a few places, in which
 * the one that was not asked for longest makes room: bounded, and nothing a client can do makes a lookup dearer.
 */
#ifndef CRYPTO_CLIENT_CACHE_H
#define CRYPTO_CLIENT_CACHE_H

#include "crypto/client_trust.h"

enum { CLIENT_CACHE_SETS = 256, CLIENT_CACHE_WAYS = 4 };

struct client_cache_entry {
    uint8_t digest[32];  /* of the whole chain */
    int64_t from, until; /* seconds since 1970, both included: while nothing of the chain or its CRLs runs out */
    struct client_identity identity;
    bool is_worth_keeping;
};

struct client_cache {
    struct client_cache_entry *sets[CLIENT_CACHE_SETS][CLIENT_CACHE_WAYS]; /* the last asked for first; NULL: free */
    uint64_t hits;
};

/* NULL: not there, or not at this time. Good until the next call. */
const struct client_cache_entry *client_cache_find(struct client_cache *cache, const uint8_t digest[32], int64_t now);

/* Without memory nothing is kept. */
void client_cache_keep(struct client_cache *cache, const struct client_cache_entry *entry);
void client_cache_wipe(struct client_cache *cache);

#endif
