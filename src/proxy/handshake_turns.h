/*
 * handshake_turns.h: which handshakes are moved on in one turn of the loop, and for how long.
 *
 * One step of a handshake takes a tenth of a millisecond, a step of a relay a hundredth. In a storm of connections all
 * that are ready would go before the relays that became ready meanwhile; so each turn has HANDSHAKE_TURN for them, and
 * the rest wait in line, first come, first served.
 *
 * Once some have waited so long that the worker is over its budget (crypto_budget.h) a client whose source had its
 * share (sources.h) comes no further than its ClientHello while others wait: if it
 * resumes a session it goes on, else it is held in a second line, which moves when the first is empty. Whoever stood
 * there for MAX_LATE_WAIT is refused, before he cost anything: he would give up soon anyway. So in a flood the time
 * goes to resumptions, to those who come now and then and to what is nearly done; and one source alone is served as if
 * there were no shares.
 */
#ifndef PROXY_HANDSHAKE_TURNS_H
#define PROXY_HANDSHAKE_TURNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/attributes.h"
#include "tls/tls.h"

struct connection;
struct event;
struct proxy;

TAILQ_HEAD(connection_queue, connection);

struct handshake_turns {
    struct proxy *proxy;
    struct event *next; /* goes off in the next turn of the loop, while anybody waits */
    uint64_t since;     /* when `left` was filled up; without a line it is by the clock, as no timer tells of turns */
    int64_t left;       /* microseconds that steps may still take */
    struct connection_queue line, late;
    uint32_t late_count;
};

/* `proxy` has its event base by now, and outlives the turns. */
MUST_CHECK bool handshake_turns_init(struct handshake_turns *turns, struct proxy *proxy);
void handshake_turns_free(struct handshake_turns *turns); /* of what was init'ed or is zero */

/* True: go on now. False: the connection stands in line, and connection_go_on() is called when its turn comes. */
MUST_CHECK bool handshake_turns_take(struct handshake_turns *turns, struct connection *connection);

/* What a connection may do with a ClientHello now. */
enum tls_full_handshakes handshake_turns_admit(struct handshake_turns *turns, const struct connection *connection);

/* It is held (TLS_HELD): stands in the second line until connection_go_on() says what becomes of it. */
void handshake_turns_hold(struct handshake_turns *turns, struct connection *connection);

/* A private key was used, or anything else happened that whoever is held may have waited for. */
void handshake_turns_wake(struct handshake_turns *turns);

/* A step took so many microseconds. */
void handshake_turns_spend(struct handshake_turns *turns, uint64_t cost);

/* It is freed, or goes on for another reason. */
void handshake_turns_leave(struct handshake_turns *turns, struct connection *connection);

#endif
