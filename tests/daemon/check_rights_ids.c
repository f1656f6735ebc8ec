/*
 * Dropping ids that fails, or that says it did and did not (reliability O04): either ends the start.
 * Linked with -Wl,--wrap of the three calls.
 */
#include "daemon/rights.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/rights_child.h"
#include "support/check_run.h"

enum fault { WORKS, FAILS, LIES };
static enum fault groups_fault, gid_fault, uid_fault;

int __real_setgroups(size_t count, const gid_t *groups);
int __wrap_setgroups(size_t count, const gid_t *groups);
int __real_setresgid(gid_t real, gid_t effective, gid_t saved);
int __wrap_setresgid(gid_t real, gid_t effective, gid_t saved);
int __real_setresuid(uid_t real, uid_t effective, uid_t saved);
int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved);

static int answer(enum fault fault)
{
    errno = EAGAIN;
    return fault == FAILS ? -1 : 0;
}

int __wrap_setgroups(size_t count, const gid_t *groups)
{
    return groups_fault == WORKS ? __real_setgroups(count, groups) : answer(groups_fault);
}

int __wrap_setresgid(gid_t real, gid_t effective, gid_t saved)
{
    return gid_fault == WORKS ? __real_setresgid(real, effective, saved) : answer(gid_fault);
}

/* The lie leaves the saved id, which is what lets one return. */
int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved)
{
    if (uid_fault == LIES)
        return __real_setresuid(real, effective, (uid_t)-1);
    return uid_fault == WORKS ? __real_setresuid(real, effective, saved) : answer(uid_fault);
}

/* Dropped without the filter, so that the child can tell; no mode forgives it. */
static int drop(const struct rights_settings *settings)
{
    static const gid_t some[] = {1, 2, 3};
    struct rights_report report;
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (__real_setgroups(ARRAY_LEN(some), some) != 0)
            _exit(99);
        if (rights_drop(PROCESS_WORKER, settings, &report))
            _exit(0);
        _exit(report.steps[RIGHTS_IDS].state == RIGHTS_FAILED ? report.steps[RIGHTS_IDS].error : 98);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect_drop(int expected)
{
    struct rights_settings settings = strict_settings();

    settings.sandbox = CONFIG_SANDBOX_OFF;
    ck_assert_int_eq(drop(&settings), expected);
    settings.sandbox = CONFIG_SANDBOX_BEST_EFFORT;
    ck_assert_int_eq(drop(&settings), expected);
}

START_TEST(ids_that_can_be_dropped_are)
{
    expect_drop(0);
}
END_TEST

START_TEST(a_call_that_fails_ends_the_start)
{
    groups_fault = FAILS;
    expect_drop(EAGAIN);
    groups_fault = WORKS, gid_fault = FAILS;
    expect_drop(EAGAIN);
    gid_fault = WORKS, uid_fault = FAILS;
    expect_drop(EAGAIN);
}
END_TEST

START_TEST(a_call_that_only_says_that_it_worked_ends_the_start)
{
    groups_fault = LIES;
    expect_drop(EPERM);
    groups_fault = WORKS, gid_fault = LIES;
    expect_drop(EPERM);
    gid_fault = WORKS, uid_fault = LIES;
    expect_drop(EPERM);
}
END_TEST

START_TEST(root_is_nobody_to_become)
{
    struct rights_settings settings = strict_settings();

    settings.sandbox = CONFIG_SANDBOX_OFF;
    settings.uid = 0;
    ck_assert_int_eq(drop(&settings), EINVAL);
    settings.uid = settings.gid;
    settings.gid = 0;
    ck_assert_int_eq(drop(&settings), EINVAL);
}
END_TEST

/* As a set-user-ID program: another's ids are given back, and what was saved goes too. */
static int drop_with_root_saved(void)
{
    struct rights_settings settings = strict_settings();
    struct rights_report report;
    uid_t ids[3];

    settings.sandbox = CONFIG_SANDBOX_OFF;
    if (__real_setresuid(65534, 65534, 0) != 0 || !rights_drop(PROCESS_WORKER, &settings, &report) ||
        report.steps[RIGHTS_IDS].state != RIGHTS_NOT_ROOT)
        return 1;
    return getresuid(&ids[0], &ids[1], &ids[2]) == 0 && ids[2] == 65534 ? 0 : 2;
}

static int end_with_root_saved(void)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(drop_with_root_saved());
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(a_saved_root_is_given_up_too_or_ends_the_start)
{
    ck_assert_int_eq(end_with_root_saved(), 0);
    uid_fault = LIES;
    ck_assert_int_eq(end_with_root_saved(), 1);
    uid_fault = FAILS;
    ck_assert_int_eq(end_with_root_saved(), 1);
}
END_TEST

/* Capabilities survive a change of ids where somebody asked for it (prctl(2), PR_SET_KEEPCAPS). */
START_TEST(kept_capabilities_are_given_up_too)
{
    ck_assert_int_eq(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
    expect_drop(0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        ids_that_can_be_dropped_are,
        a_call_that_fails_ends_the_start,
        a_call_that_only_says_that_it_worked_ends_the_start,
        root_is_nobody_to_become,
        a_saved_root_is_given_up_too_or_ends_the_start,
        kept_capabilities_are_given_up_too,
    };
    return geteuid() == 0 ? check_run("rights_ids", tests, ARRAY_LEN(tests)) : 77; /* there is nothing to drop */
}
