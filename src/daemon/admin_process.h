/* admin_process.h: the life of an admin process: it is handed the board, the counters and its sockets, and answers. */
#ifndef DAEMON_ADMIN_PROCESS_H
#define DAEMON_ADMIN_PROCESS_H

#include "daemon/daemon.h"

MUST_CHECK enum daemon_exit admin_process_run(int control);

#endif
