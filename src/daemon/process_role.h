/* process_role.h: the processes that a daemon is made of. */
#ifndef DAEMON_PROCESS_ROLE_H
#define DAEMON_PROCESS_ROLE_H

enum process_role {
    PROCESS_MASTER,    /* reads every file, binds, starts and ends the others; meets no byte of a client */
    PROCESS_WORKER,    /* accepts, connects to backends by IP; opens nothing */
    PROCESS_KEYHOLDER, /* answers on the sockets it was given; no network at all */
    PROCESS_ADMIN,     /* accepts on the sockets it was given; connects to nobody */
    PROCESS_RESOLVER,  /* asks for names as the system is set up to: reads /etc, loads libraries, connects */
    PROCESS_ROLES
};

#endif
