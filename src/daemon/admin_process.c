#include "daemon/admin_process.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/control.h"

struct outfit {
    struct board *board;
    struct counters_map *counters;
    int fds[MAX_CONTROL_FDS]; /* that listen */
    size_t fd_count;
};

static bool take_sight(struct outfit *outfit, const struct control_message *message)
{
    outfit->board = board_open(message->fds[0]);
    outfit->counters = counters_map_open(message->fds[1], COUNTERS_MAP_READ);
    close(message->fds[0]);
    close(message->fds[1]);
    return outfit->board && outfit->counters;
}

static void take_sockets(struct outfit *outfit, const struct control_message *message)
{
    memcpy(outfit->fds, message->fds, message->fd_count * sizeof *outfit->fds);
    outfit->fd_count = message->fd_count;
}

/* First what it shows, once; then where. False: neither. */
static bool take(struct outfit *outfit, const struct control_message *message)
{
    if (message->type == CONTROL_SIGHT && !outfit->board)
        return take_sight(outfit, message);
    if (message->type != CONTROL_SOCKETS || !outfit->board)
        return false;
    take_sockets(outfit, message);
    return true;
}

static bool wait_for_outfit(int control, struct outfit *outfit)
{
    struct control_message message;

    while (outfit->fd_count == 0)
        if (control_wait(control, &message) != CONTROL_GOT || !take(outfit, &message))
            return false;
    return true;
}

/* Nothing but whether it is alive: the end of the socket is its own. */
static bool hear(void *context)
{
    static const struct control_message alive = {.type = CONTROL_ALIVE};
    int control = *(const int *)context;
    struct control_message message;
    enum control_result result = control_receive(control, &message);

    if (result == CONTROL_GOT && message.type == CONTROL_PING)
        return control_send(control, &alive) || errno == EAGAIN; /* a master that was stopped itself asks again */
    return result == CONTROL_NOTHING;
}

static enum daemon_exit run(int control, struct outfit *outfit)
{
    struct event_base *base = admin_prepare();
    struct admin_parent parent = {control, hear, &control};
    struct admin_view view;

    if (base && (!confine_process(PROCESS_ADMIN, control) ||
                 !wait_for_outfit(control, outfit))) /* the master is gone, or thought better of it */
        return DAEMON_EXIT_FAILURE;
    view = (struct admin_view){outfit->board, outfit->counters};
    if (base && admin_run(base, view, outfit->fds, outfit->fd_count, parent))
        return DAEMON_EXIT_OK;
    log_message(LOG_LEVEL_ERROR, "out of memory or descriptors: nobody is answered");
    return DAEMON_EXIT_FAILURE;
}

enum daemon_exit admin_process_run(int control)
{
    struct outfit outfit = {.fd_count = 0};
    enum daemon_exit exit;

    log_set_process("admin");
    tzset(); /* every reply has a date: who makes one opens /etc/localtime the first time, which a sandbox forbids */
    exit = run(control, &outfit);
    board_free(outfit.board);
    counters_map_free(outfit.counters);
    return exit;
}
