/* The records of RFC 8448: each opens to what it carries, and is sealed to the same bytes. */
#include <stdio.h>

#include "support/check_run.h"
#include "support/record_peer.h"
#include "support/trace.h"

static struct trace trace;

/* One direction under one traffic secret: records in their order, with what they carry. */
struct trace_record {
    const char *trace, *secret, *record;
    uint8_t type;
    const char *contents; /* names of messages */
};

#define FLIGHT "encrypted_extensions certificate certificate_verify server_finished"

/* Where the secret stays the same from one row to the next, so does the sequence of records. */
static const struct trace_record trace_records[] = {
    {"simple_1rtt", "s_hs_traffic", "record_server_flight", CONTENT_HANDSHAKE, FLIGHT},
    {"simple_1rtt", "c_hs_traffic", "record_client_finished", CONTENT_HANDSHAKE, "client_finished"},
    {"simple_1rtt", "s_ap_traffic", "record_new_session_ticket", CONTENT_HANDSHAKE, "new_session_ticket"},
    {"simple_1rtt", "s_ap_traffic", "record_server_data", CONTENT_APPLICATION_DATA, "server_data"},
    {"simple_1rtt", "s_ap_traffic", "record_server_alert", CONTENT_ALERT, "alert"},
    {"simple_1rtt", "c_ap_traffic", "record_client_data", CONTENT_APPLICATION_DATA, "client_data"},
    {"simple_1rtt", "c_ap_traffic", "record_client_alert", CONTENT_ALERT, "alert"},
    {"resumed_0rtt", "c_e_traffic", "record_client_early_data", CONTENT_APPLICATION_DATA, "client_early_data"},
    {"resumed_0rtt", "c_e_traffic", "record_end_of_early_data", CONTENT_HANDSHAKE, "end_of_early_data"},
    {"resumed_0rtt", "s_hs_traffic", "record_server_flight", CONTENT_HANDSHAKE, "encrypted_extensions server_finished"},
    {"resumed_0rtt", "c_hs_traffic", "record_client_finished", CONTENT_HANDSHAKE, "client_finished"},
    {"resumed_0rtt", "s_ap_traffic", "record_server_data", CONTENT_APPLICATION_DATA, "server_data"},
    {"resumed_0rtt", "s_ap_traffic", "record_server_alert", CONTENT_ALERT, "alert"},
    {"resumed_0rtt", "c_ap_traffic", "record_client_data", CONTENT_APPLICATION_DATA, "client_data"},
    {"resumed_0rtt", "c_ap_traffic", "record_client_alert", CONTENT_ALERT, "alert"},
    {"hello_retry_request", "s_hs_traffic", "record_server_flight", CONTENT_HANDSHAKE, FLIGHT},
    {"hello_retry_request", "c_hs_traffic", "record_client_finished", CONTENT_HANDSHAKE, "client_finished"},
    {"hello_retry_request", "s_ap_traffic", "record_server_alert", CONTENT_ALERT, "alert"},
    {"hello_retry_request", "c_ap_traffic", "record_client_alert", CONTENT_ALERT, "alert"},
    {"client_authentication", "s_hs_traffic", "record_server_flight", CONTENT_HANDSHAKE,
     "encrypted_extensions certificate_request certificate certificate_verify server_finished"},
    {"client_authentication", "c_hs_traffic", "record_client_finished", CONTENT_HANDSHAKE,
     "client_certificate client_certificate_verify client_finished"},
    {"client_authentication", "s_ap_traffic", "record_server_alert", CONTENT_ALERT, "alert"},
    {"client_authentication", "c_ap_traffic", "record_client_alert", CONTENT_ALERT, "alert"},
    {"compatibility_mode", "s_hs_traffic", "record_server_flight", CONTENT_HANDSHAKE, FLIGHT},
    {"compatibility_mode", "c_hs_traffic", "record_client_finished", CONTENT_HANDSHAKE, "client_finished"},
    {"compatibility_mode", "s_ap_traffic", "record_server_alert", CONTENT_ALERT, "alert"},
    {"compatibility_mode", "c_ap_traffic", "record_client_alert", CONTENT_ALERT, "alert"},
};

