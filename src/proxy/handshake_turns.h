/*
 * handshake_turns.h: how many handshakes are moved on in one turn of the loop.
 *
 * One step of a handshake takes a tenth of a millisecond, a step of a relay a hundredth. In a storm of connections all
 * that are ready would go before the relays that became ready meanwhile; so a few go in each turn, and the rest wait in
 * line, first come, first served.
 */
#ifndef PROXY_HANDSHAKE_TURNS_H
#define PROXY_HANDSHAKE_TURNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/attributes.h"

struct connection;
struct event;
struct event_base;

TAILQ_HEAD(connection_queue, connection);

struct handshake_turns {
    struct event_base *base;
    struct event *next; /* goes off in the next turn of the loop, while anybody waits */
    uint64_t since;     /* when `left` was filled up; without a line it is by the clock, as no timer tells of turns */
    unsigned left;      /* how many more may go */
    struct connection_queue line;
};

MUST_CHECK bool handshake_turns_init(struct handshake_turns *turns, struct event_base *base);
void handshake_turns_free(struct handshake_turns *turns); /* of what was init'ed or is zero */

/* True: go on now. False: the connection stands in line, and connection_go_on() is called when its turn comes. */
MUST_CHECK bool handshake_turns_take(struct handshake_turns *turns, struct connection *connection);

/* It is freed, or goes on for another reason. */
void handshake_turns_leave(struct handshake_turns *turns, struct connection *connection);

#endif
