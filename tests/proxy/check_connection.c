/*
 * The life of a connection but for its ends: what may reach a backend and when, and every timeout.
 */
#include <check.h>
#include <unistd.h>

#include "proxy/closing.h"
#include "proxy/connection.h"
#include "proxy/harness.h"
#include "support/check_run.h"

static struct harness h;

enum { SHORT = 50 * 1000 }; /* microseconds */

static bool nobody_came(void)
{
    for (int i = 0; i < 5; i++)
        harness_turn(&h, 1);
    return !harness_accept(&h);
}

/* ---- before Finished */

START_TEST(no_backend_is_connected_before_the_client_finished)
{
    harness_init(&h);
    harness_start(&h);
    harness_open_client(&h);
    ck_assert(nobody_came());
    for (int i = 0; i < 12; i++) {
        harness_send(&h, h.client, ".", 1);
        ck_assert(nobody_came());
    }
    harness_send(&h, h.client, "H", 1);
    HARNESS_WAIT(&h, harness_accept(&h));
    harness_free(&h);
}
END_TEST

START_TEST(garbage_is_refused_and_no_backend_hears_of_it)
{
    static const uint8_t unexpected_message[] = {FAKE_ALERT, 10};

    harness_init(&h);
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "garbage", 7);
    harness_expect(&h, h.client, unexpected_message, 2);
    HARNESS_WAIT(&h, harness_end_of(h.client) == HARNESS_EOF);
    ck_assert(nobody_came());
    harness_expect_log(&h, "event=handshake_failed");
    harness_expect_log(&h, "reason=not_tls");
    harness_free(&h);
}
END_TEST

/* DESIGN 5: a close with unread input would reset the connection and destroy the alert. */
START_TEST(the_alert_survives_although_the_client_goes_on_sending)
{
    static const uint8_t unexpected_message[] = {FAKE_ALERT, 10};
    static uint8_t flood[1 << 14];

    harness_init(&h);
    harness_start(&h);
    harness_open_client(&h);
    memset(flood, 'g', sizeof flood);
    for (int i = 0; i < 3; i++) /* more than one read takes, before the proxy looks at any of it */
        ck_assert_int_eq(send(h.client, flood, sizeof flood, 0), sizeof flood);
    harness_expect(&h, h.client, unexpected_message, 2);
    ck_assert_int_eq(harness_end_of(h.client), HARNESS_EOF);
    close(h.client);
    h.client = -1;
    harness_free(&h);
}
END_TEST

START_TEST(a_client_that_never_stops_sending_after_its_alert_is_cut_at_64_kib)
{
    static uint8_t flood[1 << 12];
    size_t sent = 0;

    harness_init(&h);
    harness_start(&h);
    harness_open_client(&h);
    memset(flood, 'g', sizeof flood);
    HARNESS_WAIT(&h, h.proxy->connection_count == 1);
    while (h.proxy->connection_count == 1) {
        ssize_t len = send(h.client, flood, sizeof flood, MSG_NOSIGNAL);
        sent += len > 0 ? (size_t)len : 0;
        harness_turn(&h, 0);
        ck_assert_uint_le(sent, 1 << 20);
    }
    harness_free(&h);
}
END_TEST

START_TEST(a_client_that_stays_after_its_alert_is_let_go_after_the_linger_timeout)
{
    harness_init(&h);
    h.settings.linger_timeout = SHORT;
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "garbage", 7);
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    harness_free(&h);
}
END_TEST

START_TEST(a_connection_without_a_byte_is_told_at_debug_level_and_counted_apart)
{
    harness_init(&h);
    harness_start(&h);
    harness_open_client(&h);
    HARNESS_WAIT(&h, h.proxy->connection_count == 1);
    close(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    harness_expect_log(&h, "level=debug event=handshake_failed");
    ck_assert_uint_eq(h.proxy->counters->silent, 1);
    ck_assert_uint_eq(h.proxy->counters->handshakes_failed, 0);
    harness_free(&h);
}
END_TEST

START_TEST(a_client_refused_for_its_certificate_is_counted_apart)
{
    static const uint8_t certificate_required[] = {FAKE_ALERT, 116};

    harness_init(&h);
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "C", 1);
    harness_expect(&h, h.client, certificate_required, 2);
    HARNESS_WAIT(&h, harness_end_of(h.client) == HARNESS_EOF);
    ck_assert(nobody_came());
    ck_assert_uint_eq(h.proxy->counters->clients_refused, 1);
    ck_assert_uint_eq(h.proxy->counters->handshakes_failed, 1);
    close(h.client);
    h.client = harness_connect(&h);
    harness_send(&h, h.client, "garbage", 7);
    HARNESS_WAIT(&h, h.proxy->counters->handshakes_failed == 2);
    ck_assert_uint_eq(h.proxy->counters->clients_refused, 1);
    harness_free(&h);
}
END_TEST

