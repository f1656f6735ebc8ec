#include "why_scenarios.h"

#include <check.h>

#include "tls/handshake.h"

struct rig rig;
struct client13 client;

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

static void provoke_NOT_TLS(void)
{
    PUT("\x01\x02\x03\x04\x05");
}
static void provoke_NOT_TLS_HTTP(void)
{
    PUT("GET / HTTP/1.1\r\n");
}
static void provoke_NOT_TLS_PROXY(void)
{
    PUT("\r\n\r\n\0\r\nQUIT\n");
}
static void provoke_NOT_TLS_SSH(void)
{
    PUT("SSH-2.0-OpenSSH_9.2\r\n");
}
static void provoke_NOT_TLS_SSLV2(void)
{
    PUT("\x80\x2e\x01\x00\x02\x00\x15");
}

/* ---- records */

static void provoke_RECORD_VERSION(void)
{
    PUT("\x16\x05\x01\x00\x05");
}
/* RFC 8446 5 MUST: unexpected_message for an unexpected record type. */
static void provoke_RECORD_TYPE(void)
{
    first_flight();
    client13_put_record(&client, 99, BYTES_OF_LITERAL("?"));
}
/* RFC 8446 5.1 MUST: record_overflow */
static void provoke_RECORD_TOO_LONG(void)
{
    PUT("\x16\x03\x01\x40\x01");
}
/* RFC 8446 5.4 MUST: record_overflow */
static void provoke_PLAINTEXT_TOO_LONG(void)
{
    connected();
    client13_put_padded(&client, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("x"), MAX_PLAINTEXT_LEN);
}
/* RFC 8446 5.2 MUST: bad_record_mac */
static void provoke_RECORD_MAC(void)
{
    connected();
    client13_send_text(&client, BYTES_OF_LITERAL("hello"));
    client.out[client.out_len - 1] ^= 1;
}
/* RFC 8446 5.4 MUST: unexpected_message */
static void provoke_RECORD_ALL_PADDING(void)
{
    connected();
    client13_put_padded(&client, 0, bytes_of(NULL, 0), 8);
}
/* RFC 8446 5.1 MUST NOT: zero-length fragments of Handshake types. */
static void provoke_EMPTY_FRAGMENT(void)
{
    PUT("\x16\x03\x01\x00\x00");
}
static void empty_text(void)
{
    client13_put_record(&client, CONTENT_APPLICATION_DATA, bytes_of(NULL, 0));
}
static void provoke_EMPTY_RECORDS(void)
{
    connected();
    many(MAX_EMPTY_RECORDS, empty_text);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE); /* so many are allowed */
    empty_text();
}
/* RFC 8446 5 MUST: unexpected_message for any other value. */
static void provoke_CCS_MALFORMED(void)
{
    first_flight();
    client13_put_plain_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x02"));
}
/* RFC 8446 5 MUST: unexpected_message for one that is protected, or comes after Finished. */
static void provoke_CCS_UNEXPECTED(void)
{
    first_flight();
    client13_put_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x01"));
}
static void ccs(void)
{
    client13_put_plain_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x01"));
}
static void provoke_CCS_FLOOD(void)
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
static void provoke_EARLY_DATA_TOO_LONG(void)
{
    client.hello.has_early_data = client.hello.has_psk = true;
    hello();
    many(MAX_EARLY_DATA_SKIPPED / 4096, early_record);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
    client13_put_plain_record(&client, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("one byte more......"));
}
static void provoke_SEQUENCE_EXHAUSTED(void)
{
    connected();
    rig.tls->in.sequence = client.writing.sequence = UINT64_MAX;
    client13_send_text(&client, BYTES_OF_LITERAL("x"));
}
/* RFC 8446 5.1 MUST NOT: any other records between those of one message. */
static void provoke_RECORDS_INTERLEAVED(void)
{
    first_flight();
    client13_put_record(&client, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("\x14\x00\x00"));
    ccs();
}
static void provoke_RECORD_UNPROTECTED(void)
{
    first_flight();
    client13_put_plain_record(&client, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("\x14\x00\x00\x00"));
}

/* ---- alerts that came */

static void provoke_ALERT_MALFORMED(void)
{
    connected();
    client13_put_record(&client, CONTENT_ALERT, BYTES_OF_LITERAL("\x01\x00\x01\x00"));
}
/* RFC 8446 6: warning(1) or fatal(2). */
static void provoke_ALERT_LEVEL(void)
{
    connected();
    client13_send_alert(&client, 3, ALERT_UNKNOWN_CA);
}
static void provoke_ALERT_RECEIVED(void)
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
static void provoke_ALERT_FLOOD(void)
{
    connected();
    many(MAX_WARNING_ALERTS + 1, canceled);
}
static void provoke_CLOSED_EARLY(void)
{
    first_flight();
    client13_send_alert(&client, 1, ALERT_CLOSE_NOTIFY);
}
static void provoke_CUT_OFF(void)
{
    first_flight();
    tls_wire_end(rig.tls);
}
static void provoke_NO_BYTES(void)
{
    tls_wire_end(rig.tls);
}

