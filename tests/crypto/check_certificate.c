#include "crypto/certificate.h"

#include <stdio.h>

#include "crypto/certificate_der.h"
#include "crypto/der.h"
#include "crypto/hash.h"
#include "crypto/pem.h"
#include "support/check_run.h"
#include "support/data_file.h"

static struct certificate_chain *load(const char *name, struct crypto_fault *fault)
{
    char path[128];
    struct certificate_chain *chain;
    struct bytes pem;

    snprintf(path, sizeof path, "certificates/%s", name);
    pem = data_file_read(path);
    chain = certificate_chain_new(pem, fault);
    data_file_free(pem);
    return chain;
}

static struct certificate_chain *load_well(const char *name)
{
    struct crypto_fault fault = {"untouched"};
    struct certificate_chain *chain = load(name, &fault);

    ck_assert_msg(chain != NULL, "%s: %s", name, fault.text);
    ck_assert_str_eq(fault.text, "");
    return chain;
}

static void refuse(const char *name, const char *words)
{
    struct crypto_fault fault;

    ck_assert_msg(load(name, &fault) == NULL, "%s is taken", name);
    ck_assert_msg(strstr(fault.text, words) != NULL, "%s: %s", name, fault.text);
}

static void refuse_text(struct bytes text, const char *words)
{
    struct crypto_fault fault;

    ck_assert(certificate_chain_new(text, &fault) == NULL);
    ck_assert_msg(strstr(fault.text, words) != NULL, "%s", fault.text);
}

START_TEST(a_chain_answers_for_its_leaf)
{
    struct certificate_chain *chain = load_well("p256.crt");
    uint8_t digest[32];

    ck_assert_uint_eq(certificate_chain_count(chain), 2);
    ck_assert_int_eq(certificate_chain_key_kind(chain), KEY_KIND_ECDSA_P256);
    ck_assert_uint_eq(certificate_chain_key_bits(chain), 256);
    ck_assert_str_eq(certificate_chain_subject(chain), "CN=app.example");
    ck_assert_str_eq(certificate_chain_issuer(chain), "CN=Sallyport Test Intermediate, O=Sallyport Test");
    ck_assert_int_eq(certificate_chain_not_before(chain), 1704067200); /* 2024-01-01 */
    ck_assert_int_eq(certificate_chain_not_after(chain), 2398377600);  /* 2046-01-01 */
    ck_assert(hash_once(hash_find(HASH_SHA256), certificate_chain_der(chain, 0), digest));
    ck_assert_mem_eq(certificate_chain_fingerprint(chain), digest, sizeof digest);
    certificate_chain_free(chain);
}
END_TEST

START_TEST(certificates_are_served_in_the_order_of_the_file)
{
    struct certificate_chain *right = load_well("with-root.crt"), *wrong = load_well("wrong-order.crt");

    ck_assert_uint_eq(certificate_chain_count(right), 3);
    ck_assert_uint_eq(certificate_chain_count(wrong), 3);
    ck_assert(bytes_equal(certificate_chain_der(right, 0), certificate_chain_der(wrong, 0)));
    ck_assert(bytes_equal(certificate_chain_der(right, 1), certificate_chain_der(wrong, 2)));
    ck_assert(bytes_equal(certificate_chain_der(right, 2), certificate_chain_der(wrong, 1)));
    certificate_chain_free(right);
    certificate_chain_free(wrong);
}
END_TEST

START_TEST(every_kind_of_key_that_we_serve_is_told)
{
    static const struct {
        const char *file;
        enum key_kind kind;
        unsigned bits;
    } kinds[] = {{"rsa2048.crt", KEY_KIND_RSA, 2048},
                 {"rsa3072.crt", KEY_KIND_RSA, 3072},
                 {"p256.crt", KEY_KIND_ECDSA_P256, 256},
                 {"p384.crt", KEY_KIND_ECDSA_P384, 384}};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct certificate_chain *chain = load_well(kinds[i].file);

        ck_assert_int_eq(certificate_chain_key_kind(chain), kinds[i].kind);
        ck_assert_uint_eq(certificate_chain_key_bits(chain), kinds[i].bits);
        certificate_chain_free(chain);
    }
}
END_TEST

