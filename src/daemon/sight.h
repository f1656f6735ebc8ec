/*
 * sight.h: what others see of a running sallyport: the counters, the board, and the process that shows them.
 *
 * The admin process is forked before the first key is read, so that it has none; it ends with its parent.
 */
#ifndef DAEMON_SIGHT_H
#define DAEMON_SIGHT_H

#include "config/config.h"
#include "proxy/counters.h"

struct sight;
struct listener;

/*
 * Opens the sockets of [admin] and starts its process, unless there are none. NULL after telling what is in the way. To
 * be called while there is one thread, no key and no event loop.
 */
MUST_CHECK struct sight *sight_new(const struct config *config, struct config_findings findings);

/* Ends the admin process. NULL is fine. */
void sight_free(struct sight *sight);

/* Where this process counts. */
struct counters *sight_counters(struct sight *sight);

/* A listener with its policy and backend is there: they get their places among the counters and on the board. */
void sight_add(struct sight *sight, struct listener *listener);

/* All listeners accept; none does any more. */
void sight_tell_ready(struct sight *sight);
void sight_tell_draining(struct sight *sight);

#endif
