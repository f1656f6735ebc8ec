#include "cli/source.h"
#include "cli/verbs.h"
#include "crypto/crypto.h"
#include "daemon/daemon.h"

#include <unistd.h>

/* Nobody who meant to serve something else shall overlook it. */
static void announce_built_in(void)
{
    log_message(LOG_LEVEL_WARNING,
                "no configuration was given (-c FILE, -f ADDRESS or SALLYPORT_LISTEN): serving the built-in "
                "demonstration with a self-signed certificate on https://127.0.0.1:8443/");
}

int verb_run(const struct options *options)
{
    struct config *config = source_load(options, cli_findings);
    int code;

    if (!config)
        return CLI_EXIT_CONFIG;
    log_configure((enum log_format)config->general.log_format, (enum log_level)config->general.log_level,
                  STDERR_FILENO);
    if (source_is_built_in(options))
        announce_built_in();
    if (crypto_start()) {
        code = (int)daemon_run(config);
    } else {
        cli_tell("the cryptographic library does not start");
        code = CLI_EXIT_FAILURE;
    }
    config_free(config);
    return code;
}
