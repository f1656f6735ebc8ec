/*
 * usage.h: what the processes take of the machine, time and memory, as the master puts it on the board.
 *
 * The time of a child is read by its number. Its memory stands in /proc, where the master need not be allowed to look:
 * each child opens that file while it can (usage_open()), and hands it over when it tells what it has given up.
 */
#ifndef DAEMON_USAGE_H
#define DAEMON_USAGE_H

#include <stdbool.h>

#include "base/attributes.h"

struct child;
struct master;
struct rusage;

/* For the process itself: where its memory can be read. -1: nowhere. */
MUST_CHECK int usage_open(void);

/* ---- for the master */
void usage_begin(struct master *master); /* it counts from here on; what a binary before this one took is counted */
void usage_adopt(struct child *child);   /* likewise */

/* What usage_open() gave; takes it over. False: it is something else, or there is one already. */
MUST_CHECK bool usage_take(struct child *child, int fd);

void usage_look(struct master *master); /* once a second */
void usage_ended(struct child *child, const struct rusage *all);

#endif
