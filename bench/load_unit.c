#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void drop(struct unit *unit)
{
    SSL_free(unit->ssl);
    unit->ssl = NULL;
    if (unit->fd >= 0)
        close(unit->fd);
    unit->fd = -1;
    unit->state = UNIT_FREE;
}

static void fail(struct unit *unit, const char *what)
{
    enum { MAX_TOLD = 3 };
    struct counters *counters = &unit->load->counters;
    unsigned long error = ERR_peek_error();

    if (++counters->errors <= MAX_TOLD)
        fprintf(stderr, "bench_load: %s: %s\n", what, error ? ERR_reason_error_string(error) : strerror(errno));
    if (counters->errors >= MAX_ERRORS)
        load_fail("too many errors");
    drop(unit);
}

void unit_start(struct unit *unit)
{
    static const int one = 1;
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(unit->load->options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = unit};

    unit->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (unit->fd < 0)
        load_fail("socket: %s", strerror(errno));
    setsockopt(unit->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    unit->started = load_now();
    unit->state = UNIT_CONNECTING;
    if (connect(unit->fd, (const struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
        fail(unit, "connect");
        return;
    }
    if (epoll_ctl(unit->load->epoll, EPOLL_CTL_ADD, unit->fd, &event) != 0)
        load_fail("epoll_ctl: %s", strerror(errno));
    if (!unit->load->options.is_plain)
        client_attach(unit);
}

static void request(struct unit *unit, bool is_upload, uint64_t len)
{
    unit->request_len =
        (size_t)snprintf(unit->request, sizeof unit->request, "%s %" PRIu64 "\n", is_upload ? "PUT" : "GET", len);
    unit->request_sent = 0;
    unit->body_left = is_upload ? len : 0;
    unit->answer_left = is_upload ? 3 : len; /* "OK\n" */
    unit->state = UNIT_SENDING;
}

static void established(struct unit *unit)
{
    struct load *load = unit->load;

    load->counters.handshakes++;
    if (unit->ssl)
        client_note(unit);
    switch (load->options.mode) {
    case MODE_HANDSHAKE:
        if (load->is_measuring)
            load_add_sample(load, (double)(load_now() - unit->started) / 1e3);
        request(unit, load->options.is_upload, load->options.request);
        break;
    case MODE_BULK:
        request(unit, load->options.is_upload, load->options.bytes);
        break;
    case MODE_IDLE:
        request(unit, false, 1); /* so that there is a connection to the backend, too */
        break;
    case MODE_LATENCY:
        unit->state = UNIT_READY;
        break;
    }
}

static void send_message(struct unit *unit)
{
    unit->request_len = unit->request_sent = 0; /* the message is all body */
    unit->body_left = unit->answer_left = unit->load->options.message_len;
    unit->state = UNIT_SENDING;
}

void unit_message(struct unit *unit)
{
    unit->messages_due++;
    if (unit->state == UNIT_READY) {
        send_message(unit);
        unit_run(unit);
    }
}

/*
 * Message i of all is due at schedule_start + i / rate, on the connection i mod connections: lateness of whoever
 * sends it counts as latency.
 */
static void message_done(struct unit *unit)
{
    struct load *load = unit->load;
    uint64_t index = unit->messages_done * load->options.connections + (uint64_t)(unit - load->units);
    double due = (double)load->schedule_start + (double)index * 1e9 / load->options.rate;

    if (load->is_measuring && due >= (double)load->window_start) {
        load_add_sample(load, ((double)load_now() - due) / 1e3);
        load->counters.done++;
    }
    unit->messages_done++;
    if (unit->messages_due > unit->messages_done)
        send_message(unit);
    else
        unit->state = UNIT_READY;
}

static void work_done(struct unit *unit)
{
    struct load *load = unit->load;

    switch (load->options.mode) {
    case MODE_HANDSHAKE:
        load->counters.done++;
        if (unit->ssl) {
            ERR_clear_error();
            SSL_shutdown(unit->ssl); /* sends close_notify */
        }
        drop(unit);
        break;
    case MODE_BULK:
        load->counters.done++;
        request(unit, load->options.is_upload, load->options.bytes);
        break;
    case MODE_IDLE:
        load->counters.done++;
        unit->state = UNIT_READY;
        break;
    case MODE_LATENCY:
        message_done(unit);
        break;
    }
}

/* ---- the steps: false when the unit has to wait, or is gone */

static bool step_connecting(struct unit *unit)
{
    struct sockaddr_in address;
    socklen_t address_len = sizeof address, error_len = sizeof(int);
    int error = 0;

    getsockopt(unit->fd, SOL_SOCKET, SO_ERROR, &error, &error_len);
    if (error != 0) {
        errno = error;
        fail(unit, "connect");
        return false;
    }
    if (getpeername(unit->fd, (struct sockaddr *)&address, &address_len) != 0)
        return false; /* not connected yet */
    if (unit->ssl)
        unit->state = UNIT_HANDSHAKE;
    else
        established(unit);
    return true;
}

static bool step_handshake(struct unit *unit)
{
    switch (client_handshake(unit)) {
    case 1:
        established(unit);
        return true;
    case CLIENT_AGAIN:
        return false;
    default:
        fail(unit, "handshake");
        return false;
    }
}

/* What a send or receive came to. `len` is what it moved. */
static bool has_moved(struct unit *unit, ssize_t len, const char *what)
{
    if (len > 0) {
        unit->moved += (size_t)len;
        return true;
    }
    if (len != CLIENT_AGAIN)
        fail(unit, len == 0 ? "the server closed early" : what);
    return false;
}

static size_t at_most_one_io(uint64_t len)
{
    return len < MAX_IO ? (size_t)len : MAX_IO;
}

static bool step_sending(struct unit *unit)
{
    static char text[MAX_IO];
    ssize_t sent;

    if (text[0] == 0)
        memset(text, 'e', sizeof text); /* no command of the backend's: it echoes */
    if (unit->request_sent < unit->request_len) {
        sent = client_send(unit, unit->request + unit->request_sent, unit->request_len - unit->request_sent);
        if (!has_moved(unit, sent, "send"))
            return false;
        unit->request_sent += (size_t)sent;
    } else if (unit->body_left > 0) {
        sent = client_send(unit, text, at_most_one_io(unit->body_left));
        if (!has_moved(unit, sent, "send"))
            return false;
        unit->body_left -= (uint64_t)sent;
        unit->load->counters.bytes += unit->load->options.is_upload ? (uint64_t)sent : 0;
    } else {
        unit->state = UNIT_RECEIVING;
    }
    return true;
}

static bool step_receiving(struct unit *unit)
{
    static char sink[MAX_IO];
    ssize_t got;

    if (unit->answer_left == 0) {
        work_done(unit);
        return true;
    }
    got = client_receive(unit, sink, at_most_one_io(unit->answer_left));
    if (!has_moved(unit, got, "receive"))
        return false;
    unit->answer_left -= (uint64_t)got;
    unit->load->counters.bytes += unit->load->options.is_upload ? 0 : (uint64_t)got;
    return true;
}

/* Nothing is expected but tickets, and that the server closes. */
static bool step_ready(struct unit *unit)
{
    char stray;

    if (client_receive(unit, &stray, 1) != CLIENT_AGAIN)
        fail(unit, "the server closed an idle connection");
    return false;
}

void unit_run(struct unit *unit)
{
    static bool (*const steps[])(struct unit * unit) = {
        [UNIT_CONNECTING] = step_connecting, [UNIT_HANDSHAKE] = step_handshake, [UNIT_SENDING] = step_sending,
        [UNIT_RECEIVING] = step_receiving,   [UNIT_READY] = step_ready,
    };

    unit->moved = 0;
    while (unit->state != UNIT_FREE && steps[unit->state](unit))
        if (unit->moved >= MAX_MOVED) {
            unit->is_queued = true;
            unit->next = unit->load->waiting;
            unit->load->waiting = unit;
            return;
        }
}
