/* verbs.h: what can be asked of sallyport. Each answers an exit code. */
#ifndef CLI_VERBS_H
#define CLI_VERBS_H

#include "cli/cli.h"
#include "cli/options.h"
#include "config/config.h"

int verb_run(struct options *options);
int verb_check(const struct options *options);
int verb_dump(const struct options *options);
int verb_explain(const struct options *options);
int verb_healthcheck(const struct options *options);
int verb_version(void);

/* Not to be asked for: the life of a process that the master starts. */
int verb_process(const char *name);

/* To standard error, one finding a line. */
extern const struct config_findings cli_findings;

/* "sallyport: ..." on standard error. */
void cli_tell(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
