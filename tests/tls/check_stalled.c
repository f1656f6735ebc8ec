/*
 * Clients that begin and do not go on hold little, and what was secret is gone when a handshake is over. A chain that
 * takes more than a record goes through.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "support/check_run.h"
#include "support/rig.h"
#include "tls/policy_types.h"

static struct rig rig;
static struct client13 client;

static void begin(void)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);
}

static void end(void)
{
    client13_wipe(&client);
    rig_wipe(&rig);
}

START_TEST(a_client_that_stalls_before_its_finished_holds_no_block)
{
    begin();
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_done);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    end();
}
END_TEST

START_TEST(a_client_that_stalls_after_a_retry_holds_no_block)
{
    begin();
    client.hello.share_groups[0] = 0;
    client13_send_hello(&client);
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    rig_drain(&rig, NULL);
    ck_assert_int_eq(rig.tls->state, WAIT_CH2);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    end();
}
END_TEST

/* Storage follows what came, not what a header announces (reliability D01). */
START_TEST(a_header_that_announces_a_large_hello_pins_a_small_block)
{
    begin();
    rig_feed(&rig, BYTES_OF_LITERAL("\x16\x03\x01\x00\x04\x01\x00\x40\x00"));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), BLOCK_SMALL_LEN);
    end();
}
END_TEST

START_TEST(half_a_message_goes_when_the_connection_fails)
{
    begin();
    rig_feed(&rig, BYTES_OF_LITERAL("\x16\x03\x01\x00\x04\x01\x00\x40\x00"));
    tls_abort(rig.tls, WHY_TIMEOUT_CLIENT_HELLO);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    end();
}
END_TEST

/* Stands in for a chain with large intermediates: the same leaf, and many bytes behind it. */
static void lengthen_chain(size_t len)
{
    struct encoded_body *body = &rig.policy->credentials->encoded[0].certificate;
    uint8_t *longer = memory_resize(body->at, body->len + len);
    struct writer w;

    ck_assert(longer != NULL);
    w = writer_of(longer, 4);
    write_u8(&w, 0); /* certificate_request_context */
    write_u24(&w, (uint32_t)(body->len - 4 + len));
    w = writer_of(longer + body->len, len);
    write_u24(&w, (uint32_t)len - 5);
    ck_assert(write_space(&w, len - 5) != NULL);
    write_u16(&w, 0);
    ck_assert(writer_ok(&w));
    body->at = longer;
    body->len += len;
}

START_TEST(a_chain_of_several_records_goes_through_with_and_without_a_retry)
{
    for (int is_retried = 0; is_retried < 2; is_retried++) {
        begin();
        lengthen_chain(40000);
        if (is_retried)
            client.hello.share_groups[0] = 0;
        rig_handshake(&rig, &client);
        ck_assert_msg(client.fault == NULL, "%s", client.fault);
        ck_assert_msg(tls_is_connected(rig.tls), "%s", why_name(tls_outcome(rig.tls)->why));
        ck_assert_uint_gt(rig.wire_len, 40000);
        end();
    }
}
END_TEST

/* RFC 8446 4.6.3: data between them lets any number of messages through over time. */
START_TEST(key_updates_between_data_go_on_for_ever)
{
    begin();
    rig_handshake(&rig, &client);
    for (int i = 0; i < 3 * MAX_HANDSHAKE_MESSAGES; i++) {
        client13_send_key_update(&client, 0);
        client13_send_text(&client, BYTES_OF_LITERAL("x"));
    }
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
    ck_assert_uint_eq(rig.received_len, 3 * MAX_HANDSHAKE_MESSAGES);
    end();
}
END_TEST

START_TEST(the_client_is_asked_again_when_its_next_key_is_old)
{
    begin();
    rig_handshake(&rig, &client);
    for (unsigned asked = 1; asked <= 2; asked++) {
        rig.tls->in.sequence = client.writing.sequence = REKEY_AFTER_RECORDS;
        client13_send_text(&client, BYTES_OF_LITERAL("x"));
        rig_pump(&rig, &client);
        ck_assert_uint_eq(client.key_updates, asked);
        client13_send_key_update(&client, 0);
        rig_pump(&rig, &client);
    }
    end();
}
END_TEST

/* RFC 8446 6.1 MUST: close_notify is the last that we send. */
START_TEST(after_our_close_notify_no_alert_follows)
{
    begin();
    rig_handshake(&rig, &client);
    tls_close(rig.tls);
    rig_drain(&rig, &client);
    ck_assert(client.has_close_notify);
    client13_send_text(&client, BYTES_OF_LITERAL("x"));
    client.out[client.out_len - 1] ^= 1;
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RECORD_MAC);
    ck_assert_msg(client.fault == NULL, "%s", client.fault); /* a second alert would be its fault */
    end();
}
END_TEST

/* RFC 8446 5.1 MUST NOT: no record between those of one message, a harmless alert neither; a fatal one says why. */
START_TEST(a_warning_between_two_halves_of_a_message_is_refused_and_a_fatal_alert_is_told)
{
    static const struct {
        uint8_t alert;
        enum why why;
    } rows[] = {
        {ALERT_USER_CANCELED, WHY_RECORDS_INTERLEAVED},
        {ALERT_CLOSE_NOTIFY, WHY_RECORDS_INTERLEAVED},
        {ALERT_BAD_CERTIFICATE, WHY_ALERT_RECEIVED},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin();
        rig_handshake(&rig, &client);
        client13_put_record(&client, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("\x18\0"));
        client13_send_alert(&client, 2, rows[i].alert);
        rig_pump(&rig, &client);
        ck_assert_int_eq(tls_outcome(rig.tls)->why, rows[i].why);
        end();
    }
}
END_TEST

/* RFC 8446 5: before the first ClientHello no ChangeCipherSpec, and no other record, has a place. */
START_TEST(a_change_cipher_spec_before_the_first_client_hello_is_refused)
{
    begin();
    rig_feed(&rig, BYTES_OF_LITERAL("\x14\x03\x03\x00\x01\x01"));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CCS_UNEXPECTED);
    end();
}
END_TEST

/* RFC 6066 3: the name is acknowledged only by a server that used it. */
START_TEST(an_unknown_name_is_not_acknowledged)
{
    begin();
    client.hello.sni = "nobody.example";
    rig_handshake(&rig, &client);
    ck_assert(tls_is_connected(rig.tls));
    ck_assert(!client.has_server_name);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_client_that_stalls_before_its_finished_holds_no_block,
        a_client_that_stalls_after_a_retry_holds_no_block,
        a_header_that_announces_a_large_hello_pins_a_small_block,
        half_a_message_goes_when_the_connection_fails,
        a_chain_of_several_records_goes_through_with_and_without_a_retry,
        key_updates_between_data_go_on_for_ever,
        the_client_is_asked_again_when_its_next_key_is_old,
        after_our_close_notify_no_alert_follows,
        a_warning_between_two_halves_of_a_message_is_refused_and_a_fatal_alert_is_told,
        a_change_cipher_spec_before_the_first_client_hello_is_refused,
        an_unknown_name_is_not_acknowledged,
    };

    return check_run("stalled", tests, ARRAY_LEN(tests));
}
