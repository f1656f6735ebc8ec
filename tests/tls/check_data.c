/* After the handshake: text both ways, key updates, the ends of a connection, and what an idle one holds. */
#include "support/check_run.h"
#include "support/rig.h"
#include "tls/record.h"

static struct rig rig;
static struct client13 client;

static void begin(void)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);
}

static void begin_connected(void)
{
    begin();
    rig_handshake(&rig, &client);
    ck_assert(tls_is_connected(rig.tls));
}

static void end(void)
{
    ck_assert_msg(client.fault == NULL, "%s", client.fault);
    client13_wipe(&client);
    rig_wipe(&rig);
}

static void assert_alive(void)
{
    ck_assert_msg(tls_outcome(rig.tls)->why == WHY_NONE, "%s", why_name(tls_outcome(rig.tls)->why));
}

static struct bytes pattern(size_t len)
{
    static uint8_t text[1 << 20];

    for (size_t i = 0; i < len; i++)
        text[i] = (uint8_t)(i * 31 + i / 251);
    return bytes_of(text, len);
}

/* From the backend: as much as the engine takes, then the wire is drained, until all is through. */
static void send_all(struct bytes text)
{
    while (text.len > 0) {
        struct iovec spans[8];
        int count = tls_plain_space(rig.tls, spans, 8);
        size_t done = 0;

        ck_assert_int_gt(count, 0);
        for (int i = 0; i < count && done < text.len; i++) {
            size_t len = text.len - done < spans[i].iov_len ? text.len - done : spans[i].iov_len;
            memcpy(spans[i].iov_base, text.at + done, len);
            done += len;
        }
        tls_plain_commit(rig.tls, done);
        text = bytes_of(text.at + done, text.len - done);
        ck_assert(!(tls_ready(rig.tls) & TLS_PLAIN_IN)); /* backpressure: first what is sealed must leave */
        rig_drain(&rig, &client);
    }
}

START_TEST(text_of_every_size_arrives_both_ways)
{
    static const size_t sizes[] = {1, 2, 15, 16, 17, 1023, 1024, 1025, 16383, 16384, 16385, 65536, 100000, 1 << 20};

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct bytes text = pattern(sizes[i]);

        begin_connected();
        client13_send_text(&client, text);
        rig_pump(&rig, &client);
        ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), text));
        send_all(text);
        ck_assert(bytes_equal(bytes_of(client.text, client.text_len), text));
        assert_alive();
        end();
    }
}
END_TEST

START_TEST(text_in_tiny_records_and_cuts_arrives_in_order)
{
    struct bytes text = pattern(5000);

    begin_connected();
    rig.cut.random = 5;
    for (size_t at = 0; at < text.len; at += 5) {
        client13_put_padded(&client, CONTENT_APPLICATION_DATA, bytes_of(text.at + at, 5), at % 300);
        if (at % 7 == 0)
            client13_put_record(&client, CONTENT_APPLICATION_DATA, bytes_of(NULL, 0));
    }
    rig_pump(&rig, &client);
    assert_alive();
    ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), text));
    end();
}
END_TEST

/* Many short records of one read leave in few spans: one write to the backend. */
START_TEST(short_records_are_moved_together)
{
    struct iovec span, spans[8];

    begin_connected();
    for (int i = 0; i < 100; i++)
        client13_send_text(&client, pattern(10));
    ck_assert_int_eq(tls_wire_space(rig.tls, &span, 1), 1);
    ck_assert_uint_le(client.out_len, span.iov_len);
    memcpy(span.iov_base, client.out, client.out_len);
    tls_wire_commit(rig.tls, client.out_len);
    client.out_len = 0;
    ck_assert_int_eq(tls_plain_view(rig.tls, spans, 8), 1);
    ck_assert_uint_eq(spans[0].iov_len, 1000);
    ck_assert(!(tls_ready(rig.tls) & TLS_WIRE_IN)); /* backpressure: first what is opened must leave */
    tls_plain_consume(rig.tls, 999);
    ck_assert(!(tls_ready(rig.tls) & TLS_WIRE_IN));
    tls_plain_consume(rig.tls, 1);
    ck_assert(tls_ready(rig.tls) & TLS_WIRE_IN);
    end();
}
END_TEST

