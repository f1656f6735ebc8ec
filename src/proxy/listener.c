#include "proxy/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <poll.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "proxy/connection.h"
#include "proxy/counting.h"
#include "proxy/staple_watch.h"

struct accept_socket {
    struct event readable; /* pending while it accepts */
    struct event resume;   /* a timer, pending while it pauses */
    struct listener *listener;
    int fd;
};

struct listener {
    struct proxy *proxy;
    const struct config_listen *config;
    struct tls_policy *policy;
    struct backend *backend;
    struct accept_socket *sockets;
    size_t socket_count;
    struct event closing;          /* a timer, pending between listener_stop() and the close */
    enum listener_waiting waiting; /* of who waits by then */
    int turns_left;                /* in which who waits is taken in */
    size_t connection_count;
    void (*on_idle)(void *context);
    void *idle_context;
    struct log_limit pause_limit, refusal_limit;
    struct staple_watch staples;
    uint16_t counted_as;
    uint8_t protocols_counted_as[MAX_POLICY_ALPN];
};

static void on_closing(evutil_socket_t fd, short what, void *context);

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
    memset(listener->protocols_counted_as, MAX_COUNTED_PROTOCOLS - 1, sizeof listener->protocols_counted_as);
    evtimer_assign(&listener->closing, proxy->base, on_closing, listener);
    return listener;
}

/* ---- the end */

static void close_sockets(struct listener *listener)
{
    for (size_t i = 0; i < listener->socket_count; i++)
        close(listener->sockets[i].fd);
    listener->socket_count = 0;
}

void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    listener_stop(listener, LISTENER_LEAVES_WAITING);
    event_del(&listener->closing);
    close_sockets(listener);
    tls_policy_unref(listener->policy);
    backend_free(listener->backend);
    memory_free(listener->sockets);
    memory_free(listener);
}

const struct config_listen *listener_config(const struct listener *listener)
{
    return listener->config;
}

void listener_count_as(struct listener *listener, uint16_t index)
{
    listener->counted_as = index;
}

uint16_t listener_counted_as(const struct listener *listener)
{
    return listener->counted_as;
}

void listener_count_protocol_as(struct listener *listener, size_t protocol, uint8_t index)
{
    if (protocol < MAX_POLICY_ALPN)
        listener->protocols_counted_as[protocol] = index;
}

