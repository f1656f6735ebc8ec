/*
 * trace.h: published figures, read from tests/data/rfc8448/NAME.txt (its README tells the form).
 *
 * A figure that is missing or no hex ends the test: nothing passes because it was not there.
 */
#ifndef SUPPORT_TRACE_H
#define SUPPORT_TRACE_H

#include "base/secret.h"

enum { TRACE_MAX_VALUES = 80, TRACE_MAX_NAME = 40, TRACE_MAX_BYTES = 16384 };

struct trace_value {
    char name[TRACE_MAX_NAME];
    size_t at, len;
};

struct trace {
    const char *name;
    struct trace_value values[TRACE_MAX_VALUES];
    size_t count;
    uint8_t bytes[TRACE_MAX_BYTES];
    size_t len;
};

void trace_load(struct trace *trace, const char *name);
struct bytes trace_get(const struct trace *trace, const char *name);
struct secret trace_secret(const struct trace *trace, const char *name);

/* Bytes from hex, in storage that lives until the eighth call after. */
struct bytes hex(const char *text);

/* Ends the test with both values in hex when they differ. */
void assert_same(struct bytes got, struct bytes expected, const char *what);
void assert_in_trace(const struct trace *trace, const char *name, struct bytes got);

#endif
