/*
 * signals.h: signals as events of the loop.
 */
#ifndef DAEMON_SIGNALS_H
#define DAEMON_SIGNALS_H

#include "base/attributes.h"

struct event_base;
struct signals;

/* Called in the loop, never in a signal handler. */
typedef void signals_caught(void *context, int number);

/*
 * TERM, INT, QUIT, HUP, USR1, USR2, CHLD, of which none is lost when the process executes another binary; all others
 * are unblocked, PIPE is ignored. NULL when it cannot be set up.
 */
MUST_CHECK struct signals *signals_new(struct event_base *base, signals_caught *caught, void *context);
void signals_free(struct signals *signals); /* they stay blocked; NULL is fine */

#endif
