/*
 * Backends that are down, deaf or slow (row P07 of the catalogue of faults).
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/harness.h"
#include "support/check_run.h"

static struct harness h;

enum { SHORT = 50 * 1000 }; /* microseconds */

static uint16_t closed_port(void)
{
    uint16_t port;

    close(harness_listen(&port));
    return port;
}

/* The handshake is done before anybody looks for a server. */
static void expect_refusal(void)
{
    static const uint8_t internal_error[] = {FAKE_ALERT, 80};

    harness_open_client(&h);
    harness_send(&h, h.client, "H", 1);
    harness_expect(&h, h.client, "S", 1);
    harness_expect(&h, h.client, internal_error, 2);
    close(h.client);
    h.client = -1;
}

START_TEST(a_backend_that_is_down_is_an_alert_and_a_line_that_names_server_and_error)
{
    harness_init(&h);
    h.servers[0].port = closed_port();
    harness_start(&h);
    expect_refusal();
    harness_expect_log(&h, "event=backend_failed id=1 backend=app server=first error=\"Connection refused\"");
    harness_expect_log(&h, "end=backend_refused");
    ck_assert_uint_eq(h.proxy->counters->backend_failures, 1); /* one server, one attempt */
    harness_free(&h);
}
END_TEST

START_TEST(a_backend_whose_name_does_not_resolve_is_an_alert_and_has_words_of_its_own)
{
    harness_init(&h);
    harness_start(&h);
    listener_backend(h.listener)->servers[0].address_count = 0;
    expect_refusal();
    harness_expect_log(&h, "event=backend_failed id=1 backend=app error=\"the backend's name does not resolve (yet)\"");
    harness_expect_log(&h, "end=backend_unresolved");
    ck_assert_uint_eq(h.proxy->counters->backend_failures, 0); /* nothing was attempted */
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
    listener_backend(h.listener)->servers[1].counted_as = 1;
    for (int i = 0; i < 4; i++) {
        harness_establish(&h);
        harness_send(&h, h.client, "through", 7);
        harness_expect(&h, h.peer, "through", 7);
        close(h.client);
        close(h.peer);
    }
    h.client = h.peer = -1;
    ck_assert_uint_eq(h.proxy->counters->backend_failures, 2); /* every second turn is the dead one's */
    ck_assert_uint_eq(h.proxy->counters->servers[0].refused, 2);
    ck_assert_uint_eq(h.proxy->counters->servers[0].connects, 0);
    ck_assert_uint_eq(h.proxy->counters->servers[1].connects, 4);
    ck_assert_uint_eq(h.proxy->counters->servers[1].refused, 0);
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
    HARNESS_WAIT(&h, h.proxy->counters->ended_by_why[WHY_BACKEND_REFUSED] == 1);
    ck_assert_uint_eq(h.proxy->counters->backend_failures, 2);
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
    HARNESS_WAIT(&h, h.proxy->counters->ended_by_why[WHY_BACKEND_TIMEOUT] == 1);
    ck_assert_uint_eq(h.proxy->counters->servers[0].timeouts, 1);
    ck_assert_uint_eq(h.proxy->counters->servers[0].refused, 0);
    for (int i = 0; i < 4; i++)
        close(fillers[i]);
    close(deaf);
    harness_free(&h);
}
END_TEST

START_TEST(the_last_server_tried_gives_the_reason)
{
    int fillers[4], deaf;

    harness_init(&h);
    h.backend.connect_timeout = SHORT;
    deaf = deaf_port(&h.servers[0].port, fillers, 4);
    h.servers[1] = (struct config_address){.text = "second", .is_unix = true, .path = "/nonexistent/socket"};
    h.backend.servers.count = 2;
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "H", 1);
    HARNESS_WAIT(&h, h.proxy->counters->ended_by_why[WHY_BACKEND_REFUSED] == 1);
    harness_expect_log(&h, "server=second error=\"No such file or directory\"");
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

/* ---- unix sockets that somebody else connects */

static struct {
    struct proxy_question last;
    char path[108];
    size_t count;
    bool is_deaf;
} asked;

static bool note_question(void *context, const struct socket_address *address, struct proxy_question question)
{
    (void)context;
    if (asked.is_deaf) {
        errno = ENOBUFS;
        return false;
    }
    asked.last = question;
    asked.count++;
    memcpy(asked.path, address->un.sun_path, sizeof asked.path);
    return true;
}

