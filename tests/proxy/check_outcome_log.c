/*
 * One line a connection: whatever a peer puts into it, it is one line, and it says what a person needs.
 */
#include "proxy/outcome_log.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/client_trust.h"
#include "crypto/crypto.h"
#include "proxy/limits.h"
#include "support/check_run.h"
#include "support/log_syntax.h"
#include "tls/iana.h"

static int log_pipe[2];
static struct log_fields fields;
static uint8_t written[1 << 16];
static size_t written_len;

static struct tls_outcome outcome;
static struct tls_offered offered;
static struct outcome_report report;
static struct config_listen listen_config;
static struct sockaddr_in client;
static struct tls_policy *policy;

static void begin(enum log_format format)
{
    if (log_pipe[0] == 0) {
        ck_assert_int_eq(pipe(log_pipe), 0);
        ck_assert_int_eq(fcntl(log_pipe[0], F_SETFL, O_NONBLOCK), 0);
        ck_assert(crypto_start());
        policy = tls_policy_new(random_system(), NULL, NULL);
        ck_assert_ptr_nonnull(policy);
    }
    log_configure(format, LOG_LEVEL_DEBUG, log_pipe[1]);
    client = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(40000)};
    client.sin_addr.s_addr = htonl(0xc0000201);
    outcome = (struct tls_outcome){.why = WHY_NONE, .stage = TLS_STAGE_CONNECTED, .version = TLS_1_3};
    offered = (struct tls_offered){0};
    listen_config = (struct config_listen){.name = "web"};
    report = (struct outcome_report){.id = 7,
                                     .client = (struct sockaddr *)&client,
                                     .listen = &listen_config,
                                     .policy = policy,
                                     .outcome = &outcome,
                                     .is_connected = true};
}

static void fail_with(enum why why, enum tls_stage stage)
{
    outcome.why = why;
    outcome.stage = stage;
    outcome.version = 0;
    report.is_connected = false;
}

static void read_lines(void)
{
    ssize_t len = read(log_pipe[0], written, sizeof written);

    written_len = len > 0 ? (size_t)len : 0;
}

static void write_line(enum log_format format)
{
    ck_assert_int_eq(outcome_log_write(&report, NULL, 0), OUTCOME_LOGGED);
    read_lines();
    ck_assert_msg(log_line_parse(format, bytes_of(written, written_len), &fields), "not one line: %.*s",
                  (int)written_len, (char *)written);
}

static void expect(const char *key, const char *value)
{
    const struct log_field *field = log_fields_find(&fields, key);

    ck_assert_msg(field != NULL, "%s is missing in: %.*s", key, (int)written_len, (char *)written);
    ck_assert_msg(bytes_equal(bytes_of(field->value, field->len), bytes_of_string(value)), "%s is '%.*s', not '%s'",
                  key, (int)field->len, (char *)field->value, value);
}

static void expect_none(const char *key)
{
    ck_assert_msg(log_fields_find(&fields, key) == NULL, "%s is there", key);
}

START_TEST(a_connection_tells_what_was_agreed_moved_and_how_it_ended)
{
    begin(LOG_FORMAT_LOGFMT);
    outcome.suite = &tls_suites[0];
    outcome.group = &tls_groups[0];
    outcome.scheme = &tls_signature_schemes[0];
    outcome.sni = BYTES_OF_LITERAL("a.example");
    outcome.alpn = BYTES_OF_LITERAL("h2");
    outcome.is_hello_retried = true;
    report.backend = "app";
    report.server = "127.0.0.1:8080";
    report.bytes_in = 12;
    report.bytes_out = 3456789012;
    report.hello_after = 1000;
    report.handshake_after = 2500;
    report.backend_took = 300;
    report.total = 61000000;
    write_line(LOG_FORMAT_LOGFMT);
    expect("event", "connection");
    expect("level", "info");
    expect("id", "7");
    expect("listener", "web");
    expect("client", "192.0.2.1:40000");
    expect("version", "TLSv1.3");
    expect("suite", tls_suites[0].name);
    expect("group", tls_groups[0].name);
    expect("signature", tls_signature_schemes[0].name);
    expect("sni", "a.example");
    expect("alpn", "h2");
    expect("hello_retried", "true");
    expect("backend", "app");
    expect("server", "127.0.0.1:8080");
    expect("bytes_in", "12");
    expect("bytes_out", "3456789012");
    expect("t_hello", "0.001000");
    expect("t_handshake", "0.002500");
    expect("t_backend", "0.000300");
    expect("t_total", "61.000000");
    expect("end", "clean");
}
END_TEST

