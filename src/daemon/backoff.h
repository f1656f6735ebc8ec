/*
 * backoff.h: how soon a process that ended is started again.
 *
 * One that had lived for a while is started at once, for its connections are lost and nobody else's should be. One that
 * ends again and again soon after its start waits longer each time, so that a crash loop does not eat the machine.
 */
#ifndef DAEMON_BACKOFF_H
#define DAEMON_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

/* Microseconds. */
enum { BACKOFF_LIVED = 5 * 1000 * 1000, BACKOFF_FIRST = 100 * 1000, BACKOFF_MOST = 5 * 1000 * 1000 };

struct backoff {
    uint32_t wait; /* of the last time; 0: it had lived */
};

/* How long to wait, after a life of `lived`. */
uint32_t backoff_next(struct backoff *backoff, uint64_t lived);

/* It has ended soon after its start more than once: worth a word. */
bool backoff_is_loop(const struct backoff *backoff);

#endif