/* ---- timeouts */

/* Reliability D01: counted from accept, whatever trickles in. */
START_TEST(the_client_hello_timeout_is_not_put_off_by_progress)
{
    uint64_t began;

    harness_init(&h);
    h.listen.client_hello_timeout = 4 * SHORT;
    harness_start(&h);
    harness_open_client(&h);
    began = proxy_now();
    while (h.proxy->counters->accepted == 0 || h.proxy->connection_count == 1) {
        (void)!send(h.client, ".", 1, MSG_NOSIGNAL);
        harness_turn(&h, 5);
        ck_assert_uint_lt(proxy_now() - began, 8 * 1000000);
    }
    ck_assert_uint_ge(proxy_now() - began, 4 * SHORT);
    harness_expect_log(&h, "reason=timeout_client_hello");
    harness_free(&h);
}
END_TEST

START_TEST(the_handshake_timeout_ends_a_handshake_whose_key_never_answers)
{
    struct event_base *elsewhere = event_base_new();

    harness_init(&h);
    h.listen.handshake_timeout = SHORT;
    harness_start(&h);
    key_service_free(h.proxy->keys); /* one that never answers */
    h.proxy->keys = key_service_new(elsewhere, h.keyring, random_system(), NULL, NULL);
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    harness_expect_log(&h, "reason=timeout_handshake");
    harness_free(&h);
    event_base_free(elsewhere);
}
END_TEST

/* A close_notify would tell the client that all of the backend's text came. */
START_TEST(an_idle_connection_ends_without_close_notify_and_the_backend_is_reset)
{
    harness_init(&h);
    h.listen.idle_timeout = SHORT;
    harness_start(&h);
    harness_establish(&h);
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_RESET);
    HARNESS_WAIT(&h, harness_end_of(h.client) != HARNESS_OPEN); /* and not a byte before */
    close(h.client);
    h.client = -1;
    harness_expect_log(&h, "end=timeout_idle");
    harness_free(&h);
}
END_TEST

START_TEST(an_idle_timeout_of_0_never_comes)
{
    uint64_t until;

    harness_init(&h);
    h.listen.idle_timeout = 0;
    harness_start(&h);
    harness_establish(&h);
    until = proxy_now() + SHORT;
    HARNESS_WAIT(&h, proxy_now() > until);
    harness_send(&h, h.client, "ping", 4);
    harness_expect(&h, h.peer, "ping", 4);
    ck_assert_uint_eq(h.proxy->connection_count, 1);
    harness_free(&h);
}
END_TEST

/* RFC 8446 6.1: a close_notify ends one direction; a client that is gone altogether ends the connection. */
START_TEST(a_client_that_resets_after_its_close_notify_does_not_hold_the_connection)
{
    static const uint8_t close_notify = FAKE_CLOSE_NOTIFY;

    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    harness_send(&h, h.client, &close_notify, 1);
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_EOF);
    harness_reset(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    harness_free(&h);
}
END_TEST

START_TEST(traffic_in_either_direction_puts_off_the_idle_timeout)
{
    harness_init(&h);
    h.listen.idle_timeout = 12 * SHORT;
    harness_start(&h);
    harness_establish(&h);
    for (int i = 0; i < 8; i++) {
        uint64_t end = proxy_now() + 2 * SHORT;
        while (proxy_now() < end)
            harness_turn(&h, 5);
        harness_send(&h, i % 2 ? h.client : h.peer, "x", 1);
        harness_expect(&h, i % 2 ? h.peer : h.client, "x", 1);
    }
    ck_assert_uint_eq(h.proxy->connection_count, 1);
    HARNESS_WAIT(&h, h.proxy->counters->ended_by_why[WHY_TIMEOUT_IDLE] == 1);
    harness_free(&h);
}
END_TEST

