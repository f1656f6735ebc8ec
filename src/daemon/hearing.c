#include <unistd.h>

#include "base/log.h"
#include "daemon/master.h"

/* In a row, by one that serves. */
enum { MAX_REFUSALS = 2 };

/*
 * In their order, and no more of them than were asked for: what came of its rights once, then an answer to each order
 * to build, and to each question whether it is alive. For connections of a worker that serves there is a quota.
 */
static bool may_say(struct child *child, enum control_type type)
{
    switch (type) {
    case CONTROL_CONFINED:
        return !child->is_confined && (child->is_confined = true);
    case CONTROL_READY:
    case CONTROL_REFUSED:
        return child->is_confined && child->words_due > 0 && child->words_due-- > 0;
    case CONTROL_ALIVE:
        return hung_may_hear(child);
    case CONTROL_RESOLVED:
        return child->is_confined && child->role == PROCESS_RESOLVER;
    case CONTROL_CONNECT:
        return child->is_confined && child->role == PROCESS_WORKER && child->serving != 0;
    default:
        return false;
    }
}

static void on_ready(struct child *child, const struct control_message *message)
{
    if (message->generation == child->building) {
        child->is_ready = true;
        child->refusals = 0;
    }
    reload_step(child->master);
}

/* The loader has built it, and so will another one: a fault in it is none, and memory is short for once or twice. */
static bool is_at_odds(struct child *child, const struct control_message *message)
{
    return child->role == PROCESS_WORKER && child->serving != 0 &&
           (++child->refusals > MAX_REFUSALS || message->exit != DAEMON_EXIT_FAILURE);
}

static void end_reload(struct child *child, const struct control_message *message)
{
    struct master *master = child->master;
    bool is_replaced = is_at_odds(child, message);

    if (is_replaced || message->exit == DAEMON_EXIT_FAILURE) /* out of memory */
        reload_accident(master, "a process cannot build it now");
    else
        reload_abort(master, (enum daemon_exit)message->exit, "a process cannot build it");
    if (is_replaced)
        children_replace(child, "refuses what others can build");
}

/* True: it ended a reload. */
static bool tell_refusal(struct child *child, const struct control_message *message)
{
    const struct master *master = child->master;
    bool ends_reload = master->next && message->generation == master->next->number;

    log_message(LOG_LEVEL_ERROR, "%s %u refuses: %s", role_name(child->role), child->number, message->reason);
    if (ends_reload)
        end_reload(child, message);
    return ends_reload;
}

static void on_refused(struct child *child, const struct control_message *message)
{
    if (message->generation == child->building && !tell_refusal(child, message))
        children_give_up(child, "cannot build what others serve");
}

/* All of a role come to the same: one line tells of it, and one more of whoever cannot go on. False: of another role.
 */
static bool tell_rights(struct child *child, const struct control_message *message)
{
    bool *is_told = &child->master->is_rights_told[child->role];

    if (message->report.role != (int)child->role)
        return false;
    if (!*is_told || !message->is_dropped)
        rights_log(&message->report, message->is_dropped);
    *is_told = *is_told || message->is_dropped;
    return true;
}

static void on_confined(struct child *child, const struct control_message *message)
{
    if (!tell_rights(child, message))
        children_give_up(child, "tells of the rights of another");
    else if (message->is_dropped && (child->role == PROCESS_ADMIN || child->role == PROCESS_RESOLVER))
        children_tell_return(child); /* those who build are at work when they serve what they built */
}

static void on_connect(struct child *child, const struct control_message *message)
{
    struct control_message answer = {.type = CONTROL_CONNECTED, .request = message->request};
    uint64_t now = master_now();
    int fd;

    if (!unix_quota_take(&child->quota, now)) {
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

static void on_resolved(struct child *child, const struct control_message *message)
{
    child->has_worked = true;
    if (!resolving_hear(child, message))
        children_give_up(child, "answers what it was not asked");
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
    case CONTROL_ALIVE:
        hung_hear(child);
        return;
    case CONTROL_RESOLVED:
        on_resolved(child, message);
        return;
    default:
        on_refused(child, message);
    }
}

static void close_fds(const struct control_message *message)
{
    for (size_t i = 0; i < message->fd_count; i++)
        close(message->fds[i]);
}

void children_hear(struct child *child)
{
    struct control_message message;
    enum control_result result = control_receive(child->control, &message);

    if (result == CONTROL_GONE) {
        hung_end_of_words(child);
    } else if (result == CONTROL_GOT && may_say(child, message.type)) {
        obey(child, &message);
    } else if (result != CONTROL_NOTHING) {
        if (result == CONTROL_GOT)
            close_fds(&message);
        children_give_up(child, "breaks the rules of what a child may say");
    }
}

void children_hear_last(struct child *child)
{
    struct control_message message;

    while (child->control >= 0 && control_receive(child->control, &message) == CONTROL_GOT) {
        bool is_due = may_say(child, message.type);
        if (is_due && message.type == CONTROL_CONFINED)
            (void)!tell_rights(child, &message);
        else if (is_due && message.type == CONTROL_REFUSED && message.generation == child->building)
            (void)!tell_refusal(child, &message);
        close_fds(&message);
    }
}
