#include "proxy/staple_watch.h"

#include <event2/event.h>
#include <time.h>

#include "base/log.h"
#include "proxy/limits.h"

static void tell_expired(const struct staple_watch *watch, const struct tls_credential *credential)
{
    char date[sizeof "2026-01-31 12:34:56 UTC"] = "";
    time_t when = (time_t)tls_credential_staple_end(credential);
    struct log_line line;
    struct tm utc;

    if (gmtime_r(&when, &utc))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S UTC", &utc);
    log_begin(&line, LOG_LEVEL_WARNING, "staple_expired");
    log_text(&line, "listener", watch->listener);
    log_text(&line, "certificate", tls_credential_label(credential));
    log_text(&line, "since", date);
    log_text(&line, "detail", "its OCSP response has expired: clients that ask get none from now on");
    log_text(&line, "hint",
             "put a fresh response into the file of ocsp-staple: it is taken by itself, with watch-files = no at HUP");
    log_end(&line);
}

/*
 * One walk over them, for there may be thousands, and the relays wait. Also where all have expired it is looked again
 * in MAX_STAPLE_WATCH: a clock that was put back lets a response be sent again, and when one that was seen to be good
 * ends, it is told again.
 */
static bool look(struct staple_watch *watch)
{
    const struct tls_credential *credential = NULL;
    struct timeval wait = {0, 0};
    int64_t now, left;

    if (!tls_policy_time(watch->policy, &now))
        return true;
    while ((credential = tls_policy_next_staple(watch->policy, credential))) {
        int64_t end = tls_credential_staple_end(credential);
        if (end > watch->looked_at && end <= now)
            tell_expired(watch, credential);
        left = end > now && end - now < MAX_STAPLE_WATCH ? end - now : MAX_STAPLE_WATCH;
        if (wait.tv_sec == 0 || left < wait.tv_sec)
            wait.tv_sec = (time_t)left;
    }
    watch->looked_at = now;
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
