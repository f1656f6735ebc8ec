/*
 * The handshake of TLS 1.2 (RFC 5246, RFC 8422, RFC 7627), as a client sees it.
 */
#include "crypto/certificate.h"
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "support/must.h"
#include "support/rig.h"
#include "tls/policy_types.h"

static struct rig rig;
static struct client13 client;
static const struct tls_staple_time endless = {0, 0};

static void speak12(struct client13 *who)
{
    who->hello.versions[0] = TLS_1_2;
    who->hello.versions[1] = 0;
    memset(who->hello.suites, 0, sizeof who->hello.suites);
    who->hello.suites[0] = 0xc02b;
    who->hello.suites[1] = 0xc02f;
    who->hello.has_extended_master_secret = true;
    who->hello.omit = OMIT_KEY_SHARE | OMIT_PSK_MODES;
}

static void begin(const char *certificate)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, certificate));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);
    speak12(&client);
}

static void end(void)
{
    assert_rig_end(&rig, &client);
}

static void assert_connected(void)
{
    assert_rig_connected(&rig, &client);
    ck_assert(client.is_finished_verified);
    ck_assert_uint_eq(tls_outcome(rig.tls)->version, TLS_1_2);
}

static void assert_refused(enum why why)
{
    ck_assert_msg(tls_outcome(rig.tls)->why == why, "%s", why_name(tls_outcome(rig.tls)->why));
    ck_assert(!tls_is_connected(rig.tls));
    ck_assert_uint_eq(client.alert, why_alert(why));
}

static void assert_text_flows(void)
{
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    rig_pump(&rig, &client);
    ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("pingping")));
    rig_send(&rig, BYTES_OF_LITERAL("pong"));
    rig_drain(&rig, &client);
    rig_send(&rig, BYTES_OF_LITERAL("pong"));
    rig_drain(&rig, &client);
    ck_assert_msg(client.fault == NULL, "%s", client.fault);
    ck_assert(bytes_equal(bytes_of(client.text, client.text_len), BYTES_OF_LITERAL("pongpong")));
}

static void refuse_hello(enum why why)
{
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    assert_refused(why);
}

/* RFC 5246 Figure 1. */
START_TEST(the_flights_are_those_of_the_figure)
{
    static const uint8_t flights[] = {SERVER_HELLO,      CERTIFICATE, SERVER_KEY_EXCHANGE,
                                      SERVER_HELLO_DONE, 0xcc,        FINISHED};
    const struct certificate_chain *chain;
    struct public_key *key;

    begin("p256");
    rig_handshake(&rig, &client);
    assert_connected();
    assert_text_flows();
    ck_assert(bytes_equal(bytes_of(client.messages, client.message_count), BYTES_OF_ARRAY(flights)));
    ck_assert(client.has_extended_master_secret); /* RFC 7627 5.1 MUST: answered */
    ck_assert_uint_eq(client.session_id_echoed_len, 0);
    ck_assert(client.has_server_name);
    chain = rig.policy->credentials->chain;
    key = public_key_new(certificate_chain_spki(chain));
    ck_assert(key && bytes_equal(certificate_chain_der(chain, 0), bytes_of(client.leaf, client.leaf_len)));
    ck_assert_int_eq(signature_check(key, tls_signature_scheme_find(client.scheme)->signature12,
                                     bytes_of(client.signed_input, client.signed_len),
                                     bytes_of(client.signature, client.signature_len)),
                     CRYPTO_OK);
    public_key_free(key);
    end();
}
END_TEST

static const char *certificate_for(const struct tls_suite *suite)
{
    return suite->exchange == EXCHANGE_ECDHE_ECDSA ? "p256" : "rsa2048";
}

START_TEST(every_suite_and_group_works)
{
    for (const struct tls_suite *suite = tls_suites; suite->code; suite++) {
        if (suite->version != TLS_1_2 || suite->exchange == EXCHANGE_RSA)
            continue;
        for (const struct tls_group *group = tls_groups; group->code; group++) {
            if (group->is_post_quantum)
                continue;
            begin(certificate_for(suite));
            client.hello.suites[0] = suite->code;
            client.hello.suites[1] = 0;
            client.hello.groups[0] = group->code; /* ours, and the certificate's curve */
            client.hello.groups[1] = 0x0017;
            client.hello.groups[2] = 0;
            rig.policy->groups[0] = group;
            rig_handshake(&rig, &client);
            assert_connected();
            assert_text_flows();
            ck_assert_ptr_eq(tls_outcome(rig.tls)->suite, suite);
            ck_assert_ptr_eq(tls_outcome(rig.tls)->group, group);
            end();
        }
    }
}
END_TEST

