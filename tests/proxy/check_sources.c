/*
 * Shares of the time for handshakes, and the table they stand in (rows D02 and D10 of the catalogue of faults).
 */
#include "proxy/sources.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "proxy/limits.h"
#include "support/check_run.h"

enum { SECOND = 1000000, START = 1000000000 };

static struct sources sources;

static void begin(void)
{
    ck_assert(sources_init(&sources, random_system()));
}

static void end(void)
{
    sources_free(&sources);
}

static uint64_t network_of(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(1)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(1)};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        return source_network((const struct sockaddr *)&v4);
    ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return source_network((const struct sockaddr *)&v6);
}

START_TEST(a_source_is_an_ipv4_address_or_an_ipv6_network_of_64_bits)
{
    begin();
    ck_assert_uint_ne(network_of("192.0.2.1"), network_of("192.0.2.2"));
    ck_assert_uint_eq(network_of("192.0.2.1"), network_of("::ffff:192.0.2.1"));
    ck_assert_uint_eq(network_of("2001:db8:0:1::1"), network_of("2001:db8:0:1:ffff::2"));
    ck_assert_uint_ne(network_of("2001:db8:0:1::1"), network_of("2001:db8:0:2::1"));
    ck_assert_uint_ne(network_of("::1"), NO_SOURCE);
    ck_assert_uint_ne(network_of("0.0.0.0"), NO_SOURCE);
    end();
}
END_TEST

START_TEST(a_unix_socket_is_nobodys_share)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    uint64_t network = source_network((const struct sockaddr *)&un);

    begin();
    ck_assert_uint_eq(network, NO_SOURCE);
    sources_charge(&sources, network, 100 * SECOND, START);
    ck_assert(sources_has_share(&sources, network, START));
    end();
}
END_TEST

/* Alone it may take the whole share, no more, and has it again when the time went by. */
START_TEST(a_bucket_empties_by_what_handshakes_cost_and_fills_with_time)
{
    uint64_t one = network_of("192.0.2.1");

    begin();
    ck_assert(sources_has_share(&sources, one, START));
    sources_charge(&sources, one, SOURCES_TIME - 1, START);
    ck_assert(sources_has_share(&sources, one, START));
    sources_charge(&sources, one, 1, START);
    ck_assert(!sources_has_share(&sources, one, START));
    ck_assert(!sources_has_share(&sources, one, START + 7));
    ck_assert(sources_has_share(&sources, one, START + 8)); /* an eighth of the time */
    end();
}
END_TEST

/* Else a gateway whose clients all came at once would pay for it for minutes. */
START_TEST(a_source_never_owes_more_than_it_could_have_saved)
{
    uint64_t one = network_of("192.0.2.1");

    begin();
    sources_charge(&sources, one, 1000 * SECOND, START);
    ck_assert(!sources_has_share(&sources, one, START + SECOND));
    ck_assert(sources_has_share(&sources, one, START + SECOND + 8));
    end();
}
END_TEST

START_TEST(what_stands_in_line_counts_as_if_it_were_done)
{
    uint64_t one = network_of("192.0.2.1");

    begin();
    for (unsigned i = 0; i < SOURCES_TIME / TYPICAL_HANDSHAKE; i++) {
        ck_assert(sources_has_share(&sources, one, START));
        sources_count_up(&sources, SOURCE_WAITING, one, START);
    }
    ck_assert(!sources_has_share(&sources, one, START));
    sources_count_down(&sources, SOURCE_WAITING, one);
    ck_assert(sources_has_share(&sources, one, START));
    end();
}
END_TEST

/* 50 flooders get together what one alone would; who comes for the first time finds two handshakes. */
START_TEST(the_share_is_divided_among_those_who_take_part)
{
    uint64_t now = START, fresh = network_of("198.51.100.1");
    char text[32];

    begin();
    for (unsigned i = 0; i < 50; i++) {
        snprintf(text, sizeof text, "192.0.2.%u", i + 1);
        sources_charge(&sources, network_of(text), SECOND, now);
    }
    now += SOURCE_COUNT_INTERVAL;
    ck_assert(sources_has_share(&sources, fresh, now));
    ck_assert_uint_eq(sources.active, 50);
    sources_charge(&sources, fresh, SOURCES_TIME / 50, now);
    ck_assert(!sources_has_share(&sources, fresh, now));
    ck_assert(sources_has_share(&sources, fresh, now + 50 * 8));

    ck_assert(sources_has_share(&sources, fresh, now + SOURCE_MEMORY + SOURCE_COUNT_INTERVAL));
    ck_assert_uint_eq(sources.active, 1); /* the others stayed away */
    end();
}
END_TEST

