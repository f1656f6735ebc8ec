/*
 * daemon.h: a configuration at work, from the first socket to the last connection.
 *
 * Everything is built before anything is served: policies with their certificates and keys, backends with their
 * names resolved, then the sockets. A fault in any of it is told with its file and line, and nothing is left half
 * started. One process and one thread for now.
 *
 * TERM, INT and QUIT drain: the listeners close, connections go on for up to drain-timeout; a second one ends them
 * now. HUP and USR1 are taken note of; reloading and reopening logs come later.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"

enum daemon_exit {
    DAEMON_EXIT_OK = 0,      /* stopped, every connection ended by itself */
    DAEMON_EXIT_FAILURE = 1, /* a busy port, connections that had to be cut, no memory */
    DAEMON_EXIT_CONFIG = 78, /* EX_CONFIG: a fault that will not pass by itself */
};

/* Runs until it is told to stop. crypto_start() was called; logs are set up as `config` says. */
enum daemon_exit daemon_run(const struct config *config);

#endif
