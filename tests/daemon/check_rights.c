/*
 * What is left of a process after rights_drop(), as its parent sees it, and what the report says of it.
 */
#include "daemon/rights.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "config.h"
#include "daemon/rights_child.h"
#include "daemon/rights_step.h"
#include "support/check_run.h"

/* What this build can do, where it is root and where the kernel can. */
#ifdef INSTRUMENTED
#define IS_INSTRUMENTED true
#define FILTER_STATE RIGHTS_INSTRUMENTED
#else
#define IS_INSTRUMENTED false
#ifdef HAVE_SECCOMP
#define FILTER_STATE RIGHTS_APPLIED
#else
#define FILTER_STATE RIGHTS_NOT_BUILT
#endif
#endif
#define ROOT_STATE (IS_INSTRUMENTED ? RIGHTS_INSTRUMENTED : RIGHTS_APPLIED)
#define ON_TOP_STATE (IS_INSTRUMENTED ? RIGHTS_INSTRUMENTED : RIGHTS_INHERITED)

/* Where no filter can be laid, what is left to test is the rest. */
static struct rights_settings usual_settings(void)
{
    struct rights_settings settings = strict_settings();

#ifndef HAVE_SECCOMP
    settings.sandbox = CONFIG_SANDBOX_BEST_EFFORT;
#endif
    return settings;
}

/* ---- a process that waits while it is looked at */

struct watched {
    pid_t pid;
    int let_go; /* closed: it ends */
    bool is_dropped;
    struct rights_report report;
};

struct outcome {
    bool is_dropped;
    struct rights_report report;
};

static _Noreturn void drop_and_wait(enum process_role role, const struct rights_settings *settings, int tell, int wait)
{
    struct outcome outcome = {0};
    char end;

    if (!rights_harden())
        _exit(97);
    outcome.is_dropped = rights_drop(role, settings, &outcome.report);
    if (write(tell, &outcome, sizeof outcome) != sizeof outcome)
        _exit(98);
    _exit(read(wait, &end, 1) == 0 ? 0 : 99);
}

static struct watched watch(enum process_role role, const struct rights_settings *settings)
{
    struct watched watched = {0};
    struct outcome outcome;
    int told[2], wait[2];

    ck_assert_int_eq(pipe(told), 0);
    ck_assert_int_eq(pipe(wait), 0);
    watched.pid = fork();
    ck_assert_int_ge(watched.pid, 0);
    if (watched.pid == 0) {
        close(wait[1]);
        drop_and_wait(role, settings, told[1], wait[0]);
    }
    close(told[1]);
    close(wait[0]);
    watched.let_go = wait[1];
    ck_assert_int_eq(read(told[0], &outcome, sizeof outcome), sizeof outcome);
    close(told[0]);
    watched.is_dropped = outcome.is_dropped;
    watched.report = outcome.report;
    return watched;
}

static void let_go(struct watched *watched)
{
    int status;

    close(watched->let_go);
    ck_assert_int_eq(waitpid(watched->pid, &status, 0), watched->pid);
    ck_assert_int_eq(status, 0);
}

/* The value of "KEY:\t..." in /proc/PID/status. */
static const char *status_of(const struct watched *watched, const char *key)
{
    static char line[256];
    size_t len = strlen(key);
    char path[64];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)watched->pid);
    ck_assert_ptr_nonnull(file = fopen(path, "r"));
    while (fgets(line, sizeof line, file))
        if (strncmp(line, key, len) == 0 && line[len] == ':')
            break;
    fclose(file);
    line[strcspn(line, "\n")] = 0;
    return line + len + 1 + strspn(line + len + 1, "\t ");
}

static void expect_steps(const struct watched *watched, int root, int ids, int seccomp)
{
    const struct rights_report *report = &watched->report;

    ck_assert(watched->is_dropped);
    ck_assert_int_eq(report->steps[RIGHTS_NO_NEW_PRIVS].state, RIGHTS_APPLIED);
    ck_assert_int_eq(report->steps[RIGHTS_ROOT].state, root);
    ck_assert_int_eq(report->steps[RIGHTS_IDS].state, ids);
    ck_assert_int_eq(report->steps[RIGHTS_SECCOMP].state, seccomp);
}

/* ---- started as root */

