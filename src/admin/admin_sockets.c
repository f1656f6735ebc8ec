#include "admin/admin_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/listen_sockets.h"

enum { BACKLOG = 64 };

static const struct socket_address *find_same(const struct admin_sockets *sockets, const struct socket_address *address,
                                              int *fd)
{
    for (size_t i = 0; sockets && i < sockets->count; i++) {
        if (!address_is_same(&sockets->addresses[i], address))
            continue;
        *fd = sockets->fds[i];
        return &sockets->addresses[i];
    }
    return NULL;
}

/* Between bind(2) and a chmod(2) others could connect: so the file is made with its mode. */
static bool bind_with_mode(int fd, const struct socket_address *address, mode_t mode)
{
    mode_t before;
    bool is_bound;

    if (!listen_sockets_clear_path(address))
        return false;
    before = umask(0777 & ~mode);
    is_bound = bind(fd, &address->any, address->len) == 0;
    umask(before);
    return is_bound;
}

static bool bind_port(int fd, const struct socket_address *address)
{
    static const int on = 1;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && bind(fd, &address->any, address->len) == 0;
}

/* The listening socket, or -1 with errno set. */
static int open_fresh(const struct socket_address *address, mode_t mode)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_unix = address->any.sa_family == AF_UNIX;
    int error;

    if (fd < 0)
        return -1;
    if ((is_unix ? bind_with_mode(fd, address, mode) : bind_port(fd, address)) && listen(fd, BACKLOG) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static bool complain(struct config_findings findings, const struct config_address *configured, const char *reason)
{
    config_complain(findings, &configured->place, "[admin] cannot listen on '%s': %s", configured->text, reason);
    return false;
}

static const char *words_for(int error)
{
    return error == EADDRINUSE ? "the address is in use by another process" : strerror(error);
}

static bool open_one(struct admin_sockets *sockets, const struct config_admin *config,
                     const struct config_address *configured, const struct admin_sockets *old,
                     struct config_findings findings)
{
    struct socket_address *address = &sockets->addresses[sockets->count];
    const char *fault = NULL;
    int fd = -1;

    /* A number, or a path: it stands for one address, and nobody is asked for it. */
    if (address_resolve(configured, ADDRESS_TO_LISTEN, address, 1, &fault) != 1)
        return complain(findings, configured, fault ? fault : "it has no address");
    if (find_same(old, address, &fd))
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    else
        fd = open_fresh(address, (mode_t)config->mode);
    if (fd < 0)
        return complain(findings, configured, words_for(errno));
    sockets->fds[sockets->count++] = fd;
    return true;
}

bool admin_sockets_open(struct admin_sockets *sockets, const struct config_admin *config,
                        const struct admin_sockets *old, struct config_findings findings)
{
    bool is_ok = true;

    sockets->count = 0;
    for (size_t i = 0; i < config->addresses.count; i++) {
        if (sockets->count == MAX_ADMIN_SOCKETS)
            is_ok = complain(findings, &config->addresses.values[i], "there are too many");
        else
            is_ok = open_one(sockets, config, &config->addresses.values[i], old, findings) && is_ok;
    }
    if (!is_ok)
        admin_sockets_close(sockets, old);
    return is_ok;
}

bool admin_sockets_set_mode(const struct admin_sockets *sockets, mode_t mode)
{
    bool is_ok = true;

    for (size_t i = 0; i < sockets->count; i++)
        if (sockets->addresses[i].any.sa_family == AF_UNIX)
            is_ok = chmod(sockets->addresses[i].un.sun_path, mode) == 0 && is_ok;
    return is_ok;
}

bool admin_sockets_are_same(const struct admin_sockets *a, const struct admin_sockets *b)
{
    int ignored;

    for (size_t i = 0; i < a->count; i++)
        if (!find_same(b, &a->addresses[i], &ignored))
            return false;
    return a->count == b->count;
}

void admin_sockets_close(struct admin_sockets *sockets, const struct admin_sockets *next)
{
    int ignored;

    for (size_t i = 0; i < sockets->count; i++) {
        const struct socket_address *address = &sockets->addresses[i];
        if (address->any.sa_family == AF_UNIX && !find_same(next, address, &ignored))
            unlink(address->un.sun_path); /* while it is still ours: who binds next has a file of its own */
        close(sockets->fds[i]);
    }
    sockets->count = 0;
}
