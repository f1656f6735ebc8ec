#include "daemon/served.h"

#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/log.h"
#include "demo/demo.h"
#include "proxy/policy.h"

/* ---- building */

struct building {
    const struct serving *serving;
    struct served *served;
    struct supply supply;
    struct config_findings findings;
    char *reason;
};

/* The first fault is the reason; warnings were told when the configuration was loaded. */
static void hear(void *context, const char *finding)
{
    char *reason = context;

    if (reason[0] == 0 && !strstr(finding, CONFIG_WARNING_PREFIX))
        snprintf(reason, MAX_CONTROL_REASON + 1, "%s", finding);
}

static bool fail(const struct building *building, const char *reason)
{
    hear(building->reason, reason);
    return false;
}

static struct backend *build_demo_backend(const struct building *building, const struct config_listen *listen)
{
    struct demo **demo = building->serving->demo;
    struct backend *backend;

    if (!*demo && *building->serving->demo_socket >= 0) {
        *demo = demo_new(building->serving->proxy->base, *building->serving->demo_socket);
        *building->serving->demo_socket = -1;
    }
    backend = *demo ? backend_new_demo(demo_port(*demo)) : NULL;
    if (!backend)
        config_complain(building->findings, &listen->backend_name.place, "the demo backend cannot be started: %s",
                        strerror(errno));
    return backend;
}

static struct backend *build_backend(const struct building *building, const struct config_listen *listen)
{
    return listen->backend ? backend_new(listen->backend, &building->supply, building->findings)
                           : build_demo_backend(building, listen);
}

static bool build_listener(const struct building *building, size_t index)
{
    const struct config_listen *listen = &building->served->config->listens[index];
    struct tls_policy *policy = policy_build(listen, &building->supply, building->served->keyring, building->findings);
    struct backend *backend = policy ? build_backend(building, listen) : NULL;

    if (!policy || !backend) {
        tls_policy_unref(policy);
        return false;
    }
    backend->next = (building->serving->number - 1U) % backend->server_count; /* or all workers would begin with one */
    building->served->listeners[index] = listener_new(building->serving->proxy, listen, policy, backend);
    return building->served->listeners[index] || fail(building, "out of memory");
}

static bool build_listeners(const struct building *building)
{
    struct served *served = building->served;

    served->listeners = memory_new_array(served->config->listen_count, sizeof *served->listeners);
    if (!served->listeners)
        return fail(building, "out of memory");
    for (size_t i = 0; i < served->config->listen_count; i++)
        if (!build_listener(building, i))
            return false;
    return true;
}

static bool hand_out_sockets(const struct building *building, struct inbox *inbox)
{
    for (size_t i = 0; i < inbox->socket_count; i++) {
        struct inbox_socket *sock = &inbox->sockets[i];
        if (sock->listen >= building->served->config->listen_count)
            return fail(building, "a socket came for a listener that there is not");
        if (!listener_add_socket(building->served->listeners[sock->listen], sock->fd))
            return fail(building, "out of memory");
        sock->fd = -1;
    }
    return true;
}

/* The demo backend runs in this process: its end of a connection takes a third descriptor. */
static size_t carried_connections(const struct config *config)
{
    size_t carried = proxy_raise_descriptor_limit();

    for (size_t i = 0; i < config->listen_count; i++)
        if (!config->listens[i].backend)
            return carried * 2 / 3;
    return carried;
}

static size_t share_of_memory(const struct config *config, size_t workers)
{
    return (size_t)(config->general.memory_limit / workers);
}

size_t served_max_connections(const struct config *config, size_t workers)
{
    uint64_t all = config->general.max_connections;

    if (all)
        return (size_t)((all + workers - 1) / workers);
    return proxy_connections_carried(carried_connections(config), share_of_memory(config, workers));
}

static bool build_keys(const struct building *building, const struct inbox *inbox)
{
    struct served *served = building->served;

    served->keyring = keyring_new();
    served->tickets =
        served->keyring ? inbox_tickets(inbox, &served->config->general, &building->supply, building->findings) : NULL;
    return served->tickets != NULL;
}

