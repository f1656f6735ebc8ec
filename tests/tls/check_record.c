/* What comes: headers, limits, protection, padding, declined early data (RFC 8446 5 and 4.2.10). */
#include "support/check_run.h"
#include "support/record_peer.h"
#include "support/trace.h"

static struct trace trace;

enum { MAX_INNER_LEN = MAX_PLAINTEXT_LEN + 1 };

/* ---- headers */

/* RFC 8446 5 MUST: a record of another type ends the connection with unexpected_message. */
START_TEST(a_record_of_an_unknown_type_is_refused)
{
    for (unsigned t = 0; t < 256; t++) {
        begin();
        feed(raw_record_view((uint8_t)t, TLS_1_2, 1));
        if (t >= 20 && t <= 23)
            ck_assert_int_eq(record_next(tls, &type, &content), RECORD_READY);
        else
            is_failed(WHY_RECORD_TYPE);
        end();
    }
}
END_TEST

/* RFC 8446 5.1 MUST: legacy_record_version is ignored for all purposes, which we do for all that is a TLS version. */
START_TEST(any_version_with_major_3_is_taken_and_none_else)
{
    for (unsigned version = 0; version <= UINT16_MAX; version += version < 0x0500 ? 1 : 0x0101) {
        begin();
        feed(raw_record_view(CONTENT_HANDSHAKE, (uint16_t)version, 3));
        if (version >> 8 == 3)
            ck_assert_int_eq(record_next(tls, &type, &content), RECORD_READY);
        else
            is_failed(WHY_RECORD_VERSION);
        end();
    }
}
END_TEST

START_TEST(a_record_that_has_not_come_whole_is_left_alone)
{
    struct bytes record;

    begin();
    trace_load(&trace, "simple_1rtt");
    record = trace_get(&trace, "record_client_hello");
    for (size_t len = 0; len < record.len; len++) {
        feed(bytes_of(record.at + len, 1));
        if (len + 1 == record.len)
            break;
        ck_assert_int_eq(record_next(tls, &type, &content), RECORD_INCOMPLETE);
        ck_assert_uint_eq(buffer_len(&tls->wire_in), len + 1);
    }
    is_ready(CONTENT_HANDSHAKE, trace_get(&trace, "client_hello"));
    ck_assert_int_eq(record_next(tls, &type, &content), RECORD_INCOMPLETE);
    end();
}
END_TEST

START_TEST(with_no_bytes_at_all_a_record_is_incomplete)
{
    begin();
    ck_assert_int_eq(record_next(tls, &type, &content), RECORD_INCOMPLETE);
    end();
}
END_TEST

/* RFC 8446 5.1 MUST: TLSPlaintext.length over 2^14 is record_overflow. */
START_TEST(in_the_clear_2_to_the_14_bytes_are_taken_and_one_more_is_not)
{
    static const uint8_t types[] = {CONTENT_CHANGE_CIPHER_SPEC, CONTENT_ALERT, CONTENT_HANDSHAKE,
                                    CONTENT_APPLICATION_DATA};

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        begin();
        feed(raw_record_view(types[i], TLS_1_2, 1 << 14));
        ck_assert_int_eq(record_next(tls, &type, &content), RECORD_READY);
        ck_assert_uint_eq(content.len, 1 << 14);
        buffer_drop(&tls->wire_in, pool);
        is_refused(raw_record_view(types[i], TLS_1_2, (1 << 14) + 1), WHY_RECORD_TOO_LONG);
        ck_assert_uint_eq(why_alert(tls->outcome.why), ALERT_RECORD_OVERFLOW);
        end();
    }
}
END_TEST

/* Keys in force make no difference to what comes in the clear. */
START_TEST(in_the_clear_beside_keys_the_limit_is_the_same)
{
    begin_protected();
    feed(raw_record_view(CONTENT_CHANGE_CIPHER_SPEC, TLS_1_2, 1 << 14));
    ck_assert_int_eq(record_next(tls, &type, &content), RECORD_READY);
    buffer_drop(&tls->wire_in, pool);
    is_refused(raw_record_view(CONTENT_CHANGE_CIPHER_SPEC, TLS_1_2, (1 << 14) + 1), WHY_RECORD_TOO_LONG);
    end_protected();
}
END_TEST

/* RFC 8446 5.2 MUST: TLSCiphertext.length over 2^14 + 256 is record_overflow; the header alone tells. */
START_TEST(protected_2_to_the_14_and_256_bytes_are_taken_and_one_more_is_not)
{
    begin_protected();
    feed(bytes_of(raw_record(CONTENT_APPLICATION_DATA, TLS_1_2, (1 << 14) + 256), RECORD_HEADER_LEN));
    ck_assert_int_eq(record_next(tls, &type, &content), RECORD_INCOMPLETE);
    buffer_drop(&tls->wire_in, pool);
    is_refused(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, (1 << 14) + 256), WHY_RECORD_MAC);
    end_protected();

    begin_protected();
    is_refused(bytes_of(raw_record(CONTENT_APPLICATION_DATA, TLS_1_2, (1 << 14) + 257), RECORD_HEADER_LEN),
               WHY_RECORD_TOO_LONG);
    end_protected();
}
END_TEST

