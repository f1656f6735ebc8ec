/*
 * Every reason of the failure table is provoked, and its alert is seen on the wire by a client that decrypts it.
 * A row without a scenario does not compile.
 */
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "why_scenarios.h"

/* Reasons whose alert cannot leave: no storage to put it in. */
static bool can_send_alert(enum why why)
{
    return why != WHY_NO_MEMORY;
}

START_TEST(every_reason_is_provoked_and_sends_the_alert_of_its_row)
{
    enum why why = (enum why)_i;
    const struct tls_outcome *outcome;

    ck_assert_msg(why_scenarios[why] != NULL, "nothing provokes %s", why_name(why));
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);

    why_scenarios[why]();
    rig_pump(&rig, &client);
    outcome = tls_outcome(rig.tls);
    ck_assert_msg(outcome->why == why, "%s, but %s was to be provoked", why_name(outcome->why), why_name(why));
    ck_assert_msg(client.fault == NULL, "%s: %s", why_name(why), client.fault);
    ck_assert(tls_ready(rig.tls) & TLS_OVER);
    ck_assert(!(tls_ready(rig.tls) & (TLS_WIRE_IN | TLS_PLAIN_IN | TLS_KEY)));
    if (why_alert(why) == ALERT_NONE || !can_send_alert(why)) {
        ck_assert_msg(!client.has_alert, "%s sends alert %u", why_name(why), client.alert);
    } else {
        ck_assert_msg(client.has_alert, "%s sends no alert", why_name(why));
        ck_assert_uint_eq(client.alert, why_alert(why));
        ck_assert_uint_eq(client.alert_level, client.alert == ALERT_CLOSE_NOTIFY ? 1 : 2);
    }
    tls_abort(rig.tls, WHY_INTERNAL); /* the first reason wins */
    ck_assert_int_eq(tls_outcome(rig.tls)->why, why);
    assert_rig_end(&rig, &client);
}
END_TEST

START_TEST(a_rule_of_both_versions_is_named_as_the_version_has_it)
{
    ck_assert_str_eq(why_section(WHY_FINISHED_MAC, TLS_1_3), "8446 4.4.4");
    ck_assert_str_eq(why_section(WHY_FINISHED_MAC, TLS_1_2), "5246 7.4.9");
    ck_assert_str_eq(why_section(WHY_RECORD_TYPE, 0), "8446 5"); /* nothing was chosen yet */
    ck_assert_str_eq(why_section(WHY_RENEGOTIATION, TLS_1_2), "5746 4.4");
    ck_assert_str_eq(why_section(WHY_NO_COMMON_ALPN, TLS_1_2), why_section(WHY_NO_COMMON_ALPN, TLS_1_3));
    ck_assert_ptr_nonnull(why_section(WHY_RECORDS_INTERLEAVED, TLS_1_3));
    ck_assert_ptr_null(why_section(WHY_RECORDS_INTERLEAVED, TLS_1_2)); /* RFC 5246 does not forbid it, we do */
    for (int why = 1; why < WHY_COUNT; why++) {                        /* where we decided ourselves, we did for both */
        const char *section = why_section((enum why)why, TLS_1_2);
        ck_assert_msg(why_section((enum why)why, TLS_1_3) || !section, "%s", why_name((enum why)why));
    }
}
END_TEST

START_TEST(every_row_has_a_name_and_a_sentence_of_its_own)
{
    for (int i = 1; i < WHY_COUNT; i++) {
        ck_assert_uint_gt(strlen(why_sentence(i)), 10);
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(why_name(i), why_name(j));
            ck_assert_str_ne(why_sentence(i), why_sentence(j));
        }
        for (const char *c = why_name(i); *c; c++)
            ck_assert_msg((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_', "%s", why_name(i));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("why");
    TCase *tcase = tcase_create("why");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, every_reason_is_provoked_and_sends_the_alert_of_its_row, 1, WHY_COUNT);
    tcase_add_test(tcase, every_row_has_a_name_and_a_sentence_of_its_own);
    tcase_add_test(tcase, a_rule_of_both_versions_is_named_as_the_version_has_it);
    tcase_set_timeout(tcase, TEST_TIMEOUT_SECONDS);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner) != 0 || srunner_ntests_run(runner) != WHY_COUNT + 1;
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
