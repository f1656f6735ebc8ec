#include "daemon/worker_sight.h"

#include <errno.h>
#include <event2/event.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "proxy/event_drop.h"

/* Once a second: an idle worker hardly notices, and its master sees it stand still within a few of them. */
static const struct timeval beat_every = {1, 0};

static void on_beat(evutil_socket_t fd, short what, void *context)
{
    struct counters *counters = context;
    (void)fd, (void)what;

    count_set(&counters->gauges.beat, proxy_now());
}

static bool start_beating(struct worker_sight *sight, struct event_base *base)
{
    on_beat(-1, 0, sight->counters);
    sight->beat = event_new(base, -1, EV_PERSIST, on_beat, sight->counters);
    return sight->beat && event_add(sight->beat, &beat_every) == 0;
}

static bool open_both(struct worker_sight *sight, const struct control_message *message)
{
    sight->board = board_open(message->fds[0]);
    sight->counters = sight->board && message->fd_count == 2 ? counters_take(message->fds[1]) : NULL;
    return sight->counters != NULL;
}

bool worker_sight_take(struct worker_sight *sight, struct proxy *proxy, const struct control_message *message)
{
    bool is_ok = !sight->board && open_both(sight, message) && start_beating(sight, proxy->base);

    for (size_t i = 0; i < message->fd_count; i++)
        close(message->fds[i]);
    if (is_ok)
        proxy_count_in(proxy, sight->counters);
    else
        log_message(LOG_LEVEL_ERROR, "the counters that are shared cannot be used: %s", strerror(errno));
    return is_ok;
}

bool worker_sight_place(const struct worker_sight *sight, const struct served *served)
{
    struct board_facts *facts = sight->board ? memory_new(sizeof *facts) : NULL; /* large for a stack */
    bool is_read = facts && board_read(sight->board, facts);

    errno = facts ? EPROTO : ENOMEM;
    for (size_t i = 0; is_read && i < served->config->listen_count; i++)
        board_place_listener(facts, served->listeners[i]);
    memory_free(facts);
    return is_read || !sight->board;
}

void worker_sight_free(struct worker_sight *sight)
{
    event_drop(sight->beat);
    counters_leave(sight->counters);
    board_free(sight->board);
}
