#include "config/address.h"

#include "support/check_run.h"

#include <stdio.h>

static struct arena arena;
static struct config_address address;
static char fault[ADDRESS_FAULT_LEN];

static enum address_answer parse(const char *text, enum address_use use)
{
    address = (struct config_address){.port = 0};
    fault[0] = 0;
    return address_parse(&arena, text, use, &address, fault);
}

static void is_host_and_port(const char *text, const char *host, unsigned port)
{
    ck_assert_msg(parse(text, ADDRESS_TO_LISTEN) == ADDRESS_OK, "%s %s", text, fault);
    ck_assert(!address.is_unix);
    ck_assert_str_eq(address.text, text);
    if (host)
        ck_assert_str_eq(address.host, host);
    else
        ck_assert_ptr_null(address.host);
    ck_assert_uint_eq(address.port, port);
    arena_free(&arena);
}

static void is_refused(const char *text, enum address_use use, const char *expected)
{
    ck_assert_msg(parse(text, use) == ADDRESS_WRONG, "%s", text);
    ck_assert_str_eq(fault, expected);
    arena_free(&arena);
}

START_TEST(hosts_are_names_or_numeric_addresses)
{
    is_host_and_port("localhost:8443", "localhost", 8443);
    is_host_and_port("127.0.0.1:1", "127.0.0.1", 1);
    is_host_and_port("a-b.c_d.example.:65535", "a-b.c_d.example.", 65535);
    is_host_and_port("[::1]:443", "::1", 443);
    is_host_and_port("[fe80::1%eth0]:443", "fe80::1%eth0", 443);
    is_host_and_port("[::ffff:127.0.0.1]:443", "::ffff:127.0.0.1", 443);
    is_host_and_port("4you.example:443", "4you.example", 443);
}
END_TEST

START_TEST(a_star_or_nothing_stands_for_every_address)
{
    is_host_and_port("*:443", NULL, 443);
    is_host_and_port(":443", NULL, 443);
    is_refused("*:443", ADDRESS_TO_CONNECT, "has no host to connect to: host:port");
    is_refused(":443", ADDRESS_TO_CONNECT, "has no host to connect to: host:port");
}
END_TEST

START_TEST(ports_are_from_1_to_65535)
{
    static const char *const wrong[] = {
        "h:",   "h:0",      "h:65536", "h:-1", "h: 1",    "h:1 ",        "h:http",
        "h:+1", "h:443443", ":0",      "*:",   "[::1]:0", "[::1]:65536", "h:18446744073709552059"}; /* 2^64 + 443 */

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        is_refused(wrong[i], ADDRESS_TO_LISTEN, "has no port from 1 to 65535");
    is_host_and_port("h:00443", "h", 443);
}
END_TEST

START_TEST(an_address_without_a_port_is_told_what_it_may_have_meant)
{
    is_refused("443", ADDRESS_TO_LISTEN, "is a port alone, did you mean ':443'?");
    is_refused("443", ADDRESS_TO_CONNECT, "has no port: host:port");
    is_refused("localhost", ADDRESS_TO_LISTEN, "has no port: host:port");
    is_refused("99999", ADDRESS_TO_LISTEN, "has no port: host:port");
    is_refused("/run/app.sock", ADDRESS_TO_CONNECT, "is a path: unix:/run/app.sock would be a socket");
    is_refused("*", ADDRESS_TO_LISTEN, "has no port: host:port");
}
END_TEST

START_TEST(ipv6_without_brackets_is_refused)
{
    static const char expected[] = "has more than one ':'; an IPv6 address stands in brackets: [::1]:443";

    is_refused("::1", ADDRESS_TO_LISTEN, expected);
    is_refused("::", ADDRESS_TO_LISTEN, expected);
    is_refused("::1:443", ADDRESS_TO_LISTEN, expected);
    is_refused("2001:db8::1:443", ADDRESS_TO_LISTEN, expected);
    is_refused("a:b:443", ADDRESS_TO_LISTEN, expected);
    is_refused("http://a:80", ADDRESS_TO_LISTEN, expected);
}
END_TEST

START_TEST(brackets_hold_an_ipv6_address_and_a_port_follows)
{
    is_refused("[::1]", ADDRESS_TO_LISTEN, "is not [address]:port");
    is_refused("[::1]443", ADDRESS_TO_LISTEN, "is not [address]:port");
    is_refused("[::1:443", ADDRESS_TO_LISTEN, "is not [address]:port");
    is_refused("[", ADDRESS_TO_LISTEN, "is not [address]:port");
    is_refused("[]:443", ADDRESS_TO_LISTEN, "has no IPv6 address in its brackets");
    is_refused("[127.0.0.1]:443", ADDRESS_TO_LISTEN, "has no IPv6 address in its brackets");
    is_refused("[::g]:443", ADDRESS_TO_LISTEN, "has no IPv6 address in its brackets");
    is_refused("[fe80::1%]:443", ADDRESS_TO_LISTEN, "has no IPv6 address in its brackets");
    is_refused("[0000:0000:0000:0000:0000:0000:127.127.127.1270]:443", ADDRESS_TO_LISTEN,
               "has no IPv6 address in its brackets"); /* as long as the longest, with its zero byte */
    is_refused("[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:443", ADDRESS_TO_LISTEN,
               "has no IPv6 address in its brackets");
}
END_TEST

