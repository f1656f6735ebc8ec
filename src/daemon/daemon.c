#include "daemon/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/signals.h"
#include "demo/demo.h"
#include "proxy/listener.h"
#include "proxy/policy.h"
#include "proxy/proxy.h"
#include "proxy/ticket_key_files.h"

struct daemon {
    const struct config *config;
    struct event_base *base;
    struct keyring *keyring;
    struct proxy *proxy;
    struct demo *demo; /* NULL unless a listener relays to it */
    struct listener **listeners;
    size_t listener_count;
    struct signals *signals;
    struct event *drain_timer;
    bool is_draining;
    enum daemon_exit exit;
};

static void tell(void *context, const char *finding)
{
    (void)context;
    log_message(strstr(finding, CONFIG_WARNING_PREFIX) ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, "%s", finding);
}

static const struct config_findings findings = {tell, NULL};

/* Reliability O05: no core with keys in it, and no debugger of the same user on the process. */
static void harden_process(void)
{
    static const struct rlimit none = {0, 0};

    if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        log_message(LOG_LEVEL_WARNING, "core dumps cannot be switched off: %m");
}

/* ---- building: nothing is served before all of it stands */

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    /* Changes of interest are handed to epoll together, once a turn: our descriptors are never duplicated. */
    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_NOLOCK) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

static struct backend *build_demo_backend(struct daemon *daemon, const struct config_listen *listen)
{
    struct backend *backend;

    if (!daemon->demo)
        daemon->demo = demo_new(daemon->base);
    backend = daemon->demo ? backend_new_demo(demo_port(daemon->demo)) : NULL;
    if (!backend)
        config_complain(findings, &listen->backend_name.place, "the demo backend cannot be started: %s",
                        strerror(errno));
    return backend;
}

static struct backend *build_backend(struct daemon *daemon, const struct config_listen *listen)
{
    return listen->backend ? backend_new(listen->backend, findings) : build_demo_backend(daemon, listen);
}

/* A fault of the configuration stays; a name that does not resolve or memory that ran out may pass by itself. */
static enum daemon_exit build_listener(struct daemon *daemon, const struct config_listen *listen)
{
    struct tls_policy *policy = policy_build(listen, daemon->keyring, PURPOSE_SERVE, findings);
    struct backend *backend = build_backend(daemon, listen);
    struct listener *listener;

    if (!policy || !backend) {
        tls_policy_unref(policy);
        backend_free(backend);
        return policy ? DAEMON_EXIT_FAILURE : DAEMON_EXIT_CONFIG;
    }
    listener = listener_new(daemon->proxy, listen, policy, backend);
    if (listener)
        daemon->listeners[daemon->listener_count++] = listener;
    return listener ? DAEMON_EXIT_OK : DAEMON_EXIT_FAILURE;
}

/* Tells the faults of all listeners, not only of the first. */
static enum daemon_exit build_listeners(struct daemon *daemon)
{
    enum daemon_exit worst = DAEMON_EXIT_OK;

    for (size_t i = 0; i < daemon->config->listen_count; i++) {
        enum daemon_exit exit = build_listener(daemon, &daemon->config->listens[i]);
        if (worst != DAEMON_EXIT_CONFIG && exit != DAEMON_EXIT_OK)
            worst = exit;
    }
    return worst;
}

static bool bind_listeners(struct daemon *daemon)
{
    bool is_ok = true;

    for (size_t i = 0; i < daemon->listener_count; i++)
        is_ok = listener_bind(daemon->listeners[i], findings) && is_ok;
    return is_ok;
}

static bool start_listeners(struct daemon *daemon)
{
    for (size_t i = 0; i < daemon->listener_count; i++) {
        if (!listener_start(daemon->listeners[i]))
            return false;
        listener_log_start(daemon->listeners[i]);
    }
    return true;
}

/* ---- stopping */

static void stop_now(void *context)
{
    struct daemon *daemon = context;

    event_base_loopbreak(daemon->base);
}

static void cut(struct daemon *daemon, const char *reason)
{
    size_t count = daemon->proxy->connection_count;

    if (count > 0) {
        log_message(LOG_LEVEL_WARNING, "%s: ending %zu connections now", reason, count);
        daemon->exit = DAEMON_EXIT_FAILURE;
    }
    stop_now(daemon);
}

static void on_drain_timeout(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    cut(context, "drain-timeout is over");
}

static bool start_drain_timer(struct daemon *daemon)
{
    uint64_t timeout = daemon->config->general.drain_timeout;
    struct timeval wait = {(time_t)(timeout / 1000000), (suseconds_t)(timeout % 1000000)};

    return evtimer_add(daemon->drain_timer, &wait) == 0;
}

static void drain(struct daemon *daemon, int number)
{
    daemon->is_draining = true;
    for (size_t i = 0; i < daemon->listener_count; i++) {
        listener_accept_waiting(daemon->listeners[i]);
        listener_stop(daemon->listeners[i]);
    }
    log_message(LOG_LEVEL_NOTICE, "SIG%s: no new connections, %zu go on for up to %llu s", sigabbrev_np(number),
                daemon->proxy->connection_count, (unsigned long long)(daemon->config->general.drain_timeout / 1000000));
    proxy_when_empty(daemon->proxy, stop_now, daemon);
    if (daemon->proxy->connection_count == 0)
        stop_now(daemon);
    else if (!start_drain_timer(daemon))
        cut(daemon, "the drain cannot be timed");
}