START_TEST(however_many_there_are_two_handshakes_are_free)
{
    uint64_t now = START, fresh = network_of("198.51.100.1");

    begin();
    for (uint64_t network = 1000; network < 3000; network++)
        sources_charge(&sources, network, SECOND, now);
    now += SOURCE_COUNT_INTERVAL;
    for (int i = 0; i < 2; i++) {
        ck_assert(sources_has_share(&sources, fresh, now));
        sources_charge(&sources, fresh, TYPICAL_HANDSHAKE, now);
    }
    ck_assert(!sources_has_share(&sources, fresh, now));
    end();
}
END_TEST

START_TEST(what_is_typical_follows_what_is_measured)
{
    begin();
    for (int i = 0; i < 60; i++)
        sources_note_typical(&sources, 8000);
    ck_assert_uint_ge(sources.typical, 7900);
    ck_assert_uint_le(sources.typical, 8000);
    end();
}
END_TEST

/* D10: a million networks take the memory of a few thousand, and who comes now always finds a place. */
START_TEST(a_million_networks_push_each_other_out_and_nothing_grows)
{
    uint64_t resident = network_of("192.0.2.1");
    unsigned survived = 0, rounds = 0;

    begin();
    for (uint64_t network = 10; network < 1000010; network++) {
        sources_charge(&sources, network, SECOND, START);
        ck_assert(!sources_has_share(&sources, network, START));
        if (network % 1000 == 0) { /* somebody who is there all the time may be pushed out, but seldom */
            survived += sources_count(&sources, SOURCE_UNFINISHED, resident);
            rounds++;
            sources_count_down(&sources, SOURCE_UNFINISHED, resident);
            sources_count_up(&sources, SOURCE_UNFINISHED, resident, START);
        }
    }
    ck_assert_uint_ge(sources.evictions, 1000000 - MAX_SOURCES);
    ck_assert_uint_ge(survived, rounds * 6 / 10); /* 1000 newcomers in 8192 places */
    ck_assert_uint_lt(survived, rounds);
    end();
}
END_TEST

START_TEST(counts_go_up_and_down_and_never_below_nothing)
{
    uint64_t one = network_of("192.0.2.1"), other = network_of("192.0.2.2");

    begin();
    sources_count_up(&sources, SOURCE_UNFINISHED, one, START);
    sources_count_up(&sources, SOURCE_UNFINISHED, one, START);
    ck_assert_uint_eq(sources_count(&sources, SOURCE_UNFINISHED, one), 2);
    ck_assert_uint_eq(sources_count(&sources, SOURCE_WAITING, one), 0);
    ck_assert_uint_eq(sources_count(&sources, SOURCE_UNFINISHED, other), 0);
    for (int i = 0; i < 3; i++)
        sources_count_down(&sources, SOURCE_UNFINISHED, one);
    ck_assert_uint_eq(sources_count(&sources, SOURCE_UNFINISHED, one), 0);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_source_is_an_ipv4_address_or_an_ipv6_network_of_64_bits,
        a_unix_socket_is_nobodys_share,
        a_bucket_empties_by_what_handshakes_cost_and_fills_with_time,
        a_source_never_owes_more_than_it_could_have_saved,
        what_stands_in_line_counts_as_if_it_were_done,
        the_share_is_divided_among_those_who_take_part,
        however_many_there_are_two_handshakes_are_free,
        what_is_typical_follows_what_is_measured,
        a_million_networks_push_each_other_out_and_nothing_grows,
        counts_go_up_and_down_and_never_below_nothing,
    };

    return check_run("sources", tests, ARRAY_LEN(tests));
}
