/*
 * event_drop.h: gives back an event that may never have been made.
 */
#ifndef PROXY_EVENT_DROP_H
#define PROXY_EVENT_DROP_H

#include <event2/event.h>

/* NULL: nothing to do, which event_free() does not bear. */
static inline void event_drop(struct event *event)
{
    if (event)
        event_free(event);
}

#endif
