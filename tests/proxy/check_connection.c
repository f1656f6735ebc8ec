/*
 * The life of a connection but for its ends: what may reach a backend and when, timeouts, keys that answer late,
 * backends that are down, limits.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proxy/file_bytes.h"
#include "proxy/harness.h"
#include "proxy/test_files.h"
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
    harness_send(&h, h.client, flood, sizeof flood);
    harness_send(&h, h.client, flood, sizeof flood);
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
    ck_assert_uint_eq(h.proxy->counters.silent, 1);
    ck_assert_uint_eq(h.proxy->counters.handshakes_failed, 0);
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
    while (h.proxy->counters.accepted == 0 || h.proxy->connection_count == 1) {
        (void)!send(h.client, ".", 1, MSG_NOSIGNAL);
        harness_turn(&h, 5);
        ck_assert_uint_lt(proxy_now() - began, 4 * 4 * SHORT);
    }
    ck_assert_uint_ge(proxy_now() - began, 4 * SHORT);
    harness_expect_log(&h, "reason=timeout_client_hello");
    harness_free(&h);
}
END_TEST

START_TEST(the_handshake_timeout_ends_a_handshake_whose_key_never_answers)
{
    harness_init(&h);
    h.listen.handshake_timeout = SHORT;
    harness_start(&h);
    key_service_free(h.proxy->keys); /* one that never answers */
    h.proxy->keys = key_service_new(event_base_new(), h.keyring, random_system(), NULL, NULL);
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    harness_expect_log(&h, "reason=timeout_handshake");
    harness_free(&h);
}
END_TEST

START_TEST(an_idle_connection_ends_with_close_notify_and_the_backend_is_reset)
{
    static const uint8_t close_notify = FAKE_CLOSE_NOTIFY;

    harness_init(&h);
    h.listen.idle_timeout = SHORT;
    harness_start(&h);
    harness_establish(&h);
    harness_expect(&h, h.client, &close_notify, 1);
    HARNESS_WAIT(&h, harness_end_of(h.peer) == HARNESS_RESET);
    close(h.client);
    h.client = -1;
    harness_expect_log(&h, "end=timeout_idle");
    harness_free(&h);
}
END_TEST

START_TEST(traffic_in_either_direction_puts_off_the_idle_timeout)
{
    harness_init(&h);
    h.listen.idle_timeout = 4 * SHORT;
    harness_start(&h);
    harness_establish(&h);
    for (int i = 0; i < 8; i++) {
        uint64_t end = proxy_now() + SHORT;
        while (proxy_now() < end)
            harness_turn(&h, 5);
        harness_send(&h, i % 2 ? h.client : h.peer, "x", 1);
        harness_expect(&h, i % 2 ? h.peer : h.client, "x", 1);
    }
    ck_assert_uint_eq(h.proxy->connection_count, 1);
    HARNESS_WAIT(&h, h.proxy->counters.ended_by_why[WHY_TIMEOUT_IDLE] == 1);
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

START_TEST(a_client_that_takes_nothing_is_let_go_although_it_keeps_sending)
{
    static uint8_t piece[1 << 16];

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
    harness_expect_log(&h, "end=timeout_write");
    harness_free(&h);
}
END_TEST

/* ---- keys */

static void hold_key(const char *name)
{
    struct file_bytes file;
    struct crypto_fault fault = {""};
    struct private_key *key;
    const char *reason;

    ck_assert(crypto_start());
    ck_assert(file_read(test_file(name), 65536, &file, &reason));
    key = private_key_new(file_view(&file), random_system(), &fault);
    ck_assert_msg(key != NULL, "%s", fault.text);
    memcpy(fake_tls_key_id, private_key_id(key), KEY_ID_LEN);
    ck_assert(keyring_add(h.keyring, key));
    file_wipe(&file);
}

START_TEST(a_key_answers_in_a_later_turn_and_the_handshake_goes_on)
{
    harness_init(&h);
    harness_start(&h);
    hold_key("p256.key");
    harness_open_client(&h);
    harness_send(&h, h.client, "Ktext", 5);
    harness_expect(&h, h.client, "S", 1);
    HARNESS_WAIT(&h, harness_accept(&h));
    harness_expect(&h, h.peer, "text", 4);
    harness_free(&h);
}
END_TEST

static struct connection_ticket asked_ticket;

/* A key service that leaves every question open: answers are the test's to give. */
static void on_no_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context, (void)is_ok, (void)answer;
    asked_ticket = ticket;
}

