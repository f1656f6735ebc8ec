#include "daemon/unix_backends.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"

/* Longer than a handshake may take, and its tries at the servers, by default. */
enum { MICROSECONDS = 1000 * 1000, GRACE_OF_PATH = 120 * MICROSECONDS };

struct unix_path {
    struct sockaddr_un address;
    uint64_t until; /* 0: a configuration names it */
};

static struct unix_path *find(const struct unix_backends *backends, const char *path)
{
    for (size_t i = 0; i < backends->count; i++)
        if (strcmp(backends->paths[i].address.sun_path, path) == 0)
            return &backends->paths[i];
    return NULL;
}

/* A path that is too long is no address, and refused where the configuration is loaded. */
static bool add(struct unix_backends *backends, const char *path)
{
    struct unix_path *known = find(backends, path), *paths;
    struct unix_path fresh = {.address.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if (known || len >= sizeof fresh.address.sun_path) {
        if (known)
            known->until = 0;
        return true;
    }
    paths = memory_resize(backends->paths, (backends->count + 1) * sizeof *paths);
    if (!paths)
        return false;
    memcpy(fresh.address.sun_path, path, len);
    backends->paths = paths;
    backends->paths[backends->count++] = fresh;
    return true;
}

static bool add_servers(struct unix_backends *backends, const struct config_backend *backend)
{
    for (size_t i = 0; i < backend->servers.count; i++)
        if (backend->servers.values[i].path && !add(backends, backend->servers.values[i].path))
            return false;
    return true;
}

bool unix_backends_add(struct unix_backends *backends, const struct config *config)
{
    for (size_t i = 0; i < config->backend_count; i++)
        if (!add_servers(backends, &config->backends[i]))
            return false;
    return true;
}

static bool is_named(const struct config *config, const char *path)
{
    for (size_t i = 0; i < config->backend_count; i++) {
        const struct config_backend *backend = &config->backends[i];
        for (size_t j = 0; j < backend->servers.count; j++)
            if (backend->servers.values[j].path && strcmp(backend->servers.values[j].path, path) == 0)
                return true;
    }
    return false;
}

void unix_backends_keep(struct unix_backends *backends, const struct config *config, uint64_t now)
{
    for (size_t i = backends->count; i-- > 0;) {
        struct unix_path *path = &backends->paths[i];
        if (is_named(config, path->address.sun_path))
            path->until = 0;
        else if (path->until == 0)
            path->until = now + GRACE_OF_PATH;
        else if (path->until <= now)
            *path = backends->paths[--backends->count];
    }
}

static int connect_to(const struct sockaddr_un *address, int *fd)
{
    int error;

    *fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return errno;
    if (connect(*fd, (const struct sockaddr *)address, sizeof *address) == 0)
        return 0;
    error = errno;
    close(*fd);
    *fd = -1;
    return error;
}

int unix_backends_connect(const struct unix_backends *backends, const char *path, uint64_t now, int *fd)
{
    const struct unix_path *known = find(backends, path);

    *fd = -1;
    if (!known || (known->until != 0 && known->until <= now))
        return EACCES;
    return connect_to(&known->address, fd);
}

bool unix_quota_take(struct unix_quota *quota, uint64_t now)
{
    if (quota->second != now / MICROSECONDS)
        *quota = (struct unix_quota){.second = now / MICROSECONDS};
    return ++quota->count <= MAX_UNIX_CONNECTS;
}

void unix_backends_free(struct unix_backends *backends)
{
    memory_free(backends->paths);
    *backends = (struct unix_backends){NULL, 0};
}