/* What was agreed on is one of them: bytes of a client never choose a counter. */
uint8_t listener_protocol_counted_as(const struct listener *listener, struct bytes protocol)
{
    const struct config_list *alpn = &listener->config->alpn;

    for (size_t i = 0; i < alpn->count && i < MAX_POLICY_ALPN; i++)
        if (bytes_equal(bytes_of_string(alpn->values[i].text), protocol))
            return listener->protocols_counted_as[i];
    return MAX_COUNTED_PROTOCOLS - 1;
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

bool listener_add_socket(struct listener *listener, int fd)
{
    size_t count = listener->socket_count + 1;
    struct accept_socket *sockets = memory_resize(listener->sockets, count * sizeof *sockets);

    if (!sockets)
        return false;
    listener->sockets = sockets;
    memset(&sockets[listener->socket_count], 0, sizeof *sockets);
    sockets[listener->socket_count++].fd = fd;
    return true;
}

/* ---- its connections */

void listener_enter(struct listener *listener)
{
    listener->connection_count++;
}

static void tell_if_idle(const struct listener *listener)
{
    if (listener_is_idle(listener) && listener->on_idle)
        listener->on_idle(listener->idle_context);
}

void listener_leave(struct listener *listener)
{
    listener->connection_count--;
    tell_if_idle(listener);
}

bool listener_is_idle(const struct listener *listener)
{
    return listener->socket_count == 0 && listener->connection_count == 0;
}

void listener_when_idle(struct listener *listener, void (*on_idle)(void *context), void *context)
{
    listener->on_idle = on_idle;
    listener->idle_context = context;
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

static void pause_accepting(struct accept_socket *sock, int error)
{
    static const struct timeval pause = {0, ACCEPT_PAUSE};

    count_one(&sock->listener->proxy->counters->accept_paused);
    log_pause(sock->listener, error);
    if (event_add(&sock->resume, &pause) == 0)
        event_del(&sock->readable);
}

static void on_resume(evutil_socket_t fd, short what, void *context)
{
    struct accept_socket *sock = context;
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

/* Who goes leaves behind what is short here. A socket that does not listen any more, say, is not mended by that. */
static bool is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void take_in(struct listener *listener, int fd, const struct socket_address *peer)
{
    counting_accepted(listener->proxy, listener);
    if (!proxy_make_room(listener->proxy, listener_network_of(listener, &peer->any))) {
        count_one(&listener->proxy->counters->shed);
        log_refusal(listener);
        close(fd);
        return;
    }
    connection_start(listener->proxy, listener, fd, peer);
}

/* What accept(2) had to say: 0 when a connection came in, or an errno. */
static int accept_one(struct accept_socket *sock)
{
    struct socket_address peer = {.len = sizeof peer.un};
    int fd = accept4(sock->fd, &peer.any, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return errno;
    take_in(sock->listener, fd, &peer);
    return 0;
}

/* Without a free descriptor accept(2) fails even when nobody waits: then nobody has to go. */
static bool is_somebody_waiting(const struct accept_socket *sock)
{
    struct pollfd waiting = {.fd = sock->fd, .events = POLLIN};

    return poll(&waiting, 1, 0) > 0;
}

enum accepting { NOBODY_WAITS, MORE_MAY_WAIT, NO_PLACE };

/* At most MAX_ACCEPTS_PER_WAKE. NO_PLACE: somebody waits, nobody here can make place, and `error` is what is short. */
static enum accepting accept_some(struct accept_socket *sock, int *error)
{
    for (int i = 0; i < MAX_ACCEPTS_PER_WAKE; i++) {
        *error = accept_one(sock);
        if (*error == 0 || is_passing(*error))
            continue;
        if (*error == EAGAIN || *error == EWOULDBLOCK || !is_somebody_waiting(sock))
            return NOBODY_WAITS;
        /* Whoever only holds a descriptor makes place for who has yet to begin. */
        if (!is_shortage(*error) || !proxy_shed_one(sock->listener->proxy))
            return NO_PLACE;
    }
    return MORE_MAY_WAIT;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct accept_socket *sock = context;
    int error;
    (void)fd, (void)what;

    if (accept_some(sock, &error) == NO_PLACE)
        pause_accepting(sock, error);
}

bool listener_start(struct listener *listener)
{
    for (size_t i = 0; i < listener->socket_count; i++) {
        struct accept_socket *sock = &listener->sockets[i];
        sock->listener = listener;
        if (event_assign(&sock->readable, listener->proxy->base, sock->fd, EV_READ | EV_PERSIST, on_readable, sock) ||
            evtimer_assign(&sock->resume, listener->proxy->base, on_resume, sock) || event_add(&sock->readable, NULL))
            return false;
    }
    return staple_watch_begin(&listener->staples, listener->proxy->base, listener->policy, listener->config->name);
}

/* ---- accepting no more */

static const struct timeval next_turn = {0, 0};

/*
 * Other processes hold the same sockets, so that a close does not take them out of our epoll: their removal has to have
 * been handed to the kernel before, and that is when the loop turns.
 */
void listener_stop(struct listener *listener, enum listener_waiting waiting)
{
    staple_watch_end(&listener->staples);
    listener->waiting = waiting;
    listener->turns_left = LISTEN_BACKLOG / MAX_ACCEPTS_PER_WAKE;
    for (size_t i = 0; i < listener->socket_count; i++) {
        struct accept_socket *sock = &listener->sockets[i];
        if (!sock->listener)
            continue;
        event_del(&sock->readable);
        event_del(&sock->resume);
    }
    if (event_add(&listener->closing, &next_turn) != 0)
        on_closing(-1, EV_TIMEOUT, listener);
}

static void log_left_behind(struct listener *listener, int error)
{
    uint32_t suppressed;

    if (log_limit_allows(&listener->pause_limit, proxy_now(), 1, PAUSE_LOG_INTERVAL, &suppressed))
        log_message(LOG_LEVEL_ERROR, "listener %s closes and cannot accept who still waits (%s)",
                    listener->config->name, strerror(error));
}

/* True when more may wait: the relays run in between, and those who come as fast as they are taken in have an end. */
static bool take_waiting(struct listener *listener)
{
    bool is_more = false;
    int error;

    for (size_t i = 0; i < listener->socket_count; i++) {
        enum accepting result = accept_some(&listener->sockets[i], &error);
        is_more = is_more || result == MORE_MAY_WAIT;
        if (result == NO_PLACE)
            log_left_behind(listener, error);
    }
    return is_more && --listener->turns_left > 0;
}

static void on_closing(evutil_socket_t fd, short what, void *context)
{
    struct listener *listener = context;
    (void)fd, (void)what;

    if (listener->waiting == LISTENER_TAKES_WAITING && take_waiting(listener) &&
        event_add(&listener->closing, &next_turn) == 0)
        return;
    close_sockets(listener);
    tell_if_idle(listener);
}
