#include "proxy/proxy.h"

#include <event2/event.h>
#include <malloc.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "proxy/connection.h"
#include "proxy/event_drop.h"
#include "proxy/limits.h"

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t proxy_now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t proxy_spent(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

struct proxy_settings proxy_default_settings(void)
{
    return (struct proxy_settings){.linger_timeout = LINGER_TIMEOUT, .write_stall_timeout = WRITE_STALL_TIMEOUT};
}

size_t proxy_raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1;
    if (limit.rlim_cur < limit.rlim_max) {
        struct rlimit raised = {limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    if (limit.rlim_cur <= SPARE_DESCRIPTORS + DESCRIPTORS_PER_CONNECTION)
        return 1;
    return (size_t)(limit.rlim_cur - SPARE_DESCRIPTORS) / DESCRIPTORS_PER_CONNECTION;
}

/* ---- lines that were suppressed */

static void tell_suppressed(struct log_limit *limit, const char *class)
{
    struct log_line line;
    uint32_t suppressed = log_limit_take_suppressed(limit);

    if (suppressed == 0)
        return;
    log_begin(&line, LOG_LEVEL_NOTICE, "suppressed");
    log_text(&line, "class", class);
    log_number(&line, "lines", suppressed);
    log_end(&line);
}

void proxy_tell_suppressed(struct proxy *proxy)
{
    for (int why = 0; why < WHY_COUNT; why++)
        tell_suppressed(&proxy->limit_by_why[why], why_name((enum why)why));
    tell_suppressed(&proxy->limit_backend, "backend_failed");
}

static void on_suppressed_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    proxy_tell_suppressed(context);
}

void proxy_tell_suppressed_later(struct proxy *proxy)
{
    static const struct timeval soon = {1, 0};

    if (!evtimer_pending(proxy->suppressed_timer, NULL))
        (void)!event_add(proxy->suppressed_timer, &soon); /* else the next line tells it */
}

/* ---- what handshakes cost */

uint64_t proxy_charge_step(struct proxy *proxy, uint64_t network, uint64_t began)
{
    uint64_t spent = proxy_spent(), cost = spent - began;

    count_more(&proxy->counters->cpu[COUNTED_PROTOCOL_WORK], cost);
    crypto_budget_spend(&proxy->budget, cost, spent);
    handshake_turns_spend(&proxy->turns, cost);
    sources_charge(&proxy->sources, network, cost, proxy_now());
    return cost;
}

static void on_key_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    struct proxy *proxy = context;
    struct connection *connection = proxy_find(proxy, ticket);
    uint64_t cost = key_service_cost(proxy->keys);

    count_more(&proxy->counters->cpu[COUNTED_KEY_WORK], cost);
    if (cost)
        crypto_budget_spend(&proxy->budget, cost, proxy_spent());
    crypto_budget_spend_elsewhere(&proxy->budget, key_service_cost_elsewhere(proxy->keys));
    crypto_budget_note_wait(&proxy->budget, key_service_wait(proxy->keys), proxy_now());
    if (connection)
        connection_answer_key(connection, is_ok, answer);
    else
        count_one(&proxy->counters->key_answers_late);
    handshake_turns_wake(&proxy->turns);
}

static bool find_counters(struct proxy *proxy)
{
    if (!proxy->settings.counters)
        proxy->own_counters = memory_new(sizeof *proxy->own_counters);
    proxy->counters = proxy->own_counters ? proxy->own_counters : proxy->settings.counters;
    return proxy->counters != NULL;
}

bool proxy_may_spend(struct proxy *proxy)
{
    uint64_t now = proxy_now();

    return !crypto_budget_is_over(&proxy->budget, now) || crypto_budget_allows(&proxy->budget, now, proxy_spent());
}

static bool may_use_key(void *context)
{
    return proxy_may_spend(context);
}

/* ---- memory */

/* What the last of a storm hold lies all over the memory: it goes back as they become fewer, too. */
static size_t storm_of(const struct proxy *proxy)
{
    return proxy->most_connections >= MANY_CONNECTIONS ? proxy->most_connections : proxy->left_of_storm;
}

static size_t calm_after_storm(const struct proxy *proxy)
{
    return storm_of(proxy) / 8;
}

/* After a storm: what the allocator keeps for itself is not ours to keep. */
static void on_trim_timer(evutil_socket_t fd, short what, void *context)
{
    struct proxy *proxy = context;
    size_t calm = calm_after_storm(proxy);
    (void)fd, (void)what;

    /* Never more than an eighth of what it was: a storm is over after a few times, whoever comes and goes. */
    proxy->left_of_storm = proxy->connection_count < calm ? proxy->connection_count : calm;
    proxy->most_connections = proxy->connection_count;
    malloc_trim(0);
}

