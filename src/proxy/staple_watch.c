#include "proxy/staple_watch.h"

#include <event2/event.h>
#include <time.h>

#include "base/log.h"
#include "proxy/limits.h"

static void tell_expired(const struct staple_watch *watch, size_t certificate, int64_t end)
{
    char date[sizeof "2026-01-31 12:34:56 UTC"] = "";
    time_t when = (time_t)end;
    struct log_line line;
    struct tm utc;

    if (gmtime_r(&when, &utc))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &utc);
    log_begin(&line, LOG_LEVEL_WARNING, "staple_expired");
    log_text(&line, "listener", watch->listener);
    log_text(&line, "certificate", tls_policy_label(watch->policy, certificate));
    log_text(&line, "since", date);
    log_text(&line, "detail", "its OCSP response has expired: clients that ask get none from now on");
    log_text(&line, "hint", "put a fresh response into the file of ocsp-staple and restart");
    log_end(&line);
}

/* Seconds until the next one expires, at most MAX_STAPLE_WATCH; 0: none will. */
static int64_t seconds_to_next(const struct tls_policy *policy, int64_t now)
{
    int64_t next = 0;

    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++) {
        int64_t left = tls_policy_staple_end(policy, i) - now;
        if (left > 0 && (next == 0 || left < next))
            next = left;
    }
    return next < MAX_STAPLE_WATCH ? next : MAX_STAPLE_WATCH;
}

/* A clock that was put back lets a response be sent again: when that ends, it is told again. */
static bool look(struct staple_watch *watch)
{
    struct timeval wait = {0, 0};
    int64_t now;

    if (!tls_policy_time(watch->policy, &now))
        return true;
    for (size_t i = 0; i < tls_policy_certificate_count(watch->policy); i++) {
        int64_t end = tls_policy_staple_end(watch->policy, i);
        if (end > watch->looked_at && end <= now)
            tell_expired(watch, i, end);
    }
    watch->looked_at = now;
    wait.tv_sec = (time_t)seconds_to_next(watch->policy, now);
    return wait.tv_sec == 0 || event_add(&watch->timer, &wait) == 0;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;

    (void)look(context); /* without memory for the timer nothing is told any more; nor is anything stale sent */
}

bool staple_watch_begin(struct staple_watch *watch, struct event_base *base, const struct tls_policy *policy,
                        const char *listener)
{
    *watch = (struct staple_watch){.listener = listener};
    if (evtimer_assign(&watch->timer, base, on_timer, watch) != 0)
        return false;
    watch->policy = policy;
    return look(watch);
}

void staple_watch_end(struct staple_watch *watch)
{
    if (watch->policy)
        event_del(&watch->timer);
    watch->policy = NULL;
}
