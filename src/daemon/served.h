/*
 * served.h: one generation as a worker serves it: its configuration, keys and listeners.
 *
 * Built whole from what the master handed over, or not at all. Connections hold on to their listener, so that an
 * earlier generation lives on, without sockets, until the last of its connections has ended.
 */
#ifndef DAEMON_SERVED_H
#define DAEMON_SERVED_H

#include "daemon/daemon.h"
#include "daemon/inbox.h"
#include "proxy/listener.h"

struct demo;

struct served {
    struct served *next;
    uint32_t number;
    struct config *config;
    struct keyring *keyring;              /* NULL: keys and ticket keys are a keyholder's */
    struct ticket_keys *tickets;          /* NULL once they are in use */
    struct listener **listeners;          /* as many as config has, NULL where building failed */
    size_t max_connections, memory_limit; /* of this worker */
};

/* What a generation is built into. */
struct serving {
    struct proxy *proxy;
    struct demo **demo;     /* made for the first listener that relays to it ... */
    int *demo_socket;       /* ... of this socket, then -1 */
    uint16_t number, total; /* of workers */
};

/* How many connections each of so many workers takes: by max-connections, or by its descriptors and memory-limit. */
size_t served_max_connections(const struct config *config, size_t workers);

/* NULL with the reason, and what becomes of a process that has no other generation, in `exit`. */
MUST_CHECK struct served *served_build(const struct serving *serving, struct inbox *inbox,
                                       char reason[MAX_CONTROL_REASON + 1], enum daemon_exit *exit);

/* What stands behind a name now, in whichever of its backends. */
void served_set_addresses(struct served *served, const char *name, const struct host_addresses *addresses);

/* Begins to accept on every socket. */
MUST_CHECK bool served_start(struct served *served);

/* Stops accepting. Who waits in a socket that `next` has as well is left to it; NULL: there is no next. */
void served_stop(struct served *served, const struct served *next);

bool served_has_sockets(const struct served *served);
bool served_is_idle(const struct served *served);
void served_free(struct served *served); /* its connections have ended; NULL is fine */

#endif