static bool has_calmed_down(const struct proxy *proxy)
{
    return storm_of(proxy) > 0 && proxy->connection_count <= calm_after_storm(proxy);
}

static void trim_later(struct proxy *proxy)
{
    static const struct timeval soon = {1, 0};

    if (has_calmed_down(proxy) && !evtimer_pending(proxy->trim_timer, NULL))
        (void)!event_add(proxy->trim_timer, &soon); /* else the next connection that ends does it */
}

static bool is_memory_short(const struct proxy *proxy)
{
    return proxy->max_storage && pool_bytes_in_use(proxy->pool) > proxy->max_storage / 8 * 7;
}

/* Half of the memory for connections that are silent, the rest for what they transfer. */
size_t proxy_connections_carried(size_t by_descriptors, size_t memory_limit)
{
    size_t by_memory = memory_limit / 2 / CONFIG_IDLE_CONNECTION_LEN;

    return memory_limit && by_memory < by_descriptors ? by_memory : by_descriptors;
}

static size_t max_storage_of(const struct proxy_settings *settings)
{
    size_t idle = settings->max_connections * CONFIG_IDLE_CONNECTION_LEN;

    if (settings->memory_limit == 0)
        return 0;
    return settings->memory_limit > idle + CONFIG_MIN_STORAGE_LEN ? settings->memory_limit - idle
                                                                  : (size_t)CONFIG_MIN_STORAGE_LEN;
}

void proxy_set_limits(struct proxy *proxy, size_t max_connections, size_t memory_limit)
{
    proxy->settings.max_connections = max_connections;
    proxy->settings.memory_limit = memory_limit;
    proxy->max_storage = max_storage_of(&proxy->settings);
    pool_set_bound(proxy->pool, proxy->max_storage);
}

/* ---- life */

static bool make_timers(struct proxy *proxy)
{
    proxy->suppressed_timer = evtimer_new(proxy->base, on_suppressed_timer, proxy);
    proxy->trim_timer = evtimer_new(proxy->base, on_trim_timer, proxy);
    return proxy->suppressed_timer && proxy->trim_timer;
}

static bool make_keys(struct proxy *proxy)
{
    proxy->keys = key_service_new(proxy->base, proxy->keyring, random_system(), on_key_answer, proxy);
    if (proxy->keys)
        key_service_set_gate(proxy->keys, may_use_key);
    return proxy->keys != NULL;
}

struct proxy *proxy_new(struct event_base *base, struct keyring *keyring, struct proxy_settings settings)
{
    struct proxy *proxy = memory_new(sizeof *proxy);

    if (!proxy)
        return NULL;
    proxy->base = base;
    proxy->keyring = keyring;
    proxy->settings = settings;
    if (proxy->settings.max_connections == 0)
        proxy->settings.max_connections =
            proxy_connections_carried(proxy_raise_descriptor_limit(), proxy->settings.memory_limit);
    TAILQ_INIT(&proxy->sheddable);
    proxy->pool = pool_new(0);
    if (find_counters(proxy) && proxy->pool && make_keys(proxy) && make_timers(proxy) &&
        handshake_turns_init(&proxy->turns, proxy) && sources_init(&proxy->sources, random_system())) {
        proxy_set_limits(proxy, proxy->settings.max_connections, proxy->settings.memory_limit);
        return proxy;
    }
    proxy_free(proxy);
    return NULL;
}

void proxy_count_in(struct proxy *proxy, struct counters *counters)
{
    memory_free(proxy->own_counters);
    proxy->own_counters = NULL;
    proxy->counters = counters;
}

bool proxy_use_keyholder(struct proxy *proxy, int socket)
{
    struct key_service *remote = key_service_new_remote(proxy->base, socket, on_key_answer, proxy);

    if (!remote)
        return false;
    key_service_free(proxy->keys);
    proxy->keys = remote;
    return true;
}

void proxy_free(struct proxy *proxy)
{
    if (!proxy)
        return;
    proxy->on_empty = NULL;
    for (uint32_t slot = 0; slot < proxy->slot_count; slot++)
        if (proxy->slots[slot])
            connection_drop(proxy->slots[slot]);
    event_drop(proxy->suppressed_timer);
    event_drop(proxy->trim_timer);
    handshake_turns_free(&proxy->turns);
    sources_free(&proxy->sources);
    key_service_free(proxy->keys);
    pool_free(proxy->pool);
    memory_free(proxy->own_counters);
    memory_free(proxy->slots);
    memory_free(proxy);
}