/* HAProxy #1362: connections in CLOSE-WAIT for ever. */
START_TEST(half_closed_connections_that_stay_idle_are_reaped)
{
    static const uint8_t close_notify = FAKE_CLOSE_NOTIFY;

    harness_init(&h);
    h.listen.idle_timeout = SHORT;
    harness_start(&h);
    harness_establish(&h);
    harness_send(&h, h.client, &close_notify, 1);
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_EOF);
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    harness_free(&h);
}
END_TEST

/* ---- tickets (tls.h: they travel with the first text, or alone after MAX_TICKET_DELAY) */

static const uint8_t connected_alone[] = {FAKE_CONNECTED};
static const uint8_t tickets[] = {FAKE_TICKET, FAKE_TICKET};

static uint64_t establish_with_tickets(void)
{
    uint64_t began = proxy_now();

    harness_init(&h);
    h.listen.idle_timeout = 0; /* no other timer is set that could go off in time by chance */
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "T", 1);
    harness_expect(&h, h.client, connected_alone, 1);
    HARNESS_WAIT(&h, harness_accept(&h));
    return began;
}

START_TEST(tickets_leave_alone_when_the_backend_says_nothing_for_100_ms)
{
    uint64_t began = establish_with_tickets(), took;

    harness_expect(&h, h.client, tickets, sizeof tickets);
    took = proxy_now() - began;
    ck_assert_uint_ge(took, MAX_TICKET_DELAY);
    ck_assert_uint_lt(took, 20 * MAX_TICKET_DELAY);
    harness_send(&h, h.peer, "pong", 4);
    harness_expect(&h, h.client, "pong", 4); /* and no ticket again */
    close(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    ck_assert_uint_eq(h.proxy->counters->tickets_issued, FAKE_TICKETS);
    harness_free(&h);
}
END_TEST

START_TEST(tickets_travel_with_the_first_text_and_do_not_come_again)
{
    uint64_t end;

    establish_with_tickets();
    harness_send(&h, h.peer, "pong", 4);
    harness_expect(&h, h.client, "\x16\x16pong", 6);
    for (end = proxy_now() + 2 * MAX_TICKET_DELAY; proxy_now() < end;)
        harness_turn(&h, 10);
    ck_assert_int_eq(harness_end_of(h.client), HARNESS_OPEN);
    harness_free(&h);
}
END_TEST

/* An answer about a ticket, or the clock, may end a handshake before its turn comes: then it has no engine any more. */
START_TEST(who_closes_while_he_stands_in_line_leaves_it)
{
    struct handshake_turns *turns;
    struct connection *c;

    harness_init(&h);
    harness_start(&h);
    turns = &h.proxy->turns;
    harness_open_client(&h);
    HARNESS_WAIT(&h, h.proxy->connection_count == 1);
    c = TAILQ_FIRST(&h.proxy->sheddable);
    turns->since = proxy_now();
    turns->left = 0;
    ck_assert(!handshake_turns_take(turns, c));
    tls_abort(c->tls, WHY_TIMEOUT_HANDSHAKE);
    closing_begin(c);
    ck_assert(!c->is_in_line);
    ck_assert(TAILQ_EMPTY(&turns->line));
    harness_turn(&h, 1);
    proxy_cut_connections(h.proxy);
    harness_free(&h);
}
END_TEST

START_TEST(tickets_that_never_left_are_not_counted)
{
    establish_with_tickets();
    close(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    ck_assert_uint_eq(h.proxy->counters->tickets_issued, 0);
    harness_free(&h);
}
END_TEST

static size_t stuff(int fd)
{
    static uint8_t piece[1 << 16];
    size_t sent = 0;

    for (int quiet = 0; quiet < 30;) { /* milliseconds: the kernel may be busy with others */
        ssize_t len = send(fd, piece, sizeof piece, MSG_NOSIGNAL);
        quiet = len > 0 ? 0 : quiet + 1;
        sent += len > 0 ? (size_t)len : 0;
        harness_turn(&h, 1);
    }
    return sent;
}

/* A megabyte may lie in the kernel's queue: writable it becomes when a third of that is gone. */
START_TEST(a_client_that_takes_little_by_little_is_not_stalled)
{
    static const int window = 1 << 16; /* the kernel would widen it while the client reads */
    uint8_t piece[1 << 12];
    uint64_t end;

    harness_init(&h);
    h.settings.write_stall_timeout = 16 * SHORT; /* a busy machine may leave us alone for a good while of it */
    h.listen.idle_timeout = 20 * SHORT;
    harness_start(&h);
    harness_establish(&h);
    ck_assert_int_eq(setsockopt(h.client, SOL_SOCKET, SO_RCVBUF, &window, sizeof window), 0);
    (void)stuff(h.peer);
    for (end = proxy_now() + 48 * SHORT; proxy_now() < end;) {
        (void)!recv(h.client, piece, sizeof piece, 0);
        harness_turn(&h, 5);
    }
    ck_assert_msg(h.proxy->connection_count == 1, "%s", harness_log(&h));
    harness_free(&h);
}
END_TEST

START_TEST(a_client_that_stalled_for_a_while_may_be_idle_afterwards)
{
    static uint8_t piece[1 << 16];
    size_t left;
    uint64_t end;

    harness_init(&h);
    h.settings.write_stall_timeout = 10 * SHORT;
    harness_start(&h);
    harness_establish(&h);
    for (left = stuff(h.peer); left > 0;) {
        ssize_t len = recv(h.client, piece, sizeof piece, 0);
        left -= len > 0 ? (size_t)len : 0;
        ck_assert_msg(h.proxy->connection_count == 1, "%s", harness_log(&h));
        harness_turn(&h, 0);
    }
    for (end = proxy_now() + 25 * SHORT; proxy_now() < end;)
        harness_turn(&h, 10);
    ck_assert_msg(h.proxy->connection_count == 1, "%s", harness_log(&h));
    harness_free(&h);
}
END_TEST

START_TEST(a_client_that_takes_nothing_is_let_go_although_it_keeps_sending)
{
    static uint8_t piece[1 << 16];
    uint64_t began = proxy_now();

    harness_init(&h);
    h.settings.write_stall_timeout = 4 * SHORT;
    harness_start(&h);
    harness_establish(&h);
    while (h.proxy->connection_count == 1) {
        (void)!send(h.peer, piece, sizeof piece, MSG_NOSIGNAL);
        (void)!send(h.client, "x", 1, MSG_NOSIGNAL);
        (void)!recv(h.peer, piece, sizeof piece, 0);
        harness_turn(&h, 5);
    }
    ck_assert_uint_lt(proxy_now() - began, 5 * 1000000); /* not when some other timer happens to go off */
    harness_expect_log(&h, "end=timeout_write");
    harness_free(&h);
}
END_TEST

/* Else the kernel would keep all that it never took for another minute. */
START_TEST(a_client_that_took_nothing_is_reset)
{
    static uint8_t piece[1 << 16];

    harness_init(&h);
    h.settings.write_stall_timeout = 4 * SHORT;
    harness_start(&h);
    harness_establish(&h);
    (void)stuff(h.peer);
    while (h.proxy->connection_count == 1)
        harness_turn(&h, 5);
    while (recv(h.client, piece, sizeof piece, 0) > 0)
        ;
    ck_assert_int_eq(errno, ECONNRESET);
    harness_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        no_backend_is_connected_before_the_client_finished,
        who_closes_while_he_stands_in_line_leaves_it,
        garbage_is_refused_and_no_backend_hears_of_it,
        the_alert_survives_although_the_client_goes_on_sending,
        a_client_that_never_stops_sending_after_its_alert_is_cut_at_64_kib,
        a_client_that_stays_after_its_alert_is_let_go_after_the_linger_timeout,
        a_connection_without_a_byte_is_told_at_debug_level_and_counted_apart,
        a_client_refused_for_its_certificate_is_counted_apart,
        the_client_hello_timeout_is_not_put_off_by_progress,
        the_handshake_timeout_ends_a_handshake_whose_key_never_answers,
        an_idle_connection_ends_without_close_notify_and_the_backend_is_reset,
        an_idle_timeout_of_0_never_comes,
        a_client_that_resets_after_its_close_notify_does_not_hold_the_connection,
        traffic_in_either_direction_puts_off_the_idle_timeout,
        half_closed_connections_that_stay_idle_are_reaped,
        tickets_leave_alone_when_the_backend_says_nothing_for_100_ms,
        tickets_travel_with_the_first_text_and_do_not_come_again,
        tickets_that_never_left_are_not_counted,
        a_client_that_takes_little_by_little_is_not_stalled,
        a_client_that_stalled_for_a_while_may_be_idle_afterwards,
        a_client_that_takes_nothing_is_let_go_although_it_keeps_sending,
        a_client_that_took_nothing_is_reset,
    };
    return check_run("connection", tests, ARRAY_LEN(tests));
}
