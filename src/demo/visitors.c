#include "demo/visitors.h"

#include <event2/event.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "proxy/event_drop.h"

struct visitor {
    struct bufferevent *bufferevent; /* NULL: a free place */
    unsigned since;                  /* the tick of the last request, or of the arrival */
};

struct visitors {
    struct event_base *base;
    struct evconnlistener *listener;
    struct event *every_tick;
    struct event *soon;
    unsigned now; /* ticks since the start */
    size_t count;
    struct visitor_limits limits;
    struct visitor *places;
};

/* bufferevent_free() takes the callbacks away, and nothing else does. */
static bool has_left(const struct visitor *visitor)
{
    bufferevent_event_cb on_event;

    bufferevent_getcb(visitor->bufferevent, NULL, NULL, &on_event, NULL);
    return on_event == NULL;
}

static void release(struct visitors *visitors, struct visitor *visitor)
{
    bufferevent_decref(visitor->bufferevent);
    visitor->bufferevent = NULL;
    visitors->count--;
}

/* As if it had ended by itself; in a later turn, for the caller walks through all. */
static void end(struct bufferevent *bufferevent)
{
    bufferevent_trigger_event(bufferevent, BEV_EVENT_READING | BEV_EVENT_EOF, BEV_TRIG_DEFER_CALLBACKS);
}

static void sweep(struct visitors *visitors)
{
    for (size_t i = 0; i < visitors->limits.places; i++) {
        struct visitor *visitor = &visitors->places[i];

        if (!visitor->bufferevent)
            continue;
        if (has_left(visitor))
            release(visitors, visitor);
        else if (visitors->now - visitor->since > visitors->limits.silence)
            end(visitor->bufferevent);
    }
    if (visitors->count < visitors->limits.places)
        evconnlistener_enable(visitors->listener);
}

static void on_soon(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    sweep(context);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    struct visitors *visitors = context;

    (void)fd;
    (void)what;
    visitors->now++;
    sweep(visitors);
}

/* evconnlistener would try again at once and for ever: EMFILE is over only when somebody closes something. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    (void)context;
    evconnlistener_disable(listener);
}

struct visitors *visitors_new(struct event_base *base, struct evconnlistener *listener, struct visitor_limits limits)
{
    struct visitors *visitors = memory_new(sizeof *visitors);
    struct timeval tick = {limits.tick / 1000, limits.tick % 1000 * 1000};

    if (!visitors)
        return NULL;
    visitors->base = base;
    visitors->listener = listener;
    visitors->places = memory_new_array(limits.places, sizeof *visitors->places);
    visitors->limits = limits;
    visitors->soon = event_new(base, -1, 0, on_soon, visitors);
    visitors->every_tick = event_new(base, -1, EV_PERSIST, on_tick, visitors);
    if (!visitors->places || !visitors->soon || !visitors->every_tick || event_add(visitors->every_tick, &tick) != 0) {
        visitors_free(visitors);
        return NULL;
    }
    evconnlistener_set_error_cb(listener, on_accept_error);
    return visitors;
}

void visitors_free(struct visitors *visitors)
{
    if (!visitors)
        return;
    for (size_t i = 0; visitors->places && i < visitors->limits.places; i++)
        if (visitors->places[i].bufferevent)
            release(visitors, &visitors->places[i]);
    event_drop(visitors->soon);
    event_drop(visitors->every_tick);
    memory_free(visitors->places);
    memory_free(visitors);
}

static struct visitor *free_place(struct visitors *visitors)
{
    for (size_t i = 0; i < visitors->limits.places; i++)
        if (!visitors->places[i].bufferevent)
            return &visitors->places[i];
    return NULL;
}

struct bufferevent *visitors_admit(struct visitors *visitors)
{
    struct visitor *place = free_place(visitors);
    struct bufferevent *bufferevent;

    if (!place)
        return NULL;
    bufferevent = bufferevent_socket_new(visitors->base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (!bufferevent)
        return NULL;
    bufferevent_setwatermark(bufferevent, EV_READ, 0, MAX_VISITOR_INPUT);
    bufferevent_incref(bufferevent);
    *place = (struct visitor){bufferevent, visitors->now};
    visitors->count++;
    if (visitors->count == visitors->limits.places)
        evconnlistener_disable(visitors->listener);
    return bufferevent;
}

static void on_close(struct evhttp_connection *connection, void *context)
{
    struct visitors *visitors = context;

    (void)connection;
    event_active(visitors->soon, EV_TIMEOUT, 0); /* evhttp frees it only after this call */
}

void visitors_note_request(struct visitors *visitors, struct evhttp_request *request)
{
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    const struct bufferevent *visitor = evhttp_connection_get_bufferevent(connection);

    evhttp_connection_set_closecb(connection, on_close, visitors);
    for (size_t i = 0; i < visitors->limits.places; i++)
        if (visitors->places[i].bufferevent == visitor)
            visitors->places[i].since = visitors->now;
}

size_t visitors_count(const struct visitors *visitors)
{
    return visitors->count;
}
