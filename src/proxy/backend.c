#include "proxy/backend.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <unistd.h>

#include "base/alloc.h"

static bool resolve_server(struct backend_server *server, const struct config_address *address,
                           const struct supply *supply, struct config_findings findings)
{
    const char *fault = NULL;

    server->text = address->text;
    server->name = address_is_name(address) ? address->host : NULL;
    server->port = address->port;
    server->address_count = (uint8_t)supply_resolve(supply, address, server->addresses, MAX_SERVER_ADDRESSES, &fault);
    if (server->address_count > 0)
        return true;
    if (server->name)
        config_warn(findings, &address->place, "server '%s' gets nothing until its name resolves: %s", address->text,
                    fault);
    else
        config_complain(findings, &address->place, "server '%s' cannot be connected to: %s", address->text, fault);
    return server->name != NULL;
}

static struct backend *new_with_servers(size_t count)
{
    struct backend *backend = memory_new(sizeof *backend);

    if (!backend)
        return NULL;
    backend->servers = memory_new_array(count, sizeof *backend->servers);
    if (!backend->servers) {
        memory_free(backend);
        return NULL;
    }
    backend->server_count = (uint32_t)count;
    return backend;
}

struct backend *backend_new(const struct config_backend *config, const struct supply *supply,
                            struct config_findings findings)
{
    struct backend *backend = new_with_servers(config->servers.count);
    bool is_ok = true;

    if (!backend) {
        config_complain(findings, &config->place, "out of memory");
        return NULL;
    }
    backend->name = config->name;
    backend->connect_timeout = config->connect_timeout;
    backend->send_proxy = config->send_proxy;
    for (size_t i = 0; i < config->servers.count; i++)
        is_ok = resolve_server(&backend->servers[i], &config->servers.values[i], supply, findings) && is_ok;
    if (is_ok)
        return backend;
    backend_free(backend);
    return NULL;
}

struct backend *backend_new_demo(uint16_t port)
{
    const struct config_address address = {.text = CONFIG_BACKEND_DEMO, .host = "127.0.0.1", .port = port};
    struct backend *backend = new_with_servers(1);
    const char *fault = NULL;

    if (!backend)
        return NULL;
    backend->name = CONFIG_BACKEND_DEMO;
    backend->connect_timeout = 3 * 1000 * 1000;
    backend->is_demo = true;
    backend->servers[0].text = CONFIG_BACKEND_DEMO;
    backend->servers[0].address_count =
        (uint8_t)address_resolve(&address, ADDRESS_TO_CONNECT, backend->servers[0].addresses, 1, &fault);
    if (backend->servers[0].address_count == 1)
        return backend;
    backend_free(backend);
    return NULL;
}

void backend_free(struct backend *backend)
{
    if (!backend)
        return;
    memory_free(backend->servers);
    memory_free(backend);
}

/* ---- addresses that change */

/* The one that worked last is still the first to be tried, if it is still there. */
static void replace_addresses(struct backend_server *server, const struct host_addresses *addresses)
{
    const struct socket_address preferred = server->addresses[server->preferred];

    server->address_count =
        (uint8_t)host_addresses_with_port(addresses, server->port, server->addresses, MAX_SERVER_ADDRESSES);
    server->preferred = 0;
    server->edition++;
    for (uint8_t i = 0; i < server->address_count; i++)
        if (address_is_same(&server->addresses[i], &preferred))
            server->preferred = i;
}

void backend_set_addresses(struct backend *backend, const char *name, const struct host_addresses *addresses)
{
    for (uint32_t i = 0; addresses->count > 0 && i < backend->server_count; i++)
        if (backend->servers[i].name && strcasecmp(backend->servers[i].name, name) == 0)
            replace_addresses(&backend->servers[i], addresses);
}

/* ---- whose turn it is */

/* From `first` on. False: none has an address. */
static bool find_server(const struct backend *backend, uint32_t first, uint32_t *server)
{
    for (uint32_t i = 0; i < backend->server_count; i++) {
        *server = (first + i) % backend->server_count;
        if (backend->servers[*server].address_count > 0)
            return true;
    }
    return false;
}

static bool take_turn(struct backend *backend, uint32_t *server)
{
    if (!find_server(backend, backend->next, server))
        return false;
    backend->next = (*server + 1) % backend->server_count;
    return true;
}

static bool find_another(const struct backend *backend, const struct backend_attempt *attempt, uint32_t *server)
{
    return attempt->servers_tried < MAX_CONNECT_SERVERS && find_server(backend, attempt->server + 1, server) &&
           *server != attempt->server;
}

bool backend_next(struct backend *backend, struct backend_attempt *attempt)
{
    uint32_t server;

    if (attempt->servers_tried > 0 && attempt->addresses_tried < backend->servers[attempt->server].address_count) {
        attempt->addresses_tried++;
        return true;
    }
    if (attempt->servers_tried == 0 ? !take_turn(backend, &server) : !find_another(backend, attempt, &server))
        return false;
    attempt->server = server;
    attempt->servers_tried++;
    attempt->addresses_tried = 1;
    attempt->edition = backend->servers[server].edition;
    return true;
}

const struct backend_server *backend_server_of(const struct backend *backend, const struct backend_attempt *attempt)
{
    return attempt->servers_tried ? &backend->servers[attempt->server] : NULL;
}

/*
 * The n-th address tried is counted from the preferred one, which may have moved meanwhile, or all may be others: that
 * costs a retry.
 */
static uint8_t address_index(const struct backend_server *server, const struct backend_attempt *attempt)
{
    return (uint8_t)((server->preferred + attempt->addresses_tried - 1) % server->address_count);
}

const struct socket_address *backend_address_of(const struct backend *backend, const struct backend_attempt *attempt)
{
    const struct backend_server *server = backend_server_of(backend, attempt);

    return &server->addresses[address_index(server, attempt)];
}

void backend_worked(struct backend *backend, const struct backend_attempt *attempt)
{
    struct backend_server *server = &backend->servers[attempt->server];

    if (attempt->addresses_tried > 1 && attempt->edition == server->edition)
        server->preferred = address_index(server, attempt);
}

static void set_options(int fd, const struct socket_address *address)
{
    static const int on = 1;
    static const unsigned unanswered = WRITE_STALL_TIMEOUT / 1000; /* milliseconds */

    if (address->any.sa_family == AF_UNIX)
        return;
    /* None can fail on a TCP socket, and a connection works without them. */
    (void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)!setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    (void)!setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof unanswered);
}

/* A server on this machine has accepted by the time connect() returns, though it says "in progress". */
static bool is_connected_already(int fd)
{
    struct socket_address peer;
    socklen_t len = sizeof peer;

    return getpeername(fd, &peer.any, &len) == 0;
}

enum backend_connect_result backend_connect(const struct backend *backend, const struct backend_attempt *attempt,
                                            int *fd, int *error)
{
    const struct socket_address *address = backend_address_of(backend, attempt);

    *fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0) {
        *error = errno;
        return BACKEND_FAILED;
    }
    set_options(*fd, address);
    if (connect(*fd, &address->any, address->len) == 0)
        return BACKEND_CONNECTED;
    if (errno == EINPROGRESS || errno == EINTR)
        return is_connected_already(*fd) ? BACKEND_CONNECTED : BACKEND_CONNECTING;
    *error = errno;
    close(*fd);
    *fd = -1;
    return BACKEND_FAILED;
}

int backend_connect_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}
