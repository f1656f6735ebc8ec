#include "proxy/handshake_turns.h"

#include <event2/event.h>

#include "proxy/connection.h"
#include "proxy/limits.h"

static bool schedule(struct handshake_turns *turns)
{
    static const struct timeval at_once = {0, 0}; /* as in key_service.c: after the sockets were looked at again */

    return event_add(turns->next, &at_once) == 0;
}

static void refill(struct handshake_turns *turns, uint64_t now)
{
    turns->since = now;
    turns->left = HANDSHAKE_TURN;
}

/* Steps that lead to private keys wait for these: who stands in line can still be put behind others, or refused. */
static bool is_time_left(const struct handshake_turns *turns, uint64_t now)
{
    return turns->left > 0 && key_service_waiting(turns->proxy->keys) < MAX_KEYS_AHEAD &&
           crypto_budget_allows(&turns->proxy->budget, now);
}

static struct connection *first_of(const struct handshake_turns *turns)
{
    struct connection *first = TAILQ_FIRST(&turns->line);

    return first ? first : TAILQ_FIRST(&turns->late);
}

static uint64_t wait_of(const struct connection *connection, uint64_t now)
{
    return connection ? now - connection->in_line_since : 0;
}

static void note_waits(struct handshake_turns *turns, uint64_t now)
{
    uint64_t wait = wait_of(TAILQ_FIRST(&turns->line), now), late = wait_of(TAILQ_FIRST(&turns->late), now);

    crypto_budget_note_wait(&turns->proxy->budget, wait > late ? wait : late, now);
}

static void go(struct handshake_turns *turns, struct connection *connection, enum tls_full_handshakes what)
{
    handshake_turns_leave(turns, connection);
    connection_go_on(connection, what);
}

/* A tenth of what a handshake costs; as many as fit into a turn of their own, so that they never pile up. */
static void clear_stale(struct handshake_turns *turns, uint64_t now)
{
    uint64_t end = now + HANDSHAKE_TURN;
    struct connection *first;

    while (now < end && (first = TAILQ_FIRST(&turns->late)) && wait_of(first, now) >= MAX_LATE_WAIT) {
        go(turns, first, TLS_FULL_HANDSHAKES_REFUSED);
        now = proxy_now();
    }
}

static void on_next(evutil_socket_t fd, short what, void *context)
{
    struct handshake_turns *turns = context;
    struct connection *first;
    uint64_t now = proxy_now();
    (void)fd, (void)what;

    refill(turns, now);
    note_waits(turns, now);
    clear_stale(turns, now);
    while ((first = first_of(turns)) && is_time_left(turns, proxy_now()))
        go(turns, first, TLS_FULL_HANDSHAKES_TAKEN);
    while ((first = first_of(turns)) && !schedule(turns)) /* without memory for a timer all of them go now */
        go(turns, first, TLS_FULL_HANDSHAKES_TAKEN);
}

bool handshake_turns_init(struct handshake_turns *turns, struct proxy *proxy)
{
    turns->proxy = proxy;
    TAILQ_INIT(&turns->line);
    TAILQ_INIT(&turns->late);
    turns->next = evtimer_new(proxy->base, on_next, turns);
    return turns->next != NULL;
}

void handshake_turns_free(struct handshake_turns *turns)
{
    if (turns->next)
        event_free(turns->next);
    turns->next = NULL;
}

void handshake_turns_spend(struct handshake_turns *turns, uint64_t cost)
{
    turns->left -= (int64_t)cost;
}

/* Behind others stands who is new and whose source had its share: what has begun was paid for. */
static bool is_late(const struct handshake_turns *turns, const struct connection *connection, uint64_t now)
{
    return connection->hello_at == 0 && !sources_has_share(&turns->proxy->sources, connection->network, now);
}

static void stand_in_line(struct handshake_turns *turns, struct connection *connection, uint64_t now)
{
    connection->is_late = is_late(turns, connection, now);
    connection->in_line_since = now;
    connection->is_in_line = true;
    sources_count_up(&turns->proxy->sources, SOURCE_WAITING, connection->network, now);
    turns->proxy->counters.handshakes_behind += connection->is_late;
    if (connection->is_late)
        TAILQ_INSERT_TAIL(&turns->late, connection, line_link);
    else
        TAILQ_INSERT_TAIL(&turns->line, connection, line_link);
}

bool handshake_turns_take(struct handshake_turns *turns, struct connection *connection)
{
    uint64_t now;

    if (connection->is_in_line)
        return false;
    now = proxy_now();
    if (now - turns->since >= HANDSHAKE_TURN_PAUSE)
        refill(turns, now);
    if (!first_of(turns) && (is_time_left(turns, now) || !schedule(turns)))
        return true;
    stand_in_line(turns, connection, now);
    return false;
}

void handshake_turns_leave(struct handshake_turns *turns, struct connection *connection)
{
    if (!connection->is_in_line)
        return;
    if (connection->is_late)
        TAILQ_REMOVE(&turns->late, connection, line_link);
    else
        TAILQ_REMOVE(&turns->line, connection, line_link);
    connection->is_in_line = false;
    sources_count_down(&turns->proxy->sources, SOURCE_WAITING, connection->network);
}
