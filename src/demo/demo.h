/*
 * demo.h: the built-in plaintext backend, for when none is configured: a page that shows "your handshake".
 *
 * A small HTTP server (libevent's evhttp, no parser of our own) on 127.0.0.1, relayed to like any other backend. It
 * finds the handshake it speaks of by the source port of its own client, which is the proxy: handshake_view_find().
 * GET and HEAD of `/` (HTML), `/handshake.json` and `/healthz`; everything else is a page that says 404 or 405.
 *
 * It never listens anywhere but on loopback, never reads a file, keeps nothing between two requests, and never
 * prints a byte of a peer unescaped. Headers, bodies, the number of connections and their time are bounded, and a
 * lack of descriptors pauses accepting. SIGPIPE must be ignored by the process.
 */
#ifndef DEMO_DEMO_H
#define DEMO_DEMO_H

#include "base/attributes.h"
#include "base/bytes.h"

struct demo;
struct event_base;

/*
 * A socket that listens on 127.0.0.1, on a port that the kernel chooses: for somebody with the right to make one. -1
 * with errno set.
 */
MUST_CHECK int demo_listen(void);

/* Serves on such a socket, which it takes over in any case. `base` outlives it. NULL when that fails (errno). */
MUST_CHECK struct demo *demo_new(struct event_base *base, int socket);
void demo_free(struct demo *demo); /* ends its connections; NULL is fine */

uint16_t demo_port(const struct demo *demo);

#endif
