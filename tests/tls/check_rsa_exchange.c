/*
 * The classic RSA key exchange of TLS 1.2: the client's secret comes encrypted to our certificate, and what came that
 * was no such thing is told from it by nobody.
 */
#include "crypto/certificate.h"
#include "crypto/rsa_premaster.h"
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "support/client_identity.h"
#include "support/rsa_public.h"
#include "tls/policy_types.h"

static struct rig rig;
static struct client13 client;

enum { MODULUS_LEN = 256 };

static void make_client(void)
{
    client13_init_version(&client, 11, TLS_1_2);
    client.hello.suites[0] = 0x009c;
}

static void begin(void)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "rsa2048"));
    ck_assert(rig_add_rsa_exchange(&rig));
    ck_assert(rig_connect(&rig));
    make_client();
}

static void end(void)
{
    assert_rig_end(&rig, &client);
}

/* RFC 5246 7.4.3: no ServerKeyExchange. Both suites, with the extended master secret (RFC 7627) and without. */
START_TEST(a_client_that_encrypts_its_secret_is_served)
{
    static const uint8_t flights[] = {SERVER_HELLO, CERTIFICATE, SERVER_HELLO_DONE, 0xcc, FINISHED};

    for (int i = 0; i < 4; i++) {
        begin();
        client.hello.suites[0] = i & 1 ? 0x009c : 0x009d;
        client.hello.has_extended_master_secret = i & 2;
        rig_handshake(&rig, &client);
        assert_rig_connected(&rig, &client);
        ck_assert(client.is_finished_verified);
        ck_assert(bytes_equal(bytes_of(client.messages, client.message_count), BYTES_OF_ARRAY(flights)));
        ck_assert_int_eq(tls_outcome(rig.tls)->is_extended_master_secret, (i & 2) != 0);
        client13_send_text(&client, BYTES_OF_LITERAL("ping"));
        rig_pump(&rig, &client);
        ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
        end();
    }
}
END_TEST

START_TEST(where_it_is_off_its_suites_are_refused_with_handshake_failure)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "rsa2048"));
    ck_assert(rig_connect(&rig));
    client13_init_version(&client, 11, TLS_1_2);
    client.hello.suites[0] = 0x009c;
    rig_handshake(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NO_COMMON_SUITE);
    ck_assert_uint_eq(client.alert, ALERT_HANDSHAKE_FAILURE);
    end();
}
END_TEST

/* What a client sends in place of an honest EncryptedPreMasterSecret. */
enum trick {
    WRONG_FIRST_BYTE,
    WRONG_BLOCK_TYPE,
    ZERO_IN_PADDING,
    ZERO_IN_FIRST_EIGHT,
    NO_ZERO_BEFORE_THE_SECRET,
    SECRET_TOO_SHORT,
    SECRET_TOO_LONG,
    WRONG_MAJOR_VERSION,
    WRONG_MINOR_VERSION,
    NUMBER_ZERO,
    NUMBER_ONE,
    NUMBER_NOT_BELOW_THE_MODULUS,
    ONE_BYTE_SHORT,
    ONE_BYTE_LONG,
    EMPTY,
    TRICKS
};

static void spoil_block(enum trick trick, uint8_t block[MODULUS_LEN])
{
    enum { SECRET_AT = MODULUS_LEN - PREMASTER_LEN };

    block[0] = trick == WRONG_FIRST_BYTE;
    if (trick == WRONG_BLOCK_TYPE)
        block[1] = 1;
    if (trick == ZERO_IN_PADDING)
        block[100] = 0;
    if (trick == ZERO_IN_FIRST_EIGHT)
        block[4] = 0;
    if (trick == NO_ZERO_BEFORE_THE_SECRET || trick == SECRET_TOO_SHORT)
        block[SECRET_AT - 1] = 1;
    if (trick == SECRET_TOO_SHORT)
        block[SECRET_AT] = 0;
    if (trick == SECRET_TOO_LONG)
        block[SECRET_AT - 2] = 0;
    if (trick == WRONG_MAJOR_VERSION)
        block[SECRET_AT] ^= 1;
    if (trick == WRONG_MINOR_VERSION)
        block[SECRET_AT + 1] ^= 1;
    if (trick == NUMBER_ZERO || trick == NUMBER_ONE)
        memset(block, 0, MODULUS_LEN);
    block[MODULUS_LEN - 1] |= trick == NUMBER_ONE;
}

/* Client and server would agree on the last 48 bytes of the block, did the server take them. */
static struct bytes make_ciphertext(enum trick trick)
{
    static uint8_t block[MODULUS_LEN], out[MODULUS_LEN + 1];
    uint8_t premaster[PREMASTER_LEN] = {3, 3, 7};
    struct bytes spki = certificate_chain_spki(rig.policy->credentials->chain);