static struct event_base *elsewhere;

static void hold_answers_back(void)
{
    elsewhere = event_base_new();
    key_service_free(h.proxy->keys);
    h.proxy->keys = key_service_new(elsewhere, h.keyring, random_system(), on_no_answer, NULL);
    ck_assert_ptr_nonnull(h.proxy->keys);
}

static void take_question(void)
{
    HARNESS_WAIT(&h, key_service_waiting(h.proxy->keys) == 1);
    ck_assert_int_ge(event_base_loop(elsewhere, EVLOOP_ONCE), 0);
    ck_assert_uint_eq(key_service_waiting(h.proxy->keys), 0);
}

static void free_with_answers_held_back(void)
{
    harness_free(&h);
    event_base_free(elsewhere);
}

START_TEST(while_a_key_is_asked_nothing_moves_and_its_late_answer_is_taken)
{
    harness_init(&h);
    harness_start(&h);
    hold_answers_back();
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    take_question();
    ck_assert(nobody_came());
    ck_assert_int_eq(harness_end_of(h.client), HARNESS_OPEN);
    connection_answer_key(proxy_find(h.proxy, asked_ticket), true, BYTES_OF_LITERAL("signed"));
    harness_expect(&h, h.client, "S", 1);
    free_with_answers_held_back();
}
END_TEST

/* The slot is taken again by then: the id tells that it is another connection. */
START_TEST(an_answer_for_a_connection_that_is_gone_falls_to_the_floor)
{
    struct connection_ticket dead;

    harness_init(&h);
    harness_start(&h);
    hold_answers_back();
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    take_question();
    dead = asked_ticket;
    harness_reset(h.client);
    proxy_cut_connections(h.proxy);
    ck_assert_uint_eq(h.proxy->connection_count, 0);
    ck_assert_ptr_null(proxy_find(h.proxy, dead));
    h.proxy->next_slot = dead.slot;
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    take_question();
    ck_assert_uint_eq(asked_ticket.slot, dead.slot);
    ck_assert_uint_ne(asked_ticket.id, dead.id);
    ck_assert_ptr_null(proxy_find(h.proxy, dead));
    ck_assert_ptr_nonnull(proxy_find(h.proxy, asked_ticket));
    proxy_cut_connections(h.proxy); /* while it asks for a key it would not notice the client's end */
    free_with_answers_held_back();
}
END_TEST

START_TEST(the_answer_for_a_connection_that_died_waiting_is_counted_as_late)
{
    harness_init(&h);
    harness_start(&h);
    hold_key("p256.key");
    harness_open_client(&h);
    for (int i = 0; i < 50 && h.proxy->counters.key_operations == 0; i++) {
        (void)!send(h.client, "K", i == 0, MSG_NOSIGNAL);
        ck_assert_int_ge(event_base_loop(h.base, EVLOOP_ONCE), 0);
    }
    ck_assert_uint_eq(key_service_waiting(h.proxy->keys), 1);
    proxy_cut_connections(h.proxy);
    HARNESS_WAIT(&h, h.proxy->counters.key_answers_late == 1);
    harness_free(&h);
}
END_TEST

START_TEST(a_key_that_is_unknown_fails_the_handshake)
{
    static const uint8_t internal_error[] = {FAKE_ALERT, 80};

    harness_init(&h);
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    harness_expect(&h, h.client, internal_error, 2);
    close(h.client);
    h.client = -1;
    harness_expect_log(&h, "reason=key_operation");
    ck_assert_uint_eq(h.proxy->counters.key_operations, 1);
    ck_assert_uint_eq(h.proxy->counters.key_operations_failed, 1);
    harness_free(&h);
}
END_TEST

/* ---- backends */

static uint16_t closed_port(void)
{
    uint16_t port;

    close(harness_listen(&port));
    return port;
}

