/*
 * counters_map.h: the counters of all processes, in memory that they share: a slot for each that serves, and for each
 * slot a file of its own.
 *
 * A file is anonymous (memfd), so that a descriptor is all that has to be handed on. The process that serves is given
 * the one of its slot and writes it, nobody else does; it cannot reach those of others. Readers are given descriptors
 * that cannot be written, and read meanwhile, without a lock. A slot outlives its writer: the next process that takes
 * it goes on where the dead one stopped, so that a total never goes back. A file is made when its slot is used for the
 * first time.
 *
 * Whoever reads trusts nothing in it but that it is there: its writer may have written anything.
 */
#ifndef PROXY_COUNTERS_MAP_H
#define PROXY_COUNTERS_MAP_H

#include "proxy/counters.h"

enum { MAX_COUNTER_SLOTS = 256 };

/* ---- for readers, and for whoever hands the files out: the slots that have one */

struct counters_map;

/* None has. NULL: out of memory. */
MUST_CHECK struct counters_map *counters_map_new(void);
void counters_map_free(struct counters_map *map); /* this process's view of it; NULL is fine */

/* Makes the file of the slot where there is none. False with errno set. */
MUST_CHECK bool counters_map_make(struct counters_map *map, size_t slot);

/*
 * What another process handed over; takes over `fd`, also on failure. False with errno set; EPROTO: it is none of this
 * build, one that could still shrink under its readers, or the slot has one already.
 */
MUST_CHECK bool counters_map_add(struct counters_map *map, size_t slot, int fd);

/* The same for who hands it to nobody: it costs no descriptor then. */
MUST_CHECK bool counters_map_add_to_read(struct counters_map *map, size_t slot, int fd);

/* To hand to its writer; it stays the map's. -1: there is none. */
int counters_map_fd(const struct counters_map *map, size_t slot);

/* The same file for a reader, who cannot write it. The caller's; close-on-exec. -1 with errno set: not without /proc.
 */
MUST_CHECK int counters_map_open_to_read(const struct counters_map *map, size_t slot);

/* By count_read(). NULL: the slot has no file. */
const struct counters *counters_map_look(const struct counters_map *map, size_t slot);

/* ---- for the one writer of a slot */

/* Its gauges are set to 0, its totals are as they were left; `fd` stays the caller's. NULL as counters_map_add(). */
MUST_CHECK struct counters *counters_take(int fd);
void counters_leave(struct counters *counters); /* NULL is fine */

#endif
