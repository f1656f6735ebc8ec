/*
 * The pump under every schedule: system calls that move one to three bytes, EAGAIN and EINTR out of nothing, spans
 * of random length, slow readers (rows P08 and P09 of the catalogue of faults).
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proxy/harness.h"
#include "support/check_run.h"

static struct harness h;

/* ---- the system calls of relay.c, at the linker's hand (-Wl,--wrap) */

static bool is_clamped;

ssize_t __real_readv(int fd, const struct iovec *spans, int count);
ssize_t __wrap_readv(int fd, const struct iovec *spans, int count);
ssize_t __real_writev(int fd, const struct iovec *spans, int count);
ssize_t __wrap_writev(int fd, const struct iovec *spans, int count);
ssize_t __real_send(int fd, const void *at, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *at, size_t len, int flags);

/* A third of the calls is interrupted, a third finds nothing, the rest moves one to three bytes. */
static size_t clamp(struct iovec *span)
{
    switch (random() % 3) {
    case 0:
        errno = EINTR;
        return 0;
    case 1:
        errno = EAGAIN;
        return 0;
    default:
        span->iov_len = span->iov_len < 3 ? span->iov_len : (size_t)random() % 3 + 1;
        return span->iov_len;
    }
}

ssize_t __wrap_readv(int fd, const struct iovec *spans, int count)
{
    struct iovec one = spans[0];

    if (!is_clamped)
        return __real_readv(fd, spans, count);
    return clamp(&one) ? __real_readv(fd, &one, 1) : -1;
}

ssize_t __wrap_writev(int fd, const struct iovec *spans, int count)
{
    struct iovec one = spans[0];

    if (!is_clamped)
        return __real_writev(fd, spans, count);
    return clamp(&one) ? __real_writev(fd, &one, 1) : -1;
}

/* Of relay.c in front of the end; the test's own peers are left alone. */
ssize_t __wrap_send(int fd, const void *at, size_t len, int flags)
{
    struct iovec one = {(void *)(uintptr_t)at, len};

    if (!is_clamped || !(flags & MSG_MORE))
        return __real_send(fd, at, len, flags);
    return clamp(&one) ? __real_send(fd, at, one.iov_len, flags) : -1;
}

/* ---- a stream that tells lost, doubled and reordered bytes; none of them is a control byte of the fake engine */

static uint8_t stream_byte(size_t position, uint8_t salt)
{
    return (uint8_t)(0x20 + ((position * 2654435761u) >> 16 ^ position ^ salt) % 0xc0);
}

struct stream {
    int from, to;
    size_t len, sent, got;
    uint8_t salt;
};

static void push(struct stream *stream)
{
    uint8_t piece[1 << 14];
    size_t len = stream->len - stream->sent < sizeof piece ? stream->len - stream->sent : sizeof piece;
    ssize_t sent;

    len = len ? (size_t)random() % len + 1 : 0;
    for (size_t i = 0; i < len; i++)
        piece[i] = stream_byte(stream->sent + i, stream->salt);
    sent = len ? send(stream->from, piece, len, MSG_NOSIGNAL) : 0;
    ck_assert(sent >= 0 || errno == EAGAIN);
    stream->sent += sent > 0 ? (size_t)sent : 0;
}

static void pull(struct stream *stream)
{
    uint8_t piece[1 << 14];
    ssize_t len = recv(stream->to, piece, (size_t)random() % sizeof piece + 1, 0);

    ck_assert(len > 0 || (len < 0 && errno == EAGAIN));
    for (ssize_t i = 0; i < len; i++)
        ck_assert_msg(piece[i] == stream_byte(stream->got + (size_t)i, stream->salt), "byte %zu is wrong",
                      stream->got + (size_t)i);
    stream->got += len > 0 ? (size_t)len : 0;
}

static void run_streams(struct stream *up, struct stream *down)
{
    uint64_t end = proxy_now() + 30 * 1000000;

    while (up->got < up->len || down->got < down->len) {
        push(up);
        push(down);
        harness_turn(&h, 0);
        pull(up);
        pull(down);
        ck_assert_msg(proxy_now() < end, "stuck at %zu up, %zu down", up->got, down->got);
    }
}

static void both_ways(size_t len, unsigned seed)
{
    srandom(seed);
    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    struct stream up = {h.client, h.peer, len, 0, 0, 1}, down = {h.peer, h.client, len, 0, 0, 2};
    run_streams(&up, &down);
    is_clamped = false;
    harness_free(&h);
}

START_TEST(bytes_arrive_in_order_whatever_the_spans)
{
    for (unsigned seed = 1; seed <= 10; seed++) {
        fake_tls_max_span = seed % 2 ? 3 : 4096;
        both_ways(50000, seed);
    }
}
END_TEST