START_TEST(started_as_root_a_child_is_nobody_without_groups_capabilities_files)
{
    struct rights_settings settings = usual_settings();
    struct watched watched;
    char path[64], root[64] = "";

    if (geteuid() != 0)
        return;
    watched = watch((enum process_role)_i, &settings);
    expect_steps(&watched, ROOT_STATE, RIGHTS_APPLIED, FILTER_STATE);
    ck_assert_str_eq(status_of(&watched, "Uid"), "65534\t65534\t65534\t65534");
    ck_assert_str_eq(status_of(&watched, "Gid"), "65534\t65534\t65534\t65534");
    ck_assert_str_eq(status_of(&watched, "Groups"), "");
    ck_assert_str_eq(status_of(&watched, "CapPrm"), "0000000000000000");
    ck_assert_str_eq(status_of(&watched, "CapEff"), "0000000000000000");
    ck_assert_str_eq(status_of(&watched, "CapInh"), "0000000000000000");
    ck_assert_str_eq(status_of(&watched, "CapAmb"), "0000000000000000");
    ck_assert_str_eq(status_of(&watched, "NoNewPrivs"), "1");
    if (FILTER_STATE == RIGHTS_APPLIED)
        ck_assert_str_eq(status_of(&watched, "Seccomp"), "2");
    snprintf(path, sizeof path, "/proc/%d/root", (int)watched.pid);
    ck_assert_int_gt(readlink(path, root, sizeof root - 1), 0);
    ck_assert_msg(IS_INSTRUMENTED || strstr(root, "/fdinfo") != NULL, "%s", root);
    let_go(&watched);
}
END_TEST

/* The bits of capability.h, as /proc prints them: what a path, a port, a child takes. */
START_TEST(the_master_stays_root_with_few_capabilities)
{
    struct rights_settings settings = usual_settings();
    struct watched watched;
    uint64_t kept;

    if (geteuid() != 0)
        return;
    watched = watch(PROCESS_MASTER, &settings);
    expect_steps(&watched, RIGHTS_NOT_NEEDED, RIGHTS_APPLIED, FILTER_STATE);
    kept = strtoull(status_of(&watched, "CapEff"), NULL, 16);
    ck_assert_uint_eq(kept & ~UINT64_C(0x445ef), 0); /* CHOWN, DAC_*, FOWNER, KILL, SETGID, SETUID, BIND, CHROOT, IPC_LOCK */
    ck_assert_uint_eq(strtoull(status_of(&watched, "CapBnd"), NULL, 16) & ~UINT64_C(0x445ef), 0);
    ck_assert_str_eq(status_of(&watched, "NoNewPrivs"), "1");
    let_go(&watched);
}
END_TEST

/* ---- the empty root */

static int look_around(void *context)
{
    struct stat status;
    (void)context;

    if (open("/", O_RDONLY | O_DIRECTORY) >= 0 && readdir(opendir("/")) != NULL)
        return 1;
    if (stat("/proc", &status) == 0 || stat("../../etc", &status) == 0 || stat("0", &status) == 0)
        return 2;
    if (mkdir("/x", 0700) == 0 || open("/x", O_CREAT | O_WRONLY, 0600) >= 0)
        return 3;
    return stat("proc", &status) == 0 ? 4 : 0;
}

/* Without the filter and Landlock, which would answer for it: root itself finds nothing there. */
static int change_root_and_look(void *context)
{
    return rights_change_root("") == RIGHTS_APPLIED ? look_around(context) : 5;
}

static int end_of(int (*what)(void *), void *context)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(what(context));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(in_the_empty_root_there_is_nothing_and_nothing_can_be_made)
{
    if (geteuid() == 0)
        ck_assert_int_eq(end_of(change_root_and_look, NULL), 0);
}
END_TEST

static int change_root_to(void *context)
{
    struct stat status;

    if (rights_change_root(context) != RIGHTS_APPLIED)
        return errno;
    return stat("/inside", &status) == 0 && stat("/etc", &status) != 0 ? 0 : 255;
}

START_TEST(a_root_into_which_others_may_write_is_refused)
{
    char path[] = "/tmp/sallyport-root.XXXXXX", inside[64];
    char nowhere[] = "/nowhere/at/all";

    if (geteuid() != 0)
        return;
    ck_assert_ptr_nonnull(mkdtemp(path));
    snprintf(inside, sizeof inside, "%s/inside", path);
    ck_assert_int_eq(mkdir(inside, 0700), 0);
    ck_assert_int_eq(end_of(change_root_to, path), 0);
    ck_assert_int_eq(chmod(path, 0770), 0);
    ck_assert_int_eq(end_of(change_root_to, path), EPERM);
    ck_assert_int_eq(chmod(path, 0755), 0);
    ck_assert_int_eq(chown(path, 65534, 0), 0);
    ck_assert_int_eq(end_of(change_root_to, path), EPERM);
    ck_assert_int_eq(end_of(change_root_to, nowhere), ENOENT);
    ck_assert_int_eq(rmdir(inside) + rmdir(path), 0);
}
END_TEST

