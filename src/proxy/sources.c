#include "proxy/sources.h"

#include <netinet/in.h>

#include "base/alloc.h"
#include "proxy/limits.h"

struct source {
    uint64_t network;    /* NO_SOURCE: the place is free */
    int64_t tokens;      /* below 0: it took too much */
    uint64_t filled_at;  /* when tokens were last added */
    uint64_t charged_at; /* 0: it cost nothing yet */
    uint32_t counts[SOURCE_COUNTS];
};

enum { WAYS = 4, SETS = MAX_SOURCES / WAYS };

bool sources_init(struct sources *sources, struct random_source random)
{
    *sources = (struct sources){.active = 1, .typical = TYPICAL_HANDSHAKE};
    sources->places = memory_new_array(MAX_SOURCES, sizeof *sources->places);
    return sources->places && random_fill(random, (uint8_t *)&sources->key, sizeof sources->key);
}

void sources_free(struct sources *sources)
{
    memory_free(sources->places);
    sources->places = NULL;
}

/* ---- whose it is */

static uint64_t network_of_v4(const uint8_t address[4])
{
    uint32_t host;

    memcpy(&host, address, sizeof host);
    return UINT64_C(0xffffffff00000000) | host; /* as IPv6 that would be a multicast address, which sends nothing */
}

static uint64_t network_of_v6(const struct in6_addr *address)
{
    uint64_t network;

    if (IN6_IS_ADDR_V4MAPPED(address))
        return network_of_v4(address->s6_addr + 12);
    memcpy(&network, address->s6_addr, sizeof network);
    return network ? network : 1; /* ::/64 has ::1 alone, and ::1:0:0:0:0/64 is nobody's */
}

uint64_t source_network(const struct sockaddr *client)
{
    if (client->sa_family == AF_INET)
        return network_of_v4((const uint8_t *)&((const struct sockaddr_in *)client)->sin_addr);
    if (client->sa_family == AF_INET6)
        return network_of_v6(&((const struct sockaddr_in6 *)client)->sin6_addr);
    return NO_SOURCE;
}

/* ---- the table */

static struct source *set_of(const struct sources *sources, uint64_t network)
{
    return &sources->places[siphash(sources->key, bytes_of(&network, sizeof network)) % SETS * WAYS];
}

static struct source *find(const struct sources *sources, uint64_t network)
{
    struct source *set = set_of(sources, network);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].network == network)
            return &set[i];
    return NULL;
}

/* A free place, or that of another: which one, nobody outside can tell. */
static struct source *find_place(struct sources *sources, uint64_t network)
{
    struct source *set = set_of(sources, network);

    for (size_t i = 0; i < WAYS; i++)
        if (set[i].network == NO_SOURCE)
            return &set[i];
    sources->evictions++;
    return &set[siphash(sources->key, bytes_of(&sources->evictions, sizeof sources->evictions)) % WAYS];
}

/* ---- the buckets */

static bool is_active(const struct source *source, uint64_t now)
{
    return source->charged_at != 0 && now - source->charged_at < SOURCE_MEMORY;
}

static void count_active(struct sources *sources, uint64_t now)
{
    if (now - sources->counted_at < SOURCE_COUNT_INTERVAL)
        return;
    sources->counted_at = now;
    sources->active = 0;
    for (size_t i = 0; i < MAX_SOURCES; i++)
        sources->active += is_active(&sources->places[i], now);
    if (sources->active == 0)
        sources->active = 1;
}

/* What a bucket gains in a second, and holds; two handshakes at least, for those who come for the first time. */
static uint64_t rate_of(const struct sources *sources)
{
    return SOURCES_TIME / sources->active; /* at most MAX_SOURCES are */
}

static int64_t capacity_of(const struct sources *sources)
{
    uint64_t least = 2 * sources->typical, second = rate_of(sources);

    return (int64_t)(second > least ? second : least);
}

/* What it took while it was alone was nobody's loss: so nobody owes more than he could have saved. */
static void bound_tokens(const struct sources *sources, struct source *source)
{
    int64_t most = capacity_of(sources);

    source->tokens = source->tokens < most ? source->tokens : most;
    source->tokens = source->tokens > -most ? source->tokens : -most;
}

/* The clock is moved on by what whole tokens stand for: who is looked at all the time would get none else. */
static void fill(const struct sources *sources, struct source *source, uint64_t now)
{
    uint64_t waited = now - source->filled_at, rate = rate_of(sources), gained;

    waited = waited < SOURCE_MEMORY ? waited : SOURCE_MEMORY;
    gained = waited * rate / 1000000;
    source->tokens += (int64_t)gained;
    source->filled_at = now - waited + gained * 1000000 / rate;
    bound_tokens(sources, source);
}

static struct source *find_or_make(struct sources *sources, uint64_t network, uint64_t now)
{
    struct source *source = find(sources, network);

    if (source)
        return source;
    source = find_place(sources, network);
    *source = (struct source){.network = network, .tokens = capacity_of(sources), .filled_at = now};
    return source;
}

bool sources_has_share(struct sources *sources, uint64_t network, uint64_t now)
{
    struct source *source;

    if (network == NO_SOURCE)
        return true;
    count_active(sources, now);
    source = find_or_make(sources, network, now);
    fill(sources, source, now);
    return source->tokens > (int64_t)(source->counts[SOURCE_WAITING] * sources->typical);
}

void sources_charge(struct sources *sources, uint64_t network, uint64_t cost, uint64_t now)
{
    struct source *source;

    if (network == NO_SOURCE)
        return;
    source = find_or_make(sources, network, now);
    fill(sources, source, now);
    source->tokens -= (int64_t)cost;
    bound_tokens(sources, source);
    source->charged_at = now;
}

void sources_note_typical(struct sources *sources, uint64_t cost)
{
    sources->typical = (7 * sources->typical + cost) / 8;
}

/* ---- counts; those of a source that was pushed out are lost, and begin at 0 */

void sources_count_up(struct sources *sources, enum source_count what, uint64_t network, uint64_t now)
{
    if (network != NO_SOURCE)
        find_or_make(sources, network, now)->counts[what]++;
}

void sources_count_down(struct sources *sources, enum source_count what, uint64_t network)
{
    struct source *source = network == NO_SOURCE ? NULL : find(sources, network);

    if (source && source->counts[what] > 0)
        source->counts[what]--;
}

uint32_t sources_count(const struct sources *sources, enum source_count what, uint64_t network)
{
    const struct source *source = network == NO_SOURCE ? NULL : find(sources, network);

    return source ? source->counts[what] : 0;
}
