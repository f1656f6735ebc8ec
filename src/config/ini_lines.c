#include "config/ini_lines.h"

#include <ini.h>
#include <stdio.h>

struct lines {
    struct bytes left;
    unsigned number; /* of the line inih is looking at */
    const struct ini_events *events;
    struct report *report;
    char fault[96];
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f;
}

static struct bytes trim(struct bytes text)
{
    while (text.len != 0 && is_blank((char)text.at[text.len - 1]))
        text.len--;
    while (text.len != 0 && is_blank((char)text.at[0]))
        text = bytes_of(text.at + 1, text.len - 1);
    return text;
}

/* How many bytes stand before a comment; `was_blank` is what the byte before `text` was. */
static size_t len_without_comment(struct bytes text, bool was_blank)
{
    for (size_t i = 0; i < text.len; i++) {
        if (was_blank && (text.at[i] == '#' || text.at[i] == ';'))
            return i;
        was_blank = is_blank((char)text.at[i]);
    }
    return text.len;
}

const char *ini_value_fault(const char *key, const char *value)
{
    size_t len = strlen(value), line_len = strlen(key) + strlen(" = ") + len;

    for (const char *at = value; *at; at++) {
        if (is_control(*at))
            return "contains a control character";
        line_len += *at == '$';
    }
    if (len_without_comment(bytes_of_string(value), true) != len)
        return "contains a '#' or ';' that would begin a comment";
    if (*value == '"' || *value == '\'')
        return "begins with a quote; values are written without";
    if (trim(bytes_of_string(value)).len != len)
        return "begins or ends with a blank";
    return line_len > MAX_INI_LINE ? "is too long: a line has at most 198 bytes" : NULL;
}

/* Takes the next line without its end. False past the last. */
static bool next_line(struct lines *lines, struct bytes *line)
{
    const uint8_t *end;

    if (lines->left.len == 0)
        return false;
    lines->number++;
    end = memchr(lines->left.at, '\n', lines->left.len);
    *line = bytes_of(lines->left.at, end ? (size_t)(end - lines->left.at) : lines->left.len);
    lines->left = bytes_of(line->at + line->len + (end != NULL), lines->left.len - line->len - (end != NULL));
    if (line->len != 0 && line->at[line->len - 1] == '\r')
        line->len--;
    return true;
}

/* NULL, or what is wrong with a byte. */
static const char *check_bytes(struct lines *lines, struct bytes line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (is_control((char)line.at[i])) {
            snprintf(lines->fault, sizeof lines->fault, "byte %zu of the line is the control character 0x%02x", i + 1,
                     line.at[i]);
            return lines->fault;
        }
    }
    return NULL;
}

/* Splits "kind name" in place of a header's text. False when there are more words, or none. */
static bool split_header(char *inside, const char **kind, const char **name)
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
static const char *take_header(struct lines *lines, struct bytes line, char *out)
{
    char inside[MAX_INI_SECTION + 1];
    const char *kind, *name;
    const uint8_t *end = memchr(line.at, ']', line.len);
    struct bytes text = bytes_of(line.at + 1, end ? (size_t)(end - line.at - 1) : 0);

    if (!end)
        return "the section has no closing ']'";
    if (end + 1 != line.at + line.len)
        return "there is text behind the section's ']'";
    text = trim(text);
    if (text.len > MAX_INI_SECTION)
        return "the section's name is too long: 49 bytes between the brackets";
    memcpy(inside, text.at, text.len);
    inside[text.len] = 0;
    if (!split_header(inside, &kind, &name))
        return "a section is [kind] or [kind name]";
    strcat(strcpy(out, "["), kind);
    strcat(strcat(strcat(out, *name ? " " : ""), name), "]");
    lines->events->section(lines->events->context, lines->number, kind, name);
    return NULL;
}

static const char *check_entry(struct bytes line)
{
    const uint8_t *equals = memchr(line.at, '=', line.len), *colon = memchr(line.at, ':', line.len);
    struct bytes value;

    if (!equals || (colon && colon < equals))
        return "this is not 'key = value'";
    if (equals == line.at)
        return "there is no key before '='";
    value = trim(bytes_of(equals + 1, line.len - (size_t)(equals - line.at) - 1));
    if (value.len != 0 && (value.at[0] == '"' || value.at[0] == '\''))
        return "the value begins with a quote; values are written without";
    return NULL;
}

/* NULL and the line as inih shall see it, or why it is refused. */
static const char *clean(struct lines *lines, struct bytes line, size_t limit, char *out)
{
    const char *fault;

    line.len = len_without_comment(line, true);
    while (line.len != 0 && is_blank((char)line.at[line.len - 1]))
        line.len--;
    if (line.len == 0)
        return NULL;
    if (is_blank((char)line.at[0]))
        return "the line begins with a blank; sections and keys begin in the first column";
    if (line.len > limit)
        return "the line is too long: at most 198 bytes";
    if (line.at[0] == '[')
        return take_header(lines, line, out);
    fault = check_entry(line);
    if (!fault) {
        memcpy(out, line.at, line.len);
        out[line.len] = 0;
    }
    return fault;
}

/* The keys below a refused header must not fall into the section before it. */
static void refuse(struct lines *lines, struct bytes line, const char *fault)
{
    if (line.at[0] == '[')
        lines->events->section(lines->events->context, lines->number, NULL, NULL);
    report_error(lines->report, lines->number, "%s", fault);
}

/* What inih calls for the next line. A line that is refused is an empty one to inih, so that it goes on. */
static char *read_line(char *out, int size, void *stream)
{
    struct lines *lines = stream;
    size_t limit = size < MAX_INI_LINE + 2 ? (size_t)size - 2 : MAX_INI_LINE;
    struct bytes line;
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

void ini_lines_parse(struct bytes text, const struct ini_events *events, struct report *report)
{
    struct lines lines = {.left = text, .events = events, .report = report};
    int bad_line;

    if (text.len >= 3 && memcmp(text.at, "\xef\xbb\xbf", 3) == 0)
        lines.left = bytes_of(text.at + 3, text.len - 3);
    bad_line = ini_parse_stream(read_line, &lines, take_entry, &lines);
    if (bad_line != 0 && report_is_clean(report))
        report_error(report, bad_line > 0 ? (unsigned)bad_line : 0, "the line was not understood");
}
