/*
 * When a name is asked for, and what becomes of the answers.
 */
#include "daemon/names.h"

#include <stdio.h>

#include "daemon/resolver.h"
#include "support/check_run.h"

enum { SECOND = 1000 * 1000 };

static struct names names;
static const struct name *name;
static struct host_addresses before;
static uint64_t now;

static struct host_addresses addresses(uint8_t last)
{
    return (struct host_addresses){.count = 1, .items = {{.family = 4, .bytes = {192, 0, 2, last}}}};
}

static void begin(uint64_t interval)
{
    names = (struct names){.interval = interval};
    now = 100 * SECOND;
}

static uint32_t ask(void)
{
    const struct name *asked = names_ask(&names, now);

    return asked ? asked->question : 0;
}

static enum names_news answer(uint32_t question, uint8_t last)
{
    struct host_addresses some = addresses(last);

    return names_take(&names, question, HOST_OK, &some, now, &name, &before);
}

static enum names_news lose(uint32_t question)
{
    struct host_addresses none = {.count = 0};

    return names_take(&names, question, HOST_NO_SERVER, &none, now, &name, &before);
}

static void add(const char *host, enum name_use use)
{
    ck_assert(names_add(&names, host, use));
}

START_TEST(a_name_is_known_once_in_whatever_case_and_asked_for_at_once)
{
    begin(30 * SECOND);
    add("app.test", NAME_TO_CONNECT);
    add("APP.test", NAME_TO_CONNECT);
    ck_assert_uint_eq(names.count, 1);
    ck_assert_uint_eq(names_due(&names), 0);
    ck_assert_ptr_nonnull(names_find(&names, "App.Test"));
    ck_assert_uint_ne(ask(), 0);
    ck_assert_uint_eq(ask(), 0); /* until there is an answer */
    ck_assert_uint_eq(names_asked_since(&names), now);
    names_free(&names);
}
END_TEST

START_TEST(an_answer_is_good_for_the_interval)
{
    begin(30 * SECOND);
    add("app.test", NAME_TO_CONNECT);
    ck_assert_int_eq(answer(ask(), 1), NAMES_CHANGED);
    ck_assert_str_eq(name->host, "app.test");
    ck_assert_uint_eq(before.count, 0);
    ck_assert_uint_eq(names_due(&names), now + 30 * SECOND);
    now += 30 * SECOND - 1;
    ck_assert_uint_eq(ask(), 0);
    now++;
    ck_assert_int_eq(answer(ask(), 1), NAMES_NOTHING);
    names.interval = 5 * SECOND; /* of a new configuration: it counts from the last answer */
    ck_assert_uint_eq(names_due(&names), now + 5 * SECOND);
    names.interval = 0;
    ck_assert_uint_eq(names_due(&names), NAMES_NEVER);
    names_free(&names);
}
END_TEST

START_TEST(a_name_to_listen_on_is_asked_for_once)
{
    begin(30 * SECOND);
    add("front.test", NAME_TO_LISTEN);
    (void)!answer(ask(), 1);
    ck_assert_uint_eq(names_due(&names), NAMES_NEVER);
    ck_assert_ptr_null(names_changed_since(&names, 0)); /* no worker has a use for it */
    add("front.test", NAME_TO_CONNECT);
    add("front.test", NAME_TO_LISTEN);
    ck_assert_uint_eq(names_due(&names), now + 30 * SECOND);
    names_free(&names);
}
END_TEST

START_TEST(what_fails_is_asked_for_again_after_one_second_then_two_up_to_the_interval)
{
    static const uint64_t waits[] = {1, 2, 4, 8, 10, 10};

    begin(10 * SECOND);
    add("app.test", NAME_TO_CONNECT);
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        ck_assert_int_eq(lose(ask()), i == 0 ? NAMES_LOST : NAMES_NOTHING); /* told once */
        ck_assert_uint_eq(names_due(&names), now + waits[i] * SECOND);
        now = names_due(&names);
    }
    ck_assert_int_eq(answer(ask(), 1), NAMES_CHANGED);
    now = names_due(&names);
    ck_assert_int_eq(lose(ask()), NAMES_LOST);
    ck_assert_uint_eq(names_due(&names), now + SECOND);
    names_free(&names);
}
END_TEST

START_TEST(a_name_that_is_never_asked_for_again_is_asked_for_until_it_resolves)
{
    begin(0);
    add("app.test", NAME_TO_CONNECT);
    for (int i = 0; i < 10; i++) {
        (void)!lose(ask());
        ck_assert_uint_le(names_due(&names), now + NAME_MOST_RETRY);
        now = names_due(&names);
    }
    (void)!answer(ask(), 1);
    ck_assert_uint_eq(names_due(&names), NAMES_NEVER);
    names_free(&names);
}
END_TEST

START_TEST(the_last_good_addresses_stay_over_answers_that_fail)
{
    struct host_addresses good = addresses(1);

    begin(SECOND);
    add("app.test", NAME_TO_CONNECT);
    (void)!answer(ask(), 1);
    now += SECOND;
    ck_assert_int_eq(lose(ask()), NAMES_LOST);
    ck_assert(host_addresses_are_same(&name->addresses, &good));
    now += SECOND;
    ck_assert_int_eq(answer(ask(), 1), NAMES_BACK);
    now += SECOND;
    ck_assert_int_eq(answer(ask(), 2), NAMES_CHANGED);
    ck_assert(host_addresses_are_same(&before, &good));
    names_free(&names);
}
END_TEST