/* A span of the engine's is one record's body; bulk traffic gets several at once. */
START_TEST(bulk_traffic_gets_more_spans_a_call)
{
    struct iovec spans[8];

    begin_connected();
    ck_assert_int_eq(tls_plain_space(rig.tls, spans, 8), 1);
    ck_assert_uint_eq(spans[0].iov_len, MAX_PLAINTEXT_LEN);
    memset(spans[0].iov_base, 'x', spans[0].iov_len);
    tls_plain_commit(rig.tls, spans[0].iov_len);
    rig_drain(&rig, &client);
    ck_assert_int_ge(tls_plain_space(rig.tls, spans, 8), 4);
    ck_assert_uint_eq(spans[3].iov_len, MAX_PLAINTEXT_LEN);
    tls_plain_commit(rig.tls, 0);
    ck_assert_int_eq(tls_plain_space(rig.tls, spans, 8), 1); /* quiet again: small again */
    tls_plain_commit(rig.tls, 0);
    end();
}
END_TEST

/* ---- storage */

START_TEST(an_idle_connection_holds_no_buffer)
{
    struct iovec span;

    begin();
    ck_assert_int_eq(tls_wire_space(rig.tls, &span, 1), 1);
    tls_wire_commit(rig.tls, 0); /* a read that found nothing */
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    rig_handshake(&rig, &client);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    ck_assert(rig.tls->handshake == NULL);
    client13_send_text(&client, pattern(70000));
    rig_pump(&rig, &client);
    send_all(pattern(70000));
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    ck_assert_uint_le(sizeof *rig.tls, 600);
    end();
}
END_TEST

START_TEST(the_head_of_a_record_pins_only_a_small_block)
{
    begin();
    client13_send_hello(&client);
    rig_feed(&rig, bytes_of(client.out, 3));
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), BLOCK_SMALL_LEN);
    rig_feed(&rig, bytes_of(client.out + 3, 1));
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), BLOCK_SMALL_LEN);
    end();
}
END_TEST

START_TEST(an_announced_giant_message_costs_no_storage)
{
    static const uint8_t giant[] = {22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff};

    begin();
    rig_feed(&rig, BYTES_OF_ARRAY(giant));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_MESSAGE_TOO_LONG);
    rig_drain(&rig, &client);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    end();
}
END_TEST

/* ---- KeyUpdate (RFC 8446 4.6.3) */

START_TEST(a_key_update_of_the_client_changes_its_key_and_no_more)
{
    begin_connected();
    client13_send_key_update(&client, 0);
    client13_send_text(&client, pattern(100));
    rig_pump(&rig, &client);
    assert_alive();
    ck_assert_uint_eq(rig.received_len, 100);
    ck_assert_uint_eq(client.key_updates, 0);
    send_all(pattern(100));
    ck_assert_uint_eq(client.text_len, 100);
    end();
}
END_TEST

/* RFC 8446 4.6.3 MUST: ours goes out before our next application data. */
START_TEST(a_requested_key_update_is_answered_before_our_next_text)
{
    begin_connected();
    client13_send_key_update(&client, 1);
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    client.out_len = 0;
    rig_drain(&rig, &client);
    ck_assert_uint_eq(client.key_updates, 1);
    send_all(pattern(100));
    ck_assert(bytes_equal(bytes_of(client.text, client.text_len), pattern(100)));
    assert_alive();
    end();
}
END_TEST

/* A client that asks without reading gets one answer, not a queue of them. */
START_TEST(many_requests_while_the_wire_is_full_get_one_answer)
{
    struct iovec spans[2];

    begin_connected();
    ck_assert_int_eq(tls_plain_space(rig.tls, spans, 1), 1);
    memset(spans[0].iov_base, 'x', 100);
    tls_plain_commit(rig.tls, 100); /* unsent */
    for (int i = 0; i < 20; i++)
        client13_send_key_update(&client, 1);
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    client.out_len = 0;
    rig_drain(&rig, &client);
    ck_assert_uint_eq(client.key_updates, 1);
    ck_assert_uint_eq(client.text_len, 100);
    assert_alive();
    end();
}
END_TEST