    rsa_pad_for_encryption(BYTES_OF_ARRAY(premaster), test_random_source(&client.random), block, MODULUS_LEN);
    spoil_block(trick, block);
    ck_assert(secret_set(&client.premaster, bytes_of(block + MODULUS_LEN - PREMASTER_LEN, PREMASTER_LEN)));
    rsa_public(spki, block, out);
    if (trick == NUMBER_NOT_BELOW_THE_MODULUS)
        memset(out, 0xff, MODULUS_LEN);
    if (trick == ONE_BYTE_LONG)
        out[MODULUS_LEN] = 0;
    return bytes_of(out, trick == EMPTY            ? 0
                         : trick == ONE_BYTE_SHORT ? MODULUS_LEN - 1
                         : trick == ONE_BYTE_LONG  ? MODULUS_LEN + 1
                                                   : MODULUS_LEN);
}

static void shake_hands_with(enum trick trick)
{
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_done);
    client.ciphertext = make_ciphertext(trick);
    client12_send_second_flight(&client);
    rig_pump(&rig, &client);
}

START_TEST(a_block_that_is_right_is_taken)
{
    begin();
    shake_hands_with(TRICKS);
    assert_rig_connected(&rig, &client);
    end();
}
END_TEST

/* RFC 5246 7.4.7.1 MUST NOT: "... generate an alert if processing an RSA-encrypted premaster secret message fails". */
START_TEST(whatever_is_wrong_with_the_ciphertext_the_answer_is_the_same_and_comes_after_finished)
{
    static uint8_t wire[4096];
    size_t wire_len;

    for (enum trick trick = 0; trick < TRICKS; trick++) {
        begin();
        client13_send_hello(&client);
        rig_pump(&rig, &client);
        client.ciphertext = make_ciphertext(trick);
        wire_len = rig.wire_len;
        client12_send_key_exchange(&client);
        rig_pump(&rig, &client);
        ck_assert_uint_eq(rig.wire_len, wire_len);
        ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
        client12_send_change_cipher_spec(&client);
        rig_pump(&rig, &client);
        ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
        client12_send_finished(&client);
        rig_pump(&rig, &client);
        ck_assert_msg(tls_outcome(rig.tls)->why == WHY_RECORD_MAC, "trick %d: %s", trick,
                      why_name(tls_outcome(rig.tls)->why));
        ck_assert_uint_eq(client.alert, ALERT_BAD_RECORD_MAC);
        if (trick == 0) {
            ck_assert_uint_le(rig.wire_len, sizeof wire);
            memcpy(wire, rig.wire, rig.wire_len);
        }
        ck_assert(bytes_equal(bytes_of(rig.wire, rig.wire_len), bytes_of(wire, rig.wire_len)));
        end();
    }
}
END_TEST

/* What the key's holder draws next, which a client cannot know. */
static void predict(uint8_t out[PREMASTER_LEN])
{
    struct test_random ahead = rig.random;

    ck_assert(random_fill(test_random_source(&ahead), out, PREMASTER_LEN));
}

static void shake_hands_by_prediction(enum trick trick, uint8_t premaster[PREMASTER_LEN])
{
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_done);
    client.ciphertext = make_ciphertext(trick);
    predict(premaster);
    ck_assert(secret_set(&client.premaster, bytes_of(premaster, PREMASTER_LEN)));
    client12_send_second_flight(&client);
    rig_pump(&rig, &client);
    ck_assert_msg(tls_is_connected(rig.tls), "trick %d: %s", (int)trick, why_name(tls_outcome(rig.tls)->why));
}

/*
 * RFC 5246 7.4.7.1 MUST: what stands in for a secret that is none are 48 random bytes, new ones each time. Were they
 * known, whoever sends nonsense would be served, and could tell nonsense from a secret that is none of his.
 */
START_TEST(what_stands_in_for_a_bad_secret_is_random_and_new_each_time)
{
    uint8_t first[PREMASTER_LEN], second[PREMASTER_LEN];

    for (enum trick trick = 0; trick < TRICKS; trick++) {
        begin();
        shake_hands_by_prediction(trick, first);
        client13_wipe(&client);
        make_client();
        ck_assert(rig_connect(&rig));
        shake_hands_by_prediction(trick, second);
        ck_assert_mem_ne(first, second, PREMASTER_LEN);
        end();
    }
}
END_TEST

/* RFC 5246 7.4.7.1 MUST: the version in the secret is the one of the ClientHello, not the one that was negotiated. */
START_TEST(the_version_in_the_secret_is_that_of_the_hello)
{
    begin();
    client.premaster_version = 0x0302;
    rig_handshake(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RECORD_MAC);
    end();
    begin();
    client.hello.legacy_version = 0x0304; /* RFC 5246 E.1: a client of a version of tomorrow, spoken to in ours */
    rig_handshake(&rig, &client);
    assert_rig_connected(&rig, &client);
    end();
}
END_TEST

