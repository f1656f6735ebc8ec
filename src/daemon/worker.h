/*
 * worker.h: the process that serves clients: one event loop, told by the master what to serve and when to end.
 *
 * It opens no file and asks no name server: all comes in a generation, its listening sockets with it.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/daemon.h"

/* `control` is the socket to the master. DAEMON_EXIT_OK: told to end, and every connection ended by itself. */
enum daemon_exit worker_run(int control);

#endif
