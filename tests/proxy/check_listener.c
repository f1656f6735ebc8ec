/*
 * A listener at its end: who waits, who is inside, and when nothing holds it any more.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proxy/harness.h"
#include "support/check_run.h"

static struct harness h;

/* In front of the C library's, to fail as the kernel does on a bad day. */
static struct {
    int error;    /* errno of the next ones ... */
    size_t times; /* ... that many */
    size_t calls;
} accepting;

int accept4(int fd, struct sockaddr *peer, socklen_t *len, int flags)
{
    accepting.calls++;
    if (accepting.times == 0)
        return (int)syscall(SYS_accept4, fd, peer, len, flags);
    accepting.times--;
    errno = accepting.error;
    return -1;
}

/* A client that waits, or is silent, shakes hands; then it goes. */
static void expect_served(int client)
{
    harness_send(&h, client, "H", 1);
    harness_expect(&h, client, "S", 1);
    close(client);
}

static uint16_t port_of(int fd)
{
    struct socket_address address;

    ck_assert(address_of_socket(fd, &address));
    return ntohs(address.v4.sin_port);
}

/* Nobody else holds the sockets then. */
static void let_go_of_sockets(void)
{
    listen_sockets_free(h.sockets);
    h.sockets = NULL;
}

START_TEST(a_unix_listener_serves)
{
    static char path[100];

    harness_init(&h);
    snprintf(h.directory, sizeof h.directory, "/tmp/sallyport-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(h.directory));
    snprintf(path, sizeof path, "%s/backend", h.directory);
    h.address = (struct config_address){.text = "unix", .is_unix = true, .path = path};
    harness_start(&h);
    harness_establish(&h);
    harness_send(&h, h.client, "text", 4);
    harness_expect(&h, h.peer, "text", 4);
    close(h.client);
    h.client = -1;
    harness_expect_log(&h, "client=unix");
    harness_free(&h);
}
END_TEST

START_TEST(stopping_closes_the_sockets_and_connections_go_on)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd;

    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    address.sin_port = htons(port_of(listener_socket(h.listener, 0)));
    let_go_of_sockets();
    listener_stop(h.listener, LISTENER_TAKES_WAITING);
    HARNESS_WAIT(&h, listener_socket_count(h.listener) == 0);
    fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), -1);
    ck_assert_int_eq(errno, ECONNREFUSED);
    close(fd);
    harness_send(&h, h.client, "still", 5);
    harness_expect(&h, h.peer, "still", 5);
    harness_free(&h);
}
END_TEST

START_TEST(who_waits_when_the_listener_stops_is_still_served)
{
    int waiting;

    harness_init(&h);
    harness_start(&h);
    waiting = harness_connect(&h); /* no turn of the loop: it is in the kernel's queue */
    let_go_of_sockets();
    listener_stop(h.listener, LISTENER_TAKES_WAITING);
    expect_served(waiting);
    harness_free(&h);
}
END_TEST

/* accept(2): what is wrong with one connection says nothing of those behind it. */
START_TEST(who_waits_behind_one_that_was_given_up_is_still_served)
{
    static const int passing[] = {ECONNABORTED, EPROTO, ENETDOWN, EINTR};

    for (size_t i = 0; i < ARRAY_LEN(passing); i++) {
        int waiting;
        harness_init(&h);
        harness_start(&h);
        waiting = harness_connect(&h);
        let_go_of_sockets();
        accepting.error = passing[i];
        accepting.times = 3;
        listener_stop(h.listener, LISTENER_TAKES_WAITING);
        expect_served(waiting);
        harness_free(&h);
    }
}
END_TEST

enum { FEW = 64 }; /* descriptors, more than a test has */

static struct {
    struct rlimit limit; /* as it was */
    int fds[FEW];
    size_t count;
} fillers;

static void use_up_descriptors(void)
{
    struct rlimit few;
    int fd;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &fillers.limit), 0);
    few = (struct rlimit){FEW, fillers.limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
    fillers.count = 0;
    while ((fd = dup(STDERR_FILENO)) >= 0)
        fillers.fds[fillers.count++] = fd;
    ck_assert_int_eq(errno, EMFILE);
}

static void give_descriptors_back(void)
{
    while (fillers.count > 0)
        close(fillers.fds[--fillers.count]);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &fillers.limit), 0);
}

