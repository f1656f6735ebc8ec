#include "daemon/keyholder_rig.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/file_bytes.h"
#include "proxy/test_files.h"
#include "support/must.h"

enum { PATIENCE_MS = 20000 };

static struct private_key *read_key(const char *name)
{
    struct crypto_fault fault = {""};
    struct file_bytes file;
    struct private_key *key;
    const char *reason;

    must(file_read(test_file(name), 65536, &file, &reason));
    key = private_key_new(file_view(&file), random_system(), &fault);
    must(key);
    file_wipe(&file);
    return key;
}

void keyholder_rig_key_id(const char *name, uint8_t id[KEY_ID_LEN])
{
    struct private_key *key = read_key(name);

    memcpy(id, private_key_id(key), KEY_ID_LEN);
    private_key_free(key);
}

/* Of the test's descriptors it has none: their ends would never come. */
static _Noreturn void run(int control, const struct ticket_root *root)
{
    struct keyring *keyring = keyring_new();
    bool is_ok = keyring && keyring_add(keyring, read_key("p256.key")) &&
                 keyring_add(keyring, read_key("rsa2048.key")) && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
                 dup2(control, 3) == 3 && close_range(4, ~0U, 0) == 0;
    enum daemon_exit exit;

    if (!is_ok)
        _exit(99);
    if (root)
        keyring_set_tickets(keyring, ticket_keys_from_root(random_system(), root));
    exit = keyholder_run(3, keyring);
    keyring_free(keyring);
    _exit((int)exit);
}

void keyholder_rig_start(struct keyholder_rig *rig, const struct ticket_root *root)
{
    int ends[2];

    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    rig->pid = fork();
    must(rig->pid >= 0);
    if (rig->pid == 0)
        run(ends[1], root);
    close(ends[1]);
    rig->control = ends[0];
}

void keyholder_rig_order(const struct keyholder_rig *rig, const void *order, size_t len, const int *fds, size_t count)
{
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(4 * sizeof(int))] = {0};
    struct iovec span = {(void *)order, len};
    struct msghdr header = {.msg_iov = &span, .msg_iovlen = 1};

    if (count > 0) {
        header.msg_control = rights;
        header.msg_controllen = CMSG_SPACE(count * sizeof(int));
        CMSG_FIRSTHDR(&header)->cmsg_level = SOL_SOCKET;
        CMSG_FIRSTHDR(&header)->cmsg_type = SCM_RIGHTS;
        CMSG_FIRSTHDR(&header)->cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), fds, count * sizeof(int));
    }
    must(sendmsg(rig->control, &header, MSG_NOSIGNAL) == (ssize_t)len);
}

int keyholder_rig_attach(const struct keyholder_rig *rig, uint32_t worker)
{
    struct keyholder_order order = {KEYHOLDER_ATTACH, worker};
    int ends[2];

    must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    keyholder_rig_order(rig, &order, sizeof order, &ends[1], 1);
    close(ends[1]);
    return ends[0];
}

bool keyholder_rig_has_report(const struct keyholder_rig *rig)
{
    struct pollfd socket = {.fd = rig->control, .events = POLLIN};

    return poll(&socket, 1, 100) == 1;
}

struct keyholder_report keyholder_rig_report(const struct keyholder_rig *rig)
{
    struct pollfd socket = {.fd = rig->control, .events = POLLIN};
    struct keyholder_report report;

    must(poll(&socket, 1, PATIENCE_MS) == 1);
    must(recv(rig->control, &report, sizeof report, 0) == sizeof report);
    return report;
}

int keyholder_rig_wait(struct keyholder_rig *rig)
{
    int status = -1;

    must(waitpid(rig->pid, &status, 0) == rig->pid);
    return status;
}

int keyholder_rig_end(struct keyholder_rig *rig)
{
    close(rig->control);
    return keyholder_rig_wait(rig);
}

void keyholder_rig_kill(struct keyholder_rig *rig)
{
    must(kill(rig->pid, SIGKILL) == 0);
    must(WIFSIGNALED(keyholder_rig_wait(rig)));
    close(rig->control);
}
