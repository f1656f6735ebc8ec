/*
 * closing.h: the last state of a connection: both sockets wind down on their own terms, then it is freed.
 *
 * The client's gets its alert and is read empty for a moment; the backend's is closed, or reset once its send queue
 * has drained.
 */
#ifndef PROXY_CLOSING_H
#define PROXY_CLOSING_H

#include "proxy/connection.h"

/* Everything is decided from here on: the line is written, the sockets wind down. */
void closing_begin(struct connection *connection);

/* One turn of it. True when both sockets are closed and the connection can be freed. */
MUST_CHECK bool closing_turn(struct connection *connection);

/* When to look again without being called, and what the client's socket is watched for meanwhile. */
uint64_t closing_deadline(const struct connection *connection);
short closing_interest(const struct connection *connection);

/* At once: resets the backend where its turn would come to that. */
void closing_hurry(struct connection *connection);

void endpoint_close(struct endpoint *endpoint);
void connection_leave_sheddable(struct connection *connection);

#endif