static bool build_from(struct building *building, struct generation *generation, struct inbox *inbox)
{
    struct served *served = building->served;

    building->supply = generation_supply(generation);
    served->config = generation_config(generation, building->findings);
    if (!served->config)
        return false;
    if (inbox->files.secret >= 0 && !build_keys(building, inbox))
        return fail(building, "out of memory");
    served->max_connections = served_max_connections(served->config, building->serving->total);
    served->memory_limit = share_of_memory(served->config, building->serving->total);
    return build_listeners(building) && hand_out_sockets(building, inbox);
}

static struct served *build(const struct serving *serving, struct generation *generation, struct inbox *inbox,
                            char reason[MAX_CONTROL_REASON + 1])
{
    struct building building = {.serving = serving,
                                .served = memory_new(sizeof *building.served),
                                .findings = {hear, reason},
                                .reason = reason};

    if (!building.served) {
        hear(reason, "out of memory");
        return NULL;
    }
    building.served->number = inbox->number;
    if (build_from(&building, generation, inbox))
        return building.served;
    hear(reason, "it cannot be built");
    served_free(building.served);
    return NULL;
}

struct served *served_build(const struct serving *serving, struct inbox *inbox, char reason[MAX_CONTROL_REASON + 1],
                            enum daemon_exit *exit)
{
    const char *fault;
    struct generation *generation = generation_open(&inbox->files, &fault);
    struct served *served = NULL;

    reason[0] = 0;
    *exit = DAEMON_EXIT_FAILURE;
    if (generation)
        served = build(serving, generation, inbox, reason);
    else
        hear(reason, fault);
    generation_free(generation);
    return served;
}

/* ---- at work */

void served_set_addresses(struct served *served, const char *name, const struct host_addresses *addresses)
{
    for (size_t i = 0; i < served->config->listen_count; i++)
        backend_set_addresses(listener_backend(served->listeners[i]), name, addresses);
}

bool served_start(struct served *served)
{
    for (size_t i = 0; i < served->config->listen_count; i++)
        if (!listener_start(served->listeners[i]))
            return false;
    return true;
}

static bool has_address(const struct served *served, const struct socket_address *address)
{
    struct socket_address other;

    for (size_t i = 0; i < served->config->listen_count; i++)
        for (size_t j = 0; j < listener_socket_count(served->listeners[i]); j++)
            if (address_of_socket(listener_socket(served->listeners[i], j), &other) && address_is_same(&other, address))
                return true;
    return false;
}

static bool has_sockets_of(const struct served *served, const struct listener *listener)
{
    struct socket_address address;

    for (size_t i = 0; i < listener_socket_count(listener); i++)
        if (!address_of_socket(listener_socket(listener, i), &address) || !has_address(served, &address))
            return false;
    return true;
}

void served_stop(struct served *served, const struct served *next)
{
    for (size_t i = 0; i < served->config->listen_count; i++) {
        struct listener *listener = served->listeners[i];
        bool is_left = next && has_sockets_of(next, listener);
        listener_stop(listener, is_left ? LISTENER_LEAVES_WAITING : LISTENER_TAKES_WAITING);
    }
}

bool served_has_sockets(const struct served *served)
{
    for (size_t i = 0; i < served->config->listen_count; i++)
        if (listener_socket_count(served->listeners[i]) > 0)
            return true;
    return false;
}

bool served_is_idle(const struct served *served)
{
    for (size_t i = 0; i < served->config->listen_count; i++)
        if (!listener_is_idle(served->listeners[i]))
            return false;
    return true;
}

void served_free(struct served *served)
{
    if (!served)
        return;
    for (size_t i = 0; served->listeners && i < served->config->listen_count; i++)
        listener_free(served->listeners[i]);
    memory_free(served->listeners);
    ticket_keys_free(served->tickets);
    keyring_free(served->keyring);
    config_free(served->config);
    memory_free(served);
}
