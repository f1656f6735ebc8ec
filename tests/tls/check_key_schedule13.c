#include "tls/key_schedule13.h"

#include "crypto/signature.h"
#include "support/check_run.h"
#include "support/trace.h"
#include "tls/key_operation.h"

/* The traces of RFC 8448 that begin without a PSK. */
static const char *const full_handshakes[] = {"simple_1rtt", "hello_retry_request", "client_authentication",
                                              "compatibility_mode"};

static struct trace trace;
static struct key_schedule13 schedule;

static const struct hash_alg *sha256(void)
{
    return hash_find(HASH_SHA256);
}

static const struct hash_alg *sha384(void)
{
    return hash_find(HASH_SHA384);
}

/* The schedule is keyed with this secret: both give the same of a text. */
static void is_keyed_with(struct bytes secret, const char *what)
{
    struct bytes text = BYTES_OF_LITERAL("text");
    uint8_t expected[MAX_HASH_LEN], got[MAX_HASH_LEN];
    size_t len = hash_alg_len(schedule.hash);

    ck_assert_uint_eq(secret.len, len);
    ck_assert(hmac_once(schedule.hash, secret, text, expected));
    ck_assert(hmac_make(&schedule.current, &text, 1, got));
    assert_same(bytes_of(got, len), bytes_of(expected, len), what);
}

static void is_at(const char *figure)
{
    is_keyed_with(trace_get(&trace, figure), figure);
}

static struct hmac keyed(const struct hash_alg *hash, const struct secret *secret)
{
    struct hmac hmac;

    ck_assert(hmac_init(&hmac, hash, secret_view(secret)));
    return hmac;
}

/* RFC 8446 7.1: without a PSK its place is taken by as many zeros as the hash is long. */
static void start_from_zeros(const struct hash_alg *hash)
{
    struct secret zeros = {.len = hash_alg_len(hash)};

    ck_assert(key_schedule13_start(&schedule, hash, &zeros));
}

/* Derive-Secret(current, label, hash named in the trace) equals the figure of that name. */
static void is_derived(const char *figure, const char *label, const char *hash_name)
{
    struct secret secret;

    ck_assert(key_schedule13_derive(&schedule, label, trace_get(&trace, hash_name).at, &secret));
    assert_in_trace(&trace, figure, secret_view(&secret));
}

/* "derived" is over the empty transcript, RFC 8446 7.1. */
static void is_derived_for_next(const char *figure)
{
    struct secret secret;

    ck_assert(key_schedule13_salt(&schedule, &secret));
    assert_in_trace(&trace, figure, secret_view(&secret));
}

/* The left edge of the figure of RFC 8446 7.1 from the handshake secret down, and what leaves it to the right. */
static void walks_down_from_the_handshake_secret(void)
{
    struct secret shared = trace_secret(&trace, "shared_secret");

    is_derived_for_next("derived_for_handshake");
    ck_assert(key_schedule13_handshake(&schedule, &shared));
    is_at("handshake_secret");
    is_derived("c_hs_traffic", "c hs traffic", "hello_hash");
    is_derived("s_hs_traffic", "s hs traffic", "hello_hash");
    is_derived_for_next("derived_for_master");
    ck_assert(key_schedule13_master(&schedule));
    is_at("master_secret");
    is_derived("c_ap_traffic", "c ap traffic", "handshake_hash");
    is_derived("s_ap_traffic", "s ap traffic", "handshake_hash");
    is_derived("exp_master", "exp master", "handshake_hash");
    is_derived("res_master", "res master", "finished_hash");
}

START_TEST(every_secret_of_a_full_handshake_is_the_one_of_rfc8448)
{
    for (size_t i = 0; i < ARRAY_LEN(full_handshakes); i++) {
        trace_load(&trace, full_handshakes[i]);
        start_from_zeros(sha256());
        is_at("early_secret");
        is_derived_for_next("derived_for_handshake");
        ck_assert(key_schedule13_start(&schedule, sha256(), NULL));
        walks_down_from_the_handshake_secret();
    }
}
END_TEST