static struct bytes joined(const char *names)
{
    static uint8_t bytes[2048];
    struct writer w = writer_of(bytes, sizeof bytes);
    char name[TRACE_MAX_NAME];
    int len;

    for (; sscanf(names, " %39s%n", name, &len) == 1; names += len)
        write_bytes(&w, trace_get(&trace, name));
    ck_assert(writer_ok(&w));
    return writer_view(&w);
}

static void use_traffic_secret(struct protection *protection, const char *name)
{
    struct secret secret = trace_secret(&trace, name);

    ck_assert(protection_start(protection, tls_suite_find(0x1301), &secret));
}

/* Sets `protection` up for this row, unless it goes on from the row before. */
static void follow(struct protection *protection, const struct trace_record *row)
{
    const struct trace_record *before = row == trace_records ? NULL : row - 1;

    if (!before || strcmp(before->trace, row->trace) != 0)
        trace_load(&trace, row->trace);
    if (!before || strcmp(before->trace, row->trace) != 0 || strcmp(before->secret, row->secret) != 0)
        use_traffic_secret(protection, row->secret);
}

START_TEST(every_record_of_rfc8448_opens_to_what_it_carries)
{
    begin();
    for (size_t i = 0; i < ARRAY_LEN(trace_records); i++) {
        follow(&tls->in, &trace_records[i]);
        feed(trace_get(&trace, trace_records[i].record));
        is_ready(trace_records[i].type, joined(trace_records[i].contents));
        buffer_drop(&tls->wire_in, pool);
    }
    end();
}
END_TEST

START_TEST(every_record_of_rfc8448_is_sealed_byte_for_byte)
{
    begin();
    for (size_t i = 0; i < ARRAY_LEN(trace_records); i++) {
        follow(&tls->out, &trace_records[i]);
        ck_assert(record_send(tls, (enum content_type)trace_records[i].type, joined(trace_records[i].contents)));
        assert_in_trace(&trace, trace_records[i].record, buffer_view(&tls->wire_out));
        buffer_drop(&tls->wire_out, pool);
    }
    end();
}
END_TEST

START_TEST(records_in_the_clear_are_those_of_rfc8448)
{
    begin();
    trace_load(&trace, "compatibility_mode");
    ck_assert(record_send(tls, CONTENT_HANDSHAKE, trace_get(&trace, "server_hello")));
    assert_in_trace(&trace, "record_server_hello", buffer_view(&tls->wire_out));
    buffer_drop(&tls->wire_out, pool);
    ck_assert(record_send(tls, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\1")));
    assert_in_trace(&trace, "record_server_change_cipher_spec", buffer_view(&tls->wire_out));
    feed(trace_get(&trace, "record_client_hello")); /* its version is 0x0301 */
    is_ready(CONTENT_HANDSHAKE, trace_get(&trace, "client_hello"));
    feed(trace_get(&trace, "record_client_change_cipher_spec"));
    is_ready(CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\1"));
    end();
}
END_TEST

START_TEST(text_sealed_in_place_is_the_record_of_rfc8448)
{
    struct bytes text;

    begin();
    trace_load(&trace, "simple_1rtt");
    use_traffic_secret(&tls->out, "s_ap_traffic");
    tls->out.sequence = 1; /* behind the ticket */
    text = trace_get(&trace, "server_data");
    ck_assert(buffer_reserve(&tls->wire_out, pool, BLOCK_RECORD_LEN));
    memcpy(record_body(tls, 0, 0, MAX_PLAINTEXT_LEN), text.at, text.len);
    ck_assert(record_seal_body(tls, text.len));
    assert_in_trace(&trace, "record_server_data", buffer_view(&tls->wire_out));
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_record_of_rfc8448_opens_to_what_it_carries,
        every_record_of_rfc8448_is_sealed_byte_for_byte,
        records_in_the_clear_are_those_of_rfc8448,
        text_sealed_in_place_is_the_record_of_rfc8448,
    };
    return !crypto_start() ? EXIT_FAILURE : check_run("record_traces", tests, ARRAY_LEN(tests));
}
