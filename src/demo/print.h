/*
 * print.h: text for the demo's answers, appended to a bounded writer whose error sticks.
 *
 * What a peer had a hand in goes through print_html() or print_json() and nothing else. Both show a byte outside
 * printable ASCII as \xNN and double a backslash, as the log does, so that neither a control character nor broken
 * UTF-8 reaches the reader.
 */
#ifndef DEMO_PRINT_H
#define DEMO_PRINT_H

#include "base/attributes.h"
#include "base/writer.h"

enum { MAX_PRINT_FORMAT_LEN = 512 };

void print_text(struct writer *out, const char *text); /* ours, as it is */

/* For numbers and our own words, at most MAX_PRINT_FORMAT_LEN bytes a call. */
void print_format(struct writer *out, const char *format, ...) PRINTF_LIKE(2, 3);

void print_html(struct writer *out, const char *text); /* good between tags and in a quoted attribute */
void print_json(struct writer *out, const char *text); /* a string with its quotes */

void print_duration(struct writer *out, uint64_t microseconds); /* "731 µs", "1.31 ms", "1.25 s": three digits */
void print_number(struct writer *out, uint64_t number);         /* "1,234" */

#endif
