#include "daemon/rights_step.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * A root with nothing in it, without a directory on a disk that somebody would have to make and to guard: a child
 * that shares our root (CLONE_FS) moves it into its own /proc/self/fdinfo and dies. What stays is the directory of a
 * process that is no more: nothing can be found, made or mounted there.
 */
static int move_and_die(void *unused)
{
    (void)unused;
    return chroot("/proc/self/fdinfo") == 0 && chdir("/") == 0 ? 0 : errno;
}

enum { CHILD_STACK = 64 << 10 };

static bool enter_nothing(void)
{
    static _Alignas(16) char stack[CHILD_STACK]; /* the child has a copy of it */
    pid_t child = clone(move_and_die, stack + sizeof stack, CLONE_FS | SIGCHLD, NULL);
    int status;

    if (child < 0)
        return false;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
    return errno == 0;
}

/* A directory into which another than root may write is no root: who owns it could plant files there. */
static bool is_of_root_alone(const struct stat *status)
{
    errno = EPERM;
    return status->st_uid == 0 && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

const char *rights_root_fault(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return strerror(errno);
    if (!S_ISDIR(status.st_mode))
        return strerror(ENOTDIR);
    return is_of_root_alone(&status) ? NULL : "another than root could write into it";
}

static bool enter_directory(const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), error;
    struct stat status;
    bool is_inside = fd >= 0 && fstat(fd, &status) == 0 && is_of_root_alone(&status) && fchdir(fd) == 0 &&
                     chroot(".") == 0 && chdir("/") == 0;

    error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return is_inside;
}

enum rights_state rights_change_root(const char *path)
{
    return (*path ? enter_directory(path) : enter_nothing()) ? RIGHTS_APPLIED : RIGHTS_FAILED;
}
