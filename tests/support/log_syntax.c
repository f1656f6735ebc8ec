#include "support/log_syntax.h"

#include <ctype.h>
#include <stdlib.h>

/* A cursor over the line. `next` answers -1 at the end. */
struct scan {
    const uint8_t *at;
    const uint8_t *end;
};

static int peek(const struct scan *s)
{
    return s->at < s->end ? *s->at : -1;
}

static int next(struct scan *s)
{
    return s->at < s->end ? *s->at++ : -1;
}

static bool expect(struct scan *s, const char *text)
{
    for (; *text; text++)
        if (next(s) != *text)
            return false;
    return true;
}

static bool add_byte(struct log_field *field, int byte)
{
    if (field->len == sizeof field->value)
        return false;
    field->value[field->len++] = (uint8_t)byte;
    return true;
}

static bool scan_key(struct scan *s, struct log_field *field)
{
    size_t len = 0;

    while (islower(peek(s)) || isdigit(peek(s)) || peek(s) == '_') {
        if (len == sizeof field->key - 1)
            return false;
        field->key[len++] = (char)next(s);
    }
    field->key[len] = 0;
    return len != 0;
}

static int hex_value(int digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* What follows a backslash of our own escaping: another one, a quote (logfmt only) or xNN. */
static bool scan_escape(struct scan *s, enum log_format format, struct log_field *field)
{
    int byte = next(s), high, low;

    if (byte == '"' && format == LOG_FORMAT_LOGFMT)
        return add_byte(field, '"');
    if (byte == '\\')
        return (format == LOG_FORMAT_LOGFMT || next(s) == '\\') && add_byte(field, '\\');
    if (byte != 'x')
        return false;
    high = hex_value(next(s));
    low = hex_value(next(s));
    return high >= 0 && low >= 0 && add_byte(field, high * 16 + low);
}

/* In JSON a lone backslash may only escape a quote or itself, and our own escapes begin with the doubled one. */
static bool scan_backslash(struct scan *s, enum log_format format, struct log_field *field)
{
    if (format == LOG_FORMAT_LOGFMT)
        return scan_escape(s, format, field);
    if (peek(s) == '"')
        return add_byte(field, next(s));
    return next(s) == '\\' && scan_escape(s, format, field);
}

static bool scan_quoted(struct scan *s, enum log_format format, struct log_field *field)
{
    int byte;

    if (next(s) != '"')
        return false;
    while ((byte = next(s)) != '"') {
        if (byte < 0x20 || byte > 0x7e)
            return false;
        if (byte == '\\' ? !scan_backslash(s, format, field) : !add_byte(field, byte))
            return false;
    }
    return true;
}

static bool scan_bare(struct scan *s, struct log_field *field)
{
    while (isalnum(peek(s)) || (peek(s) > 0 && strchr("._:/+@,-[]*", peek(s))))
        if (!add_byte(field, next(s)))
            return false;
    return field->len != 0;
}

/* A number as JSON writes it: no leading zeros, no plus; or the word true. */
static bool scan_json_bare(struct scan *s, struct log_field *field)
{
    const uint8_t *first;

    if (peek(s) == 't') {
        memcpy(field->value, "true", 4);
        field->len = 4;
        return expect(s, "true");
    }
    if (peek(s) == '-' && !add_byte(field, next(s)))
        return false;
    first = s->at;
    while (isdigit(peek(s)) || peek(s) == '.')
        if (!add_byte(field, next(s)))
            return false;
    if (s->at == first || !isdigit(*first) || !isdigit(s->at[-1]))
        return false;
    return *first != '0' || s->at - first == 1 || first[1] == '.';
}

static bool scan_value(struct scan *s, enum log_format format, struct log_field *field)
{
    field->len = 0;
    if (peek(s) == '"')
        return scan_quoted(s, format, field);
    return format == LOG_FORMAT_JSON ? scan_json_bare(s, field) : scan_bare(s, field);
}

static bool scan_field(struct scan *s, enum log_format format, struct log_field *field)
{
    if (format == LOG_FORMAT_LOGFMT)
        return scan_key(s, field) && expect(s, "=") && scan_value(s, format, field);
    return expect(s, "\"") && scan_key(s, field) && expect(s, "\":") && scan_value(s, format, field);
}

bool log_line_parse(enum log_format format, struct bytes line, struct log_fields *out)
{
    struct scan s = {line.at, line.at + line.len};
    const char *between = format == LOG_FORMAT_JSON ? "," : " ";

    out->count = 0;
    if (format == LOG_FORMAT_JSON && !expect(&s, "{"))
        return false;
    do {
        if (out->count == MAX_LOG_FIELDS || !scan_field(&s, format, &out->fields[out->count]))
            return false;
        out->count++;
    } while (peek(&s) == *between && expect(&s, between));
    return expect(&s, format == LOG_FORMAT_JSON ? "}\n" : "\n") && s.at == s.end;
}

const struct log_field *log_fields_find(const struct log_fields *fields, const char *key)
{
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->fields[i].key, key) == 0)
            return &fields->fields[i];
    return NULL;
}
