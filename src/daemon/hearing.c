#include <unistd.h>

#include "base/log.h"
#include "daemon/master.h"

static void on_ready(struct child *child, const struct control_message *message)
{
    if (message->generation == child->building)
        child->is_ready = true;
    reload_step(child->master);
}

static void on_refused(struct child *child, const struct control_message *message)
{
    struct master *master = child->master;

    if (message->generation != child->building)
        return;
    log_message(LOG_LEVEL_ERROR, "%s %u refuses: %s", role_name(child->role), child->number, message->reason);
    if (master->next && message->generation == master->next->number)
        reload_abort(master, (enum daemon_exit)message->exit, "a process cannot build it");
    else
        children_give_up(child, "cannot build what others serve");
}

/* All of a role come to the same: one line tells of it, and one more of whoever cannot go on. */
static void on_confined(struct child *child, const struct control_message *message)
{
    bool *is_told = &child->master->is_rights_told[child->role];

    if (message->report.role != (int)child->role) {
        children_give_up(child, "tells of the rights of another");
        return;
    }
    if (!*is_told || !message->is_dropped)
        rights_log(&message->report, message->is_dropped);
    *is_told = *is_told || message->is_dropped;
}

static void on_connect(struct child *child, const struct control_message *message)
{
    struct control_message answer = {.type = CONTROL_CONNECTED, .request = message->request};
    uint64_t now = master_now();
    int fd;

    if (child->role != PROCESS_WORKER || !unix_quota_take(&child->quota, now)) {
        children_give_up(child, "asks for more connections than a process of its kind may");
        return;
    }
    answer.error = (uint16_t)unix_backends_connect(&child->master->unix_backends, message->path, now, &fd);
    answer.fds[0] = fd;
    answer.fd_count = fd >= 0;
    children_tell(child, &answer);
    if (fd >= 0)
        close(fd);
}

static void obey(struct child *child, const struct control_message *message)
{
    switch (message->type) {
    case CONTROL_READY:
        on_ready(child, message);
        return;
    case CONTROL_CONFINED:
        on_confined(child, message);
        return;
    case CONTROL_CONNECT:
        on_connect(child, message);
        return;
    default:
        on_refused(child, message);
    }
}

void children_hear(struct child *child)
{
    struct control_message message;
    enum control_result result = control_receive(child->control, &message);

    if (result == CONTROL_GONE) {
        children_hang_up(child); /* the signal of its end comes, too */
    } else if (result == CONTROL_VIOLATION || (result == CONTROL_GOT && !control_is_of_child(message.type))) {
        if (result == CONTROL_GOT)
            for (size_t i = 0; i < message.fd_count; i++)
                close(message.fds[i]);
        children_give_up(child, "breaks the rules of what a child may say");
    } else if (result == CONTROL_GOT) {
        obey(child, &message);
    }
}
