#include "config/nearest.h"

#include "support/check_run.h"

static const char *nearest_of(const char *wanted)
{
    static const char *const known[] = {"address", "certificate", "key", "backend", "alpn", "idle-timeout"};
    struct nearest nearest = nearest_to(wanted);

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        nearest_offer(&nearest, known[i]);
    return nearest.name ? nearest.name : "none";
}

START_TEST(a_letter_dropped_added_replaced_or_exchanged_is_forgiven)
{
    ck_assert_str_eq(nearest_of("adress"), "address");
    ck_assert_str_eq(nearest_of("addresss"), "address");
    ck_assert_str_eq(nearest_of("atdress"), "address");
    ck_assert_str_eq(nearest_of("adderss"), "address");
    ck_assert_str_eq(nearest_of("kye"), "key");
}
END_TEST

START_TEST(case_and_underscores_are_forgiven)
{
    ck_assert_str_eq(nearest_of("Certificate"), "certificate");
    ck_assert_str_eq(nearest_of("ALPN"), "alpn");
    ck_assert_str_eq(nearest_of("idle_timeout"), "idle-timeout");
}
END_TEST

START_TEST(a_name_that_is_not_near_gets_no_suggestion)
{
    struct nearest one = nearest_to("a"), half = nearest_to("ab");

    ck_assert_str_eq(nearest_of("xyz"), "none");
    ck_assert_str_eq(nearest_of("ciphers"), "none");
    ck_assert_str_eq(nearest_of(""), "none");
    ck_assert_str_eq(nearest_of("k"), "none");
    nearest_offer(&one, "b");
    ck_assert_ptr_null(one.name);
    nearest_offer(&half, "bc");
    ck_assert_ptr_null(half.name);
}
END_TEST

START_TEST(exchanged_letters_are_one_mistake_and_the_first_of_equals_stays)
{
    struct nearest nearest = nearest_to("ab");

    nearest_offer(&nearest, "ba");
    ck_assert_uint_eq(nearest.mistakes, 1);
    nearest_offer(&nearest, "aa");
    ck_assert_str_eq(nearest.name, "ba");
    nearest_offer(&nearest, "ab");
    ck_assert_str_eq(nearest.name, "ab");
    ck_assert_uint_eq(nearest.mistakes, 0);
}
END_TEST

START_TEST(names_of_any_length_are_compared_or_left_alone)
{
    char longest[66];
    struct nearest nearest;

    memset(longest, 'a', sizeof longest - 1);
    longest[65] = 0;
    nearest = nearest_to(longest);
    nearest_offer(&nearest, longest);
    ck_assert_ptr_null(nearest.name);
    longest[64] = 0;
    nearest_offer(&nearest, longest);
    ck_assert_ptr_nonnull(nearest.name);
}
END_TEST

START_TEST(the_hint_is_a_question_or_nothing)
{
    struct nearest nearest = nearest_to("kye");
    char hint[NEAREST_HINT_LEN];

    ck_assert_str_eq(nearest_hint(&nearest, hint), "");
    nearest_offer(&nearest, "key");
    ck_assert_str_eq(nearest_hint(&nearest, hint), ", did you mean 'key'?");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_letter_dropped_added_replaced_or_exchanged_is_forgiven,
        case_and_underscores_are_forgiven,
        a_name_that_is_not_near_gets_no_suggestion,
        exchanged_letters_are_one_mistake_and_the_first_of_equals_stays,
        names_of_any_length_are_compared_or_left_alone,
        the_hint_is_a_question_or_nothing,
    };
    return check_run("nearest", tests, ARRAY_LEN(tests));
}