/* RFC 5246 7.4.1.4.1, RFC 8422 5.1.1: ECDSA leaves the curve open; PKCS #1 v1.5 is still taken. */
START_TEST(every_signature_scheme_of_the_version_works)
{
    static const struct {
        const char *certificate;
        uint16_t scheme;
    } rows[] = {{"p256", 0x0403},    {"p256", 0x0503},    {"p384", 0x0403},    {"p384", 0x0503},
                {"rsa2048", 0x0804}, {"rsa2048", 0x0805}, {"rsa2048", 0x0806}, {"rsa2048", 0x0401},
                {"rsa2048", 0x0501}, {"rsa2048", 0x0601}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(rows[i].certificate);
        client.hello.schemes[0] = rows[i].scheme;
        client.hello.schemes[1] = 0;
        rig_handshake(&rig, &client);
        assert_connected();
        ck_assert_uint_eq(client.scheme, rows[i].scheme);
        end();
    }
}
END_TEST

/* RFC 8446 4.1.3 MUST: the last eight bytes say that 1.3 would have been possible. */
START_TEST(the_downgrade_sentinel_is_there_when_we_could_have_spoken_13)
{
    static const uint8_t sentinel[] = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01};
    const struct tls_suite *only12[] = {tls_suite_find(0xc02b)};

    begin("p256");
    rig_handshake(&rig, &client);
    ck_assert(memcmp(client.server_random + 24, sentinel, 8) == 0);
    end();
    begin("p256");
    ck_assert(tls_policy_set_suites(rig.policy, only12, 1));
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(memcmp(client.server_random + 24, sentinel, 8) != 0);
    end();
}
END_TEST

/* RFC 7507 3 MUST: inappropriate_fallback. */
START_TEST(a_fallback_from_13_is_refused_and_from_nothing_higher_taken)
{
    const struct tls_suite *only12[] = {tls_suite_find(0xc02b)};

    begin("p256");
    client.hello.suites[1] = FALLBACK_SCSV;
    refuse_hello(WHY_INAPPROPRIATE_FALLBACK);
    end();
    begin("p256");
    client.hello.suites[1] = FALLBACK_SCSV;
    ck_assert(tls_policy_set_suites(rig.policy, only12, 1));
    rig_handshake(&rig, &client);
    assert_connected();
    end();
}
END_TEST

/* RFC 5246 7.4.1.2 MUST: null is among the compression methods, which may be more than one. */
START_TEST(other_compression_methods_may_stand_beside_null)
{
    begin("p256");
    client.hello.compression_methods = BYTES_OF_LITERAL("\x01\x00");
    rig_handshake(&rig, &client);
    assert_connected();
    end();
    begin("p256");
    client.hello.compression_methods = BYTES_OF_LITERAL("\x01");
    refuse_hello(WHY_COMPRESSION);
    end();
}
END_TEST

static bool wire_has(struct bytes needle)
{
    return memmem(rig.wire, rig.wire_len, needle.at, needle.len) != NULL;
}

/* RFC 5746 3.6 MUST: the extension or the SCSV is answered with an empty renegotiation_info. */
START_TEST(secure_renegotiation_is_answered_when_asked_for)
{
    struct bytes answer = BYTES_OF_LITERAL("\xff\x01\x00\x01\x00");

    begin("p256");
    rig_handshake(&rig, &client);
    ck_assert(!wire_has(answer));
    end();
    begin("p256");
    client.hello.suites[1] = EMPTY_RENEGOTIATION_INFO_SCSV;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(wire_has(answer));
    end();
    begin("p256");
    client.hello.extra = answer;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(wire_has(answer));
    end();
}
END_TEST