START_TEST(the_constants_without_a_psk_are_those_derived_from_zeros)
{
    const struct hash_alg *const hashes[] = {sha256(), sha384()};
    struct secret derived, expected, constant;
    uint8_t empty_hash[MAX_HASH_LEN];

    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        start_from_zeros(hashes[i]);
        ck_assert(hash_once(hashes[i], bytes_of(NULL, 0), empty_hash));
        ck_assert(key_schedule13_derive(&schedule, "derived", empty_hash, &expected));
        ck_assert(key_schedule13_salt(&schedule, &derived));
        ck_assert(key_schedule13_start(&schedule, hashes[i], NULL));
        ck_assert(key_schedule13_salt(&schedule, &constant));
        assert_same(secret_view(&derived), secret_view(&expected), "over the hash of nothing");
        assert_same(secret_view(&constant), secret_view(&expected), "the constant");
    }
}
END_TEST

START_TEST(without_a_psk_nothing_is_derived_of_the_early_secret)
{
    static const uint8_t digest[MAX_HASH_LEN];
    struct secret secret;

    ck_assert(key_schedule13_start(&schedule, sha256(), NULL));
    ck_assert(!key_schedule13_derive(&schedule, "c e traffic", digest, &secret));
}
END_TEST

START_TEST(every_secret_of_a_resumption_is_the_one_of_rfc8448)
{
    uint8_t empty_hash[MAX_HASH_LEN];
    struct secret psk, binder_key;

    trace_load(&trace, "resumed_0rtt");
    psk = trace_secret(&trace, "psk");
    ck_assert(key_schedule13_start(&schedule, sha256(), &psk));
    is_at("early_secret");
    ck_assert(hash_once(sha256(), bytes_of(NULL, 0), empty_hash));
    ck_assert(key_schedule13_derive(&schedule, "res binder", empty_hash, &binder_key));
    assert_in_trace(&trace, "binder_key", secret_view(&binder_key));
    is_derived("c_e_traffic", "c e traffic", "client_hello_hash");
    is_derived("e_exp_master", "e exp master", "client_hello_hash");
    walks_down_from_the_handshake_secret();
}
END_TEST

START_TEST(the_psk_of_a_ticket_is_the_one_of_rfc8448)
{
    static const uint8_t ticket_nonce[] = {0, 0};
    struct secret secret;
    struct hmac res_master;
    uint8_t psk[32];

    trace_load(&trace, "simple_1rtt");
    secret = trace_secret(&trace, "res_master");
    res_master = keyed(sha256(), &secret);
    ck_assert(hkdf_expand_label(&res_master, "resumption", BYTES_OF_ARRAY(ticket_nonce), psk, sizeof psk));
    assert_in_trace(&trace, "resumption_psk", BYTES_OF_ARRAY(psk));
}
END_TEST

static void has_keys(const char *secret_name, const char *key_name, const char *iv_name)
{
    struct secret secret = trace_secret(&trace, secret_name);
    struct hmac traffic = keyed(sha256(), &secret);
    uint8_t key[MAX_AEAD_KEY_LEN], iv[AEAD_NONCE_LEN];

    ck_assert(traffic_keys13(&traffic, aead_find(AEAD_AES_128_GCM), key, iv));
    assert_in_trace(&trace, key_name, bytes_of(key, 16));
    assert_in_trace(&trace, iv_name, BYTES_OF_ARRAY(iv));
}

START_TEST(traffic_keys_are_those_of_rfc8448)
{
    for (size_t i = 0; i < ARRAY_LEN(full_handshakes) + 1; i++) {
        trace_load(&trace, i < ARRAY_LEN(full_handshakes) ? full_handshakes[i] : "resumed_0rtt");
        has_keys("c_hs_traffic", "c_hs_key", "c_hs_iv");
        has_keys("s_hs_traffic", "s_hs_key", "s_hs_iv");
        has_keys("c_ap_traffic", "c_ap_key", "c_ap_iv");
        has_keys("s_ap_traffic", "s_ap_key", "s_ap_iv");
    }
    has_keys("c_e_traffic", "c_e_key", "c_e_iv");
}
END_TEST

