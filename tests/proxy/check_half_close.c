/*
 * How the ends of one side become the ends of the other: rows P04 and P10 of the catalogue of faults, against the
 * fake engine, over real sockets.
 */
#include <check.h>
#include <errno.h>
#include <unistd.h>

#include "proxy/harness.h"
#include "proxy/relay.h"
#include "support/check_run.h"

static struct harness h;

static const uint8_t close_notify = FAKE_CLOSE_NOTIFY;

static void say(int fd, const char *text)
{
    harness_send(&h, fd, text, strlen(text));
}

static void hear(int fd, const char *text)
{
    harness_expect(&h, fd, text, strlen(text));
}

static void begin(void)
{
    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
}

static void begin_with_eof_policy(void)
{
    harness_init(&h);
    h.listen.on_truncation = CONFIG_ON_TRUNCATION_EOF;
    harness_start(&h);
    harness_establish(&h);
}

static void end_with(const char *log)
{
    harness_expect_log(&h, log);
    harness_free(&h);
}

START_TEST(text_goes_both_ways)
{
    begin();
    say(h.client, "question");
    hear(h.peer, "question");
    say(h.peer, "answer");
    hear(h.client, "answer");
    harness_send(&h, h.client, &close_notify, 1);
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_EOF);
    close(h.peer);
    h.peer = -1;
    harness_expect(&h, h.client, &close_notify, 1);
    HARNESS_WAIT(&h, harness_end_of(h.client) == HARNESS_EOF);
    harness_expect_log(&h, "bytes_in=8 bytes_out=6");
    end_with("end=clean");
}
END_TEST

/* RFC 8446 6.1: a close_notify ends one direction; Envoy #11619 cut the answer here. */
START_TEST(close_notify_of_the_client_is_end_of_file_for_the_backend_and_the_answer_still_comes_whole)
{
    static uint8_t answer[1 << 16];

    begin();
    memset(answer, 'a', sizeof answer);
    say(h.client, "question");
    harness_send(&h, h.client, &close_notify, 1);
    hear(h.peer, "question");
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_EOF);
    for (int i = 0; i < 16; i++) {
        harness_send(&h, h.peer, answer, sizeof answer / 2);
        harness_expect(&h, h.client, answer, sizeof answer / 2);
    }
    close(h.peer);
    h.peer = -1;
    harness_expect(&h, h.client, &close_notify, 1);
    end_with("end=clean");
}
END_TEST

START_TEST(end_of_file_of_the_backend_is_close_notify_and_the_client_may_go_on_sending)
{
    begin();
    say(h.peer, "greeting");
    ck_assert_int_eq(shutdown(h.peer, SHUT_WR), 0);
    hear(h.client, "greeting");
    harness_expect(&h, h.client, &close_notify, 1);
    HARNESS_WAIT(&h, harness_end_of(h.client) == HARNESS_EOF); /* our FIN follows our close_notify */
    say(h.client, "still here");
    hear(h.peer, "still here");
    harness_send(&h, h.client, &close_notify, 1);
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_EOF);
    end_with("end=clean");
}
END_TEST

START_TEST(fin_without_close_notify_delivers_what_came_and_then_resets_the_backend)
{
    begin();
    say(h.client, "half a request");
    ck_assert_int_eq(shutdown(h.client, SHUT_WR), 0);
    hear(h.peer, "half a request");
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_RESET);
    HARNESS_WAIT(&h, h.proxy->counters->truncated == 1);
    end_with("end=truncated");
}
END_TEST

START_TEST(reset_of_the_client_delivers_what_came_and_then_resets_the_backend)
{
    begin();
    say(h.client, "half a request");
    harness_reset(h.client);
    h.client = -1;
    hear(h.peer, "half a request");
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_RESET);
    end_with("end=truncated");
}
END_TEST

/* More than the socket buffers hold, read slowly: a reset sent too early would destroy what is on its way. */
START_TEST(all_that_arrived_is_delivered_before_the_reset_however_slowly_the_backend_reads)
{
    enum { LEN = 3 << 20, PIECE = 1 << 14 };
    static uint8_t piece[PIECE];
    size_t sent = 0, got = 0;

    begin();
    memset(piece, 'x', sizeof piece);
    while (sent < LEN) { /* as much as fits without the backend reading a byte */
        ssize_t len = send(h.client, piece, sizeof piece, MSG_NOSIGNAL);
        if (len < 0 && errno == EAGAIN && (harness_turn(&h, 5), send(h.client, piece, 1, MSG_NOSIGNAL)) != 1)
            break;
        sent += len < 0 ? 1 : (size_t)len;
        harness_turn(&h, 0);
    }
    ck_assert_int_eq(shutdown(h.client, SHUT_WR), 0);
    for (;;) {
        ssize_t len = recv(h.peer, piece, sizeof piece, 0);
        if (len < 0 && errno == EAGAIN) {
            harness_turn(&h, 5);
            continue;
        }
        if (len <= 0) {
            ck_assert_int_lt(len, 0);
            ck_assert_int_eq(errno, ECONNRESET);
            break;
        }
        got += (size_t)len;
        harness_turn(&h, 0);
    }
    ck_assert_uint_eq(got, sent);
    end_with("end=truncated");
}
END_TEST

