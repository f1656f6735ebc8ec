/*
 * daemon.h: a configuration at work, from the first socket to the last connection.
 *
 * The master (master.h) loads a configuration into a generation (generation.h), owns the listening sockets and starts
 * the processes that serve (spawn.h); it never sees a client's byte. Workers (worker.h) build from the generation what
 * they serve. All is built before anything is served, in every process, also when a reload brings a new generation: a
 * fault is told with its file and line, and what was there goes on.
 *
 * HUP reloads. USR2 executes the binary anew, in place (upgrade.h). TERM, INT and QUIT drain: after drain-delay the
 * listeners close, connections go on for up to drain-timeout; a second one ends them now.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include "config/config.h"

enum daemon_exit {
    DAEMON_EXIT_OK = 0,      /* stopped, every connection ended by itself */
    DAEMON_EXIT_FAILURE = 1, /* a busy port, connections that had to be cut, no memory */
    DAEMON_EXIT_CONFIG = 78, /* EX_CONFIG: a fault that will not pass by itself */
};

/* Where the configuration comes from, each time it is loaded. */
struct daemon_source {
    const char *name; /* in findings */
    struct config *(*load)(void *context, struct config_findings findings);
    void *context;
    char *const *arguments; /* of the process, for USR2: with these the new binary is executed; NULL: it cannot be */
    uint64_t build_time;    /* microseconds after which who loads, checks or builds it is ended; 0: a minute */
};

/*
 * Serves `config`, which it takes over, and on HUP what `source` has then. Runs until it is told to stop. NULL: it has
 * faults, which were told; that is an end, but for a process that takes over from the binary before it.
 */
enum daemon_exit daemon_run(struct config *config, struct daemon_source source);

/* For -t: where the binary that runs asks whether this one could take over with `config`, why it cannot. Else NULL. */
const char *daemon_takeover_fault(const struct config *config);

/* `sallyport --process NAME`: whether it is the master that started us, and the life of such a process. */
MUST_CHECK bool daemon_is_child(const char *name);
enum daemon_exit daemon_run_child(const char *name);

#endif
