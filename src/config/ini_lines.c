#include "config/ini_lines.h"

#include <ini.h>
#include <stdio.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

/* Text that ends by its length. */
struct span {
    const char *text;
    size_t len;
};

struct lines {
    struct span left;
    unsigned number; /* of the line inih is looking at */
    const struct ini_events *events;
    struct report *report;
    char fault[96];
};

static struct span span_of(const char *text, size_t len)
{
    return (struct span){text, len};
}

static struct span trim_end(struct span span)
{
    while (span.len != 0 && is_blank(span.text[span.len - 1]))
        span.len--;
    return span;
}

static struct span trim(struct span span)
{
    while (span.len != 0 && is_blank(span.text[0]))
        span = span_of(span.text + 1, span.len - 1);
    return trim_end(span);
}

/* How many bytes stand before a comment; what begins the span may be one. */
static size_t len_without_comment(struct span span)
{
    bool may_begin = true;

    for (size_t i = 0; i < span.len; i++) {
        if (may_begin && (span.text[i] == '#' || span.text[i] == ';'))
            return i;
        may_begin = is_blank(span.text[i]);
    }
    return span.len;
}

static bool begins_with_quote(struct span value)
{
    return value.len != 0 && (value.text[0] == '"' || value.text[0] == '\'');
}

const char *ini_value_fault(const char *key, const char *value)
{
    struct span span = span_of(value, strlen(value));
    size_t line_len = strlen(key) + strlen(" = ") + span.len;

    for (size_t i = 0; i < span.len; i++) {
        if (is_control(value[i]))
            return "contains a control character";
        line_len += value[i] == '$';
    }
    if (len_without_comment(span) != span.len)
        return "contains a '#' or ';' that would begin a comment";
    if (begins_with_quote(span))
        return "begins with a quote; values are written without";
    if (trim(span).len != span.len)
        return "begins or ends with a blank";
    return line_len > MAX_INI_LINE ? "is too long: a line has at most 198 bytes" : NULL;
}

/* Takes the next line without its end. False past the last. */
static MUST_CHECK bool next_line(struct lines *lines, struct span *line)
{
    struct span left = lines->left;
    const char *end;

    if (left.len == 0)
        return false;
    lines->number++;
    end = memchr(left.text, '\n', left.len);
    *line = span_of(left.text, end ? (size_t)(end - left.text) : left.len);
    lines->left = end ? span_of(end + 1, left.len - line->len - 1) : span_of("", 0);
    if (line->len != 0 && line->text[line->len - 1] == '\r')
        line->len--;
    return true;
}

/* NULL, or what is wrong with a byte. */
static const char *check_bytes(struct lines *lines, struct span line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (is_control(line.text[i])) {
            snprintf(lines->fault, sizeof lines->fault, "byte %zu of the line is the control character 0x%02x", i + 1,
                     (unsigned char)line.text[i]);
            return lines->fault;
        }
    }
    return NULL;
}

/* Splits "kind name" in place of a header's text. False when there are more words, or none. */
static MUST_CHECK bool split_header(char *inside, const char **kind, const char **name)
{
    char *rest = NULL;

    *kind = strtok_r(inside, " \t", &rest);
    *name = strtok_r(NULL, " \t", &rest);
    if (!*kind || strtok_r(NULL, " \t", &rest))
        return false;
    if (!*name)
        *name = "";
    return true;
}

/* NULL, or why the header is refused. Writes it as inih shall see it. */
static const char *take_header(struct lines *lines, struct span line, char *out)
{
    char inside[MAX_INI_SECTION + 1];
    const char *kind, *name, *end = memchr(line.text, ']', line.len);
    struct span title = trim(span_of(line.text + 1, end ? (size_t)(end - line.text - 1) : 0));

    if (!end)
        return "the section has no closing ']'";
    if (end + 1 != line.text + line.len)
        return "there is text behind the section's ']'";
    if (title.len > MAX_INI_SECTION)
        return "the section's name is too long: 49 bytes between the brackets";
    memcpy(inside, title.text, title.len);
    inside[title.len] = 0;
    if (!split_header(inside, &kind, &name))
        return "a section is [kind] or [kind name]";
    strcat(strcpy(out, "["), kind);
    strcat(strcat(strcat(out, *name ? " " : ""), name), "]");
    lines->events->section(lines->events->context, lines->number, kind, name);
    return NULL;
}

static const char *check_entry(struct span line)
{
    const char *equals = memchr(line.text, '=', line.len), *colon = memchr(line.text, ':', line.len);

    if (!equals || (colon && colon < equals))
        return "this is not 'key = value'";
    if (equals == line.text)
        return "there is no key before '='";
    if (begins_with_quote(trim(span_of(equals + 1, line.len - (size_t)(equals - line.text) - 1))))
        return "the value begins with a quote; values are written without";
    return NULL;
}

/* NULL and the line as inih shall see it, or why it is refused. */
static const char *clean(struct lines *lines, struct span line, size_t limit, char *out)
{
    const char *fault;

    line = trim_end(span_of(line.text, len_without_comment(line)));
    if (line.len == 0)
        return NULL;
    if (is_blank(line.text[0]))
        return "the line begins with a blank; sections and keys begin in the first column";
    if (line.len > limit) {
        snprintf(lines->fault, sizeof lines->fault, "the line is too long: at most %zu bytes", limit);
        return lines->fault;
    }
    if (line.text[0] == '[')
        return take_header(lines, line, out);
    fault = check_entry(line);
    if (!fault) {
        memcpy(out, line.text, line.len);
        out[line.len] = 0;
    }
    return fault;
}

/* The keys below a refused header must not fall into the section before it. */
static void refuse(struct lines *lines, struct span line, const char *fault)
{
    if (line.text[0] == '[')
        lines->events->section(lines->events->context, lines->number, NULL, NULL);
    report_error(lines->report, lines->number, "%s", fault);
}

/* What inih calls for the next line. A line that is refused is an empty one to inih, so that it goes on. */
static char *read_line(char *out, int size, void *stream)
{
    struct lines *lines = stream;
    size_t limit = size < MAX_INI_LINE + 2 ? (size_t)size - 2 : MAX_INI_LINE;
    struct span line;
    const char *fault;

    if (report_is_full(lines->report) || !next_line(lines, &line))
        return NULL;
    out[0] = 0;
    fault = check_bytes(lines, line);
    if (!fault)
        fault = clean(lines, line, limit, out);
    if (fault)
        refuse(lines, line, fault);
    return strcat(out, "\n");
}

static int take_entry(void *context, const char *section, const char *key, const char *value)
{
    struct lines *lines = context;

    (void)section; /* the header was taken when it was read: inih keeps silent about one without keys */
    lines->events->entry(lines->events->context, lines->number, key, value);
    return 1;
}

static struct span without_byte_order_mark(struct bytes text)
{
    struct span span = span_of((const char *)text.at, text.len);

    if (span.len >= 3 && memcmp(span.text, "\xef\xbb\xbf", 3) == 0)
        return span_of(span.text + 3, span.len - 3);
    return span;
}

void ini_lines_parse(struct bytes text, const struct ini_events *events, struct report *report)
{
    struct lines lines = {.left = without_byte_order_mark(text), .events = events, .report = report};
    int bad_line = ini_parse_stream(read_line, &lines, take_entry, &lines);

    if (bad_line != 0 && report_is_clean(report))
        report_error(report, bad_line > 0 ? (unsigned)bad_line : 0, "the line was not understood");
}
