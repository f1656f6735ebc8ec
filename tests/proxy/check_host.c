/*
 * The addresses behind a name: as sets, in words, as sockets want them, and asked for.
 */
#include "proxy/host.h"

#include <arpa/inet.h>

#include "support/check_run.h"

static struct host_address v4(uint8_t last)
{
    return (struct host_address){.family = 4, .bytes = {192, 0, 2, last}};
}

static struct host_address link_local(uint32_t scope)
{
    return (struct host_address){.family = 6, .bytes = {0xfe, 0x80, [15] = 1}, .scope = scope};
}

static void add(struct host_addresses *to, struct host_address address)
{
    host_addresses_add(to, &address);
}

START_TEST(an_address_is_there_once)
{
    struct host_addresses some = {.count = 0};

    add(&some, v4(1));
    add(&some, v4(2));
    add(&some, v4(1));
    add(&some, link_local(1));
    add(&some, link_local(2)); /* another one, for it is behind another interface */
    add(&some, link_local(2));
    ck_assert_uint_eq(some.count, 4);
}
END_TEST

START_TEST(sets_are_the_same_in_whatever_order)
{
    struct host_addresses a = {.count = 0}, b = {.count = 0};

    ck_assert(host_addresses_are_same(&a, &b));
    add(&a, v4(1));
    ck_assert(!host_addresses_are_same(&a, &b) && !host_addresses_are_same(&b, &a));
    add(&a, link_local(1));
    add(&b, link_local(1));
    add(&b, v4(1));
    ck_assert(host_addresses_are_same(&a, &b));
    b.items[0].scope = 2;
    ck_assert(!host_addresses_are_same(&a, &b));
}
END_TEST

START_TEST(of_too_many_the_same_ones_are_kept_however_they_are_told)
{
    enum { MANY = 3 * MAX_SERVER_ADDRESSES };
    struct host_addresses forwards = {.count = 0}, backwards = {.count = 0};

    for (uint8_t i = 0; i < MANY; i++) {
        add(&forwards, v4(i));
        add(&backwards, v4((uint8_t)(MANY - 1 - i)));
    }
    ck_assert_uint_eq(forwards.count, MAX_SERVER_ADDRESSES);
    ck_assert(host_addresses_are_same(&forwards, &backwards));
}
END_TEST

START_TEST(they_are_written_as_people_know_them_and_the_longest_have_room)
{
    struct host_addresses some = {.count = 0};
    char text[HOST_TEXT_LEN];

    host_addresses_format(&some, text);
    ck_assert_str_eq(text, "");
    add(&some, v4(1));
    add(&some, link_local(3));
    host_addresses_format(&some, text);
    ck_assert_str_eq(text, "192.0.2.1,fe80::1");
    some.count = MAX_SERVER_ADDRESSES;
    for (size_t i = 0; i < some.count; i++) {
        some.items[i].family = 6;
        memset(some.items[i].bytes, 0xff, 16);
    }
    host_addresses_format(&some, text);
    ck_assert_uint_eq(strlen(text), MAX_SERVER_ADDRESSES * 40 - 1);
}
END_TEST

START_TEST(with_a_port_they_are_addresses_of_sockets_and_back)
{
    struct host_addresses some = {.count = 0};
    struct socket_address out[3];
    struct host_address back;
    char text[ADDRESS_TEXT_LEN];

    add(&some, v4(1));
    add(&some, link_local(3));
    ck_assert_uint_eq(host_addresses_with_port(&some, 443, out, 1), 1);
    ck_assert_uint_eq(host_addresses_with_port(&some, 443, out, 3), 2);
    address_format(&out[0].any, out[0].len, text);
    ck_assert_str_eq(text, "192.0.2.1:443");
    ck_assert_uint_eq(out[0].len, sizeof(struct sockaddr_in));
    address_format(&out[1].any, out[1].len, text);
    ck_assert_str_eq(text, "[fe80::1]:443");
    ck_assert_uint_eq(out[1].v6.sin6_scope_id, 3);
    for (size_t i = 0; i < 2; i++) {
        ck_assert(host_address_of_socket(&out[i], &back));
        ck_assert_mem_eq(&back, &some.items[i], sizeof back);
    }
    ck_assert(!host_address_of_socket(&(struct socket_address){.any = {.sa_family = AF_UNIX}}, &back));
}
END_TEST

START_TEST(a_number_is_looked_up_as_itself)
{
    struct host_addresses some;

    ck_assert_int_eq(host_look_up("192.0.2.7", &some), HOST_OK);
    ck_assert_uint_eq(some.count, 1);
    ck_assert_mem_eq(some.items[0].bytes, ((uint8_t[16]){192, 0, 2, 7}), 16);
}
END_TEST

START_TEST(what_is_no_name_has_no_addresses_and_words_for_it)
{
    struct host_addresses some = {.count = 3};
    enum host_fault fault = host_look_up("no name", &some);

    ck_assert_int_ne(fault, HOST_OK);
    ck_assert_uint_eq(some.count, 0);
    ck_assert_str_ne(host_fault_words(fault), host_fault_words(HOST_OK));
    ck_assert_str_eq(host_fault_words(HOST_NO_SERVER), "no name server answers");
}
END_TEST

START_TEST(a_name_is_neither_a_number_nor_a_path_nor_a_star)
{
    static const struct {
        struct config_address address;
        bool is_name;
    } rows[] = {
        {{.host = "localhost"}, true},
        {{.host = "127.example"}, true},
        {{.host = "127.0.0.1"}, false},
        {{.host = "::1"}, false},
        {{.host = "fe80::1%eth0"}, false},
        {{.host = NULL}, false},
        {{.is_unix = true, .path = "/run/app"}, false},
        {{.socket = "web"}, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_msg(address_is_name(&rows[i].address) == rows[i].is_name, "row %zu", i);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_address_is_there_once,
        sets_are_the_same_in_whatever_order,
        of_too_many_the_same_ones_are_kept_however_they_are_told,
        they_are_written_as_people_know_them_and_the_longest_have_room,
        with_a_port_they_are_addresses_of_sockets_and_back,
        a_number_is_looked_up_as_itself,
        what_is_no_name_has_no_addresses_and_words_for_it,
        a_name_is_neither_a_number_nor_a_path_nor_a_star,
    };
    return check_run("host", tests, ARRAY_LEN(tests));
}
