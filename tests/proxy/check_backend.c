/*
 * Round robin, who comes next after a failure, and addresses in and out of words.
 */
#include "proxy/backend.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include "proxy/disk.h"
#include "support/check_run.h"

static char told[4096];

static void hear(void *context, const char *finding)
{
    (void)context;
    snprintf(told, sizeof told, "%s", finding);
}

static const struct config_findings findings = {hear, NULL};

static struct config_address servers[] = {
    {{"test.conf", 5}, "a", false, "127.0.0.1", 1, NULL, NULL},
    {{"test.conf", 6}, "b", false, "127.0.0.2", 2, NULL, NULL},
    {{"test.conf", 7}, "c", false, "127.0.0.3", 3, NULL, NULL},
};

static struct backend *backend_with(size_t count)
{
    const struct config_backend config = {
        .name = "app", .servers = {servers, count}, .connect_timeout = 3000000, .send_proxy = CONFIG_SEND_PROXY_V2};
    struct backend *backend = backend_new(&config, disk_for(PURPOSE_LOOK), findings);

    ck_assert_ptr_nonnull(backend);
    ck_assert_int_eq(backend->send_proxy, CONFIG_SEND_PROXY_V2);
    ck_assert_uint_eq(backend->connect_timeout, 3000000);
    return backend;
}

static const char *next_server(struct backend *backend, struct backend_attempt *attempt)
{
    return backend_next(backend, attempt) ? backend_server_of(backend, attempt)->text : "none";
}

START_TEST(connections_go_round_robin)
{
    static const char *const order[] = {"a", "b", "c", "a", "b"};
    struct backend *backend = backend_with(3);

    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        struct backend_attempt attempt = {0};
        ck_assert_ptr_null(backend_server_of(backend, &attempt));
        ck_assert_str_eq(next_server(backend, &attempt), order[i]);
    }
    backend_free(backend);
}
END_TEST

START_TEST(after_a_failure_the_next_server_gets_one_try)
{
    struct backend *backend = backend_with(3);
    struct backend_attempt first = {0}, second = {0}, third = {0};

    ck_assert_str_eq(next_server(backend, &first), "a");
    ck_assert_str_eq(next_server(backend, &first), "b");
    ck_assert_str_eq(next_server(backend, &first), "none");
    ck_assert_str_eq(next_server(backend, &second), "b"); /* the retry took nobody's turn */
    ck_assert_str_eq(next_server(backend, &third), "c");
    ck_assert_str_eq(next_server(backend, &third), "a");
    backend_free(backend);
}
END_TEST

START_TEST(a_lone_server_is_not_tried_twice)
{
    struct backend *backend = backend_with(1);
    struct backend_attempt attempt = {0};

    ck_assert_str_eq(next_server(backend, &attempt), "a");
    ck_assert_str_eq(next_server(backend, &attempt), "none");
    backend_free(backend);
}
END_TEST

/* "localhost" is ::1 and 127.0.0.1; a server on one of them is not down. */
START_TEST(each_address_of_a_name_is_tried_before_the_next_server_and_the_one_that_worked_comes_first)
{
    struct backend *backend = backend_with(2);
    struct backend_attempt attempt = {0}, later = {0};

    backend->servers[0].address_count = 3;
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(next_server(backend, &attempt), "a");
    backend_worked(backend, &attempt);
    ck_assert_uint_eq(backend->servers[0].preferred, 2);
    ck_assert_str_eq(next_server(backend, &attempt), "b");
    ck_assert_str_eq(next_server(backend, &attempt), "none");
    ck_assert_str_eq(next_server(backend, &later), "b");
    backend_free(backend);
}
END_TEST

/* ---- names */

static struct host_address v4(uint8_t last)
{
    return (struct host_address){.family = 4, .bytes = {192, 0, 2, last}};
}

static struct host_addresses v4s(size_t count, const uint8_t *last)
{
    struct host_addresses out = {.count = 0};

    for (size_t i = 0; i < count; i++) {
        const struct host_address address = v4(last[i]);
        host_addresses_add(&out, &address);
    }
    return out;
}

#define V4S(...) v4s(sizeof((const uint8_t[]){__VA_ARGS__}), (const uint8_t[]){__VA_ARGS__})

static size_t resolve_nothing(void *context, const struct config_address *address, struct socket_address *out,
                              size_t max, const char **fault)
{
    (void)context;
    *fault = "there is no such name";
    return address_is_name(address) ? 0 : address_resolve(address, ADDRESS_TO_CONNECT, out, max, fault);
}