static void init_asking(void)
{
    harness_init(&h);
    memset(&asked, 0, sizeof asked);
}

/* A unix server and, where the test counts two, one over TCP after it. */
static void start_asking(void)
{
    static const struct proxy_connector connector = {note_question, NULL};

    h.servers[1] = h.servers[0];
    h.servers[0] = (struct config_address){.text = "unix", .is_unix = true, .path = "/out/of/sight"};
    harness_start(&h);
    proxy_use_connector(h.proxy, connector);
    harness_open_client(&h);
}

/* What the other one hands over: an end of a socket, the other stays as h.peer. */
static int connected_end(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    h.peer = ends[0];
    return ends[1];
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

START_TEST(a_unix_server_is_connected_by_who_sees_it)
{
    init_asking();
    start_asking();
    harness_send(&h, h.client, "Hearly", 6);
    HARNESS_WAIT(&h, asked.count == 1);
    ck_assert_str_eq(asked.path, "/out/of/sight");
    ck_assert(proxy_is_asking(h.proxy, asked.last));
    proxy_answer(h.proxy, asked.last, connected_end(), 0);
    ck_assert(!proxy_is_asking(h.proxy, asked.last));
    harness_expect(&h, h.peer, "early", 5);
    ck_assert_uint_eq(asked.count, 1);
    harness_free(&h);
}
END_TEST

START_TEST(an_error_there_is_as_one_here_and_the_next_server_is_tried)
{
    init_asking();
    h.backend.servers.count = 2;
    start_asking();
    harness_send(&h, h.client, "Hearly", 6);
    HARNESS_WAIT(&h, asked.count == 1);
    proxy_answer(h.proxy, asked.last, -1, ECONNREFUSED);
    HARNESS_WAIT(&h, harness_accept(&h));
    harness_expect(&h, h.peer, "early", 5);
    harness_expect_log(&h, "server=unix error=\"Connection refused\"");
    harness_free(&h);
}
END_TEST

START_TEST(nobody_to_ask_is_an_error_too)
{
    init_asking();
    asked.is_deaf = true;
    start_asking();
    harness_send(&h, h.client, "Hearly", 6);
    HARNESS_WAIT(&h, count_read(&h.proxy->counters->ended_by_why[WHY_BACKEND_REFUSED]) == 1);
    harness_expect_log(&h, "server=unix error=\"No buffer space available\"");
    harness_free(&h);
}
END_TEST

START_TEST(an_answer_that_is_late_or_for_nobody_is_closed)
{
    struct proxy_question wrong;
    int late;

    init_asking();
    h.backend.connect_timeout = SHORT;
    h.backend.servers.count = 2;
    start_asking();
    harness_send(&h, h.client, "Hearly", 6);
    HARNESS_WAIT(&h, asked.count == 1);
    wrong = asked.last;
    wrong.number++;
    late = connected_end();
    proxy_answer(h.proxy, wrong, late, 0);
    ck_assert(!is_open(late));
    close(h.peer);
    HARNESS_WAIT(&h, harness_accept(&h)); /* the time of the first server is over */
    harness_expect_log(&h, "server=unix error=\"no answer in time\"");
    ck_assert(!proxy_is_asking(h.proxy, asked.last));
    late = dup(h.client);
    proxy_answer(h.proxy, asked.last, late, 0);
    ck_assert(!is_open(late));
    harness_expect(&h, h.peer, "early", 5);
    harness_free(&h);
}
END_TEST

START_TEST(a_client_that_is_gone_asks_no_longer)
{
    init_asking();
    start_asking();
    harness_send(&h, h.client, "H", 1);
    HARNESS_WAIT(&h, asked.count == 1);
    harness_reset(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, !proxy_is_asking(h.proxy, asked.last));
    harness_free(&h);
}
END_TEST

enum { LOST = 0, SILENT = 3 };

/* One that is about to be connected, and some that are sheddable. */
static void start_asking_beside_handshakes(int silent[SILENT])
{
    start_asking();
    harness_send(&h, h.client, "Hearly", 6);
    HARNESS_WAIT(&h, asked.count == 1);
    for (size_t i = 0; i < SILENT; i++)
        silent[i] = harness_connect(&h);
    HARNESS_WAIT(&h, h.proxy->connection_count == 1 + SILENT);
}

static void close_all(const int silent[SILENT])
{
    for (size_t i = 0; i < SILENT; i++)
        close(silent[i]);
}

static uint64_t shed_count(void)
{
    return count_read(&h.proxy->counters->shed);
}

START_TEST(without_a_descriptor_for_it_an_unfinished_handshake_goes_and_it_is_asked_for_again)
{
    int silent[SILENT];

    init_asking();
    start_asking_beside_handshakes(silent);
    proxy_answer(h.proxy, asked.last, -1, LOST);
    ck_assert_uint_eq(asked.count, 2);
    ck_assert_uint_eq(shed_count(), 1);
    proxy_answer(h.proxy, asked.last, connected_end(), 0);
    harness_expect(&h, h.peer, "early", 5);
    close_all(silent);
    harness_free(&h);
}
END_TEST

START_TEST(one_attempt_costs_one_handshake_at_most_though_its_place_is_taken_by_others)
{
    int silent[SILENT];

    init_asking();
    start_asking_beside_handshakes(silent);
    proxy_answer(h.proxy, asked.last, -1, LOST);
    proxy_answer(h.proxy, asked.last, -1, LOST);
    ck_assert_uint_eq(asked.count, 2);
    ck_assert_uint_eq(shed_count(), 1);
    harness_expect_log(&h, "server=unix error=\"Too many open files\"");
    HARNESS_WAIT(&h, count_read(&h.proxy->counters->ended_by_why[WHY_BACKEND_REFUSED]) == 1);
    close_all(silent);
    harness_free(&h);
}
END_TEST

START_TEST(each_attempt_may_ask_again)
{
    int silent[SILENT];

    init_asking();
    h.backend.servers.count = 2;
    start_asking_beside_handshakes(silent);
    listener_backend(h.listener)->servers[1] = listener_backend(h.listener)->servers[0];
    for (int i = 0; i < 3; i++)
        proxy_answer(h.proxy, asked.last, -1, LOST);
    ck_assert_uint_eq(asked.count, 4);
    ck_assert_uint_eq(shed_count(), 2);
    proxy_answer(h.proxy, asked.last, connected_end(), 0);
    harness_expect(&h, h.peer, "early", 5);
    close_all(silent);
    harness_free(&h);
}
END_TEST

/* No handshake that goes here frees a descriptor there. */
START_TEST(descriptors_that_are_short_where_it_is_connected_cost_no_handshake_here)
{
    static const int theirs[] = {EMFILE, ENFILE};

    for (size_t i = 0; i < ARRAY_LEN(theirs); i++) {
        int silent[SILENT];
        init_asking();
        h.backend.servers.count = 2;
        start_asking_beside_handshakes(silent);
        proxy_answer(h.proxy, asked.last, -1, theirs[i]);
        ck_assert_uint_eq(asked.count, 1);
        ck_assert_uint_eq(shed_count(), 0);
        HARNESS_WAIT(&h, harness_accept(&h)); /* the next server */
        harness_expect(&h, h.peer, "early", 5);
        harness_expect_log(&h, "server=unix error=\"Too many open files");
        close_all(silent);
        harness_free(&h);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_backend_that_is_down_is_an_alert_and_a_line_that_names_server_and_error,
        a_backend_whose_name_does_not_resolve_is_an_alert_and_has_words_of_its_own,
        a_server_that_refuses_is_passed_over_for_the_next,
        both_servers_down_end_after_one_attempt_at_each,
        a_server_that_does_not_answer_in_time_is_passed_over_for_the_next,
        a_lone_server_that_does_not_answer_ends_as_backend_timeout,
        the_last_server_tried_gives_the_reason,
        text_that_came_with_finished_waits_for_the_backend_and_is_not_lost,
        a_unix_server_is_connected_by_who_sees_it,
        an_error_there_is_as_one_here_and_the_next_server_is_tried,
        nobody_to_ask_is_an_error_too,
        an_answer_that_is_late_or_for_nobody_is_closed,
        a_client_that_is_gone_asks_no_longer,
        without_a_descriptor_for_it_an_unfinished_handshake_goes_and_it_is_asked_for_again,
        one_attempt_costs_one_handshake_at_most_though_its_place_is_taken_by_others,
        each_attempt_may_ask_again,
        descriptors_that_are_short_where_it_is_connected_cost_no_handshake_here,
    };
    return check_run("connecting", tests, ARRAY_LEN(tests));
}