START_TEST(a_key_update_in_two_records_is_understood)
{
    begin_connected();
    client13_put_record(&client, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("\x18\0\0"));
    client13_put_record(&client, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("\1\0"));
    ck_assert(protection_update(&client.writing, client.suite));
    client13_send_text(&client, pattern(10));
    rig_pump(&rig, &client);
    assert_alive();
    ck_assert_uint_eq(rig.received_len, 10);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    end();
}
END_TEST

/* RFC 8446 5.5: a new key well before 2^24.5 records. */
START_TEST(our_key_changes_before_the_aead_limit)
{
    begin_connected();
    rig.tls->out.sequence = client.reading.sequence = REKEY_AFTER_RECORDS - 1;
    send_all(pattern(10));
    rig_drain(&rig, &client);
    ck_assert_uint_eq(client.key_updates, 1);
    ck_assert_uint_eq(rig.tls->out.sequence, 0);
    send_all(pattern(10));
    ck_assert_uint_eq(client.text_len, 20);
    end();
}
END_TEST

START_TEST(the_client_is_asked_for_a_new_key_once)
{
    begin_connected();
    rig.tls->in.sequence = client.writing.sequence = REKEY_AFTER_RECORDS;
    client13_send_text(&client, pattern(10));
    client13_send_text(&client, pattern(10));
    rig_pump(&rig, &client);
    client13_send_text(&client, pattern(10));
    rig_pump(&rig, &client);
    ck_assert_uint_eq(client.key_updates, 1);
    client13_send_key_update(&client, 0);
    rig_pump(&rig, &client);
    ck_assert_uint_eq(rig.tls->in.sequence, 0);
    assert_alive();
    end();
}
END_TEST

/* RFC 8446 5.3 MUST: sequence numbers do not wrap. */
START_TEST(nothing_is_sealed_beyond_the_last_sequence_number)
{
    struct iovec span;

    begin_connected();
    ck_assert_int_eq(tls_plain_space(rig.tls, &span, 1), 1);
    rig.tls->out.sequence = UINT64_MAX;
    tls_plain_commit(rig.tls, 1);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_SEQUENCE_EXHAUSTED);
    ck_assert_int_eq(tls_wire_view(rig.tls, &span, 1), 0);
    end();
}
END_TEST

/* ---- the ends */

START_TEST(after_the_clients_close_notify_we_still_send)
{
    begin_connected();
    client13_send_text(&client, pattern(10));
    client13_send_alert(&client, 1, ALERT_CLOSE_NOTIFY);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->client_end, TLS_CLIENT_CLOSE_NOTIFY);
    ck_assert_uint_eq(rig.received_len, 10);
    ck_assert_uint_eq(tls_ready(rig.tls), TLS_PLAIN_END | TLS_PLAIN_IN);
    send_all(pattern(100000));
    ck_assert_uint_eq(client.text_len, 100000);
    tls_close(rig.tls);
    ck_assert(tls_ready(rig.tls) & TLS_OVER);
    rig_drain(&rig, &client);
    ck_assert(client.has_close_notify);
    assert_alive();
    end();
}
END_TEST

START_TEST(after_our_close_notify_we_still_receive)
{
    begin_connected();
    tls_close(rig.tls);
    tls_close(rig.tls); /* twice is once */
    rig_drain(&rig, &client);
    ck_assert(client.has_close_notify);
    ck_assert(!(tls_ready(rig.tls) & (TLS_PLAIN_IN | TLS_OVER)));
    client13_send_text(&client, pattern(1000));
    client13_send_key_update(&client, 1); /* nothing of ours can follow close_notify */
    client13_send_alert(&client, 1, ALERT_CLOSE_NOTIFY);
    rig_pump(&rig, &client);
    ck_assert_uint_eq(rig.received_len, 1000);
    ck_assert(tls_ready(rig.tls) & TLS_OVER);
    assert_alive();
    end();
}
END_TEST

