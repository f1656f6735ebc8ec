#include "proxy/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "proxy/connection.h"
#include "proxy/staple_watch.h"

struct listen_socket {
    struct event readable; /* pending while it accepts */
    struct event resume;   /* a timer, pending while it pauses */
    struct listener *listener;
    struct socket_address address;
    int fd;
};

struct listener {
    struct proxy *proxy;
    const struct config_listen *config;
    struct tls_policy *policy;
    struct backend *backend;
    struct listen_socket *sockets;
    size_t socket_count;
    struct log_limit pause_limit, refusal_limit;
    struct staple_watch staples;
};

struct listener *listener_new(struct proxy *proxy, const struct config_listen *config, struct tls_policy *policy,
                              struct backend *backend)
{
    struct listener *listener = memory_new(sizeof *listener);

    if (!listener) {
        tls_policy_unref(policy);
        backend_free(backend);
        return NULL;
    }
    listener->proxy = proxy;
    listener->config = config;
    listener->policy = policy;
    listener->backend = backend;
    return listener;
}

void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    listener_stop(listener);
    tls_policy_unref(listener->policy);
    backend_free(listener->backend);
    memory_free(listener->sockets);
    memory_free(listener);
}

const struct config_listen *listener_config(const struct listener *listener)
{
    return listener->config;
}

struct tls_policy *listener_policy(const struct listener *listener)
{
    return listener->policy;
}

struct backend *listener_backend(const struct listener *listener)
{
    return listener->backend;
}

static bool is_trusted(const struct config_network *network, const struct sockaddr *client)
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)client)->sin6_addr;

    if (client->sa_family == AF_INET)
        return config_network_has(network, false, (const uint8_t *)&((const struct sockaddr_in *)client)->sin_addr);
    if (client->sa_family != AF_INET6)
        return false;
    return IN6_IS_ADDR_V4MAPPED(v6) ? config_network_has(network, false, v6->s6_addr + 12)
                                    : config_network_has(network, true, v6->s6_addr);
}

uint64_t listener_network_of(const struct listener *listener, const struct sockaddr *client)
{
    const struct config_network_list *trusted = &listener->config->trusted_sources;

    for (size_t i = 0; i < trusted->count; i++)
        if (is_trusted(&trusted->values[i], client))
            return NO_SOURCE;
    return source_network(client);
}

size_t listener_socket_count(const struct listener *listener)
{
    return listener->socket_count;
}

int listener_socket(const struct listener *listener, size_t index)
{
    return listener->sockets[index].fd;
}

/* ---- binding */

/* A socket file nobody answers on was left behind by a process that was killed; any other file is not ours. */
static bool remove_dead_socket_file(const struct socket_address *address)
{
    struct stat status;
    bool is_dead;
    int fd;

    if (lstat(address->un.sun_path, &status) != 0)
        return errno == ENOENT;
    if (!S_ISSOCK(status.st_mode))
        return false;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    is_dead = connect(fd, &address->any, address->len) != 0 && errno == ECONNREFUSED;
    close(fd);
    return is_dead && unlink(address->un.sun_path) == 0;
}

/* Accepted sockets inherit these: two system calls less for each of them. */
static bool set_options(int fd, int family)
{
    static const int on = 1;
    static const unsigned unanswered = WRITE_STALL_TIMEOUT / 1000; /* milliseconds; a peer that is gone altogether */

    if (family == AF_UNIX)
        return true;
    if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0)
        return false;
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof unanswered) == 0;
}

