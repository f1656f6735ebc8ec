/*
 * Every reason of the failure table is provoked, and its alert is seen on the wire by a client that decrypts it.
 * A row without a scenario here does not compile into a passing test.
 */
#include "support/check_run.h"
#include "support/rig.h"
#include "tls/handshake.h"

static struct rig rig;
static struct client13 client;

/* ---- shorthands of the scenarios */

static void put_plain(const char *bytes, size_t len)
{
    client13_put(&client, bytes_of(bytes, len));
}
#define PUT(text) put_plain(text, sizeof(text) - 1)

static void hello(void)
{
    client13_send_hello(&client);
    rig_pump(&rig, &client);
}

static void hello_with(struct bytes extra)
{
    client.hello.extra = extra;
    hello();
}

/* Our flight arrived, Finished is not sent. */
static void first_flight(void)
{
    hello();
    ck_assert(client.is_done);
}

static void connected(void)
{
    rig_handshake(&rig, &client);
    ck_assert(tls_is_connected(rig.tls));
}

/* Goes on with a message body that stands in for an honest second hello. */
static void retry_with(void (*change)(void))
{
    client.hello.share_groups[0] = 0;
    client13_send_hello(&client);
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    client.out_len = 0;
    client.is_retried = true;
    client.retry_group = 0x001d;
    client.hello.share_groups[0] = 0x001d;
    client.hello.share_groups[1] = 0;
    ck_assert(hash_init(&client.transcript, hash_find(HASH_SHA256)));
    change();
    client13_put_plain_record(&client, CONTENT_HANDSHAKE, client13_make_hello(&client));
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    client.out_len = 0;
}

static void message(uint8_t type, struct bytes body)
{
    uint8_t bytes[4096];
    struct writer w = writer_of(bytes, sizeof bytes);
    struct vector_mark mark;

    write_u8(&w, type);
    mark = write_vec24_begin(&w);
    write_bytes(&w, body);
    write_vec_end(&w, mark);
    client13_put_record(&client, CONTENT_HANDSHAKE, writer_view(&w));
}

static void many(unsigned count, void (*one)(void))
{
    for (unsigned i = 0; i < count; i++)
        one();
}

/* ---- what came is no TLS */

static void provoke_not_tls(void)
{
    PUT("\x01\x02\x03\x04\x05");
}
static void provoke_not_tls_http(void)
{
    PUT("GET / HTTP/1.1\r\n");
}
static void provoke_not_tls_proxy(void)
{
    PUT("\r\n\r\n\0\r\nQUIT\n");
}
static void provoke_not_tls_ssh(void)
{
    PUT("SSH-2.0-OpenSSH_9.2\r\n");
}
static void provoke_not_tls_sslv2(void)
{
    PUT("\x80\x2e\x01\x00\x02\x00\x15");
}

/* ---- records */

