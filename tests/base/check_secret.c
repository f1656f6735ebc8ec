#include "base/secret.h"

#include "support/check_run.h"

START_TEST(a_secret_holds_up_to_its_limit)
{
    uint8_t from[MAX_SECRET_LEN + 1];
    struct secret secret;

    memset(from, 0x5a, sizeof from);
    for (size_t len = 0; len <= MAX_SECRET_LEN; len++) {
        ck_assert(secret_set(&secret, bytes_of(from, len)));
        ck_assert(bytes_equal(secret_view(&secret), bytes_of(from, len)));
    }
}
END_TEST

START_TEST(too_long_a_secret_is_refused_and_leaves_an_empty_one)
{
    uint8_t from[MAX_SECRET_LEN + 1] = {1}, zero[sizeof(struct secret)] = {0};
    struct secret secret;

    memset(&secret, 0xff, sizeof secret);
    ck_assert(!secret_set(&secret, BYTES_OF_ARRAY(from)));
    ck_assert_mem_eq(&secret, zero, sizeof secret);
    memset(&secret, 0xff, sizeof secret);
    ck_assert(!secret_resize(&secret, MAX_SECRET_LEN + 1));
    ck_assert_mem_eq(&secret, zero, sizeof secret);
}
END_TEST

START_TEST(a_shorter_secret_leaves_nothing_of_the_longer_one)
{
    struct secret secret;

    ck_assert(secret_set(&secret, BYTES_OF_LITERAL("0123456789")));
    ck_assert(secret_set(&secret, BYTES_OF_LITERAL("ab")));
    ck_assert_mem_eq(secret.bytes, "ab\0\0\0\0\0\0\0\0", 10);
    ck_assert_uint_eq(secret.len, 2);
}
END_TEST

START_TEST(resizing_gives_zeroed_room_of_that_length)
{
    struct secret secret;
    uint8_t zero[MAX_SECRET_LEN] = {0};

    memset(&secret, 0xff, sizeof secret);
    ck_assert(secret_resize(&secret, MAX_SECRET_LEN));
    ck_assert(bytes_equal(secret_view(&secret), BYTES_OF_ARRAY(zero)));
}
END_TEST

START_TEST(wiping_leaves_zeros_and_may_be_done_twice)
{
    struct secret secret;
    uint8_t zero[sizeof secret] = {0};

    ck_assert(secret_set(&secret, BYTES_OF_LITERAL("0123456789abcdef")));
    secret_wipe(&secret);
    ck_assert_mem_eq(&secret, zero, sizeof secret);
    secret_wipe(&secret);
    ck_assert_mem_eq(&secret, zero, sizeof secret);
}
END_TEST

START_TEST(memory_is_wiped_from_its_first_to_its_last_byte_and_no_further)
{
    uint8_t memory[6] = {1, 2, 3, 4, 5, 6};

    memory_wipe(memory + 1, 4);
    ck_assert_mem_eq(memory, "\x01\0\0\0\0\x06", 6);
    memory_wipe(NULL, 0);
}
END_TEST

START_TEST(a_difference_in_any_bit_is_seen)
{
    uint8_t a[48] = {0}, b[48] = {0};

    ck_assert(memory_equal(a, b, sizeof a));
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] = (uint8_t)(1U << bit % 8);
        ck_assert(!memory_equal(a, b, sizeof a));
        b[bit / 8] = 0;
    }
    ck_assert(memory_equal(a, b, sizeof a));
}
END_TEST

START_TEST(two_differences_do_not_cancel_each_other)
{
    ck_assert(!memory_equal("\x01\x01", "\x00\x00", 2));
    ck_assert(!memory_equal("\x01\x00", "\x00\x01", 2));
    ck_assert(!memory_equal("\xff\x01", "\x00\x02", 2));
}
END_TEST

START_TEST(only_the_length_given_is_compared)
{
    ck_assert(memory_equal("abc", "abd", 2));
    ck_assert(memory_equal("a", "b", 0));
    ck_assert(memory_equal(NULL, NULL, 0));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_secret_holds_up_to_its_limit,
        too_long_a_secret_is_refused_and_leaves_an_empty_one,
        a_shorter_secret_leaves_nothing_of_the_longer_one,
        resizing_gives_zeroed_room_of_that_length,
        wiping_leaves_zeros_and_may_be_done_twice,
        memory_is_wiped_from_its_first_to_its_last_byte_and_no_further,
        a_difference_in_any_bit_is_seen,
        two_differences_do_not_cancel_each_other,
        only_the_length_given_is_compared,
    };
    return check_run("secret", tests, ARRAY_LEN(tests));
}