START_TEST(a_backend_that_is_down_is_an_alert_and_a_line_that_names_server_and_error)
{
    static const uint8_t internal_error[] = {FAKE_ALERT, 80};

    harness_init(&h);
    h.servers[0].port = closed_port();
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "H", 1);
    harness_expect(&h, h.client, "S", 1);
    harness_expect(&h, h.client, internal_error, 2);
    close(h.client);
    h.client = -1;
    harness_expect_log(&h, "event=backend_failed id=1 backend=app server=first error=\"Connection refused\"");
    harness_expect_log(&h, "end=backend_refused");
    ck_assert_uint_eq(h.proxy->counters.backend_failures, 1); /* one server, one attempt */
    harness_free(&h);
}
END_TEST

START_TEST(a_server_that_refuses_is_passed_over_for_the_next)
{
    harness_init(&h);
    h.servers[1].port = h.servers[0].port;
    h.servers[0].port = closed_port();
    h.backend.servers.count = 2;
    harness_start(&h);
    for (int i = 0; i < 4; i++) {
        harness_establish(&h);
        harness_send(&h, h.client, "through", 7);
        harness_expect(&h, h.peer, "through", 7);
        close(h.client);
        close(h.peer);
    }
    h.client = h.peer = -1;
    ck_assert_uint_eq(h.proxy->counters.backend_failures, 2); /* every second turn is the dead one's */
    harness_free(&h);
}
END_TEST

START_TEST(both_servers_down_end_after_one_attempt_at_each)
{
    harness_init(&h);
    h.servers[0].port = closed_port();
    h.servers[1].port = closed_port();
    h.backend.servers.count = 2;
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "H", 1);
    HARNESS_WAIT(&h, h.proxy->counters.ended_by_why[WHY_BACKEND_REFUSED] == 1);
    ck_assert_uint_eq(h.proxy->counters.backend_failures, 2);
    harness_free(&h);
}
END_TEST

/* A listening socket whose backlog is full drops what comes: nobody answers the connect. */
static int deaf_port(uint16_t *port, int *fillers, int count)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = harness_listen(port);

    ck_assert_int_eq(listen(fd, 0), 0);
    address.sin_port = htons(*port);
    for (int i = 0; i < count; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    return fd;
}

START_TEST(a_server_that_does_not_answer_in_time_is_passed_over_for_the_next)
{
    int fillers[4], deaf;

    harness_init(&h);
    h.backend.connect_timeout = 4 * SHORT;
    h.servers[1].port = h.servers[0].port;
    deaf = deaf_port(&h.servers[0].port, fillers, 4);
    h.backend.servers.count = 2;
    harness_start(&h);
    harness_establish(&h);
    harness_send(&h, h.client, "through", 7);
    harness_expect(&h, h.peer, "through", 7);
    harness_expect_log(&h, "server=first error=\"no answer in time\"");
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(deaf);
    harness_free(&h);
}
END_TEST

START_TEST(a_lone_server_that_does_not_answer_ends_as_backend_timeout)
{
    int fillers[4], deaf;

    harness_init(&h);
    h.backend.connect_timeout = SHORT;
    close(h.backend_listener);
    h.backend_listener = -1;
    deaf = deaf_port(&h.servers[0].port, fillers, 4);
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "H", 1);
    HARNESS_WAIT(&h, h.proxy->counters.ended_by_why[WHY_BACKEND_TIMEOUT] == 1);
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(deaf);
    harness_free(&h);
}
END_TEST

START_TEST(text_that_came_with_finished_waits_for_the_backend_and_is_not_lost)
{
    harness_init(&h);
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "Hearly text", 11);
    HARNESS_WAIT(&h, harness_accept(&h));
    harness_expect(&h, h.peer, "early text", 10);
    harness_free(&h);
}
END_TEST

/* ---- limits */

