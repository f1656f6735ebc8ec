/*
 * counters.h: what the proxy counts, one row of counters.def each.
 */
#ifndef PROXY_COUNTERS_H
#define PROXY_COUNTERS_H

#include <stdint.h>

#include "tls/why.h"

struct counters {
#define X(name) uint64_t name;
#include "proxy/counters.def"
#undef X
    uint64_t ended_by_why[WHY_COUNT];
};

/* One line event=counters with everything that is not zero. */
void counters_log(const struct counters *counters);

#endif