static struct config_address named[] = {
    {{"test.conf", 8}, "one.test:80", false, "one.test", 80, NULL, NULL},
    {{"test.conf", 9}, "127.0.0.2:2", false, "127.0.0.2", 2, NULL, NULL},
    {{"test.conf", 10}, "one.test:81", false, "ONE.test", 81, NULL, NULL},
    {{"test.conf", 11}, "other.test:82", false, "other.test", 82, NULL, NULL},
};

/* Nobody knows the names yet. */
static struct backend *backend_of_names(size_t first, size_t count)
{
    const struct supply supply = {.resolve = resolve_nothing};
    const struct config_backend config = {.name = "app", .servers = {named + first, count}};
    struct backend *backend = backend_new(&config, &supply, findings);

    ck_assert_ptr_nonnull(backend);
    return backend;
}

static const char *next_address(struct backend *backend, struct backend_attempt *attempt)
{
    static char text[ADDRESS_TEXT_LEN];
    const struct socket_address *address;

    if (!backend_next(backend, attempt))
        return "none";
    address = backend_address_of(backend, attempt);
    address_format(&address->any, address->len, text);
    return text;
}

START_TEST(a_name_that_does_not_resolve_is_a_warning_with_its_place)
{
    backend_free(backend_of_names(0, 1));
    ck_assert_str_eq(told,
                     "test.conf:8: warning: server 'one.test:80' gets nothing until its name resolves: there is no "
                     "such name");
}
END_TEST

START_TEST(where_no_name_resolves_no_server_is_tried)
{
    struct backend *backend = backend_of_names(2, 2);
    struct backend_attempt attempt = {0};

    ck_assert_str_eq(next_address(backend, &attempt), "none");
    ck_assert_uint_eq(attempt.servers_tried, 0);
    ck_assert_ptr_null(backend_server_of(backend, &attempt));
    backend_free(backend);
}
END_TEST

START_TEST(a_server_without_an_address_is_passed_over_and_costs_no_try)
{
    struct backend *backend = backend_of_names(0, 4);

    for (int i = 0; i < 3; i++) {
        struct backend_attempt attempt = {0};
        ck_assert_str_eq(next_address(backend, &attempt), "127.0.0.2:2");
        ck_assert_str_eq(next_address(backend, &attempt), "none"); /* not the same server again */
    }
    backend_free(backend);
}
END_TEST

START_TEST(addresses_that_come_later_are_used_by_every_server_of_that_name_at_its_port)
{
    struct backend *backend = backend_of_names(0, 4);
    struct host_addresses addresses = V4S(7, 8);
    struct backend_attempt first = {0}, second = {0}, third = {0};

    backend_set_addresses(backend, "one.test", &addresses);
    ck_assert_str_eq(next_address(backend, &first), "192.0.2.7:80");
    ck_assert_str_eq(next_address(backend, &first), "192.0.2.8:80");
    ck_assert_str_eq(next_address(backend, &first), "127.0.0.2:2");
    ck_assert_str_eq(next_address(backend, &first), "none");
    ck_assert_str_eq(next_address(backend, &second), "127.0.0.2:2");
    ck_assert_str_eq(next_address(backend, &third), "192.0.2.7:81");
    backend_free(backend);
}
END_TEST

START_TEST(the_address_that_worked_stays_the_first_as_long_as_it_is_there)
{
    struct backend *backend = backend_of_names(0, 1);
    struct host_addresses some = V4S(1, 2), more = V4S(3, 1, 2), others = V4S(4, 5);
    struct backend_attempt first = {0}, second = {0}, third = {0};

    backend_set_addresses(backend, "one.test", &some);
    (void)!backend_next(backend, &first);
    ck_assert_str_eq(next_address(backend, &first), "192.0.2.2:80");
    backend_worked(backend, &first);
    backend_set_addresses(backend, "one.test", &more);
    ck_assert_str_eq(next_address(backend, &second), "192.0.2.2:80");
    backend_set_addresses(backend, "one.test", &others);
    ck_assert_str_eq(next_address(backend, &third), "192.0.2.4:80");
    backend_free(backend);
}
END_TEST

/* It was connected to an address that is no longer among them: nothing is to be learnt of that. */
START_TEST(an_attempt_that_is_older_than_the_addresses_goes_on_and_prefers_none_of_them)
{
    struct backend *backend = backend_of_names(0, 1);
    struct host_addresses three = V4S(1, 2, 3), one = V4S(9), two = V4S(8, 9);
    struct backend_attempt attempt = {0}, later = {0};

    backend_set_addresses(backend, "one.test", &three);
    (void)!backend_next(backend, &attempt);
    ck_assert_str_eq(next_address(backend, &attempt), "192.0.2.2:80");
    backend_set_addresses(backend, "one.test", &two);
    backend_worked(backend, &attempt);
    ck_assert_uint_eq(backend->servers[0].preferred, 0);
    backend_set_addresses(backend, "one.test", &one);
    ck_assert_uint_eq(backend_address_of(backend, &attempt)->len, sizeof(struct sockaddr_in));
    ck_assert_str_eq(next_address(backend, &attempt), "none");
    ck_assert_str_eq(next_address(backend, &later), "192.0.2.9:80");
    backend_free(backend);
}
END_TEST

