/* Whole handshakes between the engine and a client in memory: what succeeds, however the wires are cut. */
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "support/rig.h"

static struct rig rig;
static struct client13 client;

static void begin(const char *certificate)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, certificate));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);
}

static void end(void)
{
    assert_rig_end(&rig, &client);
}

static void assert_connected(void)
{
    assert_rig_connected(&rig, &client);
    ck_assert(client.is_done);
    ck_assert(tls_offered(rig.tls) == NULL);
}

/* RFC 8446 4.4.3: the signature is over 64 spaces, the context string, a zero and the transcript hash. */
static void assert_signature_verifies(void)
{
    const struct certificate_chain *chain = tls_credential_chain(tls_outcome(rig.tls)->credential);
    struct public_key *key = public_key_new(certificate_chain_spki(chain));
    uint8_t input[MAX_CERTIFICATE_VERIFY_INPUT];
    size_t len;

    ck_assert(key != NULL);
    ck_assert(bytes_equal(certificate_chain_der(chain, 0), bytes_of(client.leaf, client.leaf_len)));
    ck_assert(tls_certificate_verify_input(TLS_SERVER_CERTIFICATE_VERIFY,
                                           bytes_of(client.verify_hash, hash_alg_len(hash_find(client.suite->hash))),
                                           input, &len));
    ck_assert_int_eq(signature_check(key, tls_signature_scheme_find(client.scheme)->signature, bytes_of(input, len),
                                     bytes_of(client.signature, client.signature_len)),
                     CRYPTO_OK);
    public_key_free(key);
}

static void assert_text_flows(void)
{
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    rig_pump(&rig, &client);
    ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
    rig_send(&rig, BYTES_OF_LITERAL("pong"));
    rig_drain(&rig, &client);
    ck_assert(bytes_equal(bytes_of(client.text, client.text_len), BYTES_OF_LITERAL("pong")));
}

START_TEST(a_full_handshake_goes_through_and_text_flows_both_ways)
{
    static const uint8_t flight[] = {SERVER_HELLO,       0xcc,    ENCRYPTED_EXTENSIONS, CERTIFICATE,
                                     CERTIFICATE_VERIFY, FINISHED};

    begin("p256");
    rig_handshake(&rig, &client);
    assert_connected();
    assert_signature_verifies();
    assert_text_flows();
    ck_assert(bytes_equal(bytes_of(client.messages, client.message_count), BYTES_OF_ARRAY(flight)));
    ck_assert(client.has_server_name);
    ck_assert_uint_eq(tls_outcome(rig.tls)->version, TLS_1_3);
    ck_assert(bytes_equal(tls_outcome(rig.tls)->sni, BYTES_OF_LITERAL("app.example")));
    ck_assert_uint_eq(tls_outcome(rig.tls)->group->code, 0x001d);
    end();
}
END_TEST

/* RFC 8446 D.4: no ChangeCipherSpec for a client without a session id. */
START_TEST(without_a_session_id_no_change_cipher_spec_is_sent)
{
    begin("p256");
    client.hello.session_id_len = 0;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!client13_has_message(&client, 0xcc));
    end();
}
END_TEST

START_TEST(every_group_suite_and_kind_of_key_works)
{
    static const char *const certificates[] = {"p256", "p384", "rsa2048", "rsa3072"};

    for (const struct tls_group *group = tls_groups; group->code; group++) {
        for (const struct tls_suite *suite = tls_suites; suite->version == TLS_1_3; suite++) {
            for (size_t i = 0; i < ARRAY_LEN(certificates); i++) {
                if (i > 1 && (group != tls_groups || suite != tls_suites))
                    continue; /* RSA is slow: once is enough */
                begin(certificates[i]);
                client.hello.groups[0] = client.hello.share_groups[0] = group->code;
                memset(client.hello.suites, 0, sizeof client.hello.suites);
                client.hello.suites[0] = suite->code;
                rig_handshake(&rig, &client);
                assert_connected();
                assert_signature_verifies();
                assert_text_flows();
                ck_assert_ptr_eq(tls_outcome(rig.tls)->suite, suite);
                ck_assert_ptr_eq(tls_outcome(rig.tls)->group, group);
                end();
            }
        }
    }
}
END_TEST

