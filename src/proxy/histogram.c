#include "proxy/histogram.h"

#include "proxy/count.h"

/* From a resumption next door to the handshake-timeout. */
const uint64_t histogram_bounds[HISTOGRAM_BOUNDS] = {
    500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000,
};

void histogram_add(struct histogram *histogram, uint64_t microseconds)
{
    int bucket = 0;

    while (bucket < HISTOGRAM_BOUNDS && microseconds > histogram_bounds[bucket])
        bucket++;
    count_one(&histogram->buckets[bucket]);
    count_more(&histogram->sum, microseconds);
}
