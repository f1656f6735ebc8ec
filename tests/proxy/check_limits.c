/*
 * More connections, descriptors and failures than there is room for (rows D01, D05 and D07 of the catalogue of faults).
 */
#include <check.h>
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "proxy/harness.h"
#include "support/check_run.h"

static struct harness h;

enum { SHORT = 50 * 1000 }; /* microseconds */

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
        HARNESS_WAIT(&h, h.proxy->counters->accepted == (uint64_t)i + 2);
    }
    ck_assert_uint_eq(h.proxy->connection_count, 4);
    ck_assert_int_ne(harness_end_of(h.client), HARNESS_EOF); /* finished: it is nobody's place */
    (void)!recv(silent[0], &(char[2]){0}, 2, 0);             /* its alert */
    ck_assert_int_ne(harness_end_of(silent[0]), HARNESS_OPEN);
    for (int i = 1; i < 4; i++)
        ck_assert_int_eq(harness_end_of(silent[i]), HARNESS_OPEN);
    ck_assert_uint_eq(h.proxy->counters->shed, 1);
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

/* Reliability D02: a storm of handshakes must not stand between the relays and the loop. */
START_TEST(handshakes_that_are_ready_together_do_not_all_go_in_one_turn_of_the_loop)
{
    enum { CLIENTS = 60, LEAST_COST = 13 }; /* microseconds of a handshake with the fake engine */
    int clients[CLIENTS], gone;
    uint64_t turns = 0;

    harness_init(&h);
    harness_start(&h);
    for (size_t i = 0; i < CLIENTS; i++) {
        clients[i] = harness_connect(&h);
        ck_assert_int_eq(send(clients[i], "H", 1, MSG_NOSIGNAL), 1);
    }
    gone = clients[CLIENTS - 1]; /* stands in line when it leaves */
    for (; h.proxy->counters->handshakes < CLIENTS - 1; turns++) {
        ck_assert_int_ge(event_base_loop(h.base, EVLOOP_ONCE), 0);
        if (turns == 1)
            harness_reset(gone);
    }
    ck_assert_uint_ge(turns, CLIENTS * LEAST_COST / HANDSHAKE_TURN);
    for (size_t i = 0; i < CLIENTS - 1; i++) {
        harness_expect(&h, clients[i], "S", 1);
        close(clients[i]);
    }
    HARNESS_WAIT(&h, TAILQ_EMPTY(&h.proxy->turns.line));
    proxy_cut_connections(h.proxy);
    harness_free(&h);
}
END_TEST

START_TEST(who_stands_in_line_may_be_cut)
{
    enum { CLIENTS = 60 };
    int clients[CLIENTS];

    harness_init(&h);
    harness_start(&h);
    for (size_t i = 0; i < CLIENTS; i++)
        clients[i] = harness_connect(&h);
    HARNESS_WAIT(&h, h.proxy->connection_count == CLIENTS);
    for (size_t i = 0; i < CLIENTS; i++)
        ck_assert_int_eq(send(clients[i], "H", 1, MSG_NOSIGNAL), 1);
    ck_assert_int_ge(event_base_loop(h.base, EVLOOP_ONCE), 0);
    ck_assert(!TAILQ_EMPTY(&h.proxy->turns.line));
    proxy_cut_connections(h.proxy);
    ck_assert(TAILQ_EMPTY(&h.proxy->turns.line));
    for (size_t i = 0; i < CLIENTS; i++)
        close(clients[i]);
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
    for (end = proxy_now() + 6 * SHORT; proxy_now() < end || h.proxy->counters->accept_paused < 2; turns++)
        harness_turn(&h, 50);
    ck_assert_int_le(turns,
                     100); /* pauses of 100 ms and our own timer of 50 in 300 ms: a loop that spins has thousands */
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
    HARNESS_WAIT(&h, h.proxy->counters->accepted == 2);
    ck_assert_uint_eq(h.proxy->counters->shed, 1);
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

/* A close_notify would tell the client that all of the backend's text came. */
START_TEST(cutting_all_connections_says_no_close_notify_and_frees_everything)
{
    int second;

    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    second = harness_connect(&h);
    HARNESS_WAIT(&h, h.proxy->connection_count == 2);
    ck_assert_uint_eq(proxy_cut_connections(h.proxy), 2);
    ck_assert_uint_eq(h.proxy->connection_count, 0);
    ck_assert_int_ne(harness_end_of(h.client), HARNESS_OPEN); /* and not a byte before */
    ck_assert_int_eq(harness_end_of(h.peer), HARNESS_RESET);
    harness_expect_log(&h, "end=shutdown");
    close(second);
    harness_free(&h);
}
END_TEST

START_TEST(more_than_ten_lines_a_second_of_one_failure_are_suppressed_and_told_as_a_number)
{
    enum { COUNT = 60 };
    int clients[COUNT], lines = 0;

    harness_init(&h);
    harness_start(&h);
    for (int i = 0; i < COUNT; i++) {
        clients[i] = harness_connect(&h);
        ck_assert_int_eq(send(clients[i], "garbage", 7, 0), 7);
    }
    HARNESS_WAIT(&h, h.proxy->counters->handshakes_failed == COUNT);
    harness_expect_log(&h, "event=suppressed class=not_tls lines=");
    for (const char *at = harness_log(&h); (at = strstr(at, "event=handshake_failed")); at++)
        lines++;
    ck_assert_int_le(lines, 40); /* a busy machine may take more than one second for them */
    ck_assert_uint_eq(h.proxy->counters->lines_suppressed, (uint64_t)(COUNT - lines));
    for (int i = 0; i < COUNT; i++)
        close(clients[i]);
    harness_free(&h);
}
END_TEST

/* What follows a handshake is bounded by what handshakes cost: one line each, whatever their number. */
START_TEST(lines_of_connections_are_never_suppressed)
{
    enum { COUNT = 15 };
    int clients[COUNT], lines = 0;

    harness_init(&h);
    h.listen.idle_timeout = SHORT;
    harness_start(&h);
    for (int i = 0; i < COUNT; i++) {
        clients[i] = harness_connect(&h);
        harness_send(&h, clients[i], "H", 1);
    }
    HARNESS_WAIT(&h, h.proxy->counters->ended_by_why[WHY_TIMEOUT_IDLE] == COUNT);
    for (const char *at = harness_log(&h); (at = strstr(at, "end=timeout_idle")); at++)
        lines++;
    ck_assert_int_eq(lines, COUNT);
    for (int i = 0; i < COUNT; i++)
        close(clients[i]);
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
        at_the_limit_the_oldest_unfinished_handshake_goes_for_the_new_client,
        at_the_limit_with_nothing_unfinished_the_new_client_is_let_go,
        handshakes_that_are_ready_together_do_not_all_go_in_one_turn_of_the_loop,
        who_stands_in_line_may_be_cut,
        without_descriptors_accepting_pauses_without_spinning_says_so_once_and_recovers,
        without_descriptors_a_silent_client_gives_its_place_to_the_next,
        cutting_all_connections_says_no_close_notify_and_frees_everything,
        more_than_ten_lines_a_second_of_one_failure_are_suppressed_and_told_as_a_number,
        lines_of_connections_are_never_suppressed,
        a_thousand_failed_handshakes_leave_nothing_behind,
    };
    return check_run("limits", tests, ARRAY_LEN(tests));
}
