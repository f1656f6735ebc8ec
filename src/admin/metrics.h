/*
 * metrics.h: the board and the counters of all processes, as Prometheus reads them.
 *
 * Names of metrics are a promise: dashboards and alarms hang on them. Labels have few values, all of them ours or the
 * configuration's: nothing that a client sends becomes one.
 */
#ifndef ADMIN_METRICS_H
#define ADMIN_METRICS_H

#include "admin/board.h"

struct evbuffer;

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* False: out of memory, and `out` holds a part. */
MUST_CHECK bool metrics_print(const struct board_facts *facts, const struct counters_map *counters,
                              struct evbuffer *out);

#endif