START_TEST(no_addresses_at_all_take_nothing_away)
{
    struct backend *backend = backend_of_names(0, 1);
    struct host_addresses one = V4S(1), none = {.count = 0};
    struct backend_attempt attempt = {0};

    backend_set_addresses(backend, "one.test", &one);
    backend_set_addresses(backend, "one.test", &none);
    ck_assert_str_eq(next_address(backend, &attempt), "192.0.2.1:80");
    backend_free(backend);
}
END_TEST

START_TEST(a_unix_path_that_no_address_can_hold_is_told)
{
    char path[200];
    struct config_address bad = {{"test.conf", 9}, "unix:...", true, NULL, 0, path, NULL};
    const struct config_backend config = {.name = "app", .servers = {&bad, 1}};

    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = 0;
    ck_assert_ptr_null(backend_new(&config, disk_for(PURPOSE_LOOK), findings));
    ck_assert_ptr_nonnull(strstr(told, "at most 107 bytes"));
}
END_TEST

START_TEST(the_demo_backend_is_on_loopback)
{
    struct backend *backend = backend_new_demo(8081);
    char text[ADDRESS_TEXT_LEN];

    ck_assert(backend->is_demo);
    address_format(&backend->servers[0].addresses[0].any, backend->servers[0].addresses[0].len, text);
    ck_assert_str_eq(text, "127.0.0.1:8081");
    backend_free(backend);
}
END_TEST

START_TEST(a_star_is_every_address_to_listen_on_and_loopback_to_connect_to)
{
    const struct config_address any = {.text = "*:443", .port = 443};
    struct socket_address out[4];
    const char *fault = NULL;
    char text[ADDRESS_TEXT_LEN];

    ck_assert_uint_eq(address_resolve(&any, ADDRESS_TO_LISTEN, out, 4, &fault), 2);
    address_format(&out[0].any, out[0].len, text);
    ck_assert_str_eq(text, "0.0.0.0:443");
    address_format(&out[1].any, out[1].len, text);
    ck_assert_str_eq(text, "[::]:443");
    ck_assert_uint_eq(address_resolve(&any, ADDRESS_TO_CONNECT, out, 4, &fault), 1);
    address_format(&out[0].any, out[0].len, text);
    ck_assert_str_eq(text, "127.0.0.1:443");
}
END_TEST

START_TEST(addresses_are_written_as_people_know_them)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(40000)};
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/app.sock"}, unnamed = {.sun_family = AF_UNIX};
    char text[ADDRESS_TEXT_LEN];

    ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8::1", &v6.sin6_addr), 1);
    address_format((struct sockaddr *)&v6, sizeof v6, text);
    ck_assert_str_eq(text, "[2001:db8::1]:40000");
    ck_assert_int_eq(inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr), 1);
    address_format((struct sockaddr *)&v6, sizeof v6, text);
    ck_assert_str_eq(text, "192.0.2.1:40000");
    address_format((struct sockaddr *)&un, sizeof un, text);
    ck_assert_str_eq(text, "unix:/run/app.sock");
    address_format((struct sockaddr *)&unnamed, sizeof(sa_family_t), text);
    ck_assert_str_eq(text, "unix");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        connections_go_round_robin,
        after_a_failure_the_next_server_gets_one_try,
        a_lone_server_is_not_tried_twice,
        each_address_of_a_name_is_tried_before_the_next_server_and_the_one_that_worked_comes_first,
        a_name_that_does_not_resolve_is_a_warning_with_its_place,
        where_no_name_resolves_no_server_is_tried,
        a_server_without_an_address_is_passed_over_and_costs_no_try,
        addresses_that_come_later_are_used_by_every_server_of_that_name_at_its_port,
        the_address_that_worked_stays_the_first_as_long_as_it_is_there,
        an_attempt_that_is_older_than_the_addresses_goes_on_and_prefers_none_of_them,
        no_addresses_at_all_take_nothing_away,
        a_unix_path_that_no_address_can_hold_is_told,
        the_demo_backend_is_on_loopback,
        a_star_is_every_address_to_listen_on_and_loopback_to_connect_to,
        addresses_are_written_as_people_know_them,
    };
    return check_run("backend", tests, ARRAY_LEN(tests));
}
