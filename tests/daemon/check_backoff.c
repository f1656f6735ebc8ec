/*
 * How soon what ended starts again.
 */
#include "daemon/backoff.h"

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

int main(void)
{
    const TTest *const tests[] = {
        one_that_had_lived_is_started_at_once,
        each_early_end_doubles_the_wait_up_to_five_seconds,
        a_long_life_forgets_what_was_before,
    };
    return check_run("backoff", tests, ARRAY_LEN(tests));
}