/* ---- protection */

START_TEST(every_suite_seals_and_opens_what_an_independent_peer_does)
{
    for (const struct tls_suite *suite = tls_suites; suite->code; suite++) {
        begin_protected_by(suite);
        for (uint64_t sequence = 0; sequence < 3; sequence++) {
            feed(peer_record(sequence, CONTENT_HANDSHAKE, bytes_of(pattern, 100 * sequence + 1), sequence));
            is_ready(CONTENT_HANDSHAKE, bytes_of(pattern, 100 * sequence + 1));
            ck_assert(record_send(tls, CONTENT_HANDSHAKE, bytes_of(pattern, 77 * sequence + 1)));
            assert_same(peer_open(sequence, CONTENT_HANDSHAKE), bytes_of(pattern, 77 * sequence + 1), "the text");
        }
        ck_assert_uint_eq(tls->in.sequence, 3);
        ck_assert_uint_eq(tls->out.sequence, 3);
        end_protected();
    }
}
END_TEST

/* RFC 8446 5.3: all 64 bits of the sequence number enter the nonce, most significant first. */
START_TEST(the_nonce_takes_every_bit_of_the_sequence_number)
{
    begin_protected();
    for (int bit = 0; bit < 64; bit++) {
        uint64_t sequence = UINT64_C(1) << bit | UINT64_C(0x0102030405060708) >> 8;

        tls->in.sequence = tls->out.sequence = sequence;
        feed(peer_record(sequence, CONTENT_ALERT, BYTES_OF_LITERAL("ab"), 0));
        is_ready(CONTENT_ALERT, BYTES_OF_LITERAL("ab"));
        ck_assert(record_send(tls, CONTENT_ALERT, BYTES_OF_LITERAL("cd")));
        assert_same(peer_open(sequence, CONTENT_ALERT), BYTES_OF_LITERAL("cd"), "the text");
        ck_assert_uint_eq(tls->in.sequence, sequence + 1);
        ck_assert_uint_eq(tls->out.sequence, sequence + 1);
    }
    end_protected();
}
END_TEST

START_TEST(a_record_repeated_left_out_or_out_of_order_is_refused)
{
    static const uint64_t second[] = {0, 2, 7, UINT64_MAX};

    for (size_t i = 0; i < ARRAY_LEN(second); i++) {
        begin_protected();
        feed(peer_record(0, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("a"), 0));
        is_ready(CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("a"));
        is_refused(peer_record(second[i], CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("b"), 0), WHY_RECORD_MAC);
        end_protected();
    }
}
END_TEST

/* RFC 8446 5.2 MUST: what cannot be deprotected is bad_record_mac. The header is authenticated with it. */
START_TEST(a_flip_of_any_bit_is_bad_record_mac)
{
    struct bytes text = BYTES_OF_LITERAL("forty bytes, a tag and a type: no bit off"), record;
    uint8_t broken[RECORD_HEADER_LEN + 64];

    begin_protected();
    record = peer_record(0, CONTENT_APPLICATION_DATA, text, 1);
    ck_assert_uint_le(record.len, sizeof broken);
    memcpy(broken, record.at, record.len);
    end_protected();
    for (size_t bit = 0; bit < record.len * 8; bit++) {
        if (bit / 8 != 2 && bit / 8 < RECORD_HEADER_LEN)
            continue; /* another type, major version or length: other tests */
        begin_protected();
        broken[bit / 8] ^= (uint8_t)(1 << bit % 8);
        is_refused(bytes_of(broken, record.len), WHY_RECORD_MAC);
        ck_assert_uint_eq(why_alert(tls->outcome.why), ALERT_BAD_RECORD_MAC);
        ck_assert_uint_eq(tls->in.sequence, 0);
        broken[bit / 8] ^= (uint8_t)(1 << bit % 8);
        end_protected();
    }
}
END_TEST

START_TEST(a_record_too_short_for_a_tag_and_a_type_is_bad_record_mac)
{
    for (size_t len = 0; len <= AEAD_TAG_LEN; len++) {
        begin_protected();
        is_refused(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, len), WHY_RECORD_MAC);
        end_protected();
    }
    begin_protected(); /* a right tag over nothing */
    is_refused(peer_seal(raw_record(CONTENT_APPLICATION_DATA, TLS_1_2, AEAD_TAG_LEN), 0, 0), WHY_RECORD_MAC);
    end_protected();
}
END_TEST