/* RFC 8446 4.1.1 and 4.1.4: no share for a common group: HelloRetryRequest, once. */
START_TEST(a_retry_asks_for_our_first_group_and_the_handshake_goes_on)
{
    static const uint8_t flight[] = {SERVER_HELLO,       0xcc,    SERVER_HELLO, ENCRYPTED_EXTENSIONS, CERTIFICATE,
                                     CERTIFICATE_VERIFY, FINISHED};

    begin("p256");
    client.hello.groups[0] = 0x0018;
    client.hello.groups[1] = 0x0017;
    client.hello.groups[2] = 0x6399;
    client.hello.share_groups[0] = 0x6399;
    rig_handshake(&rig, &client);
    assert_connected();
    assert_text_flows();
    ck_assert(client.is_retried);
    ck_assert_uint_eq(client.retry_group, 0x0017); /* the first of ours, not of theirs */
    ck_assert(tls_outcome(rig.tls)->is_hello_retried);
    ck_assert(bytes_equal(bytes_of(client.messages, client.message_count), BYTES_OF_ARRAY(flight)));
    end();
}
END_TEST

START_TEST(an_empty_list_of_shares_is_answered_by_a_retry)
{
    begin("p256");
    client.hello.share_groups[0] = 0;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert_uint_eq(client.retry_group, 0x001d);
    end();
}
END_TEST

START_TEST(a_share_that_came_beats_a_group_we_like_better)
{
    begin("p256");
    client.hello.share_groups[0] = 0x0018;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!client.is_retried);
    ck_assert_uint_eq(client.group, 0x0018);
    end();
}
END_TEST

START_TEST(the_client_decides_the_order_of_suites)
{
    begin("p256");
    client.hello.suites[0] = 0x1303;
    client.hello.suites[1] = 0x1301;
    client.hello.suites[2] = 0;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert_uint_eq(client.suite->code, 0x1303);
    end();
}
END_TEST

START_TEST(alpn_is_chosen_in_our_order)
{
    begin("p256");
    ck_assert(tls_policy_add_alpn(rig.policy, BYTES_OF_LITERAL("h2")));
    ck_assert(tls_policy_add_alpn(rig.policy, BYTES_OF_LITERAL("http/1.1")));
    client.hello.alpn = "spdy/1,http/1.1,h2";
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert_str_eq(client.alpn, "h2");
    end();
}
END_TEST

START_TEST(without_protocols_of_ours_alpn_is_ignored)
{
    begin("p256");
    client.hello.alpn = "h2";
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert_str_eq(client.alpn, "");
    ck_assert_uint_eq(tls_outcome(rig.tls)->alpn.len, 0);
    end();
}
END_TEST

/* What must not disturb: GREASE in every list, unknown extensions, a cookie, a PSK of somebody else (RFC 8701). */
START_TEST(unknown_values_and_extensions_are_ignored)
{
    static const uint8_t grease[] = {0x1a, 0x1a, 0, 0, 0x3a, 0x3a, 0, 1, 0};

    begin("p256");
    memmove(client.hello.suites + 1, client.hello.suites, 3 * sizeof(uint16_t));
    client.hello.suites[0] = 0x8a8a;
    memmove(client.hello.groups + 1, client.hello.groups, 3 * sizeof(uint16_t));
    client.hello.groups[0] = 0x4a4a;
    client.hello.share_groups[0] = 0x4a4a;
    client.hello.share_groups[1] = 0x001d;
    memmove(client.hello.schemes + 1, client.hello.schemes, 5 * sizeof(uint16_t));
    client.hello.schemes[0] = 0x9a9a;
    memmove(client.hello.versions + 1, client.hello.versions, 2 * sizeof(uint16_t));
    client.hello.versions[0] = 0x6a6a;
    client.hello.extra = BYTES_OF_ARRAY(grease);
    client.hello.has_cookie = true;
    client.hello.has_psk = true;
    rig_handshake(&rig, &client);
    assert_connected();
    end();
}
END_TEST

/* ---- the same conversation, however cut */

