/*
 * listen_sockets.h: the listening sockets of a whole configuration, apart from what is served on them.
 *
 * Who binds them keeps them for life: a new configuration takes over those whose address it names as well, with the
 * connections that wait in them, and listeners, here or in other processes, work on duplicates. The file of a unix
 * socket goes when its owner closes it.
 */
#ifndef PROXY_LISTEN_SOCKETS_H
#define PROXY_LISTEN_SOCKETS_H

#include "proxy/address.h"

struct listen_socket {
    struct socket_address address; /* as configured: port 0 is 0 */
    size_t listen;                 /* which [listen] section, by its place in the configuration */
    int fd;
    bool is_borrowed; /* of the set it was opened after; see listen_sockets_take_over() */
};

struct listen_sockets {
    struct listen_socket *sockets;
    size_t count;
};

/*
 * Opens every address of `config`; the sockets of `old` (NULL: there are none) are borrowed where the address is the
 * same. NULL after telling what is in the way of which ("address in use"), and then nothing has changed.
 */
MUST_CHECK struct listen_sockets *listen_sockets_open(const struct config *config, struct listen_sockets *old,
                                                      struct config_findings findings);

/* The new set owns what it borrowed. What is left in `old`, nobody wants any more: it is closed with it. */
void listen_sockets_take_over(struct listen_sockets *sockets, struct listen_sockets *old);

/* Closes what is not borrowed. NULL is fine. */
void listen_sockets_free(struct listen_sockets *sockets);

#endif
