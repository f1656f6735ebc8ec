/*
 * Questions and replies as bytes: what one side writes the other reads, and nothing else.
 */
#include "proxy/key_wire.h"

#include <stdio.h>

#include "support/check_run.h"
#include "support/test_random.h"
#include "tls/ticket_keys.h"

static uint8_t message[MAX_KEY_MESSAGE_LEN + 1];
static size_t len;
static struct test_random source;

static void fill(uint8_t *out, size_t count)
{
    ck_assert(random_fill(test_random_source(&source), out, count));
}

/* Every field that matters to the operation, all others zero, as the engine leaves them. */
static struct tls_key_request some_request(enum tls_key_operation operation, size_t payload_len)
{
    struct tls_key_request request = {.operation = operation};
    bool is_signature =
        operation == TLS_KEY_SIGN_CERTIFICATE_VERIFY_13 || operation == TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12;

    if (is_signature) {
        fill(request.key_id, KEY_ID_LEN);
        request.signature = SIGNATURE_IDS - 1;
    }
    if (operation == TLS_KEY_SIGN_CERTIFICATE_VERIFY_13) {
        request.transcript_hash_len = payload_len % 2 ? 32 : 48;
        fill(request.transcript_hash, request.transcript_hash_len);
        return request;
    }
    if (operation == TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12) {
        fill(request.client_random, 32);
        fill(request.server_random, 32);
    } else if (operation == TLS_KEY_DERIVE_MASTER_SECRET_12) {
        fill(request.key_id, KEY_ID_LEN);
        request.client_version = 0x0303;
        request.prf_hash = HASH_SHA384;
        request.is_extended = payload_len % 2;
        request.seed_len = payload_len % 2 ? 48 : 64;
        fill(request.seed, request.seed_len);
    } else {
        fill(request.binding, 32);
    }
    request.payload_len = payload_len;
    fill(request.payload, payload_len);
    return request;
}

static void write_question(const struct tls_key_request *request)
{
    memset(message, 0xaa, sizeof message);
    ck_assert(key_wire_write_question(0x0123456789abcdef, request, message, &len));
    ck_assert_uint_le(len, MAX_KEY_QUESTION_LEN);
}

static bool reads(struct bytes from)
{
    struct tls_key_request request;
    uint64_t number;

    return key_wire_read_question(from, &number, &request);
}

START_TEST(a_question_of_any_kind_arrives_as_it_was_asked)
{
    static const size_t lens[] = {0, 1, 69, MAX_KEY_PAYLOAD_LEN};
    struct tls_key_request again = {.operation = 0};
    uint64_t number;

    for (enum tls_key_operation operation = 0; operation < TLS_KEY_OPERATIONS; operation++)
        for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
            struct tls_key_request request = some_request(operation, lens[i]);
            write_question(&request);
            ck_assert(key_wire_read_question(bytes_of(message, len), &number, &again));
            ck_assert_uint_eq(number, 0x0123456789abcdef);
            ck_assert_mem_eq(&again, &request, sizeof request);
            tls_key_request_wipe(&again);
        }
}
END_TEST

START_TEST(a_question_cut_at_any_length_or_prolonged_is_a_violation)
{
    for (enum tls_key_operation operation = 0; operation < TLS_KEY_OPERATIONS; operation++) {
        struct tls_key_request request = some_request(operation, 100);
        write_question(&request);
        for (size_t cut = 0; cut < len; cut++)
            ck_assert_msg(!reads(bytes_of(message, cut)), "operation %d of %zu bytes", (int)operation, cut);
        ck_assert(reads(bytes_of(message, len)));
        ck_assert(!reads(bytes_of(message, len + 1)));
    }
}
END_TEST

