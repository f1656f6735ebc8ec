/*
 * worker_sight.h: how a worker is seen: where it counts, what its listeners are called there, and that it is alive.
 */
#ifndef DAEMON_WORKER_SIGHT_H
#define DAEMON_WORKER_SIGHT_H

#include "admin/board.h"
#include "daemon/control.h"
#include "daemon/served.h"

struct event;
struct event_base;

/* Zeroed: it counts for itself, and nobody sees it. */
struct worker_sight {
    struct board *board;
    struct counters *counters;
    struct event *beat; /* a timer */
};

/* What a CONTROL_SIGHT says, before the first connection; takes over its descriptors. False: told. */
MUST_CHECK bool worker_sight_take(struct worker_sight *sight, struct proxy *proxy,
                                  const struct control_message *message);

/* The listeners of a generation get their places. False with errno set: out of memory, or the board is in disorder. */
MUST_CHECK bool worker_sight_place(const struct worker_sight *sight, const struct served *served);

/* The proxy is gone already. */
void worker_sight_free(struct worker_sight *sight);

#endif
