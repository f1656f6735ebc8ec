/*
 * log_syntax.h: reads log lines back, strictly, for tests.
 *
 * What it accepts is the promise of base/log.h to those who parse its lines: exactly one line, nothing in it but
 * printable ASCII, and every value as the bytes that were logged.
 */
#ifndef SUPPORT_LOG_SYNTAX_H
#define SUPPORT_LOG_SYNTAX_H

#include "base/log.h"

enum { MAX_LOG_FIELDS = 32, MAX_LOG_KEY = 32 };

struct log_field {
    char key[MAX_LOG_KEY];
    uint8_t value[LOG_VALUE_MAX + 8]; /* unescaped */
    size_t len;
};

struct log_fields {
    size_t count;
    struct log_field fields[MAX_LOG_FIELDS];
};

/* True when `line` is one whole line of `format`, its newline included and nothing behind. */
MUST_CHECK bool log_line_parse(enum log_format format, struct bytes line, struct log_fields *out);

/* The first field of that name, or NULL. */
const struct log_field *log_fields_find(const struct log_fields *fields, const char *key);

#endif