START_TEST(so_many_questions_are_open_at_a_time)
{
    char host[16];

    begin(SECOND);
    for (int i = 0; i < MAX_LOOKUPS + 2; i++) {
        snprintf(host, sizeof host, "n%d.test", i);
        add(host, NAME_TO_CONNECT);
    }
    for (int i = 0; i < MAX_LOOKUPS; i++)
        ck_assert_uint_ne(ask(), 0);
    ck_assert_uint_eq(ask(), 0);
    ck_assert_uint_eq(names_due(&names), NAMES_NEVER);
    (void)!answer(5, 1);
    ck_assert_uint_eq(names_due(&names), 0);
    ck_assert_uint_ne(ask(), 0);
    names_free(&names);
}
END_TEST

START_TEST(an_answer_to_what_is_not_open_is_none)
{
    uint32_t question;

    begin(SECOND);
    add("app.test", NAME_TO_CONNECT);
    ck_assert_int_eq(answer(0, 1), NAMES_NOT_ASKED);
    question = ask();
    ck_assert_int_eq(answer(question + 1, 1), NAMES_NOT_ASKED);
    ck_assert_int_eq(answer(question, 1), NAMES_CHANGED);
    ck_assert_int_eq(answer(question, 2), NAMES_NOT_ASKED);
    names_free(&names);
}
END_TEST

START_TEST(after_the_resolver_has_died_what_was_open_is_asked_anew_under_another_number)
{
    uint32_t first;

    begin(SECOND);
    add("app.test", NAME_TO_CONNECT);
    first = ask();
    names_ask_anew(&names);
    ck_assert_uint_eq(names.open, 0);
    ck_assert_uint_eq(names_asked_since(&names), NAMES_NEVER);
    ck_assert_uint_ne(ask(), first);
    ck_assert_int_eq(answer(first, 1), NAMES_NOT_ASKED);
    names_free(&names);
}
END_TEST

START_TEST(a_configuration_waits_for_all_of_its_names_or_until_it_has_waited_long_enough)
{
    uint32_t first, second;

    begin(SECOND);
    add("one.test", NAME_TO_CONNECT);
    add("two.test", NAME_TO_CONNECT);
    names_await(&names);
    first = ask();
    second = ask();
    (void)!answer(first, 1);
    ck_assert(names_are_awaited(&names));
    names_stop_waiting(&names);
    ck_assert(!names_are_awaited(&names));
    ck_assert_int_eq(names_find(&names, "two.test")->fault, HOST_LATE);
    ck_assert_int_eq(lose(second), NAMES_NOTHING); /* that it is not there was told already */
    names_await(&names);
    ck_assert_uint_eq(names_due(&names), 0); /* however good what is known still is */
    names_free(&names);
}
END_TEST

START_TEST(names_that_nobody_uses_go_once_they_are_answered)
{
    uint32_t question;

    begin(SECOND);
    add("one.test", NAME_TO_CONNECT);
    question = ask();
    add("two.test", NAME_TO_CONNECT);
    names_forget_uses(&names);
    add("three.test", NAME_TO_CONNECT);
    names_sweep(&names);
    ck_assert_ptr_nonnull(names_find(&names, "one.test"));
    ck_assert_ptr_null(names_find(&names, "two.test"));
    (void)!answer(question, 1);
    names_sweep(&names);
    ck_assert_ptr_null(names_find(&names, "one.test"));
    ck_assert_ptr_nonnull(names_find(&names, "three.test"));
    names_free(&names);
}
END_TEST

START_TEST(changes_are_told_in_their_order)
{
    begin(SECOND);
    add("one.test", NAME_TO_CONNECT);
    add("two.test", NAME_TO_CONNECT);
    (void)!answer(ask(), 1);
    (void)!answer(ask(), 2);
    ck_assert_str_eq(names_changed_since(&names, 0)->host, "one.test");
    ck_assert_str_eq(names_changed_since(&names, 1)->host, "two.test");
    ck_assert_ptr_null(names_changed_since(&names, 2));
    now += SECOND;
    (void)!answer(ask(), 3); /* one.test */
    ck_assert_str_eq(names_changed_since(&names, 0)->host, "two.test");
    ck_assert_str_eq(names_changed_since(&names, 2)->host, "one.test");
    ck_assert_ptr_null(names_changed_since(&names, UINT32_MAX));
    names_free(&names);
}
END_TEST

START_TEST(what_another_master_knew_is_no_change)
{
    struct socket_address known = {.v4 = {.sin_family = AF_INET}, .len = sizeof known.v4};

    begin(SECOND);
    add("app.test", NAME_TO_CONNECT);
    memcpy(&known.v4.sin_addr, ((uint8_t[4]){192, 0, 2, 1}), 4);
    names_know(&names, "app.test", &known, 1);
    names_know(&names, "nobody.test", &known, 1);
    ck_assert_ptr_null(names_changed_since(&names, 0));
    ck_assert_int_eq(answer(ask(), 1), NAMES_NOTHING);
    names_free(&names);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_name_is_known_once_in_whatever_case_and_asked_for_at_once,
        an_answer_is_good_for_the_interval,
        a_name_to_listen_on_is_asked_for_once,
        what_fails_is_asked_for_again_after_one_second_then_two_up_to_the_interval,
        a_name_that_is_never_asked_for_again_is_asked_for_until_it_resolves,
        the_last_good_addresses_stay_over_answers_that_fail,
        so_many_questions_are_open_at_a_time,
        an_answer_to_what_is_not_open_is_none,
        after_the_resolver_has_died_what_was_open_is_asked_anew_under_another_number,
        a_configuration_waits_for_all_of_its_names_or_until_it_has_waited_long_enough,
        names_that_nobody_uses_go_once_they_are_answered,
        changes_are_told_in_their_order,
        what_another_master_knew_is_no_change,
    };
    return check_run("names", tests, ARRAY_LEN(tests));
}
