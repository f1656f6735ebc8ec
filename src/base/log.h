/*
 * log.h: lines for the operator.
 *
 * One event is one line of key=value pairs (logfmt) or one JSON object, written with one write(2). Whatever comes
 * from a peer goes through log_bytes(): no byte of it can end the line, close a quote or reach the terminal raw.
 * Where the systemd journal reads, each line begins with its priority (journal.h). Secrets have a type that no function
 * here takes.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/attributes.h"
#include "base/bytes.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

enum { LOG_LINE_MAX = 4096, LOG_VALUE_MAX = 512, LOG_HEX_MAX = 64 };

struct log_line {
    bool is_wanted;       /* false when the level is filtered: every further call returns at once */
    bool is_cut;          /* a field did not fit and was left out; the line says so */
    size_t len, head_len; /* head: what stands before the first field */
    char text[LOG_LINE_MAX];
};

/* Lines above `level` are dropped. `fd` stays the caller's. Until called: logfmt, info, standard error. */
void log_configure(enum log_format format, enum log_level level, int fd);

/* Who writes to the pipe `fd` here never waits for its reader; whoever shares it with us is not touched by it. */
void log_open_anew(int fd);

/* From now on every line ends with process=NAME pid=N; it was written by the process that calls this. */
void log_set_process(const char *name);

/* What begins a line of this level that is written by other means to the same descriptor: "" or "<3>". */
const char *log_priority(enum log_level level);

/* Begins a line "ts=... level=... event=NAME"; fields follow; log_end() writes it. */
bool log_is_on(enum log_level level); /* whether a line of this level is written at all */

void log_begin(struct log_line *line, enum log_level level, const char *event);
void log_text(struct log_line *line, const char *key, const char *value);   /* NULL: the field is left out */
void log_bytes(struct log_line *line, const char *key, struct bytes value); /* escaped, cut after LOG_VALUE_MAX */
void log_number(struct log_line *line, const char *key, int64_t value);
void log_seconds(struct log_line *line, const char *key, uint64_t microseconds); /* written as 0.001234 */
void log_hex(struct log_line *line, const char *key, struct bytes value);        /* cut after LOG_HEX_MAX bytes */
void log_end(struct log_line *line);

/* A whole line of one sentence: event=message msg="...". */
void log_message(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

/* Lines that could not be written since the start (a full pipe, a closed descriptor). */
uint64_t log_lost_lines(void);

#endif
