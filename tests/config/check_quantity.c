#include "config/quantity.h"

#include "support/check_run.h"

static const struct option time_option = {.type = OPTION_TIME, .min = 10000, .max = UINT64_C(86400000000)};
static const struct option endless_option = {
    .type = OPTION_TIME, .min = 1000, .max = UINT64_C(86400000000), .takes_zero = true};
static const struct option size_option = {.type = OPTION_SIZE, .min = 1, .max = UINT64_MAX};
static const struct option count_option = {.type = OPTION_COUNT, .min = 1, .max = 1000, .takes_zero = true};

static void parses_to(const struct option *option, const char *text, uint64_t expected)
{
    char fault[2 * QUANTITY_LEN];
    uint64_t value = 77;

    ck_assert_msg(quantity_parse(option, text, &value, fault) == NULL, "%s", text);
    ck_assert_uint_eq(value, expected);
}

static void is_refused(const struct option *option, const char *text, const char *expected)
{
    char storage[2 * QUANTITY_LEN];
    uint64_t value;
    const char *fault = quantity_parse(option, text, &value, storage);

    ck_assert_msg(fault != NULL, "%s", text);
    ck_assert_str_eq(fault, expected);
}

START_TEST(a_time_is_a_number_and_its_unit)
{
    parses_to(&time_option, "10ms", 10000);
    parses_to(&time_option, "500ms", 500000);
    parses_to(&time_option, "10s", 10000000);
    parses_to(&time_option, "5m", 300000000);
    parses_to(&time_option, "1h", UINT64_C(3600000000));
    parses_to(&time_option, "1d", UINT64_C(86400000000));
    parses_to(&time_option, "0005s", 5000000);
}
END_TEST

START_TEST(a_time_without_its_unit_is_refused)
{
    is_refused(&time_option, "30", "has no unit: 30s would be seconds");
    is_refused(&endless_option, "30", "has no unit: 30s would be seconds");
    is_refused(&time_option, "3x", "is no time: a number and ms, s, m, h or d");
    is_refused(&time_option, "3 s", "is no time: a number and ms, s, m, h or d");
    is_refused(&time_option, "1.5s", "is no time: a number and ms, s, m, h or d");
    is_refused(&time_option, "-1s", "is no time: a number and ms, s, m, h or d");
    is_refused(&time_option, "s", "is no time: a number and ms, s, m, h or d");
    is_refused(&time_option, "1S", "is no time: a number and ms, s, m, h or d");
    is_refused(&time_option, "", "is no time: a number and ms, s, m, h or d");
}
END_TEST

START_TEST(zero_is_taken_where_it_has_a_meaning_only)
{
    parses_to(&endless_option, "0", 0);
    parses_to(&endless_option, "0s", 0);
    parses_to(&endless_option, "000", 0);
    parses_to(&count_option, "0", 0);
    is_refused(&time_option, "0", "is out of range: 10ms to 1d");
    is_refused(&time_option, "0ms", "is out of range: 10ms to 1d");
}
END_TEST

START_TEST(the_range_is_held_at_both_ends)
{
    is_refused(&time_option, "9ms", "is out of range: 10ms to 1d");
    is_refused(&time_option, "25h", "is out of range: 10ms to 1d");
    is_refused(&endless_option, "25h", "is out of range: 1ms to 1d, or 0");
    parses_to(&count_option, "1", 1);
    parses_to(&count_option, "1000", 1000);
    is_refused(&count_option, "1001", "is out of range: 1 to 1000, or 0");
    is_refused(&count_option, "10k", "is no number");
}
END_TEST

START_TEST(a_number_too_large_to_hold_is_out_of_range)
{
    is_refused(&time_option, "18446744073709551616ms", "is out of range: 10ms to 1d"); /* 2^64 */
    is_refused(&time_option, "18446744073709551626ms", "is out of range: 10ms to 1d"); /* 2^64 + 10 */
    is_refused(&time_option, "18446744073709551630ms", "is out of range: 10ms to 1d"); /* 2^64 + 14 */
    is_refused(&time_option, "213503982335d", "is out of range: 10ms to 1d");          /* wraps in microseconds */
    is_refused(&count_option, "99999999999999999999999999999", "is out of range: 1 to 1000, or 0");
    parses_to(&size_option, "18446744073709551615", UINT64_MAX);
    is_refused(&size_option, "17179869184g", "is out of range: 1 to 18446744073709551615"); /* 2^64 */
}
END_TEST

START_TEST(a_size_may_have_a_unit_of_1024s)
{
    parses_to(&size_option, "100", 100);
    parses_to(&size_option, "64k", 65536);
    parses_to(&size_option, "2m", 2097152);
    parses_to(&size_option, "1g", 1073741824);
    is_refused(&size_option, "64kb", "is no size: a number, or a number and k, m or g");
}
END_TEST

START_TEST(a_quantity_is_written_as_it_is_read)
{
    static const char *const times[] = {"10ms", "999ms", "1s", "90s", "2m", "61m", "1h", "25h", "30d", "1500ms"};
    static const struct option any_time = {.type = OPTION_TIME, .min = 0, .max = UINT64_MAX};
    char text[QUANTITY_LEN], fault[2 * QUANTITY_LEN];
    uint64_t value;

    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        ck_assert_ptr_null(quantity_parse(&any_time, times[i], &value, fault));
        ck_assert_str_eq(quantity_text(&any_time, value, text), times[i]);
    }
    ck_assert_str_eq(quantity_text(&endless_option, 0, text), "0");
    ck_assert_str_eq(quantity_text(&size_option, 65536, text), "64k");
    ck_assert_str_eq(quantity_text(&size_option, 65537, text), "65537");
    ck_assert_str_eq(quantity_text(&count_option, 1000, text), "1000");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_time_is_a_number_and_its_unit,
        a_time_without_its_unit_is_refused,
        zero_is_taken_where_it_has_a_meaning_only,
        the_range_is_held_at_both_ends,
        a_number_too_large_to_hold_is_out_of_range,
        a_size_may_have_a_unit_of_1024s,
        a_quantity_is_written_as_it_is_read,
    };
    return check_run("quantity", tests, ARRAY_LEN(tests));
}
