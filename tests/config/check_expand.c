#include "config/expand.h"

#include "config/heard.h"
#include "support/check_run.h"

#include <stdlib.h>

static struct arena arena;
static struct heard heard;

static const char *expand(const char *text)
{
    struct report report = {.findings = heard_by(&heard), .file = "f"};

    setenv("SET", "value", 1);
    setenv("EMPTY", "", 1);
    setenv("DOLLAR", "${SET} $$", 1);
    setenv("_AZaz09", "edges", 1);
    unsetenv("UNSET");
    return expand_text(&arena, &report, 7, text);
}

static void becomes(const char *text, const char *expected)
{
    const char *expanded = expand(text);

    ck_assert_msg(expanded != NULL, "%s: %s", text, heard.text);
    ck_assert_str_eq(expanded, expected);
    ck_assert_uint_eq(heard.count, 0);
    arena_free(&arena);
}

static void is_refused(const char *text, const char *expected)
{
    ck_assert_ptr_null(expand(text));
    ck_assert_str_eq(heard.text, expected);
    ck_assert_uint_eq(heard.count, 1);
    arena_free(&arena);
}

START_TEST(text_without_a_dollar_sign_stays)
{
    becomes("", "");
    becomes("127.0.0.1:80 } { :-", "127.0.0.1:80 } { :-");
}
END_TEST

START_TEST(a_variable_gives_its_value)
{
    becomes("${SET}", "value");
    becomes("a${SET}b${SET}", "avaluebvalue");
    becomes("${EMPTY}", "");
    becomes("${_AZaz09}", "edges");
}
END_TEST

START_TEST(the_default_stands_in_for_what_is_unset_or_empty)
{
    becomes("${UNSET:-x:1}", "x:1");
    becomes("${EMPTY:-x}", "x");
    becomes("${SET:-x}", "value");
    becomes("${UNSET:-}", "");
    becomes("${UNSET:-a}${SET}", "avalue");
}
END_TEST

START_TEST(two_dollar_signs_are_one)
{
    becomes("$$", "$");
    becomes("a$$b$${SET}", "a$b${SET}");
}
END_TEST

START_TEST(what_a_variable_holds_is_not_expanded_again)
{
    becomes("${DOLLAR}", "${SET} $$");
}
END_TEST

START_TEST(an_unset_variable_without_a_default_is_an_error)
{
    is_refused("${UNSET}", "f:7: the environment has no UNSET; ${UNSET:-default} would say what to use then\n");
}
END_TEST

START_TEST(a_dollar_sign_that_begins_nothing_is_an_error)
{
    is_refused("$", "f:7: a '$' begins ${NAME}; a dollar sign itself is written '$$'\n");
    is_refused("a$SET", "f:7: a '$' begins ${NAME}; a dollar sign itself is written '$$'\n");
    is_refused("${SET", "f:7: '${' has no closing '}'\n");
    is_refused("${}", "f:7: '${}' is not ${NAME} or ${NAME:-default}\n");
    is_refused("${1A}", "f:7: '${1A}' is not ${NAME} or ${NAME:-default}\n");
    is_refused("${SET-x}", "f:7: '${SET-x}' is not ${NAME} or ${NAME:-default}\n");
    is_refused("${SET:x}", "f:7: '${SET:x}' is not ${NAME} or ${NAME:-default}\n");
    is_refused("${ SET}", "f:7: '${ SET}' is not ${NAME} or ${NAME:-default}\n");
}
END_TEST

START_TEST(a_variable_name_too_long_to_hold_is_refused)
{
    char text[200] = "${";

    memset(text + 2, 'A', 127);
    strcpy(text + 129, ":-x}");
    becomes(text, "x");
    memset(text + 2, 'A', 128);
    strcpy(text + 130, "}");
    ck_assert_ptr_null(expand(text));
    ck_assert_ptr_nonnull(strstr(heard.text, "}' is not ${NAME} or ${NAME:-default}"));
}
END_TEST

START_TEST(a_value_may_have_4096_bytes_and_no_more)
{
    char *huge = malloc(4098);

    memset(huge, 'v', 4096);
    huge[4096] = 0;
    setenv("HUGE", huge, 1);
    becomes("${HUGE}", huge);
    is_refused("${HUGE}v", "f:7: the value has more than 4096 bytes once its variables are filled in\n");
    free(huge);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_without_a_dollar_sign_stays,
        a_variable_gives_its_value,
        the_default_stands_in_for_what_is_unset_or_empty,
        two_dollar_signs_are_one,
        what_a_variable_holds_is_not_expanded_again,
        an_unset_variable_without_a_default_is_an_error,
        a_dollar_sign_that_begins_nothing_is_an_error,
        a_variable_name_too_long_to_hold_is_refused,
        a_value_may_have_4096_bytes_and_no_more,
    };
    return check_run("expand", tests, ARRAY_LEN(tests));
}
