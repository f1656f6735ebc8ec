#include "daemon/rights_child.h"

#include <check.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

struct rights_settings strict_settings(void)
{
    return (struct rights_settings){
        .sandbox = CONFIG_SANDBOX_ON, .uid = NOBODY, .gid = NOBODY, .landlock_abi = RIGHTS_ABI_OF_KERNEL};
}

static int end_of(pid_t child)
{
    int status;

    ck_assert_int_ge(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int child_with_rights(enum process_role role, const struct rights_settings *settings, int (*then)(void *),
                      void *context)
{
    struct rights_report report;
    pid_t child = fork();

    if (child != 0)
        return end_of(child);
    if (!rights_drop(role, settings, &report)) {
        rights_log(&report, false);
        _exit(CHILD_COULD_NOT_DROP);
    }
    _exit(then(context));
}

int child_without_root(int (*then)(void *), void *context)
{
    pid_t child = fork();

    if (child != 0)
        return end_of(child);
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        _exit(CHILD_COULD_NOT_DROP);
    _exit(then(context));
}