/* ---- handshake framing */

/* RFC 8446 4 MUST: unexpected_message for a message out of order. */
static void provoke_UNEXPECTED_HANDSHAKE(void)
{
    first_flight();
    message(KEY_UPDATE, BYTES_OF_LITERAL("\0"));
}
static void provoke_MESSAGE_TOO_LONG(void)
{
    PUT("\x16\x03\x01\x00\x04\x01\xff\xff\xff");
}
static void provoke_TRAILING_BYTES(void)
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
static void provoke_ACROSS_KEY_CHANGE(void)
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
static void provoke_HANDSHAKE_FLOOD(void)
{
    connected();
    many(MAX_HANDSHAKE_MESSAGES, key_update);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
    key_update();
}

/* ---- ClientHello */

static void provoke_CLIENT_HELLO_MALFORMED(void)
{
    PUT("\x16\x03\x01\x00\x06\x01\x00\x00\x02\x03\x03");
}
/* RFC 8446 D.5 MUST: abort when legacy_version is 0x0300. */
static void provoke_LEGACY_VERSION(void)
{
    client.hello.legacy_version = 0x0300;
    hello();
}
/* RFC 8446 4.2.1 MUST: only supported_versions counts where it is present. */
static void provoke_NO_COMMON_VERSION(void)
{
    client.hello.versions[0] = TLS_1_1;
    client.hello.versions[1] = 0;
    hello();
}
/* RFC 8446 4.1.2 MUST: exactly one byte, zero. */
static void provoke_COMPRESSION(void)
{
    client.hello.compression_methods = BYTES_OF_LITERAL("\x01\x00");
    hello();
}
/* RFC 8446 4.2 MUST: not more than one extension of the same type. */
static void provoke_EXTENSION_DUPLICATE(void)
{
    hello_with(BYTES_OF_LITERAL("\x7a\x7a\0\0\x7a\x7a\0\0"));
}
static void provoke_EXTENSION_MALFORMED(void)
{
    client.hello.omit = OMIT_PSK_MODES;
    hello_with(BYTES_OF_LITERAL("\0\x2d\0\1\5"));
}
/* RFC 8446 4.2 MUST: an extension that is known but not specified for this message is illegal_parameter. */
static void provoke_EXTENSION_MISPLACED(void)
{
    hello_with(BYTES_OF_LITERAL("\0\x30\0\0"));
}
/* RFC 8446 4.2.11 MUST: the last extension. */
static void provoke_PSK_NOT_LAST(void)
{
    client.hello.has_psk = true;
    client.hello.after = BYTES_OF_LITERAL("\x7a\x7a\0\0");
    hello();
}
/* RFC 8446 4.2.9 MUST: abort. */
static void provoke_PSK_WITHOUT_MODES(void)
{
    client.hello.has_psk = true;
    client.hello.omit = OMIT_PSK_MODES;
    hello();
}
static void provoke_PSK_MALFORMED(void)
{
    static uint8_t psk[4 + 2 + 7 + 2 + 66] = {0, 0x29, 0, 77, 0, 7, 0, 1, 'x', 0, 0, 0, 0, 0, 66};

    psk[15] = 32;
    psk[15 + 33] = 32; /* two binders for one identity */
    client.hello.after = BYTES_OF_ARRAY(psk);
    hello();
}
/* RFC 8446 4.2.3 MUST, 9.2 MUST: missing_extension. */
static void provoke_NO_SIGNATURE_ALGORITHMS(void)
{
    client.hello.omit = OMIT_SCHEMES;
    hello();
}
static void provoke_NO_SUPPORTED_GROUPS(void)
{
    client.hello.omit = OMIT_GROUPS;
    hello();
}
static void provoke_NO_KEY_SHARE(void)
{
    client.hello.omit = OMIT_KEY_SHARE;
    hello();
}
static void provoke_SNI_INVALID(void)
{
    client.hello.sni = "evil\nname";
    hello();
}
static void provoke_SNI_UNKNOWN(void)
{
    tls_policy_set_unknown_sni(rig.policy, TLS_UNKNOWN_SNI_REJECT);
    client.hello.sni = "nobody.example";
    hello();
}

/* ---- negotiation */

