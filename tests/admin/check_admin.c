/* The admin process as its clients see it, good ones and others. */
#include "admin/admin.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "proxy/proxy.h"
#include "support/check_run.h"

enum { PATIENCE = 5000, REPLY_LEN = 1 << 17 };

static struct board *board;
static struct counters_map *map;
static struct sockaddr_un address;
static int control;
static pid_t admin;
static char reply[REPLY_LEN];

/* On a name of the abstract kind: no file. */
static int listen_here(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    address.sun_family = AF_UNIX;
    snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "sallyport-check-admin-%ld", (long)getpid());
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 1024), 0);
    return fd;
}

/* Until the other end is closed. */
static bool is_parent_there(void *context)
{
    char word[16];

    return recv(*(int *)context, word, sizeof word, MSG_DONTWAIT) > 0;
}

static void set_up(void)
{
    int ends[2], fd = listen_here();

    ck_assert(crypto_start());
    board = board_new(1700000000);
    map = counters_map_new(1);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    control = ends[0];
    admin = fork();
    if (admin == 0) {
        struct admin_view view = {board_open(board_fd(board)),
                                  counters_map_open(counters_map_fd(map), COUNTERS_MAP_READ)};
        struct event_base *base = admin_prepare();

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(ends[0]);
        _exit(view.board && view.counters && base &&
                      admin_run(base, view, &fd, 1, (struct admin_parent){ends[1], is_parent_there, &ends[1]})
                  ? 0
                  : 1);
    }
    close(ends[1]);
    close(fd);
}

static void tear_down(void)
{
    int status = -1;

    close(control);
    ck_assert_int_eq(waitpid(admin, &status, 0), admin);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    counters_map_free(map);
    board_free(board);
}

static int come(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* All until the end, within patience. */
static void hear(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLIN};
    size_t len = 0;
    ssize_t got = 1;

    while (got > 0 && len < sizeof reply - 1) {
        ck_assert_msg(poll(&wanted, 1, PATIENCE) == 1, "no answer in time");
        got = recv(fd, reply + len, sizeof reply - 1 - len, 0);
        len += got > 0 ? (size_t)got : 0;
    }
    reply[len] = 0;
    close(fd);
}

static void ask(const char *request)
{
    int fd = come();

    say(fd, request);
    hear(fd);
}

static void expect(const char *begin, const char *part)
{
    ck_assert_msg(strncmp(reply, begin, strlen(begin)) == 0, "%.200s", reply);
    ck_assert_msg(strstr(reply, part) != NULL, "%.400s", reply);
}

START_TEST(readiness_follows_the_board)
{
    set_up();
    ask("GET /readyz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 503 ", "\r\n\r\nstarting\n");
    board_set_state(board, BOARD_READY);
    ask("GET /readyz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 503 ", "\r\n\r\nno worker process is there\n");
    board_process_started(board, BOARD_WORKER);
    ask("GET /readyz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "\r\n\r\nready\n");
    board_set_state(board, BOARD_DRAINING);
    ask("GET /readyz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 503 ", "\r\n\r\ndraining\n");
    tear_down();
}
END_TEST

START_TEST(health_is_somebody_who_serves_or_is_about_to)
{
    set_up();
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "\r\n\r\nok\n");
    board_set_state(board, BOARD_READY);
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 503 ", "no worker");
    board_process_started(board, BOARD_WORKER);
    board_set_state(board, BOARD_DRAINING);
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "ok");
    tear_down();
}
END_TEST

START_TEST(health_is_a_process_that_moves)
{
    struct counters *counters;
    size_t slot;

    set_up();
    ck_assert(board_take_slot(board, 1, &slot));
    counters = counters_map_take(map, slot);
    board_process_started(board, BOARD_WORKER);
    board_set_state(board, BOARD_READY);
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "ok"); /* it has just begun */
    count_set(&counters->gauges.beat, proxy_now() - 60 * 1000 * 1000);
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 503 ", "stands still");
    count_set(&counters->gauges.beat, proxy_now());
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "ok");
    tear_down();
}
END_TEST

START_TEST(a_master_that_stopped_in_the_middle_of_a_change_is_no_health)
{
    set_up();
    board_begin(board);
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 503 ", "does not finish");
    board_end(board);
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "ok");
    tear_down();
}
END_TEST