START_TEST(a_host_is_no_half_of_an_ipv4_address_nor_a_url)
{
    is_refused("1.2.3:80", ADDRESS_TO_LISTEN, "is no IPv4 address, which has four numbers up to 255");
    is_refused("1.2.3.256:80", ADDRESS_TO_LISTEN, "is no IPv4 address, which has four numbers up to 255");
    is_refused("80:80", ADDRESS_TO_LISTEN, "is no IPv4 address, which has four numbers up to 255");
    is_refused("a b:80", ADDRESS_TO_LISTEN, "has no host name before its port");
    is_refused("a/b:80", ADDRESS_TO_LISTEN, "has no host name before its port");
    is_refused("**:80", ADDRESS_TO_LISTEN, "has no host name before its port");
}
END_TEST

START_TEST(a_host_name_has_at_most_253_bytes)
{
    char text[300];

    memset(text, 'a', 254);
    strcpy(text + 253, ":80");
    ck_assert_int_eq(parse(text, ADDRESS_TO_CONNECT), ADDRESS_OK);
    strcpy(text + 253, "a:80");
    is_refused(text, ADDRESS_TO_CONNECT, "has no host name before its port");
}
END_TEST

/* unix(7): sun_path has 108 bytes, one of them the final zero byte. */
START_TEST(a_unix_path_is_absolute_and_fits_a_socket_address)
{
    char text[200] = "unix:/";

    ck_assert_int_eq(parse("unix:/run/app.sock", ADDRESS_TO_CONNECT), ADDRESS_OK);
    ck_assert(address.is_unix);
    ck_assert_str_eq(address.path, "/run/app.sock");
    memset(text + 6, 'p', 106);
    ck_assert_int_eq(parse(text, ADDRESS_TO_LISTEN), ADDRESS_OK);
    ck_assert_uint_eq(strlen(address.path), 107);
    text[112] = 'p';
    is_refused(text, ADDRESS_TO_LISTEN, "has a path of 108 bytes, a unix socket takes 107");
    is_refused("unix:run/app.sock", ADDRESS_TO_LISTEN, "needs an absolute path: unix:/path");
    is_refused("unix:", ADDRESS_TO_LISTEN, "needs an absolute path: unix:/path");
}
END_TEST

/* sd_listen_fds_with_names(3): a name has no colon. */
START_TEST(a_socket_of_the_service_manager_is_named_and_only_listened_on)
{
    char text[80] = "systemd:";

    ck_assert_int_eq(parse("systemd:web-1.main_2", ADDRESS_TO_LISTEN), ADDRESS_OK);
    ck_assert_str_eq(address.socket, "web-1.main_2");
    ck_assert(!address.is_unix && !address.host);
    memset(text + 8, 'n', 63);
    ck_assert_int_eq(parse(text, ADDRESS_TO_LISTEN), ADDRESS_OK);
    text[71] = 'n';
    is_refused(text, ADDRESS_TO_LISTEN, "has no name of a socket, of up to 63 letters, digits, '.', '-' and '_'");
    is_refused("systemd:", ADDRESS_TO_LISTEN, "has no name of a socket, of up to 63 letters, digits, '.', '-' and '_'");
    is_refused("systemd:a:b", ADDRESS_TO_LISTEN,
               "has no name of a socket, of up to 63 letters, digits, '.', '-' and '_'");
    is_refused("systemd:web", ADDRESS_TO_CONNECT, "is a socket to listen on");
}
END_TEST

static bool collide(const char *a, const char *b)
{
    struct config_address left;

    ck_assert_int_eq(parse(a, ADDRESS_TO_LISTEN), ADDRESS_OK);
    left = address;
    ck_assert_int_eq(parse(b, ADDRESS_TO_LISTEN), ADDRESS_OK);
    ck_assert_int_eq(address_collides(&left, &address), address_collides(&address, &left));
    return address_collides(&left, &address);
}

START_TEST(addresses_collide_when_one_socket_would_take_the_others_connections)
{
    ck_assert(collide("*:443", ":443"));
    ck_assert(collide("systemd:web", "systemd:web"));
    ck_assert(!collide("systemd:web", "systemd:mail"));
    ck_assert(!collide("systemd:web", "*:443"));
    ck_assert(collide("*:443", "127.0.0.1:443"));
    ck_assert(collide("*:443", "[::1]:443"));
    ck_assert(collide("0.0.0.0:443", "127.0.0.1:443"));
    ck_assert(collide("[::1]:443", "[0:0:0:0:0:0:0:1]:443"));
    ck_assert(collide("LocalHost:443", "localhost:443"));
    ck_assert(collide("unix:/a", "unix:/a"));
    ck_assert(!collide("*:443", "*:444"));
    ck_assert(!collide("127.0.0.1:443", "127.0.0.2:443"));
    ck_assert(!collide("0.0.0.0:443", "[::1]:443"));
    ck_assert(!collide("unix:/a", "unix:/b"));
    ck_assert(!collide("unix:/a", "*:443"));
    arena_free(&arena);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        hosts_are_names_or_numeric_addresses,
        a_star_or_nothing_stands_for_every_address,
        ports_are_from_1_to_65535,
        an_address_without_a_port_is_told_what_it_may_have_meant,
        ipv6_without_brackets_is_refused,
        brackets_hold_an_ipv6_address_and_a_port_follows,
        a_host_is_no_half_of_an_ipv4_address_nor_a_url,
        a_host_name_has_at_most_253_bytes,
        a_unix_path_is_absolute_and_fits_a_socket_address,
        a_socket_of_the_service_manager_is_named_and_only_listened_on,
        addresses_collide_when_one_socket_would_take_the_others_connections,
    };
    return check_run("address", tests, ARRAY_LEN(tests));
}
