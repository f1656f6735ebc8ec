/*
 * Sources of clients, and what becomes of those who ask for more than their share (row D02 of the catalogue of faults).
 */
#include <arpa/inet.h>
#include <check.h>
#include <unistd.h>

#include "config/network.h"
#include "proxy/harness.h"
#include "proxy/limits.h"
#include "support/check_run.h"

static struct harness h;

#define HOUR (3600 * UINT64_C(1000000))
#define GREEDY "127.0.0.2"
#define MODEST "127.0.0.3"

static uint64_t network_of(const char *text)
{
    struct sockaddr_in address = {.sin_family = AF_INET};

    ck_assert_int_eq(inet_pton(AF_INET, text, &address.sin_addr), 1);
    return source_network((const struct sockaddr *)&address);
}

/* Had so much that for a second nothing is left. */
static void charge_greedy(void)
{
    sources_charge(&h.proxy->sources, network_of(GREEDY), 1000000000, proxy_now());
}

static void begin(void)
{
    harness_init(&h);
    harness_start(&h);
    charge_greedy();
}

/* Nothing is left of this turn, so that whoever has something to say stands in line, and has for long. */
static void make_busy(void)
{
    h.proxy->turns.since = proxy_now() + HOUR;
    h.proxy->turns.left = -1;
    h.proxy->budget.over_until = proxy_now() + HOUR;
}

/* The one that came as the n-th of all, from 0. */
static struct connection *connection_at(size_t index)
{
    for (uint32_t slot = 0; slot < h.proxy->slot_count; slot++)
        if (h.proxy->slots[slot] && h.proxy->slots[slot]->ticket.id == index + 1)
            return h.proxy->slots[slot];
    return NULL;
}

static int arrive(const char *from)
{
    uint64_t before = h.proxy->counters->accepted;
    int fd = harness_connect_from(&h, from);

    HARNESS_WAIT(&h, h.proxy->counters->accepted == before + 1);
    return fd;
}

static void say(int fd, const char *hello)
{
    ck_assert_int_eq(send(fd, hello, strlen(hello), MSG_NOSIGNAL), (ssize_t)strlen(hello));
}

static int come(const char *from, const char *hello)
{
    int fd = arrive(from);

    say(fd, hello);
    return fd;
}

/* It comes before there is a line, and has something to say in it. */
static int come_when_busy(const char *from, const char *hello)
{
    int fd = arrive(from);

    make_busy();
    say(fd, hello);
    return fd;
}

/* Handshakes that are taken from the line have to wait for time, as in a flood with busy relays. */
static void take_all_time(void)
{
    h.proxy->budget.over_until = proxy_now() + HOUR;
    h.proxy->budget.credit = -MAX_CRYPTO_DEBT;
    h.proxy->budget.seen_spent = proxy_spent();
    h.proxy->budget.relayed_at = h.proxy->budget.looked_at = proxy_now() + HOUR; /* and no time is idle */
}

static void turn_without_time(void)
{
    take_all_time();
    harness_turn(&h, 2 * HELD_CHECK_INTERVAL / 1000);
}

/* A client of GREEDY, whose hello is understood. */
static int hold_one(void)
{
    int fd = arrive(GREEDY);

    make_busy();
    take_all_time();
    say(fd, "H");
    HARNESS_WAIT(&h, h.proxy->turns.late_count == 1);
    return fd;
}

START_TEST(who_had_his_share_stands_behind_who_did_not)
{
    int greedy, modest;

    begin();
    greedy = arrive(GREEDY);
    modest = arrive(MODEST);
    make_busy();
    say(greedy, "H");
    usleep(1000);
    say(modest, "H");
    harness_expect(&h, greedy, "S", 1);
    harness_expect(&h, modest, "S", 1);
    ck_assert_uint_eq(h.proxy->counters->handshakes_held, 1);
    ck_assert_uint_lt(connection_at(1)->handshake_at, connection_at(0)->handshake_at);
    close(greedy);
    close(modest);
    harness_free(&h);
}
END_TEST

/* Else a flood would have its signatures asked for long before the first of them is charged. */
START_TEST(a_private_key_that_is_asked_for_counts_until_it_has_answered)
{
    uint64_t network = network_of(MODEST);
    int modest;

    harness_init(&h);
    harness_start(&h);
    modest = come(MODEST, "K");
    HARNESS_WAIT(&h, h.proxy->counters->key_operations == 1);
    ck_assert_uint_le(sources_count(&h.proxy->sources, SOURCE_WAITING, network), 1);
    HARNESS_WAIT(&h, h.proxy->connection_count == 0 || key_service_waiting(h.proxy->keys) == 0);
    ck_assert_uint_eq(sources_count(&h.proxy->sources, SOURCE_WAITING, network), 0);
    close(modest);
    harness_free(&h);
}
END_TEST

/* While there is time for all nobody's share matters. */
START_TEST(without_a_line_nobody_is_held)
{
    int greedy;

    begin();
    greedy = come(GREEDY, "H");
    harness_expect(&h, greedy, "S", 1);
    ck_assert_uint_eq(h.proxy->counters->handshakes_held, 0);
    close(greedy);
    harness_free(&h);
}
END_TEST

