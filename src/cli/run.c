#include "cli/source.h"
#include "cli/verbs.h"
#include "daemon/daemon.h"

#include <unistd.h>

/* Nobody who meant to serve something else shall overlook it. */
static void announce_built_in(void)
{
    log_message(LOG_LEVEL_WARNING,
                "no configuration was given (-c FILE, -f ADDRESS or SALLYPORT_LISTEN): serving the built-in "
                "demonstration with a self-signed certificate on https://127.0.0.1:8443/");
}

static struct config *load_again(void *context, struct config_findings findings)
{
    return source_load(context, findings);
}

int verb_run(struct options *options)
{
    struct config *config = source_load(options, cli_findings);

    if (config)
        log_configure((enum log_format)config->general.log_format, (enum log_level)config->general.log_level,
                      STDERR_FILENO);
    if (source_is_built_in(options))
        announce_built_in();
    return (int)daemon_run(config, (struct daemon_source){.name = source_name(options),
                                                          .load = load_again,
                                                          .context = options,
                                                          .arguments = options->arguments});
}
