/*
 * loader.h: a configuration and everything it names, loaded by a process that lives no longer than that takes.
 *
 * The master reads the configuration's own text and nothing else: certificates, keys, CAs, CRLs and staples are parsed
 * in a child of it that may read what the master may. What a crafted file could do it does to that child. Policies are
 * built there as they will be in the workers, so that every fault is told once, with its place, before anybody serves
 * from it. It asks for no name: what stands behind them was found out before (resolving.h).
 */
#ifndef DAEMON_LOADER_H
#define DAEMON_LOADER_H

#include <sys/types.h>

#include "admin/board.h"
#include "daemon/generation.h"

struct loader_manner {
    struct supply supply; /* what is read, and what is known of names */
    bool is_quiet;        /* what is found is told if it does not hinder: else it was told before */
};

/*
 * Writes into `files`, which the caller seals when the child has ended with DAEMON_EXIT_OK;
 * with any other exit code it has told why in the log. `certificates`, which the child shares with its parent, are
 * those that will be served. The child's id, or -1 with errno set.
 */
MUST_CHECK pid_t loader_start(const char *name, const struct config *config, struct loader_manner manner,
                              const struct generation_files *files, struct board_certificates *certificates);

#endif
