/*
 * backend.c: the plaintext server behind every proxy that is measured, on 127.0.0.1.
 *
 *     bench_backend PORT
 *
 * One process, one thread, edge-triggered epoll. What a client sends decides what it gets:
 *
 *     "GET n\n"             n bytes
 *     "PUT n\n" + n bytes   "OK\n", once all n are there
 *     anything else         the connection is an echo for the rest of its life
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_COMMAND = 64,     /* longest command line */
    CHUNK = 256 * 1024,   /* unit of sending and receiving */
    BUDGET = 1024 * 1024, /* bytes that one connection may move a turn */
    MAX_EVENTS = 256,
    BACKLOG = 4096,
};

struct connection {
    int fd;
    bool is_echo, is_ended, is_queued;
    uint64_t to_send; /* bytes of a GET still to send */
    uint64_t to_sink; /* bytes of a PUT still to swallow */
    uint8_t *out;     /* short answers and echoes that are not sent yet */
    size_t out_len, out_sent, out_capacity;
    char command[MAX_COMMAND]; /* one that is not complete yet */
    size_t command_len;
    struct connection *next; /* in the list of those that used up their budget */
};

static char filler[CHUNK];
static uint8_t received[CHUNK];
static struct connection *waiting; /* used up their budget: to be run again without an event */

static void die(const char *what)
{
    fprintf(stderr, "bench_backend: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void connection_free(struct connection *connection)
{
    close(connection->fd);
    free(connection->out);
    free(connection);
}

static void out_append(struct connection *connection, const void *at, size_t len)
{
    if (connection->out_len + len > connection->out_capacity) {
        connection->out_capacity = (connection->out_len + len) * 2;
        connection->out = realloc(connection->out, connection->out_capacity);
        if (!connection->out)
            die("no memory");
    }
    memcpy(connection->out + connection->out_len, at, len);
    connection->out_len += len;
}

static void budget_use(size_t *budget, ssize_t len)
{
    *budget -= (size_t)len < *budget ? (size_t)len : *budget;
}

/* One send(2) of what is due: short answers first. */
static ssize_t send_once(struct connection *connection)
{
    size_t pending = connection->out_len - connection->out_sent;
    ssize_t sent;

    if (pending > 0) {
        sent = send(connection->fd, connection->out + connection->out_sent, pending, MSG_NOSIGNAL);
        connection->out_sent += sent > 0 ? (size_t)sent : 0;
        return sent;
    }
    sent =
        send(connection->fd, filler, connection->to_send < CHUNK ? (size_t)connection->to_send : CHUNK, MSG_NOSIGNAL);
    connection->to_send -= sent > 0 ? (uint64_t)sent : 0;
    return sent;
}

enum flushed { FLUSHED_ALL, FLUSHED_SOME, FLUSHED_FAILED };

static enum flushed flush(struct connection *connection, size_t *budget)
{
    while (connection->out_sent < connection->out_len || connection->to_send > 0) {
        ssize_t sent;

        if (*budget == 0)
            return FLUSHED_SOME;
        sent = send_once(connection);
        if (sent < 0)
            return errno == EAGAIN ? FLUSHED_SOME : FLUSHED_FAILED;
        budget_use(budget, sent);
    }
    if (connection->out_capacity > CHUNK) {
        free(connection->out);
        connection->out = NULL;
        connection->out_capacity = 0;
    }
    connection->out_len = connection->out_sent = 0;
    return FLUSHED_ALL;
}

static bool is_command(const char *line, size_t len, const char *verb)
{
    return memcmp(line, verb, len < 4 ? len : 4) == 0;
}

/* Runs the command in `line`, which ends in a newline. */
static void run_command(struct connection *connection, const char *line)
{
    uint64_t count = strtoull(line + 4, NULL, 10);

    if (is_command(line, 4, "GET "))
        connection->to_send += count;
    else if (count > 0)
        connection->to_sink = count;
    else
        out_append(connection, "OK\n", 3);
}

/* Collects a command line byte by byte; they are short. Answers how many bytes it took. */
static size_t take_command(struct connection *connection, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        connection->command[connection->command_len++] = (char)at[i];
        if (!is_command(connection->command, connection->command_len, "GET ") &&
            !is_command(connection->command, connection->command_len, "PUT ")) {
            connection->is_echo = true;
            out_append(connection, connection->command, connection->command_len);
            return i + 1;
        }
        if (at[i] == '\n' || connection->command_len == MAX_COMMAND) {
            connection->command[connection->command_len - 1] = 0;
            run_command(connection, connection->command);
            connection->command_len = 0;
            return i + 1;
        }
    }
    return len;
}

static size_t take_put(struct connection *connection, size_t len)
{
    size_t taken = len < connection->to_sink ? len : (size_t)connection->to_sink;

    connection->to_sink -= taken;
    if (connection->to_sink == 0)
        out_append(connection, "OK\n", 3);
    return taken;
}

static void take(struct connection *connection, const uint8_t *at, size_t len)
{
    while (len > 0) {
        size_t taken = len;

        if (connection->is_echo)
            out_append(connection, at, len);
        else if (connection->to_sink > 0)
            taken = take_put(connection, len);
        else
            taken = take_command(connection, at, len);
        at += taken;
        len -= taken;
    }
}

static void queue(struct connection *connection)
{
    connection->is_queued = true;
    connection->next = waiting;
    waiting = connection;
}

/* Drives one connection as far as it goes. */
static void run(struct connection *connection)
{
    size_t budget = BUDGET;

    for (;;) {
        enum flushed flushed = flush(connection, &budget);
        ssize_t got;

        if (flushed == FLUSHED_FAILED || (flushed == FLUSHED_ALL && connection->is_ended)) {
            connection_free(connection);
            return;
        }
        if (budget == 0) {
            queue(connection);
            return;
        }
        if (flushed == FLUSHED_SOME)
            return;
        got = recv(connection->fd, received, sizeof received, 0);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got < 0) {
            connection_free(connection);
            return;
        }
        connection->is_ended = got == 0;
        take(connection, received, (size_t)got);
        budget_use(&budget, got);
    }
}

static void run_waiting(void)
{
    struct connection *connection = waiting;

    waiting = NULL;
    while (connection) {
        struct connection *next = connection->next;

        connection->is_queued = false;
        run(connection);
        connection = next;
    }
}

static void accept_all(int listener, int epoll)
{
    static const int one = 1;
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = connection};

        if (!connection)
            die("no memory");
        connection->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            die("epoll_ctl");
    }
}

static int listen_at(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int one = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0)
        die("cannot listen");
    return fd;
}

static void serve(int listener, int epoll)
{
    for (;;) {
        struct epoll_event events[MAX_EVENTS];
        int count = epoll_wait(epoll, events, MAX_EVENTS, waiting ? 0 : -1);

        if (count < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;

            if (!connection)
                accept_all(listener, epoll);
            else if (!connection->is_queued)
                run(connection);
        }
        run_waiting();
    }
}

int main(int argc, char **argv)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct rlimit files;
    long port = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    int listener, epoll;

    if (port < 1 || port > UINT16_MAX) {
        fputs("usage: bench_backend PORT\n", stderr);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    memset(filler, 'x', sizeof filler);
    listener = listen_at((uint16_t)port);
    epoll = epoll_create1(0);
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        die("epoll");
    serve(listener, epoll);
}
