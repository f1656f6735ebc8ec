/*
 * environment.h: a proxy without a file and without words, as containers want it: SALLYPORT_LISTEN, SALLYPORT_BACKEND,
 * SALLYPORT_CERT and the others of environment.c stand for the options of one_line.h.
 *
 * They are looked at where the command line names neither a file nor an address. Several values stand with commas
 * between them. An empty variable is one that is not set, as in the shell's ${NAME:-default}. What was forgotten is a
 * fault: a certificate for development and the demonstration are served to those alone who name them.
 */
#ifndef CLI_ENVIRONMENT_H
#define CLI_ENVIRONMENT_H

#include "config/config.h"

/* The names of the variables. NULL past the last. */
const char *environment_name(size_t index);

/* Any of the variables is set, or one that looks like a misspelling of them. */
bool environment_is_used(void);

/* As config_parse(); findings begin with the name of the variable. */
MUST_CHECK struct config *environment_load(struct config_findings findings);

#endif
