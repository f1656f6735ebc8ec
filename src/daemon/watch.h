/*
 * watch.h: tells that something may have changed in directories, by inotify(7), and now and then without it.
 *
 * What changes at once is told once: when it has been quiet for a moment, or has gone on for too long. inotify sees
 * nothing on what another machine writes (NFS), and has limits that may be reached: so it is told every so often in any
 * case. What it means is for the listener to find out (files_seen.h).
 */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

#include <event2/event.h>
#include <stdint.h>

#include "base/attributes.h"

/* Microseconds. */
struct watch_times {
    uint64_t quiet, longest, period;
};

struct watch;
typedef void watch_tell(void *context);

/* NULL: no memory. Without inotify, which is logged, there is the period. */
MUST_CHECK struct watch *watch_new(struct event_base *base, struct watch_times times, watch_tell *tell, void *context);
void watch_free(struct watch *watch); /* NULL is fine */

/* These and no others from now on. What could have been missed of a new one is told of. */
void watch_follow(struct watch *watch, char *const *directories, size_t count);

/* As if something had changed. */
void watch_poke(struct watch *watch);

#endif
