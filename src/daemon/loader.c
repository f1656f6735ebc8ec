#include "daemon/loader.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/locked.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "daemon/daemon.h"
#include "daemon/findings.h"
#include "daemon/spawn.h"
#include "proxy/backend.h"
#include "proxy/policy.h"
#include "proxy/ticket_key_files.h"

struct loading {
    const struct config *config;
    struct supply supply;
    struct keyring *keyring;
    struct board_certificates *certificates;
    struct config_findings findings;
};

/* A fault of the configuration stays; a lack of memory may pass. */
static enum daemon_exit load_listen(const struct loading *loading, const struct config_listen *listen)
{
    struct tls_policy *policy = policy_build(listen, &loading->supply, loading->keyring, loading->findings);
    struct backend *backend =
        listen->backend ? backend_new(listen->backend, &loading->supply, loading->findings) : NULL;
    enum daemon_exit exit = policy ? DAEMON_EXIT_OK : DAEMON_EXIT_CONFIG;

    if (policy && listen->backend && !backend)
        exit = DAEMON_EXIT_FAILURE;
    if (policy)
        board_add_certificates(loading->certificates, listen->name, policy);
    tls_policy_unref(policy);
    backend_free(backend);
    return exit;
}

static enum daemon_exit worse(enum daemon_exit a, enum daemon_exit b)
{
    return a > b ? a : b;
}

/* Everything, also behind a fault: all that is wrong is told at once. */
static enum daemon_exit load_all(const struct loading *loading)
{
    enum daemon_exit exit = DAEMON_EXIT_OK;
    struct ticket_keys *tickets =
        ticket_keys_from_config(&loading->config->general, &loading->supply, loading->findings);

    if (!tickets)
        exit = DAEMON_EXIT_CONFIG;
    ticket_keys_free(tickets);
    for (size_t i = 0; i < loading->config->listen_count; i++)
        exit = worse(exit, load_listen(loading, &loading->config->listens[i]));
    return exit;
}

static enum daemon_exit load(const char *name, const struct config *config, struct loader_manner manner,
                             const struct generation_files *files, struct board_certificates *certificates)
{
    struct recorder *recorder = recorder_new(manner.supply);
    struct loading loading = {
        config, {.read = NULL}, keyring_new(), certificates, manner.is_quiet ? findings_to_keep : findings_to_log};
    enum daemon_exit exit = DAEMON_EXIT_FAILURE;

    if (!recorder || !loading.keyring || !crypto_start()) {
        log_message(LOG_LEVEL_ERROR, "the configuration cannot be loaded: no memory, or no cryptographic library");
    } else {
        loading.supply = recorder_supply(recorder);
        exit = load_all(&loading);
        if (exit == DAEMON_EXIT_OK && !recorder_write(recorder, name, config, files)) {
            log_message(LOG_LEVEL_ERROR, "the configuration cannot be kept: %s", strerror(errno));
            exit = DAEMON_EXIT_FAILURE;
        }
    }
    if (exit == DAEMON_EXIT_OK) /* what is odd about what is served is to be known */
        findings_tell_kept();
    keyring_free(loading.keyring);
    recorder_free(recorder);
    return exit;
}

/* For keys while they are looked at: files, what is made of them. More than that, or where it is not allowed, it is as
 * any other memory; a keyholder tells of that, who has them for longer. */
enum { HEAP_LEN = 8 * 1024 * 1024 };

static void lock_memory(void)
{
    struct locked_memory memory = {.error = ENOMEM};

    if (locked_reserve(HEAP_LEN))
        memory = locked_apply();
    if (memory.error)
        log_message(LOG_LEVEL_DEBUG, "the loader's memory may be swapped out: %s", strerror(memory.error));
}

pid_t loader_start(const char *name, const struct config *config, struct loader_manner manner,
                   const struct generation_files *files, struct board_certificates *certificates)
{
    pid_t pid = spawn_fork();

    if (pid != 0)
        return pid;
    spawn_end_with_parent();
    spawn_unblock_signals();
    log_set_process("loader");
    lock_memory();
    _exit((int)load(name, config, manner, files, certificates));
}
