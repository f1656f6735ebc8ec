#include "daemon/renewal.h"

#include "base/log.h"
#include "daemon/master.h"
#include "proxy/event_drop.h"

/* Quiet and longest: whoever writes several files is done by then. The period is in the man page. */
static const struct watch_times times = {.quiet = 500 * 1000, .longest = 5 * 1000 * 1000, .period = 60 * 1000 * 1000};

/* Seconds. */
enum { FIRST_WAIT = 1, LONGEST_WAIT = 60 };

/* How soon a refusal is told again: of files that changed meanwhile, and of the same ones. */
#define RETELL_CHANGED (UINT64_C(30) * 1000 * 1000)
#define RETELL_SAME (UINT64_C(3600) * 1000 * 1000)

/* How long after the first refusal directories are still waited for. */
#define LONGEST_PATIENCE (UINT64_C(60) * 1000 * 1000)

/* USR2 is checked, or a reload goes on or is about to. */
static bool is_busy(const struct master *master)
{
    return master->next || master->checker > 0 || master->is_upgrade_wanted || master->is_reload_wanted ||
           master->retry;
}

static struct reload_order order_of(const struct renewal *renewal, const char *changed)
{
    uint64_t now = master_now();
    bool is_told = renewal->is_refused && now - renewal->told_at < (changed ? RETELL_CHANGED : RETELL_SAME);
    bool is_patient = !renewal->is_refused || now - renewal->refused_since < LONGEST_PATIENCE;

    return (struct reload_order){.is_renewal = true, .is_patient = is_patient, .is_quiet = is_told};
}

static void begin(struct master *master, struct files_seen *seen, const char *changed)
{
    struct renewal *renewal = &master->renewal;

    if (changed && !renewal->is_refused)
        log_message(LOG_LEVEL_NOTICE, "'%s' has changed: reloading the files, with the configuration in force",
                    changed);
    if (changed)
        renewal->wait = 0;
    reload_renew(master, order_of(renewal, changed), seen);
}

/* Something may have changed, or what was refused is to be tried again. */
static void look(struct master *master, bool is_retry)
{
    struct renewal *renewal = &master->renewal;
    struct files_seen *seen;
    const char *changed;

    if (master->is_stopping)
        return;
    seen = files_seen_new(master->current->config);
    if (!seen) {
        log_message(LOG_LEVEL_ERROR, "out of memory: whether files have changed is looked at later");
        return;
    }
    watch_follow(renewal->watch, seen->directories, seen->directory_count);
    changed = renewal->tried ? files_seen_difference(renewal->tried, seen) : "a file";
    if (changed || is_retry)
        begin(master, seen, changed);
    else
        files_seen_free(seen);
}

/* ---- when to look: not while something else goes on, but soon after */

static void on_watch(void *context)
{
    struct master *master = context;

    if (is_busy(master))
        watch_poke(master->renewal.watch);
    else
        look(master, false);
}

static void set_again(struct master *master)
{
    struct timeval wait = {(time_t)master->renewal.wait, 0};

    if (event_add(master->renewal.again, &wait) != 0)
        log_message(LOG_LEVEL_ERROR, "out of memory: it is not tried again before a file changes");
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
    struct master *master = context;
    (void)fd, (void)what;

    if (is_busy(master))
        set_again(master);
    else
        look(master, true);
}

/* ---- what becomes of a reload */

static void know(struct renewal *renewal, struct files_seen *seen)
{
    files_seen_free(renewal->tried);
    renewal->tried = seen;
}

static bool make_parts(struct master *master)
{
    struct renewal *renewal = &master->renewal;

    if (!renewal->again)
        renewal->again = evtimer_new(master->base, on_again, master);
    if (!renewal->watch)
        renewal->watch = watch_new(master->base, times, on_watch, master);
    return renewal->again && renewal->watch;
}

void renewal_follow(struct master *master)
{
    struct deployment *current = master->current;
    struct renewal *renewal = &master->renewal;
    struct files_seen *seen = current->seen;

    current->seen = NULL;
    if (!current->config->general.is_watching) {
        renewal_free(renewal);
        return;
    }
    if (!seen)
        seen = files_seen_new(current->config);
    renewal->is_refused = false;
    renewal->wait = 0;
    know(renewal, seen);
    if (!seen || !make_parts(master)) {
        log_message(LOG_LEVEL_ERROR, "out of memory: files that change are not noticed until the next reload");
        return;
    }
    (void)event_del(renewal->again);
    watch_follow(renewal->watch, seen->directories, seen->directory_count);
}

static void count_refusal(struct renewal *renewal)
{
    if (!renewal->is_refused)
        renewal->refused_since = master_now();
    renewal->is_refused = true;
    renewal->wait = renewal->wait == 0 ? FIRST_WAIT : 2 * renewal->wait;
    if (renewal->wait > LONGEST_WAIT)
        renewal->wait = LONGEST_WAIT;
}

void renewal_refused(struct master *master, struct reload_order order, struct files_seen *seen, const char *reason)
{
    struct renewal *renewal = &master->renewal;

    if (master->is_stopping) {
        files_seen_free(seen);
        return;
    }
    count_refusal(renewal);
    know(renewal, seen);
    if (!order.is_quiet) {
        renewal->told_at = master_now();
        log_message(LOG_LEVEL_ERROR,
                    "reload refused: %s; generation %u goes on, and it is tried again by itself, at once when a file "
                    "changes",
                    reason, master->current->number);
        board_refused(master->sight.board);
        notify_status(&master->notify, "serving; the files on disk do not fit together");
    }
    set_again(master);
}

void renewal_free(struct renewal *renewal)
{
    watch_free(renewal->watch);
    event_drop(renewal->again);
    files_seen_free(renewal->tried);
    *renewal = (struct renewal){.watch = NULL};
}
