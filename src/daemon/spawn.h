/*
 * spawn.h: processes that the master starts, and how one of them begins.
 *
 * A role is a row of the table in spawn.c: its name and the function that is its life. The process is this same binary,
 * executed anew (with an address space of its own layout) as `sallyport --process NAME`, from a descriptor that was
 * opened at start: what lies in the binary's place on the disk by then does not matter. Descriptor 3 is its control
 * socket; it has no other but the standard three, ends with the master, and listens to no signal but the master's word.
 */
#ifndef DAEMON_SPAWN_H
#define DAEMON_SPAWN_H

#include <sys/types.h>

#include "base/attributes.h"
#include "daemon/daemon.h"
#include "daemon/process_role.h"

enum { CONTROL_FD = 3 };

const char *role_name(enum process_role role);

/* Opens the binary that runs. False with errno set. Once, by the master. */
MUST_CHECK bool spawn_prepare(void);

/* The path that this process was started from, made absolute; another binary may lie there by now. Empty: unknown. */
const char *spawn_path(void);

/* The process id, and the master's end of its control socket; -1 with errno set. `number` is for ps(1). */
MUST_CHECK pid_t spawn_process(enum process_role role, unsigned number, int *control);

/* As fork(2), the child with all signals blocked. */
MUST_CHECK pid_t spawn_fork(void);
void spawn_end_with_parent(void); /* SIGKILL when it ends; at once when it has */
void spawn_unblock_signals(void);

#endif
