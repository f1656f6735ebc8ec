/*
 * generation.h: a configuration with everything it names, as it was when it was loaded, in two sealed memfds.
 *
 * The public one has the configuration with its defaults and variables filled in, every certificate (without the
 * private key that its file may hold), CAs, CRLs, staples, and the addresses behind the host names. The secret one has
 * the files that hold private keys, and those of ticket keys. Processes are handed the one or both, build from them and
 * touch no disk; nobody can change them, and a process that is started anew, hours later, gets the very same.
 */
#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include "proxy/supply.h"

struct generation_files {
    int public, secret; /* -1: none */
};

/* Empty ones, to be written and then sealed. False with errno set. */
MUST_CHECK bool generation_files_make(struct generation_files *files);

/* From now on nobody can change them. False with errno set. */
MUST_CHECK bool generation_files_seal(const struct generation_files *files);
void generation_files_close(struct generation_files *files);

/* ---- writing: whoever loads builds from a recorder's supply, and what was read on the way is what is kept */

struct recorder;

MUST_CHECK struct recorder *recorder_new(struct supply disk);
void recorder_free(struct recorder *recorder); /* wipes what is secret; NULL is fine */

/* Reads each file and asks for each name once: a second question gets the same answer. */
struct supply recorder_supply(struct recorder *recorder);

/* `name` stands for the configuration in findings. False with errno set. */
MUST_CHECK bool recorder_write(const struct recorder *recorder, const char *name, const struct config *config,
                               const struct generation_files *files);

/* ---- reading */

struct generation;

/*
 * Maps the files, whose descriptors stay the caller's; secret may be -1. NULL with the reason in `fault`: they are not
 * sealed, or not what a recorder writes.
 */
MUST_CHECK struct generation *generation_open(const struct generation_files *files, const char **fault);
void generation_free(struct generation *generation); /* NULL is fine */

/* NULL after telling why not, which does not happen to what was loaded. */
MUST_CHECK struct config *generation_config(const struct generation *generation, struct config_findings findings);

/* What was not recorded is not to be had. Good as long as the generation. */
struct supply generation_supply(struct generation *generation);

/* For whoever holds the keys alone: the n-th file that holds a private key. False: there are no more. */
MUST_CHECK bool generation_key_file(const struct generation *generation, size_t index, struct bytes *file);

#endif
