/*
 * ini_lines.h: feeds a text to inih line by line, and only lines that inih reads as their author meant them.
 *
 * inih as distributions ship it takes an indented key as more of the value above, hands on lines over 199 bytes cut,
 * cuts section names at 49 bytes so that two long ones merge, gives no line numbers, keeps silent about sections
 * without keys and tells the first error only. So every line is looked at here first; what is fit goes on, cleaned of
 * comments, and what is not goes on as an empty line and is told.
 *
 * The rules of a line: LF or CRLF ends it, a byte order mark may begin the file, sections and keys begin in the first
 * column, `key = value` has '=' and no quotes, '#' and ';' begin a comment at the start of a line or after a blank.
 */
#ifndef CONFIG_INI_LINES_H
#define CONFIG_INI_LINES_H

#include "config/report.h"

enum { MAX_INI_LINE = 198, MAX_INI_SECTION = 49 };

struct ini_events {
    /* `kind` and `name` (empty when there is none) of "[kind name]"; NULL for a header that was refused. */
    void (*section)(void *context, unsigned line, const char *kind, const char *name);
    void (*entry)(void *context, unsigned line, const char *key, const char *value);
    void *context;
};

/* Tells every line that is refused. */
void ini_lines_parse(struct bytes text, const struct ini_events *events, struct report *report);

/* Why "key = value" cannot be a line, as the end of a sentence; NULL if it can. Dollar signs count double. */
const char *ini_value_fault(const char *key, const char *value);

#endif
