/*
 * keyholder_process.h: how a keyholder (keyholder.h) begins: its keys come from the secret part of a generation.
 */
#ifndef DAEMON_KEYHOLDER_PROCESS_H
#define DAEMON_KEYHOLDER_PROCESS_H

#include "daemon/daemon.h"

/* `control` is the socket to the master. */
enum daemon_exit keyholder_process_run(int control);

#endif
