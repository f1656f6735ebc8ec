#include "daemon/master_rig.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

enum { MAX_RIG_CHILDREN = 8 };

struct master rig_master;
static struct child children[MAX_RIG_CHILDREN];
static int ends[MAX_RIG_CHILDREN];
static int log_file;

void rig_begin(void)
{
    memset(&rig_master, 0, sizeof rig_master);
    memset(children, 0, sizeof children);
    log_file = memfd_create("log", MFD_CLOEXEC);
    log_configure(LOG_FORMAT_LOGFMT, LOG_LEVEL_DEBUG, log_file);
}

void rig_end(void)
{
    for (size_t i = 0; i < rig_master.child_count; i++) {
        if (children[i].pid > 0 && kill(children[i].pid, SIGKILL) == 0)
            (void)waitpid(children[i].pid, NULL, 0);
        if (children[i].control >= 0)
            close(children[i].control);
        close(ends[i]);
    }
    close(log_file);
}

struct child *rig_add(enum process_role role, uint16_t number)
{
    size_t index = rig_master.child_count++;
    struct child *child = &children[index];
    int pair[2];

    ck_assert_uint_lt(index, MAX_RIG_CHILDREN);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    *child = (struct child){.master = &rig_master, .role = role, .number = number, .control = pair[0], .slot = NO_SLOT};
    child->uid = getuid();
    ends[index] = pair[1];
    rig_master.children[index] = child;
    child->pid = fork();
    if (child->pid == 0) {
        alarm(60);
        for (;;)
            pause();
    }
    ck_assert_int_gt(child->pid, 0);
    return child;
}

int rig_other_end(const struct child *child)
{
    return ends[child - children];
}

void rig_say(const struct child *child, const struct control_message *message)
{
    ck_assert(control_send(rig_other_end(child), message));
}

bool rig_is_heard(const struct child *child)
{
    return child->control >= 0 && waitpid(child->pid, NULL, WNOHANG) == 0;
}

bool rig_was_killed(const struct child *child)
{
    siginfo_t end;

    return child->control < 0 && waitid(P_PID, (id_t)child->pid, &end, WEXITED | WNOWAIT) == 0 &&
           end.si_code == CLD_KILLED && end.si_status == SIGKILL;
}

size_t rig_lines(const char *part)
{
    static char text[1 << 16];
    ssize_t len = pread(log_file, text, sizeof text - 1, 0);
    size_t count = 0;

    text[len > 0 ? len : 0] = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        count++;
    return count;
}