START_TEST(a_root_that_cannot_be_had_ends_the_start_unless_best_effort_is_asked_for)
{
    struct rights_settings settings = usual_settings();
    struct watched watched;

    if (geteuid() != 0 || IS_INSTRUMENTED)
        return;
    strcpy(settings.root, "/nowhere/at/all");
    settings.sandbox = CONFIG_SANDBOX_ON;
    watched = watch(PROCESS_WORKER, &settings);
    ck_assert(!watched.is_dropped);
    ck_assert_int_eq(watched.report.steps[RIGHTS_ROOT].state, RIGHTS_FAILED);
    ck_assert_int_eq(watched.report.steps[RIGHTS_ROOT].error, ENOENT);
    ck_assert_int_eq(watched.report.steps[RIGHTS_IDS].state, RIGHTS_NOT_REACHED);
    let_go(&watched);
    settings.sandbox = CONFIG_SANDBOX_BEST_EFFORT;
    watched = watch(PROCESS_WORKER, &settings);
    expect_steps(&watched, RIGHTS_FAILED, RIGHTS_APPLIED, FILTER_STATE);
    let_go(&watched);
}
END_TEST

/* ---- started as somebody else */

static int drop_without_root(void *context)
{
    struct rights_settings settings = usual_settings();
    struct watched watched = watch(*(enum process_role *)context, &settings);

    expect_steps(&watched, IS_INSTRUMENTED ? RIGHTS_INSTRUMENTED : RIGHTS_NOT_ROOT, RIGHTS_NOT_ROOT, FILTER_STATE);
    ck_assert_str_eq(status_of(&watched, "CapPrm"), "0000000000000000");
    ck_assert_str_eq(status_of(&watched, "NoNewPrivs"), "1");
    ck_assert_uint_eq(watched.report.uid, geteuid());
    let_go(&watched);
    return 0;
}

START_TEST(started_without_root_it_does_what_it_can_and_says_what_it_cannot)
{
    enum process_role role = (enum process_role)_i;

    ck_assert_int_eq(child_without_root(drop_without_root, &role), 0);
}
END_TEST

/* ---- sandbox = off, re-execution, hardening, descriptors */

START_TEST(without_a_sandbox_the_ids_are_dropped_all_the_same)
{
    struct rights_settings settings = usual_settings();
    struct watched watched;

    settings.sandbox = CONFIG_SANDBOX_OFF;
    watched = watch(PROCESS_WORKER, &settings);
    expect_steps(&watched, RIGHTS_SWITCHED_OFF, geteuid() == 0 ? RIGHTS_APPLIED : RIGHTS_NOT_ROOT, RIGHTS_SWITCHED_OFF);
    ck_assert_int_eq(watched.report.landlock_abi, 0);
    let_go(&watched);
}
END_TEST

START_TEST(a_master_that_executed_itself_lays_no_second_filter_on_the_first)
{
    struct rights_settings settings = usual_settings();
    struct watched watched;

    settings.is_reexecuted = true;
    watched = watch(PROCESS_MASTER, &settings);
    expect_steps(&watched, RIGHTS_NOT_NEEDED, geteuid() == 0 ? RIGHTS_APPLIED : RIGHTS_NOT_NEEDED, ON_TOP_STATE);
    ck_assert_int_eq(watched.report.steps[RIGHTS_LANDLOCK].state, ON_TOP_STATE);
    let_go(&watched);
}
END_TEST

static int is_hardened(void *context)
{
    struct rlimit limit;
    (void)context;

    if (prctl(PR_SET_DUMPABLE, 1) != 0 || !rights_harden() || prctl(PR_GET_DUMPABLE) != 0)
        return 1;
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0 || limit.rlim_max != 0)
        return 2;
    return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur >= (geteuid() == 0 ? 8 << 20 : 1) ? 0 : 3;
}

START_TEST(there_are_no_core_dumps_and_there_is_memory_to_lock)
{
    ck_assert_int_eq(end_of(is_hardened, NULL), 0);
}
END_TEST

/* Whoever changes its ids may be dumpable again (fs.suid_dumpable). */
static int is_not_dumpable(void *context)
{
    struct rights_settings settings = usual_settings();
    struct rights_report report;
    (void)context;

    settings.sandbox = CONFIG_SANDBOX_OFF; /* prctl(2) is not on the list */
    if (prctl(PR_SET_DUMPABLE, 1) != 0 || !rights_drop(PROCESS_WORKER, &settings, &report))
        return 1;
    return prctl(PR_GET_DUMPABLE) == IS_INSTRUMENTED ? 0 : 2;
}