/* RFC 8422 5.2: the server's list, the uncompressed format, for a client that sent its own; else none. */
START_TEST(point_formats_are_answered_when_the_client_sends_them)
{
    struct bytes answer = BYTES_OF_LITERAL("\x00\x0b\x00\x02\x01\x00");

    begin("p256");
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!wire_has(answer));
    end();
    begin("p256");
    client.hello.extra = BYTES_OF_LITERAL("\x00\x0b\x00\x04\x03\x01\x02\x00"); /* what an old client can do */
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(wire_has(answer));
    end();
}
END_TEST

/* RFC 5246 7.4.1.3: a client that sends no extensions gets no block of them. */
START_TEST(a_client_without_extensions_is_served)
{
    begin("p256");
    client.hello.omit = OMIT_EXTENSIONS;
    client.hello.sni = NULL;
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    assert_refused(WHY_NO_COMMON_SCHEME); /* it takes SHA-1 alone, RFC 5246 7.4.1.4.1 */
    end();
    begin("rsa2048");
    ck_assert(rig_add_rsa_exchange(&rig));
    client.hello.omit = OMIT_EXTENSIONS;
    client.hello.suites[0] = 0x009c;
    client.hello.suites[1] = 0;
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert_msg(client.fault == NULL, "%s", client.fault);
    ck_assert(client.is_done);
    ck_assert_uint_eq(rig.wire[9 + 2 + 32 + 1 + 2], 0); /* compression_method */
    ck_assert_uint_eq(rig.wire[8], 2 + 32 + 1 + 2 + 1); /* and there ServerHello ends */
    end();
}
END_TEST

/* draft-ietf-tls-ecdhe-mlkem 1: for TLS 1.3 alone. A client of both versions names the hybrid in its one list. */
START_TEST(a_hybrid_with_ml_kem_is_never_taken)
{
    begin("p256");
    client.hello.groups[0] = 0x11ec;
    client.hello.groups[1] = 0x001d;
    client.hello.groups[2] = 0x0017; /* the certificate's curve */
    client.hello.groups[3] = 0;
    rig_handshake(&rig, &client);
    assert_connected();
    assert_text_flows();
    ck_assert_uint_eq(client.group, 0x001d);
    end();
    begin("rsa2048");
    client.hello.suites[0] = 0xc02f;
    client.hello.groups[0] = 0x11ec;
    client.hello.groups[1] = 0;
    refuse_hello(WHY_NO_COMMON_GROUP);
    end();
}
END_TEST

/* RFC 8422 5.1: a client that names no groups takes secp256r1. */
START_TEST(without_supported_groups_secp256r1_is_used)
{
    begin("p256");
    client.hello.omit |= OMIT_GROUPS;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert_uint_eq(client.group, 0x0017);
    end();
}
END_TEST

/* RFC 5288 3 MUST: each value of nonce_explicit is used once. */
START_TEST(the_explicit_nonces_are_the_sequence_numbers)
{
    uint8_t *record;

    begin("p256");
    rig_handshake(&rig, &client);
    for (uint64_t n = 1; n < 4; n++) { /* 0 was Finished */
        rig.wire_len = 0;
        rig_send(&rig, BYTES_OF_LITERAL("x"));
        rig_drain(&rig, &client);
        record = rig.wire;
        ck_assert_uint_eq(record[0], CONTENT_APPLICATION_DATA);
        for (int i = 0; i < 8; i++)
            ck_assert_uint_eq(record[5 + i], (uint8_t)(n >> (56 - 8 * i)));
    }
    end();
}
END_TEST

/* Whole, byte by byte, in random cuts: the cut is nobody's business. */
START_TEST(the_handshake_works_however_it_is_cut)
{
    for (uint64_t seed = 0; seed < 22; seed++) {
        begin("p256");
        rig.cut = seed == 0 ? (struct cut){1, 0} : seed == 1 ? (struct cut){0, 0} : (struct cut){0, seed};
        rig_handshake(&rig, &client);
        assert_connected();
        assert_text_flows();
        end();
    }
}
END_TEST

/* ---- the client's second flight, disturbed */

static void first_flight(const char *certificate)
{
    begin(certificate);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_done);
}

/* RFC 5246 7.1: ChangeCipherSpec before the keys there are to change to (CVE-2014-0224). */
START_TEST(an_early_change_cipher_spec_is_refused)
{
    first_flight("p256");
    client13_put_plain_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x01"));
    rig_pump(&rig, &client);
    assert_refused(WHY_CCS_UNEXPECTED);
    end();
}
END_TEST

