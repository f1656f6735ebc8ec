/* What goes out: cut into records, sealed, in place, until the keys are used up (RFC 8446 5). */
#include "support/check_run.h"
#include "support/record_peer.h"
#include "support/trace.h"

static struct trace trace;

/* ---- sending */

/* header, inner type, tag */
enum { OVERHEAD13 = RECORD_HEADER_LEN + 1 + AEAD_TAG_LEN, SEALED13_LEN = MAX_PLAINTEXT_LEN + OVERHEAD13 };

START_TEST(long_contents_go_out_in_full_records_and_one_for_the_rest)
{
    static const size_t lens[] = {1,
                                  2,
                                  MAX_PLAINTEXT_LEN - 1,
                                  MAX_PLAINTEXT_LEN,
                                  MAX_PLAINTEXT_LEN + 1,
                                  2 * MAX_PLAINTEXT_LEN,
                                  3 * MAX_PLAINTEXT_LEN + 5};

    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        uint64_t sequence = 0;

        begin_protected();
        ck_assert(record_send(tls, CONTENT_HANDSHAKE, bytes_of(pattern, lens[i])));
        for (size_t done = 0; done < lens[i]; done += MAX_PLAINTEXT_LEN) {
            size_t expected = lens[i] - done < MAX_PLAINTEXT_LEN ? lens[i] - done : MAX_PLAINTEXT_LEN;
            assert_same(peer_open(sequence++, CONTENT_HANDSHAKE), bytes_of(pattern + done, expected), "a part");
        }
        ck_assert_uint_eq(buffer_len(&tls->wire_out), 0);
        ck_assert_uint_eq(tls->out.sequence, sequence);
        end_protected();
    }
}
END_TEST

START_TEST(long_contents_in_the_clear_are_cut_alike)
{
    struct bytes wire;

    begin();
    ck_assert(record_send(tls, CONTENT_HANDSHAKE, bytes_of(pattern, MAX_PLAINTEXT_LEN + 3)));
    wire = buffer_view(&tls->wire_out);
    ck_assert_uint_eq(wire.len, 2 * RECORD_HEADER_LEN + MAX_PLAINTEXT_LEN + 3);
    assert_same(bytes_of(wire.at, 5), hex("1603034000"), "the first header");
    assert_same(bytes_of(wire.at + 5, MAX_PLAINTEXT_LEN), bytes_of(pattern, MAX_PLAINTEXT_LEN), "the first part");
    assert_same(bytes_of(wire.at + 5 + MAX_PLAINTEXT_LEN, 5), hex("1603030003"), "the second header");
    assert_same(bytes_of(wire.at + wire.len - 3, 3), bytes_of(pattern + MAX_PLAINTEXT_LEN, 3), "the second part");
    end();
}
END_TEST

/* RFC 8446 5.1 MUST NOT: zero-length fragments of Handshake or Alert types are sent. */
START_TEST(nothing_to_send_makes_no_record)
{
    begin_protected();
    ck_assert(record_send(tls, CONTENT_HANDSHAKE, bytes_of(NULL, 0)));
    ck_assert_uint_eq(buffer_len(&tls->wire_out), 0);
    ck_assert_uint_eq(tls->out.sequence, 0);
    end_protected();
}
END_TEST

START_TEST(without_storage_sending_fails_for_want_of_memory)
{
    begin_with_pool(BLOCK_SMALL_LEN);
    ck_assert(record_send(tls, CONTENT_HANDSHAKE, bytes_of(pattern, 100)));
    ck_assert(!record_send(tls, CONTENT_HANDSHAKE, bytes_of(pattern, 1000)));
    ck_assert_str_eq(why_name(tls->outcome.why), why_name(WHY_NO_MEMORY));
    end();
}
END_TEST

START_TEST(contents_beyond_the_largest_block_fail_for_want_of_memory)
{
    begin();
    ck_assert(record_send(tls, CONTENT_HANDSHAKE, bytes_of(pattern, sizeof pattern)));
    ck_assert(!record_send(tls, CONTENT_HANDSHAKE, bytes_of(pattern, BLOCK_BULK_LEN - sizeof pattern)));
    ck_assert_str_eq(why_name(tls->outcome.why), why_name(WHY_NO_MEMORY));
    end();
}
END_TEST

/* ---- text in place */

START_TEST(bodies_are_full_and_lie_one_full_record_apart)
{
    static const struct {
        size_t block_len, bodies;
    } rows[] = {{BLOCK_SMALL_LEN, 0}, {BLOCK_RECORD_LEN, 1}, {BLOCK_BULK_LEN, 4}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin();
        ck_assert(buffer_reserve(&tls->wire_out, pool, rows[i].block_len));
        ck_assert_uint_eq(tls->wire_out.block->capacity, rows[i].block_len);
        for (size_t body = 0; body < rows[i].bodies; body++)
            ck_assert_ptr_eq(record_body(tls, 0, body, MAX_PLAINTEXT_LEN),
                             tls->wire_out.block->data + body * SEALED13_LEN + RECORD_HEADER_LEN);
        ck_assert_ptr_null(record_body(tls, 0, rows[i].bodies, MAX_PLAINTEXT_LEN));
        end();
    }
}
END_TEST