/* Reliability D01: a cap that stops accepting is itself the denial of service. */
START_TEST(at_the_limit_the_oldest_unfinished_handshake_goes_for_the_new_client)
{
    int silent[4];

    harness_init(&h);
    h.settings.max_connections = 4;
    harness_start(&h);
    harness_establish(&h);
    for (int i = 0; i < 4; i++) {
        silent[i] = harness_connect(&h);
        HARNESS_WAIT(&h, h.proxy->counters.accepted == (uint64_t)i + 2);
    }
    ck_assert_uint_eq(h.proxy->connection_count, 4);
    ck_assert_int_ne(harness_end_of(h.client), HARNESS_EOF); /* finished: it is nobody's place */
    (void)!recv(silent[0], &(char[2]){0}, 2, 0);             /* its alert */
    ck_assert_int_ne(harness_end_of(silent[0]), HARNESS_OPEN);
    for (int i = 1; i < 4; i++)
        ck_assert_int_eq(harness_end_of(silent[i]), HARNESS_OPEN);
    ck_assert_uint_eq(h.proxy->counters.shed, 1);
    for (int i = 0; i < 4; i++)
        close(silent[i]);
    harness_free(&h);
}
END_TEST

START_TEST(at_the_limit_with_nothing_unfinished_the_new_client_is_let_go)
{
    int late;

    harness_init(&h);
    h.settings.max_connections = 1;
    harness_start(&h);
    harness_establish(&h);
    late = harness_connect(&h);
    HARNESS_WAIT(&h, harness_end_of(late) != HARNESS_OPEN);
    harness_send(&h, h.client, "still", 5);
    harness_expect(&h, h.peer, "still", 5);
    close(late);
    harness_free(&h);
}
END_TEST

/* Every descriptor that is left, taken. */
static int take_all_descriptors(int *taken, int max)
{
    int count = 0;

    while (count < max && (taken[count] = dup(0)) >= 0)
        count++;
    return count;
}

/* evconnlistener spins here (libevent #71). */
START_TEST(without_descriptors_accepting_pauses_without_spinning_says_so_once_and_recovers)
{
    static int taken[1024];
    struct rlimit limit = {128, 128}, before;
    int count, client, turns = 0;
    uint64_t end;
    const char *first;

    harness_init(&h);
    harness_start(&h);
    client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit.rlim_max = before.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    count = take_all_descriptors(taken, 1024);
    struct socket_address address;
    ck_assert(address_of_socket(listener_socket(h.listener, 0), &address));
    (void)!connect(client, &address.any, address.len);
    for (end = proxy_now() + 6 * SHORT; proxy_now() < end; turns++)
        harness_turn(&h, 50);
    ck_assert_int_le(turns, 20); /* 300 ms: pauses of 100 ms and our own timer of 50 */
    ck_assert_uint_ge(h.proxy->counters.accept_paused, 2);
    first = strstr(harness_log(&h), "cannot accept");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "cannot accept"));
    for (int i = 0; i < count; i++)
        close(taken[i]);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    harness_send(&h, client, "H", 1);
    harness_expect(&h, client, "S", 1); /* the very client that waited */
    close(client);
    harness_free(&h);
}
END_TEST

START_TEST(without_descriptors_a_silent_client_gives_its_place_to_the_next)
{
    static int taken[1024];
    struct rlimit limit = {128, 128}, before;
    int count, silent, client;
    struct socket_address address;

    harness_init(&h);
    harness_start(&h);
    silent = harness_connect(&h);
    HARNESS_WAIT(&h, h.proxy->connection_count == 1);
    client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit.rlim_max = before.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    count = take_all_descriptors(taken, 1024);
    ck_assert(address_of_socket(listener_socket(h.listener, 0), &address));
    (void)!connect(client, &address.any, address.len);
    HARNESS_WAIT(&h, h.proxy->counters.accepted == 2);
    ck_assert_uint_eq(h.proxy->counters.shed, 1);
    for (int i = 0; i < count; i++)
        close(taken[i]);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    harness_send(&h, client, "H", 1);
    harness_expect(&h, client, "S", 1);
    close(client);
    close(silent);
    harness_free(&h);
}
END_TEST

START_TEST(cutting_all_connections_says_close_notify_and_frees_everything)
{
    static const uint8_t close_notify = FAKE_CLOSE_NOTIFY;
    int second;

    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    second = harness_connect(&h);
    HARNESS_WAIT(&h, h.proxy->connection_count == 2);
    ck_assert_uint_eq(proxy_cut_connections(h.proxy), 2);
    ck_assert_uint_eq(h.proxy->connection_count, 0);
    harness_expect(&h, h.client, &close_notify, 1);
    ck_assert_int_eq(harness_end_of(h.peer), HARNESS_RESET);
    harness_expect_log(&h, "end=shutdown");
    close(second);
    harness_free(&h);
}
END_TEST

