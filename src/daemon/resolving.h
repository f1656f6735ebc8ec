/*
 * resolving.h: the master's side of a resolver (resolver.h): who is asked for which name when, and who is told.
 *
 * A configuration that is about to be loaded has its names asked for first, for up to MAX_RESOLVE_TIME; what has not
 * been answered by then does not hold it up. Afterwards the names of its backends are asked for again and again, and
 * workers are told what has changed. The resolver is there as long as there is a name to ask for, and no longer.
 */
#ifndef DAEMON_RESOLVING_H
#define DAEMON_RESOLVING_H

#include <event2/event.h>

#include "daemon/control.h"
#include "daemon/names.h"
#include "proxy/supply.h"

struct child;
struct master;

/* Microseconds. */
enum { MAX_RESOLVE_TIME = 5 * 1000 * 1000, MAX_LOOKUP_TIME = 120 * 1000 * 1000 };

struct resolving {
    struct names names;
    struct event *timer;
    uint64_t deadline;  /* a configuration waits until then; 0: none does */
    bool is_told_later; /* a worker had no room for what has changed */
};

MUST_CHECK bool resolving_init(struct master *master);
void resolving_free(struct master *master);

/* Asks for the names of master->next; reload_names_known() is called when that is over. False: it cannot. */
MUST_CHECK bool resolving_begin(struct master *master);
bool resolving_is_waited_for(const struct master *master);

/* A reload is over: the names of master->current alone are asked for from here on, and of none without one. */
void resolving_settle(struct master *master);

/* After USR2: what is known of the names of master->current. The last binary's resolver goes. */
void resolving_adopt(struct master *master);

void resolving_process_began(struct child *resolver);
void resolving_process_ended(struct child *resolver);

/* An answer. False: to what was not asked. */
MUST_CHECK bool resolving_hear(struct child *resolver, const struct control_message *message);

/* A worker that was offered a generation hears what has changed since that was loaded. */
void resolving_tell(struct child *worker);

/* Files of the disk, and what is known of names by now: nobody is asked. */
struct supply resolving_supply(const struct master *master);

#endif
