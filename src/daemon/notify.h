/*
 * notify.h: what the service manager hears (sd_notify(3)): ready, reloading, stopping, a line of status, and a sign of
 * life while its watchdog waits for one.
 *
 * Datagrams to the socket that NOTIFY_SOCKET names; without it nothing is sent and nothing is wrong. Sent by the master
 * alone. What cannot be sent is dropped: a service that waits for its manager serves nobody.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/attributes.h"
#include "base/bytes.h"

struct notify {
    struct sockaddr_un address;
    socklen_t len;     /* 0: there is nobody to tell */
    int fd;            /* -1: as well */
    uint64_t watchdog; /* microseconds within which it wants to hear of us; 0: it does not */
};

/* From the environment. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

void notify_ready(const struct notify *notify, const char *status);     /* also at the end of a reload */
void notify_reloading(const struct notify *notify, uint64_t monotonic); /* microseconds of CLOCK_MONOTONIC */

/* It takes `rest` microseconds at most: who would end it sooner than that waits as long. */
void notify_stopping(const struct notify *notify, const char *status, uint64_t rest);
void notify_status(const struct notify *notify, const char *status);
void notify_alive(const struct notify *notify);

#endif
