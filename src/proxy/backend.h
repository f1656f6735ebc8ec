/*
 * backend.h: the plaintext servers behind a listener.
 *
 * Connections go round robin over the `server` lines; a server that refuses or does not answer in time is passed over
 * for the next one, once. A server whose name has several addresses is tried at each of them before it counts as
 * refused, beginning with the one that worked last. One whose name does not resolve (yet) is passed over as if it were
 * not there. Nobody is asked for a name here: what stands behind it comes with the supply, and later on from outside.
 */
#ifndef PROXY_BACKEND_H
#define PROXY_BACKEND_H

#include "proxy/host.h"
#include "proxy/limits.h"
#include "proxy/supply.h"

struct backend_server {
    const char *text; /* as configured */
    const char *name; /* of a host; NULL: its address never changes */
    uint16_t port;
    struct socket_address addresses[MAX_SERVER_ADDRESSES];
    uint8_t address_count; /* 0: its name does not resolve (yet) */
    uint8_t preferred;     /* the address that took the last connection */
    uint8_t edition;       /* of the addresses: an attempt may be older */
    uint16_t counted_as;   /* index in counters.h */
};

struct backend {
    const char *name;
    struct backend_server *servers;
    uint32_t server_count;
    uint32_t next;            /* round robin */
    uint64_t connect_timeout; /* microseconds, of one attempt */
    int send_proxy;           /* an enum config_send_proxy */
    bool is_demo;
};

/*
 * `config` outlives the backend. A name that does not resolve is a warning. NULL after telling what can never be
 * connected to, or out of memory.
 */
MUST_CHECK struct backend *backend_new(const struct config_backend *config, const struct supply *supply,
                                       struct config_findings findings);

/* The built-in demo backend, which listens on this port of 127.0.0.1. */
MUST_CHECK struct backend *backend_new_demo(uint16_t port);
void backend_free(struct backend *backend); /* NULL is fine */

/* What stands behind a name from now on. Connections that are being made go on; none at all changes nothing. */
void backend_set_addresses(struct backend *backend, const char *name, const struct host_addresses *addresses);

/* How far a connection got in trying the servers. Zeroed it has not begun. */
struct backend_attempt {
    uint32_t server;
    uint8_t servers_tried, addresses_tried;
    uint8_t edition; /* of the server's addresses as it began with them */
};

/* The first, or after a failure the next place to try. False: there is none left, or has never been one. */
MUST_CHECK bool backend_next(struct backend *backend, struct backend_attempt *attempt);
const struct backend_server *backend_server_of(const struct backend *backend, const struct backend_attempt *attempt);

/* Of an attempt that has begun. */
const struct socket_address *backend_address_of(const struct backend *backend, const struct backend_attempt *attempt);
void backend_worked(struct backend *backend, const struct backend_attempt *attempt);

enum backend_connect_result { BACKEND_CONNECTED, BACKEND_CONNECTING, BACKEND_FAILED };

/* Begins to connect. *fd is the socket unless the answer is BACKEND_FAILED; then `error` is an errno. */
MUST_CHECK enum backend_connect_result backend_connect(const struct backend *backend,
                                                       const struct backend_attempt *attempt, int *fd, int *error);

/* What became of a socket that was connecting and is now writable: 0 or an errno. */
MUST_CHECK int backend_connect_error(int fd);

#endif
