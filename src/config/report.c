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

PRINTF_LIKE(4, 0)
static void tell(struct config_findings findings, const struct config_place *place, const char *prefix,
                 const char *format, va_list args)
{
    char sentence[MAX_FINDING_LEN];
    char finding[MAX_FINDING_LEN + 512];

    vsnprintf(sentence, sizeof sentence, format, args);
    /* The text made of a command line has lines that its author never saw. */
    if (place->line == 0 || strcmp(place->file, CONFIG_NAME_COMMAND_LINE) == 0)
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

void report_error(struct report *report, unsigned line, const char *format, ...)
{
    va_list args;

    if (report_is_full(report))
        return;
    report->errors++;
    va_start(args, format);
    tell(report->findings, &(struct config_place){report->file, line}, "", format, args);
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
    struct config_place place = {report->file, 0};

    if (report->is_out_of_memory)
        config_complain(report->findings, &place, "out of memory");
    else if (report->errors >= MAX_ERRORS_TOLD)
        config_complain(report->findings, &place, "%d errors told, looking no further", MAX_ERRORS_TOLD);
}