size_t proxy_cut_connections(struct proxy *proxy)
{
    size_t count = proxy->connection_count;

    for (uint32_t slot = 0; slot < proxy->slot_count; slot++)
        if (proxy->slots[slot])
            connection_cut(proxy->slots[slot], WHY_SHUTDOWN);
    return count;
}

void proxy_when_empty(struct proxy *proxy, void (*on_empty)(void *context), void *context)
{
    proxy->on_empty = on_empty;
    proxy->on_empty_context = context;
}

/* ---- the table */

static bool grow(struct proxy *proxy)
{
    uint32_t count = proxy->slot_count ? 2 * proxy->slot_count : 64;
    struct connection **slots = memory_resize(proxy->slots, count * sizeof(struct connection *));

    if (!slots)
        return false;
    memset(slots + proxy->slot_count, 0, (count - proxy->slot_count) * sizeof(struct connection *));
    proxy->slots = slots;
    proxy->slot_count = count;
    return true;
}

bool proxy_enter(struct proxy *proxy, struct connection *connection, struct connection_ticket *ticket)
{
    if (proxy->connection_count == proxy->slot_count && !grow(proxy))
        return false;
    /* Some slot is free: on from where the last one was found, so that a search passes each slot once a round. */
    while (proxy->slots[proxy->next_slot % proxy->slot_count])
        proxy->next_slot++;
    ticket->slot = proxy->next_slot++ % proxy->slot_count;
    ticket->id = ++proxy->last_id;
    proxy->slots[ticket->slot] = connection;
    proxy->connection_count++;
    if (proxy->connection_count > proxy->most_connections)
        proxy->most_connections = proxy->connection_count;
    return true;
}

void proxy_leave(struct proxy *proxy, struct connection_ticket ticket)
{
    proxy->slots[ticket.slot] = NULL;
    proxy->connection_count--;
    trim_later(proxy);
    if (proxy->connection_count == 0 && proxy->on_empty)
        proxy->on_empty(proxy->on_empty_context);
}

struct connection *proxy_find(const struct proxy *proxy, struct connection_ticket ticket)
{
    struct connection *connection = ticket.slot < proxy->slot_count ? proxy->slots[ticket.slot] : NULL;

    return connection && connection->ticket.id == ticket.id ? connection : NULL;
}

/* ---- connected by somebody else */

void proxy_use_connector(struct proxy *proxy, struct proxy_connector connector)
{
    proxy->connector = connector;
}

static struct connection *find_asking(const struct proxy *proxy, struct proxy_question question)
{
    struct connection *connection = proxy_find(proxy, question.ticket);

    return connection && connection_is_asking(connection, question.number) ? connection : NULL;
}

bool proxy_is_asking(const struct proxy *proxy, struct proxy_question question)
{
    return find_asking(proxy, question) != NULL;
}

void proxy_answer(struct proxy *proxy, struct proxy_question question, int fd, int error)
{
    struct connection *connection = find_asking(proxy, question);

    if (connection)
        connection_answer_connect(connection, fd, error);
    else if (fd >= 0)
        close(fd);
}

/* ---- when there are too many */

static void shed(struct proxy *proxy, struct connection *connection)
{
    count_one(&proxy->counters->shed);
    connection_cut(connection, WHY_OVERLOADED);
}

bool proxy_shed_one(struct proxy *proxy)
{
    struct connection *oldest = TAILQ_FIRST(&proxy->sheddable);

    if (oldest)
        shed(proxy, oldest);
    return oldest != NULL;
}

/* A source with a good part of all places, none of them finished, makes room for itself: others do not have to go. */
static struct connection *find_own(const struct proxy *proxy, uint64_t network)
{
    struct connection *one = TAILQ_FIRST(&proxy->sheddable);

    for (int i = 0; i < MAX_SHED_SEARCH && one; i++, one = TAILQ_NEXT(one, shed_link))
        if (one->network == network)
            return one;
    return NULL;
}

static bool has_too_many(const struct proxy *proxy, uint64_t network)
{
    return sources_count(&proxy->sources, SOURCE_UNFINISHED, network) >
           proxy->settings.max_connections / UNFINISHED_SHARE;
}

static bool shed_for(struct proxy *proxy, uint64_t network)
{
    struct connection *own = has_too_many(proxy, network) ? find_own(proxy, network) : NULL;

    if (!own)
        return proxy_shed_one(proxy);
    count_one(&proxy->counters->source_full);
    shed(proxy, own);
    return true;
}

bool proxy_make_room(struct proxy *proxy, uint64_t network)
{
    if (is_memory_short(proxy)) {
        count_one(&proxy->counters->memory_short);
        return false;
    }
    return proxy->connection_count < proxy->settings.max_connections || shed_for(proxy, network);
}
