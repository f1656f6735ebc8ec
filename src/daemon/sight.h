/*
 * sight.h: what others see of a running sallyport: the counters, the board, and the process that shows them.
 *
 * The master writes the board; each worker counts in a slot of its own, in a mapping that they share; the admin process
 * reads both, answers on sockets that the master bound, and may die without anybody else noticing.
 */
#ifndef DAEMON_SIGHT_H
#define DAEMON_SIGHT_H

#include "admin/board.h"

struct master;
struct child;
struct deployment;

enum { NO_SLOT = -1 };

struct sight {
    struct board *board;
    struct counters_map *counters;
};

/* False with errno set: no memory, or no descriptor. */
MUST_CHECK bool sight_open(struct sight *sight);

/*
 * After an upgrade: goes on from what the binary before left behind, the files of the first `count` slots; takes over
 * the descriptors. Where it counted something else all begins at zero, and `is_same` is false: those who count in what
 * it left are not seen any more.
 */
MUST_CHECK bool sight_adopt(struct sight *sight, int board, const int *counters, size_t count, bool *is_same);
void sight_close(struct sight *sight);

/* ---- certificates: the loader, a child that shares them, writes them down while it builds */
MUST_CHECK struct board_certificates *sight_certificates_new(void);
void sight_certificates_free(struct board_certificates *certificates); /* NULL is fine */

/* ---- processes */
void sight_process_began(struct child *child); /* it is told where it counts, or what it shows */
void sight_process_ended(struct child *child, bool was_told);

/* ---- configurations */
MUST_CHECK bool sight_prepare(struct master *master); /* the next one: sockets and names. False: told. */
void sight_applied(struct master *master);            /* the current one is in force: shows it */
void sight_forget(const struct sight *sight, const struct deployment *refused);  /* its names */
void sight_give_up(struct deployment *unused, const struct deployment *current); /* NULL: there is no other */
void sight_leave_to(struct deployment *old, struct deployment *fresh);

/* ---- the admin process */
void sight_offer(struct child *admin, const struct deployment *deployment);
void sight_renew_admin(struct master *master); /* another one takes the place of the one that is there, if any */

/* What all have counted, as one line. */
void sight_log_counters(const struct sight *sight);

#endif
