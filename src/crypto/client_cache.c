#include "crypto/client_cache.h"

#include "base/alloc.h"

static bool holds(const struct client_cache_entry *entry, const uint8_t digest[32])
{
    return entry && memcmp(entry->digest, digest, sizeof entry->digest) == 0;
}

/* Moves the entry of this digest to the front of its set, or else the last one there, which is to be taken over. */
static struct client_cache_entry **to_front(struct client_cache *cache, const uint8_t digest[32])
{
    struct client_cache_entry **set = cache->sets[digest[0]], *found;
    size_t way = 0;

    while (way < CLIENT_CACHE_WAYS - 1 && !holds(set[way], digest))
        way++;
    found = set[way];
    memmove(set + 1, set, way * sizeof(struct client_cache_entry *));
    set[0] = found;
    return set;
}

const struct client_cache_entry *client_cache_find(struct client_cache *cache, const uint8_t digest[32], int64_t now)
{
    struct client_cache_entry *const *set = cache->sets[digest[0]], *entry;
    size_t way = 0;

    while (way < CLIENT_CACHE_WAYS && !holds(set[way], digest))
        way++;
    if (way == CLIENT_CACHE_WAYS || now < set[way]->from || now > set[way]->until)
        return NULL;
    entry = *to_front(cache, digest);
    cache->hits++;
    return entry;
}

void client_cache_keep(struct client_cache *cache, const struct client_cache_entry *entry)
{
    struct client_cache_entry **place = to_front(cache, entry->digest);

    if (!*place)
        *place = memory_new(sizeof **place);
    if (*place)
        **place = *entry;
}

void client_cache_wipe(struct client_cache *cache)
{
    for (size_t i = 0; i < CLIENT_CACHE_SETS; i++) {
        for (size_t way = 0; way < CLIENT_CACHE_WAYS; way++) {
            memory_free(cache->sets[i][way]);
            cache->sets[i][way] = NULL;
        }
    }
}
