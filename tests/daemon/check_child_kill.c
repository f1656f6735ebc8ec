#include "daemon/child_kill.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check_run.h"

enum { OTHER_UID = 54321 };

static void give_up_kill(void)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];

    ck_assert_int_eq(syscall(SYS_capget, &header, data), 0);
    data[0].effective &= ~(1u << CAP_KILL);
    data[0].permitted &= ~(1u << CAP_KILL);
    ck_assert_int_eq(syscall(SYS_capset, &header, data), 0);
}

/* A child that is `uid` and sleeps; it is that user when this returns. */
static pid_t start_sleeper(uid_t uid)
{
    int ready[2];
    char byte;
    pid_t pid;

    ck_assert_int_eq(pipe(ready), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (setresuid(uid, uid, uid) == 0 && write(ready[1], "x", 1) == 1)
            sleep(60);
        _exit(1);
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    return pid;
}

static void assert_was_killed(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(a_child_of_the_same_user_is_ended)
{
    pid_t pid = start_sleeper(getuid());

    ck_assert(child_kill(pid, getuid()));
    assert_was_killed(pid);
}
END_TEST

START_TEST(root_without_the_right_to_kill_ends_a_child_of_another_user_and_nobody_elses)
{
    pid_t pid, another;

    if (getuid() != 0) {
        puts("skipped: a child of another user: only root has one");
        return;
    }
    give_up_kill();
    pid = start_sleeper(OTHER_UID);
    another = start_sleeper(OTHER_UID + 1);
    ck_assert(kill(pid, SIGKILL) < 0 && errno == EPERM);
    ck_assert(!child_kill(another, OTHER_UID) && errno == EPERM);
    ck_assert(child_kill(pid, OTHER_UID));
    assert_was_killed(pid);
    ck_assert_int_eq(waitpid(another, NULL, WNOHANG), 0);
    ck_assert(child_kill(another, OTHER_UID + 1));
    assert_was_killed(another);
    ck_assert_int_eq(getuid(), 0);
}
END_TEST

START_TEST(who_is_not_there_is_told)
{
    pid_t pid = start_sleeper(getuid());

    ck_assert(child_kill(pid, getuid()));
    assert_was_killed(pid);
    ck_assert(!child_kill(pid, getuid()) && errno == ESRCH);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_child_of_the_same_user_is_ended,
        root_without_the_right_to_kill_ends_a_child_of_another_user_and_nobody_elses,
        who_is_not_there_is_told,
    };
    return check_run("child_kill", tests, ARRAY_LEN(tests));
}