/* ---- TLSInnerPlaintext */

static void opens_with_padding(uint64_t sequence, size_t len, size_t padding)
{
    feed(peer_record(sequence, CONTENT_APPLICATION_DATA, bytes_of(pattern, len), padding));
    ck_assert_int_eq(record_next(tls, &type, &content), RECORD_READY);
    ck_assert_uint_eq(type, CONTENT_APPLICATION_DATA);
    ck_assert_msg(bytes_equal(content_view(), bytes_of(pattern, len)), "%zu bytes, %zu of padding", len, padding);
    buffer_drop(&tls->wire_in, pool);
}

START_TEST(padding_of_any_length_is_taken_off)
{
    uint64_t sequence = 0;

    begin_protected();
    for (size_t padding = 0; padding < 600; padding++)
        opens_with_padding(sequence++, padding % 3 * 50, padding);
    for (size_t padding = 600; padding < MAX_INNER_LEN - 1; padding += 97)
        opens_with_padding(sequence++, 0, padding);
    opens_with_padding(sequence++, 0, MAX_INNER_LEN - 1);
    opens_with_padding(sequence++, 1, MAX_INNER_LEN - 2);
    end_protected();
}
END_TEST

START_TEST(zeros_at_the_end_of_the_text_are_text)
{
    static const uint8_t zeros[8];

    begin_protected();
    feed(peer_record(0, CONTENT_APPLICATION_DATA, BYTES_OF_ARRAY(zeros), 5));
    is_ready(CONTENT_APPLICATION_DATA, BYTES_OF_ARRAY(zeros));
    end_protected();
}
END_TEST

/* RFC 8446 5.4 MUST: no non-zero octet in the cleartext is unexpected_message. */
START_TEST(a_record_of_padding_alone_is_refused)
{
    static const size_t lens[] = {1, 2, 16, 17, 1000, MAX_INNER_LEN};

    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        uint8_t *record = raw_record(CONTENT_APPLICATION_DATA, TLS_1_2, lens[i] + AEAD_TAG_LEN);

        begin_protected();
        is_refused(peer_seal(record, 0, lens[i]), WHY_RECORD_ALL_PADDING);
        ck_assert_uint_eq(why_alert(tls->outcome.why), ALERT_UNEXPECTED_MESSAGE);
        end_protected();
    }
}
END_TEST

/* RFC 8446 5.4 MUST: an inner plaintext over 2^14 + 1 is record_overflow, however little of it is text. */
START_TEST(an_inner_plaintext_of_2_to_the_14_and_1_is_taken_and_of_2_is_not)
{
    begin_protected();
    opens_with_padding(0, MAX_PLAINTEXT_LEN, 0);
    opens_with_padding(1, MAX_PLAINTEXT_LEN - 1, 1);
    opens_with_padding(2, 3, MAX_PLAINTEXT_LEN - 3);
    is_refused(peer_record(3, CONTENT_APPLICATION_DATA, bytes_of(pattern, 3), MAX_PLAINTEXT_LEN - 2),
               WHY_PLAINTEXT_TOO_LONG);
    ck_assert_uint_eq(why_alert(tls->outcome.why), ALERT_RECORD_OVERFLOW);
    end_protected();

    begin_protected();
    is_refused(peer_record(0, CONTENT_APPLICATION_DATA, bytes_of(pattern, MAX_PLAINTEXT_LEN + 1), 0),
               WHY_PLAINTEXT_TOO_LONG);
    end_protected();

    begin_protected(); /* as long as the outer limit lets it be */
    is_refused(peer_record(0, CONTENT_APPLICATION_DATA, bytes_of(pattern, 1), MAX_CIPHERTEXT_LEN - AEAD_TAG_LEN - 2),
               WHY_PLAINTEXT_TOO_LONG);
    end_protected();
}
END_TEST

/* ---- the last sequence number */

/* RFC 8446 5.3 MUST: sequence numbers do not wrap. */
START_TEST(the_last_sequence_number_is_not_used_to_open)
{
    begin_protected();
    tls->in.sequence = UINT64_MAX - 1;
    feed(peer_record(UINT64_MAX - 1, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("a"), 0));
    is_ready(CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("a"));
    ck_assert_uint_eq(tls->in.sequence, UINT64_MAX);
    is_refused(peer_record(UINT64_MAX, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("b"), 0), WHY_SEQUENCE_EXHAUSTED);
    end_protected();
}
END_TEST

/* ---- declined early data, RFC 8446 4.2.10 */

static void is_skipped(struct bytes raw)
{
    feed(raw);
    ck_assert_int_eq(record_next(tls, &type, &content), RECORD_SKIPPED);
    ck_assert_uint_eq(tls->outcome.why, WHY_NONE);
    ck_assert_uint_eq(buffer_len(&tls->wire_in), 0);
    buffer_drop(&tls->wire_in, pool);
}

