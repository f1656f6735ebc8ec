/* options.h: what the command line says. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdio.h>

#include "base/log.h"
#include "cli/one_line.h"

enum cli_verb { VERB_RUN, VERB_CHECK, VERB_DUMP, VERB_EXPLAIN, VERB_HEALTHCHECK, VERB_VERSION, VERB_HELP };

struct options {
    enum cli_verb verb;
    char *const *arguments;  /* all of them, as they were given */
    const char *config_file; /* NULL: one-line mode, or what is built in */
    const char *file;        /* of VERB_EXPLAIN; "-": standard input */
    const char *listener;    /* of VERB_EXPLAIN; NULL: the only one */
    const char *admin;       /* of VERB_HEALTHCHECK; NULL: as configured */
    bool is_ready_asked;     /* of VERB_HEALTHCHECK */
    bool has_log_level;      /* -q or -d: goes before what the configuration says */
    enum log_level log_level;
    struct one_line one_line;
};

enum { OPTIONS_FAULT_LEN = 512 };

/* False with the reason in `fault`. Moves getopt(3)'s globals; `options` points into argv. */
MUST_CHECK bool options_parse(int argc, char **argv, struct options *options, char fault[OPTIONS_FAULT_LEN]);

/* What -h prints. */
void options_print_usage(FILE *out);

#endif
