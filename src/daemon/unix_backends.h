/*
 * unix_backends.h: the master's side of backends behind unix sockets: a worker sees no path, so the master connects and
 * hands over the descriptor.
 *
 * A worker that asks is taken for hostile: it gets to the paths that a configuration names, and to no other, so many a
 * second. Connecting to a unix socket never waits: where there is no room in the queue of the listener that is an error
 * at once (EAGAIN), and the worker tries its next server.
 */
#ifndef DAEMON_UNIX_BACKENDS_H
#define DAEMON_UNIX_BACKENDS_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "config/config.h"

struct unix_path;

/* Zeroed it is empty. */
struct unix_backends {
    struct unix_path *paths;
    size_t count;
};

/* What one process asked for within this second. Zeroed it has not asked. */
struct unix_quota {
    uint64_t second;
    uint32_t count;
};

enum { MAX_UNIX_CONNECTS = 20000 }; /* a second and worker: three times what handshakes it can make in one */

/* The paths of a configuration that is about to be served. False: out of memory, none is there that was not. */
MUST_CHECK bool unix_backends_add(struct unix_backends *backends, const struct config *config);

/* `config` is served now: what others named is connected to for a while yet, by handshakes that began under them. */
void unix_backends_keep(struct unix_backends *backends, const struct config *config, uint64_t now);

/* 0 and the connected socket, or an errno: EACCES for a path that is not named. `now` is in microseconds. */
MUST_CHECK int unix_backends_connect(const struct unix_backends *backends, const char *path, uint64_t now, int *fd);

/* False: it asks for more than a worker can have a use for. */
MUST_CHECK bool unix_quota_take(struct unix_quota *quota, uint64_t now);

void unix_backends_free(struct unix_backends *backends);

#endif
