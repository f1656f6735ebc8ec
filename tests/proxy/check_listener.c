/*
 * Binding: which sockets a section opens, and what is said when one cannot be had.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/harness.h"
#include "support/check_run.h"

static struct harness h;
static char told[4096];

static void hear(void *context, const char *finding)
{
    (void)context;
    snprintf(told, sizeof told, "%s", finding);
}

static const struct config_findings findings = {hear, NULL};

/* A second listener beside the harness's own. */
static struct listener *other(struct config_listen *config)
{
    struct listener *listener =
        listener_new(h.proxy, config, tls_policy_new(random_system(), NULL, NULL), backend_new(&h.backend, findings));

    ck_assert_ptr_nonnull(listener);
    return listener;
}

static uint16_t port_of(int fd)
{
    struct socket_address address;

    ck_assert(address_of_socket(fd, &address));
    return ntohs(address.v4.sin_port);
}

START_TEST(a_busy_port_is_one_clear_line_with_its_place)
{
    struct config_address address = {{"test.conf", 3}, "x", false, "127.0.0.1", 0, NULL};
    struct config_listen config = {.name = "two", .addresses = {&address, 1}};
    struct listener *listener;
    char line[128];

    harness_init(&h);
    harness_start(&h);
    address.port = port_of(listener_socket(h.listener, 0));
    listener = other(&config);
    ck_assert(!listener_bind(listener, findings));
    snprintf(line, sizeof line, "test.conf:3: cannot listen on 127.0.0.1:%u: the address is in use by another process",
             address.port);
    ck_assert_str_eq(told, line);
    listener_free(listener);
    harness_free(&h);
}
END_TEST

START_TEST(an_address_of_another_machine_is_told_in_words)
{
    struct config_address address = {{"test.conf", 3}, "x", false, "192.0.2.77", 8443, NULL};
    struct config_listen config = {.name = "two", .addresses = {&address, 1}};
    struct listener *listener;

    harness_init(&h);
    harness_start(&h);
    listener = other(&config);
    ck_assert(!listener_bind(listener, findings));
    ck_assert_str_eq(told, "test.conf:3: cannot listen on 192.0.2.77:8443: this machine has no such address");
    listener_free(listener);
    harness_free(&h);
}
END_TEST

START_TEST(a_star_listens_on_both_families_side_by_side)
{
    struct config_address address = {{"test.conf", 3}, "*:0", false, NULL, 0, NULL};
    struct config_listen config = {.name = "two", .addresses = {&address, 1}};
    struct listener *listener;
    int fd, v6only = 0;
    socklen_t len = sizeof v6only;

    harness_init(&h);
    harness_start(&h);
    listener = other(&config);
    ck_assert(listener_bind(listener, findings));
    for (size_t i = 0; i < listener_socket_count(listener); i++) {
        struct socket_address own;
        fd = listener_socket(listener, i);
        ck_assert(address_of_socket(fd, &own));
        if (own.any.sa_family == AF_INET6)
            ck_assert_int_eq(getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &len), 0);
    }
    ck_assert_int_eq(v6only, listener_socket_count(listener) == 2);
    listener_free(listener);
    harness_free(&h);
}
END_TEST

static void unix_path(char *path, size_t size)
{
    snprintf(h.directory, sizeof h.directory, "/tmp/sallyport-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(h.directory));
    snprintf(path, size, "%s/backend", h.directory);
}

START_TEST(a_unix_listener_serves_and_its_file_goes_when_it_stops)
{
    char path[100];
    struct stat status;

    harness_init(&h);
    unix_path(path, sizeof path);
    h.address = (struct config_address){.text = "unix", .is_unix = true, .path = path};
    harness_start(&h);
    harness_establish(&h);
    harness_send(&h, h.client, "text", 4);
    harness_expect(&h, h.peer, "text", 4);
    listener_stop(h.listener);
    ck_assert_int_eq(stat(path, &status), -1);
    close(h.client);
    h.client = -1;
    harness_expect_log(&h, "client=unix");
    harness_free(&h);
}
END_TEST

START_TEST(a_socket_file_left_behind_is_replaced_a_living_one_and_other_files_are_not)
{
    char path[100];
    struct config_listen config = {.name = "two", .addresses = {&h.address, 1}};
    struct listener *listener;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    harness_init(&h);
    unix_path(path, sizeof path);
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd); /* nobody listens on it any more, its file is there */
    h.address = (struct config_address){.text = "unix", .is_unix = true, .path = path, .place = {"test.conf", 4}};
    harness_start(&h);
    listener = other(&config);
    ck_assert(!listener_bind(listener, findings));
    ck_assert_ptr_nonnull(strstr(told, "the address is in use by another process"));
    listener_free(listener);
    listener_stop(h.listener);
    fd = open(path, O_CREAT | O_WRONLY, 0600);
    close(fd);
    listener = other(&config);
    ck_assert(!listener_bind(listener, findings));
    listener_free(listener);
    ck_assert_int_eq(access(path, F_OK), 0);
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
    listener_stop(h.listener);
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
    listener_accept_waiting(h.listener);
    listener_stop(h.listener);
    harness_send(&h, waiting, "H", 1);
    harness_expect(&h, waiting, "S", 1);
    close(waiting);
    harness_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_busy_port_is_one_clear_line_with_its_place,
        an_address_of_another_machine_is_told_in_words,
        a_star_listens_on_both_families_side_by_side,
        a_unix_listener_serves_and_its_file_goes_when_it_stops,
        a_socket_file_left_behind_is_replaced_a_living_one_and_other_files_are_not,
        stopping_closes_the_sockets_and_connections_go_on,
        who_waits_when_the_listener_stops_is_still_served,
    };
    return check_run("listener", tests, ARRAY_LEN(tests));
}
