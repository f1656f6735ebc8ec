#include "proxy/listen_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proxy/limits.h"

/* ---- one socket */

static bool nobody_answers(const struct socket_address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_dead = fd >= 0 && connect(fd, &address->any, address->len) != 0 && errno == ECONNREFUSED;

    if (fd >= 0)
        close(fd);
    return is_dead;
}

/* A socket file nobody answers on was left behind by a process that was killed; any other file is not ours. */
bool listen_sockets_clear_path(const struct socket_address *address)
{
    struct stat status;

    if (lstat(address->un.sun_path, &status) != 0)
        return errno == ENOENT;
    if (S_ISSOCK(status.st_mode) && nobody_answers(address))
        return unlink(address->un.sun_path) == 0;
    errno = S_ISSOCK(status.st_mode) ? EADDRINUSE : EEXIST;
    return false;
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
    if ((family != AF_UNIX || listen_sockets_clear_path(address)) && set_options(fd, family) &&
        bind(fd, &address->any, address->len) == 0 && listen(fd, LISTEN_BACKLOG) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static const char *words_for(int error, bool is_unix)
{
    switch (error) {
    case EADDRINUSE:
        return "the address is in use by another process";
    case EACCES:
        return is_unix ? "permission denied in its directory"
                       : "permission denied (a port below 1024 needs CAP_NET_BIND_SERVICE)";
    case EADDRNOTAVAIL:
        return "this machine has no such address";
    default:
        return strerror(error);
    }
}

/* `*` means all of this machine: without IPv6 in the kernel that is IPv4 alone. */
static bool is_optional(const struct config_address *configured, const struct socket_address *address, int error)
{
    return !configured->is_unix && !configured->host && address->any.sa_family == AF_INET6 &&
           (error == EAFNOSUPPORT || error == EADDRNOTAVAIL);
}

/* ---- all of a configuration */

static struct listen_socket *find_same(struct listen_sockets *sockets, const struct socket_address *address)
{
    for (size_t i = 0; sockets && i < sockets->count; i++) {
        struct listen_socket *sock = &sockets->sockets[i];
        if (address_is_same(&sock->address, address))
            return sock;
    }
    return NULL;
}

static MUST_CHECK bool add(struct listen_sockets *sockets, const struct listen_socket *sock)
{
    struct listen_socket *more = memory_resize(sockets->sockets, (sockets->count + 1) * sizeof *more);

    if (!more)
        return false;
    sockets->sockets = more;
    sockets->sockets[sockets->count++] = *sock;
    return true;
}

struct opening {
    const struct supply *names;
    struct listen_sockets *sockets, *old;
    const struct listen_sockets *passed;
    struct config_findings findings;
    size_t listen;
};

static bool complain_no_memory(const struct opening *opening, const struct config_address *configured)
{
    config_complain(opening->findings, &configured->place, "out of memory");
    return false;
}

static bool open_fresh(const struct opening *opening, const struct config_address *configured,
                       struct listen_socket *sock)
{
    char text[ADDRESS_TEXT_LEN];

    sock->fd = open_socket(&sock->address);
    if (sock->fd < 0 && is_optional(configured, &sock->address, errno))
        return true;
    if (sock->fd < 0) {
        int error = errno;
        address_format(&sock->address.any, sock->address.len, text);
        config_complain(opening->findings, &configured->place, "cannot listen on %s: %s", text,
                        words_for(error, configured->is_unix));
        return false;
    }
    if (add(opening->sockets, sock))
        return true;
    close(sock->fd);
    return complain_no_memory(opening, configured);
}

static bool open_one(const struct opening *opening, const struct config_address *configured,
                     const struct socket_address *address)
{
    const struct listen_socket *same = find_same(opening->old, address);
    struct listen_socket sock = {*address, opening->listen, same ? same->fd : -1, same != NULL, ""};

    if (!same)
        return open_fresh(opening, configured, &sock);
    return add(opening->sockets, &sock) || complain_no_memory(opening, configured);
}

/* False: out of memory or descriptors. */
static bool take_named(const struct opening *opening, const struct listen_socket *from, bool is_borrowed)
{
    struct listen_socket sock = *from;

    sock.listen = opening->listen;
    sock.is_borrowed = is_borrowed;
    if (!is_borrowed)
        sock.fd = fcntl(from->fd, F_DUPFD_CLOEXEC, 0);
    if (sock.fd >= 0 && add(opening->sockets, &sock))
        return true;
    if (!is_borrowed && sock.fd >= 0)
        close(sock.fd);
    return false;
}

/* How many there are under the name; those that were in use already are all of them. */
static bool take_all_named(const struct opening *opening, const struct listen_sockets *from, const char *name,
                           size_t *count)
{
    for (size_t i = 0; from && i < from->count; i++) {
        if (strcmp(from->sockets[i].name, name) != 0)
            continue;
        if (!take_named(opening, &from->sockets[i], from == opening->old))
            return false;
        ++*count;
    }
    return true;
}

static bool is_named(const struct listen_sockets *sockets, const char *name)
{
    for (size_t i = 0; sockets && i < sockets->count; i++)
        if (strcmp(sockets->sockets[i].name, name) == 0)
            return true;
    return false;
}

bool listen_sockets_lack_passed(const struct config *config, const struct listen_sockets *old,
                                const struct listen_sockets *passed)
{
    for (size_t i = 0; i < config->listen_count; i++)
        for (size_t j = 0; j < config->listens[i].addresses.count; j++) {
            const char *name = config->listens[i].addresses.values[j].socket;
            if (name && !is_named(old, name) && !is_named(passed, name))
                return true;
        }
    return false;
}

static bool open_passed(const struct opening *opening, const struct config_address *configured)
{
    size_t count = 0;

    if (!take_all_named(opening, opening->old, configured->socket, &count) ||
        (count == 0 && !take_all_named(opening, opening->passed, configured->socket, &count)))
        return complain_no_memory(opening, configured);
    if (count == 0)
        config_complain(
            opening->findings, &configured->place,
            "address '%s': the service manager passed no socket of that name (FileDescriptorName= of its socket)",
            configured->text);
    return count > 0;
}

static bool open_address(const struct opening *opening, const struct config_address *configured)
{
    struct socket_address addresses[MAX_LISTEN_SOCKETS];
    const char *fault = NULL;
    size_t count;
    bool is_ok;

    if (configured->socket)
        return open_passed(opening, configured);
    count = address_is_name(configured)
                ? supply_resolve(opening->names, configured, addresses, ARRAY_LEN(addresses), &fault)
                : address_resolve(configured, ADDRESS_TO_LISTEN, addresses, ARRAY_LEN(addresses), &fault);
    is_ok = count > 0;
    if (!is_ok)
        config_complain(opening->findings, &configured->place, "address '%s' cannot be used: %s", configured->text,
                        fault);
    for (size_t i = 0; i < count; i++)
        is_ok = open_one(opening, configured, &addresses[i]) && is_ok;
    return is_ok;
}

/* All addresses, also behind one with a fault: every fault is told at once. */
static bool open_all(struct opening *opening, const struct config *config)
{
    bool is_ok = true;

    for (opening->listen = 0; opening->listen < config->listen_count; opening->listen++) {
        const struct config_address_list *addresses = &config->listens[opening->listen].addresses;
        for (size_t i = 0; i < addresses->count; i++)
            is_ok = open_address(opening, &addresses->values[i]) && is_ok;
    }
    return is_ok;
}

struct listen_sockets *listen_sockets_open(const struct config *config, const struct supply *names,
                                           struct listen_sockets *old, const struct listen_sockets *passed,
                                           struct config_findings findings)
{
    struct opening opening = {names, memory_new(sizeof(struct listen_sockets)), old, passed, findings, 0};

    if (!opening.sockets) {
        config_complain(findings, &config->listens[0].place, "out of memory");
        return NULL;
    }
    if (open_all(&opening, config))
        return opening.sockets;
    listen_sockets_free(opening.sockets);
    return NULL;
}

static bool is_listening(int fd)
{
    int type = 0, listens = 0;
    socklen_t len = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens;
}

/* As of those that we bind, but for what has to be set before. */
static bool prepare(int fd, int family)
{
    static const int on = 1;
    static const unsigned unanswered = WRITE_STALL_TIMEOUT / 1000;
    int flags = fcntl(fd, F_GETFL);

    if (family != AF_UNIX) {
        (void)!setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on); /* connections work without them */
        (void)!setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        (void)!setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, sizeof unanswered);
    }
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* TCP alone has it; the others of set_options() do no harm when they are gone. */
static bool has_timeout(const struct listen_socket *sock)
{
    unsigned unanswered = 0;
    socklen_t len = sizeof unanswered;

    return sock->address.any.sa_family == AF_UNIX ||
           (getsockopt(sock->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered, &len) == 0 &&
            unanswered == WRITE_STALL_TIMEOUT / 1000);
}

const char *listen_socket_fault(const struct listen_socket *sock)
{
    if (!is_listening(sock->fd))
        return "does not listen any more";
    if (!(fcntl(sock->fd, F_GETFL) & O_NONBLOCK))
        return "blocks";
    return has_timeout(sock) ? NULL : "has another timeout than it was given";
}

/* Whatever it may be connected to by now is let go; the address that was bound to it stays. */
static bool listen_again(const struct listen_socket *sock)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (sock->address.any.sa_family != AF_UNIX && connect(sock->fd, &nobody, sizeof nobody) != 0)
        return false;
    return listen(sock->fd, LISTEN_BACKLOG) == 0;
}