/* ---- sessions and clients */

static struct client_identity identity = {
    .subject = "CN=alice,O=Example",
    .names = "DNS:a.example,URI:spiffe://x",
    .common_name = "alice",
    .fingerprint = {0x01, 0x02, 0xfe, [31] = 0xff},
};

static void expect_identity(void)
{
    expect("client_subject", identity.subject);
    expect("client_names", identity.names);
    expect("client_fingerprint", "0102fe00000000000000000000000000000000000000000000000000000000ff");
}

START_TEST(a_resumed_connection_says_so_and_tells_whom_its_ticket_knows)
{
    begin(LOG_FORMAT_LOGFMT);
    outcome.suite = tls_suite_find(0x1301);
    write_line(LOG_FORMAT_LOGFMT);
    expect_none("resumed");
    expect_none("client_subject");
    expect_none("client_fingerprint");
    outcome.is_resumed = true;
    outcome.client = &identity;
    write_line(LOG_FORMAT_LOGFMT);
    expect("resumed", "true");
    expect_identity();
    expect_none("signature");
    expect_none("certificate");
    expect_none("client_verify"); /* that is for those who were refused */
}
END_TEST

START_TEST(a_client_without_names_has_no_field_for_them)
{
    static const struct client_identity nameless = {.subject = "CN=bob", .fingerprint = {1}};

    begin(LOG_FORMAT_JSON);
    outcome.client = &nameless;
    write_line(LOG_FORMAT_JSON);
    expect("client_subject", "CN=bob");
    expect_none("client_names");
}
END_TEST

START_TEST(a_refused_client_certificate_is_told_with_what_is_wrong_and_without_lists)
{
    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_CLIENT_CERTIFICATE_REVOKED, TLS_STAGE_CLIENT_FINISHED);
    outcome.client = &identity;
    outcome.client_result = CHAIN_REVOKED;
    offered.suites[offered.suite_count++] = 0x1301;
    report.offered = &offered;
    write_line(LOG_FORMAT_LOGFMT);
    expect("event", "handshake_failed");
    expect("reason", "client_certificate_revoked");
    expect("alert_sent", "certificate_revoked");
    expect_identity();
    expect("client_verify", chain_result_name(CHAIN_REVOKED));
    expect_none("offered_suites"); /* what was offered has nothing to do with it */
    expect_none("allowed_suites");
}
END_TEST

/* Anybody can show somebody's certificate or send their ticket: only a handshake that ended well says who it was. */
START_TEST(who_proved_nothing_is_told_to_have_proved_nothing)
{
    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_CERTIFICATE_VERIFY_SIGNATURE, TLS_STAGE_CLIENT_FINISHED);
    outcome.client = &identity;
    write_line(LOG_FORMAT_LOGFMT);
    expect_identity();
    expect("client_verify", "unproved");
    fail_with(WHY_RECORD_MAC, TLS_STAGE_CONNECTED);
    write_line(LOG_FORMAT_LOGFMT);
    expect_identity();
    expect_none("client_verify");
}
END_TEST

