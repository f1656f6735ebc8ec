/*
 * activation.h: the sockets that a service manager opened for us (sd_listen_fds(3)), by their names.
 */
#ifndef DAEMON_ACTIVATION_H
#define DAEMON_ACTIVATION_H

#include "proxy/listen_sockets.h"

/*
 * From the environment, whose variables are gone afterwards. What is no listening stream socket is told and closed.
 * NULL: there are none, or no memory.
 */
struct listen_sockets *activation_take(void);

#endif