START_TEST(who_signed_is_told_by_the_name_of_the_algorithm_or_its_oid)
{
    static const char *const rows[][2] = {
        {"p256.crt", "ecdsa-with-SHA256"},
        {"sha1.crt", "ecdsa-with-SHA1"},
        {"rsa-signed.crt", "sha256WithRSAEncryption"},
        {"rsa-signed-sha384.crt", "sha384WithRSAEncryption"},
    };
    struct certificate certificate = {.signature_oid = BYTES_OF_LITERAL("\x2a\x86\x48\xce\x38\x04\x03")};
    char text[SIGNATURE_TEXT_LEN];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct certificate_chain *chain = load_well(rows[i][0]);

        ck_assert_str_eq(certificate_chain_signature(chain), rows[i][1]);
        certificate_chain_free(chain);
    }
    certificate_signature_text(&certificate, text);
    ck_assert_str_eq(text, "1.2.840.10040.4.3"); /* DSA */
}
END_TEST

static void names_are(const char *file, const char *const *names, size_t count)
{
    struct certificate_chain *chain = load_well(file);

    ck_assert_uint_eq(certificate_chain_name_count(chain), count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(bytes_equal(certificate_chain_name(chain, i), bytes_of_string(names[i])), "%s", names[i]);
    certificate_chain_free(chain);
}

START_TEST(names_are_the_host_names_of_the_subject_alt_name_in_lower_case)
{
    static const char *const one[] = {"app.example"};
    static const char *const wildcard[] = {"*.wild.example", "wild.example"};
    static const char *const odd[] = {"app.example", "*.wild.example", "other.example"};

    names_are("p256.crt", one, 1);
    names_are("wildcard.crt", wildcard, 2);
    names_are("names.crt", odd, 3); /* no address, no e-mail, no two..dots, no w*.example, and not its CN */
}
END_TEST

START_TEST(the_common_name_counts_only_without_a_subject_alt_name)
{
    static const char *const names[] = {"app.example"};

    names_are("cn-only.crt", names, 1);
}
END_TEST

START_TEST(host_names_have_labels_of_letters_digits_and_hyphens)
{
    static const struct {
        struct bytes name;
        const char *text; /* NULL: refused */
    } cases[] = {
        {BYTES_OF_LITERAL("a"), "a"},
        {BYTES_OF_LITERAL("App.EXAMPLE."), "app.example"},
        {BYTES_OF_LITERAL("*.Example.org"), "*.example.org"},
        {BYTES_OF_LITERAL("_dmarc.xn--nxasmq6b"), "_dmarc.xn--nxasmq6b"},
        {BYTES_OF_LITERAL(""), NULL},
        {BYTES_OF_LITERAL("."), NULL},
        {BYTES_OF_LITERAL(".."), NULL},
        {BYTES_OF_LITERAL(".a"), NULL},
        {BYTES_OF_LITERAL("a..b"), NULL},
        {BYTES_OF_LITERAL("*"), NULL},
        {BYTES_OF_LITERAL("*."), NULL},
        {BYTES_OF_LITERAL("a*.example"), NULL},
        {BYTES_OF_LITERAL("a.*.example"), NULL},
        {BYTES_OF_LITERAL("*.*.example"), NULL},
        {BYTES_OF_LITERAL("good.example\0.evil.example"), NULL},
        {BYTES_OF_LITERAL("with space.example"), NULL},
        {BYTES_OF_LITERAL("b\xc3\xbc"
                          "cher.example"),
         NULL},
        {BYTES_OF_LITERAL("a/b"), NULL},
        {BYTES_OF_LITERAL("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk.example"),
         "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk.example"},
        {BYTES_OF_LITERAL("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl.example"), NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t storage[256];
        struct writer w = writer_of(storage, sizeof storage);
        bool is_host = certificate_host_name(cases[i].name, &w);

        ck_assert_msg(is_host == (cases[i].text != NULL), "%.*s", (int)cases[i].name.len, cases[i].name.at);
        if (is_host)
            ck_assert(bytes_equal(writer_view(&w), bytes_of_string(cases[i].text)));
    }
}
END_TEST

START_TEST(host_names_have_at_most_253_bytes)
{
    uint8_t name[255], storage[256];

    for (size_t i = 0; i < sizeof name; i++)
        name[i] = i % 2 ? '.' : 'a';
    name[1] = 'a'; /* so that names of an even length do not end in a dot: aaa.a.a */
    for (size_t len = 251; len <= 255; len++) {
        struct writer w = writer_of(storage, sizeof storage);
        ck_assert_int_eq(certificate_host_name(bytes_of(name, len), &w),
                         len <= 253 || (len == 254 && name[253] == '.'));
    }
    memset(name, '.', sizeof name);
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = i % 3 == 2 ? '.' : 'a';
    for (size_t len = 253; len <= 255; len++) { /* 254 is aa.aa. ... aa, without a dot at its end */
        struct writer w = writer_of(storage, sizeof storage);
        ck_assert_int_eq(certificate_host_name(bytes_of(name, len), &w), len <= 253);
    }
}
END_TEST

/* Whatever a CA was talked into signing: nothing of it may reach a terminal or a log line raw. */
START_TEST(texts_of_names_are_printable_whatever_the_name_holds)
{
    struct certificate_chain *chain = load_well("odd-subject.crt");
    const char *subject = certificate_chain_subject(chain);

    ck_assert_str_eq(subject, "CN=a\\0Ab, O=\\C3\\89vil\\2C Inc.\\22\\5C\\3Dx");
    certificate_chain_free(chain);
}
END_TEST

START_TEST(a_name_too_long_for_its_text_is_cut_visibly)
{
    uint8_t value[200], pair[220], set[230], list[700], name[710];
    struct writer value_w, set_w = writer_of(set, sizeof set), list_w = writer_of(list, sizeof list);
    struct writer name_w = writer_of(name, sizeof name);
    char text[MAX_NAME_TEXT_LEN];

    memset(value, 'x', sizeof value);
    value_w = writer_of(pair, sizeof pair);
    der_write(&value_w, DER_OID, BYTES_OF_LITERAL("\x55\x04\x0a"));
    der_write(&value_w, DER_UTF8_STRING, BYTES_OF_ARRAY(value));
    der_write(&set_w, DER_SEQUENCE, writer_view(&value_w));
    for (int i = 0; i < 3; i++)
        der_write(&list_w, DER_SET, writer_view(&set_w));
    der_write(&name_w, DER_SEQUENCE, writer_view(&list_w));
    ck_assert(writer_ok(&name_w) && writer_ok(&list_w));
    certificate_name_text(writer_view(&name_w), text);
    ck_assert_uint_lt(strlen(text), sizeof text);
    ck_assert_str_eq(text + strlen(text) - 4, "x...");
    certificate_name_text(BYTES_OF_LITERAL("\x30\x00"), text);
    ck_assert_str_eq(text, "(no name)");
    certificate_name_text(BYTES_OF_LITERAL("junk"), text);
    ck_assert_str_eq(text, "(no name)");
}
END_TEST

START_TEST(intermediates_of_any_kind_are_passed_on)
{
    certificate_chain_free(
        load_well("constrained-intermediate.crt")); /* mbedTLS cannot read critical nameConstraints */
    certificate_chain_free(load_well("ed25519-intermediate.crt"));
}
END_TEST

START_TEST(certificates_with_keys_that_we_cannot_use_are_refused_by_their_name)
{
    refuse("ed25519.crt", "Ed25519 keys are not supported");
    refuse("p521.crt", "on the curve P-521 (secp521r1)");
    refuse("rsa1024.crt", "the RSA key has 1024 bits");
}
END_TEST

START_TEST(a_file_that_is_no_certificate_is_refused_in_words)
{
    refuse("p256.key", "no certificate found");
    refuse("p256-der.key", "not PEM: it looks like DER");
    refuse_text(bytes_of(NULL, 0), "the file is empty");
    refuse_text(BYTES_OF_LITERAL("-----BEGIN CERTIFICATE-----\nAAAA\n"), "the PEM block in line 1 does not end");
    refuse_text(BYTES_OF_LITERAL("-----BEGIN CERTIFICATE-----\nAA!A\n-----END CERTIFICATE-----\n"),
                "certificate 1 (line 1) is damaged: it is not base64");
    refuse_text(BYTES_OF_LITERAL("text\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
                "certificate 1 (line 2) cannot be read: it is no DER of a certificate");
    refuse_text(BYTES_OF_LITERAL("-----BEGIN TRUSTED CERTIFICATE-----\nMAA=\n-----END TRUSTED CERTIFICATE-----\n"),
                "old form");
    refuse_text(BYTES_OF_LITERAL("-----BEGIN CERTIFICATE-----\nMAA=\n-----END PRIVATE KEY-----\n"), "does not end");
}
END_TEST

START_TEST(a_key_or_another_block_beside_the_certificates_is_passed_over)
{
    struct certificate_chain *chain = load_well("p256-together.pem");

    ck_assert_uint_eq(certificate_chain_count(chain), 2);
    certificate_chain_free(chain);
}
END_TEST

/* `count` times the leaf of FILE. */
static struct certificate_chain *repeated(const char *file, size_t count, struct crypto_fault *fault)
{
    char path[128];
    struct certificate_chain *chain;
    struct bytes pem;
    uint8_t *text;

    snprintf(path, sizeof path, "certificates/%s", file);
    pem = data_file_read(path);
    text = malloc(pem.len * count);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * pem.len, pem.at, pem.len);
    chain = certificate_chain_new(bytes_of(text, pem.len * count), fault);
    free(text);
    data_file_free(pem);
    return chain;
}

START_TEST(a_chain_has_at_most_ten_certificates)
{
    struct crypto_fault fault;
    struct certificate_chain *chain = repeated("leaf-only.crt", MAX_CHAIN_CERTIFICATES, &fault);

    ck_assert_msg(chain != NULL, "%s", fault.text);
    ck_assert_uint_eq(certificate_chain_count(chain), MAX_CHAIN_CERTIFICATES);
    certificate_chain_free(chain);
    ck_assert(repeated("leaf-only.crt", MAX_CHAIN_CERTIFICATES + 1, &fault) == NULL);
    ck_assert_str_eq(fault.text, "the file has 11 certificates; a chain has at most 10");
}
END_TEST

/* A certificate blown up with an extension nobody reads, `len` bytes of it, and no valid signature: none is checked. */
static struct bytes grown(struct bytes der, size_t len, uint8_t *out, size_t out_len)
{
    struct reader r = reader_of(der), outer, inner;
    struct der_item item, parts[2];
    uint8_t *content = calloc(1, len + 4096), *whole = calloc(1, len + 4096), *junk = calloc(1, len + 1);
    struct writer body = writer_of(content, len + 4096), all = writer_of(whole, len + 4096);
    struct writer w = writer_of(out, out_len);
    struct bytes result;

    ck_assert(der_enter(&r, DER_SEQUENCE, &outer) && der_enter(&outer, DER_SEQUENCE, &inner));
    ck_assert(der_read_item(&outer, &parts[0]) && der_read_item(&outer, &parts[1]));
    while (der_read_item(&inner, &item)) {
        if (item.tag == DER_INTEGER)
            der_write(&body, DER_INTEGER, bytes_of(junk, len));
        else
            write_bytes(&body, item.whole);
    }
    der_write(&all, DER_SEQUENCE, writer_view(&body));
    write_bytes(&all, parts[0].whole);
    write_bytes(&all, parts[1].whole);
    der_write(&w, DER_SEQUENCE, writer_view(&all));
    ck_assert(writer_ok(&body) && writer_ok(&all) && writer_ok(&w));
    result = writer_view(&w);
    free(content);
    free(whole);
    free(junk);
    return result;
}

START_TEST(a_chain_has_at_most_48_kilobytes)
{
    struct certificate_chain *small = load_well("leaf-only.crt");
    static uint8_t der[200 * 1024], pem[300 * 1024];
    struct bytes big = grown(certificate_chain_der(small, 0), 40 * 1024, der, sizeof der);
    size_t to_limit = MAX_CHAIN_LEN - big.len + 40 * 1024;

    for (size_t more = 0; more < 2; more++) {
        struct writer w = writer_of(pem, sizeof pem);
        struct certificate_chain *chain;
        struct crypto_fault fault;

        big = grown(certificate_chain_der(small, 0), to_limit + more, der, sizeof der);
        ck_assert_uint_eq(big.len, MAX_CHAIN_LEN + more);
        pem_encode(&w, "CERTIFICATE", big);
        chain = certificate_chain_new(writer_view(&w), &fault);
        ck_assert_int_eq(chain != NULL, more == 0);
        if (!chain)
            ck_assert_str_eq(fault.text, "the certificates take more than 49152 bytes");
        certificate_chain_free(chain);
    }
    for (size_t len = 60 * 1024; len < 180 * 1024; len += 60 * 1024) { /* also far beyond, before any memory is taken */
        struct writer w = writer_of(pem, sizeof pem);

        pem_encode(&w, "CERTIFICATE", grown(certificate_chain_der(small, 0), len, der, sizeof der));
        refuse_text(writer_view(&w), "the certificates take more than 49152 bytes");
    }
    certificate_chain_free(small);
}
END_TEST

/* Every byte of a certificate changed, and every length cut: never a crash, never a fault without words. */
START_TEST(damage_anywhere_in_a_certificate_is_survived)
{
    struct certificate_chain *chain = load_well("names.crt");
    struct bytes der = certificate_chain_der(chain, 0);
    uint8_t *copy = malloc(der.len);

    for (size_t at = 0; at < der.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            struct certificate certificate;
            struct crypto_fault fault = {""};
            char text[MAX_NAME_TEXT_LEN];

            memcpy(copy, der.at, der.len);
            copy[at] ^= (uint8_t)(1U << bit);
            if (certificate_read(bytes_of(copy, der.len), &certificate, &fault))
                certificate_name_text(certificate.subject, text);
            else
                ck_assert(fault.text[0] != 0);
        }
    }
    free(copy);
    for (size_t len = 0; len < der.len; len++) {
        struct certificate certificate;
        struct crypto_fault fault;
        uint8_t *exact = malloc(len + 1);

        memcpy(exact, der.at, len);
        ck_assert(!certificate_read(bytes_of(exact, len), &certificate, &fault));
        free(exact);
    }
    certificate_chain_free(chain);
}
END_TEST

/* A leaf with one byte changed, and the fault that it then has. */
static void says_with_byte(struct bytes before, size_t offset, uint8_t byte, const char *words)
{
    struct certificate_chain *chain = load_well("leaf-only.crt");
    struct bytes der = certificate_chain_der(chain, 0);
    struct certificate certificate;
    struct crypto_fault fault = {""};
    uint8_t *copy = malloc(der.len), *at;

    memcpy(copy, der.at, der.len);
    at = memmem(copy, der.len, before.at, before.len);
    ck_assert(at != NULL);
    ck_assert_uint_ne(at[offset], byte);
    at[offset] = byte;
    ck_assert(!certificate_read(bytes_of(copy, der.len), &certificate, &fault));
    ck_assert_str_eq(fault.text, words);
    free(copy);
    certificate_chain_free(chain);
}

/* RFC 5280 4.2: "A certificate MUST NOT include more than one instance of a particular extension." */
START_TEST(an_extension_stands_once)
{
    says_with_byte(BYTES_OF_LITERAL("\x06\x03\x55\x1d\x25"), 4, 0x11, "it has the extension subjectAltName twice");
}
END_TEST

/* RFC 5280 4.1.1.2: "This field MUST contain the same algorithm identifier as the signature field". */
START_TEST(both_signature_algorithms_are_the_same)
{
    says_with_byte(BYTES_OF_LITERAL("\x2a\x86\x48\xce\x3d\x04\x03\x02"), 7, 3,
                   "it names two different signature algorithms");
}
END_TEST

/* ---- the one extension in which mbedTLS before 3.6.7 sees a CA where there is none (reliability X04) */

static bool is_ca_by(struct bytes basic_constraints, bool *is_read)
{
    struct certificate_chain *chain = load_well("leaf-only.crt");
    struct bytes der = certificate_chain_der(chain, 0),
                 seen = BYTES_OF_LITERAL("\x06\x03\x55\x1d\x13\x01\x01\xff\x04\x02\x30\x00");
    uint8_t *copy = malloc(der.len + 16), *at;
    struct certificate certificate;
    struct crypto_fault fault;
    bool is_ca;

    /* The leaf's own "30 00" has room for two bytes; the rest is made by dropping its criticality. */
    memcpy(copy, der.at, der.len);
    at = memmem(copy, der.len, seen.at, seen.len);
    ck_assert(at != NULL && basic_constraints.len == 5);
    memcpy(at + 5, "\x04\x05", 2);
    memcpy(at + 7, basic_constraints.at, 5);
    *is_read = certificate_read(bytes_of(copy, der.len), &certificate, &fault);
    is_ca = *is_read && certificate.is_ca;
    free(copy);
    certificate_chain_free(chain);
    return is_ca;
}

START_TEST(only_the_boolean_of_basic_constraints_makes_a_ca)
{
    bool is_read;

    ck_assert(is_ca_by(BYTES_OF_LITERAL("\x30\x03\x01\x01\xff"), &is_read) && is_read);
    ck_assert(!is_ca_by(BYTES_OF_LITERAL("\x30\x03\x01\x01\x00"), &is_read) && is_read);
    ck_assert(!is_ca_by(BYTES_OF_LITERAL("\x30\x03\x02\x01\x01"), &is_read) && !is_read); /* SEQUENCE { INTEGER 1 } */
    ck_assert(!is_ca_by(BYTES_OF_LITERAL("\x30\x03\x01\x01\x01"), &is_read) && !is_read); /* TRUE is 0xff in DER */
    ck_assert(!is_ca_by(BYTES_OF_LITERAL("\x30\x03\x01\x00\xff"), &is_read) && !is_read);
    ck_assert(!is_ca_by(BYTES_OF_LITERAL("\x30\x02\x01\x00\xff"), &is_read) && !is_read);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_chain_answers_for_its_leaf,
        certificates_are_served_in_the_order_of_the_file,
        every_kind_of_key_that_we_serve_is_told,
        who_signed_is_told_by_the_name_of_the_algorithm_or_its_oid,
        names_are_the_host_names_of_the_subject_alt_name_in_lower_case,
        the_common_name_counts_only_without_a_subject_alt_name,
        host_names_have_labels_of_letters_digits_and_hyphens,
        host_names_have_at_most_253_bytes,
        texts_of_names_are_printable_whatever_the_name_holds,
        a_name_too_long_for_its_text_is_cut_visibly,
        intermediates_of_any_kind_are_passed_on,
        certificates_with_keys_that_we_cannot_use_are_refused_by_their_name,
        a_file_that_is_no_certificate_is_refused_in_words,
        a_key_or_another_block_beside_the_certificates_is_passed_over,
        a_chain_has_at_most_ten_certificates,
        a_chain_has_at_most_48_kilobytes,
        damage_anywhere_in_a_certificate_is_survived,
        an_extension_stands_once,
        both_signature_algorithms_are_the_same,
        only_the_boolean_of_basic_constraints_makes_a_ca,
    };
    return crypto_start() ? check_run("certificate", tests, ARRAY_LEN(tests)) : 1;
}