START_TEST(with_the_eof_policy_truncation_is_an_end_of_file_and_the_answer_still_comes)
{
    begin_with_eof_policy();
    say(h.client, "question");
    ck_assert_int_eq(shutdown(h.client, SHUT_WR), 0);
    hear(h.peer, "question");
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_EOF);
    say(h.peer, "answer");
    close(h.peer);
    h.peer = -1;
    hear(h.client, "answer");
    harness_expect(&h, h.client, &close_notify, 1);
    end_with("end=clean");
}
END_TEST

START_TEST(with_the_eof_policy_a_reset_of_the_client_ends_the_backend_without_a_reset)
{
    begin_with_eof_policy();
    say(h.client, "question");
    harness_reset(h.client);
    h.client = -1;
    hear(h.peer, "question");
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_EOF);
    end_with("end=truncated");
}
END_TEST

START_TEST(reset_of_the_backend_is_an_alert_and_never_a_close_notify)
{
    static const uint8_t internal_error[] = {FAKE_ALERT, 80};

    begin();
    say(h.peer, "half an answer");
    hear(h.client, "half an answer");
    harness_reset(h.peer);
    h.peer = -1;
    harness_expect(&h, h.client, internal_error, sizeof internal_error);
    HARNESS_WAIT(&h, harness_end_of(h.client) == HARNESS_EOF);
    close(h.client);
    h.client = -1;
    end_with("end=backend_reset");
}
END_TEST

/* A server that answers early (413) and closes with the request unread: its answer must not be lost. */
START_TEST(an_answer_sent_before_the_backend_closed_on_unread_text_is_delivered)
{
    static uint8_t flood[1 << 14];

    begin();
    memset(flood, 'u', sizeof flood);
    for (int i = 0; i < 8; i++)
        harness_send(&h, h.client, flood, sizeof flood);
    say(h.peer, "too large");
    ck_assert_int_eq(shutdown(h.peer, SHUT_WR), 0);
    hear(h.client, "too large");
    harness_expect(&h, h.client, &close_notify, 1);
    close(h.peer); /* with unread text: a reset */
    h.peer = -1;
    HARNESS_WAIT(&h, harness_end_of(h.client) == HARNESS_EOF);
    for (int i = 0; i < 8; i++)
        if (send(h.client, flood, sizeof flood, MSG_NOSIGNAL) < 0)
            break;
    close(h.client);
    h.client = -1;
    harness_free(&h);
}
END_TEST

/* As if the loop had heard of the client before it heard of the backend. */
static void pump_client_first(void)
{
    struct connection *c = h.proxy->slots[0];

    ck_assert_ptr_nonnull(c);
    c->client.can_read = true;
    relay_pump(c);
    ck_assert(c->backend.has_ended_out); /* writing found out */
}

/* Its end of file was there before the reset that our text provoked: the answer is whole, whoever finds out first. */
START_TEST(a_reset_behind_the_backends_end_of_file_does_not_spoil_its_answer)
{
    begin();
    say(h.client, "unread");
    HARNESS_WAIT(&h, h.proxy->connection_count == 1 && recv(h.peer, &(char){0}, 1, MSG_PEEK) == 1);
    ck_assert_int_eq(send(h.client, "more", 4, 0), 4); /* not yet read by the proxy: it writes before it reads */
    ck_assert_int_eq(send(h.peer, "answer", 6, 0), 6);
    ck_assert_int_eq(shutdown(h.peer, SHUT_WR), 0);
    close(h.peer);
    h.peer = -1;
    pump_client_first();
    hear(h.client, "answer");
    harness_expect(&h, h.client, &close_notify, 1);
    close(h.client);
    h.client = -1;
    end_with("end=clean");
}
END_TEST

START_TEST(a_reset_that_writing_finds_first_is_still_a_reset)
{
    static const uint8_t internal_error[] = {FAKE_ALERT, 80};

    begin();
    say(h.client, "unread");
    HARNESS_WAIT(&h, recv(h.peer, &(char){0}, 1, MSG_PEEK) == 1);
    ck_assert_int_eq(send(h.client, "more", 4, 0), 4);
    close(h.peer); /* on unread text: a reset without an end of file */
    h.peer = -1;
    pump_client_first();
    harness_expect(&h, h.client, internal_error, sizeof internal_error);
    close(h.client);
    h.client = -1;
    end_with("end=backend_reset");
}
END_TEST

