#include "daemon/child_kill.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* A change of user leaves a process that no other of that user may look into. Answers by its status: 0, or an errno. */
static void become_and_kill(pid_t pid, uid_t uid) __attribute__((noreturn));

static void become_and_kill(pid_t pid, uid_t uid)
{
    _exit(setresuid(uid, uid, uid) == 0 && kill(pid, SIGKILL) == 0 ? 0 : errno);
}

static bool kill_by_another(pid_t pid, uid_t uid)
{
    pid_t other = fork();
    int status;

    if (other < 0)
        return false;
    if (other == 0)
        become_and_kill(pid, uid);
    while (waitpid(other, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    return errno == 0;
}

bool child_kill(pid_t pid, uid_t uid)
{
    if (kill(pid, SIGKILL) == 0)
        return true;
    return errno == EPERM && kill_by_another(pid, uid);
}
