/*
 * Landlock alone, without the filter that would answer first, with each version that a kernel may have: what a version
 * knows is forbidden, what it does not know goes as before, and none is no reason not to start.
 */
#include "daemon/rights_step.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "daemon/rights_child.h"
#include "support/check_run.h"

/* Forced down to what Debian 11, 12 and 13 have, and 2, 3, 5 and 6 between; the last is as the kernel has it. */
static const int versions[] = {0, 1, 2, 3, 4, 5, 6, RIGHTS_ABI_OF_KERNEL};

static char scratch[64], file[96], directory[96];
static int abi_in_use;

static void make_scratch(void)
{
    int fd;

    strcpy(scratch, "/tmp/sallyport-landlock.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scratch));
    snprintf(file, sizeof file, "%s/file", scratch);
    snprintf(directory, sizeof directory, "%s/directory", scratch);
    fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void remove_scratch(void)
{
    unlink(file);
    rmdir(directory);
    ck_assert_int_eq(rmdir(scratch), 0);
}

/* ---- what is tried: 0, or an errno */

static int result_of(int result)
{
    return result < 0 ? errno : 0;
}

static int try_read(void)
{
    return result_of(open(file, O_RDONLY | O_CLOEXEC));
}

static int try_read_etc(void)
{
    return result_of(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int try_write(void)
{
    return result_of(open(file, O_WRONLY | O_CLOEXEC));
}

static int try_truncate(void)
{
    return result_of(truncate(file, 0));
}

static int try_make_directory(void)
{
    return result_of(mkdir(directory, 0700));
}

static int try_execute(void)
{
    char name[] = "/bin/true";
    char *arguments[] = {name, NULL};
    int status;
    pid_t child = fork();

    if (child == 0) {
        execv(name, arguments);
        _exit(errno);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A unix listener of the master: made, and removed when it is over. */
static int try_unix_listener(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", scratch);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return errno;
    return result_of(unlink(address.sun_path));
}

static int try_tcp(int (*call)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    return result_of(call(fd, (struct sockaddr *)&address, sizeof address));
}

static int try_bind(void)
{
    return try_tcp(bind);
}

/* To port 0 nobody listens. */
static int try_connect(void)
{
    return try_tcp(connect);
}

static int try_signal_parent(void)
{
    return result_of(kill(getppid(), 0));
}

/* A generation: memory with a descriptor is no file of anybody's. */
static int try_memfd(void)
{
    int fd = memfd_create("generation", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    return fd < 0 || ftruncate(fd, 4096) != 0 || write(fd, "x", 1) != 1 ? errno : 0;
}

static int try_null_device(void)
{
    return result_of(open("/dev/null", O_RDWR | O_CLOEXEC));
}

struct attempt {
    const char *name;
    int (*try)(void);
    int abi;                     /* from which version on it can be forbidden */
    bool is_free[PROCESS_ROLES]; /* not forbidden to: master, worker, keyholder, admin, resolver */
    int otherwise;               /* what it comes to where it is free */
    int refused;
};

static const struct attempt attempts[] = {
    {"read a file", try_read, 1, {true}, 0, EACCES},
    {"read below /etc", try_read_etc, 1, {true, false, false, false, true}, 0, EACCES},
    {"write a file", try_write, 1, {false}, 0, EACCES},
    {"truncate a file", try_truncate, 3, {false}, 0, EACCES},
    {"make a directory", try_make_directory, 1, {false}, 0, EACCES},
    {"execute", try_execute, 1, {true}, 0, EACCES},
    {"make and remove a unix socket", try_unix_listener, 1, {true}, 0, EACCES},
    {"bind TCP", try_bind, 4, {true}, 0, EACCES},
    {"connect TCP", try_connect, 4, {true, true, false, false, true}, ECONNREFUSED, EACCES},
    {"signal another process", try_signal_parent, 6, {true}, 0, EPERM},
    {"write memory with a descriptor", try_memfd, 0, {true, true, true, true, true}, 0, 0},
    {"open /dev/null for writing", try_null_device, 1, {true}, 0, EACCES},
};

/* ---- in a process of its own */

static int in_use(enum process_role role, int abi)
{
    int used = abi;
    enum rights_state state;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    state = rights_restrict_paths(role, &used);
    if (state == RIGHTS_NOT_IN_KERNEL)
        return 0;
    return state == RIGHTS_APPLIED ? used : -1;
}

static int attempt_as(enum process_role role, int abi, const struct attempt *attempt)
{
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int used = in_use(role, abi);
        _exit(used == abi_in_use ? attempt->try() : 255);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    rmdir(directory);
    return WEXITSTATUS(status);
}

static int abi_of_kernel(void)
{
    int status;
    pid_t child = fork();

    if (child == 0)
        _exit(in_use(PROCESS_WORKER, RIGHTS_ABI_OF_KERNEL));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 255);
    return WEXITSTATUS(status);
}

START_TEST(what_a_version_knows_is_forbidden_to_who_has_no_use_for_it)
{
    int known = abi_of_kernel();

    abi_in_use = versions[_i] < known ? versions[_i] : known;
    make_scratch();
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
        for (int role = 0; role < PROCESS_ROLES; role++) {
            const struct attempt *attempt = &attempts[i];
            bool is_free = attempt->is_free[role] || abi_in_use < attempt->abi;
            int expected = is_free ? attempt->otherwise : attempt->refused;
            int end = attempt_as((enum process_role)role, versions[_i], attempt);
            ck_assert_msg(end == expected, "%s as %s with version %d: %d instead of %d", attempt->name,
                          rights_role_name((enum process_role)role), abi_in_use, end, expected);
        }
    remove_scratch();
}
END_TEST

static int drop_quietly(void *context)
{
    (void)context;
    return 0;
}

START_TEST(no_version_at_all_is_no_reason_not_to_start)
{
    struct rights_settings settings = strict_settings();

#ifndef HAVE_SECCOMP
    settings.sandbox = CONFIG_SANDBOX_BEST_EFFORT;
#endif
    settings.landlock_abi = 0;
    ck_assert_int_eq(child_with_rights(PROCESS_WORKER, &settings, drop_quietly, NULL), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {no_version_at_all_is_no_reason_not_to_start};
    const TTest *const loops[] = {what_a_version_knows_is_forbidden_to_who_has_no_use_for_it};

    return check_run_loops("rights_landlock", tests, ARRAY_LEN(tests), loops, ARRAY_LEN(loops), ARRAY_LEN(versions));
}
