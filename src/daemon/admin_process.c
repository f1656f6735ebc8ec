#include "daemon/admin_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/control.h"

struct outfit {
    int control;
    struct board *board;
    struct counters_map *counters;
    int fds[MAX_CONTROL_FDS]; /* that listen */
    size_t fd_count;
    int room[MAX_CONTROL_FDS]; /* descriptors that clients cannot have: see keep_room() */
    size_t room_count;
};

static bool take_sight(struct outfit *outfit, const struct control_message *message)
{
    outfit->board = board_open(message->fds[0]);
    outfit->counters = counters_map_new();
    for (size_t i = 0; i < message->fd_count; i++)
        close(message->fds[i]);
    return outfit->board && outfit->counters;
}

static bool take_counters(struct outfit *outfit, const struct control_message *message)
{
    bool is_ok = true;

    for (size_t i = 0; i < message->fd_count; i++)
        is_ok = counters_map_add_to_read(outfit->counters, message->number + i, message->fds[i]) && is_ok;
    return is_ok;
}

static void take_sockets(struct outfit *outfit, const struct control_message *message)
{
    memcpy(outfit->fds, message->fds, message->fd_count * sizeof *outfit->fds);
    outfit->fd_count = message->fd_count;
}

/* First what it shows, once; then where, once; who counts at any time. False: neither. */
static bool take(struct outfit *outfit, const struct control_message *message)
{
    if (message->type == CONTROL_SIGHT && !outfit->board)
        return take_sight(outfit, message);
    if (message->type == CONTROL_COUNTERS && outfit->board)
        return take_counters(outfit, message);
    if (message->type != CONTROL_SOCKETS || !outfit->board || outfit->fd_count > 0)
        return false;
    take_sockets(outfit, message);
    return true;
}

static bool wait_for_outfit(struct outfit *outfit)
{
    struct control_message message;

    while (outfit->fd_count == 0)
        if (control_wait(outfit->control, &message) != CONTROL_GOT || !take(outfit, &message))
            return false;
    return true;
}

/*
 * Clients may take all descriptors that there are, and yet there has to be a place for each that the master hands over,
 * until it is mapped. These are above all others, and so the same ones each time.
 */
static bool keep_room(struct outfit *outfit)
{
    struct rlimit limit;
    rlim_t wanted = MAX_CONTROL_FDS;
    int fd = 0;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return false;
    if (wanted > limit.rlim_cur / 4) /* few are left for anybody */
        wanted = limit.rlim_cur / 4;
    while (fd >= 0 && outfit->room_count < wanted) {
        fd = fcntl(outfit->control, F_DUPFD_CLOEXEC, (int)(limit.rlim_cur - wanted));
        if (fd >= 0)
            outfit->room[outfit->room_count++] = fd;
    }
    return fd >= 0;
}

static void make_room(struct outfit *outfit)
{
    while (outfit->room_count > 0)
        close(outfit->room[--outfit->room_count]);
}

/* While it answers: what there is to read, and whether it is alive. */
static bool hear(void *context)
{
    static const struct control_message alive = {.type = CONTROL_ALIVE};
    struct outfit *outfit = context;
    struct control_message message;
    enum control_result result;
    bool is_taken;

    make_room(outfit);
    result = control_receive(outfit->control, &message);
    if (result == CONTROL_GOT && message.type == CONTROL_PING)
        is_taken = control_send(outfit->control, &alive) || errno == EAGAIN; /* a master that was stopped asks again */
    else
        is_taken = result == CONTROL_NOTHING || (result == CONTROL_GOT && take(outfit, &message));
    return keep_room(outfit) && is_taken;
}

static enum daemon_exit run(struct outfit *outfit)
{
    struct event_base *base = admin_prepare();
    struct admin_view view;

    if (base && (!confine_process(PROCESS_ADMIN, outfit->control) ||
                 !wait_for_outfit(outfit))) /* the master is gone, or thought better of it */
        return DAEMON_EXIT_FAILURE;
    view = (struct admin_view){outfit->board, outfit->counters};
    if (base && keep_room(outfit) &&
        admin_run(base, view, outfit->fds, outfit->fd_count, (struct admin_parent){outfit->control, hear, outfit}))
        return DAEMON_EXIT_OK;
    log_message(LOG_LEVEL_ERROR, "out of memory or descriptors: nobody is answered");
    return DAEMON_EXIT_FAILURE;
}

enum daemon_exit admin_process_run(int control)
{
    struct outfit outfit = {.control = control};
    enum daemon_exit exit;

    log_set_process("admin");
    tzset(); /* every reply has a date: who makes one opens /etc/localtime the first time, which a sandbox forbids */
    exit = run(&outfit);
    board_free(outfit.board);
    counters_map_free(outfit.counters);
    return exit;
}