static void provoke_NO_COMMON_SUITE(void)
{
    client.hello.suites[0] = 0x1304;
    client.hello.suites[1] = 0;
    hello();
}
static void provoke_NO_COMMON_GROUP(void)
{
    client.hello.groups[0] = client.hello.share_groups[0] = 0x0019;
    client.hello.groups[1] = 0;
    hello();
}
static void provoke_NO_POST_QUANTUM(void)
{
    tls_policy_set_post_quantum(rig.policy, TLS_POST_QUANTUM_REQUIRED);
    hello();
}
static void provoke_NO_COMMON_SCHEME(void)
{
    client.hello.schemes[0] = 0x0804; /* RSA, and the certificate is ECDSA */
    client.hello.schemes[1] = 0;
    hello();
}
static void provoke_NO_COMMON_ALPN(void)
{
    ck_assert(tls_policy_add_alpn(rig.policy, BYTES_OF_LITERAL("h2")));
    client.hello.alpn = "ftp";
    hello();
}
/* RFC 8446 4.2.8 MUST NOT: two shares for one group; a share for a group that is not offered. */
static void provoke_KEY_SHARE_DUPLICATE(void)
{
    client.hello.share_groups[1] = 0x001d;
    hello();
}
static void provoke_KEY_SHARE_UNOFFERED(void)
{
    client.hello.groups[0] = 0x0017;
    client.hello.groups[1] = 0;
    hello();
}
/* RFC 8446 4.2.8.1, 4.2.8.2, 7.4.2 MUST: a public value that is not valid. */
static void provoke_KEY_SHARE_INVALID(void)
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
static void provoke_RETRY_CHANGED(void)
{
    retry_with(change_sni);
}
static void change_share(void)
{
    client.hello.share_groups[0] = 0x0017;
}
static void provoke_RETRY_KEY_SHARE(void)
{
    retry_with(change_share);
}
/* RFC 8446 4.2.10 MUST NOT: early_data in the second ClientHello. */
static void add_early_data(void)
{
    client.hello.has_early_data = true;
}
static void provoke_RETRY_EARLY_DATA(void)
{
    retry_with(add_early_data);
}

/* ---- the client's Finished and what follows */

static void provoke_FINISHED_LENGTH(void)
{
    first_flight();
    message(FINISHED, BYTES_OF_LITERAL("short"));
}
/* RFC 8446 4.4.4 MUST: decrypt_error */
static void provoke_FINISHED_MAC(void)
{
    struct bytes honest;
    uint8_t forged[64];

    first_flight();
    honest = client13_make_finished(&client);
    memcpy(forged, honest.at, honest.len);
    forged[honest.len - 1] ^= 1;
    client13_put_record(&client, CONTENT_HANDSHAKE, bytes_of(forged, honest.len));
}
static void provoke_DATA_BEFORE_FINISHED(void)
{
    first_flight();
    client13_send_text(&client, BYTES_OF_LITERAL("GET /"));
}
static void provoke_KEY_UPDATE_MALFORMED(void)
{
    connected();
    message(KEY_UPDATE, BYTES_OF_LITERAL("\0\0"));
}
/* RFC 8446 4.6.3 MUST: illegal_parameter */
static void provoke_KEY_UPDATE_VALUE(void)
{
    connected();
    message(KEY_UPDATE, BYTES_OF_LITERAL("\2"));
}

/* RFC 8446 5.5: asked for a new key in time, the client goes on with the old one. */
static void provoke_KEY_UPDATE_IGNORED(void)
{
    connected();
    rig.tls->in.sequence = client.writing.sequence = 2 * (uint64_t)REKEY_AFTER_RECORDS - 1;
    client13_send_text(&client, BYTES_OF_LITERAL("x"));
}

/* ---- ours */

static void provoke_KEY_OPERATION(void)
{
    rig.is_key_held = true;
    hello();
    tls_key_done(rig.tls, false, bytes_of(NULL, 0));
}
static void provoke_CRYPTO(void)
{
    rig.random.calls = 0;
    rig.random.fail_at = 1; /* the key share's secret value */
    hello();
}
static void provoke_NO_MEMORY(void)
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
static void provoke_INTERNAL(void)
{
    static const struct handshake_row map[] = {
        {WAIT_CH, CLIENT_HELLO, wander_off, TO(WAIT_CH2), 0, MAX_CLIENT_HELLO_LEN, WHY_MESSAGE_TOO_LONG},
        {.in = HANDSHAKE_STATES},
    };
    rig.tls->map = map;
    hello();
}

static void provoke_OVERLOADED_SOURCE(void)
{
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_REFUSED);
    hello();
}

/* ---- the proxy's: all through tls_abort(), in the middle of a connection */

#define ABORTS(X)                                                                                                      \
    X(TIMEOUT_CLIENT_HELLO)                                                                                            \
    X(TIMEOUT_HANDSHAKE)                                                                                               \
    X(TIMEOUT_IDLE)                                                                                                    \
    X(TIMEOUT_WRITE)                                                                                                   \
    X(BACKEND_REFUSED)                                                                                                 \
    X(BACKEND_TIMEOUT)                                                                                                 \
    X(BACKEND_UNRESOLVED)                                                                                              \
    X(BACKEND_RESET)                                                                                                   \
    X(OVERLOADED)                                                                                                      \
    X(SHUTDOWN)
#define X(why)                                                                                                         \
    static void provoke_##why(void)                                                                                    \
    {                                                                                                                  \
        connected();                                                                                                   \
        tls_abort(rig.tls, WHY_##why);                                                                                 \
    }
ABORTS(X)
#undef X

/* ---- the table: a reason without a scenario does not compile */

#define X(why, text, alert, sentence, section) [WHY_##why] = provoke_##why,
void (*const why_scenarios[WHY_COUNT])(void) = {WHYS(X)};
#undef X
