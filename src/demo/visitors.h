/*
 * visitors.h: bounds how many connections the demo's HTTP server has, and for how long.
 *
 * evhttp of libevent 2.1 accepts without limit, and tells of a connection only once it made a request. So every
 * bufferevent that evhttp works with comes from here and is held by a second reference: that is how we see that
 * evhttp has let go of one. While all places are taken the listener is paused; a visitor who stays too long without
 * a request is shown out by an end of file that we make up, upon which evhttp frees it.
 */
#ifndef DEMO_VISITORS_H
#define DEMO_VISITORS_H

#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "base/attributes.h"
#include "base/bytes.h"

enum { MAX_VISITOR_INPUT = 16 * 1024 }; /* bytes read ahead of evhttp, more than it takes as headers */

struct visitors;

struct visitor_limits {
    size_t places;
    unsigned silence; /* ticks without a whole request */
    unsigned tick;    /* milliseconds between two looks around */
};

/* `listener` stays the caller's and outlives it, `base` too. NULL when out of memory. */
MUST_CHECK struct visitors *visitors_new(struct event_base *base, struct evconnlistener *listener,
                                         struct visitor_limits limits);
void visitors_free(struct visitors *visitors); /* after evhttp has freed its connections; NULL is fine */

/* A bufferevent for the next connection, which evhttp then owns. NULL when out of memory. */
struct bufferevent *visitors_admit(struct visitors *visitors);

/* For each request: its sender may stay for another while, and when it goes, its place is free at once. */
void visitors_note_request(struct visitors *visitors, struct evhttp_request *request);
size_t visitors_count(const struct visitors *visitors);

#endif