START_TEST(who_was_refused_for_a_certificate_is_known_by_the_reason)
{
    ck_assert(!outcome_is_client_refused(&(struct tls_outcome){.why = WHY_NONE}));
    for (int why = WHY_NONE + 1; why < WHY_COUNT; why++) {
        const struct tls_outcome ended = {.why = (enum why)why};
        const char *name = why_name((enum why)why);
        bool is_by_name = strstr(name, "client_certificate_") == name && why != WHY_CLIENT_CERTIFICATE_WITHOUT_EMS;

        ck_assert_msg(outcome_is_client_refused(&ended) == is_by_name, "%s", name);
    }
}
END_TEST

/* RFC 5246 7.4.7.1: no group and no signature; a resumed session of such a suite has no key exchange at all. */
START_TEST(the_classic_rsa_exchange_is_named_where_the_group_would_stand)
{
    begin(LOG_FORMAT_LOGFMT);
    outcome.version = TLS_1_2;
    outcome.suite = tls_suite_find(0x009c);
    ck_assert_ptr_nonnull(outcome.suite);
    write_line(LOG_FORMAT_LOGFMT);
    expect("key_exchange", "rsa");
    expect_none("group");
    outcome.is_resumed = true;
    write_line(LOG_FORMAT_LOGFMT);
    expect_none("key_exchange");
    outcome.is_resumed = false;
    outcome.suite = tls_suite_find(0xc02f);
    outcome.group = tls_group_find(0x001d);
    write_line(LOG_FORMAT_LOGFMT);
    expect("group", "x25519");
    expect_none("key_exchange");
}
END_TEST

START_TEST(truncation_and_reasons_are_told_as_the_end)
{
    begin(LOG_FORMAT_LOGFMT);
    report.is_truncated = true;
    write_line(LOG_FORMAT_LOGFMT);
    expect("end", "truncated");
    outcome.why = WHY_BACKEND_RESET;
    write_line(LOG_FORMAT_LOGFMT);
    expect("end", "backend_reset");
    expect("level", "warning");
    expect("detail", why_sentence(WHY_BACKEND_RESET));
    expect("alert_sent", "internal_error");
}
END_TEST

START_TEST(a_failed_negotiation_tells_what_was_offered_and_what_is_allowed)
{
    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_NO_COMMON_SUITE, TLS_STAGE_CLIENT_HELLO);
    offered.suites[0] = 0x1304;
    offered.suites[1] = 0x5a5a;
    offered.suite_count = 2;
    report.offered = &offered;
    write_line(LOG_FORMAT_LOGFMT);
    expect("event", "handshake_failed");
    expect("level", "notice");
    expect("reason", "no_common_suite");
    expect("detail", "no cipher suite in common");
    expect("rule", "RFC 8446 4.1.1");
    expect("alert_sent", "handshake_failure");
    expect("stage", "client_hello");
    expect("offered_suites", tls_suite_name(0x1304) ? "TLS_AES_128_CCM_SHA256,0x5a5a" : "0x1304,0x5a5a");
    ck_assert_ptr_nonnull(log_fields_find(&fields, "allowed_suites"));
    expect_none("offered_groups");
    expect_none("allowed_groups");
}
END_TEST

START_TEST(who_lacks_the_post_quantum_group_is_told_by_its_groups)
{
    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_NO_POST_QUANTUM, TLS_STAGE_CLIENT_HELLO);
    offered.groups[0] = 0x001d;
    offered.suites[0] = 0x1301;
    offered.group_count = offered.suite_count = 1;
    report.offered = &offered;
    write_line(LOG_FORMAT_LOGFMT);
    expect("reason", "no_post_quantum");
    expect("alert_sent", "handshake_failure");
    expect("offered_groups", "x25519");
    expect("allowed_groups", "X25519MLKEM768,x25519,secp256r1,secp384r1");
    expect_none("rule");
    expect_none("offered_suites");
}
END_TEST

/* RFC 5246 says in places of its own what RFC 8446 says. */
START_TEST(the_rule_is_that_of_the_version)
{
    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_NO_COMMON_SUITE, TLS_STAGE_CLIENT_HELLO);
    outcome.version = TLS_1_2;
    report.offered = &offered;
    write_line(LOG_FORMAT_LOGFMT);
    expect("rule", "RFC 5246 7.4.1.3");
}
END_TEST