static void on_signal(void *context, int number)
{
    struct daemon *daemon = context;

    switch (number) {
    case SIGHUP:
        log_message(LOG_LEVEL_WARNING, "SIGHUP: reloading is not there yet; restart to apply a new configuration");
        return;
    case SIGUSR2:
        log_message(LOG_LEVEL_WARNING, "SIGUSR2: re-executing the binary is not there yet; restart to change it");
        return;
    case SIGUSR1:
        log_message(LOG_LEVEL_NOTICE, "SIGUSR1: logs go to standard error, there is nothing to reopen");
        return;
    default:
        if (daemon->is_draining)
            cut(daemon, "asked to stop twice");
        else
            drain(daemon, number);
    }
}

/* ---- life */

static enum daemon_exit fail(enum daemon_exit why, const char *reason)
{
    log_message(LOG_LEVEL_ERROR, "%s", reason);
    return why;
}

/* The demo backend runs in this process: its end of a connection takes a third descriptor. */
static size_t connections_by_descriptors(const struct config *config)
{
    size_t carried = proxy_raise_descriptor_limit();

    for (size_t i = 0; i < config->listen_count; i++)
        if (!config->listens[i].backend)
            return carried * 2 / 3;
    return carried;
}

static size_t max_connections(const struct config *config)
{
    const struct config_general *general = &config->general;

    if (general->max_connections)
        return (size_t)general->max_connections;
    return proxy_connections_carried(connections_by_descriptors(config), (size_t)general->memory_limit);
}

/* The ticket keys go where the private keys are. */
static bool make_keyring(struct daemon *daemon)
{
    struct ticket_keys *tickets = ticket_keys_from_config(&daemon->config->general, findings);

    daemon->keyring = keyring_new();
    if (!daemon->keyring || !tickets) {
        ticket_keys_free(tickets);
        return false;
    }
    keyring_set_tickets(daemon->keyring, tickets);
    return true;
}

static bool make_parts(struct daemon *daemon)
{
    struct proxy_settings settings = proxy_default_settings();

    settings.max_connections = max_connections(daemon->config);
    settings.memory_limit = (size_t)daemon->config->general.memory_limit;
    daemon->base = new_base();
    daemon->listeners = memory_new_array(daemon->config->listen_count + 1, sizeof(struct listener *));
    if (!daemon->base || !daemon->listeners)
        return false;
    daemon->proxy = proxy_new(daemon->base, daemon->keyring, settings);
    daemon->signals = signals_new(daemon->base, on_signal, daemon);
    daemon->drain_timer = evtimer_new(daemon->base, on_drain_timeout, daemon);
    return daemon->proxy && daemon->signals && daemon->drain_timer;
}

static void warn_if_descriptors_are_short(const struct daemon *daemon)
{
    size_t carried = proxy_raise_descriptor_limit();

    if (daemon->proxy->settings.max_connections > carried)
        log_message(LOG_LEVEL_WARNING, "max-connections = %zu, but the limit of descriptors carries %zu connections",
                    daemon->proxy->settings.max_connections, carried);
}

static enum daemon_exit serve(struct daemon *daemon)
{
    enum daemon_exit built;

    if (!make_keyring(daemon))
        return fail(DAEMON_EXIT_CONFIG, "nothing is served: the configuration has faults");
    if (!make_parts(daemon))
        return fail(DAEMON_EXIT_FAILURE, "out of memory or descriptors at start");
    warn_if_descriptors_are_short(daemon);
    built = build_listeners(daemon);
    if (built == DAEMON_EXIT_CONFIG)
        return fail(built, "nothing is served: the configuration has faults");
    if (built != DAEMON_EXIT_OK)
        return fail(built, "nothing is served: a backend is not to be had now");
    if (!bind_listeners(daemon))
        return fail(DAEMON_EXIT_FAILURE, "nothing is served: an address is not to be had");
    if (!start_listeners(daemon))
        return fail(DAEMON_EXIT_FAILURE, "nothing is served: out of memory at start");
    log_message(LOG_LEVEL_NOTICE, "ready: pid %ld, up to %zu connections", (long)getpid(),
                daemon->proxy->settings.max_connections);
    if (event_base_dispatch(daemon->base) < 0)
        return fail(DAEMON_EXIT_FAILURE, "the event loop failed");
    (void)proxy_cut_connections(daemon->proxy);
    proxy_tell_suppressed(daemon->proxy);
    counters_log(&daemon->proxy->counters);
    log_message(LOG_LEVEL_NOTICE, "stopped");
    return daemon->exit;
}

static void free_parts(struct daemon *daemon)
{
    signals_free(daemon->signals);
    if (daemon->drain_timer)
        event_free(daemon->drain_timer);
    proxy_free(daemon->proxy);
    for (size_t i = 0; i < daemon->listener_count; i++)
        listener_free(daemon->listeners[i]);
    memory_free(daemon->listeners);
    demo_free(daemon->demo);
    keyring_free(daemon->keyring);
    if (daemon->base)
        event_base_free(daemon->base);
}

enum daemon_exit daemon_run(const struct config *config)
{
    struct daemon daemon = {.config = config, .exit = DAEMON_EXIT_OK};
    enum daemon_exit exit;

    log_configure((enum log_format)config->general.log_format, (enum log_level)config->general.log_level,
                  STDERR_FILENO);
    harden_process();
    exit = serve(&daemon);
    free_parts(&daemon);
    return exit;
}
