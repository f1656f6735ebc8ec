/*
 * exposition.h: Prometheus' text format 0.0.4, line by line.
 *
 * One family after another: exposition_family() begins one, the values that follow are its samples. What a label says
 * is escaped here, so that no name of a file or a section can break a line or the encoding. Output that failed for want
 * of memory sticks: exposition_ok().
 */
#ifndef ADMIN_EXPOSITION_H
#define ADMIN_EXPOSITION_H

#include "base/attributes.h"
#include "proxy/histogram.h"

#include <stdbool.h>
#include <stdint.h>

struct evbuffer;

struct exposition {
    struct evbuffer *out;
    const char *family;
    bool has_failed;
};

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct label {
    const char *name, *value;
};

/* The labels of a sample: LABELS({"listener", name}, {"state", "relaying"}). */
#define LABELS(...) ((const struct label[]){__VA_ARGS__, {NULL, NULL}})
#define NO_LABELS ((const struct label[]){{NULL, NULL}})

struct exposition exposition_to(struct evbuffer *out);
MUST_CHECK bool exposition_ok(const struct exposition *exposition);

/* `name` lives until the next family. */
void exposition_family(struct exposition *exposition, const char *name, enum metric_type type, const char *help);
void exposition_value(struct exposition *exposition, const struct label *labels, uint64_t value);
void exposition_seconds(struct exposition *exposition, const struct label *labels, uint64_t microseconds);
void exposition_time(struct exposition *exposition, const struct label *labels, int64_t seconds);

/* Buckets in seconds, summed up as the format wants it, then _sum and _count. */
void exposition_histogram(struct exposition *exposition, const struct label *labels, const struct histogram *histogram);

#endif