static void provoke_record_version(void)
{
    PUT("\x16\x05\x01\x00\x05");
}
/* RFC 8446 5 MUST: unexpected_message for an unexpected record type. */
static void provoke_record_type(void)
{
    first_flight();
    client13_put_record(&client, 99, BYTES_OF_LITERAL("?"));
}
/* RFC 8446 5.1 MUST: record_overflow */
static void provoke_record_too_long(void)
{
    PUT("\x16\x03\x01\x40\x01");
}
/* RFC 8446 5.4 MUST: record_overflow */
static void provoke_plaintext_too_long(void)
{
    connected();
    client13_put_padded(&client, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("x"), MAX_PLAINTEXT_LEN);
}
/* RFC 8446 5.2 MUST: bad_record_mac */
static void provoke_record_mac(void)
{
    connected();
    client13_send_text(&client, BYTES_OF_LITERAL("hello"));
    client.out[client.out_len - 1] ^= 1;
}
/* RFC 8446 5.4 MUST: unexpected_message */
static void provoke_record_all_padding(void)
{
    connected();
    client13_put_padded(&client, 0, bytes_of(NULL, 0), 8);
}
/* RFC 8446 5.1 MUST NOT: zero-length fragments of Handshake types. */
static void provoke_empty_fragment(void)
{
    PUT("\x16\x03\x01\x00\x00");
}
static void empty_text(void)
{
    client13_put_record(&client, CONTENT_APPLICATION_DATA, bytes_of(NULL, 0));
}
static void provoke_empty_records(void)
{
    connected();
    many(MAX_EMPTY_RECORDS, empty_text);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE); /* so many are allowed */
    empty_text();
}
/* RFC 8446 5 MUST: unexpected_message for any other value. */
static void provoke_ccs_malformed(void)
{
    first_flight();
    client13_put_plain_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x02"));
}
/* RFC 8446 5 MUST: unexpected_message for one that is protected, or comes after Finished. */
static void provoke_ccs_unexpected(void)
{
    connected();
    client13_put_plain_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x01"));
}
static void ccs(void)
{
    client13_put_plain_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x01"));
}
static void provoke_ccs_flood(void)
{
    first_flight();
    many(MAX_CHANGE_CIPHER_SPECS + 1, ccs);
}
/* RFC 8446 4.2.10: declined early data is skipped up to a limit. */
static void early_record(void)
{
    static const uint8_t noise[4096] = {1};
    client13_put_plain_record(&client, CONTENT_APPLICATION_DATA, BYTES_OF_ARRAY(noise));
}
static void provoke_early_data_too_long(void)
{
    client.hello.has_early_data = client.hello.has_psk = true;
    hello();
    many(MAX_EARLY_DATA_SKIPPED / 4096, early_record);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
    client13_put_plain_record(&client, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("one byte more......"));
}
static void provoke_sequence_exhausted(void)
{
    connected();
    rig.tls->in.sequence = client.writing.sequence = UINT64_MAX;
    client13_send_text(&client, BYTES_OF_LITERAL("x"));
}
/* RFC 8446 5.1 MUST NOT: any other records between those of one message. */
static void provoke_records_interleaved(void)
{
    first_flight();
    client13_put_record(&client, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("\x14\x00\x00"));
    ccs();
}
static void provoke_record_unprotected(void)
{
    first_flight();
    client13_put_plain_record(&client, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("\x14\x00\x00\x00"));
}

/* ---- alerts that came */

static void provoke_alert_malformed(void)
{
    connected();
    client13_put_record(&client, CONTENT_ALERT, BYTES_OF_LITERAL("\x01\x00\x01\x00"));
}
static void provoke_alert_received(void)
{
    first_flight();
    client13_send_alert(&client, 2, ALERT_UNKNOWN_CA);
    rig_pump(&rig, &client);
    ck_assert(tls_outcome(rig.tls)->has_alert_received);
    ck_assert_uint_eq(tls_outcome(rig.tls)->alert_received, ALERT_UNKNOWN_CA);
}
static void canceled(void)
{
    client13_send_alert(&client, 1, ALERT_USER_CANCELED);
}
static void provoke_alert_flood(void)
{
    connected();
    many(MAX_WARNING_ALERTS + 1, canceled);
}
static void provoke_closed_early(void)
{
    first_flight();
    client13_send_alert(&client, 1, ALERT_CLOSE_NOTIFY);
}
static void provoke_cut_off(void)
{
    first_flight();
    tls_wire_end(rig.tls);
}
static void provoke_no_bytes(void)
{
    tls_wire_end(rig.tls);
}

/* ---- handshake framing */

/* RFC 8446 4 MUST: unexpected_message for a message out of order. */
static void provoke_unexpected_handshake(void)
{
    first_flight();
    message(KEY_UPDATE, BYTES_OF_LITERAL("\0"));
}
static void provoke_message_too_long(void)
{
    PUT("\x16\x03\x01\x00\x04\x01\xff\xff\xff");
}
static void provoke_trailing_bytes(void)
{
    struct bytes honest = client13_make_hello(&client);
    uint8_t longer[4096];
    struct writer w = writer_of(longer, sizeof longer);

    write_u8(&w, CLIENT_HELLO);
    write_u24(&w, (uint32_t)honest.len - 4 + 1);
    write_bytes(&w, bytes_of(honest.at + 4, honest.len - 4));
    write_u8(&w, 0);
    client13_put_plain_record(&client, CONTENT_HANDSHAKE, writer_view(&w));
}
/* RFC 8446 5.1 MUST: a message before a key change ends its record. */
static void provoke_across_key_change(void)
{
    struct bytes honest = client13_make_hello(&client);
    uint8_t both[4096];
    struct writer w = writer_of(both, sizeof both);

    write_bytes(&w, honest);
    write_u32(&w, 0x14000000);
    client13_put_plain_record(&client, CONTENT_HANDSHAKE, writer_view(&w));
}
static void key_update(void)
{
    client13_send_key_update(&client, 0);
}
static void provoke_handshake_flood(void)
{
    connected();
    many(MAX_HANDSHAKE_MESSAGES, key_update);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
    key_update();
}

