#include "support/trace.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/attributes.h"

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of the hex digits in `text`, spaces between them aside. */
static size_t take_hex(const char *text, uint8_t *out, size_t space)
{
    size_t len = 0;

    for (; *text; text += 2) {
        while (isspace((unsigned char)*text))
            text++;
        if (!*text)
            break;
        ck_assert_msg(digit_value(text[0]) >= 0 && digit_value(text[1]) >= 0, "no hex: %s", text);
        ck_assert_uint_lt(len, space);
        out[len++] = (uint8_t)(digit_value(text[0]) * 16 + digit_value(text[1]));
    }
    return len;
}

static void take_line(struct trace *trace, char *line)
{
    char *equals = strstr(line, " =");

    if (line[0] == '#' || line[0] == '\n')
        return;
    if (line[0] != ' ') {
        struct trace_value *value = &trace->values[trace->count++];

        ck_assert_uint_le(trace->count, TRACE_MAX_VALUES);
        ck_assert_msg(equals && equals - line < TRACE_MAX_NAME, "%s: %s", trace->name, line);
        memcpy(value->name, line, (size_t)(equals - line));
        value->at = trace->len;
        line = equals + 2;
    }
    ck_assert_uint_gt(trace->count, 0);
    trace->len += take_hex(line, trace->bytes + trace->len, sizeof trace->bytes - trace->len);
    trace->values[trace->count - 1].len = trace->len - trace->values[trace->count - 1].at;
}

void trace_load(struct trace *trace, const char *name)
{
    const char *top = getenv("top_srcdir");
    char path[4096], line[256];
    FILE *file;

    memset(trace, 0, sizeof *trace);
    trace->name = name;
    snprintf(path, sizeof path, "%s/tests/data/rfc8448/%s.txt", top ? top : ".", name);
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    while (fgets(line, sizeof line, file))
        take_line(trace, line);
    fclose(file);
}

struct bytes trace_get(const struct trace *trace, const char *name)
{
    for (size_t i = 0; i < trace->count; i++)
        if (strcmp(trace->values[i].name, name) == 0 && trace->values[i].len > 0)
            return bytes_of(trace->bytes + trace->values[i].at, trace->values[i].len);
    ck_abort_msg("%s has no %s", trace->name, name);
    return bytes_of(NULL, 0);
}

struct secret trace_secret(const struct trace *trace, const char *name)
{
    struct secret secret;

    ck_assert(secret_set(&secret, trace_get(trace, name)));
    return secret;
}

struct bytes hex(const char *text)
{
    static uint8_t storage[8][512];
    static unsigned next;
    uint8_t *out = storage[next++ % ARRAY_LEN(storage)];

    return bytes_of(out, take_hex(text, out, sizeof storage[0]));
}

static void print_hex(const char *label, struct bytes value)
{
    fprintf(stderr, "%s (%zu)", label, value.len);
    for (size_t i = 0; i < value.len; i++)
        fprintf(stderr, "%s%02x", i % 32 == 0 ? "\n    " : "", value.at[i]);
    fprintf(stderr, "\n");
}

void assert_same(struct bytes got, struct bytes expected, const char *what)
{
    if (bytes_equal(got, expected))
        return;
    print_hex("got", got);
    print_hex("expected", expected);
    ck_abort_msg("%s differs", what);
}

void assert_in_trace(const struct trace *trace, const char *name, struct bytes got)
{
    char what[128];

    snprintf(what, sizeof what, "%s of %s", name, trace->name);
    assert_same(got, trace_get(trace, name), what);
}
