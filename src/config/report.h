/* report.h: findings on their way to whoever asked for the configuration, counted and bounded. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include "config/config.h"

/* A file that is no configuration at all would otherwise be told line by line. */
enum { MAX_ERRORS_TOLD = 100 };

struct report {
    struct config_findings findings;
    const char *file;
    const struct config_variable *variables; /* what findings name in place of lines; NULL: nothing */
    struct bytes text;                       /* with `variables`: what they were made into */
    unsigned errors;
    bool is_out_of_memory; /* told once, at the end */
};

/* What findings about a line, or about a value in it, begin with. 0: of no line. */
struct config_place report_place(const struct report *report, unsigned line);

void report_error(struct report *report, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
void report_warning(struct report *report, unsigned line, const char *format, ...) PRINTF_LIKE(3, 4);
void report_no_memory(struct report *report);

/* Nothing found so far that forbids using the configuration. */
bool report_is_clean(const struct report *report);

/* No use in looking further: out of memory, or enough was told. */
bool report_is_full(const struct report *report);

/* Tells what was kept for the end. */
void report_close(struct report *report);

#endif
