/* process_role.h: the processes that a daemon is made of. */
#ifndef DAEMON_PROCESS_ROLE_H
#define DAEMON_PROCESS_ROLE_H

enum process_role {
    PROCESS_MASTER,    /* reads the configuration, binds, starts and ends the others; meets no byte of a client */
    PROCESS_WORKER,    /* accepts, connects to backends; opens nothing */
    PROCESS_KEYHOLDER, /* answers on the sockets it was given; no network at all */
    PROCESS_ROLES
};

#endif