/* Position and value of a byte that nobody writes. */
static const struct bad_byte {
    enum tls_key_operation operation;
    size_t at;
    uint8_t value;
} bad_bytes[] = {
    {TLS_KEY_SEAL_TICKET, 8, TLS_KEY_OPERATIONS},
    {TLS_KEY_SEAL_TICKET, 8, 255},
    {TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, 9 + 32, SIGNATURE_IDS},
    {TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12, 9 + 32, 255},
    {TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, 9 + 33, 33}, /* the length of the transcript hash */
    {TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, 9 + 33, 255},
    {TLS_KEY_DERIVE_MASTER_SECRET_12, 9 + 34, HASH_SHA384 + 1},
    {TLS_KEY_DERIVE_MASTER_SECRET_12, 9 + 35, 2},  /* neither true nor false */
    {TLS_KEY_DERIVE_MASTER_SECRET_12, 9 + 36, 65}, /* the length of the seed */
    {TLS_KEY_OPEN_TICKET, 9 + 32, 0xff},           /* the length of the payload */
};

START_TEST(a_value_that_stands_for_nothing_is_a_violation)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_bytes); i++) {
        struct tls_key_request request = some_request(bad_bytes[i].operation, 100);
        write_question(&request);
        message[bad_bytes[i].at] = bad_bytes[i].value;
        ck_assert_msg(!reads(bytes_of(message, len)), "row %zu", i);
    }
}
END_TEST

/* 33 bytes, well laid out: a signature over a text that TLS 1.3 does not have. */
START_TEST(a_transcript_hash_that_no_hash_makes_is_a_violation)
{
    struct tls_key_request request = some_request(TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, 1);

    write_question(&request);
    message[9 + 33] = 33;
    ck_assert(!reads(bytes_of(message, len + 1)));
    message[9 + 33] = 32;
    ck_assert(reads(bytes_of(message, len)));
}
END_TEST

START_TEST(a_payload_of_one_byte_too_many_is_a_violation)
{
    struct tls_key_request request = some_request(TLS_KEY_SEAL_TICKET, MAX_KEY_PAYLOAD_LEN);

    write_question(&request);
    message[9 + 32 + 1]++;
    ck_assert(!reads(bytes_of(message, len + 1)));
}
END_TEST

START_TEST(a_request_out_of_its_bounds_is_not_written_and_leaves_nothing)
{
    static const uint8_t zeros[MAX_KEY_MESSAGE_LEN];
    struct tls_key_request requests[] = {
        some_request(TLS_KEY_SEAL_TICKET, 10),
        some_request(TLS_KEY_DERIVE_MASTER_SECRET_12, 10),
        some_request(TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, 10),
        some_request(TLS_KEY_OPEN_TICKET, 10),
    };

    requests[0].payload_len = MAX_KEY_PAYLOAD_LEN + 1;
    requests[1].seed_len = 65;
    requests[2].transcript_hash_len = MAX_HASH_LEN + 1;
    requests[3].operation = TLS_KEY_OPERATIONS;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        memset(message, 0xaa, sizeof message);
        ck_assert(!key_wire_write_question(1, &requests[i], message, &len));
        ck_assert_mem_eq(message, zeros, sizeof zeros);
    }
}
END_TEST

START_TEST(nothing_of_a_question_stays_behind_that_was_not_read)
{
    static const struct tls_key_request nothing;
    struct tls_key_request request = some_request(TLS_KEY_SEAL_TICKET, 100);
    uint64_t number;

    write_question(&request);
    ck_assert(!key_wire_read_question(bytes_of(message, len + 1), &number, &request));
    ck_assert_mem_eq(&request, &nothing, sizeof request);
}
END_TEST

/* ---- replies */

static bool reply_arrives(enum tls_key_operation operation, bool is_ok, uint8_t first, size_t answer_len)
{
    uint8_t answer[MAX_KEY_ANSWER_LEN + 1];
    struct key_reply reply = {77, operation, is_ok, 0x01020304, bytes_of(answer, answer_len)}, again;

    fill(answer, sizeof answer);
    answer[0] = first;
    memset(message, 0xaa, sizeof message);
    if (!key_wire_write_reply(&reply, message, &len) || !key_wire_read_reply(bytes_of(message, len), &again))
        return false;
    ck_assert_uint_eq(again.number, 77);
    ck_assert_int_eq(again.operation, operation);
    ck_assert_int_eq(again.is_ok, is_ok);
    ck_assert_uint_eq(again.cost, 0x01020304);
    ck_assert(bytes_equal(again.answer, reply.answer));
    return true;
}

