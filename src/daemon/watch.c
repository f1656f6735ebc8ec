#include "daemon/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdalign.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "proxy/event_drop.h"
#include "proxy/proxy.h"

/* A file that is written counts when its writer closes it; until then it is half of one. */
#define CHANGES                                                                                                        \
    (IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF)

struct watch {
    struct watch_times times;
    watch_tell *tell;
    void *context;
    int fd; /* -1: no inotify */
    struct event *readable, *quiet, *period;
    uint64_t since; /* when the first change was noticed that was not told yet; 0: none was */
    int *descriptors;
    size_t count;
    bool is_limit_told;
};

/* ---- when to tell */

static struct timeval time_of(uint64_t microseconds)
{
    return (struct timeval){(time_t)(microseconds / 1000000), (suseconds_t)(microseconds % 1000000)};
}

static void tell_now(struct watch *watch)
{
    watch->since = 0;
    (void)event_del(watch->quiet);
    watch->tell(watch->context);
}

static void on_quiet(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    tell_now(context);
}

/* Without memory for the timer the next period tells. */
void watch_poke(struct watch *watch)
{
    uint64_t now = proxy_now(), wait = watch->times.quiet, gone;
    struct timeval time;

    if (watch->since == 0)
        watch->since = now;
    gone = now - watch->since;
    if (gone + wait > watch->times.longest)
        wait = gone < watch->times.longest ? watch->times.longest - gone : 0;
    time = time_of(wait);
    (void)event_add(watch->quiet, &time);
}

/* ---- inotify */

/* That a watch has been taken away is no change. */
static bool is_change(const struct inotify_event *event)
{
    return (event->mask & (CHANGES | IN_Q_OVERFLOW | IN_UNMOUNT)) != 0;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    alignas(struct inotify_event) char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)];
    bool is_changed = false;
    ssize_t len;
    (void)what;

    while ((len = read(fd, buffer, sizeof buffer)) > 0)
        for (const char *at = buffer; at < buffer + len;) {
            const struct inotify_event *event = (const void *)at;
            is_changed = is_changed || is_change(event);
            at += sizeof *event + event->len;
        }
    if (is_changed)
        watch_poke(context);
}

static bool is_followed(const int *descriptors, size_t count, int descriptor)
{
    for (size_t i = 0; i < count; i++)
        if (descriptors[i] == descriptor)
            return true;
    return false;
}

/* One that is gone again is no matter: the directory above it is followed, or will be. */
static void tell_limit(struct watch *watch, const char *directory)
{
    if (errno == ENOENT || errno == ENOTDIR || watch->is_limit_told)
        return;
    watch->is_limit_told = true;
    log_message(LOG_LEVEL_WARNING,
                "%s and perhaps others cannot be watched (inotify: %m): they are looked at every %u s", directory,
                (unsigned)(watch->times.period / 1000000));
}

static void let_go(struct watch *watch, const int *kept, size_t kept_count)
{
    for (size_t i = 0; i < watch->count; i++)
        if (!is_followed(kept, kept_count, watch->descriptors[i]))
            (void)inotify_rm_watch(watch->fd, watch->descriptors[i]); /* it may have ended by itself */
}

void watch_follow(struct watch *watch, char *const *directories, size_t count)
{
    int *descriptors = watch->fd >= 0 ? memory_new_array(count + 1, sizeof *descriptors) : NULL;
    bool is_any_new = false;
    size_t followed = 0;

    for (size_t i = 0; descriptors && i < count; i++) {
        int descriptor = inotify_add_watch(watch->fd, directories[i], CHANGES | IN_ONLYDIR);
        if (descriptor < 0) {
            tell_limit(watch, directories[i]);
            continue;
        }
        is_any_new = is_any_new || !is_followed(watch->descriptors, watch->count, descriptor);
        if (!is_followed(descriptors, followed, descriptor)) /* two paths, one directory */
            descriptors[followed++] = descriptor;
    }
    if (!descriptors)
        return;
    let_go(watch, descriptors, followed);
    memory_free(watch->descriptors);
    watch->descriptors = descriptors;
    watch->count = followed;
    if (is_any_new)
        watch_poke(watch);
}

/* ---- life */

static bool add_inotify(struct watch *watch, struct event_base *base)
{
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0) {
        log_message(LOG_LEVEL_WARNING,
                    "changed files are noticed late: there is no inotify (%m), they are looked at every %u s",
                    (unsigned)(watch->times.period / 1000000));
        return true;
    }
    watch->readable = event_new(base, watch->fd, EV_READ | EV_PERSIST, on_readable, watch);
    return watch->readable && event_add(watch->readable, NULL) == 0;
}

static void on_period(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    tell_now(context);
}

struct watch *watch_new(struct event_base *base, struct watch_times times, watch_tell *tell, void *context)
{
    struct watch *watch = memory_new(sizeof *watch);
    struct timeval period = time_of(times.period);

    if (!watch)
        return NULL;
    *watch = (struct watch){.times = times, .tell = tell, .context = context, .fd = -1};
    watch->quiet = evtimer_new(base, on_quiet, watch);
    watch->period = event_new(base, -1, EV_PERSIST, on_period, watch);
    if (watch->quiet && watch->period && event_add(watch->period, &period) == 0 && add_inotify(watch, base))
        return watch;
    watch_free(watch);
    return NULL;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    event_drop(watch->readable);
    event_drop(watch->quiet);
    event_drop(watch->period);
    if (watch->fd >= 0)
        close(watch->fd);
    memory_free(watch->descriptors);
    memory_free(watch);
}