START_TEST(who_waits_when_the_listener_stops_without_a_free_descriptor_takes_the_place_of_an_unfinished_handshake)
{
    int silent[3], waiting[2];

    harness_init(&h);
    harness_start(&h);
    for (size_t i = 0; i < ARRAY_LEN(silent); i++)
        silent[i] = harness_connect(&h);
    HARNESS_WAIT(&h, h.proxy->connection_count == 3);
    waiting[0] = harness_connect(&h);
    waiting[1] = harness_connect(&h);
    let_go_of_sockets();
    use_up_descriptors();
    listener_stop(h.listener, LISTENER_TAKES_WAITING);
    HARNESS_WAIT(&h, listener_socket_count(h.listener) == 0);
    give_descriptors_back();
    for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
        expect_served(waiting[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(silent); i++)
        close(silent[i]);
    harness_free(&h);
}
END_TEST

START_TEST(who_waits_when_nobody_can_make_place_is_left_behind_with_a_line)
{
    int waiting;

    harness_init(&h);
    harness_start(&h);
    waiting = harness_connect(&h);
    let_go_of_sockets();
    accepting.error = EMFILE;
    accepting.times = 1000;
    listener_stop(h.listener, LISTENER_TAKES_WAITING);
    HARNESS_WAIT(&h, listener_socket_count(h.listener) == 0);
    accepting.times = 0;
    harness_expect_log(&h, "listener web closes and cannot accept who still waits (Too many open files)");
    ck_assert_int_eq(harness_end_of(waiting), HARNESS_RESET);
    close(waiting);
    harness_free(&h);
}
END_TEST

/* Somebody ended it, for all who hold it: accept(2) fails and poll(2) says that something waits. */
START_TEST(a_socket_that_does_not_listen_any_more_costs_no_handshake)
{
    int silent;

    harness_init(&h);
    harness_start(&h);
    silent = harness_connect(&h);
    HARNESS_WAIT(&h, h.proxy->connection_count == 1);
    ck_assert_int_eq(shutdown(listener_socket(h.listener, 0), SHUT_RD), 0);
    harness_expect_log(&h, "listener web cannot accept (Invalid argument)");
    listener_stop(h.listener, LISTENER_TAKES_WAITING);
    HARNESS_WAIT(&h, listener_socket_count(h.listener) == 0);
    ck_assert_uint_eq(h.proxy->counters->shed, 0);
    expect_served(silent);
    harness_free(&h);
}
END_TEST

enum { MANY = 2 * MAX_ACCEPTS_PER_WAKE + 2 };

START_TEST(more_who_wait_than_are_accepted_in_one_turn_are_taken_in_over_some)
{
    int waiting[MANY];

    harness_init(&h);
    h.settings.max_connections = MANY;
    harness_start(&h);
    for (size_t i = 0; i < MANY; i++)
        waiting[i] = harness_connect(&h);
    let_go_of_sockets();
    listener_stop(h.listener, LISTENER_TAKES_WAITING);
    HARNESS_WAIT(&h, h.proxy->connection_count > 0);
    ck_assert_uint_eq(h.proxy->connection_count, MAX_ACCEPTS_PER_WAKE);
    HARNESS_WAIT(&h, listener_socket_count(h.listener) == 0);
    ck_assert_uint_eq(h.proxy->counters->accepted, MANY);
    for (size_t i = 0; i < MANY; i++)
        close(waiting[i]);
    harness_free(&h);
}
END_TEST

/* Those who come while it is emptied, and give up at once, are as good as an error for ever. */
START_TEST(a_queue_that_never_ends_is_left_after_as_many_as_it_holds)
{
    harness_init(&h);
    harness_start(&h);
    let_go_of_sockets();
    accepting.calls = 0;
    accepting.error = ECONNABORTED;
    accepting.times = 10 * LISTEN_BACKLOG;
    listener_stop(h.listener, LISTENER_TAKES_WAITING);
    HARNESS_WAIT(&h, listener_socket_count(h.listener) == 0);
    accepting.times = 0;
    ck_assert_uint_eq(accepting.calls, LISTEN_BACKLOG);
    harness_free(&h);
}
END_TEST

START_TEST(who_waits_for_others_is_left_to_them)
{
    int waiting;

    harness_init(&h);
    harness_start(&h);
    waiting = harness_connect(&h);
    listener_stop(h.listener, LISTENER_LEAVES_WAITING);
    HARNESS_WAIT(&h, listener_socket_count(h.listener) == 0);
    ck_assert_uint_eq(h.proxy->counters->accepted, 0);
    close(accept(h.sockets->sockets[0].fd, NULL, NULL)); /* it does not wait: there is one */
    close(waiting);
    harness_free(&h);
}
END_TEST

/* Another process still holds the socket: what comes there must not wake us, or a loop would spin. */
START_TEST(a_socket_that_others_hold_on_to_wakes_nobody_here_any_more)
{
    clock_t before;
    int waiting;

    harness_init(&h);
    harness_start(&h);
    harness_turn(&h, 1);
    listener_stop(h.listener, LISTENER_LEAVES_WAITING);
    HARNESS_WAIT(&h, listener_socket_count(h.listener) == 0);
    waiting = harness_connect(&h);
    before = clock();
    harness_turn(&h, 300);
    ck_assert_int_lt((clock() - before) * 1000 / CLOCKS_PER_SEC, 20);
    close(waiting);
    harness_free(&h);
}
END_TEST

static size_t idle_count;

static void count_idle(void *context)
{
    (void)context;
    idle_count++;
}

START_TEST(it_is_idle_when_its_sockets_are_closed_and_its_last_connection_has_ended)
{
    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    idle_count = 0;
    listener_when_idle(h.listener, count_idle, NULL);
    listener_stop(h.listener, LISTENER_LEAVES_WAITING);
    HARNESS_WAIT(&h, listener_socket_count(h.listener) == 0);
    ck_assert(!listener_is_idle(h.listener));
    ck_assert_uint_eq(idle_count, 0);
    close(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, idle_count == 1);
    ck_assert(listener_is_idle(h.listener));
    harness_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_unix_listener_serves,
        stopping_closes_the_sockets_and_connections_go_on,
        who_waits_when_the_listener_stops_is_still_served,
        who_waits_behind_one_that_was_given_up_is_still_served,
        who_waits_when_the_listener_stops_without_a_free_descriptor_takes_the_place_of_an_unfinished_handshake,
        who_waits_when_nobody_can_make_place_is_left_behind_with_a_line,
        a_socket_that_does_not_listen_any_more_costs_no_handshake,
        more_who_wait_than_are_accepted_in_one_turn_are_taken_in_over_some,
        a_queue_that_never_ends_is_left_after_as_many_as_it_holds,
        who_waits_for_others_is_left_to_them,
        a_socket_that_others_hold_on_to_wakes_nobody_here_any_more,
        it_is_idle_when_its_sockets_are_closed_and_its_last_connection_has_ended,
    };
    return check_run("listener", tests, ARRAY_LEN(tests));
}
