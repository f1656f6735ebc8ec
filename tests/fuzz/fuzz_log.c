/*
 * Whatever the bytes: one line, in the syntax of its format, each value as it was, no field that was not logged.
 *
 * Input: a byte that chooses the format, a byte that says where the rest is divided into two values.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/log_syntax.h"

static int ends[2];

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void log_two(enum log_format format, struct bytes one, struct bytes two)
{
    struct log_line line;

    log_configure(format, LOG_LEVEL_INFO, ends[1]);
    log_begin(&line, LOG_LEVEL_INFO, "fuzz");
    log_bytes(&line, "one", one);
    log_number(&line, "between", -5);
    log_bytes(&line, "two", two);
    log_text(&line, "last", "end");
    log_end(&line);
}

static void must_hold(const struct log_fields *fields, const char *key, struct bytes value)
{
    const struct log_field *field = log_fields_find(fields, key);
    size_t len = value.len < LOG_VALUE_MAX ? value.len : LOG_VALUE_MAX;

    if (!field) { /* only a line that says it was cut may lack a field */
        must(log_fields_find(fields, "cut") != NULL);
        return;
    }
    must(field->len == (value.len > LOG_VALUE_MAX ? len + 3 : len));
    must(bytes_equal(bytes_of(field->value, len), bytes_of(value.at, len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t written[LOG_LINE_MAX + 1];
    static struct log_fields fields;
    enum log_format format;
    struct bytes one, two;
    size_t cut;
    ssize_t len;

    if (size < 2)
        return 0;
    if (ends[1] == 0)
        must(pipe(ends) == 0);
    format = data[0] & 1 ? LOG_FORMAT_JSON : LOG_FORMAT_LOGFMT;
    cut = data[1] * (size - 2) / 255;
    one = bytes_of(data + 2, cut);
    two = bytes_of(data + 2 + cut, size - 2 - cut);
    log_two(format, one, two);
    len = read(ends[0], written, sizeof written);
    must(len > 0 && len <= LOG_LINE_MAX);
    must(log_line_parse(format, bytes_of(written, (size_t)len), &fields));
    must_hold(&fields, "one", one);
    must_hold(&fields, "two", two);
    must_hold(&fields, "last", BYTES_OF_LITERAL("end"));
    must(fields.count <= 3 + 4 + 1);
    return 0;
}
