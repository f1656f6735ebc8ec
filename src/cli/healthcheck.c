#include "admin/ask.h"
#include "cli/admin_address.h"
#include "cli/source.h"
#include "cli/verbs.h"

#include <stdio.h>

/* One line, whatever became of it; a supervisor keeps it beside the status. */
static int tell(const char *where, const struct ask_answer *answer)
{
    printf("%s: %s (%s)\n", answer->is_good ? "healthy" : "unhealthy", answer->words, where);
    return answer->is_good ? CLI_EXIT_OK : CLI_EXIT_FAILURE;
}

static struct ask_answer unreachable(const char *fault)
{
    struct ask_answer answer = {.is_good = false};

    snprintf(answer.words, sizeof answer.words, "%s", fault);
    return answer;
}

/* `*` is all of this machine, and so is reached by loopback. */
static struct ask_answer ask(const struct config_address *where, const char *path)
{
    struct socket_address address;
    const char *fault = "the address stands for nothing";

    if (address_resolve(where, ADDRESS_TO_CONNECT, &address, 1, &fault) != 1)
        return unreachable(fault);
    return path ? ask_admin(&address, path) : ask_listener(&address);
}

/* Without an admin listener: every listener has to answer, which tells nothing of who would be let in. */
static int ask_listeners(const struct config *config)
{
    struct ask_answer answer = unreachable("there is no listener");
    const char *where = "";

    for (size_t i = 0; i < config->listen_count; i++) {
        const struct config_address *address = &config->listens[i].addresses.values[0];
        answer = ask(address, NULL);
        where = address->text;
        if (!answer.is_good)
            break;
    }
    return tell(where, &answer);
}

static int ask_configured(const struct config *config, const char *path)
{
    const struct config_address_list *addresses = &config->admin.addresses;
    struct ask_answer answer;

    if (addresses->count == 0)
        return ask_listeners(config);
    answer = ask(&addresses->values[0], path);
    return tell(addresses->values[0].text, &answer);
}

static int ask_named(const char *text, const char *path)
{
    struct arena arena = {NULL};
    struct config_address address = {.text = text};
    char fault[ADMIN_ADDRESS_FAULT_LEN];
    struct ask_answer answer;
    int code = CLI_EXIT_USAGE;

    if (admin_address_parse(&arena, text, &address, fault)) {
        answer = ask(&address, path);
        code = tell(text, &answer);
    } else {
        cli_tell("--admin: '%.200s' %s", text, fault);
    }
    arena_free(&arena);
    return code;
}

/* Warnings were told when it was started; here they would come with every question. */
static void tell_errors(void *context, const char *finding)
{
    (void)context;
    if (!strstr(finding, CONFIG_WARNING_PREFIX))
        fprintf(stderr, "%s\n", finding);
}

int verb_healthcheck(const struct options *options)
{
    static const struct config_findings errors = {tell_errors, NULL};
    const char *path = options->is_ready_asked ? "/readyz" : "/healthz";
    struct config *config;
    int code;

    if (options->admin)
        return ask_named(options->admin, path);
    config = source_load(options, errors);
    if (!config)
        return CLI_EXIT_CONFIG;
    code = ask_configured(config, path);
    config_free(config);
    return code;
}
