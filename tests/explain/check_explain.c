/* explain.h: what is printed for a person, and how it ends. */
#include "explain/explain.h"

#include "support/check_run.h"
#include "support/data_file.h"
#include "support/rig.h"
#include "tls/decision.h"

static struct rig rig;
static char *text;

static void begin(void)
{
    ck_assert(rig_init(&rig, 1) && rig_add_certificate(&rig, "p256"));
    ck_assert(tls_policy_add_alpn(rig.policy, BYTES_OF_LITERAL("h2")));
}

static void explained(struct bytes file, enum explain_end expected)
{
    size_t len;
    FILE *out = open_memstream(&text, &len);

    ck_assert_int_eq(explain_file(file, rig.policy, "web", out), expected);
    fclose(out);
    for (size_t i = 0; i < len; i++)
        ck_assert(text[i] == '\n' || (text[i] >= 0x20 && text[i] < 0x7f));
}

static void explained_seed(const char *name, enum explain_end expected)
{
    struct bytes file = data_file_read(name);

    explained(file, expected);
    data_file_free(file);
}

static void says(const char *words)
{
    ck_assert_msg(strstr(text, words), "'%s' is missing in\n%s", words, text);
}

static void end(void)
{
    free(text);
    rig_wipe(&rig);
}

START_TEST(a_hello_that_goes_on_is_explained)
{
    begin();
    explained_seed("corpus/capture/records", EXPLAIN_GOES_ON);
    says("  read as             TLS records\n");
    says("server_name (0): \"app.example\"\n");
    says("JA4                 t13d");
    says("The answer of listener web\n  version             TLSv1.3\n  suite               TLS_AES_256_GCM_SHA384\n");
    says("  group               x25519\n");
    says("  signature           ecdsa_secp256r1_sha256\n");
    says("  certificate         p256");
    says("  alpn                \"h2\"\n");
    says("TLSv1.2: the one chosen is preferred\n");
    says("tickets are not opened");
    end();
}
END_TEST

START_TEST(grease_is_marked_and_a_ticket_is_named)
{
    begin();
    explained_seed("corpus/capture/grease", EXPLAIN_GOES_ON);
    says("cipher suites       GREASE (0x1a1a), TLS_AES_128_GCM_SHA256");
    says("GREASE (0x2a2a): 1 bytes\n");
    says("\"\\x0a\\x0a\" GREASE, \"h2\"");
    says("GREASE (0x3a3a) (1 bytes), x25519 (32 bytes)");
    says("GREASE (0x4a4a), TLSv1.3, TLSv1.2");
    says("psk_key_exchange_modes (45): GREASE (0x0b), psk_dhe_ke");
    says("encrypted_client_hello (65037): outer, 4 bytes");
    says("pre_shared_key (41): a ticket of 6 bytes\n");
    says("a ticket came, which is not opened here");
    says("suite               GREASE (0x1a1a): not known to this build\n");
    end();
}
END_TEST

START_TEST(what_a_client_wrote_reaches_no_terminal_as_it_is)
{
    begin();
    explained_seed("corpus/capture/forged_name", EXPLAIN_REFUSED);
    says("\"\\x1b[2J\\x0aok\\\"\\\\\"");
    says("refused             server_name holds something that is no host name (sni_invalid)\n");
    says("by                  RFC 6066 3\n");
    says("alert               illegal_parameter\n");
    end();
}
END_TEST

START_TEST(a_hello_that_does_not_parse_is_refused_and_printed_as_far_as_it_does)
{
    begin();
    explained_seed("corpus/capture/damaged_extensions", EXPLAIN_REFUSED);
    says("supported_groups (10): ");
    says("[does not parse: 4 bytes in all]");
    says("... and 1 bytes that are no extension\n");
    says("alert               decode_error\n");
    ck_assert_ptr_null(strstr(text, "JA4"));
    end();
}
END_TEST

START_TEST(a_refusal_comes_with_its_candidates)
{
    begin();
    ck_assert(tls_policy_set_groups(rig.policy, (const struct tls_group *[]){tls_group_find(0x18)}, 1));
    explained_seed("corpus/capture/grease", EXPLAIN_REFUSED);
    says("refused             no key exchange group in common (no_common_group)\n");
    says("by                  RFC 8446 4.1.1\n");
    says("alert               handshake_failure\n");
    says("secp384r1: not offered by the client\n");
    end();
    begin(); /* the same in TLS 1.2 is said by another RFC */
    ck_assert(tls_policy_set_groups(rig.policy, (const struct tls_group *[]){tls_group_find(0x18)}, 1));
    ck_assert(tls_policy_set_suites(rig.policy, (const struct tls_suite *[]){tls_suite_find(0xc02b)}, 1));
    explained_seed("corpus/capture/grease", EXPLAIN_REFUSED);
    says("refused             no key exchange group in common (no_common_group)\n");
    says("by                  RFC 8422 5.1\n");
    end();
}
END_TEST

