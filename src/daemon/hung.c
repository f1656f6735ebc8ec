#include <stdio.h>

#include "base/log.h"
#include "daemon/master.h"
#include "daemon/upgrade.h"
#include "daemon/usage.h"

/*
 * A worker beats once a second (worker_sight.h), by a timer of its event loop: as long as that turns, it works. A
 * keyholder, an admin process and a resolver are asked as often, and answer out of theirs. What keeps one from turning
 * for MAX_SILENCE is no work, for one turn does a bounded part of it. Building a generation is no turn, and has a limit
 * of its own; so has leaving.
 */
enum {
    LOOK_EVERY = 1000 * 1000,
    MAX_SILENCE = 5 * 1000 * 1000,
    MAX_OWN_SILENCE = 3 * 1000 * 1000,
    MAX_LIFE_AFTER_WORDS = 1000 * 1000,
};

void hung_spare(struct child *child, uint64_t wait)
{
    child->watched_from = master_now() + wait;
}

static bool beats(const struct child *child)
{
    return child->role == PROCESS_WORKER && child->slot != NO_SLOT;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Of all that are there: those of an upgrade before this configuration go by their own. */
static uint64_t longest_drain(const struct master *master)
{
    uint64_t longest = 0;

    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->pid)
            longest = later(longest, master->children[i]->drain_timeout);
    return longest;
}

/* Whoever serves somebody to the end of a drain is there as long as that takes; one that beats is seen meanwhile. */
void hung_spare_leaving(struct child *child)
{
    child->leave_by = master_now() + longest_drain(child->master) + KILL_AFTER_DRAIN;
}

void hung_end_of_words(struct child *child)
{
    children_hang_up(child);
    child->has_hung_up = true;
    hung_spare(child, 0);
}

bool hung_may_hear(struct child *child)
{
    return child->pings > 0 && child->pings-- > 0;
}

void hung_hear(struct child *child)
{
    child->has_worked = true;
    child->watched_from = master_now();
}

static uint64_t beat_of(const struct child *worker)
{
    const struct counters *counters = counters_map_look(worker->master->sight.counters, (size_t)worker->slot);

    return count_read(&counters->gauges.beat);
}

/* More than `patience` has gone by since then. */
static bool is_past(uint64_t now, uint64_t since, uint64_t patience)
{
    return now > since && now - since > patience;
}

/* Since when it has not moved, as far as can be told. */
static uint64_t still_since(const struct child *child)
{
    uint64_t beat = beats(child) ? beat_of(child) : 0;

    return later(later(child->watched_from, child->master->watched_from), beat);
}

static bool is_building(const struct child *child)
{
    return child->building && !child->is_ready;
}

/* Nobody orders it to build anything, and so nobody hears that it has: its first answer tells that it has begun. */
static bool has_no_order(const struct child *child)
{
    return child->role == PROCESS_ADMIN || child->role == PROCESS_RESOLVER;
}

static bool gives_signs(const struct child *child)
{
    if (child->role == PROCESS_WORKER)
        return beats(child) && !child->building;
    return !child->is_leaving && (child->role == PROCESS_KEYHOLDER ? child->serving : child->has_worked);
}

static bool is_silent(const struct child *child, uint64_t now)
{
    return gives_signs(child) && is_past(now, still_since(child), MAX_SILENCE);
}

static bool is_over(const struct child *child, uint64_t now, uint64_t time)
{
    return is_past(now, later(time, child->master->watched_from + MAX_SILENCE), 0);
}

/* The time for building, and for beginning, is in `watched_from`. */
static bool is_overdue(const struct child *child, uint64_t now)
{
    bool is_timed = is_building(child) || (has_no_order(child) && !child->has_worked);

    return (child->is_leaving && is_over(child, now, child->leave_by)) ||
           (is_timed && is_over(child, now, child->watched_from));
}

/* The end of its socket comes with its own, or a moment before it. One that lives on without hears of nothing more. */
static bool is_deaf(const struct child *child, uint64_t now)
{
    return child->has_hung_up && !child->is_leaving && is_past(now, child->watched_from, MAX_LIFE_AFTER_WORDS);
}

/* By KILL: one that was stopped dies of nothing else, and a core of it is not made anyway (rights.h). */
static void end(struct child *child, const char *why)
{
    children_give_up(child, why);
    hung_spare(child, MAX_SILENCE); /* if it is still there after that long, once more */
    child->leave_by = child->watched_from;
}

static void end_silent(struct child *child)
{
    char why[64];

    snprintf(why, sizeof why, "has stood still for more than %d s", MAX_SILENCE / 1000000);
    end(child, why);
}

static void ask(struct child *child)
{
    bool is_asked = has_no_order(child) || (child->role == PROCESS_KEYHOLDER && child->serving);

    if (child->control < 0 || !is_asked)
        return;
    child->pings++;
    if (has_no_order(child))
        children_tell(child, &(struct control_message){.type = CONTROL_PING});
    else
        keyholders_ask(child);
}

static void look_at(struct child *child, uint64_t now)
{
    if (!child->pid)
        return;
    if (is_overdue(child, now))
        end(child, child->is_leaving ? "does not end by itself" : "does not come to an end with what it builds");
    else if (is_silent(child, now))
        end_silent(child);
    else if (is_deaf(child, now))
        end(child, "has closed its control socket and goes on");
    else
        ask(child);
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
        look_at(master->children[i], now);
    upgrade_look(master, now);
}

bool hung_watch(struct master *master)
{
    static const struct timeval wait = {LOOK_EVERY / 1000000, LOOK_EVERY % 1000000};

    master->watched_at = master->watched_from = master_now();
    master->watch = event_new(master->base, -1, EV_PERSIST, on_look, master);
    return master->watch && event_add(master->watch, &wait) == 0;
}