START_TEST(metrics_are_what_is_counted_now)
{
    struct counters *counters;
    size_t slot;

    set_up();
    ck_assert(board_take_slot(board, 1, &slot));
    counters = counters_map_take(map, slot);
    ask("GET /metrics?a=b HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "\nsallyport_shed_total 0\n");
    ck_assert_ptr_nonnull(strstr(reply, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    count_one(&counters->shed);
    ask("GET /metrics HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "\nsallyport_shed_total 1\n");
    tear_down();
}
END_TEST

START_TEST(a_head_has_no_body_and_other_paths_and_methods_are_refused)
{
    set_up();
    ask("HEAD /metrics HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "text/plain");
    ck_assert_ptr_null(strstr(reply, "sallyport_"));
    ck_assert_ptr_null(strstr(reply, "Content-Length: 0"));
    ck_assert_ptr_nonnull(strstr(reply, "Content-Length: "));
    ask("GET / HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 404 ", "/healthz");
    ask("GET /metrics/ HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 404 ", "/healthz");
    ask("GET //metrics/../metrics HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 404 ", "/healthz");
    ask("POST /metrics HTTP/1.0\r\nContent-Length: 2\r\n\r\nab");
    expect("HTTP/1.0 405 ", "Allow: GET, HEAD\r\n");
    ask("DELETE /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 405 ", "Allow: GET, HEAD\r\n");
    tear_down();
}
END_TEST

/* One header of a megabyte, a body of one, no HTTP at all, an end in the middle: it goes on. */
START_TEST(what_is_too_long_or_no_http_costs_its_own_connection_alone)
{
    static const uint8_t client_hello[] = {22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, '\r', '\n', '\r', '\n'};
    static char big[MAX_ADMIN_HEADERS_LEN + 4096];
    int fd;

    set_up();
    memset(big, 'a', sizeof big);
    fd = come();
    say(fd, "GET /healthz HTTP/1.0\r\nX: ");
    (void)!send(fd, big, sizeof big, MSG_NOSIGNAL);
    (void)!send(fd, "\r\n\r\n", 4, MSG_NOSIGNAL);
    hear(fd);
    ck_assert_msg(strncmp(reply, "HTTP/1.0 200", 12) != 0, "%.100s", reply);
    ask("POST /healthz HTTP/1.0\r\nContent-Length: 1000000\r\n\r\n");
    ck_assert_msg(strncmp(reply, "HTTP/1.0 200", 12) != 0, "%.100s", reply);
    fd = come();
    ck_assert_int_eq(send(fd, client_hello, sizeof client_hello, MSG_NOSIGNAL), sizeof client_hello);
    hear(fd);
    expect("HTTP/1.1 400 ", "Bad Request");
    fd = come();
    say(fd, "GET /hea");
    close(fd);
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "ok");
    tear_down();
}
END_TEST

START_TEST(idle_clients_do_not_keep_others_waiting)
{
    int idle[100];

    set_up();
    for (size_t i = 0; i < ARRAY_LEN(idle); i++) {
        idle[i] = come();
        if (i % 2)
            say(idle[i], "GET /healthz HT");
    }
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "ok");
    for (size_t i = 0; i < ARRAY_LEN(idle); i++)
        close(idle[i]);
    tear_down();
}
END_TEST

/* As one that was stopped: it asks, and asks, and reads nothing. */
START_TEST(a_client_that_takes_no_answer_does_not_keep_others_waiting)
{
    int deaf[20];

    set_up();
    for (size_t i = 0; i < ARRAY_LEN(deaf); i++) {
        deaf[i] = come();
        for (int request = 0; request < 50; request++)
            (void)!send(deaf[i], "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 35, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "ok");
    for (size_t i = 0; i < ARRAY_LEN(deaf); i++)
        close(deaf[i]);
    tear_down();
}
END_TEST

START_TEST(signals_that_stop_others_leave_it_answering)
{
    static const int asked[] = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

    set_up();
    ask("GET /healthz HTTP/1.0\r\n\r\n"); /* by now it ignores them */
    for (size_t i = 0; i < ARRAY_LEN(asked); i++)
        ck_assert_int_eq(kill(admin, asked[i]), 0);
    ask("GET /healthz HTTP/1.0\r\n\r\n");
    expect("HTTP/1.0 200 ", "ok");
    tear_down();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        readiness_follows_the_board,
        health_is_somebody_who_serves_or_is_about_to,
        health_is_a_process_that_moves,
        a_master_that_stopped_in_the_middle_of_a_change_is_no_health,
        metrics_are_what_is_counted_now,
        a_head_has_no_body_and_other_paths_and_methods_are_refused,
        what_is_too_long_or_no_http_costs_its_own_connection_alone,
        idle_clients_do_not_keep_others_waiting,
        a_client_that_takes_no_answer_does_not_keep_others_waiting,
        signals_that_stop_others_leave_it_answering,
    };

    return check_run("admin", tests, ARRAY_LEN(tests));
}