/* A ClientHello of TLS 1.3, as a handshake message, with `count` suites from `first` on. */
static struct bytes compose_hello(struct writer *w, uint16_t first, int count, struct bytes groups, struct bytes shares)
{
    static const uint8_t random[32];
    const struct {
        uint16_t type;
        struct bytes data;
    } rows[] = {
        /* RFC 8446 9.2: what it must have */
        {EXTENSION_SUPPORTED_VERSIONS, BYTES_OF_LITERAL("\2\3\4")},
        {EXTENSION_SIGNATURE_ALGORITHMS, BYTES_OF_LITERAL("\0\2\4\3")},
        {EXTENSION_SUPPORTED_GROUPS, groups},
        {EXTENSION_KEY_SHARE, shares},
    };
    struct vector_mark body, list, extension;

    write_u8(w, 1);
    body = write_vec24_begin(w);
    write_u16(w, TLS_1_2);
    write_bytes(w, BYTES_OF_ARRAY(random));
    write_u8(w, 0);
    list = write_vec16_begin(w);
    for (int i = 0; i < count; i++)
        write_u16(w, (uint16_t)(first + i));
    write_vec_end(w, list);
    write_bytes(w, BYTES_OF_LITERAL("\1\0"));
    list = write_vec16_begin(w);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        write_u16(w, rows[i].type);
        extension = write_vec16_begin(w);
        write_bytes(w, rows[i].data);
        write_vec_end(w, extension);
    }
    write_vec_end(w, list);
    write_vec_end(w, body);
    ck_assert(writer_ok(w));
    return writer_view(w);
}

/* With nothing but 120 suites that nobody knows. */
static struct bytes hello_of_unknown_suites(struct writer *w)
{
    return compose_hello(w, 0x7700, 120, BYTES_OF_LITERAL("\0\2\0\x1d"), BYTES_OF_LITERAL("\0\0"));
}

START_TEST(a_post_quantum_group_is_named)
{
    enum { SHARE_LEN = 1184 + 32 };
    uint8_t storage[2048], shares[2 + 4 + SHARE_LEN] = {0, 0, 0x11, 0xec};
    struct writer w = writer_of(storage, sizeof storage), lens = writer_of(shares, sizeof shares);

    write_u16(&lens, 4 + SHARE_LEN);
    write_u16(&lens, 0x11ec);
    write_u16(&lens, SHARE_LEN);
    begin();
    explained(compose_hello(&w, 0x1301, 1, BYTES_OF_LITERAL("\0\2\x11\xec"), BYTES_OF_ARRAY(shares)), EXPLAIN_GOES_ON);
    says("X25519MLKEM768 (1216 bytes)");
    says("  group               X25519MLKEM768\n");
    end();
}
END_TEST

START_TEST(candidates_that_find_no_room_in_the_record_are_counted)
{
    uint8_t storage[1024];
    struct writer w = writer_of(storage, sizeof storage);
    unsigned told = 0;
    char more[64];

    begin();
    explained(hello_of_unknown_suites(&w), EXPLAIN_REFUSED);
    for (const char *at = text; (at = strstr(at, ": not known to this build\n")); at++)
        told++;
    ck_assert_uint_eq(told, MAX_REJECTED);
    snprintf(more, sizeof more, "\n                      and %u more\n", 120 - told);
    says(more);
    end();
}
END_TEST

START_TEST(a_retry_is_said)
{
    begin();
    ck_assert(tls_policy_set_groups(rig.policy, (const struct tls_group *[]){tls_group_find(0x17)}, 1));
    explained_seed("corpus/capture/records", EXPLAIN_GOES_ON);
    says("secp256r1, asked for with a HelloRetryRequest");
    end();
}
END_TEST

START_TEST(what_a_post_quantum_policy_refuses_is_said)
{
    begin();
    tls_policy_set_post_quantum(rig.policy, TLS_POST_QUANTUM_REQUIRED);
    explained_seed("corpus/capture/records", EXPLAIN_REFUSED);
    says("the client does not take the post-quantum key exchange that is required here");
    end();
}
END_TEST

