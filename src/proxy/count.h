/*
 * count.h: a counter that one process writes and others read meanwhile.
 *
 * One writer needs no locked instruction: it reads its own last value, adds, and stores 64 bits whole. A reader sees
 * the value of before or of after, never half of one.
 */
#ifndef PROXY_COUNT_H
#define PROXY_COUNT_H

#include <stdint.h>

static inline void count_set(uint64_t *counter, uint64_t value)
{
    __atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static inline void count_more(uint64_t *counter, uint64_t more)
{
    count_set(counter, *counter + more);
}

static inline void count_one(uint64_t *counter)
{
    count_more(counter, 1);
}

/* For gauges alone: a total never goes back. */
static inline void count_one_less(uint64_t *gauge)
{
    count_set(gauge, *gauge - 1);
}

static inline uint64_t count_read(const uint64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
