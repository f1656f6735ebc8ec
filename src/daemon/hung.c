#include <stdio.h>

#include "base/log.h"
#include "daemon/master.h"
#include "daemon/usage.h"

/*
 * A worker beats once a second (worker_sight.h), by a timer of its event loop: as long as that turns, it works. What
 * keeps it from turning for MAX_SILENCE is no work, for one turn does a bounded part of it. Building a generation is
 * no turn, and has a limit of its own.
 */
enum { LOOK_EVERY = 1000 * 1000, MAX_SILENCE = 5 * 1000 * 1000, MAX_OWN_SILENCE = 3 * 1000 * 1000 };

void hung_spare(struct child *child, uint64_t wait)
{
    child->watched_from = master_now() + wait;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool is_hung(const struct child *child, uint64_t now)
{
    const struct master *master = child->master;
    const struct counters *counters;
    uint64_t since;

    if (child->role != PROCESS_WORKER || !child->pid || child->building || child->slot == NO_SLOT)
        return false;
    counters = counters_map_look(master->sight.counters, (size_t)child->slot);
    since = later(later(child->watched_from, master->watched_from), count_read(&counters->gauges.beat));
    return now > since && now - since > MAX_SILENCE;
}

/* By KILL: one that was stopped dies of nothing else, and a core of it is not made anyway (rights.h). */
static void end_hung(struct child *child, uint64_t now)
{
    char why[64];

    snprintf(why, sizeof why, "has stood still for more than %d s", MAX_SILENCE / 1000000);
    children_give_up(child, why);
    child->watched_from = now; /* if it is still there after that long, once more */
}

/* Who was stopped himself, by a freezer or a debugger, knows nothing of the others: they may have been, too. */
static bool was_away(struct master *master, uint64_t now)
{
    bool is_late = now - master->watched_at > MAX_OWN_SILENCE;

    master->watched_at = now;
    if (is_late)
        master->watched_from = now;
    return is_late;
}

static void on_look(evutil_socket_t fd, short what, void *context)
{
    struct master *master = context;
    uint64_t now = master_now();
    (void)fd, (void)what;

    usage_look(master);
    listeners_look_after(master);
    keyholders_try_again(master);
    if (was_away(master, now))
        return;
    for (size_t i = 0; i < master->child_count; i++)
        if (is_hung(master->children[i], now))
            end_hung(master->children[i], now);
}

bool hung_watch(struct master *master)
{
    static const struct timeval wait = {LOOK_EVERY / 1000000, LOOK_EVERY % 1000000};

    master->watched_at = master->watched_from = master_now();
    master->watch = event_new(master->base, -1, EV_PERSIST, on_look, master);
    return master->watch && event_add(master->watch, &wait) == 0;
}
