/* rights_child.h: a process that gives up its rights and then tries something, seen from outside. */
#ifndef DAEMON_RIGHTS_CHILD_H
#define DAEMON_RIGHTS_CHILD_H

#include "config/config.h"
#include "daemon/rights.h"

/* What `then` answers is the exit code; below it, so that each can be told from what an errno could be. */
enum { CHILD_COULD_NOT_DROP = 250 };

/* As strict as can be; the ids are those that check_rights may become where it is root. */
struct rights_settings strict_settings(void);

/* Forks, drops as `role`, calls `then`: its exit code, or -signal. */
int child_with_rights(enum process_role role, const struct rights_settings *settings, int (*then)(void *),
                      void *context);

/* As somebody who is not root: at once where the test is not, after becoming nobody where it is. */
int child_without_root(int (*then)(void *), void *context);

#endif
