/*
 * counting.h: what a connection adds to the counters, and when: for its process, its listener and its server.
 */
#ifndef PROXY_COUNTING_H
#define PROXY_COUNTING_H

#include "proxy/connection.h"
#include "proxy/outcome_log.h"

void counting_accepted(struct proxy *proxy, const struct listener *listener);

/* The one place where a connection's state changes. Times nothing. */
void counting_enter(struct connection *c, enum connection_state state);
void counting_begin(const struct connection *c); /* it is there, HANDSHAKING */
void counting_free(const struct connection *c);  /* it is no more */

void counting_hello(struct connection *c);           /* once there is one that was understood; again is no matter */
void counting_handshake(const struct connection *c); /* Finished is verified, handshake_at is set */
void counting_end(const struct connection *c, const struct outcome_report *report);

/* A question to the key service begins; its answer is there, before the engine has it: it still knows the question. */
void counting_key_asked(struct connection *c);
void counting_key_answered(const struct connection *c, bool is_ok, struct bytes answer);

/* Text that moved. */
void counting_in(const struct connection *c, size_t len);
void counting_out(const struct connection *c, size_t len);

/* What became of the attempt that began at state_at. */
void counting_backend_connected(const struct connection *c);
void counting_backend_failed(const struct connection *c, enum why why);

#endif
