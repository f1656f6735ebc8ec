/*
 * resolver.h: the life of a resolver: it is asked for names, asks the system for their addresses, and answers.
 *
 * It does so as the machine is set up to (nsswitch.conf), in a few threads, so that a name server that does not answer
 * holds up its own names alone. It has no key, no socket of a client, and no rights but those that asking takes. What
 * /etc/resolv.conf and its like say later on, the C library notices by itself.
 */
#ifndef DAEMON_RESOLVER_H
#define DAEMON_RESOLVER_H

#include "daemon/daemon.h"

/* Questions that are open; one more breaks the rules. */
enum { MAX_LOOKUPS = 32 };

MUST_CHECK enum daemon_exit resolver_run(int control);
#endif