START_TEST(after_the_drop_no_other_of_the_same_user_may_look_inside)
{
    ck_assert_int_eq(end_of(is_not_dumpable, NULL), 0);
    ck_assert_int_eq(child_without_root(is_not_dumpable, NULL), 0);
}
END_TEST

static int closes_the_rest(void *context)
{
    int high = dup2(0, 200), low = dup2(0, 3);
    (void)context;

    if (high != 200 || low != 3 || !rights_close_from(4))
        return 1;
    return fcntl(3, F_GETFD) >= 0 && fcntl(4, F_GETFD) < 0 && fcntl(200, F_GETFD) < 0 ? 0 : 2;
}

START_TEST(what_was_not_given_on_purpose_is_closed)
{
    ck_assert_int_eq(end_of(closes_the_rest, NULL), 0);
}
END_TEST

/* ---- the words */

static const char *logged(const struct rights_report *report, bool is_dropped)
{
    static char text[4096];
    int ends[2];
    ssize_t len;

    ck_assert_int_eq(pipe(ends), 0);
    log_configure(LOG_FORMAT_LOGFMT, LOG_LEVEL_DEBUG, ends[1]);
    rights_log(report, is_dropped);
    log_configure(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, STDERR_FILENO);
    len = read(ends[0], text, sizeof text - 1);
    ck_assert_int_gt(len, 0);
    text[len] = 0;
    close(ends[0]);
    close(ends[1]);
    return text;
}

static void expect_words(const char *text, const char *words)
{
    ck_assert_msg(strstr(text, words) != NULL, "'%s' is not in: %s", words, text);
}

START_TEST(one_line_says_what_is_missing_and_how_bad_that_is)
{
    struct rights_report report = {.role = PROCESS_WORKER, .uid = 1000, .gid = 100, .landlock_abi = 4};
    const char *text;

    for (int step = 0; step < RIGHTS_STEPS; step++)
        report.steps[step].state = RIGHTS_APPLIED;
    text = logged(&report, true);
    expect_words(text,
                 "level=debug event=rights role=worker no_new_privs=yes root=yes ids=yes landlock=yes seccomp=yes "
                 "uid=1000 gid=100 landlock_abi=4");
    report.steps[RIGHTS_ROOT].state = RIGHTS_NOT_ROOT;
    text = logged(&report, true);
    expect_words(text, "level=notice event=rights ");
    expect_words(text, " root=\"only root can\" ");
    report.steps[RIGHTS_ROOT].state = RIGHTS_FAILED;
    report.steps[RIGHTS_ROOT].error = ENOENT;
    text = logged(&report, true);
    expect_words(text, "level=warning event=rights ");
    expect_words(text, " root=\"failed: No such file or directory\" ");
    expect_words(logged(&report, false), "level=error event=rights_not_dropped role=worker ");
}
END_TEST

/* From another process: it may say anything. */
START_TEST(a_report_with_nonsense_in_it_is_logged_as_a_failure)
{
    struct rights_report report = {.role = 77};

    report.steps[RIGHTS_IDS].state = -5;
    expect_words(logged(&report, true), "level=warning event=rights role=\"?\" ");
    expect_words(logged(&report, true), " ids=\"failed: ");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_master_stays_root_with_few_capabilities,
        in_the_empty_root_there_is_nothing_and_nothing_can_be_made,
        a_root_into_which_others_may_write_is_refused,
        a_root_that_cannot_be_had_ends_the_start_unless_best_effort_is_asked_for,
        without_a_sandbox_the_ids_are_dropped_all_the_same,
        a_master_that_executed_itself_lays_no_second_filter_on_the_first,
        there_are_no_core_dumps_and_there_is_memory_to_lock,
        after_the_drop_no_other_of_the_same_user_may_look_inside,
        what_was_not_given_on_purpose_is_closed,
        one_line_says_what_is_missing_and_how_bad_that_is,
        a_report_with_nonsense_in_it_is_logged_as_a_failure,
    };
    Suite *suite = suite_create("rights");
    TCase *tcase = tcase_create("rights");
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tcase);
    tcase_set_timeout(tcase, TEST_TIMEOUT_SECONDS);
    for (size_t i = 0; i < ARRAY_LEN(tests); i++)
        tcase_add_test(tcase, tests[i]);
    tcase_add_loop_test(tcase, started_as_root_a_child_is_nobody_without_groups_capabilities_files, PROCESS_WORKER,
                        PROCESS_RESOLVER);
    tcase_add_loop_test(tcase, started_without_root_it_does_what_it_can_and_says_what_it_cannot, PROCESS_WORKER,
                        PROCESS_RESOLVER);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
