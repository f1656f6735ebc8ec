#include "daemon/sight.h"

#include <errno.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/admin_sockets.h"
#include "base/alloc.h"
#include "base/log.h"
#include "proxy/listener.h"

struct sight {
    struct counters_map *map;
    struct board *board;
    struct counters *counters; /* in `map` */
    struct admin_sockets sockets;
    pid_t admin; /* 0: there is none */
    int control; /* -1: there is none; whose other end it has */
    struct board_facts *facts;
};

/* ---- the admin process */

/* The child gets the other end of `control`, and of what its parent has only what it needs. */
static void be_admin(const struct sight *sight, int control)
{
    struct admin_view view = {sight->board, sight->map};
    int fds[MAX_ADMIN_SOCKETS];

    close(sight->control);
    tzset(); /* every reply has a date: who makes it opens /etc/localtime the first time, which a sandbox may not like
              */
    for (size_t i = 0; i < sight->sockets.count; i++)
        fds[i] = sight->sockets.fds[i];
    _exit(admin_run(view, fds, sight->sockets.count, control) ? 0 : 1);
}

static bool fork_admin(struct sight *sight, int control)
{
    sight->admin = fork();
    if (sight->admin == 0)
        be_admin(sight, control);
    if (sight->admin < 0)
        sight->admin = 0;
    return sight->admin > 0;
}

static bool start_admin(struct sight *sight)
{
    int ends[2];
    bool is_started;

    if (sight->sockets.count == 0)
        return true;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    sight->control = ends[0];
    is_started = fork_admin(sight, ends[1]);
    close(ends[1]);
    if (is_started)
        board_process_started(sight->board, BOARD_ADMIN);
    return is_started;
}

/* It ends when its other end of `control` is closed. */
static void end_admin(struct sight *sight)
{
    int status = 0;
    pid_t ended;

    if (sight->control >= 0)
        close(sight->control);
    if (sight->admin == 0)
        return;
    do
        ended = waitpid(sight->admin, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        log_message(LOG_LEVEL_WARNING, "the admin process had ended already, or failed (status %d)", status);
}

static void log_admin(const struct sight *sight)
{
    char text[ADDRESS_TEXT_LEN];
    struct log_line line;

    for (size_t i = 0; i < sight->sockets.count; i++) {
        address_format(&sight->sockets.addresses[i].any, sight->sockets.addresses[i].len, text);
        log_begin(&line, LOG_LEVEL_NOTICE, "admin");
        log_text(&line, "address", text);
        log_number(&line, "pid", sight->admin);
        log_end(&line);
    }
}

/* ---- life */

static bool make_shared(struct sight *sight, const struct config *config)
{
    size_t slot;

    sight->facts = memory_new(sizeof *sight->facts);
    sight->board = board_new((int64_t)time(NULL));
    sight->map = counters_map_new(1);
    if (!sight->facts || !sight->board || !sight->map || !board_take_slot(sight->board, 1, &slot))
        return false;
    sight->counters = counters_map_take(sight->map, slot);
    board_add_names(sight->board, config);
    board_applied(sight->board, 1, (int64_t)time(NULL));
    board_process_started(sight->board, BOARD_WORKER);
    return board_read(sight->board, sight->facts);
}

struct sight *sight_new(const struct config *config, struct config_findings findings)
{
    struct sight *sight = memory_new(sizeof *sight);

    if (sight) {
        sight->control = -1;
        if (!make_shared(sight, config))
            log_message(LOG_LEVEL_ERROR, "memory to share for counters is not to be had: %m");
        else if (!admin_sockets_open(&sight->sockets, &config->admin, NULL, findings))
            ; /* told */
        else if (start_admin(sight))
            return sight;
        else
            log_message(LOG_LEVEL_ERROR, "the admin process cannot be started: %m");
    }
    sight_free(sight);
    return NULL;
}

void sight_free(struct sight *sight)
{
    if (!sight)
        return;
    end_admin(sight);
    admin_sockets_close(&sight->sockets, NULL);
    counters_map_free(sight->map);
    board_free(sight->board);
    memory_free(sight->facts);
    memory_free(sight);
}

struct counters *sight_counters(struct sight *sight)
{
    return sight->counters;
}

void sight_add(struct sight *sight, struct listener *listener)
{
    board_place_listener(sight->facts, listener);
    board_add_certificates(sight->board, listener_config(listener)->name, listener_policy(listener));
}

void sight_tell_ready(struct sight *sight)
{
    log_admin(sight);
    board_set_state(sight->board, BOARD_READY);
}

void sight_tell_draining(struct sight *sight)
{
    board_set_state(sight->board, BOARD_DRAINING);
}
