/*
 * admin.h: sight: what an operator and his machines ask of a running sallyport.
 *
 * /healthz, /readyz and /metrics over HTTP, on unix sockets and on loopback, from a process of its own that holds no
 * key, no client's socket and no right to change anything: it reads the counters of all processes
 * (proxy/counters_map.h) and what the master tells of the whole (board.h), and takes neither for more than numbers and
 * names.
 *
 * It never listens beyond this machine, never changes anything, never makes another process wait.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "admin/board.h"

enum {
    MAX_ADMIN_HEADERS_LEN = 8192,
    MAX_ADMIN_BODY_LEN = 1024, /* which nobody reads */
    ADMIN_CLIENT_TIMEOUT = 10, /* seconds without a byte, in or out */
    ADMIN_ACCEPT_PAUSE = 100 * 1000,
    MAX_ADMIN_DESCRIPTORS = 512, /* of a process that does nothing else */
};

/* What it looks at; both outlive it. */
struct admin_view {
    const struct board *board;
    const struct counters_map *counters;
};

struct admin;
struct event_base;

/*
 * One in a process at a time. Answers on `fds`, which listen, do not block, and are its own from here on, also on
 * failure. NULL when out of memory.
 */
MUST_CHECK struct admin *admin_new(struct event_base *base, struct admin_view view, const int *fds, size_t fd_count);
void admin_free(struct admin *admin); /* ends its clients; NULL is fine */

/* What such a process needs of the kernel before it gives up its rights. NULL: memory or descriptors. */
MUST_CHECK struct event_base *admin_prepare(void);

/* Its parent: `control` can be read, and is left to `hear` to be read. False: that was the end. */
struct admin_parent {
    int control;
    bool (*hear)(void *context);
    void *context;
};

/*
 * The life of an admin process behind that: answers until its parent has said its last. Signals that ask to stop are
 * ignored meanwhile, so that it answers as long as anybody drains: its parent ends it. Takes over `base` and `fds`.
 * False: it could not begin, or its event loop failed.
 */
MUST_CHECK bool admin_run(struct event_base *base, struct admin_view view, const int *fds, size_t fd_count,
                          struct admin_parent parent);

#endif
