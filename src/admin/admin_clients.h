/*
 * admin_clients.h: clients that keep a descriptor and come to no end.
 *
 * evhttp ends who says nothing for ADMIN_CLIENT_TIMEOUT. A byte now and then would keep a place for ever, and there are
 * few; so whoever has not asked for anything for MAX_ADMIN_CLIENT_WAIT is ended, and when all places are taken those
 * that have waited longest. evhttp tells nothing of a connection before its first request: descriptors are looked at,
 * and one with another inode is another connection.
 */
#ifndef ADMIN_ADMIN_CLIENTS_H
#define ADMIN_ADMIN_CLIENTS_H

#include <sys/types.h>

#include "admin/admin.h"

enum {
    MAX_ADMIN_CLIENT_WAIT = 30 * 1000 * 1000, /* microseconds since it came, or since its last request */
    ADMIN_CLIENTS_LET_GO = 64,                /* at once, when no descriptor is left */
};

struct admin_client {
    ino_t inode;    /* 0: nobody was seen here */
    uint64_t since; /* when it was first seen, or asked last */
    bool is_ours;   /* no client: was open from the start */
};

/* By descriptor. */
struct admin_clients {
    struct admin_client at[MAX_ADMIN_DESCRIPTORS];
};

void admin_clients_begin(struct admin_clients *clients); /* all that is open now is ours */
void admin_clients_asked(struct admin_clients *clients, int fd, uint64_t now);

/*
 * Shuts their sockets down, on which evhttp lets go of them. To be called now and then, in times shorter than the wait:
 * a client counts from the first call on that sees it.
 */
void admin_clients_end_late(struct admin_clients *clients, uint64_t now);
void admin_clients_make_room(struct admin_clients *clients, uint64_t now);

#endif
