/*
 * one_line.h: a proxy without a file: `sallyport -f :8443 -b 127.0.0.1:8080 --cert X --key Y`.
 *
 * The options become the text of a configuration, and that is read as any other: there is no second way to make a
 * struct config, and `-T` shows the file that would do the same. Variables of the environment stand for the same
 * options (environment.h).
 */
#ifndef CLI_ONE_LINE_H
#define CLI_ONE_LINE_H

#include "config/config.h"

enum one_line_option {
    ONE_LINE_LISTEN,
    ONE_LINE_BACKEND,
    ONE_LINE_CERTIFICATE,
    ONE_LINE_KEY,
    ONE_LINE_PROFILE,
    ONE_LINE_ALPN,
    ONE_LINE_SEND_PROXY,
    ONE_LINE_ADMIN,
    ONE_LINE_DRAIN_DELAY,
    ONE_LINE_DRAIN_TIMEOUT,
    ONE_LINE_OPTIONS
};

enum { MAX_ONE_LINE_LEN = 16 * 1024, MAX_ONE_LINE_TEXT_LEN = 4 * MAX_ONE_LINE_LEN + 256 }; /* a section, all */

struct one_line {
    bool has[ONE_LINE_OPTIONS];
    bool is_used;
    struct writer general, listen, backend, admin;
    uint8_t general_text[MAX_ONE_LINE_LEN], listen_text[MAX_ONE_LINE_LEN], backend_text[MAX_ONE_LINE_LEN],
        admin_text[MAX_ONE_LINE_LEN];
};

void one_line_init(struct one_line *one_line);

/* NULL, or what is wrong with the value as the end of a sentence. */
MUST_CHECK const char *one_line_take(struct one_line *one_line, enum one_line_option option, const char *value);

/* NULL, or a sentence about what is missing. */
MUST_CHECK const char *one_line_check(const struct one_line *one_line);

/* The key of the configuration that an option gives a value to, and the kind of section that it stands in. */
const char *one_line_key(enum one_line_option option);
const char *one_line_section(enum one_line_option option);

/* The text of the configuration; MAX_ONE_LINE_TEXT_LEN always hold it. */
void one_line_write(const struct one_line *one_line, struct writer *out);

/* As config_parse(). */
MUST_CHECK struct config *one_line_load(const struct one_line *one_line, struct config_findings findings);

#endif
