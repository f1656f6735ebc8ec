/* ja4.h against the example of its authors, and rule by rule. */
#include "tls/ja4.h"

#include "support/check_run.h"
#include "support/code_lists.h"
#include "tls/iana.h"

static struct list suites, schemes, versions, extensions;
static char text[JA4_LEN + 1];

/* Extensions are read for their types alone. */
static struct bytes extensions_of(const char *types)
{
    struct writer w = writer_of(extensions.bytes, sizeof extensions.bytes);

    for (char *end; *types; types = end) {
        write_u16(&w, (uint16_t)strtoul(types, &end, 16));
        write_u16(&w, 0);
    }
    ck_assert(writer_ok(&w));
    return writer_view(&w);
}

#define EXAMPLE_SUITES "1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035"
#define EXAMPLE_EXTENSIONS "001b 0000 0033 0010 4469 0017 002d 000d 0005 0023 0012 002b ff01 000b 000a 0015"
#define EXAMPLE_SCHEMES "0403 0804 0401 0503 0805 0501 0806 0601"

static struct client_hello example(void)
{
    return (struct client_hello){
        .legacy_version = TLS_1_2,
        .cipher_suites = list_of(&suites, EXAMPLE_SUITES),
        .extensions = extensions_of(EXAMPLE_EXTENSIONS),
        .signature_algorithms = list_of(&schemes, EXAMPLE_SCHEMES),
        .supported_versions = list_of(&versions, "0304 0303"),
        .server_name = BYTES_OF_LITERAL("app.example"),
        .alpn = BYTES_OF_LITERAL("\2h2\10http/1.1"),
    };
}

static const char *ja4_of(struct client_hello ch)
{
    ck_assert(ja4_write(&ch, text));
    return text;
}

START_TEST(the_published_example_has_the_published_fingerprint)
{
    ck_assert_str_eq(ja4_of(example()), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}
END_TEST

START_TEST(grease_and_order_of_suites_and_extensions_change_nothing)
{
    struct client_hello ch = example();

    ch.cipher_suites =
        list_of(&suites, "2a2a 0035 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f");
    ch.extensions = extensions_of("1a1a " EXAMPLE_EXTENSIONS " fafa");
    ch.supported_versions = list_of(&versions, "aaaa 0303 0304");
    ck_assert_str_eq(ja4_of(ch), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}
END_TEST

START_TEST(the_order_of_signature_algorithms_changes_the_last_part)
{
    struct client_hello ch = example();

    ch.signature_algorithms = list_of(&schemes, "0804 0403 0401 0503 0805 0501 0806 0601");
    ck_assert_int_eq(strncmp(ja4_of(ch), "t13d1516h2_8daaf6152771_", 24), 0);
    ck_assert_str_ne(text, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}
END_TEST

START_TEST(without_signature_algorithms_nothing_stands_behind_the_extensions)
{
    /* printf 0005,000a | sha256sum, printf 002f | sha256sum */
    struct client_hello ch = {
        .legacy_version = TLS_1_2, .cipher_suites = list_of(&suites, "002f"), .extensions = extensions_of("000a 0005")};

    ck_assert_str_eq(ja4_of(ch), "t12i010200_ba72b8082249_ecbe99380d04");
}
END_TEST

START_TEST(without_extensions_and_without_suites_the_parts_are_zeros)
{
    struct client_hello ch = {.legacy_version = TLS_1_2, .cipher_suites = list_of(&suites, "0a0a")};

    ck_assert_str_eq(ja4_of(ch), "t12i000000_000000000000_000000000000");
}
END_TEST

START_TEST(the_version_is_the_highest_offered_and_else_that_of_the_hello)
{
    static const struct {
        uint16_t legacy;
        const char *supported, *expected;
    } cases[] = {{TLS_1_2, "0303 0304", "13"}, {TLS_1_2, "0302 0301", "11"}, {TLS_1_2, NULL, "12"},
                 {TLS_1_1, NULL, "11"},        {TLS_1_0, NULL, "10"},        {0x0300, NULL, "s3"},
                 {0x0002, NULL, "s2"},         {0x7f00, NULL, "00"},         {TLS_1_2, "3a3a", "00"}};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client_hello ch = example();

        ch.legacy_version = cases[i].legacy;
        ch.supported_versions = list_of(&versions, cases[i].supported);
        ck_assert_int_eq(strncmp(ja4_of(ch) + 1, cases[i].expected, 2), 0);
    }
}
END_TEST

START_TEST(the_protocol_is_two_characters_of_the_first_name)
{
    static const struct {
        struct bytes alpn;
        const char *expected;
    } cases[] = {
        {BYTES_OF_LITERAL("\10http/1.1\2h2"), "h1"}, {BYTES_OF_LITERAL("\1x"), "xx"},     {{NULL, 0}, "00"},
        {BYTES_OF_LITERAL("\2\xab\xcd"), "ad"},      {BYTES_OF_LITERAL("\2h\x12"), "62"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct client_hello ch = example();

        ch.alpn = cases[i].alpn;
        ck_assert_int_eq(strncmp(ja4_of(ch) + 8, cases[i].expected, 2), 0);
    }
}
END_TEST

START_TEST(more_than_99_of_something_count_as_99)
{
    static uint8_t many[400];
    struct client_hello ch = example();

    for (size_t i = 0; i < sizeof many; i += 2)
        many[i + 1] = (uint8_t)(i / 2);
    ch.cipher_suites = BYTES_OF_ARRAY(many);
    ck_assert_int_eq(strncmp(ja4_of(ch), "t13d9916h2_", 11), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_published_example_has_the_published_fingerprint,
        grease_and_order_of_suites_and_extensions_change_nothing,
        the_order_of_signature_algorithms_changes_the_last_part,
        without_signature_algorithms_nothing_stands_behind_the_extensions,
        without_extensions_and_without_suites_the_parts_are_zeros,
        the_version_is_the_highest_offered_and_else_that_of_the_hello,
        the_protocol_is_two_characters_of_the_first_name,
        more_than_99_of_something_count_as_99,
    };
    return check_run("ja4", tests, ARRAY_LEN(tests));
}