START_TEST(an_old_client_is_told_by_its_versions)
{
    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_NO_COMMON_VERSION, TLS_STAGE_CLIENT_HELLO);
    offered.versions[0] = TLS_1_2;
    offered.version_count = 1;
    report.offered = &offered;
    write_line(LOG_FORMAT_LOGFMT);
    expect("offered_versions", "TLSv1.2");
    expect("allowed_versions", "TLSv1.3,TLSv1.2");
    expect("hint", "the client is too old for the allowed versions");
}
END_TEST

START_TEST(an_alert_from_the_client_comes_with_a_hint)
{
    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_ALERT_RECEIVED, TLS_STAGE_CLIENT_FINISHED);
    outcome.has_alert_received = true;
    outcome.alert_received = ALERT_UNKNOWN_CA;
    write_line(LOG_FORMAT_LOGFMT);
    expect("alert_received", "unknown_ca");
    expect_none("alert_sent");
    ck_assert_ptr_nonnull(log_fields_find(&fields, "hint"));
    outcome.alert_received = 200;
    write_line(LOG_FORMAT_LOGFMT);
    expect("alert_received", "200");
}
END_TEST

START_TEST(who_came_without_a_byte_is_told_at_debug_level)
{
    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_NO_BYTES, TLS_STAGE_START);
    write_line(LOG_FORMAT_LOGFMT);
    expect("level", "debug");
    fail_with(WHY_TIMEOUT_CLIENT_HELLO, TLS_STAGE_START);
    write_line(LOG_FORMAT_LOGFMT);
    expect("level", "debug");
    fail_with(WHY_TIMEOUT_CLIENT_HELLO, TLS_STAGE_CLIENT_HELLO);
    write_line(LOG_FORMAT_LOGFMT);
    expect("level", "notice");
}
END_TEST

START_TEST(faults_of_our_own_are_errors)
{
    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_KEY_OPERATION, TLS_STAGE_KEY_OPERATION);
    write_line(LOG_FORMAT_LOGFMT);
    expect("level", "error");
}
END_TEST

/* Reliability O09. */
START_TEST(no_byte_of_a_peer_breaks_the_line_or_forges_a_field)
{
    static const enum log_format formats[] = {LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON};
    uint8_t evil[256];

    for (size_t i = 0; i < sizeof evil; i++)
        evil[i] = (uint8_t)i;
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        begin(formats[f]);
        outcome.sni = bytes_of(evil, sizeof evil);
        outcome.alpn = BYTES_OF_LITERAL("h2\" end=clean\nlevel=error event=forged x=\"");
        write_line(formats[f]);
        expect("end", "clean");
        ck_assert_uint_eq(log_fields_find(&fields, "sni")->len, sizeof evil);
        ck_assert_mem_eq(log_fields_find(&fields, "sni")->value, evil, sizeof evil);
        fail_with(WHY_NO_COMMON_ALPN, TLS_STAGE_CLIENT_HELLO);
        memcpy(offered.alpn, evil + 1, sizeof offered.alpn); /* without a NUL at its end */
        report.offered = &offered;
        write_line(formats[f]);
        ck_assert_uint_eq(log_fields_find(&fields, "offered_alpn")->len, sizeof offered.alpn);
    }
}
END_TEST

START_TEST(the_longest_lists_leave_the_line_whole)
{
    begin(LOG_FORMAT_JSON);
    fail_with(WHY_ALERT_RECEIVED, TLS_STAGE_CLIENT_FINISHED);
    for (int i = 0; i < MAX_OFFERED; i++) {
        offered.versions[i] = 0x0304;
        offered.suites[i] = 0x1302;
        offered.groups[i] = 0x0017;
        offered.schemes[i] = 0x0804;
    }
    offered.version_count = offered.suite_count = offered.group_count = offered.scheme_count = MAX_OFFERED;
    report.offered = &offered;
    write_line(LOG_FORMAT_JSON);
    expect("reason", "alert_received");
}
END_TEST

