/*
 * The clients of RFC 8448 against our engine, which draws the traces' private keys and randoms: its ServerHello must be
 * the one of the trace, and so must the secrets that follow. From EncryptedExtensions on the traces go ways of their
 * own (extensions and certificates that we do not send).
 */
#include "support/check_run.h"
#include "support/rig.h"
#include "support/trace.h"
#include "tls/record.h"

static struct rig rig;
static struct trace trace;

/* First the private key; then, however often a library draws for blinding, the random of the ServerHello. */
static bool fill_from_trace(void *context, uint8_t *out, size_t len)
{
    bool *is_key_drawn = context;
    struct bytes from = trace_get(&trace, *is_key_drawn ? "server_random" : "server_private_key");

    *is_key_drawn = true;
    for (size_t i = 0; i < len; i++)
        out[i] = from.at[i % from.len];
    return true;
}

static bool is_key_drawn;

static uint64_t no_clock(void *context)
{
    (void)context;
    return 0;
}

static void begin(const char *trace_name)
{
    trace_load(&trace, trace_name);
    is_key_drawn = false;
    ck_assert(rig_init(&rig, 1));
    tls_policy_unref(rig.policy);
    rig.policy = tls_policy_new((struct random_source){fill_from_trace, &is_key_drawn}, no_clock, NULL);
    ck_assert_ptr_nonnull(rig.policy);
    ck_assert(rig_add_certificate(&rig, "rsa2048"));
    rig.is_key_held = true;
    ck_assert(rig_connect(&rig));
}

static void end(void)
{
    rig_wipe(&rig);
}

static void feed_record(const char *name)
{
    rig_feed(&rig, trace_get(&trace, name));
    ck_assert_str_eq(why_name(tls_outcome(rig.tls)->why), "none");
}

/* The schedule is keyed with the Handshake Secret, of which the next salt tells. */
static void handshake_secret_is_that_of_the_trace(void)
{
    struct secret salt;

    ck_assert(key_schedule13_salt(&rig.tls->handshake->schedule, &salt));
    assert_in_trace(&trace, "derived_for_master", secret_view(&salt));
}

static void handshake_secrets_are_those_of_the_trace(void)
{
    const struct handshake *hs = rig.tls->handshake;

    handshake_secret_is_that_of_the_trace();
    assert_in_trace(&trace, "c_finished_key", secret_view(&hs->client_finished_key));
    assert_in_trace(&trace, "s_finished_key", secret_view(&hs->server_finished_key));
    assert_in_trace(&trace, "c_hs_traffic", bytes_of(rig.tls->in.traffic_secret, 32));
    assert_in_trace(&trace, "s_hs_traffic", bytes_of(rig.tls->out.traffic_secret, 32));
    assert_in_trace(&trace, "c_hs_iv", BYTES_OF_ARRAY(rig.tls->in.iv));
    assert_in_trace(&trace, "s_hs_iv", BYTES_OF_ARRAY(rig.tls->out.iv));
}

/* The bytes of `from` without `len` of them from `at` on, which lie in the extensions of a hello. */
static struct bytes without_extension(struct bytes from, size_t at, size_t len)
{
    static uint8_t copy[256];
    /* header of record, of message; version, random, empty session id, suite, compression */
    static const size_t record_len_at = 3, message_len_at = 5 + 2, extensions_len_at = 5 + 4 + 2 + 32 + 1 + 2 + 1;
    static const size_t lens_at[] = {record_len_at, message_len_at, extensions_len_at};

    ck_assert_uint_le(from.len, sizeof copy);
    memcpy(copy, from.at, at);
    memcpy(copy + at, from.at + at + len, from.len - at - len);
    for (size_t i = 0; i < ARRAY_LEN(lens_at); i++) {
        size_t field = (size_t)copy[lens_at[i]] << 8 | copy[lens_at[i] + 1];

        copy[lens_at[i]] = (uint8_t)((field - len) >> 8);
        copy[lens_at[i] + 1] = (uint8_t)(field - len);
    }
    return bytes_of(copy, from.len - len);
}

START_TEST(the_server_hello_of_section_3_is_ours_byte_for_byte_with_its_secrets)
{
    begin("simple_1rtt");
    feed_record("record_client_hello");
    assert_in_trace(&trace, "record_server_hello", buffer_view(&rig.tls->wire_out));
    ck_assert(bytes_equal(tls_outcome(rig.tls)->sni, BYTES_OF_LITERAL("server")));
    handshake_secrets_are_those_of_the_trace();
    end();
}
END_TEST

