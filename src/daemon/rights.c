#include "daemon/rights.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config.h"
#include "config/config.h"
#include "daemon/rights_step.h"
#ifdef HAVE_VALGRIND
#include <valgrind/valgrind.h>
#endif

/*
 * Tools that look for leaks and write what they find do it by files, maps and calls that are out of reach otherwise:
 * under them a process stays where it can be looked into.
 */
#ifdef INSTRUMENTED
enum { IS_INSTRUMENTED = true };
#else
enum { IS_INSTRUMENTED = false };
#endif

static bool is_under_valgrind(void)
{
#ifdef HAVE_VALGRIND
    return RUNNING_ON_VALGRIND;
#else
    return false;
#endif
}

/* RIGHTS_NOT_REACHED: nothing speaks against a sandbox. */
static enum rights_state why_no_sandbox(const struct rights_settings *settings)
{
    if (settings->sandbox == CONFIG_SANDBOX_OFF)
        return RIGHTS_SWITCHED_OFF;
    if (IS_INSTRUMENTED)
        return RIGHTS_INSTRUMENTED;
    return is_under_valgrind() ? RIGHTS_UNDER_VALGRIND : RIGHTS_NOT_REACHED;
}

/* ---- before anything is dropped */

/* A keyholder's heap (keyholder_process.c) and all else that it can write. The kernel's default is 8 MiB or less. */
enum { LOCKED_MEMORY = 64 << 20 };

static void raise_locked_memory(void)
{
    struct rlimit limit, more;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur >= LOCKED_MEMORY)
        return;
    more = (struct rlimit){LOCKED_MEMORY, limit.rlim_max < LOCKED_MEMORY ? LOCKED_MEMORY : limit.rlim_max};
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_MEMLOCK, &more) != 0) /* a higher bound is root's to set: then all there is */
        (void)!setrlimit(RLIMIT_MEMLOCK, &limit);
}

/* Reliability O05: no core with keys in it, and no debugger of the same user on the process. */
bool rights_harden(void)
{
    static const struct rlimit none = {0, 0};

    raise_locked_memory();
    return prctl(PR_SET_DUMPABLE, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0;
}

bool rights_close_from(int lowest)
{
    return syscall(SYS_close_range, (unsigned)lowest, ~0U, 0U) == 0;
}

/* ---- the steps */

static enum rights_state set_no_new_privs(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? RIGHTS_APPLIED : RIGHTS_FAILED;
}

/* The resolver reads what the system's libraries read, and the master what a new configuration names. */
static bool sees_files(enum process_role role)
{
    return role == PROCESS_MASTER || role == PROCESS_RESOLVER;
}

static enum rights_state change_root(enum process_role role, const struct rights_settings *settings)
{
    enum rights_state state = sees_files(role) ? RIGHTS_NOT_NEEDED : why_no_sandbox(settings);

    if (state != RIGHTS_NOT_REACHED)
        return state;
    return geteuid() == 0 ? rights_change_root(settings->root) : RIGHTS_NOT_ROOT;
}

/* Dumpable again is who changes its ids or executes, and the signal at the parent's end is forgotten by then
 * (prctl(2)): so once more, whatever became of them. */
static enum rights_state change_ids(enum process_role role, const struct rights_settings *settings)
{
    enum rights_state state =
        role == PROCESS_MASTER ? rights_keep_master_capabilities() : rights_become(settings->uid, settings->gid);

    if (role != PROCESS_MASTER && prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        return RIGHTS_FAILED;
    return prctl(PR_SET_DUMPABLE, IS_INSTRUMENTED) == 0 ? state : RIGHTS_FAILED;
}

static enum rights_state why_nothing_on_top(const struct rights_settings *settings)
{
    enum rights_state state = why_no_sandbox(settings);

    return state == RIGHTS_NOT_REACHED && settings->is_reexecuted ? RIGHTS_INHERITED : state;
}

static enum rights_state restrict_paths(enum process_role role, const struct rights_settings *settings, int *abi)
{
    enum rights_state state = why_nothing_on_top(settings);

    *abi = settings->landlock_abi;
    if (state == RIGHTS_NOT_REACHED)
        state = rights_restrict_paths(role, abi);
    if (state != RIGHTS_APPLIED)
        *abi = 0;
    return state;
}

static enum rights_state filter_calls(enum process_role role, const struct rights_settings *settings)
{
    enum rights_state state = why_nothing_on_top(settings);

    return state == RIGHTS_NOT_REACHED ? rights_filter_calls(role) : state;
}

/* ---- in their order */

static bool is_forgiven(enum rights_step step, const struct rights_settings *settings)
{
    return settings->sandbox == CONFIG_SANDBOX_BEST_EFFORT && step != RIGHTS_IDS && step != RIGHTS_NO_NEW_PRIVS;
}

static bool take(struct rights_report *report, const struct rights_settings *settings, enum rights_step step,
                 enum rights_state state)
{
    report->steps[step].state = state;
    report->steps[step].error = state == RIGHTS_FAILED ? errno : 0;
    return state < RIGHTS_NOT_BUILT || is_forgiven(step, settings);
}

bool rights_drop(enum process_role role, const struct rights_settings *settings, struct rights_report *report)
{
    bool is_dropped;

    *report = (struct rights_report){.role = role};
    is_dropped = take(report, settings, RIGHTS_NO_NEW_PRIVS, set_no_new_privs()) &&
                 take(report, settings, RIGHTS_ROOT, change_root(role, settings)) &&
                 take(report, settings, RIGHTS_IDS, change_ids(role, settings));
    report->uid = geteuid(); /* asked before the filter: afterwards nobody may ask */
    report->gid = getegid();
    return is_dropped &&
           take(report, settings, RIGHTS_LANDLOCK, restrict_paths(role, settings, &report->landlock_abi)) &&
           take(report, settings, RIGHTS_SECCOMP, filter_calls(role, settings));
}
