#include "base/alloc.h"
#include "cli/source.h"
#include "cli/verbs.h"

#include <stdio.h>

enum { FIRST_DUMP_LEN = 64 * 1024, MAX_DUMP_LEN = 64 * 1024 * 1024 };

static MUST_CHECK bool print_within(const struct config *config, size_t len)
{
    uint8_t *text = memory_new(len);
    struct writer out = writer_of(text, text ? len : 0);
    bool has_fitted;

    config_dump(config, &out);
    has_fitted = writer_ok(&out);
    if (has_fitted)
        fwrite(text, 1, writer_view(&out).len, stdout); /* cli_main() asks how it went */
    memory_free(text);
    return has_fitted;
}

int verb_dump(const struct options *options)
{
    struct config *config = source_load(options, cli_findings);
    size_t len = FIRST_DUMP_LEN;

    if (!config)
        return CLI_EXIT_CONFIG;
    while (!print_within(config, len) && len < MAX_DUMP_LEN)
        len *= 4;
    config_free(config);
    if (len < MAX_DUMP_LEN)
        return CLI_EXIT_OK;
    cli_tell("out of memory");
    return CLI_EXIT_FAILURE;
}