/* ---- ClientHello */

static void provoke_client_hello_malformed(void)
{
    PUT("\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03");
}
/* RFC 8446 D.5 MUST: abort when legacy_version is 0x0300. */
static void provoke_legacy_version(void)
{
    client.hello.legacy_version = 0x0300;
    hello();
}
/* RFC 8446 4.2.1 MUST: only supported_versions counts where it is present. */
static void provoke_no_common_version(void)
{
    client.hello.versions[0] = TLS_1_2;
    client.hello.versions[1] = 0;
    hello();
}
/* RFC 8446 4.1.2 MUST: exactly one byte, zero. */
static void provoke_compression(void)
{
    client.hello.compression_methods = BYTES_OF_LITERAL("\x01\x00");
    hello();
}
/* RFC 8446 4.2 MUST: not more than one extension of the same type. */
static void provoke_extension_duplicate(void)
{
    hello_with(BYTES_OF_LITERAL("\x7a\x7a\0\0\x7a\x7a\0\0"));
}
static void provoke_extension_malformed(void)
{
    client.hello.omit = OMIT_PSK_MODES;
    hello_with(BYTES_OF_LITERAL("\0\x2d\0\1\5"));
}
/* RFC 8446 4.2 MUST: an extension that is known but not specified for this message is illegal_parameter. */
static void provoke_extension_misplaced(void)
{
    hello_with(BYTES_OF_LITERAL("\0\x30\0\0"));
}
/* RFC 8446 4.2.11 MUST: the last extension. */
static void provoke_psk_not_last(void)
{
    client.hello.has_psk = true;
    client.hello.after = BYTES_OF_LITERAL("\x7a\x7a\0\0");
    hello();
}
/* RFC 8446 4.2.9 MUST: abort. */
static void provoke_psk_without_modes(void)
{
    client.hello.has_psk = true;
    client.hello.omit = OMIT_PSK_MODES;
    hello();
}
static void provoke_psk_malformed(void)
{
    static uint8_t psk[4 + 2 + 7 + 2 + 66] = {0, 0x29, 0, 77, 0, 7, 0, 1, 'x', 0, 0, 0, 0, 0, 66};

    psk[15] = 32;
    psk[15 + 33] = 32; /* two binders for one identity */
    client.hello.after = BYTES_OF_ARRAY(psk);
    hello();
}
/* RFC 8446 4.2.3 MUST, 9.2 MUST: missing_extension. */
static void provoke_no_signature_algorithms(void)
{
    client.hello.omit = OMIT_SCHEMES;
    hello();
}
static void provoke_no_supported_groups(void)
{
    client.hello.omit = OMIT_GROUPS;
    hello();
}
static void provoke_no_key_share(void)
{
    client.hello.omit = OMIT_KEY_SHARE;
    hello();
}
static void provoke_sni_invalid(void)
{
    client.hello.sni = "evil\nname";
    hello();
}
static void provoke_sni_unknown(void)
{
    tls_policy_set_unknown_sni(rig.policy, TLS_UNKNOWN_SNI_REJECT);
    client.hello.sni = "nobody.example";
    hello();
}

/* ---- negotiation */