static uint8_t *reference;
static size_t reference_len;

static void converse(struct cut cut)
{
    begin("p256");
    rig.cut = cut;
    client.hello.share_groups[0] = 0; /* with a retry: two flights each way */
    rig_handshake(&rig, &client);
    assert_connected();
    assert_text_flows();
    tls_close(rig.tls);
    client13_send_alert(&client, 1, ALERT_CLOSE_NOTIFY);
    rig_pump(&rig, &client);
    ck_assert(client.has_close_notify);
    ck_assert(tls_ready(rig.tls) & TLS_OVER);
}

START_TEST(a_handshake_gives_the_same_bytes_whole_byte_by_byte_and_in_random_cuts)
{
    struct cut whole = {0}, bytewise = {.fixed = 1};

    converse(whole);
    reference_len = rig.wire_len;
    reference = malloc(reference_len);
    memcpy(reference, rig.wire, reference_len);
    end();
    converse(bytewise);
    ck_assert(bytes_equal(bytes_of(rig.wire, rig.wire_len), bytes_of(reference, reference_len)));
    end();
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct cut at_random = {.random = seed};
        converse(at_random);
        ck_assert(bytes_equal(bytes_of(rig.wire, rig.wire_len), bytes_of(reference, reference_len)));
        end();
    }
    free(reference);
}
END_TEST

/* The ClientHello alone: its answer must not depend on where TCP cut it. */
static void feed_hello_cut_at(struct bytes record, size_t at)
{
    rig_feed(&rig, bytes_of(record.at, at));
    ck_assert_uint_eq(tls_ready(rig.tls) & (TLS_WIRE_OUT | TLS_KEY | TLS_OVER), 0);
    rig_feed(&rig, bytes_of(record.at + at, record.len - at));
    rig_answer_key(&rig);
    rig_drain(&rig, NULL);
}

START_TEST(a_client_hello_cut_at_every_byte_gives_the_same_answer)
{
    static uint8_t record[4096];
    size_t record_len;
    uint8_t first[4096];
    size_t first_len = 0;

    begin("p256");
    client.hello.share_groups[0] = 0; /* answered without a key operation, so that thousands are quick */
    client13_send_hello(&client);
    record_len = client.out_len;
    memcpy(record, client.out, record_len);
    for (size_t at = 1; at < record_len; at++) {
        rig.wire_len = 0;
        ck_assert(rig_connect(&rig));
        feed_hello_cut_at(bytes_of(record, record_len), at);
        if (first_len == 0) {
            first_len = rig.wire_len;
            memcpy(first, rig.wire, first_len);
        }
        ck_assert_uint_gt(first_len, 50);
        ck_assert(bytes_equal(bytes_of(rig.wire, rig.wire_len), bytes_of(first, first_len)));
    }
    end();
}
END_TEST

/* RFC 8446 5.1: a message may be split over records at any boundary; a post-quantum hello often is. */
START_TEST(a_client_hello_split_over_records_at_every_boundary_gives_the_same_answer)
{
    static uint8_t message[4096], pad[1300];
    static uint8_t first[4096];
    size_t len, first_len = 0;
    struct bytes hello;

    begin("p256");
    client.hello.share_groups[0] = 0;
    pad[1] = EXTENSION_PADDING;
    pad[2] = (sizeof pad - 4) >> 8;
    pad[3] = (sizeof pad - 4) & 0xff;
    client.hello.extra = BYTES_OF_ARRAY(pad); /* as long as one with X25519MLKEM768 */
    hello = client13_make_hello(&client);
    len = hello.len;
    ck_assert_uint_gt(len, 1400);
    memcpy(message, hello.at, len);
    for (size_t at = 1; at < len; at++) {
        rig.wire_len = 0;
        client.out_len = 0;
        ck_assert(rig_connect(&rig));
        client13_put_plain_record(&client, CONTENT_HANDSHAKE, bytes_of(message, at));
        client13_put_plain_record(&client, CONTENT_HANDSHAKE, bytes_of(message + at, len - at));
        rig_feed(&rig, bytes_of(client.out, client.out_len));
        rig_drain(&rig, NULL);
        if (first_len == 0) {
            first_len = rig.wire_len;
            memcpy(first, rig.wire, first_len);
        }
        ck_assert_uint_gt(first_len, 50);
        ck_assert(bytes_equal(bytes_of(rig.wire, rig.wire_len), bytes_of(first, first_len)));
    }
    end();
}
END_TEST