START_TEST(a_second_change_cipher_spec_is_refused)
{
    first_flight("p256");
    client12_send_key_exchange(&client);
    client12_send_change_cipher_spec(&client);
    client13_put_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x01"));
    rig_pump(&rig, &client);
    assert_refused(WHY_CCS_UNEXPECTED);
    end();
}
END_TEST

START_TEST(a_finished_in_the_clear_is_refused)
{
    first_flight("p256");
    client12_send_key_exchange(&client);
    client12_send_finished(&client); /* nothing changed to keys */
    rig_pump(&rig, &client);
    assert_refused(WHY_UNEXPECTED_HANDSHAKE);
    end();
}
END_TEST

/* RFC 5246 7.1: half a message may not stand across the change of keys. */
START_TEST(a_message_begun_before_the_change_cipher_spec_is_refused)
{
    first_flight("p256");
    client12_send_key_exchange(&client);
    client13_put_plain_record(&client, CONTENT_HANDSHAKE, BYTES_OF_LITERAL("\x14\x00"));
    client13_put_plain_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x01"));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_ACROSS_KEY_CHANGE);
    end();
}
END_TEST

/* RFC 5246 7.4.9 MUST: the contents of Finished are verified. */
START_TEST(a_finished_with_a_wrong_mac_is_refused_with_decrypt_error)
{
    first_flight("p256");
    client12_send_key_exchange(&client);
    client12_send_change_cipher_spec(&client);
    client.master.bytes[0] ^= 1;
    client12_send_finished(&client);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_FINISHED_MAC);
    end();
}
END_TEST

START_TEST(every_changed_bit_of_a_record_is_noticed)
{
    for (size_t bit = 8 * RECORD_HEADER_LEN; bit < 8 * (RECORD_HEADER_LEN + 8 + 1 + 16); bit += 3) {
        begin("p256");
        rig_handshake(&rig, &client);
        client13_send_text(&client, BYTES_OF_LITERAL("x"));
        client.out[bit / 8] ^= (uint8_t)(1 << bit % 8);
        rig_pump(&rig, &client);
        ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RECORD_MAC);
        ck_assert_uint_eq(rig.received_len, 0);
        end();
    }
}
END_TEST

START_TEST(points_that_are_no_points_are_refused)
{
    static const char *const points[] = {"\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                         "\x01\x04"};
    static const size_t lens[] = {33, 2};

    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        first_flight("p256");
        client13_send_handshake(&client, CLIENT_KEY_EXCHANGE, bytes_of(points[i], lens[i]));
        rig_pump(&rig, &client);
        assert_refused(WHY_KEY_SHARE_INVALID); /* RFC 8422 5.11 MUST */
        end();
    }
}
END_TEST

/* ---- after the handshake */

START_TEST(a_renegotiation_is_refused)
{
    begin("p256");
    rig_handshake(&rig, &client);
    client13_put_record(&client, CONTENT_HANDSHAKE, client13_make_hello(&client));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RENEGOTIATION);
    ck_assert_uint_eq(client.alert, ALERT_NO_RENEGOTIATION);
    end();
}
END_TEST

START_TEST(a_close_notify_ends_the_direction)
{
    begin("p256");
    rig_handshake(&rig, &client);
    client13_send_alert(&client, 1, ALERT_CLOSE_NOTIFY);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->client_end, TLS_CLIENT_CLOSE_NOTIFY);
    rig_send(&rig, BYTES_OF_LITERAL("rest"));
    rig_drain(&rig, &client);
    tls_close(rig.tls);
    rig_drain(&rig, &client);
    ck_assert(client.has_close_notify);
    ck_assert_uint_eq(client.text_len, 4);
    end();
}
END_TEST

/* ---- limits */

