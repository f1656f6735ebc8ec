#include "cli/source.h"

#include "cli/environment.h"
#include "cli/verbs.h"
#include "crypto/crypto.h"

bool source_is_built_in(const struct options *options)
{
    return !options->config_file && !options->one_line.is_used && !environment_is_used();
}

const char *source_name(const struct options *options)
{
    if (options->config_file)
        return options->config_file;
    if (options->one_line.is_used)
        return CONFIG_NAME_COMMAND_LINE;
    return environment_is_used() ? CONFIG_NAME_ENVIRONMENT : "built in";
}

static struct config *load(const struct options *options, struct config_findings findings)
{
    if (options->config_file)
        return config_load(options->config_file, findings);
    if (options->one_line.is_used)
        return one_line_load(&options->one_line, findings);
    if (environment_is_used())
        return environment_load(findings);
    return config_parse(source_name(options), bytes_of_string(default_config), findings);
}

struct config *source_load(const struct options *options, struct config_findings findings)
{
    struct config *config = load(options, findings);

    if (config && options->has_log_level)
        config->general.log_level = (int)options->log_level;
    return config;
}

int source_use(const struct options *options, int (*use)(const struct options *options, const struct config *config))
{
    struct config *config;
    int code;

    if (!crypto_start()) {
        cli_tell("the cryptographic library does not start");
        return CLI_EXIT_FAILURE;
    }
    config = source_load(options, cli_findings);
    if (!config)
        return CLI_EXIT_CONFIG;
    code = use(options, config);
    config_free(config);
    return code;
}
