#include "demo/visit.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char reply[VISIT_REPLY_LEN + 1];
static bool was_closed;

static struct sockaddr_in address_of(const char *host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    ck_assert_int_eq(inet_pton(AF_INET, host, &address.sin_addr), 1);
    return address;
}

int visit_open(const char *from, uint16_t from_port, uint16_t port)
{
    struct sockaddr_in here = address_of(from ? from : "127.0.0.1", from_port);
    struct sockaddr_in there = address_of("127.0.0.1", port);
    int visitor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    ck_assert_int_ge(visitor, 0);
    ck_assert_int_eq(setsockopt(visitor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    if (from)
        ck_assert_int_eq(bind(visitor, (struct sockaddr *)&here, sizeof here), 0);
    if (connect(visitor, (struct sockaddr *)&there, sizeof there) != 0) {
        close(visitor);
        return -1;
    }
    ck_assert_int_eq(fcntl(visitor, F_SETFL, O_NONBLOCK), 0);
    return visitor;
}

uint16_t visit_source_port(int visitor)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;

    ck_assert_int_eq(getsockname(visitor, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

void visit_say(int visitor, const char *request)
{
    ck_assert_int_eq(send(visitor, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void visit_turn(struct event_base *base, unsigned milliseconds)
{
    struct timeval limit = {milliseconds / 1000, milliseconds % 1000 * 1000};

    ck_assert_int_eq(event_base_loopexit(base, &limit), 0);
    ck_assert_int_ge(event_base_dispatch(base), 0);
}

const char *visit_hear(struct event_base *base, int visitor, const char *until, unsigned milliseconds)
{
    uint64_t deadline = now_ms() + milliseconds;
    size_t len = 0;

    was_closed = false;
    reply[0] = 0;
    while (now_ms() < deadline && !(until && strstr(reply, until))) {
        ssize_t got;

        visit_turn(base, 2);
        got = recv(visitor, reply + len, VISIT_REPLY_LEN - len, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) {
            was_closed = true;
            break;
        }
        len += got > 0 ? (size_t)got : 0;
        reply[len] = 0;
    }
    return reply;
}

bool visit_was_closed(void)
{
    return was_closed;
}