/* RFC 6066 4 MUST: echoed, and nothing longer is sent or taken. */
START_TEST(max_fragment_length_holds_in_both_directions)
{
    static const uint8_t text[1500] = {1};

    begin("p256");
    client.hello.extra = BYTES_OF_LITERAL("\x00\x01\x00\x01\x01"); /* 2^9 */
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(wire_has(BYTES_OF_LITERAL("\x00\x01\x00\x01\x01")));
    rig.wire_len = 0;
    rig_send(&rig, BYTES_OF_ARRAY(text));
    rig_drain(&rig, &client);
    ck_assert_uint_eq(rig.wire[3] << 8 | rig.wire[4], 8 + 512 + 16);
    client13_send_text(&client, bytes_of(text, 512));
    rig_pump(&rig, &client);
    ck_assert_uint_eq(rig.received_len, 512);
    client13_send_text(&client, bytes_of(text, 513));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_PLAINTEXT_TOO_LONG);
    end();
}
END_TEST

/* RFC 8449 4: the client's limit is for us alone, and ours is told. RFC 8449 5: the older extension is then ignored. */
START_TEST(record_size_limit_holds_for_what_we_send)
{
    static const uint8_t text[1500] = {1};

    begin("p256");
    client.hello.extra = BYTES_OF_LITERAL("\x00\x1c\x00\x02\x01\x00\x00\x01\x00\x01\x01");
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(wire_has(BYTES_OF_LITERAL("\x00\x1c\x00\x02\x40\x00")));
    ck_assert(!wire_has(BYTES_OF_LITERAL("\x00\x01\x00\x01\x01")));
    rig.wire_len = 0;
    rig_send(&rig, BYTES_OF_ARRAY(text));
    rig_drain(&rig, &client);
    ck_assert_uint_eq(rig.wire[3] << 8 | rig.wire[4], 8 + 256 + 16);
    client13_send_text(&client, BYTES_OF_ARRAY(text));
    rig_pump(&rig, &client);
    ck_assert_uint_eq(rig.received_len, 1500);
    end();
}
END_TEST

/* RFC 6066 8: an OCSP response, right after the certificate, for who asks. */
START_TEST(a_staple_goes_to_who_asks)
{
    begin("p256");
    ck_assert(tls_policy_set_staple(rig.policy, 0, BYTES_OF_LITERAL("a response"), endless));
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert_uint_eq(client.status_len, 0);
    end();
    begin("p256");
    ck_assert(tls_policy_set_staple(rig.policy, 0, BYTES_OF_LITERAL("a response"), endless));
    client.hello.extra = BYTES_OF_LITERAL("\x00\x05\x00\x05\x01\x00\x00\x00\x00");
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(bytes_equal(bytes_of(client.status, client.status_len), BYTES_OF_LITERAL("a response")));
    ck_assert_uint_eq(client.messages[2], CERTIFICATE_STATUS);
    end();
}
END_TEST

START_TEST(alpn_is_answered_in_server_hello)
{
    begin("p256");
    ck_assert(tls_policy_add_alpn(rig.policy, BYTES_OF_LITERAL("h2")));
    client.hello.alpn = "http/1.1,h2";
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert_str_eq(client.alpn, "h2");
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_flights_are_those_of_the_figure,
        every_suite_and_group_works,
        every_signature_scheme_of_the_version_works,
        the_downgrade_sentinel_is_there_when_we_could_have_spoken_13,
        a_fallback_from_13_is_refused_and_from_nothing_higher_taken,
        other_compression_methods_may_stand_beside_null,
        secure_renegotiation_is_answered_when_asked_for,
        point_formats_are_answered_when_the_client_sends_them,
        a_client_without_extensions_is_served,
        a_hybrid_with_ml_kem_is_never_taken,
        without_supported_groups_secp256r1_is_used,
        the_explicit_nonces_are_the_sequence_numbers,
        the_handshake_works_however_it_is_cut,
        an_early_change_cipher_spec_is_refused,
        a_second_change_cipher_spec_is_refused,
        a_finished_in_the_clear_is_refused,
        a_message_begun_before_the_change_cipher_spec_is_refused,
        a_finished_with_a_wrong_mac_is_refused_with_decrypt_error,
        every_changed_bit_of_a_record_is_noticed,
        points_that_are_no_points_are_refused,
        a_renegotiation_is_refused,
        a_close_notify_ends_the_direction,
        max_fragment_length_holds_in_both_directions,
        record_size_limit_holds_for_what_we_send,
        a_staple_goes_to_who_asks,
        alpn_is_answered_in_server_hello,
    };

    return check_run("handshake12", tests, ARRAY_LEN(tests));
}
