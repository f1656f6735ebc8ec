/*
 * What inih is handed, and what becomes of its answers: this test is inih itself (it defines ini_parse_stream()), so
 * that it can have a smaller line or an opinion of its own.
 */
#include "config/ini_lines.h"

#include "config/heard.h"
#include "support/check_run.h"

#include <ini.h>

static struct heard heard;
static char handed[4096];
static int line_size, answer;

int ini_parse_stream(ini_reader reader, void *stream, ini_handler handler, void *user)
{
    char line[1024];

    (void)handler, (void)user;
    handed[0] = 0;
    while (reader(line, line_size, stream)) {
        ck_assert_uint_lt(strlen(line), (size_t)line_size);
        strcat(handed, line);
    }
    return answer;
}

static void ignore_section(void *context, unsigned line, const char *kind, const char *name)
{
    (void)context, (void)line, (void)kind, (void)name;
}

static void parse(const char *text, int size, int answers)
{
    struct report report = {.findings = heard_by(&heard), .file = "f"};
    struct ini_events events = {.section = ignore_section};

    line_size = size;
    answer = answers;
    ini_lines_parse(bytes_of_string(text), &events, &report);
}

START_TEST(inih_is_handed_clean_lines_one_for_each_of_the_file)
{
    parse("\xef\xbb\xbf[ listen\t web ]\r\n# comment\n\n indented\nkey = a ; b\n[oh\nlast = 1", 200, 0);
    ck_assert_str_eq(handed, "[listen web]\n\n\n\nkey = a\n\nlast = 1\n");
}
END_TEST

/* Debian's has 200 bytes; a line and its end and its zero byte must fit, whatever it was built with. */
START_TEST(a_line_fits_the_buffer_of_the_inih_that_is_there)
{
    parse("key = 12345678\nkey = 123456789\n", 16, 0);
    ck_assert_str_eq(handed, "key = 12345678\n\n");
    ck_assert_str_eq(heard.text, "f:2: the line is too long: at most 14 bytes\n");
}
END_TEST

START_TEST(a_larger_buffer_does_not_make_a_longer_line_good)
{
    char text[300] = "key = ";

    memset(text + 6, 'x', 193);
    parse(text, 1024, 0);
    ck_assert_str_eq(heard.text, "f:1: the line is too long: at most 198 bytes\n");
}
END_TEST

START_TEST(a_line_that_inih_refuses_by_itself_is_an_error)
{
    parse("key = 1\n", 200, 7);
    ck_assert_str_eq(heard.text, "f:7: the line was not understood\n");
    parse("key = 1\n", 200, -2);
    ck_assert_str_eq(heard.text, "f: the line was not understood\n");
    parse("key\n", 200, 1);
    ck_assert_str_eq(heard.text, "f:1: this is not 'key = value'\n");
}
END_TEST

START_TEST(text_that_ends_anywhere_is_read_to_its_end_only)
{
    static const char text[] = "\xef\xbb\xbf[listen web]\r\nkey = \"a # b";

    for (size_t len = 0; len < sizeof text; len++) {
        struct report report = {.findings = heard_by(&heard), .file = "f"};
        struct ini_events events = {.section = ignore_section};
        char *copy = malloc(len ? len : 1); /* AddressSanitizer sees its end */
        memcpy(copy, text, len);
        line_size = 200;
        answer = 0;
        ini_lines_parse(bytes_of(copy, len), &events, &report);
        free(copy);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        inih_is_handed_clean_lines_one_for_each_of_the_file, a_line_fits_the_buffer_of_the_inih_that_is_there,
        a_larger_buffer_does_not_make_a_longer_line_good,    a_line_that_inih_refuses_by_itself_is_an_error,
        text_that_ends_anywhere_is_read_to_its_end_only,
    };
    return check_run("ini_lines", tests, ARRAY_LEN(tests));
}
