#include "crypto/client_cache.h"

#include "base/alloc.h"

const struct client_cache_entry *client_cache_find(struct client_cache *cache, const uint8_t digest[32], int64_t now)
{
    const struct client_cache_entry *entry = cache->entries[digest[0]];

    if (!entry || memcmp(entry->digest, digest, sizeof entry->digest) != 0 || now < entry->from || now > entry->until)
        return NULL;
    cache->hits++;
    return entry;
}

void client_cache_keep(struct client_cache *cache, const struct client_cache_entry *entry)
{
    struct client_cache_entry **place = &cache->entries[entry->digest[0]];

    if (!*place)
        *place = memory_new(sizeof **place);
    if (*place)
        **place = *entry;
}

void client_cache_wipe(struct client_cache *cache)
{
    for (size_t i = 0; i < CLIENT_CACHE_PLACES; i++) {
        memory_free(cache->entries[i]);
        cache->entries[i] = NULL;
    }
}
