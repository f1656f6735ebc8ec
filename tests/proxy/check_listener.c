/*
 * A listener at its end: who waits, who is inside, and when nothing holds it any more.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "proxy/harness.h"
#include "support/check_run.h"

static struct harness h;

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
    harness_send(&h, waiting, "H", 1);
    harness_expect(&h, waiting, "S", 1);
    close(waiting);
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
        who_waits_for_others_is_left_to_them,
        a_socket_that_others_hold_on_to_wakes_nobody_here_any_more,
        it_is_idle_when_its_sockets_are_closed_and_its_last_connection_has_ended,
    };
    return check_run("listener", tests, ARRAY_LEN(tests));
}
