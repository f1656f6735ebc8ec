#include "admin/exposition.h"

#include <event2/buffer.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const type_names[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

struct exposition exposition_to(struct evbuffer *out)
{
    return (struct exposition){.out = out};
}

bool exposition_ok(const struct exposition *exposition)
{
    return !exposition->has_failed;
}

static void print(struct exposition *exposition, const char *format, ...) PRINTF_LIKE(2, 3);

static void print(struct exposition *exposition, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    exposition->has_failed |= evbuffer_add_vprintf(exposition->out, format, args) < 0;
    va_end(args);
}

enum { MAX_VALUE_LEN = 256, ESCAPED_LEN = 5 * MAX_VALUE_LEN };

static size_t escape_one(unsigned char byte, char out[8])
{
    if (byte == '\\' || byte == '"')
        return (size_t)snprintf(out, 8, "\\%c", byte);
    if (byte == '\n')
        return (size_t)snprintf(out, 8, "\\n");
    if (byte < 0x20 || byte > 0x7e)
        return (size_t)snprintf(out, 8, "\\\\x%02x", byte);
    out[0] = (char)byte;
    return 1;
}

/* The format wants \, " and line feeds escaped, and UTF-8: whatever else is not plain ASCII stands as \xNN. */
static const char *escape(const char *value, char text[ESCAPED_LEN + 1])
{
    size_t len = 0;
    char one[8];

    for (size_t i = 0; value[i] && i < MAX_VALUE_LEN; i++) {
        size_t more = escape_one((unsigned char)value[i], one);
        memcpy(text + len, one, more);
        len += more;
    }
    text[len] = 0;
    return text;
}

void exposition_family(struct exposition *exposition, const char *name, enum metric_type type, const char *help)
{
    exposition->family = name;
    print(exposition, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type_names[type]);
}

static void print_labels(struct exposition *exposition, const struct label *labels, const char *bound)
{
    const char *before = "{";
    char text[ESCAPED_LEN + 1];

    for (; labels->name; labels++, before = ",") {
        print(exposition, "%s%s=\"%s\"", before, labels->name, escape(labels->value, text));
    }
    if (bound)
        print(exposition, "%sle=\"%s\"", before, bound);
    if (bound || *before == ',')
        print(exposition, "}");
}

static void print_sample(struct exposition *exposition, const char *suffix, const struct label *labels,
                         const char *bound, uint64_t value)
{
    print(exposition, "%s%s", exposition->family, suffix);
    print_labels(exposition, labels, bound);
    print(exposition, " %" PRIu64 "\n", value);
}

void exposition_value(struct exposition *exposition, const struct label *labels, uint64_t value)
{
    print_sample(exposition, "", labels, NULL, value);
}

void exposition_time(struct exposition *exposition, const struct label *labels, int64_t seconds)
{
    print(exposition, "%s", exposition->family);
    print_labels(exposition, labels, NULL);
    print(exposition, " %" PRId64 "\n", seconds);
}

enum { SECONDS_LEN = 32 };

static const char *seconds_text(uint64_t microseconds, char text[SECONDS_LEN])
{
    int len = snprintf(text, SECONDS_LEN, "%" PRIu64 ".%06" PRIu64, microseconds / 1000000, microseconds % 1000000);

    while (text[len - 1] == '0' && text[len - 2] != '.')
        text[--len] = 0;
    return text;
}

void exposition_seconds(struct exposition *exposition, const struct label *labels, uint64_t microseconds)
{
    char text[SECONDS_LEN];

    print(exposition, "%s", exposition->family);
    print_labels(exposition, labels, NULL);
    print(exposition, " %s\n", seconds_text(microseconds, text));
}

void exposition_histogram(struct exposition *exposition, const struct label *labels, const struct histogram *histogram)
{
    uint64_t count = 0;
    char text[SECONDS_LEN];

    for (int i = 0; i < HISTOGRAM_BUCKETS; i++) {
        count += histogram->buckets[i];
        print_sample(exposition, "_bucket", labels,
                     i < HISTOGRAM_BOUNDS ? seconds_text(histogram_bounds[i], text) : "+Inf", count);
    }
    print(exposition, "%s_sum", exposition->family);
    print_labels(exposition, labels, NULL);
    print(exposition, " %s\n", seconds_text(histogram->sum, text));
    print_sample(exposition, "_count", labels, NULL, count);
}
