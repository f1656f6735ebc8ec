/*
 * Whose question is next at a keyholder, on a clock of the test's own: workers that ask without end, and what each
 * gets.
 */
#include "daemon/key_turns.h"

#include "support/check_run.h"

enum { WORKERS = 3 };

static struct key_client clients[WORKERS], *const all[WORKERS] = {&clients[0], &clients[1], &clients[2]};
static struct key_turns turns;
static uint64_t now;
static uint64_t cost[WORKERS]; /* microseconds of one of its questions */
static uint64_t spent[WORKERS];

/* Of each kind so many questions, always. */
static void begin(size_t tickets, size_t private_keys)
{
    now = 1000 * 1000;
    turns = (struct key_turns){0};
    for (size_t i = 0; i < WORKERS; i++) {
        clients[i] = (struct key_client){.share = key_share_new(now)};
        clients[i].lines[KEY_HASTE_TICKETS].count = tickets;
        clients[i].lines[KEY_HASTE_PRIVATE_KEYS].count = private_keys;
        cost[i] = 100;
        spent[i] = 0;
    }
}

/* The index of the one who was answered. */
static size_t step(enum key_haste *haste)
{
    struct key_client *client = key_turns_take(&turns, all, WORKERS, haste);
    size_t index = (size_t)(client - clients);

    ck_assert_ptr_nonnull(client);
    ck_assert_uint_gt(client->lines[*haste].count, 0);
    now += cost[index];
    spent[index] += cost[index];
    key_share_charge(&client->share, cost[index]);
    for (size_t i = 0; i < WORKERS; i++)
        key_share_fill(&clients[i].share, now, WORKERS);
    return index;
}

START_TEST(equals_go_turn_and_turn_about)
{
    enum key_haste haste;

    begin(0, 1);
    for (size_t i = 0; i < 9; i++) {
        ck_assert_uint_eq(step(&haste), i % WORKERS);
        ck_assert_int_eq(haste, KEY_HASTE_PRIVATE_KEYS);
    }
}
END_TEST

START_TEST(tickets_of_all_go_before_signatures_of_any)
{
    enum key_haste haste;

    begin(0, 1);
    clients[2].lines[KEY_HASTE_TICKETS].count = 1;
    ck_assert_uint_eq(step(&haste), 2);
    ck_assert_int_eq(haste, KEY_HASTE_TICKETS);
    clients[2].lines[KEY_HASTE_TICKETS].count = 0;
    ck_assert_uint_eq(step(&haste), 0);
}
END_TEST

/* By time, not by number: what one asks takes forty times as long. */
START_TEST(in_the_long_run_all_get_the_same_time_whatever_they_ask)
{
    enum key_haste haste;

    begin(0, 1);
    cost[0] = 10000;
    cost[1] = 250;
    cost[2] = 700;
    while (now < 20 * 1000 * 1000)
        (void)step(&haste);
    for (size_t i = 0; i < WORKERS; i++)
        ck_assert_msg(spent[i] > 6 * 1000 * 1000 && spent[i] < 7 * 1000 * 1000, "%zu got %llu us", i,
                      (unsigned long long)spent[i]);
}
END_TEST

/* Its tickets go first among its own, not before what others have a right to. */
START_TEST(a_flood_of_tickets_takes_no_more_than_its_share_from_signatures)
{
    enum key_haste haste;

    begin(0, 1);
    clients[0].lines[KEY_HASTE_TICKETS].count = 1;
    cost[0] = 5;
    while (now < 20 * 1000 * 1000)
        (void)step(&haste);
    ck_assert_uint_lt(spent[0], 7 * 1000 * 1000);
    ck_assert_uint_gt(spent[1], 6 * 1000 * 1000);
    ck_assert_uint_gt(spent[2], 6 * 1000 * 1000);
}
END_TEST

START_TEST(time_that_nobody_else_wants_is_for_whoever_asks)
{
    enum key_haste haste;

    begin(0, 0);
    clients[1].lines[KEY_HASTE_PRIVATE_KEYS].count = 1;
    for (int i = 0; i < 10000; i++)
        ck_assert_uint_eq(step(&haste), 1);
    ck_assert(!key_share_has_some(&clients[1].share));
    clients[2].lines[KEY_HASTE_PRIVATE_KEYS].count = 1; /* who comes then does not wait */
    ck_assert_uint_eq(step(&haste), 2);
}
END_TEST

START_TEST(nobody_is_next_where_nobody_asks)
{
    enum key_haste haste;

    begin(0, 0);
    ck_assert_ptr_null(key_turns_take(&turns, all, WORKERS, &haste));
    ck_assert_ptr_null(key_turns_take(&turns, all, 0, &haste));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        equals_go_turn_and_turn_about,
        tickets_of_all_go_before_signatures_of_any,
        in_the_long_run_all_get_the_same_time_whatever_they_ask,
        a_flood_of_tickets_takes_no_more_than_its_share_from_signatures,
        time_that_nobody_else_wants_is_for_whoever_asks,
        nobody_is_next_where_nobody_asks,
    };
    return check_run("key_turns", tests, ARRAY_LEN(tests));
}