START_TEST(the_server_hello_of_section_6_is_ours_byte_for_byte_with_its_secrets)
{
    begin("client_authentication");
    feed_record("record_client_hello");
    assert_in_trace(&trace, "record_server_hello", buffer_view(&rig.tls->wire_out));
    handshake_secrets_are_those_of_the_trace();
    end();
}
END_TEST

START_TEST(the_compatibility_mode_of_section_7_is_ours_byte_for_byte_with_its_secrets)
{
    struct bytes hello, wire, change_cipher_spec;

    begin("compatibility_mode");
    feed_record("record_client_hello");
    hello = trace_get(&trace, "record_server_hello");
    change_cipher_spec = trace_get(&trace, "record_server_change_cipher_spec");
    wire = buffer_view(&rig.tls->wire_out);
    ck_assert_uint_eq(wire.len, hello.len + change_cipher_spec.len);
    assert_same(bytes_of(wire.at, hello.len), hello, "the ServerHello");
    assert_same(bytes_of(wire.at + hello.len, change_cipher_spec.len), change_cipher_spec, "the ChangeCipherSpec");
    handshake_secrets_are_those_of_the_trace();
    end();
}
END_TEST

/* RFC 8446 4.1.2: a cookie comes only when one was given, and we gave none: here it stands as if we had. */
static void take_foreign_cookie(void)
{
    struct reader body = reader_of(trace_get(&trace, "client_hello_2"));
    struct client_hello ch;
    struct bytes header;
    enum why why;

    ck_assert(read_bytes(&body, MESSAGE_HEADER_LEN, &header));
    ck_assert(client_hello_parse(&body, &ch, &why));
    ck_assert(client_hello_frozen_digest(&ch, rig.tls->handshake->frozen));
}

/* The engine sends no cookie: its HelloRetryRequest is the trace's without one, and the transcript differs by that. */
START_TEST(the_retry_of_section_5_is_ours_but_for_the_cookie)
{
    struct bytes retry;
    const uint8_t *cookie;

    begin("hello_retry_request");
    ck_assert(tls_policy_set_groups(rig.policy, (const struct tls_group *[]){tls_group_find(0x0017)}, 1));
    feed_record("record_client_hello");
    retry = trace_get(&trace, "record_hello_retry_request");
    cookie = memmem(retry.at, retry.len, "\0\x2c\0\x74", 4);
    ck_assert_ptr_nonnull(cookie);
    assert_same(buffer_view(&rig.tls->wire_out), without_extension(retry, (size_t)(cookie - retry.at), 4 + 0x74),
                "the HelloRetryRequest");
    ck_assert(tls_outcome(rig.tls)->is_hello_retried);
    rig_drain(&rig, NULL);

    take_foreign_cookie();
    feed_record("record_client_hello_2"); /* with padding and another share, which may change */
    assert_in_trace(&trace, "record_server_hello", buffer_view(&rig.tls->wire_out));
    handshake_secret_is_that_of_the_trace();
    end();
}
END_TEST

/* The client of section 4 resumes with early data. We decline both: a full handshake, its early records skipped. */
START_TEST(the_resumption_of_section_4_becomes_a_full_handshake_and_its_early_data_is_skipped)
{
    struct bytes hello;
    const uint8_t *psk;

    begin("resumed_0rtt");
    feed_record("record_client_hello");
    hello = trace_get(&trace, "record_server_hello");
    psk = memmem(hello.at, hello.len, "\0\x29\0\2\0\0", 6);
    ck_assert_ptr_nonnull(psk);
    assert_same(buffer_view(&rig.tls->wire_out), without_extension(hello, (size_t)(psk - hello.at), 6),
                "the ServerHello");
    ck_assert(rig_answer_key(&rig));
    feed_record("record_client_early_data");
    ck_assert_uint_eq(rig.tls->early_data_skipped, trace_get(&trace, "record_client_early_data").len - 5);
    ck_assert(rig.tls->is_skipping_early_data);
    ck_assert_uint_eq(rig.received_len, 0);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_server_hello_of_section_3_is_ours_byte_for_byte_with_its_secrets,
        the_server_hello_of_section_6_is_ours_byte_for_byte_with_its_secrets,
        the_compatibility_mode_of_section_7_is_ours_byte_for_byte_with_its_secrets,
        the_retry_of_section_5_is_ours_but_for_the_cookie,
        the_resumption_of_section_4_becomes_a_full_handshake_and_its_early_data_is_skipped,
    };
    return check_run("replay13", tests, ARRAY_LEN(tests));
}
