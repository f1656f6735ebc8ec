/*
 * histogram.h: how often something took how long.
 */
#ifndef PROXY_HISTOGRAM_H
#define PROXY_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 14, HISTOGRAM_BUCKETS = HISTOGRAM_BOUNDS + 1 };

/* Microseconds, ascending: a bucket holds what took at most so long and longer than the bound before; the last all
 * else. */
extern const uint64_t histogram_bounds[HISTOGRAM_BOUNDS];

/* Zeroed it is empty. One writer, as in count.h. */
struct histogram {
    uint64_t buckets[HISTOGRAM_BUCKETS]; /* each by itself, not summed up */
    uint64_t sum;                        /* microseconds */
};

void histogram_add(struct histogram *histogram, uint64_t microseconds);

#endif
