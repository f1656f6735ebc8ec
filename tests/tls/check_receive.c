/*
 * What comes beside text: alerts, and records that are longer than they may be. Where the versions differ, both.
 */
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "tls/policy_types.h"

static struct rig rig;
static struct client13 client;

static void begin(uint16_t version)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init_version(&client, 11, version);
}

static void begin_connected(uint16_t version)
{
    begin(version);
    rig_handshake(&rig, &client);
    assert_rig_connected(&rig, &client);
}

static void end(void)
{
    assert_rig_end(&rig, &client);
}

static void assert_why(enum why why)
{
    ck_assert_msg(tls_outcome(rig.tls)->why == why, "%s", why_name(tls_outcome(rig.tls)->why));
}

static void assert_text_comes(void)
{
    rig.received_len = 0;
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    rig_pump(&rig, &client);
    assert_rig_connected(&rig, &client);
    ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
}

/* ---- alerts */

/* RFC 8446 6: the level is ignored, and user_canceled is no end by itself (6.1). */
START_TEST(in_tls13_user_canceled_is_passed_over_whatever_its_level)
{
    for (uint8_t level = 1; level <= 2; level++) {
        begin_connected(TLS_1_3);
        client13_send_alert(&client, level, ALERT_USER_CANCELED);
        rig_pump(&rig, &client);
        assert_text_comes();
        end();
    }
}
END_TEST

/* RFC 5246 7.2: "Alert messages with a level of fatal result in the immediate termination of the connection." */
START_TEST(in_tls12_a_warning_is_passed_over_and_what_is_fatal_ends_the_connection)
{
    static const uint8_t descriptions[] = {ALERT_USER_CANCELED, ALERT_NO_RENEGOTIATION};

    for (size_t i = 0; i < ARRAY_LEN(descriptions); i++) {
        begin_connected(TLS_1_2);
        client13_send_alert(&client, 1, descriptions[i]);
        rig_pump(&rig, &client);
        assert_text_comes();
        client13_send_alert(&client, 2, descriptions[i]);
        client13_send_text(&client, BYTES_OF_LITERAL("no more"));
        rig_pump(&rig, &client);
        assert_why(WHY_ALERT_RECEIVED);
        ck_assert_uint_eq(tls_outcome(rig.tls)->alert_received, descriptions[i]);
        ck_assert_uint_eq(rig.received_len, 4);
        end();
    }
}
END_TEST

/* During the handshake as well, where nothing was said in TLS 1.2 but a fatal alert. */
START_TEST(a_client_of_tls12_may_cancel_its_handshake)
{
    begin(TLS_1_2);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    client13_send_alert(&client, 2, ALERT_USER_CANCELED);
    rig_pump(&rig, &client);
    assert_why(WHY_ALERT_RECEIVED);
    ck_assert(!client.has_alert); /* RFC 5246 7.2.2: who gets a fatal alert sends none */
    end();
}
END_TEST

static void warn(uint16_t version, int times)
{
    for (int i = 0; i < times; i++)
        client13_send_alert(&client, 1, version == TLS_1_3 ? ALERT_USER_CANCELED : ALERT_NO_RENEGOTIATION);
    rig_pump(&rig, &client);
}

/* A flood of warnings is none (CVE-2016-8610); a few, now and then, in a connection of many hours are no flood. */
START_TEST(warnings_are_passed_over_up_to_a_limit_between_texts)
{
    static const uint16_t versions[] = {TLS_1_2, TLS_1_3};

    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        begin_connected(versions[i]);
        for (int round = 0; round < 100; round++) {
            warn(versions[i], MAX_WARNING_ALERTS);
            assert_text_comes();
        }
        warn(versions[i], MAX_WARNING_ALERTS);
        assert_why(WHY_NONE);
        warn(versions[i], 1);
        assert_why(WHY_ALERT_FLOOD);
        end();
    }
}
END_TEST

/* Text of no length takes no count back: it is for nobody. */
START_TEST(empty_records_are_no_text_between_warnings)
{
    begin_connected(TLS_1_2);
    for (int i = 0; i <= MAX_WARNING_ALERTS; i++) {
        client13_put_record(&client, CONTENT_APPLICATION_DATA, bytes_of("", 0));
        warn(TLS_1_2, 1);
    }
    assert_why(WHY_ALERT_FLOOD);
    end();
}
END_TEST

/* ---- long records of TLS 1.2 */

static uint8_t text[MAX_CIPHERTEXT12_LEN];

enum { OVERHEAD12 = EXPLICIT_NONCE_LEN + 16 };

/* A record of `len` bytes after its header, in steps of `step`; what it is answered with. */
static enum why answer_to_record(size_t len, size_t step, bool is_authentic)
{
    enum why why;

