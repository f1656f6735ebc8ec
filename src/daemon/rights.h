/*
 * rights.h: what a process may still do once it has started.
 *
 * Each process gives up, in this order and for good: gaining rights by executing (no_new_privs), the sight of the file
 * system (a root directory with nothing in it), being root (ids and capabilities), files and ports (Landlock), and
 * every system call that is not on the list of its role (seccomp). What is inherited over fork and exec is never
 * widened, so the master's lists contain those of its children: there is no process between them that could do more.
 *
 * The master makes the settings from the configuration (rights_settings.h) and hands them to its children, who drop
 * their rights before they read anything else. Nothing here is undone; after false the process must end.
 */
#ifndef DAEMON_RIGHTS_H
#define DAEMON_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "daemon/process_role.h"

enum { RIGHTS_ROOT_LEN = 400, RIGHTS_ABI_OF_KERNEL = 99 };

/* Without pointers: it goes to the children as it is. Zeroed, it is the strictest; uid 0 is never taken. */
struct rights_settings {
    int sandbox;                /* an enum config_sandbox */
    uint32_t uid, gid;          /* who to become, where the process is root */
    char root[RIGHTS_ROOT_LEN]; /* an absolute path; "": one with nothing in it, on no disk */
    int landlock_abi;           /* use no newer one; RIGHTS_ABI_OF_KERNEL but in tests */
    int is_reexecuted;          /* the master was filtered before it executed itself: nothing is laid on top */
};

enum rights_step { RIGHTS_NO_NEW_PRIVS, RIGHTS_ROOT, RIGHTS_IDS, RIGHTS_LANDLOCK, RIGHTS_SECCOMP, RIGHTS_STEPS };

/* X(constant, words): all is as it should be; something is missing, for a reason; what sandbox = on does not bear. */
#define RIGHTS_STATES(X)                                                                                               \
    X(RIGHTS_NOT_REACHED, "not reached")                                                                               \
    X(RIGHTS_APPLIED, "yes")                                                                                           \
    X(RIGHTS_NOT_NEEDED, "not needed")                                                                                 \
    X(RIGHTS_INHERITED, "kept")                                                                                        \
    X(RIGHTS_SWITCHED_OFF, "off by configuration")                                                                     \
    X(RIGHTS_NOT_ROOT, "only root can")                                                                                \
    X(RIGHTS_NOT_IN_KERNEL, "the kernel has none")                                                                     \
    X(RIGHTS_INSTRUMENTED, "not in a build with sanitizers or coverage")                                               \
    X(RIGHTS_UNDER_VALGRIND, "not under valgrind")                                                                     \
    X(RIGHTS_NOT_BUILT, "built without libseccomp")                                                                    \
    X(RIGHTS_FAILED, "failed")

enum rights_state {
#define X(constant, words) constant,
    RIGHTS_STATES(X)
#undef X
};

/* What came of each step; without pointers, so that a child can send it. */
struct rights_report {
    int role; /* an enum process_role */
    struct {
        int state; /* an enum rights_state */
        int error; /* an errno, for RIGHTS_FAILED */
    } steps[RIGHTS_STEPS];
    uint32_t uid, gid; /* who the process is now */
    int landlock_abi;  /* in use; 0: none */
};

/*
 * In every process, before it has a secret: no core dump, no debugger of the same user, locked memory up to what the
 * keyholder's arena takes. False, errno set, when core dumps cannot be switched off.
 */
MUST_CHECK bool rights_harden(void);

/* Closes every descriptor from `lowest` on: what a child was not given on purpose is not there. False: errno. */
MUST_CHECK bool rights_close_from(int lowest);

/*
 * Drops what `role` does not need. The libraries are loaded, the cryptographic ones started, the event base and the
 * signals exist, there is one thread. False when a step failed that may not: the report says which, and the process
 * ends. Failing at dropping ids is never forgiven; at the others, where sandbox = best-effort, it is told only.
 */
MUST_CHECK bool rights_drop(enum process_role role, const struct rights_settings *settings,
                            struct rights_report *report);

/* One line: at level error when the process must end, notice when something is missing, debug when all is there. */
void rights_log(const struct rights_report *report, bool is_dropped);

const char *rights_role_name(enum process_role role);

#endif
