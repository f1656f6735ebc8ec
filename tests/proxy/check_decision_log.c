/*
 * The record of a negotiation becomes one line at level debug, a field a subject, in the order it was decided.
 */
#include "proxy/decision_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "support/check_run.h"
#include "support/log_syntax.h"

static int log_pipe[2];
static struct log_fields fields;
static uint8_t written[1 << 16];
static size_t written_len;
static struct tls_policy *policy;
static struct decisions decisions;

static void begin(enum log_level level)
{
    ck_assert_int_eq(pipe(log_pipe), 0);
    ck_assert_int_eq(fcntl(log_pipe[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert(crypto_start());
    policy = tls_policy_new(random_system(), NULL, NULL);
    ck_assert_ptr_nonnull(policy);
    ck_assert(tls_policy_add_alpn(policy, BYTES_OF_LITERAL("h2")));
    decisions = (struct decisions){0};
    log_configure(LOG_FORMAT_LOGFMT, level, log_pipe[1]);
}

static void end(void)
{
    tls_policy_unref(policy);
    close(log_pipe[0]);
    close(log_pipe[1]);
}

static void write_log(const struct decisions *what)
{
    ssize_t len;

    decision_log_write(7, policy, what);
    len = read(log_pipe[0], written, sizeof written);
    written_len = len > 0 ? (size_t)len : 0;
}

static void write_line(void)
{
    write_log(&decisions);
    ck_assert_msg(log_line_parse(LOG_FORMAT_LOGFMT, bytes_of(written, written_len), &fields), "not one line: %.*s",
                  (int)written_len, (char *)written);
}

static void expect(const char *key, const char *value)
{
    const struct log_field *field = log_fields_find(&fields, key);

    ck_assert_msg(field != NULL, "%s is missing in: %.*s", key, (int)written_len, (char *)written);
    ck_assert_msg(bytes_equal(bytes_of(field->value, field->len), bytes_of_string(value)), "%s is '%.*s', not '%s'",
                  key, (int)field->len, (char *)field->value, value);
}

START_TEST(a_subject_is_a_field_with_every_verdict_in_its_order)
{
    begin(LOG_LEVEL_DEBUG);
    decide(&decisions, DECISION_GROUP, VERDICT_NO_SHARE, 0x001d);
    decide(&decisions, DECISION_VERSION, VERDICT_CHOSEN, TLS_1_3);
    decide(&decisions, DECISION_GROUP, VERDICT_CHOSEN, 0x0017);
    decide(&decisions, DECISION_ALPN, VERDICT_CHOSEN, 0);
    decide(&decisions, DECISION_RESUMPTION, VERDICT_NOT_OPENED, 0);
    decide(&decisions, DECISION_RESUMPTION, VERDICT_TOO_OLD, 1);
    write_line();
    expect("level", "debug");
    expect("event", "handshake_decisions");
    expect("id", "7");
    expect("version", "TLSv1.3: chosen");
    expect("group", "x25519: no key share came for it; secp256r1: chosen");
    expect("alpn", "h2: chosen");
    expect("resumption", "ticket 1: the ticket does not open: unknown key, changed, or for another listener, name or "
                         "client policy; ticket 2: the ticket is too old");
    ck_assert_ptr_null(log_fields_find(&fields, "suite")); /* nothing was decided about it */
    ck_assert_ptr_null(log_fields_find(&fields, "client_certificate"));
    end();
}
END_TEST

START_TEST(every_subject_has_its_field)
{
    begin(LOG_LEVEL_DEBUG);
    for (int subject = 0; subject < DECISION_SUBJECT_COUNT; subject++)
        decide(&decisions, (enum decision_subject)subject, VERDICT_SWITCHED_OFF, 0x7777);
    write_line();
    for (int subject = 0; subject < DECISION_SUBJECT_COUNT; subject++)
        ck_assert_ptr_nonnull(log_fields_find(&fields, decision_subject_name((enum decision_subject)subject)));
    expect("suite", "0x7777: switched off here"); /* nothing has that code point */
    expect("ocsp_staple", "an OCSP response: switched off here");
    end();
}
END_TEST

/* A value is cut, at a level that an operator may leave on: the line stays one, every entry is whole or counted. */
START_TEST(the_longest_record_is_one_line_that_says_how_much_it_leaves_out)
{
    const struct log_field *field;
    char text[1024], more[32];
    size_t told = 0;

    begin(LOG_LEVEL_DEBUG);
    for (int i = 0; i < 2 * MAX_DECISIONS; i++)
        decide(&decisions, DECISION_SUITE, VERDICT_NO_FORWARD_SECRECY, (uint16_t)(0x7700 + i));
    decide(&decisions, DECISION_SUITE, VERDICT_CHOSEN, 0x1301);
    decide(&decisions, DECISION_GROUP, VERDICT_CHOSEN, 0x001d);
    ck_assert_uint_le(decisions.count, MAX_DECISIONS);
    write_line();
    expect("group", "x25519: chosen");
    field = log_fields_find(&fields, "suite");
    snprintf(text, sizeof text, "%.*s", (int)field->len, (const char *)field->value);
    ck_assert_mem_eq(text, "0x7700: no forward secrecy", 26);
    ck_assert_msg(strstr(text, "; TLS_AES_128_GCM_SHA256: chosen; and "), "%s", text);
    for (const char *at = text; (at = strstr(at, "one that has it fits;")); at++)
        told++;
    ck_assert_uint_gt(told, 3);
    snprintf(more, sizeof more, "; and %zu more", (size_t)(2 * MAX_DECISIONS) - told);
    ck_assert_str_eq(strrchr(text, ';'), more);
    end();
}
END_TEST

START_TEST(above_level_debug_and_without_a_record_nothing_is_said)
{
    begin(LOG_LEVEL_INFO);
    decide(&decisions, DECISION_GROUP, VERDICT_CHOSEN, 0x001d);
    write_log(&decisions);
    ck_assert_uint_eq(written_len, 0);
    end();
    begin(LOG_LEVEL_DEBUG);
    write_log(NULL);
    ck_assert_uint_eq(written_len, 0);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_subject_is_a_field_with_every_verdict_in_its_order,
        every_subject_has_its_field,
        the_longest_record_is_one_line_that_says_how_much_it_leaves_out,
        above_level_debug_and_without_a_record_nothing_is_said,
    };
    return check_run("decision_log", tests, ARRAY_LEN(tests));
}
