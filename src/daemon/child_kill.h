/*
 * child_kill.h: the end of a child that does not end by itself.
 *
 * kill(2) wants the same user or CAP_KILL, by which any process of the machine could be ended; the master has neither
 * (systemd/sallyport.service). It may become another user for its children's sake, though, and a child of it that is
 * the one to be ended may end it.
 */
#ifndef DAEMON_CHILD_KILL_H
#define DAEMON_CHILD_KILL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attributes.h"

/*
 * KILL to `pid`, a child that was not reaped yet and runs as `uid`. False, errno set, when it could not be sent. Waits
 * for a process of its own, for less than a millisecond.
 */
MUST_CHECK bool child_kill(pid_t pid, uid_t uid);

#endif
