#include "admin/totals.h"

/* Nobody counts in it: its places stand for those of every slot. */
static struct counters model;

struct totals totals_of(const struct board_facts *facts, const struct counters_map *map)
{
    return (struct totals){facts, map, &model};
}

static uint64_t read_in(const struct totals *totals, size_t slot, const uint64_t *counter)
{
    size_t offset = (size_t)((const uint8_t *)counter - (const uint8_t *)totals->model);
    const struct counters *counters = counters_map_look(totals->map, slot);

    return counters ? count_read((const uint64_t *)(const void *)((const uint8_t *)counters + offset)) : 0;
}

uint64_t totals_count(const struct totals *totals, const uint64_t *counter)
{
    uint64_t sum = 0;

    for (size_t slot = 0; slot < totals->facts->slot_count; slot++)
        sum += read_in(totals, slot, counter);
    return sum;
}

uint64_t totals_latest(const struct totals *totals, const uint64_t *time)
{
    uint64_t latest = 0;

    for (size_t slot = 0; slot < totals->facts->slot_count; slot++) {
        uint64_t one = read_in(totals, slot, time);
        latest = one > latest ? one : latest;
    }
    return latest;
}

uint64_t totals_gauge(const struct totals *totals, const uint64_t *gauge)
{
    uint64_t sum = 0;

    for (size_t slot = 0; slot < totals->facts->slot_count; slot++)
        if (totals->facts->is_slot_live[slot])
            sum += read_in(totals, slot, gauge);
    return sum;
}

struct histogram totals_histogram(const struct totals *totals, const struct histogram *histogram)
{
    struct histogram sum;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        sum.buckets[i] = totals_count(totals, &histogram->buckets[i]);
    sum.sum = totals_count(totals, &histogram->sum);
    return sum;
}
