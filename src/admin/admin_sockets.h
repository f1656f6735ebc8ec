/*
 * admin_sockets.h: the listening sockets of [admin], opened before anything is given up that opening takes.
 */
#ifndef ADMIN_ADMIN_SOCKETS_H
#define ADMIN_ADMIN_SOCKETS_H

#include "proxy/address.h"

enum { MAX_ADMIN_SOCKETS = 16 };

struct admin_sockets {
    size_t count;
    int fds[MAX_ADMIN_SOCKETS]; /* close-on-exec, non-blocking, listening */
    struct socket_address addresses[MAX_ADMIN_SOCKETS];
};

/*
 * Opens every address. What `old` (NULL: nothing) has open already is not opened again but duplicated, so that a reload
 * loses no client, nor changes anything: see admin_sockets_set_mode(). The file of a new unix socket has the configured
 * mode from its first moment on; one that nobody answers on any more is replaced. False after telling what is in the
 * way of which; then all is closed again.
 */
MUST_CHECK bool admin_sockets_open(struct admin_sockets *sockets, const struct config_admin *config,
                                   const struct admin_sockets *old, struct config_findings findings);

/* Of the files of unix sockets that are in use by now. False: of one it is another, see errno. */
MUST_CHECK bool admin_sockets_set_mode(const struct admin_sockets *sockets, mode_t mode);

/* The same addresses, whatever their order. */
bool admin_sockets_are_same(const struct admin_sockets *a, const struct admin_sockets *b);

/* Closes them. The files of unix sockets go, but those that `next` (NULL: nobody) goes on with. */
void admin_sockets_close(struct admin_sockets *sockets, const struct admin_sockets *next);

#endif