START_TEST(a_client_hello_in_records_of_one_byte_is_understood)
{
    struct bytes hello;

    begin("p256");
    hello = client13_make_hello(&client);
    for (size_t i = 0; i < hello.len; i++)
        client13_put_plain_record(&client, CONTENT_HANDSHAKE, bytes_of(hello.at + i, 1));
    rig_pump(&rig, &client);
    ck_assert(client.is_done);
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    assert_connected();
    end();
}
END_TEST

/* ---- the key port */

/* DESIGN: while a request is out the engine reads nothing, and what came coalesced waits. */
START_TEST(while_the_key_is_awaited_nothing_is_read_and_nothing_is_sent)
{
    static const uint8_t ccs[] = {1};
    struct iovec span;

    begin("p256");
    rig.is_key_held = true;
    client13_send_hello(&client);
    client13_put_plain_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_ARRAY(ccs)); /* coalesced */
    rig_pump(&rig, &client);
    ck_assert_uint_eq(tls_ready(rig.tls), TLS_KEY);
    ck_assert_int_eq(tls_wire_space(rig.tls, &span, 1), 0);
    ck_assert_int_eq(tls_wire_view(rig.tls, &span, 1), 0);
    ck_assert_uint_eq(client.message_count, 0);
    rig.is_key_held = false;
    rig_pump(&rig, &client);
    ck_assert(client.is_done);
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    assert_connected();
    end();
}
END_TEST

START_TEST(an_answer_that_nobody_asked_for_is_ignored)
{
    begin("p256");
    tls_key_done(rig.tls, true, BYTES_OF_LITERAL("signature"));
    rig_handshake(&rig, &client);
    assert_connected();
    tls_key_done(rig.tls, false, bytes_of(NULL, 0));
    assert_connected();
    end();
}
END_TEST

/* ---- timeline */

START_TEST(the_timeline_shows_the_flights_in_order)
{
    static const char *const expected[] = {
        "ClientHello",       "ServerHello", "ChangeCipherSpec", "EncryptedExtensions", "Certificate",
        "CertificateVerify", "Finished",    "Finished",         "application data",
    };
    struct tls_timeline timeline = {0};

    begin("p256");
    tls_observe(rig.tls, &timeline);
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert_uint_eq(timeline.count, 8);
    for (size_t i = 0; i < timeline.count; i++) {
        ck_assert_str_eq(timeline.entries[i].what, expected[i]);
        ck_assert(timeline.entries[i].is_from_client == (i == 0 || i == 7));
        ck_assert_uint_gt(timeline.entries[i].len, 0);
        ck_assert(i == 0 || timeline.entries[i].at >= timeline.entries[i - 1].at);
    }
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_full_handshake_goes_through_and_text_flows_both_ways,
        without_a_session_id_no_change_cipher_spec_is_sent,
        every_group_suite_and_kind_of_key_works,
        a_retry_asks_for_our_first_group_and_the_handshake_goes_on,
        an_empty_list_of_shares_is_answered_by_a_retry,
        a_share_that_came_beats_a_group_we_like_better,
        the_client_decides_the_order_of_suites,
        alpn_is_chosen_in_our_order,
        without_protocols_of_ours_alpn_is_ignored,
        unknown_values_and_extensions_are_ignored,
        a_handshake_gives_the_same_bytes_whole_byte_by_byte_and_in_random_cuts,
        a_client_hello_cut_at_every_byte_gives_the_same_answer,
        a_client_hello_split_over_records_at_every_boundary_gives_the_same_answer,
        a_client_hello_in_records_of_one_byte_is_understood,
        while_the_key_is_awaited_nothing_is_read_and_nothing_is_sent,
        an_answer_that_nobody_asked_for_is_ignored,
        the_timeline_shows_the_flights_in_order,
    };

    return check_run("handshake", tests, ARRAY_LEN(tests));
}
