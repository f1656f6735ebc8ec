#include "config/report.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_FINDING_LEN = 1024 };

/* A value may hold what a terminal would obey; a finding is one line of text. */
static void make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

/* The text made of a command line or of variables has lines that its author never saw. */
static bool shows_line(const struct config_place *place)
{
    return place->line != 0 && strcmp(place->file, CONFIG_NAME_COMMAND_LINE) != 0 &&
           strcmp(place->file, CONFIG_NAME_ENVIRONMENT) != 0 &&
           strncmp(place->file, CONFIG_VARIABLE_PREFIX, strlen(CONFIG_VARIABLE_PREFIX)) != 0;
}

PRINTF_LIKE(4, 0)
static void tell(struct config_findings findings, const struct config_place *place, const char *prefix,
                 const char *format, va_list args)
{
    char sentence[MAX_FINDING_LEN];
    char finding[MAX_FINDING_LEN + 512];

    vsnprintf(sentence, sizeof sentence, format, args);
    if (!shows_line(place))
        snprintf(finding, sizeof finding, "%.400s: %s%s", place->file, prefix, sentence);
    else
        snprintf(finding, sizeof finding, "%.400s:%u: %s%s", place->file, place->line, prefix, sentence);
    make_printable(finding);
    findings.tell(findings.context, finding);
}

void config_complain(struct config_findings findings, const struct config_place *place, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(findings, place, "", format, args);
    va_end(args);
}

void config_warn(struct config_findings findings, const struct config_place *place, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(findings, place, CONFIG_WARNING_PREFIX, format, args);
    va_end(args);
}

/* Line `number` of `text` and all that follows. */
static struct bytes text_from_line(struct bytes text, unsigned number)
{
    const uint8_t *end;

    while (--number > 0 && (end = memchr(text.at, '\n', text.len)))
        text = bytes_of(end + 1, text.len - (size_t)(end + 1 - text.at));
    return text;
}

static bool begins_with_key(struct bytes line, const char *key)
{
    size_t len = strlen(key);

    return line.len > len && memcmp(line.at, key, len) == 0 && line.at[len] == ' ';
}

struct config_place report_place(const struct report *report, unsigned line)
{
    const struct config_variable *variable = line ? report->variables : NULL;

    for (; variable && variable->key; variable++)
        if (begins_with_key(text_from_line(report->text, line), variable->key))
            return (struct config_place){variable->name, line};
    return (struct config_place){report->file, line};
}

void report_error(struct report *report, unsigned line, const char *format, ...)
{
    struct config_place place = report_place(report, line);
    va_list args;

    if (report_is_full(report))
        return;
    report->errors++;
    va_start(args, format);
    tell(report->findings, &place, "", format, args);
    va_end(args);
}

void report_warning(struct report *report, unsigned line, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tell(report->findings, &(struct config_place){report->file, line}, CONFIG_WARNING_PREFIX, format, args);
    va_end(args);
}

void report_no_memory(struct report *report)
{
    report->is_out_of_memory = true;
}

bool report_is_clean(const struct report *report)
{
    return report->errors == 0 && !report->is_out_of_memory;
}

bool report_is_full(const struct report *report)
{
    return report->errors >= MAX_ERRORS_TOLD || report->is_out_of_memory;
}

void report_close(struct report *report)
{
    struct config_place place = report_place(report, 0);

    if (report->is_out_of_memory)
        config_complain(report->findings, &place, "out of memory");
    else if (report->errors >= MAX_ERRORS_TOLD)
        config_complain(report->findings, &place, "%d errors told, looking no further", MAX_ERRORS_TOLD);
}
