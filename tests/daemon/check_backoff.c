/*
 * How soon what ended starts again, and the ticket keys that outlive it.
 */
#include "daemon/backoff.h"

#include "daemon/ticket_ring.h"
#include "support/check_run.h"

START_TEST(one_that_had_lived_is_started_at_once)
{
    struct backoff backoff = {0};

    ck_assert_uint_eq(backoff_next(&backoff, BACKOFF_LIVED), 0);
    ck_assert_uint_eq(backoff_next(&backoff, BACKOFF_LIVED), 0);
    ck_assert(!backoff_is_loop(&backoff));
}
END_TEST

START_TEST(each_early_end_doubles_the_wait_up_to_five_seconds)
{
    static const uint32_t expected[] = {100, 200, 400, 800, 1600, 5000, 5000};
    struct backoff backoff = {0};

    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        uint32_t wait = backoff_next(&backoff, 1000);
        if (i < 5)
            ck_assert_uint_eq(wait, expected[i] * 1000);
        ck_assert_uint_le(wait, BACKOFF_MOST);
        ck_assert_int_eq(backoff_is_loop(&backoff), i > 0);
    }
    ck_assert_uint_eq(backoff_next(&backoff, 1000), BACKOFF_MOST);
}
END_TEST

START_TEST(a_long_life_forgets_what_was_before)
{
    struct backoff backoff = {0};

    for (int i = 0; i < 10; i++)
        (void)backoff_next(&backoff, 0);
    ck_assert_uint_eq(backoff_next(&backoff, BACKOFF_LIVED), 0);
    ck_assert_uint_eq(backoff_next(&backoff, 0), BACKOFF_FIRST);
}
END_TEST

/* ---- ticket keys */

static const struct config_general hours = {.ticket_key_issues = 100 * UINT64_C(1000000),
                                            .ticket_key_accepts = 250 * UINT64_C(1000000)};

START_TEST(a_key_is_made_when_the_newest_has_sealed_for_long_enough)
{
    struct ticket_ring ring = {.count = 0};

    ck_assert(ticket_ring_turn(&ring, random_system(), &hours, 1000));
    ck_assert(!ticket_ring_turn(&ring, random_system(), &hours, 1099));
    ck_assert(ticket_ring_turn(&ring, random_system(), &hours, 1100));
    ck_assert_uint_eq(ring.count, 2);
    ck_assert_int_eq(ring.keys[0].birth, 1000);
    ck_assert_int_eq(ring.keys[1].birth, 1100);
    ck_assert_mem_ne(ring.keys[0].material, ring.keys[1].material, TICKET_KEY_FILE_LEN);
}
END_TEST

START_TEST(one_that_opens_nothing_any_more_is_wiped)
{
    static const uint8_t zeros[TICKET_KEY_FILE_LEN];
    struct ticket_ring ring = {.count = 0};

    (void)ticket_ring_turn(&ring, random_system(), &hours, 1000);
    (void)ticket_ring_turn(&ring, random_system(), &hours, 1100);
    ck_assert(ticket_ring_turn(&ring, random_system(), &hours, 1250));
    ck_assert_uint_eq(ring.count, 2);
    ck_assert_int_eq(ring.keys[0].birth, 1100);
    ck_assert_mem_eq(ring.keys[2].material, zeros, sizeof zeros);
}
END_TEST

START_TEST(it_says_when_there_is_something_to_do)
{
    struct ticket_ring ring = {.count = 0};

    ck_assert_int_eq(ticket_ring_wait(&ring, &hours, 1000), 1);
    (void)ticket_ring_turn(&ring, random_system(), &hours, 1000);
    ck_assert_int_eq(ticket_ring_wait(&ring, &hours, 1000), 100);
    (void)ticket_ring_turn(&ring, random_system(), &hours, 1199);
    ck_assert_int_eq(ticket_ring_wait(&ring, &hours, 1200), 50); /* then the first one dies */
    ck_assert_int_eq(ticket_ring_wait(&ring, &hours, 5000), 1);
}
END_TEST

START_TEST(there_are_never_more_than_a_message_holds)
{
    static const struct config_general often = {.ticket_key_issues = 1000000,
                                                .ticket_key_accepts = 1000 * UINT64_C(1000000)};
    struct control_message message;
    struct ticket_ring ring = {.count = 0};

    for (int64_t now = 0; now < 20; now++)
        ck_assert(ticket_ring_turn(&ring, random_system(), &often, now));
    ticket_ring_write(&ring, &message);
    ck_assert_uint_eq(message.count, MAX_TICKET_KEYS);
    ck_assert_int_eq(message.keys[MAX_TICKET_KEYS - 1].birth, 19);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_that_had_lived_is_started_at_once,     each_early_end_doubles_the_wait_up_to_five_seconds,
        a_long_life_forgets_what_was_before,       a_key_is_made_when_the_newest_has_sealed_for_long_enough,
        one_that_opens_nothing_any_more_is_wiped,  it_says_when_there_is_something_to_do,
        there_are_never_more_than_a_message_holds,
    };
    return check_run("backoff", tests, ARRAY_LEN(tests));
}
