#include "daemon/rights_step.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Landlock by its own system calls (landlock(7)): the kernel's header of Debian 12 knows version 2, kernels know up to
 * 7 and more, so the numbers stand here. Bits and the sizes of the structs only ever grow.
 */
enum { RULESET_VERSION = 1, RULE_PATH_BENEATH = 1 };

#define FS_EXECUTE (UINT64_C(1) << 0)
#define FS_WRITE_FILE (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR (UINT64_C(1) << 3)
#define FS_REMOVE_FILE (UINT64_C(1) << 5)
#define FS_MAKE_SOCK (UINT64_C(1) << 9)
#define FS_OF_VERSION_1 ((UINT64_C(1) << 13) - 1)
#define FS_REFER (UINT64_C(1) << 13)    /* version 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14) /* version 3 */
#define NET_BIND_TCP (UINT64_C(1) << 0) /* version 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)       /* version 5 */
#define SCOPE_ABSTRACT_UNIX (UINT64_C(1) << 0) /* version 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define FS_EVERYTHING (FS_OF_VERSION_1 | FS_REFER | FS_TRUNCATE | FS_IOCTL_DEV)

struct ruleset {
    uint64_t fs, net, scoped;
};

struct path_beneath {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));

/* What each version handles, and how much of struct ruleset it knows. */
struct version {
    struct ruleset handles;
    size_t len;
};

static struct version version_of(int abi)
{
    struct version version = {{FS_OF_VERSION_1, 0, 0}, sizeof(uint64_t)};

    version.handles.fs |= (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEV : 0);
    version.handles.net = abi >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0;
    version.handles.scoped = abi >= 6 ? SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL : 0;
    version.len = abi >= 6 ? 3 * sizeof(uint64_t) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
    return version;
}

/* What is handled is forbidden, but beneath a path that is listed. */
struct path_rule {
    const char *path; /* NULL ends the list; one that does not exist needs no rule */
    uint64_t allowed;
};

/* What getaddrinfo(3) and its modules read. resolv.conf may lead to /run, and so may their sockets. */
static const struct path_rule of_resolver[] = {
    {"/etc", FS_READ_FILE | FS_READ_DIR},   {"/usr", FS_READ_FILE | FS_READ_DIR}, {"/lib", FS_READ_FILE | FS_READ_DIR},
    {"/lib64", FS_READ_FILE | FS_READ_DIR}, {"/run", FS_READ_FILE | FS_READ_DIR}, {NULL, 0},
};

/* The program fills the standard descriptors with it at its start. */
static const struct path_rule of_master[] = {
    {"/dev/null", FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV},
    {NULL, 0},
};

/*
 * The master reads what a new configuration names and executes the program anew, makes and removes the sockets of
 * unix listeners, wherever they are; it writes no file. Its children inherit, so it can hold back nothing of the
 * network: a worker connects.
 */
static const struct {
    struct ruleset forbidden;
    const struct path_rule *paths; /* NULL: none */
} roles[PROCESS_ROLES] = {
    [PROCESS_MASTER] = {{FS_EVERYTHING & ~(FS_EXECUTE | FS_READ_FILE | FS_READ_DIR | FS_REMOVE_FILE | FS_MAKE_SOCK), 0,
                         0},
                        of_master},
    [PROCESS_WORKER] = {{FS_EVERYTHING, NET_BIND_TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL}, NULL},
    [PROCESS_KEYHOLDER] = {{FS_EVERYTHING, NET_BIND_TCP | NET_CONNECT_TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL}, NULL},
    [PROCESS_ADMIN] = {{FS_EVERYTHING, NET_BIND_TCP | NET_CONNECT_TCP, SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL}, NULL},
    [PROCESS_RESOLVER] = {{FS_EVERYTHING, NET_BIND_TCP, SCOPE_SIGNAL}, of_resolver},
};

/* Only what is handled can be allowed. */
static bool add_path(int ruleset, uint64_t handled, const struct path_rule *rule)
{
    struct path_beneath beneath = {rule->allowed & handled, open(rule->path, O_PATH | O_CLOEXEC)};
    bool is_added;
    int error;

    if (beneath.fd < 0)
        return errno == ENOENT;
    is_added = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &beneath, 0U) == 0;
    error = errno;
    close(beneath.fd);
    errno = error;
    return is_added;
}

static bool add_paths(int ruleset, uint64_t handled, const struct path_rule *paths)
{
    for (; paths && paths->path; paths++)
        if (!add_path(ruleset, handled, paths))
            return false;
    return true;
}

static bool restrict_by(const struct ruleset *handled, size_t len, const struct path_rule *paths)
{
    int fd = (int)syscall(SYS_landlock_create_ruleset, handled, len, 0U), error;
    bool is_restricted =
        fd >= 0 && add_paths(fd, handled->fs, paths) && syscall(SYS_landlock_restrict_self, fd, 0U) == 0;

    error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return is_restricted;
}

/* Not compiled in, or not switched on, or too old. */
static int abi_of_kernel(void)
{
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0UL, (unsigned)RULESET_VERSION);

    return abi > 0 ? abi : 0;
}

enum rights_state rights_restrict_paths(enum process_role role, int *abi)
{
    int known = abi_of_kernel();
    struct ruleset handled = roles[role].forbidden;
    struct version version;

    *abi = *abi < known ? *abi : known;
    if (*abi <= 0)
        return RIGHTS_NOT_IN_KERNEL;
    version = version_of(*abi);
    handled.fs &= version.handles.fs;
    handled.net &= version.handles.net;
    handled.scoped &= version.handles.scoped;
    return restrict_by(&handled, version.len, roles[role].paths) ? RIGHTS_APPLIED : RIGHTS_FAILED;
}
