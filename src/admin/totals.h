/*
 * totals.h: the sum of one counter over the slots of all processes.
 *
 * A counter is named by its address in a model, in which nobody counts: sums read the same place of every slot
 * that was ever used. Of gauges only the slots that a living process writes count.
 */
#ifndef ADMIN_TOTALS_H
#define ADMIN_TOTALS_H

#include "admin/board.h"

struct totals {
    const struct board_facts *facts;
    const struct counters_map *map;
    const struct counters *model; /* where all addresses point into */
};

struct totals totals_of(const struct board_facts *facts, const struct counters_map *map);
uint64_t totals_count(const struct totals *totals, const uint64_t *counter);
uint64_t totals_latest(const struct totals *totals, const uint64_t *time); /* of a time that only grows */
uint64_t totals_gauge(const struct totals *totals, const uint64_t *gauge);
struct histogram totals_histogram(const struct totals *totals, const struct histogram *histogram);

#endif