/* RFC 8446 6.1: what comes after close_notify is ignored. */
START_TEST(bytes_after_close_notify_are_ignored)
{
    begin_connected();
    client13_send_alert(&client, 1, ALERT_CLOSE_NOTIFY);
    client13_put(&client, BYTES_OF_LITERAL("\x17\x03\x03\x00\x20 not a record at all"));
    rig_pump(&rig, &client);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    assert_alive();
    end();
}
END_TEST

START_TEST(an_end_without_close_notify_is_a_truncation_and_what_came_is_kept)
{
    struct iovec spans[2], span;

    begin_connected();
    client13_send_text(&client, pattern(10));
    client13_put(&client, BYTES_OF_LITERAL("\x17\x03\x03\x00\x20 half a record"));
    ck_assert_int_eq(tls_wire_space(rig.tls, &span, 1), 1);
    memcpy(span.iov_base, client.out, client.out_len);
    tls_wire_commit(rig.tls, client.out_len);
    client.out_len = 0;
    tls_wire_end(rig.tls);
    ck_assert_int_eq(tls_outcome(rig.tls)->client_end, TLS_CLIENT_TRUNCATED);
    ck_assert(!(tls_ready(rig.tls) & TLS_PLAIN_END)); /* first what arrived intact */
    ck_assert_int_eq(tls_plain_view(rig.tls, spans, 2), 1);
    tls_plain_consume(rig.tls, 10);
    ck_assert(tls_ready(rig.tls) & TLS_PLAIN_END);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    assert_alive();
    end();
}
END_TEST

START_TEST(what_arrived_before_a_bad_record_is_still_there)
{
    struct iovec span;

    begin_connected();
    client13_send_text(&client, pattern(10));
    client13_send_text(&client, pattern(10));
    client.out[client.out_len - 1] ^= 1;
    ck_assert_int_eq(tls_wire_space(rig.tls, &span, 1), 1);
    memcpy(span.iov_base, client.out, client.out_len);
    tls_wire_commit(rig.tls, client.out_len);
    client.out_len = 0;
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RECORD_MAC);
    ck_assert_int_eq(tls_plain_view(rig.tls, &span, 1), 1);
    ck_assert_uint_eq(span.iov_len, 10);
    tls_plain_consume(rig.tls, 10);
    rig_drain(&rig, &client);
    ck_assert_uint_eq(client.alert, ALERT_BAD_RECORD_MAC);
    ck_assert_uint_eq(pool_bytes_in_use(rig.pool), 0);
    end();
}
END_TEST

/* RFC 8446 6.1: user_canceled is no end by itself. */
START_TEST(user_canceled_waits_for_close_notify)
{
    begin_connected();
    client13_send_alert(&client, 1, ALERT_USER_CANCELED);
    client13_send_text(&client, pattern(10));
    client13_send_alert(&client, 1, ALERT_CLOSE_NOTIFY);
    rig_pump(&rig, &client);
    assert_alive();
    ck_assert_uint_eq(rig.received_len, 10);
    ck_assert_int_eq(tls_outcome(rig.tls)->client_end, TLS_CLIENT_CLOSE_NOTIFY);
    end();
}
END_TEST

/* A client that could not compute its keys says why in the clear. */
START_TEST(an_alert_in_the_clear_before_any_protected_record_is_understood)
{
    begin();
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    client13_put_plain_record(&client, CONTENT_ALERT, BYTES_OF_LITERAL("\2\x32"));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_ALERT_RECEIVED);
    ck_assert_uint_eq(tls_outcome(rig.tls)->alert_received, ALERT_DECODE_ERROR);
    end();
}
END_TEST

START_TEST(an_alert_in_the_clear_after_the_handshake_is_refused)
{
    begin_connected();
    client13_put_plain_record(&client, CONTENT_ALERT, BYTES_OF_LITERAL("\1\0"));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RECORD_UNPROTECTED);
    end();
}
END_TEST

/* ---- declined early data (RFC 8446 4.2.10) */

