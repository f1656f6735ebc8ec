#include "cli/source.h"
#include "cli/verbs.h"
#include "daemon/daemon.h"
#include "daemon/rights_settings.h"
#include "proxy/policy.h"
#include "proxy/ticket_key_files.h"

#include <stdio.h>
#include <unistd.h>

/* What a directory holds the configuration does not say. */
static void show_found(const struct config_listen *listen, const struct tls_policy *policy)
{
    for (size_t i = listen->certificates.count; i < tls_policy_certificate_count(policy); i++) {
        const struct certificate_chain *chain = tls_policy_chain(policy, i);
        printf("[listen %s] serves '%s' as", listen->name, tls_policy_certificate_label(policy, i));
        for (size_t n = 0; n < certificate_chain_name_count(chain); n++) {
            struct bytes name = certificate_chain_name(chain, n);
            printf("%s %.*s", n ? "," : "", (int)name.len, (const char *)name.at);
        }
        printf("%s\n", certificate_chain_name_count(chain) ? "" : " nobody: it bears no name");
    }
}

/* Every listener is looked at, also behind one with faults. */
static MUST_CHECK bool check_listens(const struct config *config, struct keyring *keyring)
{
    struct supply supply = supply_of_disk(PURPOSE_LOOK);
    bool is_good = true;

    for (size_t i = 0; i < config->listen_count; i++) {
        struct tls_policy *policy = policy_build(&config->listens[i], &supply, keyring, cli_findings);
        is_good = is_good && policy;
        if (policy)
            show_found(&config->listens[i], policy);
        tls_policy_unref(policy);
    }
    return is_good;
}

static MUST_CHECK bool check_ticket_keys(const struct config *config)
{
    struct supply supply = supply_of_disk(PURPOSE_LOOK);
    struct ticket_keys *keys = ticket_keys_from_config(&config->general, &supply, cli_findings);
    bool is_good = keys != NULL;

    ticket_keys_free(keys);
    return is_good;
}

/* Started by another than root, nobody of whom it says is needed. */
static MUST_CHECK bool check_users(const struct config *config)
{
    struct rights_settings settings[PROCESS_ROLES];

    return geteuid() != 0 || rights_settings_make(&config->general, cli_findings, settings);
}

static int check(const struct options *options, const struct config *config)
{
    struct keyring *keyring = keyring_new();
    int code = CLI_EXIT_CONFIG;
    const char *fault;
    bool is_good;

    if (!keyring) {
        cli_tell("out of memory");
        return CLI_EXIT_FAILURE;
    }
    is_good = check_users(config);
    is_good = check_ticket_keys(config) && is_good;
    is_good = check_listens(config, keyring) && is_good;
    fault = is_good ? daemon_takeover_fault(config) : NULL;
    if (fault) {
        cli_tell("this binary cannot take over from the one that runs: %s", fault);
        code = CLI_EXIT_FAILURE;
    } else if (is_good) {
        printf("%s: the configuration is good\n", source_name(options));
        code = CLI_EXIT_OK;
    }
    keyring_free(keyring);
    return code;
}

int verb_check(const struct options *options)
{
    return source_use(options, check);
}
