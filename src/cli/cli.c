#include "cli/cli.h"

#include "cli/verbs.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void tell_finding(void *context, const char *finding)
{
    bool is_warning = strstr(finding, CONFIG_WARNING_PREFIX) != NULL;

    (void)context;
    fprintf(stderr, "%s%s\n", log_priority(is_warning ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR), finding);
}

const struct config_findings cli_findings = {tell_finding, NULL};

void cli_tell(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%ssallyport: ", log_priority(LOG_LEVEL_ERROR));
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\n", stderr);
}

static int help(void)
{
    options_print_usage(stdout);
    return CLI_EXIT_OK;
}

static int call(struct options *options)
{
    switch (options->verb) {
    case VERB_CHECK:
        return verb_check(options);
    case VERB_DUMP:
        return verb_dump(options);
    case VERB_EXPLAIN:
        return verb_explain(options);
    case VERB_VERSION:
        return verb_version();
    case VERB_HELP:
        return help();
    case VERB_RUN:
        break;
    }
    return verb_run(options);
}

/* What was asked for and did not arrive was not done. */
static int close_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    cli_tell("standard output: %s", strerror(errno));
    return code == CLI_EXIT_OK ? CLI_EXIT_FAILURE : code;
}

int cli_main(int argc, char **argv)
{
    static struct options options; /* too large for comfort on a stack */
    char fault[OPTIONS_FAULT_LEN];

    log_configure(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, STDERR_FILENO);
    if (argc == 3 && strcmp(argv[1], "--process") == 0)
        return verb_process(argv[2]);
    if (!options_parse(argc, argv, &options, fault)) {
        cli_tell("%s", fault);
        cli_tell("-h lists what there is");
        return CLI_EXIT_USAGE;
    }
    options.arguments = argv;
    return close_output(call(&options));
}