static void early_data(size_t len)
{
    static uint8_t noise[MAX_CIPHERTEXT_LEN] = {7};

    for (size_t next; len > 0; len -= next) {
        next = len < sizeof noise ? len : sizeof noise;
        client13_put_plain_record(&client, CONTENT_APPLICATION_DATA, bytes_of(noise, next));
    }
}

START_TEST(early_data_is_skipped_and_never_reaches_the_backend)
{
    begin();
    client.hello.has_early_data = client.hello.has_psk = true;
    client13_send_hello(&client);
    early_data(1000);
    early_data(MAX_EARLY_DATA_SKIPPED - 1000);
    rig_pump(&rig, &client);
    ck_assert(client.is_done);
    client13_send_finished(&client);
    client13_send_text(&client, pattern(10));
    rig_pump(&rig, &client);
    assert_alive();
    ck_assert_uint_eq(rig.received_len, 10);
    end();
}
END_TEST

/* What the client has written so far goes to the engine, and nothing comes back to it. */
static void feed_alone(void)
{
    struct bytes written = bytes_of(client.out, client.out_len);

    client.out = NULL;
    client.out_len = 0;
    rig_feed(&rig, written);
    free((void *)written.at);
}

static void begin_retry(void)
{
    begin();
    client.hello.has_early_data = client.hello.has_psk = true;
    client.hello.share_groups[0] = 0;
    client13_send_hello(&client);
    early_data(2000);
    early_data(2000);
    feed_alone();
}

START_TEST(early_data_before_a_retry_is_skipped_by_its_type)
{
    begin_retry();
    rig_drain(&rig, &client);
    rig_pump(&rig, &client);
    ck_assert(client.is_retried && client.is_done);
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    assert_alive();
    ck_assert(tls_is_connected(rig.tls));
    ck_assert_uint_eq(rig.received_len, 0);
    end();
}
END_TEST

/* RFC 8446 5.1 MUST NOT: any other records between those of one handshake message. */
START_TEST(early_data_inside_the_second_hello_is_refused)
{
    begin_retry();
    client13_put_plain_record(&client, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("\x01\x00\x00"));
    early_data(100);
    feed_alone();
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RECORDS_INTERLEAVED);
    end();
}
END_TEST

START_TEST(without_the_offer_undecryptable_records_are_not_skipped)
{
    begin();
    client13_send_hello(&client);
    early_data(100);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RECORD_MAC);
    end();
}
END_TEST

START_TEST(skipping_ends_with_the_first_record_that_opens)
{
    begin();
    client.hello.has_early_data = client.hello.has_psk = true;
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    client13_send_finished(&client);
    early_data(100);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RECORD_MAC);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        text_of_every_size_arrives_both_ways,
        text_in_tiny_records_and_cuts_arrives_in_order,
        short_records_are_moved_together,
        bulk_traffic_gets_more_spans_a_call,
        an_idle_connection_holds_no_buffer,
        the_head_of_a_record_pins_only_a_small_block,
        an_announced_giant_message_costs_no_storage,
        a_key_update_of_the_client_changes_its_key_and_no_more,
        a_requested_key_update_is_answered_before_our_next_text,
        many_requests_while_the_wire_is_full_get_one_answer,
        a_key_update_in_two_records_is_understood,
        our_key_changes_before_the_aead_limit,
        the_client_is_asked_for_a_new_key_once,
        nothing_is_sealed_beyond_the_last_sequence_number,
        after_the_clients_close_notify_we_still_send,
        after_our_close_notify_we_still_receive,
        bytes_after_close_notify_are_ignored,
        an_end_without_close_notify_is_a_truncation_and_what_came_is_kept,
        what_arrived_before_a_bad_record_is_still_there,
        user_canceled_waits_for_close_notify,
        an_alert_in_the_clear_before_any_protected_record_is_understood,
        an_alert_in_the_clear_after_the_handshake_is_refused,
        early_data_is_skipped_and_never_reaches_the_backend,
        early_data_before_a_retry_is_skipped_by_its_type,
        early_data_inside_the_second_hello_is_refused,
        without_the_offer_undecryptable_records_are_not_skipped,
        skipping_ends_with_the_first_record_that_opens,
    };

    return check_run("data", tests, ARRAY_LEN(tests));
}
