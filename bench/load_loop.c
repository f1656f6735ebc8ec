#include "load.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

enum { MAX_EVENTS = 512 };

static const double DONE_INTERVAL = 5e6; /* nanoseconds between two looks at whether all is done */

/* When number `index` of a schedule of `rate` a second is due. */
static double due_at(const struct load *load, uint64_t index)
{
    return (double)load->schedule_start + (double)index * 1e9 / load->options.rate;
}

static void send_due_messages(struct load *load, double now)
{
    for (;;) {
        double due = due_at(load, load->next_message);

        if (due > now || due >= (double)load->window_end)
            return;
        unit_message(&load->units[load->next_message++ % load->options.connections]);
    }
}

static bool may_start(const struct load *load, double now)
{
    if (load->starts_left == 0)
        return false;
    if (load->options.mode != MODE_HANDSHAKE)
        return load->started < load->counters.handshakes + MAX_OPENING;
    return load->options.rate <= 0 || due_at(load, load->started) <= now;
}

/* Free units begin anew, at the rate that is asked for. */
static void start_due_units(struct load *load, double now)
{
    for (size_t tried = 0; tried < load->options.connections && may_start(load, now); tried++) {
        struct unit *unit = &load->units[load->next_unit];

        load->next_unit = (load->next_unit + 1) % load->options.connections;
        if (unit->state != UNIT_FREE || unit->is_queued)
            continue;
        load->started++;
        load->starts_left--;
        unit_start(unit);
    }
}

/* When the loop has to wake by itself. */
static double next_wakeup(const struct load *load, double until)
{
    double due;

    if (load->options.rate <= 0 || load->schedule_start == 0)
        return until;
    due = due_at(load, load->options.mode == MODE_LATENCY ? load->next_message : load->started);
    return due < until ? due : until;
}

static struct timespec timespec_of(double nanoseconds)
{
    time_t seconds = (time_t)(nanoseconds / 1e9);

    return (struct timespec){seconds, (long)(nanoseconds - (double)seconds * 1e9)};
}

static void wait_for_events(struct load *load, double patience)
{
    struct timespec timeout = timespec_of(patience);
    struct epoll_event events[MAX_EVENTS];
    int count = epoll_pwait2(load->epoll, events, MAX_EVENTS, &timeout, NULL);

    if (count < 0 && errno != EINTR)
        load_fail("epoll_pwait2: %s", strerror(errno));
    for (int i = 0; i < count; i++) {
        struct unit *unit = events[i].data.ptr;

        if (!unit->is_queued)
            unit_run(unit);
    }
}

static void run_waiting(struct load *load)
{
    struct unit *unit = load->waiting;

    load->waiting = NULL;
    while (unit) {
        struct unit *next = unit->next;

        unit->is_queued = false;
        unit_run(unit);
        unit = next;
    }
}

void loop_run(struct load *load, uint64_t until, bool (*is_done)(struct load *load))
{
    for (;;) {
        uint64_t now = load_now();
        double patience;

        if (now >= until || (is_done && is_done(load)))
            return;
        if (load->options.mode == MODE_LATENCY && load->schedule_start != 0)
            send_due_messages(load, (double)now);
        else
            start_due_units(load, (double)now);
        patience = next_wakeup(load, (double)until) - (double)load_now();
        if (load->waiting || patience < 0)
            patience = 0;
        if (is_done && patience > DONE_INTERVAL)
            patience = DONE_INTERVAL;
        wait_for_events(load, patience);
        run_waiting(load);
    }
}

size_t loop_count_ready(const struct load *load)
{
    size_t count = 0;

    for (size_t i = 0; i < load->options.connections; i++)
        count += load->units[i].state == UNIT_READY;
    return count;
}

size_t loop_count_busy(const struct load *load)
{
    size_t count = 0;

    for (size_t i = 0; i < load->options.connections; i++)
        count += load->units[i].state != UNIT_FREE;
    return count;
}
