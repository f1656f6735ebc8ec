#include "daemon/activation.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"

enum { FIRST_PASSED_FD = 3, MAX_PASSED_FDS = 1024 };

static long read_number(const char *variable)
{
    const char *text = getenv(variable);
    char *end;
    long value = text ? strtol(text, &end, 10) : -1;

    return text && *text && *end == 0 ? value : -1;
}

/* "web:mail"; what has no name is called as sd_listen_fds_with_names(3) does. Moves on behind it. */
static void next_name(const char **names, char name[CONFIG_MAX_SOCKET_NAME + 1])
{
    size_t len = *names ? strcspn(*names, ":") : 0;

    if (len == 0 || len > CONFIG_MAX_SOCKET_NAME)
        snprintf(name, CONFIG_MAX_SOCKET_NAME + 1, "unknown");
    else
        snprintf(name, CONFIG_MAX_SOCKET_NAME + 1, "%.*s", (int)len, *names);
    if (*names)
        *names = (*names)[len] == ':' ? *names + len + 1 : NULL;
}

static struct listen_sockets *take(long count)
{
    struct listen_sockets *passed = memory_new(sizeof *passed);
    const char *names = getenv("LISTEN_FDNAMES");
    char name[CONFIG_MAX_SOCKET_NAME + 1];

    for (int fd = FIRST_PASSED_FD; passed && fd < FIRST_PASSED_FD + count; fd++) {
        next_name(&names, name);
        if (listen_sockets_add_passed(passed, fd, name))
            continue;
        log_message(LOG_LEVEL_WARNING, "descriptor %d ('%s') of the service manager is no listening stream socket", fd,
                    name);
        close(fd);
    }
    return passed;
}

struct listen_sockets *activation_take(void)
{
    struct listen_sockets *passed = NULL;
    long count = read_number("LISTEN_FDS");

    if (read_number("LISTEN_PID") == (long)getpid() && count > 0 && count <= MAX_PASSED_FDS)
        passed = take(count);
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return passed;
}
