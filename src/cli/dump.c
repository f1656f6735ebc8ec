#include "base/alloc.h"
#include "cli/source.h"
#include "cli/verbs.h"

#include <stdio.h>

int verb_dump(const struct options *options)
{
    struct config *config = source_load(options, cli_findings);
    char *text;

    if (!config)
        return CLI_EXIT_CONFIG;
    text = config_dump_new(config);
    config_free(config);
    if (!text) {
        cli_tell("out of memory");
        return CLI_EXIT_FAILURE;
    }
    fputs(text, stdout); /* cli_main() asks how it went */
    memory_free(text);
    return CLI_EXIT_OK;
}