/* The client said its end, but not all that it said before could be delivered. */
START_TEST(text_that_could_not_be_delivered_in_time_ends_in_a_reset_and_never_in_an_end_of_file)
{
    static uint8_t piece[1 << 16];
    ssize_t len;

    harness_init(&h);
    h.listen.idle_timeout = 100 * 1000;
    harness_start(&h);
    harness_establish(&h);
    memset(piece, 'p', sizeof piece);
    for (int quiet = 0; quiet < 5;) {
        quiet = send(h.client, piece, sizeof piece, MSG_NOSIGNAL) > 0 ? 0 : quiet + 1;
        harness_turn(&h, 1);
    }
    HARNESS_WAIT(&h, h.proxy->counters->ended_by_why[WHY_TIMEOUT_IDLE] == 1);
    do {
        len = recv(h.peer, piece, sizeof piece, 0);
        harness_turn(&h, 1);
    } while (len > 0 || (len < 0 && errno == EAGAIN));
    ck_assert_int_lt(len, 0);
    ck_assert_int_eq(errno, ECONNRESET);
    close(h.client);
    h.client = -1;
    harness_free(&h);
}
END_TEST

START_TEST(the_client_may_say_close_notify_while_its_answer_is_on_its_way_and_reset_afterwards)
{
    static uint8_t answer[1 << 16];

    begin();
    harness_send(&h, h.client, &close_notify, 1);
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_EOF);
    while (send(h.peer, answer, sizeof answer, MSG_NOSIGNAL) > 0)
        harness_turn(&h, 0);
    harness_reset(h.client);
    h.client = -1;
    for (int i = 0; i < 200 && h.proxy->connection_count > 0; i++) {
        (void)!send(h.peer, answer, sizeof answer, MSG_NOSIGNAL);
        harness_turn(&h, 1);
    }
    close(h.peer);
    h.peer = -1;
    harness_free(&h);
}
END_TEST

START_TEST(over_a_unix_socket_close_notify_is_end_of_file_too)
{
    harness_init(&h);
    harness_use_unix_backend(&h);
    harness_start(&h);
    harness_establish(&h);
    say(h.client, "question");
    harness_send(&h, h.client, &close_notify, 1);
    hear(h.peer, "question");
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_EOF);
    say(h.peer, "answer");
    close(h.peer);
    h.peer = -1;
    hear(h.client, "answer");
    harness_expect(&h, h.client, &close_notify, 1);
    end_with("end=clean");
}
END_TEST

/* A record that does not decrypt: no end of file for the backend, whose client never said its end. */
START_TEST(a_fatal_fault_of_the_client_resets_the_backend)
{
    static const uint8_t bad_record_mac[] = {FAKE_ALERT, 20};
    static const uint8_t bad = FAKE_BAD_RECORD;

    begin();
    say(h.client, "request");
    hear(h.peer, "request");
    harness_send(&h, h.client, &bad, 1);
    harness_expect(&h, h.client, bad_record_mac, sizeof bad_record_mac);
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_RESET);
    end_with("end=record_mac");
}
END_TEST

START_TEST(clients_that_reset_while_the_backend_streams_kill_nothing)
{
    static uint8_t stream[1 << 15];

    harness_init(&h);
    harness_start(&h);
    for (int i = 0; i < 100; i++) {
        harness_establish(&h);
        (void)!send(h.peer, stream, sizeof stream, MSG_NOSIGNAL);
        harness_turn(&h, 0);
        harness_reset(h.client);
        (void)!send(h.peer, stream, sizeof stream, MSG_NOSIGNAL);
        harness_turn(&h, 0);
        close(h.peer);
    }
    h.client = h.peer = -1;
    harness_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_goes_both_ways,
        close_notify_of_the_client_is_end_of_file_for_the_backend_and_the_answer_still_comes_whole,
        end_of_file_of_the_backend_is_close_notify_and_the_client_may_go_on_sending,
        fin_without_close_notify_delivers_what_came_and_then_resets_the_backend,
        reset_of_the_client_delivers_what_came_and_then_resets_the_backend,
        all_that_arrived_is_delivered_before_the_reset_however_slowly_the_backend_reads,
        with_the_eof_policy_truncation_is_an_end_of_file_and_the_answer_still_comes,
        with_the_eof_policy_a_reset_of_the_client_ends_the_backend_without_a_reset,
        reset_of_the_backend_is_an_alert_and_never_a_close_notify,
        an_answer_sent_before_the_backend_closed_on_unread_text_is_delivered,
        a_reset_behind_the_backends_end_of_file_does_not_spoil_its_answer,
        a_reset_that_writing_finds_first_is_still_a_reset,
        text_that_could_not_be_delivered_in_time_ends_in_a_reset_and_never_in_an_end_of_file,
        the_client_may_say_close_notify_while_its_answer_is_on_its_way_and_reset_afterwards,
        over_a_unix_socket_close_notify_is_end_of_file_too,
        a_fatal_fault_of_the_client_resets_the_backend,
        clients_that_reset_while_the_backend_streams_kill_nothing,
    };
    return check_run("half_close", tests, ARRAY_LEN(tests));
}
