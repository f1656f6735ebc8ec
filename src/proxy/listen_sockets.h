/*
 * listen_sockets.h: the listening sockets of a whole configuration, apart from what is served on them.
 *
 * Who binds them keeps them for life: a new configuration takes over those whose address it names as well, with the
 * connections that wait in them, and listeners, here or in other processes, work on duplicates. The file of a unix
 * socket goes when its owner closes it.
 */
#ifndef PROXY_LISTEN_SOCKETS_H
#define PROXY_LISTEN_SOCKETS_H

#include "proxy/supply.h"

struct listen_socket {
    struct socket_address address; /* as configured: port 0 is 0 */
    size_t listen;                 /* which [listen] section, by its place in the configuration */
    int fd;
    bool is_borrowed;                      /* of the set it was opened after; see listen_sockets_take_over() */
    char name[CONFIG_MAX_SOCKET_NAME + 1]; /* the service manager's; empty: we bound it */
};

struct listen_sockets {
    struct listen_socket *sockets;
    size_t count;
};

/*
 * Opens every address of `config`, whose names `names` knows; the sockets of `old` (NULL: there are none) are borrowed
 * where the address is the same. Those that the service manager has `passed` (NULL: none) are duplicated where the
 * configuration names them. NULL after telling what is in the way of which ("address in use"), and then nothing has
 * changed.
 */
MUST_CHECK struct listen_sockets *listen_sockets_open(const struct config *config, const struct supply *names,
                                                      struct listen_sockets *old, const struct listen_sockets *passed,
                                                      struct config_findings findings);

/* Whether one is missing that the service manager was to pass: no other try of this process will find it. */
MUST_CHECK bool listen_sockets_lack_passed(const struct config *config, const struct listen_sockets *old,
                                           const struct listen_sockets *passed);

/* A unix socket can be bound there: there is no file, or one that nobody answers on any more was removed. False with
 * errno set. */
MUST_CHECK bool listen_sockets_clear_path(const struct socket_address *address);

/* Takes over a listening socket under that name, into a set of what was passed. False: it is none, or no memory. */
MUST_CHECK bool listen_sockets_add_passed(struct listen_sockets *passed, int fd, const char *name);

/* The new set owns what it borrowed. What is left in `old`, nobody wants any more: it is closed with it. */
void listen_sockets_take_over(struct listen_sockets *sockets, struct listen_sockets *old);

/*
 * Who works on a duplicate can end it for all: it is one socket. So its owner looks after it from time to time. NULL:
 * it is as it was opened; else what is wrong, to be mended. False with errno set: that cannot be done.
 */
const char *listen_socket_fault(const struct listen_socket *sock);
MUST_CHECK bool listen_socket_mend(const struct listen_socket *sock);

/* Closes what is not borrowed. NULL is fine. */
void listen_sockets_free(struct listen_sockets *sockets);

#endif