bool listen_socket_mend(const struct listen_socket *sock)
{
    return (is_listening(sock->fd) || listen_again(sock)) && prepare(sock->fd, sock->address.any.sa_family) &&
           !listen_socket_fault(sock);
}

bool listen_sockets_add_passed(struct listen_sockets *passed, int fd, const char *name)
{
    struct listen_socket sock = {.fd = fd};

    if (!is_listening(fd) || !address_of_socket(fd, &sock.address) || !prepare(fd, sock.address.any.sa_family))
        return false;
    snprintf(sock.name, sizeof sock.name, "%s", name);
    return add(passed, &sock);
}

void listen_sockets_take_over(struct listen_sockets *sockets, struct listen_sockets *old)
{
    for (size_t i = 0; i < sockets->count; i++) {
        struct listen_socket *same =
            sockets->sockets[i].is_borrowed ? find_same(old, &sockets->sockets[i].address) : NULL;
        if (same)
            same->is_borrowed = true;
        sockets->sockets[i].is_borrowed = false;
    }
}

void listen_sockets_free(struct listen_sockets *sockets)
{
    if (!sockets)
        return;
    for (size_t i = 0; i < sockets->count; i++) {
        const struct listen_socket *sock = &sockets->sockets[i];
        if (sock->is_borrowed)
            continue;
        if (sock->address.any.sa_family == AF_UNIX && !sock->name[0])
            unlink(sock->address.un.sun_path); /* while it is still ours: who binds next has a file of its own */
        close(sock->fd);
    }
    memory_free(sockets->sockets);
    memory_free(sockets);
}
