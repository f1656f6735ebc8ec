#include "daemon/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/crypto.h"
#include "daemon/admin_process.h"
#include "daemon/rights.h"
#include "daemon/keyholder_process.h"
#include "daemon/resolver.h"
#include "daemon/worker.h"

struct role {
    const char *name;
    enum daemon_exit (*run)(int control);
};

/* What the master starts has a row. */
static const struct role roles[PROCESS_ROLES] = {
    [PROCESS_MASTER] = {"master", NULL},
    [PROCESS_WORKER] = {"worker", worker_run},
    [PROCESS_KEYHOLDER] = {"keyholder", keyholder_process_run},
    [PROCESS_ADMIN] = {"admin", admin_process_run},
    [PROCESS_RESOLVER] = {"resolver", resolver_run},
};

static int binary = -1;
static char binary_path[PATH_MAX];

const char *role_name(enum process_role role)
{
    return roles[role].name;
}

/* ---- the master's side */

/*
 * As it was started: a relative path from the directory that was the current one then, an absolute one as it stands,
 * for an upgrade may be a symbolic link on the way that leads elsewhere by now. A path by descriptor says nothing
 * later.
 */
static bool path_as_started(char path[PATH_MAX])
{
    const char *started = (const char *)getauxval(AT_EXECFN); /* NOLINT: so it is defined */
    size_t len = 0;

    if (!started || strncmp(started, "/dev/fd/", 8) == 0 || strncmp(started, "/proc/", 6) == 0)
        return false;
    if (strncmp(started, "./", 2) == 0)
        started += 2;
    if (started[0] != '/') {
        if (!getcwd(path, PATH_MAX - 1))
            return false;
        len = strlen(path);
        path[len++] = '/';
    }
    return snprintf(path + len, PATH_MAX - len, "%s", started) < (int)(PATH_MAX - len);
}

static void know_path(void)
{
    ssize_t len;

    if (path_as_started(binary_path))
        return;
    len = readlink("/proc/self/exe", binary_path, sizeof binary_path - 1);
    binary_path[len > 0 ? len : 0] = 0;
}

bool spawn_prepare(void)
{
    if (binary >= 0)
        return true;
    know_path();
    binary = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (binary < 0) /* where /proc is not there */
        binary = open(binary_path, O_RDONLY | O_CLOEXEC);
    return binary >= 0;
}

const char *spawn_path(void)
{
    return binary_path;
}

pid_t spawn_fork(void)
{
    sigset_t all, before;
    pid_t pid;
    int error;

    sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, &before) != 0)
        return -1;
    pid = fork();
    if (pid == 0)
        return 0;
    error = errno;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

void spawn_unblock_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

void spawn_end_with_parent(void)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
        log_message(LOG_LEVEL_WARNING, "this process cannot be tied to the life of its master: %m");
}

/* Between fork and exec: nothing that could need memory or a lock. */
static _Noreturn void become(enum process_role role, unsigned number, int control, pid_t master)
{
    char title[64], option[] = "--process", name[32];
    char *arguments[] = {title, option, name, NULL};

    snprintf(title, sizeof title, "sallyport: %s %u", roles[role].name, number);
    snprintf(name, sizeof name, "%s", roles[role].name);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != master)
        _exit(DAEMON_EXIT_FAILURE);
    if (control == CONTROL_FD ? fcntl(control, F_SETFD, 0) != 0 : dup2(control, CONTROL_FD) != CONTROL_FD)
        _exit(DAEMON_EXIT_FAILURE);
    fexecve(binary, arguments, environ);
    _exit(DAEMON_EXIT_FAILURE);
}

pid_t spawn_process(enum process_role role, unsigned number, int *control)
{
    int ends[2], error;
    pid_t pid, master = getpid();

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return -1;
    pid = spawn_fork();
    if (pid == 0)
        become(role, number, ends[1], master);
    error = errno;
    close(ends[1]);
    if (pid < 0)
        close(ends[0]);
    else
        *control = ends[0];
    errno = error;
    return pid;
}

/* ---- the child's side */

static bool is_control_socket(int fd)
{
    int type = 0;
    socklen_t len = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

static const struct role *find_role(const char *name)
{
    for (size_t i = 0; i < PROCESS_ROLES; i++)
        if (roles[i].run && strcmp(roles[i].name, name) == 0)
            return &roles[i];
    return NULL;
}

/* A Ctrl-C or a stopping service reaches every process of the group: it is the master that decides. */
static void ignore_signals(void)
{
    static const int ignored[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGPIPE};

    for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
        (void)signal(ignored[i], SIG_IGN);
    spawn_unblock_signals();
}

bool daemon_is_child(const char *name)
{
    return find_role(name) && is_control_socket(CONTROL_FD);
}

enum daemon_exit daemon_run_child(const char *name)
{
    const struct role *role = find_role(name);

    ignore_signals();
    if (!rights_harden())
        log_message(LOG_LEVEL_WARNING, "core dumps cannot be switched off: %m");
    if (!rights_close_from(CONTROL_FD + 1))
        log_message(LOG_LEVEL_WARNING, "descriptors that the master may have left open stay open: %m");
    if (fcntl(CONTROL_FD, F_SETFD, FD_CLOEXEC) == 0 && crypto_start())
        return role->run(CONTROL_FD);
    log_message(LOG_LEVEL_ERROR, "process %s: the cryptographic library does not start", name);
    return DAEMON_EXIT_FAILURE;
}
