#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/libraries.h"
#include "daemon/master.h"
#include "daemon/served.h"
#include "proxy/proxy.h"

static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);
    snprintf(text + len, size - len, "%s%s", len ? "," : "", more);
}

static void append_address(char *text, size_t size, const struct listen_socket *sock)
{
    struct socket_address own = sock->address;
    char one[ADDRESS_TEXT_LEN];

    if (!address_of_socket(sock->fd, &own)) /* tells the port that was chosen for port 0 */
        own = sock->address;
    address_format(&own.any, own.len, one);
    append(text, size, one);
}

/* Those of directories the loader has counted. */
static int64_t count_certificates(const struct deployment *deployment, const struct config_listen *listen)
{
    const struct board_certificates *found = deployment->certificates;
    int64_t count = 0;

    if (!found || found->left_out > 0 || listen->cert_dirs.count == 0)
        return (int64_t)listen->certificates.count;
    for (size_t i = 0; i < found->count; i++)
        count += strcmp(found->list[i].listener, listen->name) == 0;
    return count;
}

static void log_listening(const struct deployment *deployment, size_t index)
{
    const struct config_listen *listen = &deployment->config->listens[index];
    char addresses[LOG_VALUE_MAX] = "", servers[LOG_VALUE_MAX] = "";
    struct log_line line;

    for (size_t i = 0; i < deployment->sockets->count; i++)
        if (deployment->sockets->sockets[i].listen == index)
            append_address(addresses, sizeof addresses, &deployment->sockets->sockets[i]);
    for (size_t i = 0; listen->backend && i < listen->backend->servers.count; i++)
        append(servers, sizeof servers, listen->backend->servers.values[i].text);
    log_begin(&line, LOG_LEVEL_NOTICE, "listening");
    log_text(&line, "listener", listen->name);
    log_text(&line, "address", addresses);
    log_number(&line, "certificates", count_certificates(deployment, listen));
    log_text(&line, "backend", listen->backend_name.text);
    log_text(&line, "servers", listen->backend ? servers : CONFIG_BACKEND_DEMO);
    log_end(&line);
}

static void warn_if_descriptors_are_short(const struct deployment *deployment, size_t carried)
{
    uint64_t wanted = deployment->config->general.max_connections;

    if (wanted > carried)
        log_message(LOG_LEVEL_WARNING, "max-connections = %llu, but the limit of descriptors carries %zu connections",
                    (unsigned long long)wanted, carried);
}

void announce_ready(const struct master *master, bool is_first)
{
    const struct deployment *deployment = master->current;
    size_t carried = proxy_raise_descriptor_limit() * deployment->worker_count;
    size_t each = served_max_connections(deployment->config, deployment->worker_count);
    uint64_t wanted = deployment->config->general.max_connections;

    warn_if_descriptors_are_short(deployment, carried);
    for (size_t i = 0; i < deployment->config->listen_count; i++)
        log_listening(deployment, i);
    if (is_first)
        libraries_log_crypto();
    log_message(LOG_LEVEL_NOTICE, "%s: pid %ld, %zu workers, up to %llu connections, generation %u",
                is_first ? "ready" : "reloaded", (long)getpid(), deployment->worker_count,
                (unsigned long long)(wanted ? wanted : each * deployment->worker_count), deployment->number);
    if (is_first || !master->is_reload_wanted) /* who asked for a reload in between waits for that one */
        notify_ready(&master->notify, "serving");
}
