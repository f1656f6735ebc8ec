/*
 * counters_map.h: the counters of all processes, in one mapping that they share.
 *
 * It is an anonymous file (memfd), so that a descriptor is all that has to be handed on. Each process that serves
 * writes one slot, of which it is the only writer; others read all slots meanwhile, without a lock. A slot outlives its
 * writer: the next process that takes it goes on where the dead one stopped, so that a total never goes back. The
 * file is sparse: what no process counted in takes no memory.
 *
 * Whoever reads trusts nothing in it but that it is there: any writer may have written anything anywhere.
 */
#ifndef PROXY_COUNTERS_MAP_H
#define PROXY_COUNTERS_MAP_H

#include "proxy/counters.h"

enum { MAX_COUNTER_SLOTS = 256 };

struct counters_map;

/* A fresh one, all zeros, of `slots` slots (1 to MAX_COUNTER_SLOTS). NULL with errno set. */
MUST_CHECK struct counters_map *counters_map_new(size_t slots);

enum counters_map_use { COUNTERS_MAP_READ, COUNTERS_MAP_WRITE };

/*
 * What another process handed over; `fd` is copied and stays the caller's. NULL with errno set; EPROTO: it is no map of
 * this build, or one that could still shrink under its readers.
 */
MUST_CHECK struct counters_map *counters_map_open(int fd, enum counters_map_use use);

void counters_map_free(struct counters_map *map); /* this process's view of it; NULL is fine */

int counters_map_fd(const struct counters_map *map); /* to hand on; close-on-exec, as all descriptors */
size_t counters_map_slots(const struct counters_map *map);

/*
 * For the slot's next and only writer: its gauges are set to 0, its totals are as they were left. NULL: no such slot.
 * Not for a map opened with COUNTERS_MAP_READ.
 */
MUST_CHECK struct counters *counters_map_take(struct counters_map *map, size_t slot);

/* For readers, by count_read(). NULL: no such slot. */
const struct counters *counters_map_look(const struct counters_map *map, size_t slot);

#endif