START_TEST(every_reason_makes_a_line_with_its_name)
{
    begin(LOG_FORMAT_LOGFMT);
    for (int why = 1; why < WHY_COUNT; why++) {
        fail_with((enum why)why, TLS_STAGE_CLIENT_HELLO);
        report.offered = &offered;
        write_line(LOG_FORMAT_LOGFMT);
        expect("reason", why_name((enum why)why));
    }
}
END_TEST

/* Reliability D07. */
START_TEST(ten_lines_a_second_of_one_class_are_written_and_the_rest_is_counted)
{
    struct log_limit limit = {0};
    int count = 0;

    begin(LOG_FORMAT_LOGFMT);
    fail_with(WHY_NOT_TLS, TLS_STAGE_START);
    for (int i = 0; i < 25; i++)
        count += outcome_log_write(&report, &limit, 5000000) == OUTCOME_LOGGED;
    ck_assert_int_eq(count, MAX_LOG_LINES_PER_SECOND);
    read_lines();
    ck_assert_int_eq(outcome_log_write(&report, &limit, 5999999), OUTCOME_SUPPRESSED);
    ck_assert_int_eq(outcome_log_write(&report, &limit, 6000000), OUTCOME_LOGGED);
    read_lines();
    ck_assert(log_line_parse(LOG_FORMAT_LOGFMT, bytes_of(written, written_len), &fields));
    expect("suppressed", "16");
    ck_assert_uint_eq(log_limit_take_suppressed(&limit), 0);
}
END_TEST

static int count_written(enum why why)
{
    struct log_limit limit = {0};
    int count = 0;

    outcome.why = why;
    for (int i = 0; i < 25; i++)
        count += outcome_log_write(&report, &limit, 5000000) == OUTCOME_LOGGED;
    read_lines();
    return count;
}

/* A backend that is dead makes one of every client; what every client makes in peace is what the log is for. */
START_TEST(of_connections_those_that_warn_are_limited_and_the_others_are_all_written)
{
    begin(LOG_FORMAT_LOGFMT);
    ck_assert_int_eq(count_written(WHY_BACKEND_REFUSED), MAX_LOG_LINES_PER_SECOND);
    ck_assert_int_eq(count_written(WHY_INTERNAL), MAX_LOG_LINES_PER_SECOND);
    ck_assert_int_eq(count_written(WHY_NONE), 25);
    ck_assert_int_eq(count_written(WHY_RECORD_MAC), 25);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_connection_tells_what_was_agreed_moved_and_how_it_ended,
        a_resumed_connection_says_so_and_tells_whom_its_ticket_knows,
        a_client_without_names_has_no_field_for_them,
        a_refused_client_certificate_is_told_with_what_is_wrong_and_without_lists,
        who_proved_nothing_is_told_to_have_proved_nothing,
        who_was_refused_for_a_certificate_is_known_by_the_reason,
        the_classic_rsa_exchange_is_named_where_the_group_would_stand,
        truncation_and_reasons_are_told_as_the_end,
        a_failed_negotiation_tells_what_was_offered_and_what_is_allowed,
        who_lacks_the_post_quantum_group_is_told_by_its_groups,
        the_rule_is_that_of_the_version,
        an_old_client_is_told_by_its_versions,
        an_alert_from_the_client_comes_with_a_hint,
        who_came_without_a_byte_is_told_at_debug_level,
        faults_of_our_own_are_errors,
        no_byte_of_a_peer_breaks_the_line_or_forges_a_field,
        the_longest_lists_leave_the_line_whole,
        every_reason_makes_a_line_with_its_name,
        ten_lines_a_second_of_one_class_are_written_and_the_rest_is_counted,
        of_connections_those_that_warn_are_limited_and_the_others_are_all_written,
    };
    return check_run("outcome_log", tests, ARRAY_LEN(tests));
}