START_TEST(more_than_ten_lines_a_second_of_one_failure_are_suppressed_and_told_as_a_number)
{
    harness_init(&h);
    harness_start(&h);
    for (int i = 0; i < 30; i++) {
        int fd = harness_connect(&h);
        harness_send(&h, fd, "garbage", 7);
        HARNESS_WAIT(&h, h.proxy->counters.handshakes_failed == (uint64_t)i + 1);
        close(fd);
    }
    harness_expect_log(&h, "event=suppressed class=not_tls lines=");
    int lines = 0;
    for (const char *at = harness_log(&h); (at = strstr(at, "event=handshake_failed")); at++)
        lines++;
    ck_assert_int_le(lines, 20); /* two windows at most */
    ck_assert_uint_eq(h.proxy->counters.lines_suppressed, (uint64_t)(30 - lines));
    harness_free(&h);
}
END_TEST

/* Handshake failures keep nothing: no storage, no connection, no descriptor. */
START_TEST(a_thousand_failed_handshakes_leave_nothing_behind)
{
    harness_init(&h);
    harness_start(&h);
    int before = dup(0);
    close(before);
    for (int i = 0; i < 1000; i++) {
        int fd = harness_connect(&h);
        (void)!send(fd, i % 2 ? "garbage" : ".", i % 2 ? 7 : 1, MSG_NOSIGNAL);
        harness_turn(&h, 0);
        close(fd);
    }
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    int after = dup(0);
    close(after);
    ck_assert_int_eq(before, after);
    harness_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        no_backend_is_connected_before_the_client_finished,
        garbage_is_refused_and_no_backend_hears_of_it,
        the_alert_survives_although_the_client_goes_on_sending,
        a_client_that_never_stops_sending_after_its_alert_is_cut_at_64_kib,
        a_client_that_stays_after_its_alert_is_let_go_after_the_linger_timeout,
        a_connection_without_a_byte_is_told_at_debug_level_and_counted_apart,
        the_client_hello_timeout_is_not_put_off_by_progress,
        the_handshake_timeout_ends_a_handshake_whose_key_never_answers,
        an_idle_connection_ends_with_close_notify_and_the_backend_is_reset,
        traffic_in_either_direction_puts_off_the_idle_timeout,
        half_closed_connections_that_stay_idle_are_reaped,
        a_client_that_takes_nothing_is_let_go_although_it_keeps_sending,
        a_key_answers_in_a_later_turn_and_the_handshake_goes_on,
        while_a_key_is_asked_nothing_moves_and_its_late_answer_is_taken,
        an_answer_for_a_connection_that_is_gone_falls_to_the_floor,
        the_answer_for_a_connection_that_died_waiting_is_counted_as_late,
        a_key_that_is_unknown_fails_the_handshake,
        a_backend_that_is_down_is_an_alert_and_a_line_that_names_server_and_error,
        a_server_that_refuses_is_passed_over_for_the_next,
        both_servers_down_end_after_one_attempt_at_each,
        a_server_that_does_not_answer_in_time_is_passed_over_for_the_next,
        a_lone_server_that_does_not_answer_ends_as_backend_timeout,
        text_that_came_with_finished_waits_for_the_backend_and_is_not_lost,
        at_the_limit_the_oldest_unfinished_handshake_goes_for_the_new_client,
        at_the_limit_with_nothing_unfinished_the_new_client_is_let_go,
        without_descriptors_accepting_pauses_without_spinning_says_so_once_and_recovers,
        without_descriptors_a_silent_client_gives_its_place_to_the_next,
        cutting_all_connections_says_close_notify_and_frees_everything,
        more_than_ten_lines_a_second_of_one_failure_are_suppressed_and_told_as_a_number,
        a_thousand_failed_handshakes_leave_nothing_behind,
    };
    return check_run("connection", tests, ARRAY_LEN(tests));
}