static void provoke_no_common_suite(void)
{
    client.hello.suites[0] = 0x1304;
    client.hello.suites[1] = 0;
    hello();
}
static void provoke_no_common_group(void)
{
    client.hello.groups[0] = client.hello.share_groups[0] = 0x0019;
    client.hello.groups[1] = 0;
    hello();
}
static void provoke_no_common_scheme(void)
{
    client.hello.schemes[0] = 0x0804; /* RSA, and the certificate is ECDSA */
    client.hello.schemes[1] = 0;
    hello();
}
static void provoke_no_common_alpn(void)
{
    ck_assert(tls_policy_add_alpn(rig.policy, BYTES_OF_LITERAL("h2")));
    client.hello.alpn = "ftp";
    hello();
}
static void provoke_key_share_duplicate(void)
{
    client.hello.share_groups[1] = 0x001d;
    hello();
}
static void provoke_key_share_unoffered(void)
{
    client.hello.groups[0] = 0x0017;
    client.hello.groups[1] = 0;
    hello();
}
/* RFC 8446 4.2.8.1, 4.2.8.2, 7.4.2 MUST: a public value that is not valid. */
static void provoke_key_share_invalid(void)
{
    client.hello.groups[0] = 0x001d;
    client.hello.omit = OMIT_KEY_SHARE;
    hello_with(BYTES_OF_LITERAL(
        "\0\x33\0\x26\0\x24\0\x1d\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
}

/* ---- HelloRetryRequest */

static void change_sni(void)
{
    client.hello.sni = "other.example";
}
static void provoke_retry_changed(void)
{
    retry_with(change_sni);
}
static void change_share(void)
{
    client.hello.share_groups[0] = 0x0017;
}
static void provoke_retry_key_share(void)
{
    retry_with(change_share);
}
/* RFC 8446 4.2.10 MUST NOT: early_data in the second ClientHello. */
static void add_early_data(void)
{
    client.hello.has_early_data = true;
}
static void provoke_retry_early_data(void)
{
    retry_with(add_early_data);
}

/* ---- the client's Finished and what follows */

static void provoke_finished_length(void)
{
    first_flight();
    message(FINISHED, BYTES_OF_LITERAL("short"));
}
/* RFC 8446 4.4.4 MUST: decrypt_error */
static void provoke_finished_mac(void)
{
    struct bytes honest;
    uint8_t forged[64];

    first_flight();
    honest = client13_make_finished(&client);
    memcpy(forged, honest.at, honest.len);
    forged[honest.len - 1] ^= 1;
    client13_put_record(&client, CONTENT_HANDSHAKE, bytes_of(forged, honest.len));
}
static void provoke_data_before_finished(void)
{
    first_flight();
    client13_send_text(&client, BYTES_OF_LITERAL("GET /"));
}
static void provoke_key_update_malformed(void)
{
    connected();
    message(KEY_UPDATE, BYTES_OF_LITERAL("\0\0"));
}
/* RFC 8446 4.6.3 MUST: illegal_parameter */
static void provoke_key_update_value(void)
{
    connected();
    message(KEY_UPDATE, BYTES_OF_LITERAL("\2"));
}

/* ---- ours */

static void provoke_key_operation(void)
{
    rig.is_key_held = true;
    hello();
    tls_key_done(rig.tls, false, bytes_of(NULL, 0));
}
static void provoke_crypto(void)
{
    rig.random.calls = 0;
    rig.random.fail_at = 1; /* the key share's secret value */
    hello();
}
static void provoke_no_memory(void)
{
    struct pool *empty = pool_new(1);
    struct iovec span;

    ck_assert(empty != NULL);
    tls_free(rig.tls);
    rig.tls = tls_new(rig.policy, empty);
    ck_assert(rig.tls != NULL);
    ck_assert_int_eq(tls_wire_space(rig.tls, &span, 1), 0);
    pool_free(rig.pool); /* rig_wipe() looks after the one in use */
    rig.pool = empty;
}
/* A handler that leaves the map's columns is a fault of ours, and ends as one. */
static bool wander_off(struct tls *tls, struct reader *body)
{
    (void)read_rest(body);
    tls->state = WAIT_FINISHED;
    return true;
}
static void provoke_internal(void)
{
    static const struct handshake_row map[] = {
        {WAIT_CH, CLIENT_HELLO, wander_off, TO(WAIT_CH2), MAX_CLIENT_HELLO_LEN, 0},
        {.in = HANDSHAKE_STATES},
    };
    rig.tls->map = map;
    hello();
}

/* ---- the proxy's: all through tls_abort(), in the middle of a connection */

#define ABORTS(X)                                                                                                      \
    X(timeout_client_hello, TIMEOUT_CLIENT_HELLO)                                                                      \
    X(timeout_handshake, TIMEOUT_HANDSHAKE)                                                                            \
    X(timeout_idle, TIMEOUT_IDLE)                                                                                      \
    X(timeout_write, TIMEOUT_WRITE)                                                                                    \
    X(backend_refused, BACKEND_REFUSED)                                                                                \
    X(backend_timeout, BACKEND_TIMEOUT)                                                                                \
    X(backend_reset, BACKEND_RESET)                                                                                    \
    X(overloaded, OVERLOADED)                                                                                          \
    X(shutdown, SHUTDOWN)
#define X(name, WHY)                                                                                                   \
    static void provoke_##name(void)                                                                                   \
    {                                                                                                                  \
        connected();                                                                                                   \
        tls_abort(rig.tls, WHY_##WHY);                                                                                 \
    }
ABORTS(X)
#undef X

/* ---- the table */

#define SCENARIO(WHY, function) [WHY_##WHY] = function
static void (*const scenarios[WHY_COUNT])(void) = {SCENARIO(NOT_TLS, provoke_not_tls),
                                                   SCENARIO(NOT_TLS_HTTP, provoke_not_tls_http),
                                                   SCENARIO(NOT_TLS_PROXY, provoke_not_tls_proxy),
                                                   SCENARIO(NOT_TLS_SSH, provoke_not_tls_ssh),
                                                   SCENARIO(NOT_TLS_SSLV2, provoke_not_tls_sslv2),
                                                   SCENARIO(RECORD_VERSION, provoke_record_version),
                                                   SCENARIO(RECORD_TYPE, provoke_record_type),
                                                   SCENARIO(RECORD_TOO_LONG, provoke_record_too_long),
                                                   SCENARIO(PLAINTEXT_TOO_LONG, provoke_plaintext_too_long),
                                                   SCENARIO(RECORD_MAC, provoke_record_mac),
                                                   SCENARIO(RECORD_ALL_PADDING, provoke_record_all_padding),
                                                   SCENARIO(EMPTY_FRAGMENT, provoke_empty_fragment),
                                                   SCENARIO(EMPTY_RECORDS, provoke_empty_records),
                                                   SCENARIO(CCS_MALFORMED, provoke_ccs_malformed),
                                                   SCENARIO(CCS_UNEXPECTED, provoke_ccs_unexpected),
                                                   SCENARIO(CCS_FLOOD, provoke_ccs_flood),
                                                   SCENARIO(EARLY_DATA_TOO_LONG, provoke_early_data_too_long),
                                                   SCENARIO(SEQUENCE_EXHAUSTED, provoke_sequence_exhausted),
                                                   SCENARIO(RECORDS_INTERLEAVED, provoke_records_interleaved),
                                                   SCENARIO(RECORD_UNPROTECTED, provoke_record_unprotected),
                                                   SCENARIO(ALERT_MALFORMED, provoke_alert_malformed),
                                                   SCENARIO(ALERT_RECEIVED, provoke_alert_received),
                                                   SCENARIO(ALERT_FLOOD, provoke_alert_flood),
                                                   SCENARIO(CLOSED_EARLY, provoke_closed_early),
                                                   SCENARIO(CUT_OFF, provoke_cut_off),
                                                   SCENARIO(NO_BYTES, provoke_no_bytes),
                                                   SCENARIO(UNEXPECTED_HANDSHAKE, provoke_unexpected_handshake),
                                                   SCENARIO(MESSAGE_TOO_LONG, provoke_message_too_long),
                                                   SCENARIO(TRAILING_BYTES, provoke_trailing_bytes),
                                                   SCENARIO(ACROSS_KEY_CHANGE, provoke_across_key_change),
                                                   SCENARIO(HANDSHAKE_FLOOD, provoke_handshake_flood),
                                                   SCENARIO(CLIENT_HELLO_MALFORMED, provoke_client_hello_malformed),
                                                   SCENARIO(LEGACY_VERSION, provoke_legacy_version),
                                                   SCENARIO(NO_COMMON_VERSION, provoke_no_common_version),
                                                   SCENARIO(COMPRESSION, provoke_compression),
                                                   SCENARIO(EXTENSION_DUPLICATE, provoke_extension_duplicate),
                                                   SCENARIO(EXTENSION_MALFORMED, provoke_extension_malformed),
                                                   SCENARIO(EXTENSION_MISPLACED, provoke_extension_misplaced),
                                                   SCENARIO(PSK_NOT_LAST, provoke_psk_not_last),
                                                   SCENARIO(PSK_WITHOUT_MODES, provoke_psk_without_modes),
                                                   SCENARIO(PSK_MALFORMED, provoke_psk_malformed),
                                                   SCENARIO(NO_SIGNATURE_ALGORITHMS, provoke_no_signature_algorithms),
                                                   SCENARIO(NO_SUPPORTED_GROUPS, provoke_no_supported_groups),
                                                   SCENARIO(NO_KEY_SHARE, provoke_no_key_share),
                                                   SCENARIO(SNI_INVALID, provoke_sni_invalid),
                                                   SCENARIO(SNI_UNKNOWN, provoke_sni_unknown),
                                                   SCENARIO(NO_COMMON_SUITE, provoke_no_common_suite),
                                                   SCENARIO(NO_COMMON_GROUP, provoke_no_common_group),
                                                   SCENARIO(NO_COMMON_SCHEME, provoke_no_common_scheme),
                                                   SCENARIO(NO_COMMON_ALPN, provoke_no_common_alpn),
                                                   SCENARIO(KEY_SHARE_DUPLICATE, provoke_key_share_duplicate),
                                                   SCENARIO(KEY_SHARE_UNOFFERED, provoke_key_share_unoffered),
                                                   SCENARIO(KEY_SHARE_INVALID, provoke_key_share_invalid),
                                                   SCENARIO(RETRY_CHANGED, provoke_retry_changed),
                                                   SCENARIO(RETRY_KEY_SHARE, provoke_retry_key_share),
                                                   SCENARIO(RETRY_EARLY_DATA, provoke_retry_early_data),
                                                   SCENARIO(FINISHED_LENGTH, provoke_finished_length),
                                                   SCENARIO(FINISHED_MAC, provoke_finished_mac),
                                                   SCENARIO(DATA_BEFORE_FINISHED, provoke_data_before_finished),
                                                   SCENARIO(KEY_UPDATE_MALFORMED, provoke_key_update_malformed),
                                                   SCENARIO(KEY_UPDATE_VALUE, provoke_key_update_value),
                                                   SCENARIO(KEY_OPERATION, provoke_key_operation),
                                                   SCENARIO(CRYPTO, provoke_crypto),
                                                   SCENARIO(NO_MEMORY, provoke_no_memory),
                                                   SCENARIO(INTERNAL, provoke_internal),
#define X(name, WHY) SCENARIO(WHY, provoke_##name),
                                                   ABORTS(X)
#undef X
};

/* Reasons whose alert cannot leave: no storage to put it in. */
static bool can_send_alert(enum why why)
{
    return why != WHY_NO_MEMORY;
}

START_TEST(every_reason_is_provoked_and_sends_the_alert_of_its_row)
{
    enum why why = (enum why)_i;
    const struct tls_outcome *outcome;

    ck_assert_msg(scenarios[why] != NULL, "nothing provokes %s", why_name(why));
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);

    scenarios[why]();
    rig_pump(&rig, &client);
    outcome = tls_outcome(rig.tls);
    ck_assert_msg(outcome->why == why, "%s, but %s was to be provoked", why_name(outcome->why), why_name(why));
    ck_assert_msg(client.fault == NULL, "%s: %s", why_name(why), client.fault);
    ck_assert(tls_ready(rig.tls) & TLS_OVER);
    ck_assert(!(tls_ready(rig.tls) & (TLS_WIRE_IN | TLS_PLAIN_IN | TLS_KEY)));
    if (why_alert(why) == ALERT_NONE || !can_send_alert(why)) {
        ck_assert_msg(!client.has_alert, "%s sends alert %u", why_name(why), client.alert);
    } else {
        ck_assert_msg(client.has_alert, "%s sends no alert", why_name(why));
        ck_assert_uint_eq(client.alert, why_alert(why));
        ck_assert_uint_eq(client.alert_level, client.alert == ALERT_CLOSE_NOTIFY ? 1 : 2);
    }
    ck_assert_uint_eq(rig.received_before_finished, 0);
    tls_abort(rig.tls, WHY_INTERNAL); /* the first reason wins */
    ck_assert_int_eq(tls_outcome(rig.tls)->why, why);
    client13_wipe(&client);
    rig_wipe(&rig);
}
END_TEST

START_TEST(every_row_has_a_name_and_a_sentence_of_its_own)
{
    for (int i = 1; i < WHY_COUNT; i++) {
        ck_assert_uint_gt(strlen(why_sentence(i)), 10);
        for (int j = 0; j < i; j++) {
            ck_assert_str_ne(why_name(i), why_name(j));
            ck_assert_str_ne(why_sentence(i), why_sentence(j));
        }
        for (const char *c = why_name(i); *c; c++)
            ck_assert_msg((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_', "%s", why_name(i));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("why");
    TCase *tcase = tcase_create("why");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, every_reason_is_provoked_and_sends_the_alert_of_its_row, 1, WHY_COUNT);
    tcase_add_test(tcase, every_row_has_a_name_and_a_sentence_of_its_own);
    tcase_set_timeout(tcase, TEST_TIMEOUT_SECONDS);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner) != 0 || srunner_ntests_run(runner) != WHY_COUNT;
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