/* Many clients of one address that all come at once are no flood as long as nobody waits for long. */
START_TEST(in_a_line_that_moves_nobody_is_held)
{
    int greedy, modest;

    begin();
    greedy = arrive(GREEDY);
    modest = arrive(MODEST);
    make_busy();
    h.proxy->budget.over_until = 0;
    say(modest, "H");
    say(greedy, "H");
    harness_expect(&h, greedy, "S", 1);
    harness_expect(&h, modest, "S", 1);
    ck_assert_uint_eq(h.proxy->counters->handshakes_held, 0);
    close(greedy);
    close(modest);
    harness_free(&h);
}
END_TEST

START_TEST(a_session_is_resumed_whatever_its_source_had)
{
    int greedy;

    begin();
    greedy = come_when_busy(GREEDY, "P"); /* resumed */
    harness_expect(&h, greedy, "S", 1);
    ck_assert_uint_eq(h.proxy->counters->handshakes_held, 0);
    close(greedy);
    harness_free(&h);
}
END_TEST

START_TEST(who_is_held_too_long_is_refused_with_an_alert_and_told_of)
{
    static const uint8_t alert[] = {FAKE_ALERT, 80};
    int greedy;

    begin();
    greedy = hold_one();
    ck_assert_uint_eq(h.proxy->turns.late_count, 1);
    for (int i = 0; i < 20; i++)
        turn_without_time();
    ck_assert_uint_eq(h.proxy->turns.late_count, 1);
    TAILQ_FIRST(&h.proxy->turns.late)->in_line_since -= MAX_LATE_WAIT;
    turn_without_time();
    ck_assert_uint_eq(h.proxy->turns.late_count, 0);
    harness_expect(&h, greedy, alert, sizeof alert);
    ck_assert_uint_eq(h.proxy->counters->ended_by_why[WHY_OVERLOADED_SOURCE], 1);
    ck_assert_uint_eq(h.proxy->counters->handshakes, 0);
    harness_expect_log(&h, "reason=overloaded_source");
    close(greedy);
    harness_free(&h);
}
END_TEST

START_TEST(who_left_while_he_was_held_costs_no_handshake)
{
    int greedy;

    begin();
    greedy = hold_one();
    close(greedy);
    take_all_time();
    h.proxy->budget.over_until = 0; /* there is time again */
    HARNESS_WAIT(&h, h.proxy->turns.late_count == 0);
    ck_assert_uint_eq(h.proxy->counters->handshakes, 0);
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    harness_free(&h);
}
END_TEST

START_TEST(who_is_held_may_be_cut)
{
    int greedy;

    begin();
    greedy = hold_one();
    proxy_cut_connections(h.proxy);
    ck_assert_uint_eq(h.proxy->turns.late_count, 0);
    ck_assert(TAILQ_EMPTY(&h.proxy->turns.late));
    close(greedy);
    harness_free(&h);
}
END_TEST

START_TEST(a_trusted_source_has_no_share_that_could_be_used_up)
{
    static struct config_network loopback;
    char fault[NETWORK_FAULT_LEN];
    int greedy;

    ck_assert_ptr_null(network_parse("127.0.0.0/8", &loopback, fault));
    harness_init(&h);
    h.listen.trusted_sources = (struct config_network_list){&loopback, 1};
    harness_start(&h);
    charge_greedy();
    greedy = come_when_busy(GREEDY, "H");
    harness_expect(&h, greedy, "S", 1);
    ck_assert_uint_eq(h.proxy->counters->handshakes_held, 0);
    close(greedy);
    harness_free(&h);
}
END_TEST

/* D01: one source cannot make the handshakes of others go, and others can make its own go. */
START_TEST(at_the_limit_a_source_with_too_many_unfinished_makes_its_own_room)
{
    int modest, greedy[17];

    harness_init(&h);
    h.settings.max_connections = 16;
    harness_start(&h);
    modest = arrive(MODEST); /* the oldest */
    for (size_t i = 0; i < ARRAY_LEN(greedy); i++)
        greedy[i] = arrive(GREEDY);
    ck_assert_uint_eq(h.proxy->counters->source_full, 2);
    ck_assert_uint_eq(h.proxy->counters->shed, 2);
    ck_assert_int_eq(harness_end_of(modest), HARNESS_OPEN);
    ck_assert_ptr_null(connection_at(1));
    ck_assert_ptr_null(connection_at(2));
    ck_assert_ptr_nonnull(connection_at(3));
    for (size_t i = 0; i < ARRAY_LEN(greedy); i++)
        close(greedy[i]);
    close(modest);
    harness_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        who_had_his_share_stands_behind_who_did_not,
        a_private_key_that_is_asked_for_counts_until_it_has_answered,
        without_a_line_nobody_is_held,
        in_a_line_that_moves_nobody_is_held,
        a_session_is_resumed_whatever_its_source_had,
        who_is_held_too_long_is_refused_with_an_alert_and_told_of,
        who_left_while_he_was_held_costs_no_handshake,
        who_is_held_may_be_cut,
        a_trusted_source_has_no_share_that_could_be_used_up,
        at_the_limit_a_source_with_too_many_unfinished_makes_its_own_room,
    };

    return check_run("shares", tests, ARRAY_LEN(tests));
}