    begin_connected(TLS_1_2);
    client12_put_record(&client, CONTENT_APPLICATION_DATA, bytes_of(text, len - OVERHEAD12));
    client.out[client.out_len - 1] ^= !is_authentic;
    rig.cut.fixed = step;
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    client.out_len = 0;
    rig_drain(&rig, &client);
    why = tls_outcome(rig.tls)->why;
    ck_assert_uint_eq(rig.received_len, why == WHY_NONE ? len - OVERHEAD12 : 0);
    ck_assert_uint_eq(client.alert, why == WHY_NONE ? 0 : why_alert(why));
    end();
    return why;
}

/*
 * RFC 5246 6.2.3 MUST NOT: TLSCiphertext.length over 2^14 + 2048. Up to there the tag is asked first, then how much it
 * was (6.2.1 MUST NOT: over 2^14), whatever the pieces it came in.
 */
START_TEST(a_long_record_of_tls12_is_answered_alike_whole_and_in_pieces)
{
    static const struct {
        size_t len;
        enum why authentic, forged;
    } rows[] = {
        {MAX_PLAINTEXT_LEN + OVERHEAD12, WHY_NONE, WHY_RECORD_MAC},
        {MAX_PLAINTEXT_LEN + OVERHEAD12 + 1, WHY_PLAINTEXT_TOO_LONG, WHY_RECORD_MAC},
        {BLOCK_RECORD_LEN - RECORD_HEADER_LEN, WHY_PLAINTEXT_TOO_LONG, WHY_RECORD_MAC},
        {BLOCK_RECORD_LEN - RECORD_HEADER_LEN + 1, WHY_PLAINTEXT_TOO_LONG, WHY_RECORD_MAC},
        {17408, WHY_PLAINTEXT_TOO_LONG, WHY_RECORD_MAC},
        {17409, WHY_PLAINTEXT_TOO_LONG, WHY_RECORD_MAC},
        {18000, WHY_PLAINTEXT_TOO_LONG, WHY_RECORD_MAC},
        {MAX_CIPHERTEXT12_LEN, WHY_PLAINTEXT_TOO_LONG, WHY_RECORD_MAC},
        {MAX_CIPHERTEXT12_LEN + 1, WHY_RECORD_TOO_LONG, WHY_RECORD_TOO_LONG},
    };
    static const size_t steps[] = {0, 100, 1, 1460};

    ck_assert_uint_eq(why_alert(WHY_PLAINTEXT_TOO_LONG), ALERT_RECORD_OVERFLOW);
    ck_assert_uint_eq(why_alert(WHY_RECORD_MAC), ALERT_BAD_RECORD_MAC);
    for (size_t i = 0; i < ARRAY_LEN(rows) * ARRAY_LEN(steps); i++) {
        size_t len = rows[i / ARRAY_LEN(steps)].len, step = steps[i % ARRAY_LEN(steps)];
        enum why authentic = answer_to_record(len, step, true), forged = answer_to_record(len, step, false);

        ck_assert_msg(authentic == rows[i / ARRAY_LEN(steps)].authentic, "%zu bytes in steps of %zu: %s", len, step,
                      why_name(authentic));
        ck_assert_msg(forged == rows[i / ARRAY_LEN(steps)].forged, "%zu forged bytes in steps of %zu: %s", len, step,
                      why_name(forged));
    }
}
END_TEST

/* RFC 5246 6.2.1 MUST NOT: zero-length fragments of handshake, alert or ChangeCipherSpec; of text they are allowed. */
START_TEST(in_tls12_a_record_without_content_is_refused_but_of_text)
{
    static const struct {
        uint8_t type;
        enum why before, after; /* there are keys */
    } rows[] = {
        {CONTENT_HANDSHAKE, WHY_EMPTY_FRAGMENT, WHY_EMPTY_FRAGMENT},
        {CONTENT_ALERT, WHY_ALERT_MALFORMED, WHY_ALERT_MALFORMED},
        {CONTENT_CHANGE_CIPHER_SPEC, WHY_CCS_MALFORMED, WHY_CCS_UNEXPECTED},
        {CONTENT_APPLICATION_DATA, WHY_DATA_BEFORE_FINISHED, WHY_NONE},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(TLS_1_2);
        client13_send_hello(&client);
        rig_pump(&rig, &client);
        client13_put_plain_record(&client, rows[i].type, bytes_of("", 0));
        rig_pump(&rig, &client);
        assert_why(rows[i].before);
        end();
        begin_connected(TLS_1_2);
        client13_put_record(&client, rows[i].type, bytes_of("", 0));
        rig_pump(&rig, &client);
        assert_why(rows[i].after);
        end();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        in_tls13_user_canceled_is_passed_over_whatever_its_level,
        in_tls12_a_warning_is_passed_over_and_what_is_fatal_ends_the_connection,
        a_client_of_tls12_may_cancel_its_handshake,
        warnings_are_passed_over_up_to_a_limit_between_texts,
        empty_records_are_no_text_between_warnings,
        a_long_record_of_tls12_is_answered_alike_whole_and_in_pieces,
        in_tls12_a_record_without_content_is_refused_but_of_text,
    };

    return check_run("receive", tests, ARRAY_LEN(tests));
}
