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
    turns->left = MAX_HANDSHAKES_PER_TURN;
}

static void on_next(evutil_socket_t fd, short what, void *context)
{
    struct handshake_turns *turns = context;
    struct connection *first;
    (void)fd, (void)what;

    refill(turns, proxy_now());
    while ((first = TAILQ_FIRST(&turns->line))) {
        if (turns->left > 0)
            turns->left--;
        else if (schedule(turns))
            return;
        handshake_turns_leave(turns, first); /* past the limit without memory for a timer: all of them go now */
        connection_go_on(first);
    }
}

bool handshake_turns_init(struct handshake_turns *turns, struct event_base *base)
{
    turns->base = base;
    TAILQ_INIT(&turns->line);
    turns->next = evtimer_new(base, on_next, turns);
    return turns->next != NULL;
}

void handshake_turns_free(struct handshake_turns *turns)
{
    if (turns->next)
        event_free(turns->next);
    turns->next = NULL;
}

bool handshake_turns_take(struct handshake_turns *turns, struct connection *connection)
{
    uint64_t now;

    if (connection->is_in_line)
        return false;
    now = proxy_now();
    if (now - turns->since >= HANDSHAKE_TURN)
        refill(turns, now);
    if (TAILQ_EMPTY(&turns->line) && turns->left > 0) {
        turns->left--;
        return true;
    }
    if (TAILQ_EMPTY(&turns->line) && !schedule(turns))
        return true;
    TAILQ_INSERT_TAIL(&turns->line, connection, line_link);
    connection->is_in_line = true;
    return false;
}

void handshake_turns_leave(struct handshake_turns *turns, struct connection *connection)
{
    if (!connection->is_in_line)
        return;
    TAILQ_REMOVE(&turns->line, connection, line_link);
    connection->is_in_line = false;
}