START_TEST(system_calls_that_move_three_bytes_and_fail_most_of_the_time_lose_nothing)
{
    is_clamped = true;
    both_ways(10000, 7);
    fake_tls_max_span = 5;
    is_clamped = true;
    both_ways(5000, 8);
}
END_TEST

START_TEST(a_proxy_header_survives_writes_of_a_few_bytes_and_comes_first)
{
    char line[128] = "";
    size_t len = 0;

    is_clamped = true;
    harness_init(&h);
    h.backend.send_proxy = CONFIG_SEND_PROXY_V1;
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "HPROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", 34); /* text that would pass for a header */
    HARNESS_WAIT(&h, harness_accept(&h));
    while (!strchr(line, '\n')) {
        ssize_t more = recv(h.peer, line + len, 1, 0);
        len += more == 1;
        harness_turn(&h, more == 1 ? 0 : 1);
    }
    ck_assert_msg(strncmp(line, "PROXY TCP4 127.0.0.1 127.0.0.1 ", 31) == 0, "%s", line);
    harness_expect(&h, h.peer, "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", 33);
    is_clamped = false;
    harness_free(&h);
}
END_TEST

/* ---- backpressure */

static size_t fill(int fd)
{
    static uint8_t piece[1 << 16];
    size_t sent = 0;

    memset(piece, 'f', sizeof piece);
    for (int quiet = 0; quiet < 20;) {
        ssize_t len = send(fd, piece, sizeof piece, MSG_NOSIGNAL);
        quiet = len > 0 ? 0 : quiet + 1;
        sent += len > 0 ? (size_t)len : 0;
        harness_turn(&h, len > 0 ? 0 : 1);
        ck_assert_uint_le(sent, 64 << 20);
    }
    return sent;
}

static void drain(int fd, size_t len)
{
    static uint8_t piece[1 << 16];
    uint64_t end = proxy_now() + HARNESS_PATIENCE_MS * 1000;

    while (len > 0) {
        ssize_t got = recv(fd, piece, sizeof piece, 0);
        ck_assert(got > 0 || (got < 0 && errno == EAGAIN));
        ck_assert_msg(proxy_now() < end, "%zu bytes are missing", len);
        len -= got > 0 ? (size_t)got : 0;
        harness_turn(&h, 0);
    }
}

static void assert_bounded(void)
{
    ck_assert_uint_le(pool_bytes_in_use(h.proxy->pool), 2 * BLOCK_BULK_LEN);
}

/* Turns of the loop in which something happened, out of 100. */
static int busy_turns(void)
{
    int busy = 0;

    for (int i = 0; i < 100; i++) {
        uint64_t before = proxy_now();
        harness_turn(&h, 1);
        busy += proxy_now() - before < 500;
    }
    return busy;
}

START_TEST(a_backend_that_does_not_read_stops_the_client_and_holds_bounded_memory)
{
    size_t sent;

    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    sent = fill(h.client);
    assert_bounded();
    ck_assert_int_lt(busy_turns(), 20); /* it waits, it does not spin */
    drain(h.peer, sent);
    ck_assert_uint_eq(pool_bytes_in_use(h.proxy->pool), 0);
    harness_free(&h);
}
END_TEST

START_TEST(a_client_that_does_not_read_stops_the_backend_and_holds_bounded_memory)
{
    size_t sent;

    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    sent = fill(h.peer);
    assert_bounded();
    ck_assert_int_lt(busy_turns(), 20);
    drain(h.client, sent);
    ck_assert_uint_eq(pool_bytes_in_use(h.proxy->pool), 0);
    harness_free(&h);
}
END_TEST

START_TEST(one_direction_flows_while_the_other_is_blocked)
{
    size_t sent;

    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    sent = fill(h.client);
    for (int i = 0; i < 100; i++) {
        harness_send(&h, h.peer, "other way", 9);
        harness_expect(&h, h.client, "other way", 9);
    }
    drain(h.peer, sent);
    harness_free(&h);
}
END_TEST

START_TEST(an_idle_connection_holds_no_storage_and_a_small_fixed_state)
{
    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    ck_assert_uint_eq(pool_bytes_in_use(h.proxy->pool), 0);
    ck_assert_uint_le(sizeof(struct connection), 768);
    harness_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bytes_arrive_in_order_whatever_the_spans,
        system_calls_that_move_three_bytes_and_fail_most_of_the_time_lose_nothing,
        a_proxy_header_survives_writes_of_a_few_bytes_and_comes_first,
        a_backend_that_does_not_read_stops_the_client_and_holds_bounded_memory,
        a_client_that_does_not_read_stops_the_backend_and_holds_bounded_memory,
        one_direction_flows_while_the_other_is_blocked,
        an_idle_connection_holds_no_storage_and_a_small_fixed_state,
    };
    return check_run("relay", tests, ARRAY_LEN(tests));
}
