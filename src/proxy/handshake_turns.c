#include "proxy/handshake_turns.h"

#include <event2/event.h>
#include <poll.h>

#include "proxy/connection.h"
#include "proxy/event_drop.h"
#include "proxy/limits.h"

static bool schedule(struct handshake_turns *turns)
{
    static const struct timeval at_once = {0, 0}; /* as in key_service_local.c: once the sockets were looked at */

    return event_add(turns->next, &at_once) == 0;
}

/* While there is time left, who is held waits for keys, whose answers wake him, or for the budget, which does not. */
static bool schedule_next(struct handshake_turns *turns)
{
    static const struct timeval soon = {0, HELD_CHECK_INTERVAL};

    if (!TAILQ_EMPTY(&turns->line) || turns->left <= 0)
        return schedule(turns);
    return event_add(turns->next, &soon) == 0;
}

static void refill(struct handshake_turns *turns, uint64_t now)
{
    turns->since = now;
    turns->left = HANDSHAKE_TURN;
}

/*
 * Whoever is held goes on when there is time for all that follows. He waits here and not for a private key, where he
 * would stand before those that are not held.
 */
static bool may_release(const struct handshake_turns *turns)
{
    return key_service_private_keys_waiting(turns->proxy->keys) < MAX_KEYS_AHEAD && proxy_may_spend(turns->proxy);
}

static bool is_anybody_waiting(const struct handshake_turns *turns)
{
    return !TAILQ_EMPTY(&turns->line) || !TAILQ_EMPTY(&turns->late);
}

/* Who may go now; NULL: nobody. */
static struct connection *next_of(const struct handshake_turns *turns)
{
    struct connection *first = TAILQ_FIRST(&turns->line), *held = TAILQ_FIRST(&turns->late);

    if (turns->left <= 0)
        return NULL;
    if (first)
        return first;
    return held && may_release(turns) ? held : NULL;
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

/* A client that left while it was held is not worth a signature. */
static bool has_left(const struct connection *connection)
{
    struct pollfd client = {.fd = connection->client.fd, .events = POLLRDHUP};

    return poll(&client, 1, 0) > 0;
}

static void go(struct handshake_turns *turns, struct connection *connection)
{
    enum tls_full_handshakes what = TLS_FULL_HANDSHAKES_TAKEN;

    if (!connection->is_late)
        what = handshake_turns_admit(turns, connection);
    else if (has_left(connection))
        what = TLS_FULL_HANDSHAKES_REFUSED;
    handshake_turns_leave(turns, connection);
    connection_go_on(connection, what);
}

static void refuse(struct handshake_turns *turns, struct connection *connection)
{
    handshake_turns_leave(turns, connection);
    connection_go_on(connection, TLS_FULL_HANDSHAKES_REFUSED);
}

/* As many as fit into a turn of their own, so that they never pile up. */
static void refuse_stale(struct handshake_turns *turns, uint64_t now)
{
    uint64_t end = now + HANDSHAKE_TURN;
    struct connection *first;

    while (now < end && (first = TAILQ_FIRST(&turns->late)) && wait_of(first, now) >= MAX_LATE_WAIT) {
        refuse(turns, first);
        now = proxy_now();
    }
}

static void on_next(evutil_socket_t fd, short what, void *context)
{
    struct handshake_turns *turns = context;
    struct connection *next;
    uint64_t now = proxy_now();
    (void)fd, (void)what;

    refill(turns, now);
    note_waits(turns, now);
    refuse_stale(turns, now);
    while ((next = next_of(turns)))
        go(turns, next);
    while (is_anybody_waiting(turns) && !schedule_next(turns)) { /* without memory for a timer all of them go now */
        next = TAILQ_FIRST(&turns->line);
        go(turns, next ? next : TAILQ_FIRST(&turns->late));
    }
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
    event_drop(turns->next);
    turns->next = NULL;
}

void handshake_turns_wake(struct handshake_turns *turns)
{
    if (!TAILQ_EMPTY(&turns->late))
        (void)!schedule(turns); /* else at the next look */
}

void handshake_turns_spend(struct handshake_turns *turns, uint64_t cost)
{
    turns->left -= (int64_t)cost;
}

enum tls_full_handshakes handshake_turns_admit(struct handshake_turns *turns, const struct connection *connection)
{
    uint64_t now = proxy_now();
    bool is_contended = !TAILQ_EMPTY(&turns->late) || crypto_budget_is_over(&turns->proxy->budget, now);

    if (connection->hello_at || !is_contended || sources_has_share(&turns->proxy->sources, connection->network, now))
        return TLS_FULL_HANDSHAKES_TAKEN; /* what has begun was paid for */
    return TLS_FULL_HANDSHAKES_HELD;
}

static void stand_in_line(struct handshake_turns *turns, struct connection *connection, struct connection_queue *line)
{
    connection->in_line_since = proxy_now();
    connection->is_in_line = true;
    connection->is_late = line == &turns->late;
    TAILQ_INSERT_TAIL(line, connection, line_link);
}

void handshake_turns_hold(struct handshake_turns *turns, struct connection *connection)
{
    if (!schedule(turns)) { /* no memory for a timer */
        connection_go_on(connection, TLS_FULL_HANDSHAKES_TAKEN);
        return;
    }
    if (turns->late_count >= MAX_LATE)
        refuse(turns, TAILQ_FIRST(&turns->late));
    stand_in_line(turns, connection, &turns->late);
    turns->late_count++;
    count_one(&turns->proxy->counters->handshakes_held);
    sources_count_up(&turns->proxy->sources, SOURCE_WAITING, connection->network, connection->in_line_since);
}

bool handshake_turns_take(struct handshake_turns *turns, struct connection *connection)
{
    uint64_t now;

    if (connection->is_in_line)
        return false;
    now = proxy_now();
    if (now >= turns->since + HANDSHAKE_TURN_PAUSE)
        refill(turns, now);
    if (TAILQ_EMPTY(&turns->line) && (turns->left > 0 || !schedule(turns)))
        return true;
    stand_in_line(turns, connection, &turns->line);
    return false;
}

static void leave_late(struct handshake_turns *turns, struct connection *connection)
{
    TAILQ_REMOVE(&turns->late, connection, line_link);
    turns->late_count--;
    sources_count_down(&turns->proxy->sources, SOURCE_WAITING, connection->network);
}

void handshake_turns_leave(struct handshake_turns *turns, struct connection *connection)
{
    if (!connection->is_in_line)
        return;
    if (connection->is_late)
        leave_late(turns, connection);
    else
        TAILQ_REMOVE(&turns->line, connection, line_link);
    connection->is_in_line = connection->is_late = false;
}