static void make_verify_data(const struct hash_alg *hash, const struct secret *traffic_secret, const uint8_t *digest,
                             uint8_t *verify_data)
{
    struct hmac traffic = keyed(hash, traffic_secret);
    struct secret finished_key;

    ck_assert(finished_key13(&traffic, &finished_key));
    ck_assert(finished13_verify_data(hash, &finished_key, digest, verify_data));
}

/* verify_data is what follows the four bytes of the message's header. */
static void has_finished(const char *secret_name, const char *hash_name, const char *message_name)
{
    struct secret secret = trace_secret(&trace, secret_name);
    struct bytes message = trace_get(&trace, message_name);
    uint8_t verify_data[MAX_HASH_LEN];

    make_verify_data(sha256(), &secret, trace_get(&trace, hash_name).at, verify_data);
    ck_assert_uint_eq(message.len, 4 + 32);
    assert_same(bytes_of(verify_data, 32), bytes_of(message.at + 4, 32), message_name);
}

START_TEST(finished_of_both_sides_is_the_one_of_rfc8448)
{
    for (size_t i = 0; i < ARRAY_LEN(full_handshakes) + 1; i++) {
        trace_load(&trace, i < ARRAY_LEN(full_handshakes) ? full_handshakes[i] : "resumed_0rtt");
        has_finished("s_hs_traffic", "server_finished_hash", "server_finished");
        has_finished("c_hs_traffic", "client_finished_hash", "client_finished");
    }
}
END_TEST

/* RFC 8446 4.2.11.2: a binder is computed as Finished is, with the binder key. */
START_TEST(the_binder_of_rfc8448_is_a_finished_under_the_binder_key)
{
    struct secret binder_key;
    uint8_t binder[MAX_HASH_LEN];

    trace_load(&trace, "resumed_0rtt");
    binder_key = trace_secret(&trace, "binder_key");
    make_verify_data(sha256(), &binder_key, trace_get(&trace, "binder_hash").at, binder);
    assert_in_trace(&trace, "binder", bytes_of(binder, 32));
}
END_TEST

START_TEST(transcript_hashes_of_rfc8448_come_from_its_messages)
{
    static const struct {
        const char *message, *hash;
    } steps[] = {
        {"client_hello", NULL},
        {"server_hello", "hello_hash"},
        {"encrypted_extensions", NULL},
        {"certificate", "certificate_hash"},
        {"certificate_verify", "server_finished_hash"},
        {"server_finished", "handshake_hash"},
        {"client_finished", "finished_hash"},
    };
    struct hash transcript = {0};
    uint8_t digest[MAX_HASH_LEN];

    trace_load(&trace, "simple_1rtt");
    ck_assert(hash_init(&transcript, sha256()));
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        ck_assert(hash_update(&transcript, trace_get(&trace, steps[i].message)));
        ck_assert(hash_peek(&transcript, digest));
        if (steps[i].hash)
            assert_in_trace(&trace, steps[i].hash, bytes_of(digest, 32));
    }
    hash_wipe(&transcript);
}
END_TEST

