#include "daemon/rights_step.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- capabilities, by the kernel's own calls: 64 bits in two halves (capget(2), version 3) */

#define BIT(capability) (UINT64_C(1) << (capability))

/* Ports below 1024, files and directories that only their owners read, sockets that are made and given away there,
 * children of another uid: started, their memory locked, moved into their root, ended. */
static const uint64_t of_master = BIT(CAP_NET_BIND_SERVICE) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) |
                                  BIT(CAP_CHOWN) | BIT(CAP_FOWNER) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
                                  BIT(CAP_SYS_CHROOT) | BIT(CAP_KILL) | BIT(CAP_IPC_LOCK);

static bool get_capabilities(struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};

    return syscall(SYS_capget, &header, data) == 0;
}

static bool set_capabilities(const struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};

    return syscall(SYS_capset, &header, data) == 0;
}

/* Only less, never more: what is not there is not asked for. Nothing is inheritable, so nothing can be ambient. */
static bool keep_capabilities(uint64_t kept)
{
    struct __user_cap_data_struct data[2];

    if (!get_capabilities(data))
        return false;
    for (int half = 0; half < 2; half++) {
        data[half].permitted &= (uint32_t)(kept >> (32 * half));
        data[half].effective &= (uint32_t)(kept >> (32 * half));
        data[half].inheritable = 0;
    }
    return set_capabilities(data);
}

static bool has_no_capability(void)
{
    struct __user_cap_data_struct data[2];

    return get_capabilities(data) && !(data[0].permitted | data[1].permitted | data[0].effective | data[1].effective |
                                       data[0].inheritable | data[1].inheritable);
}

/* What root would get back by executing. Who may not reduce it (no CAP_SETPCAP) had it reduced by another. */
static void drop_bounding_set(uint64_t kept)
{
    for (unsigned capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (capability > 63 || !(kept & BIT(capability)))
            (void)!prctl(PR_CAPBSET_DROP, capability);
}

/* Whoever is not root keeps what it was given: the children drop it, and the next image needs it to bind. */
enum rights_state rights_keep_master_capabilities(void)
{
    if (geteuid() != 0)
        return RIGHTS_NOT_NEEDED;
    drop_bounding_set(of_master);
    return keep_capabilities(of_master) ? RIGHTS_APPLIED : RIGHTS_FAILED;
}

/* ---- ids: each call may fail silently in effect (reliability O04), so all is asked for again afterwards */

static bool set_ids(uint32_t uid, uint32_t gid)
{
    return setgroups(0, NULL) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

static bool are_ids(uint32_t uid, uint32_t gid)
{
    uid_t u[3];
    gid_t g[3];

    if (getresuid(&u[0], &u[1], &u[2]) != 0 || getresgid(&g[0], &g[1], &g[2]) != 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (u[i] != uid || g[i] != gid)
            return false;
    return true;
}

static bool can_return_to_root(void)
{
    return setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0;
}

static enum rights_state unless_wrong(bool is_right, enum rights_state state)
{
    if (is_right)
        return state;
    errno = EPERM;
    return RIGHTS_FAILED;
}

/* Without root there is nobody to become; a way back, as of a set-user-ID program, is closed all the same. */
static enum rights_state stay(void)
{
    uint32_t uid = getuid(), gid = getgid();

    if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0 || !keep_capabilities(0))
        return RIGHTS_FAILED;
    return unless_wrong(are_ids(uid, gid) && uid != 0 && setuid(0) != 0 && has_no_capability(), RIGHTS_NOT_ROOT);
}

enum rights_state rights_become(uint32_t uid, uint32_t gid)
{
    if (geteuid() != 0)
        return stay();
    if (uid == 0 || gid == 0) {
        errno = EINVAL;
        return RIGHTS_FAILED;
    }
    if (!set_ids(uid, gid) || !keep_capabilities(0))
        return RIGHTS_FAILED;
    return unless_wrong(are_ids(uid, gid) && getgroups(0, NULL) == 0 && !can_return_to_root() && has_no_capability(),
                        RIGHTS_APPLIED);
}
