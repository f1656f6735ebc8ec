/* source.h: where the configuration comes from: a file, the command line, the environment, or what is built in. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "cli/options.h"
#include "config/config.h"

/* As config_load(), with what -q or -d says put in. */
MUST_CHECK struct config *source_load(const struct options *options, struct config_findings findings);

/* With the cryptographic library started: the exit code of `use`, or the one of what kept it from being called. */
int source_use(const struct options *options, int (*use)(const struct options *options, const struct config *config));

/* Without -c, -f and variables that stand for them: a demonstration for whoever starts sallyport for the first time. */
bool source_is_built_in(const struct options *options);

/* What findings call it. */
const char *source_name(const struct options *options);

/* default_config.c */
extern const char default_config[];

#endif