/* The server's key of the client authentication trace, P-256: its SubjectPublicKeyInfo stands in the Certificate. */
static struct public_key *server_key_of_trace(void)
{
    static const uint8_t spki_begins[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    struct bytes certificate = trace_get(&trace, "certificate");
    const uint8_t *at = memmem(certificate.at, certificate.len, spki_begins, sizeof spki_begins);

    ck_assert_ptr_nonnull(at);
    return public_key_new(bytes_of(at, 2 + 0x59));
}

START_TEST(certificate_verify_of_rfc8448_signs_the_input_we_build)
{
    struct bytes message, hash;
    struct public_key *key;
    uint8_t input[MAX_CERTIFICATE_VERIFY_INPUT];
    size_t len;

    trace_load(&trace, "client_authentication");
    key = server_key_of_trace();
    ck_assert_ptr_nonnull(key);
    message = trace_get(&trace, "certificate_verify");
    hash = trace_get(&trace, "certificate_hash");
    ck_assert(tls_certificate_verify_input(TLS_SERVER_CERTIFICATE_VERIFY, hash, input, &len));
    ck_assert_int_eq(signature_check(key, SIGNATURE_ECDSA_P256_SHA256, bytes_of(input, len),
                                     bytes_of(message.at + 8, message.len - 8)),
                     CRYPTO_OK);
    input[len - 1] ^= 1;
    ck_assert_int_eq(signature_check(key, SIGNATURE_ECDSA_P256_SHA256, bytes_of(input, len),
                                     bytes_of(message.at + 8, message.len - 8)),
                     CRYPTO_BAD_INPUT);
    public_key_free(key);
}
END_TEST

/* The figures that follow were computed with Python's hmac, from the definitions of RFC 8446 7.1 to 7.3. */
START_TEST(updated_traffic_secrets_are_those_computed_elsewhere)
{
    static const char *const generations[] = {"fcdfcc72725aaee48bf64e4fd8b749cdbdbab39d90da0b26e2245ca6ea167207",
                                              "68474fe58c172143d0a009a76edd231b0d934f3058588ea0852662279e54a573",
                                              "89f1d709fa96ee5b888f0511199d1ae0d8209c595091039c57f57990b475b6e0"};
    struct secret secret;
    struct hmac traffic;
    uint8_t key[MAX_AEAD_KEY_LEN], iv[AEAD_NONCE_LEN];

    trace_load(&trace, "simple_1rtt");
    secret = trace_secret(&trace, "c_ap_traffic");
    for (size_t i = 0; i < ARRAY_LEN(generations); i++) {
        ck_assert(traffic_secret13_update(sha256(), &secret));
        assert_same(secret_view(&secret), hex(generations[i]), "the next traffic secret");
    }
    traffic = keyed(sha256(), &secret);
    ck_assert(traffic_keys13(&traffic, aead_find(AEAD_AES_128_GCM), key, iv));
    assert_same(bytes_of(key, 16), hex("681c3de5088264efad22e45c3a659c5d"), "its key");
    assert_same(BYTES_OF_ARRAY(iv), hex("2f51e9888e4f845ba6ce8a76"), "its iv");
}
END_TEST

static struct secret counting_secret(size_t len)
{
    struct secret secret;

