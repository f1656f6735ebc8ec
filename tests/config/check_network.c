#include "config/network.h"

#include <arpa/inet.h>
#include <check.h>

#include "support/check_run.h"

static struct config_network network;
static char fault[NETWORK_FAULT_LEN];

static void is_taken(const char *text)
{
    const char *found = network_parse(text, &network, fault);

    ck_assert_msg(!found, "%s %s", text, found);
    ck_assert_str_eq(network.text, text);
}

static void is_refused(const char *text, const char *expected)
{
    const char *found = network_parse(text, &network, fault);

    ck_assert_msg(found != NULL, "%s is taken", text);
    ck_assert_str_eq(found, expected);
}

static bool has(const char *address)
{
    bool is_v6 = strchr(address, ':') != NULL;
    uint8_t bytes[16];

    ck_assert_int_eq(inet_pton(is_v6 ? AF_INET6 : AF_INET, address, bytes), 1);
    return config_network_has(&network, is_v6, bytes);
}

START_TEST(a_network_has_what_begins_with_its_bits_and_nothing_else)
{
    is_taken("10.32.0.0/11");
    ck_assert_uint_eq(network.prefix_len, 11);
    ck_assert(has("10.32.0.0") && has("10.63.255.255"));
    ck_assert(!has("10.31.255.255") && !has("10.64.0.0") && !has("11.32.0.0"));
    is_taken("172.17.0.0/16");
    ck_assert(has("172.17.1.2") && !has("172.18.1.2"));
    is_taken("2001:db8::/33");
    ck_assert(has("2001:db8:7fff::1") && !has("2001:db8:8000::1"));
    is_taken("2001:db8:0:1::/64");
    ck_assert(has("2001:db8:0:1:ffff::") && !has("2001:db8:0:2::"));
}
END_TEST

START_TEST(an_address_alone_is_a_network_of_one)
{
    is_taken("192.0.2.1");
    ck_assert_uint_eq(network.prefix_len, 32);
    ck_assert(has("192.0.2.1") && !has("192.0.2.0"));
    is_taken("::1");
    ck_assert_uint_eq(network.prefix_len, 128);
    ck_assert(has("::1") && !has("::"));
}
END_TEST

/* `::/0` is not `0.0.0.0/0`: who means all writes both. */
START_TEST(everything_is_everything_of_one_family)
{
    is_taken("0.0.0.0/0");
    ck_assert(has("255.1.2.3") && !has("::1"));
    is_taken("::/0");
    ck_assert(has("ffff::1") && !has("1.2.3.4"));
}
END_TEST

START_TEST(bits_behind_the_prefix_are_told_with_what_may_have_been_meant)
{
    is_refused("10.1.2.3/8", "has bits behind its prefix: did you mean 10.0.0.0/8?");
    is_refused("10.0.0.1/31", "has bits behind its prefix: did you mean 10.0.0.0/31?");
    is_refused("0.0.0.1/0", "has bits behind its prefix: did you mean 0.0.0.0/0?");
    is_refused("2001:db8::1/64", "has bits behind its prefix: did you mean 2001:db8::/64?");
}
END_TEST

START_TEST(a_prefix_is_a_number_that_the_family_has)
{
    static const char v4[] = "has no prefix from 0 to 32 behind its '/'",
                      v6[] = "has no prefix from 0 to 128 behind its '/'";

    is_refused("10.0.0.0/33", v4);
    is_refused("10.0.0.0/", v4);
    is_refused("10.0.0.0/-1", v4);
    is_refused("10.0.0.0/8/8", v4);
    is_refused("10.0.0.0/255.0.0.0", v4);
    is_refused("10.0.0.0/264", v4); /* 8 in a byte */
    is_refused("::/129", v6);
    is_refused("::/0128", v6);
}
END_TEST

START_TEST(names_and_halves_of_addresses_are_no_networks)
{
    static const char expected[] =
        "is no network: an IPv4 or IPv6 address, '/' and how many bits count, as 10.0.0.0/8 or 2001:db8::/32";

    is_refused("", expected);
    is_refused("/8", expected);
    is_refused("10/8", expected);
    is_refused("10.0.0/24", expected);
    is_refused("localhost", expected);
    is_refused("[::1]/128", expected);
    is_refused("1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/8", expected);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_network_has_what_begins_with_its_bits_and_nothing_else,
        an_address_alone_is_a_network_of_one,
        everything_is_everything_of_one_family,
        bits_behind_the_prefix_are_told_with_what_may_have_been_meant,
        a_prefix_is_a_number_that_the_family_has,
        names_and_halves_of_addresses_are_no_networks,
    };

    return check_run("network", tests, ARRAY_LEN(tests));
}
