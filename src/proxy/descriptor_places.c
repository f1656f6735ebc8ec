#include "proxy/descriptor_places.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <string.h>

enum { PLACES_AT_A_TIME = 256 };

static void on_nothing(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
}

static void make_one(struct event_base *base, int fd)
{
    struct event event;

    if (event_assign(&event, base, fd, EV_READ, on_nothing, NULL) == 0 && event_add(&event, NULL) == 0)
        (void)event_del(&event);
}

/* With a list of changes epoll hears nothing of what is added and taken away in one turn, so nothing need be open. */
static bool has_list_of_changes(const struct event_base *base)
{
    return strcmp(event_base_get_method(base), "epoll (with changelist)") == 0;
}

void descriptor_places_make(struct descriptor_places *places, struct event_base *base, int fd)
{
    int end = fd - fd % PLACES_AT_A_TIME + PLACES_AT_A_TIME;

    if (fd < places->count || !has_list_of_changes(base))
        return;
    while (places->count < end)
        make_one(base, places->count++);
}