    ck_assert(secret_resize(&secret, len));
    for (size_t i = 0; i < len; i++)
        secret.bytes[i] = (uint8_t)i;
    return secret;
}

START_TEST(with_sha384_every_step_is_48_bytes_wide)
{
    struct secret shared = counting_secret(32);

    start_from_zeros(sha384());
    is_keyed_with(
        hex("7ee8206f5570023e6dc7519eb1073bc4e791ad37b5c382aa10ba18e2357e716971f9362f2c2fe2a76bfd78dfec4ea9b5"),
        "the early secret");
    ck_assert(key_schedule13_start(&schedule, sha384(), NULL));
    ck_assert(key_schedule13_handshake(&schedule, &shared));
    is_keyed_with(
        hex("03e67b8797b8868b32c737ad09d2454266b47b828fe83999484501c1d0f12bfefdecf2341ab055c50f8f81a4d91610dd"),
        "the handshake secret");
    ck_assert(key_schedule13_master(&schedule));
    is_keyed_with(
        hex("16d23b35c31232dd08cf8189bfb64942b4232e1b8787e94fa3fbf16413dc38ed5a7b3410e633a2cc9c790e22541ffae7"),
        "the master secret");
}
END_TEST

START_TEST(with_sha384_keys_finished_and_updates_are_those_computed_elsewhere)
{
    struct secret secret = counting_secret(48);
    struct hmac traffic = keyed(sha384(), &secret);
    uint8_t key[MAX_AEAD_KEY_LEN], iv[AEAD_NONCE_LEN], digest[MAX_HASH_LEN], verify_data[MAX_HASH_LEN];

    ck_assert(traffic_keys13(&traffic, aead_find(AEAD_AES_256_GCM), key, iv));
    assert_same(bytes_of(key, 32), hex("6877d022f1c61d24ebb7487c16752d9a4798e40431c75b39320e537c90e23225"), "the key");
    assert_same(BYTES_OF_ARRAY(iv), hex("42822531a0fe88648fc09e9f"), "the iv");
    ck_assert(hash_once(sha384(), BYTES_OF_LITERAL("transcript"), digest));
    make_verify_data(sha384(), &secret, digest, verify_data);
    assert_same(bytes_of(verify_data, 48),
                hex("f5c3e73323d1cd9423df347988e2cc4cc9d16b823c8f4fe36e90f71d97ea28e38d4938410c6e0375c40a13be38e0bf8a"),
                "verify_data");
    ck_assert(traffic_secret13_update(sha384(), &secret));
    assert_same(secret_view(&secret),
                hex("401331b63e9d59f202e8f041042d9516f4cd7fa2e2ee14631d3b49fc340d7af37fc2c0c9f252d8036f81ec5b85cbe5db"),
                "the next traffic secret");
}
END_TEST

START_TEST(expand_label_gives_any_length_and_refuses_a_label_or_context_that_does_not_fit)
{
    static const uint8_t long_context[256];
    static char long_label[300];
    struct secret bytes = counting_secret(32);
    struct hmac secret = keyed(sha256(), &bytes);
    uint8_t out[255 * 32 + 1], shorter[16];

    ck_assert(hkdf_expand_label(&secret, "key", bytes_of(NULL, 0), out, 0));
    ck_assert(hkdf_expand_label(&secret, "key", bytes_of(NULL, 0), out, 16));
    ck_assert(hkdf_expand_label(&secret, "key", bytes_of(NULL, 0), shorter, 15));
    ck_assert_mem_ne(out, shorter, 15); /* the length is part of what is expanded */
    ck_assert(hkdf_expand_label(&secret, "key", bytes_of(long_context, 255), out, 255 * 32));
    ck_assert(!hkdf_expand_label(&secret, "key", bytes_of(long_context, 255), out, 255 * 32 + 1));
    ck_assert(!hkdf_expand_label(&secret, "key", bytes_of(long_context, 256), out, 16));
    memset(long_label, 'l', 249); /* "tls13 " and 249 more are 255 */
    ck_assert(hkdf_expand_label(&secret, long_label, bytes_of(NULL, 0), out, 16));
    long_label[249] = 'l';
    ck_assert(!hkdf_expand_label(&secret, long_label, bytes_of(NULL, 0), out, 16));
}
END_TEST

START_TEST(wiping_leaves_nothing_of_the_schedule)
{
    static const struct hmac nothing;

    start_from_zeros(sha256());
    ck_assert_mem_ne(&schedule.current, &nothing, sizeof nothing);
    key_schedule13_wipe(&schedule);
    ck_assert_mem_eq(&schedule.current, &nothing, sizeof nothing);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_secret_of_a_full_handshake_is_the_one_of_rfc8448,
        the_constants_without_a_psk_are_those_derived_from_zeros,
        without_a_psk_nothing_is_derived_of_the_early_secret,
        every_secret_of_a_resumption_is_the_one_of_rfc8448,
        the_psk_of_a_ticket_is_the_one_of_rfc8448,
        traffic_keys_are_those_of_rfc8448,
        finished_of_both_sides_is_the_one_of_rfc8448,
        the_binder_of_rfc8448_is_a_finished_under_the_binder_key,
        transcript_hashes_of_rfc8448_come_from_its_messages,
        certificate_verify_of_rfc8448_signs_the_input_we_build,
        updated_traffic_secrets_are_those_computed_elsewhere,
        with_sha384_every_step_is_48_bytes_wide,
        with_sha384_keys_finished_and_updates_are_those_computed_elsewhere,
        expand_label_gives_any_length_and_refuses_a_label_or_context_that_does_not_fit,
        wiping_leaves_nothing_of_the_schedule,
    };
    return !crypto_start() ? EXIT_FAILURE : check_run("key_schedule13", tests, ARRAY_LEN(tests));
}