START_TEST(a_body_needs_room_for_a_full_record_behind_what_waits)
{
    size_t slack = BLOCK_RECORD_LEN - SEALED13_LEN;

    begin();
    ck_assert_ptr_null(record_body(tls, 0, 0, MAX_PLAINTEXT_LEN)); /* no block at all */
    ck_assert(buffer_reserve(&tls->wire_out, pool, BLOCK_RECORD_LEN));
    ck_assert(buffer_append(&tls->wire_out, pool, bytes_of(pattern, slack)));
    ck_assert_ptr_eq(record_body(tls, 0, 0, MAX_PLAINTEXT_LEN), tls->wire_out.block->data + slack + RECORD_HEADER_LEN);
    ck_assert(buffer_append(&tls->wire_out, pool, bytes_of(pattern, 1)));
    ck_assert_ptr_null(record_body(tls, 0, 0, MAX_PLAINTEXT_LEN));
    end();
}
END_TEST

START_TEST(bodies_filled_together_are_sealed_one_after_the_other)
{
    static const size_t lens[] = {MAX_PLAINTEXT_LEN, MAX_PLAINTEXT_LEN, 500};

    begin_protected();
    ck_assert(buffer_reserve(&tls->wire_out, pool, BLOCK_BULK_LEN));
    for (size_t i = 0; i < ARRAY_LEN(lens); i++)
        memcpy(record_body(tls, 0, i, MAX_PLAINTEXT_LEN), pattern + i * MAX_PLAINTEXT_LEN, lens[i]);
    for (size_t i = 0; i < ARRAY_LEN(lens); i++)
        ck_assert(record_seal_body(tls, lens[i]));
    ck_assert_uint_eq(buffer_len(&tls->wire_out), 2 * SEALED13_LEN + 500 + OVERHEAD13);
    for (size_t i = 0; i < ARRAY_LEN(lens); i++)
        assert_same(peer_open(i, CONTENT_APPLICATION_DATA), bytes_of(pattern + i * MAX_PLAINTEXT_LEN, lens[i]),
                    "a body");
    end_protected();
}
END_TEST

/* ---- the end of a key */

/* RFC 8446 5.3 MUST: sequence numbers do not wrap. */
START_TEST(the_last_sequence_number_is_not_used_to_seal_not_even_for_the_alert)
{
    begin_protected();
    tls->out.sequence = UINT64_MAX - 1;
    ck_assert(record_send(tls, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("a")));
    assert_same(peer_open(UINT64_MAX - 1, CONTENT_APPLICATION_DATA), BYTES_OF_LITERAL("a"), "the text");
    ck_assert(!record_send(tls, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("b")));
    ck_assert_str_eq(why_name(tls->outcome.why), why_name(WHY_SEQUENCE_EXHAUSTED));
    ck_assert_uint_eq(buffer_len(&tls->wire_out), 0);
    ck_assert_uint_eq(tls->out.sequence, UINT64_MAX);
    end_protected();
}
END_TEST

START_TEST(an_updated_protection_begins_at_0_under_the_next_secret)
{
    struct secret secret, next;

    begin();
    trace_load(&trace, "simple_1rtt");
    secret = trace_secret(&trace, "c_ap_traffic");
    ck_assert(protection_start(&tls->out, tls_suite_find(0x1301), &secret));
    tls->out.sequence = 5;
    ck_assert(protection_update(&tls->out, tls_suite_find(0x1301)));
    ck_assert_uint_eq(tls->out.sequence, 0);
    /* as in check_key_schedule13.c */
    ck_assert(secret_set(&next, hex("fcdfcc72725aaee48bf64e4fd8b749cdbdbab39d90da0b26e2245ca6ea167207")));
    assert_same(bytes_of(tls->out.traffic_secret, 32), secret_view(&next), "the traffic secret kept");
    peer_start(tls_suite_find(0x1301), &next);
    ck_assert(record_send(tls, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("new")));
    assert_same(peer_open(0, CONTENT_APPLICATION_DATA), BYTES_OF_LITERAL("new"), "the text");
    end_protected();
}
END_TEST

START_TEST(a_wiped_protection_holds_nothing)
{
    static const struct protection nothing;

    begin_protected();
    protection_wipe(&tls->in);
    ck_assert_mem_eq(&tls->in, &nothing, sizeof nothing);
    protection_wipe(&tls->in);
    end_protected();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        long_contents_go_out_in_full_records_and_one_for_the_rest,
        long_contents_in_the_clear_are_cut_alike,
        nothing_to_send_makes_no_record,
        without_storage_sending_fails_for_want_of_memory,
        contents_beyond_the_largest_block_fail_for_want_of_memory,
        bodies_are_full_and_lie_one_full_record_apart,
        a_body_needs_room_for_a_full_record_behind_what_waits,
        bodies_filled_together_are_sealed_one_after_the_other,
        the_last_sequence_number_is_not_used_to_seal_not_even_for_the_alert,
        an_updated_protection_begins_at_0_under_the_next_secret,
        a_wiped_protection_holds_nothing,
    };
    return !crypto_start() ? EXIT_FAILURE : check_run("record_send", tests, ARRAY_LEN(tests));
}