/* The listening socket, or -1 with errno set. */
static int open_socket(const struct socket_address *address)
{
    int family = address->any.sa_family, error;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (family == AF_UNIX && !remove_dead_socket_file(address))
        errno = EADDRINUSE;
    else if (set_options(fd, family) && bind(fd, &address->any, address->len) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static const char *words_for(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "the address is in use by another process";
    case EACCES:
        return "permission denied (a port below 1024 needs CAP_NET_BIND_SERVICE)";
    case EADDRNOTAVAIL:
        return "this machine has no such address";
    default:
        return strerror(error);
    }
}

static bool has_room(struct listener *listener, size_t more)
{
    size_t count = listener->socket_count + more;
    struct listen_socket *sockets = memory_resize(listener->sockets, count * sizeof(struct listen_socket));

    if (sockets)
        listener->sockets = sockets;
    return sockets != NULL;
}

/* `*` means all of this machine: without IPv6 in the kernel that is IPv4 alone. */
static bool is_optional(const struct config_address *configured, const struct socket_address *address, int error)
{
    return !configured->is_unix && !configured->host && address->any.sa_family == AF_INET6 &&
           (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

static bool bind_one(struct listener *listener, const struct config_address *configured,
                     const struct socket_address *address, struct config_findings findings)
{
    struct listen_socket *sock = &listener->sockets[listener->socket_count];
    char text[ADDRESS_TEXT_LEN];
    int fd = open_socket(address);

    if (fd < 0 && is_optional(configured, address, errno))
        return true;
    if (fd < 0) {
        int error = errno;
        address_format(&address->any, address->len, text);
        config_complain(findings, &configured->place, "cannot listen on %s: %s", text, words_for(error));
        return false;
    }
    memset(sock, 0, sizeof *sock);
    sock->fd = fd;
    sock->address = *address;
    listener->socket_count++;
    return true;
}

static bool bind_address(struct listener *listener, const struct config_address *configured,
                         struct config_findings findings)
{
    struct socket_address addresses[MAX_LISTEN_SOCKETS];
    const char *fault = NULL;
    size_t count = address_resolve(configured, ADDRESS_TO_LISTEN, addresses, ARRAY_LEN(addresses), &fault);
    bool is_ok = count > 0;

    if (!is_ok) {
        config_complain(findings, &configured->place, "address '%s' cannot be used: %s", configured->text, fault);
        return false;
    }
    if (!has_room(listener, count)) {
        config_complain(findings, &configured->place, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        is_ok = bind_one(listener, configured, &addresses[i], findings) && is_ok;
    return is_ok;
}

bool listener_bind(struct listener *listener, struct config_findings findings)
{
    const struct config_address_list *addresses = &listener->config->addresses;
    bool is_ok = true;

    for (size_t i = 0; i < addresses->count; i++)
        is_ok = bind_address(listener, &addresses->values[i], findings) && is_ok;
    return is_ok;
}

/* ---- accepting */

static void log_pause(struct listener *listener, int error)
{
    uint32_t suppressed;

    if (!log_limit_allows(&listener->pause_limit, proxy_now(), 1, PAUSE_LOG_INTERVAL, &suppressed))
        return;
    log_message(LOG_LEVEL_ERROR,
                "listener %s cannot accept (%s), with %zu connections open: pausing for %d ms at a time",
                listener->config->name, strerror(error), listener->proxy->connection_count, ACCEPT_PAUSE / 1000);
}

static void log_refusal(struct listener *listener)
{
    uint32_t suppressed;

    if (!log_limit_allows(&listener->refusal_limit, proxy_now(), 1, PAUSE_LOG_INTERVAL, &suppressed))
        return;
    log_message(LOG_LEVEL_WARNING, "listener %s lets new connections go unanswered: %zu are open, of %zu at most",
                listener->config->name, listener->proxy->connection_count, listener->proxy->settings.max_connections);
}

static void pause_accepting(struct listen_socket *sock, int error)
{
    static const struct timeval pause = {0, ACCEPT_PAUSE};

    sock->listener->proxy->counters.accept_paused++;
    log_pause(sock->listener, error);
    if (event_add(&sock->resume, &pause) == 0)
        event_del(&sock->readable);
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
    struct listen_socket *sock = context;
    (void)fd, (void)what;

    if (event_add(&sock->readable, NULL) != 0)
        pause_accepting(sock, ENOMEM);
}

/* accept(2): these are troubles of the one connection that was coming in, not of the listener. */
static bool is_passing(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
        return true;
    default:
        return false;
    }
}

static void take_in(struct listener *listener, int fd, const struct socket_address *peer)
{
    listener->proxy->counters.accepted++;
    if (!proxy_make_room(listener->proxy, listener_network_of(listener, &peer->any))) {
        listener->proxy->counters.shed++;
        log_refusal(listener);
        close(fd);
        return;
    }
    connection_start(listener->proxy, listener, fd, peer);
}

/* What accept(2) had to say: 0 when a connection came in, or an errno. */
static int accept_one(struct listen_socket *sock)
{
    struct socket_address peer = {.len = sizeof peer.un};
    int fd = accept4(sock->fd, &peer.any, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return errno;
    take_in(sock->listener, fd, &peer);
    return 0;
}

/* Without a free descriptor accept(2) fails even when nobody waits: then nobody has to go. */
static bool is_somebody_waiting(const struct listen_socket *sock)
{
    struct pollfd waiting = {.fd = sock->fd, .events = POLLIN};

    return poll(&waiting, 1, 0) > 0;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct listen_socket *sock = context;
    (void)fd, (void)what;

    for (int i = 0; i < MAX_ACCEPTS_PER_WAKE; i++) {
        int error = accept_one(sock);
        if (error == 0 || is_passing(error))
            continue;
        if (error == EAGAIN || error == EWOULDBLOCK || !is_somebody_waiting(sock))
            return;
        /* EMFILE, ENFILE, ENOBUFS, ENOMEM: whoever only holds a descriptor makes place for who has yet to begin. */
        if (proxy_shed_one(sock->listener->proxy))
            continue;
        pause_accepting(sock, error);
        return;
    }
}

void listener_accept_waiting(struct listener *listener)
{
    for (size_t i = 0; i < listener->socket_count; i++)
        while (accept_one(&listener->sockets[i]) == 0)
            ;
}

bool listener_start(struct listener *listener)
{
    for (size_t i = 0; i < listener->socket_count; i++) {
        struct listen_socket *sock = &listener->sockets[i];
        sock->listener = listener;
        if (event_assign(&sock->readable, listener->proxy->base, sock->fd, EV_READ | EV_PERSIST, on_readable, sock) ||
            evtimer_assign(&sock->resume, listener->proxy->base, on_resume, sock) || event_add(&sock->readable, NULL))
            return false;
    }
    return staple_watch_begin(&listener->staples, listener->proxy->base, listener->policy, listener->config->name);
}

void listener_stop(struct listener *listener)
{
    staple_watch_end(&listener->staples);
    for (size_t i = 0; i < listener->socket_count; i++) {
        struct listen_socket *sock = &listener->sockets[i];
        if (sock->listener) {
            event_del(&sock->readable);
            event_del(&sock->resume);
        }
        if (sock->address.any.sa_family == AF_UNIX)
            unlink(sock->address.un.sun_path); /* while it is still ours: who binds next has a file of its own */
        close(sock->fd);
    }
    listener->socket_count = 0;
}

/* ---- words */

static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text);
    snprintf(text + len, size - len, "%s%s", len ? "," : "", more);
}

void listener_log_start(const struct listener *listener)
{
    char addresses[LOG_VALUE_MAX] = "", servers[LOG_VALUE_MAX] = "", text[ADDRESS_TEXT_LEN];
    struct log_line line;

    for (size_t i = 0; i < listener->socket_count; i++) {
        struct socket_address own = listener->sockets[i].address;
        if (address_of_socket(listener->sockets[i].fd, &own)) /* tells the port that was chosen for port 0 */
            address_format(&own.any, own.len, text);
        else
            address_format(&listener->sockets[i].address.any, listener->sockets[i].address.len, text);
        append(addresses, sizeof addresses, text);
    }
    for (uint32_t i = 0; i < listener->backend->server_count; i++)
        append(servers, sizeof servers, listener->backend->servers[i].text);
    log_begin(&line, LOG_LEVEL_NOTICE, "listening");
    log_text(&line, "listener", listener->config->name);
    log_text(&line, "address", addresses);
    log_number(&line, "certificates", (int64_t)tls_policy_certificate_count(listener->policy));
    log_text(&line, "backend", listener->backend->name);
    log_text(&line, "servers", servers);
    log_end(&line);
}
