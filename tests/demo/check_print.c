#include "demo/print.h"
#include "support/check_run.h"

#include <string.h>

static char text[2048];

static const char *printed(void (*print)(struct writer *, const char *), const char *input)
{
    struct writer out = writer_of((uint8_t *)text, sizeof text - 1);

    print(&out, input);
    ck_assert(writer_ok(&out));
    text[writer_view(&out).len] = 0;
    return text;
}

static const char *printed_number(void (*print)(struct writer *, uint64_t), uint64_t input)
{
    struct writer out = writer_of((uint8_t *)text, sizeof text - 1);

    print(&out, input);
    ck_assert(writer_ok(&out));
    text[writer_view(&out).len] = 0;
    return text;
}

START_TEST(html_of_every_byte_is_plain_ascii_without_a_delimiter)
{
    for (int byte = 1; byte < 256; byte++) {
        char input[2] = {(char)byte, 0};
        const char *output = printed(print_html, input);

        ck_assert_uint_ge(strlen(output), 1);
        ck_assert_ptr_null(strpbrk(output, "<>\"'"));
        for (const char *c = output; *c; c++)
            ck_assert(*c >= 0x20 && *c < 0x7f);
        if (strchr(output, '&'))
            ck_assert_int_eq(output[strlen(output) - 1], ';');
    }
}
END_TEST

START_TEST(html_delimiters_become_entities_and_the_rest_becomes_numbers)
{
    ck_assert_str_eq(printed(print_html, "<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
    ck_assert_str_eq(printed(print_html, "a\\x41\r\n\x7f\xc3\xa9"), "a\\\\x41\\x0d\\x0a\\x7f\\xc3\\xa9");
    ck_assert_str_eq(printed(print_html, ""), "");
}
END_TEST

START_TEST(json_of_every_byte_is_plain_ascii_that_stays_inside_its_quotes)
{
    for (int byte = 1; byte < 256; byte++) {
        char input[2] = {(char)byte, 0};
        const char *output = printed(print_json, input);
        size_t len = strlen(output);

        ck_assert(len >= 3 && output[0] == '"' && output[len - 1] == '"');
        for (size_t i = 1; i < len - 1; i++) {
            ck_assert(output[i] >= 0x20 && output[i] < 0x7f && output[i] != '"');
            if (output[i] == '\\')
                ck_assert(strchr("\\\"", output[++i]) && i < len - 1);
        }
    }
}
END_TEST

/* The same convention as the log: a value that came back out of JSON reads \xNN, a backslash is doubled. */
START_TEST(json_shows_a_byte_as_the_log_does)
{
    ck_assert_str_eq(printed(print_json, "a\"b"), "\"a\\\"b\"");
    ck_assert_str_eq(printed(print_json, "\\"), "\"\\\\\\\\\"");
    ck_assert_str_eq(printed(print_json, "\n\xff"), "\"\\\\x0a\\\\xff\"");
}
END_TEST

START_TEST(durations_have_three_digits_and_a_unit)
{
    static const struct {
        uint64_t microseconds;
        const char *text;
    } rows[] = {
        {0, "0 µs"},        {999, "999 µs"},     {1000, "1.00 ms"},     {9994, "9.99 ms"},
        {9995, "10.0 ms"},  {99949, "99.9 ms"},  {99950, "100 ms"},     {999499, "999 ms"},
        {999500, "1.00 s"}, {1290160, "1.29 s"}, {60000000, "60.00 s"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert_str_eq(printed_number(print_duration, rows[i].microseconds), rows[i].text);
}
END_TEST

START_TEST(numbers_are_grouped_by_thousands)
{
    ck_assert_str_eq(printed_number(print_number, 0), "0");
    ck_assert_str_eq(printed_number(print_number, 999), "999");
    ck_assert_str_eq(printed_number(print_number, 1000), "1,000");
    ck_assert_str_eq(printed_number(print_number, 1002003), "1,002,003");
    ck_assert_str_eq(printed_number(print_number, UINT64_MAX), "18,446,744,073,709,551,615");
}
END_TEST

START_TEST(a_format_that_is_too_long_fails_the_writer_and_prints_nothing)
{
    struct writer out = writer_of((uint8_t *)text, sizeof text);
    char fill[MAX_PRINT_FORMAT_LEN + 2];

    memset(fill, 'a', sizeof fill);
    fill[MAX_PRINT_FORMAT_LEN] = 0;
    print_format(&out, "%s", fill);
    ck_assert(writer_ok(&out));
    ck_assert_uint_eq(writer_view(&out).len, MAX_PRINT_FORMAT_LEN);
    fill[MAX_PRINT_FORMAT_LEN] = 'a';
    fill[MAX_PRINT_FORMAT_LEN + 1] = 0;
    print_format(&out, "%s", fill);
    ck_assert(!writer_ok(&out));
    ck_assert_uint_eq(writer_view(&out).len, MAX_PRINT_FORMAT_LEN);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        html_of_every_byte_is_plain_ascii_without_a_delimiter,
        html_delimiters_become_entities_and_the_rest_becomes_numbers,
        json_of_every_byte_is_plain_ascii_that_stays_inside_its_quotes,
        json_shows_a_byte_as_the_log_does,
        durations_have_three_digits_and_a_unit,
        numbers_are_grouped_by_thousands,
        a_format_that_is_too_long_fails_the_writer_and_prints_nothing,
    };
    return check_run("print", tests, ARRAY_LEN(tests));
}
