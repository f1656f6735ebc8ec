#include "daemon/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* "/run/systemd/notify", or "@name" for one that is in no file system. */
static socklen_t read_address(const char *text, struct sockaddr_un *address)
{
    size_t len = strlen(text);

    if ((text[0] != '/' && text[0] != '@') || len < 2 || len >= sizeof address->sun_path)
        return 0;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, text, len);
    if (text[0] == '@')
        address->sun_path[0] = 0;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static uint64_t read_number(const char *name)
{
    const char *text = getenv(name);
    char *end;
    unsigned long long value = text ? strtoull(text, &end, 10) : 0;

    return text && *text && *end == 0 ? value : 0;
}

/* WATCHDOG_PID says for whom the watchdog is meant, if it is there. */
static uint64_t read_watchdog(void)
{
    uint64_t pid = read_number("WATCHDOG_PID");

    return pid == 0 || pid == (uint64_t)getpid() ? read_number("WATCHDOG_USEC") : 0;
}

void notify_open(struct notify *notify)
{
    const char *text = getenv("NOTIFY_SOCKET");

    *notify = (struct notify){.fd = -1};
    notify->len = text ? read_address(text, &notify->address) : 0;
    if (notify->len == 0)
        return;
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    notify->watchdog = read_watchdog();
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

static void tell(const struct notify *notify, const char *format, ...) PRINTF_LIKE(2, 3);

static void tell(const struct notify *notify, const char *format, ...)
{
    char text[512];
    va_list args;
    int len;

    if (notify->fd < 0)
        return;
    va_start(args, format);
    len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len > 0 && len < (int)sizeof text)
        (void)!sendto(notify->fd, text, (size_t)len, MSG_NOSIGNAL, (const struct sockaddr *)&notify->address,
                      notify->len);
}

void notify_ready(const struct notify *notify, const char *status)
{
    tell(notify, "READY=1\nSTATUS=%s", status);
}

void notify_reloading(const struct notify *notify, uint64_t monotonic)
{
    tell(notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\nSTATUS=reloading", monotonic);
}

void notify_stopping(const struct notify *notify, const char *status, uint64_t rest)
{
    tell(notify, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%" PRIu64 "\nSTATUS=%s", rest, status);
}

void notify_status(const struct notify *notify, const char *status)
{
    tell(notify, "STATUS=%s", status);
}

void notify_alive(const struct notify *notify)
{
    tell(notify, "WATCHDOG=1");
}
