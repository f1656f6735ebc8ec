/*
 * staple_watch.h: a listener's OCSP responses that expire while it runs, each told once.
 *
 * The engine leaves out a response that has expired (tls_policy_set_staple()); nobody but the operator can mend that.
 */
#ifndef PROXY_STAPLE_WATCH_H
#define PROXY_STAPLE_WATCH_H

#include <event2/event_struct.h>

#include "base/attributes.h"
#include "tls/policy.h"

struct staple_watch {
    struct event timer;
    const struct tls_policy *policy; /* NULL: not begun */
    const char *listener;
    int64_t looked_at; /* what had expired by then was told */
};

/* `policy` and `listener`, the name, outlive the watch. False: the timer cannot be set. */
MUST_CHECK bool staple_watch_begin(struct staple_watch *watch, struct event_base *base, const struct tls_policy *policy,
                                   const char *listener);
void staple_watch_end(struct staple_watch *watch);

#endif