/* RFC 8422 5.2: ec_point_formats is answered where a suite with ECC was chosen, and there alone. */
START_TEST(no_point_formats_are_answered_where_there_is_no_point)
{
    static const uint8_t formats[] = {0x00, 0x0b, 0x00, 0x02, 0x01, 0x00};

    for (int is_ecc = 0; is_ecc < 2; is_ecc++) {
        begin();
        client.hello.extra = BYTES_OF_ARRAY(formats);
        client.hello.suites[0] = is_ecc ? 0xc02f : 0x009c;
        rig_handshake(&rig, &client);
        assert_rig_connected(&rig, &client);
        ck_assert((memmem(rig.wire, rig.wire_len, formats, sizeof formats) != NULL) == (is_ecc == 1));
        end();
    }
}
END_TEST

/* ---- with a client's certificate */

static const enum tls_client_certificate modes[] = {TLS_CLIENT_CERTIFICATE_NONE, TLS_CLIENT_CERTIFICATE_OPTIONAL,
                                                    TLS_CLIENT_CERTIFICATE_REQUIRED};

/* The second flight up to ChangeCipherSpec in records of `record_len` bytes, cut anyhow on the wire. */
static void shake_hands_in_records(enum tls_client_certificate mode, bool shows, size_t record_len, struct cut cut)
{
    struct client_identity_files files = {0};

    begin();
    if (mode != TLS_CLIENT_CERTIFICATE_NONE)
        tls_policy_set_client_certificates(rig.policy, mode, client_identity_trust("root", NULL));
    client.hello.has_extended_master_secret = true;
    client.record_len = record_len;
    if (shows)
        client_identity_show(&client, &files, "alice,intermediate", "alice", 0x0403);
    rig.cut = cut;
    rig_handshake(&rig, &client);
    ck_assert_msg(tls_is_connected(rig.tls), "mode %d, %s, records of %zu: %s", (int)mode,
                  shows ? "shown" : "not shown", record_len, why_name(tls_outcome(rig.tls)->why));
    assert_rig_connected(&rig, &client);
    ck_assert((tls_outcome(rig.tls)->client != NULL) == (shows && mode != TLS_CLIENT_CERTIFICATE_NONE));
    client_identity_free(&files);
    end();
}

/* RFC 5246 6.2.1: several messages may lie in one record, as NSS sends them, and one in several. */
START_TEST(the_second_flight_is_taken_in_whatever_records_it_comes)
{
    static const size_t record_lens[] = {0, 1, 5, 300, MAX_PLAINTEXT_LEN};

    for (size_t mode = 0; mode < ARRAY_LEN(modes); mode++) {
        for (size_t i = 0; i < 2 * ARRAY_LEN(record_lens); i++) {
            if (i % 2 == 0 && modes[mode] == TLS_CLIENT_CERTIFICATE_REQUIRED)
                continue; /* showing none is refused */
            shake_hands_in_records(modes[mode], i % 2, record_lens[i / 2], (struct cut){0, 0});
            shake_hands_in_records(modes[mode], i % 2, record_lens[i / 2], (struct cut){1, 0});
            shake_hands_in_records(modes[mode], i % 2, record_lens[i / 2], (struct cut){0, i + 1});
        }
    }
}
END_TEST

/* The private key works for nobody whose CertificateVerify is wrong. */
START_TEST(the_key_is_asked_once_the_client_has_proved_itself)
{
    struct client_identity_files files = {0};

    for (int is_wrong = 0; is_wrong < 2; is_wrong++) {
        begin();
        tls_policy_set_client_certificates(rig.policy, TLS_CLIENT_CERTIFICATE_REQUIRED,
                                           client_identity_trust("root", NULL));
        client.hello.has_extended_master_secret = true;
        client_identity_show(&client, &files, "alice,intermediate", "alice", 0x0403);
        client13_send_hello(&client);
        rig_pump(&rig, &client);
        rig.is_key_held = true;
        client13_send_certificate(&client);
        client12_send_key_exchange(&client);
        rig_pump(&rig, &client);
        ck_assert_ptr_null(tls_key_wanted(rig.tls));
        client.is_verify_wrong = is_wrong;
        client12_send_verify(&client);
        rig_pump(&rig, &client);
        ck_assert((tls_key_wanted(rig.tls) == NULL) == (is_wrong == 1));
        ck_assert_int_eq(tls_outcome(rig.tls)->why, is_wrong ? WHY_CERTIFICATE_VERIFY_SIGNATURE : WHY_NONE);
        client_identity_free(&files);
        end();
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_client_that_encrypts_its_secret_is_served,
        where_it_is_off_its_suites_are_refused_with_handshake_failure,
        a_block_that_is_right_is_taken,
        whatever_is_wrong_with_the_ciphertext_the_answer_is_the_same_and_comes_after_finished,
        what_stands_in_for_a_bad_secret_is_random_and_new_each_time,
        the_version_in_the_secret_is_that_of_the_hello,
        no_point_formats_are_answered_where_there_is_no_point,
        the_second_flight_is_taken_in_whatever_records_it_comes,
        the_key_is_asked_once_the_client_has_proved_itself,
    };
    return check_run("rsa_exchange", tests, ARRAY_LEN(tests));
}