static const struct reply_row {
    enum tls_key_operation operation;
    bool is_ok;
    uint8_t first;
    size_t len;
    bool arrives;
} reply_rows[] = {
    {TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, true, 0, 1, true},
    {TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, true, 0, MAX_SIGNATURE_LEN, true},
    {TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, true, 0, MAX_SIGNATURE_LEN + 1, false},
    {TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, true, 0, 0, false},
    {TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12, true, 0, 72, true},
    {TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12, true, 0, 0, false},
    {TLS_KEY_DERIVE_MASTER_SECRET_12, true, 0, MASTER_SECRET_LEN, true},
    {TLS_KEY_DERIVE_MASTER_SECRET_12, true, 0, MASTER_SECRET_LEN - 1, false},
    {TLS_KEY_DERIVE_MASTER_SECRET_12, true, 0, MASTER_SECRET_LEN + 1, false},
    {TLS_KEY_SEAL_TICKET, true, 0, 4 + TICKET_OVERHEAD, true},
    {TLS_KEY_SEAL_TICKET, true, 0, 4 + TICKET_OVERHEAD - 1, false},
    {TLS_KEY_SEAL_TICKET, true, 0, MAX_KEY_ANSWER_LEN, true},
    {TLS_KEY_SEAL_TICKET, true, 0, MAX_KEY_ANSWER_LEN + 1, false},
    {TLS_KEY_OPEN_TICKET, true, TICKET_OPENED, 1, true},
    {TLS_KEY_OPEN_TICKET, true, TICKET_OPENED_OLD, 1 + MAX_KEY_PAYLOAD_LEN, true},
    {TLS_KEY_OPEN_TICKET, true, TICKET_OPENED, 2 + MAX_KEY_PAYLOAD_LEN, false},
    {TLS_KEY_OPEN_TICKET, true, TICKET_UNKNOWN, 1, true},
    {TLS_KEY_OPEN_TICKET, true, TICKET_UNKNOWN, 2, false},
    {TLS_KEY_OPEN_TICKET, true, TICKET_INVALID, 100, false},
    {TLS_KEY_OPEN_TICKET, true, TICKET_FAILED + 1, 1, false},
    {TLS_KEY_OPEN_TICKET, true, 0, 0, false},
    {TLS_KEY_SEAL_TICKET, false, 0, 0, true},
    {TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, false, 0, 0, true},
    {TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, false, 0, 72, false},
    {TLS_KEY_OPERATIONS, true, 0, 48, false},
};

START_TEST(a_reply_has_a_length_that_its_operation_can_have)
{
    for (size_t i = 0; i < ARRAY_LEN(reply_rows); i++) {
        const struct reply_row *row = &reply_rows[i];
        ck_assert_msg(reply_arrives(row->operation, row->is_ok, row->first, row->len) == row->arrives, "row %zu", i);
    }
}
END_TEST

START_TEST(a_reply_cut_prolonged_or_with_another_flag_is_a_violation)
{
    struct key_reply reply;

    ck_assert(reply_arrives(TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, true, 9, 72));
    for (size_t cut = 0; cut < len; cut++)
        ck_assert(!key_wire_read_reply(bytes_of(message, cut), &reply));
    ck_assert(!key_wire_read_reply(bytes_of(message, len + 1), &reply));
    message[9] = 2;
    ck_assert(!key_wire_read_reply(bytes_of(message, len), &reply));
    message[9] = 1;
    ck_assert(key_wire_read_reply(bytes_of(message, len), &reply));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_question_of_any_kind_arrives_as_it_was_asked,
        a_question_cut_at_any_length_or_prolonged_is_a_violation,
        a_value_that_stands_for_nothing_is_a_violation,
        a_transcript_hash_that_no_hash_makes_is_a_violation,
        a_payload_of_one_byte_too_many_is_a_violation,
        a_request_out_of_its_bounds_is_not_written_and_leaves_nothing,
        nothing_of_a_question_stays_behind_that_was_not_read,
        a_reply_has_a_length_that_its_operation_can_have,
        a_reply_cut_prolonged_or_with_another_flag_is_a_violation,
    };
    return check_run("key_wire", tests, ARRAY_LEN(tests));
}
