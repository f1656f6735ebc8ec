/* rights_step.h: the steps of rights.h, one a file. Each answers how it ended; RIGHTS_FAILED leaves its errno. */
#ifndef DAEMON_RIGHTS_STEP_H
#define DAEMON_RIGHTS_STEP_H

#include "daemon/rights.h"

/* rights_root.c. `path` is "" for the root with nothing in it. */
MUST_CHECK enum rights_state rights_change_root(const char *path);
MUST_CHECK const char *rights_root_fault(const char *path); /* why it cannot be one; NULL: it can */

/* rights_ids.c: from root to uid and gid, or, for the master, to the capabilities that it needs. */
MUST_CHECK enum rights_state rights_become(uint32_t uid, uint32_t gid);
MUST_CHECK enum rights_state rights_keep_master_capabilities(void);

/* rights_landlock.c. The version in use goes to `abi`, at most what comes in it. */
MUST_CHECK enum rights_state rights_restrict_paths(enum process_role role, int *abi);

/* rights_seccomp.c */
MUST_CHECK enum rights_state rights_filter_calls(enum process_role role);

#endif