START_TEST(packets_name_their_stream_and_what_was_passed_over)
{
    begin();
    explained_seed("corpus/capture/pcap_fragment_null", EXPLAIN_GOES_ON);
    says("stream              192.0.2.1:1000 > 192.0.2.2:443\n");
    says("passed over         4 packets that are fragments of IP\n");
    end();
}
END_TEST

START_TEST(without_a_hello_there_is_no_answer)
{
    begin();
    explained_seed("corpus/capture/request", EXPLAIN_NOTHING);
    says("No ClientHello\n");
    ck_assert_ptr_null(strstr(text, "answer"));
    free(text);
    explained_seed("corpus/capture/plain_hex", EXPLAIN_NOTHING);
    says("one begins and is cut short: 191 of 326 bytes came\n");
    end();
}
END_TEST

/* A packet of pcap as a snap length cuts it: 54 bytes of headers, and the TLS that is left of a record of 517. */
static struct bytes cut_packet(struct writer *w, size_t len)
{
    static const uint8_t start[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3};
    static const uint8_t address[4] = {192, 0, 2, 1}, zeros[16];
    uint32_t original = 54 + 517;

    write_u32(w, 0xa1b2c3d4);
    write_u32(w, 0x00020004);
    write_bytes(w, bytes_of(zeros, 8));
    write_u32(w, 60);
    write_u32(w, 1); /* LINKTYPE_ETHERNET */
    write_bytes(w, bytes_of(zeros, 8));
    write_u32(w, 54 + (uint32_t)len);
    write_u32(w, original);
    write_bytes(w, bytes_of(zeros, 12));
    write_u16(w, 0x0800);
    write_u16(w, 0x4500);
    write_u16(w, (uint16_t)(original - 14));
    write_u32(w, 0);
    write_u32(w, 0x40060000); /* RFC 791 3.1: TTL, TCP, no checksum */
    write_bytes(w, BYTES_OF_ARRAY(address));
    write_bytes(w, BYTES_OF_ARRAY(address));
    write_u16(w, 1000);
    write_u16(w, 443);
    write_bytes(w, bytes_of(zeros, 8));
    write_u16(w, 0x5018);
    write_bytes(w, bytes_of(zeros, 6));
    write_bytes(w, bytes_of(start, len));
    ck_assert(writer_ok(w));
    return writer_view(w);
}

START_TEST(what_a_snap_length_left_of_a_hello_is_told_in_true_numbers)
{
    static const struct {
        size_t len;
        const char *words;
    } rows[] = {
        {6, "one begins and is cut short: 6 of the 517 bytes of its first record came\n"},
        {8, "one begins and is cut short: 8 of the 517 bytes of its first record came\n"},
        {9, "one begins and is cut short: 0 of 508 bytes came\n"},
        {11, "one begins and is cut short: 2 of 508 bytes came\n"},
    };
    uint8_t storage[256];

    begin();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct writer w = writer_of(storage, sizeof storage);

        explained(cut_packet(&w, rows[i].len), EXPLAIN_NOTHING);
        says(rows[i].words);
        free(text);
    }
    explained(BYTES_OF_LITERAL("\1\0\1"), EXPLAIN_NOTHING); /* a message without a record */
    says("one begins and is cut short: 3 bytes came, its length not among them\n");
    free(text);
    explained(BYTES_OF_LITERAL("\x16\3\1\0\1\1\x16\3\1\0\x20\0"), EXPLAIN_NOTHING); /* its header across records */
    says("one begins and is cut short: 12 bytes came, its length not among them\n");
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_hello_that_goes_on_is_explained,
        grease_is_marked_and_a_ticket_is_named,
        what_a_client_wrote_reaches_no_terminal_as_it_is,
        a_hello_that_does_not_parse_is_refused_and_printed_as_far_as_it_does,
        a_refusal_comes_with_its_candidates,
        candidates_that_find_no_room_in_the_record_are_counted,
        a_post_quantum_group_is_named,
        a_retry_is_said,
        what_a_post_quantum_policy_refuses_is_said,
        packets_name_their_stream_and_what_was_passed_over,
        without_a_hello_there_is_no_answer,
        what_a_snap_length_left_of_a_hello_is_told_in_true_numbers,
    };
    return check_run("explain", tests, ARRAY_LEN(tests));
}