static void skip_bytes(size_t len)
{
    while (len > 0) {
        size_t next = len < MAX_CIPHERTEXT_LEN + 17 ? len : MAX_CIPHERTEXT_LEN;

        if (next > MAX_CIPHERTEXT_LEN)
            next = 17; /* the rest is no shorter than a record can be */
        is_skipped(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, next));
        len -= next;
    }
}

START_TEST(early_data_is_skipped_up_to_the_limit_and_no_further)
{
    begin_protected();
    tls->is_skipping_early_data = true;
    skip_bytes(MAX_EARLY_DATA_SKIPPED);
    ck_assert_uint_eq(tls->in.sequence, 0);
    is_refused(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, 17), WHY_EARLY_DATA_TOO_LONG);
    end_protected();
}
END_TEST

/* However short they are, there is an end to them. */
START_TEST(an_endless_row_of_empty_early_data_is_refused)
{
    enum { LEAST = AEAD_TAG_LEN + 1 };

    begin_protected();
    tls->is_skipping_early_data = true;
    for (int i = 0; i < MAX_EARLY_DATA_SKIPPED / LEAST; i++)
        is_skipped(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, (size_t)i % AEAD_TAG_LEN));
    is_refused(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, 0), WHY_EARLY_DATA_TOO_LONG);
    end_protected();
}
END_TEST

START_TEST(early_data_one_byte_over_the_limit_is_refused)
{
    begin_protected();
    tls->is_skipping_early_data = true;
    skip_bytes(MAX_EARLY_DATA_SKIPPED - 100);
    is_refused(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, 101), WHY_EARLY_DATA_TOO_LONG);
    end_protected();
}
END_TEST

START_TEST(the_first_record_that_opens_ends_the_skipping)
{
    begin_protected();
    tls->is_skipping_early_data = true;
    is_skipped(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, 50));
    is_skipped(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, MAX_EARLY_DATA_SKIPPED - 50));
    feed(peer_record(0, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("Finished"), 0));
    is_ready(CONTENT_HANDSHAKE, BYTES_OF_LITERAL("Finished"));
    ck_assert(!tls->is_skipping_early_data);
    is_refused(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, 50), WHY_RECORD_MAC);
    end_protected();
}
END_TEST

START_TEST(before_the_second_client_hello_early_data_is_told_by_its_type)
{
    begin();
    tls->is_skipping_early_data = true;
    is_skipped(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, 50));
    is_skipped(raw_record_view(CONTENT_APPLICATION_DATA, TLS_1_2, MAX_EARLY_DATA_SKIPPED - 50));
    trace_load(&trace, "hello_retry_request");
    feed(trace_get(&trace, "record_client_hello_2"));
    is_ready(CONTENT_HANDSHAKE, trace_get(&trace, "client_hello_2"));
    is_refused(bytes_of(raw_record(CONTENT_APPLICATION_DATA, TLS_1_2, MAX_CIPHERTEXT_LEN + 1), RECORD_HEADER_LEN),
               WHY_RECORD_TOO_LONG);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_record_of_an_unknown_type_is_refused,
        any_version_with_major_3_is_taken_and_none_else,
        a_record_that_has_not_come_whole_is_left_alone,
        with_no_bytes_at_all_a_record_is_incomplete,
        in_the_clear_2_to_the_14_bytes_are_taken_and_one_more_is_not,
        in_the_clear_beside_keys_the_limit_is_the_same,
        protected_2_to_the_14_and_256_bytes_are_taken_and_one_more_is_not,
        every_suite_seals_and_opens_what_an_independent_peer_does,
        the_nonce_takes_every_bit_of_the_sequence_number,
        a_record_repeated_left_out_or_out_of_order_is_refused,
        a_flip_of_any_bit_is_bad_record_mac,
        a_record_too_short_for_a_tag_and_a_type_is_bad_record_mac,
        padding_of_any_length_is_taken_off,
        zeros_at_the_end_of_the_text_are_text,
        a_record_of_padding_alone_is_refused,
        an_inner_plaintext_of_2_to_the_14_and_1_is_taken_and_of_2_is_not,
        the_last_sequence_number_is_not_used_to_open,
        early_data_is_skipped_up_to_the_limit_and_no_further,
        an_endless_row_of_empty_early_data_is_refused,
        early_data_one_byte_over_the_limit_is_refused,
        the_first_record_that_opens_ends_the_skipping,
        before_the_second_client_hello_early_data_is_told_by_its_type,
    };
    return !crypto_start() ? EXIT_FAILURE : check_run("record", tests, ARRAY_LEN(tests));
}
