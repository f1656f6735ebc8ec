#include "admin/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/reader.h"

/* ---- what came back */

static bool read_digit(struct reader *r, int *number)
{
    uint8_t digit;

    if (!read_u8(r, &digit) || digit < '0' || digit > '9')
        return false;
    *number = *number * 10 + (digit - '0');
    return true;
}

/* RFC 9112 4: status-line = HTTP-version SP status-code SP [ reason-phrase ] */
static bool read_status(struct reader *r, int *status)
{
    struct bytes version;
    uint8_t minor, space;

    *status = 0;
    return read_bytes(r, 7, &version) && bytes_equal(version, BYTES_OF_LITERAL("HTTP/1.")) && read_u8(r, &minor) &&
           (minor == '0' || minor == '1') && read_u8(r, &space) && space == ' ' && read_digit(r, status) &&
           read_digit(r, status) && read_digit(r, status) && *status >= 100;
}

/* The body is behind the first empty line. */
static struct bytes find_body(struct bytes reply)
{
    static const struct bytes end = BYTES_OF_LITERAL("\r\n\r\n");
    const uint8_t *at = memmem(reply.at, reply.len, end.at, end.len);
    size_t head = at ? (size_t)(at - reply.at) + end.len : reply.len;

    return bytes_of(reply.at + head, reply.len - head);
}

static bool is_printable(uint8_t byte)
{
    return byte >= 0x20 && byte <= 0x7e;
}

bool ask_parse_reply(struct bytes reply, int *status, char words[MAX_ASK_WORDS_LEN])
{
    struct reader r = reader_of(reply), body;
    size_t len = 0;
    uint8_t byte;

    words[0] = 0;
    if (!read_status(&r, status))
        return false;
    body = reader_of(find_body(reply));
    while (len < MAX_ASK_WORDS_LEN - 1 && read_u8(&body, &byte) && is_printable(byte))
        words[len++] = (char)byte;
    words[len] = 0;
    return true;
}

/* ---- a socket with a deadline */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False with errno set, ETIMEDOUT after the deadline. */
static bool wait_until(int fd, short events, int64_t deadline)
{
    struct pollfd wanted = {.fd = fd, .events = events};
    int64_t left = deadline - now_ms();
    int ready;

    do
        ready = poll(&wanted, 1, left > 0 ? (int)left : 0);
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0;
}

static bool finish_connect(int fd, int64_t deadline)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (!wait_until(fd, POLLOUT, deadline) || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return false;
    errno = error;
    return error == 0;
}

/* The connected socket, or -1 with errno set. */
static int connect_to(const struct socket_address *address, int64_t deadline)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

    if (fd < 0)
        return -1;
    if (connect(fd, &address->any, address->len) == 0 ||
        ((errno == EINPROGRESS || errno == EINTR) && finish_connect(fd, deadline)))
        return fd;
    error = errno;
    close(fd);
    errno = error == EAGAIN ? ETIMEDOUT : error; /* of a unix socket: its queue is full, nobody takes from it */
    return -1;
}

static bool send_all(int fd, const char *text, size_t len, int64_t deadline)
{
    while (len > 0) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN && wait_until(fd, POLLOUT, deadline))
            continue;
        if (sent < 0)
            return false;
        text += sent;
        len -= (size_t)sent;
    }
    return true;
}

/* Until the end, or until `room` is full. */
static bool receive_all(int fd, uint8_t *room, size_t capacity, size_t *len, int64_t deadline)
{
    ssize_t got = 1;

    for (*len = 0; *len < capacity && got != 0;) {
        if (!wait_until(fd, POLLIN, deadline))
            return false;
        got = recv(fd, room + *len, capacity - *len, 0);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        *len += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* ---- answers */

static struct ask_answer bad(const char *words)
{
    struct ask_answer answer = {.is_good = false};

    snprintf(answer.words, sizeof answer.words, "%s", words);
    return answer;
}

static struct ask_answer answer_of(struct bytes reply)
{
    struct ask_answer answer = {.is_good = false};
    int status;

    if (!ask_parse_reply(reply, &status, answer.words))
        return bad("what answers is no admin listener");
    answer.is_good = status == 200;
    if (!answer.words[0])
        snprintf(answer.words, sizeof answer.words, "status %d", status);
    return answer;
}

/* HTTP/1.0: the end of the connection is the end of the reply. */
static struct ask_answer converse(int fd, const char *path, int64_t deadline)
{
    uint8_t reply[MAX_ASK_REPLY_LEN];
    char request[64];
    int request_len = snprintf(request, sizeof request, "GET %s HTTP/1.0\r\n\r\n", path);
    size_t len;

    if (!send_all(fd, request, (size_t)request_len, deadline) || !receive_all(fd, reply, sizeof reply, &len, deadline))
        return bad(strerror(errno));
    return answer_of(bytes_of(reply, len));
}

struct ask_answer ask_admin(const struct socket_address *address, const char *path)
{
    int64_t deadline = now_ms() + ASK_TIMEOUT;
    int fd = connect_to(address, deadline);
    struct ask_answer answer;

    if (fd < 0)
        return bad(strerror(errno));
    answer = converse(fd, path, deadline);
    close(fd);
    return answer;
}

struct ask_answer ask_listener(const struct socket_address *address)
{
    int64_t deadline = now_ms() + ASK_TIMEOUT;
    int fd = connect_to(address, deadline);
    struct ask_answer answer = {.is_good = true, .words = "it accepts and answers"};
    uint8_t byte;
    size_t len;

    if (fd < 0)
        return bad(strerror(errno));
    if (shutdown(fd, SHUT_WR) != 0 || !receive_all(fd, &byte, 1, &len, deadline))
        answer = bad(strerror(errno));
    close(fd);
    return answer;
}
