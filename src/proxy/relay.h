/*
 * relay.h: the pump between two sockets and the engine's four ports.
 *
 * It moves bytes wherever a port and a socket are both ready, in bounded rounds, and leaves it to connection.c to
 * decide what an end means. All storage is the engine's: a span is asked for right before the system call that
 * fills it, and what a span does not cover stays in the kernel. That is the whole backpressure.
 */
#ifndef PROXY_RELAY_H
#define PROXY_RELAY_H

#include "proxy/connection.h"

/* Pumps until nothing is ready or the turn is used up. */
void relay_pump(struct connection *connection);

/* Only what goes to the client: in CLOSING. True while something is left that could still be sent. */
MUST_CHECK bool relay_flush_client(struct connection *connection);

/* Reads and discards what the client sends. True when that has come to an end: its FIN, an error, or enough. */
MUST_CHECK bool relay_discard_client(struct connection *connection);

/* Of a client that blocks us: has it taken anything since this was asked last, or since it began to? */
MUST_CHECK bool relay_client_took_some(struct connection *connection);

/* Bytes that the kernel holds for the peer. */
/* The backend's queue moved since the last look: it is slow, not idle. */
bool relay_backend_took_some(struct connection *connection);

uint32_t endpoint_unsent(const struct endpoint *endpoint);

/* Which events each side waits for, computed from the ports. */
short relay_client_interest(const struct connection *connection);
short relay_backend_interest(const struct connection *connection);

/* Text of the backend is there and waits for tickets to go in front of it. */
bool relay_holds_text(const struct connection *connection);

#endif
