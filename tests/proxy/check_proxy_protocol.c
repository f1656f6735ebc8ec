/*
 * The PROXY header, byte for byte (HAProxy's proxy-protocol.txt, sections 2.1 and 2.2).
 */
#include "proxy/proxy_protocol.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "crypto/client_trust.h"
#include "support/check_run.h"
#include "tls/iana.h"

static uint8_t space[MAX_PROXY_HEADER_LEN];

static struct socket_address v4(const char *host, uint16_t port)
{
    struct socket_address address = {.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};

    ck_assert_int_eq(inet_pton(AF_INET, host, &address.v4.sin_addr), 1);
    return address;
}

static struct socket_address v6(const char *host, uint16_t port)
{
    struct socket_address address = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};

    ck_assert_int_eq(inet_pton(AF_INET6, host, &address.v6.sin6_addr), 1);
    return address;
}

static void expect_v1(const struct proxy_protocol_facts *facts, const char *line)
{
    struct writer w = writer_of(space, sizeof space);

    proxy_protocol_write_v1(facts, &w);
    ck_assert(writer_ok(&w));
    ck_assert_uint_eq(writer_view(&w).len, strlen(line));
    ck_assert_mem_eq(space, line, strlen(line));
}

START_TEST(version_1_is_the_line_of_the_specification)
{
    struct socket_address client = v4("192.0.2.1", 56324), server = v4("198.51.100.7", 443);
    struct proxy_protocol_facts facts = {&client.any, &server.any, NULL};

    expect_v1(&facts, "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");
    client = v6("2001:db8::1", 1);
    server = v6("2001:db8:0:1::2", 65535);
    expect_v1(&facts, "PROXY TCP6 2001:db8::1 2001:db8:0:1::2 1 65535\r\n");
}
END_TEST

/* "The maximum line lengths ... worst case: 107 chars". */
START_TEST(the_longest_line_of_version_1_is_whole)
{
    static const char longest[] = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    struct socket_address client = v6(longest, 65535), server = v6(longest, 65535);
    struct proxy_protocol_facts facts = {&client.any, &server.any, NULL};
    char line[128];

    snprintf(line, sizeof line, "PROXY TCP6 %s %s 65535 65535\r\n", longest, longest);
    expect_v1(&facts, line);
}
END_TEST

START_TEST(version_1_is_unknown_for_all_but_two_ips_of_one_family)
{
    struct socket_address a = v4("192.0.2.1", 1), b = v6("2001:db8::1", 1);
    struct socket_address un = {.un = {.sun_family = AF_UNIX, .sun_path = "/run/s"}};
    const struct proxy_protocol_facts unknown[] = {
        {&a.any, &b.any, NULL}, {NULL, &a.any, NULL}, {&a.any, NULL, NULL}, {&un.any, &un.any, NULL}};

    for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
        expect_v1(&unknown[i], "PROXY UNKNOWN\r\n");
}
END_TEST

/* ---- version 2 */

/* RFC 3720 B.4's CRC32C by its table, so as not to repeat the code under test. */
static uint32_t crc32c_by_table(const uint8_t *at, size_t len)
{
    uint32_t table[256], crc = 0xffffffff;

    for (uint32_t i = 0; i < 256; i++) {
        table[i] = i;
        for (int bit = 0; bit < 8; bit++)
            table[i] = table[i] & 1 ? table[i] >> 1 ^ 0x82f63b78 : table[i] >> 1;
    }
    for (size_t i = 0; i < len; i++)
        crc = table[(crc ^ at[i]) & 0xff] ^ crc >> 8;
    return ~crc;
}

/* Takes the checksum out of the header, after checking it. */
static size_t checked_v2(const struct proxy_protocol_facts *facts)
{
    struct writer w = writer_of(space, sizeof space);
    uint32_t crc;
    size_t len;

    proxy_protocol_write_v2(facts, &w);
    ck_assert(writer_ok(&w));
    len = writer_view(&w).len;
    ck_assert_mem_eq(space + len - 7, "\x03\x00\x04", 3); /* PP2_TYPE_CRC32C */
    crc = (uint32_t)space[len - 4] << 24 | (uint32_t)space[len - 3] << 16 | (uint32_t)space[len - 2] << 8 |
          space[len - 1];
    memset(space + len - 4, 0, 4);
    ck_assert_uint_eq(crc, crc32c_by_table(space, len));
    ck_assert_uint_eq((size_t)(space[14] << 8 | space[15]), len - 16);
    return len;
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define CRC_TLV "\x03\x00\x04\0\0\0\0"

static void expect_v2(const struct proxy_protocol_facts *facts, const void *header, size_t len)
{
    ck_assert_uint_eq(checked_v2(facts), len);
    ck_assert_mem_eq(space, header, len);
}

/* RFC 3720 B.4 and the check value of the CRC catalogues. */
START_TEST(the_table_of_this_test_has_the_published_check_value)
{
    ck_assert_uint_eq(crc32c_by_table((const uint8_t *)"123456789", 9), 0xe3069283);
}
END_TEST

START_TEST(version_2_carries_addresses_and_what_was_agreed)
{
    static const struct tls_suite suite = {
        0x1301, "TLS_AES_128_GCM_SHA256", TLS_1_3, AEAD_AES_128_GCM, HASH_SHA256, EXCHANGE_ANY};
    static const struct tls_group group = {0x001d, "x25519", KEY_EXCHANGE_X25519, false};
    static const struct tls_signature_scheme scheme = {0x0403, "ecdsa_secp256r1_sha256", SIGNATURE_ECDSA_P256_SHA256,
                                                       SIGNATURE_ECDSA_SHA256};
    const struct tls_outcome outcome = {.version = TLS_1_3,
                                        .suite = &suite,
                                        .group = &group,
                                        .scheme = &scheme,
                                        .sni = BYTES_OF_LITERAL("a.example"),
                                        .alpn = BYTES_OF_LITERAL("h2")};
    static const char header[] = SIGNATURE "\x21\x11\x00\x71"
                                           "\xc0\x00\x02\x01\xc6\x33\x64\x07\xdc\x04\x01\xbb"
                                           "\x01\x00\x02h2"
                                           "\x02\x00\x09"
                                           "a.example"
                                           "\x20\x00\x4a\x01\x00\x00\x00\x01"
                                           "\x21\x00\x07TLSv1.3"
                                           "\x23\x00\x16TLS_AES_128_GCM_SHA256"
                                           "\x26\x00\x06x25519"
                                           "\x27\x00\x16"
                                           "ecdsa_secp256r1_sha256" CRC_TLV;
    struct socket_address client = v4("192.0.2.1", 56324), server = v4("198.51.100.7", 443);
    const struct proxy_protocol_facts facts = {&client.any, &server.any, &outcome};

    expect_v2(&facts, header, sizeof header - 1);
}
END_TEST

/* What the header of a client with `outcome` says in PP2_TYPE_SSL; there is no other TLV but the checksum. */
static void expect_ssl(const struct tls_outcome *outcome, const void *ssl, size_t ssl_len)
{
    struct socket_address client = v4("192.0.2.1", 56324), server = v4("198.51.100.7", 443);
    const struct proxy_protocol_facts facts = {&client.any, &server.any, outcome};
    size_t len = checked_v2(&facts);

    ck_assert_uint_eq(len, 16 + 12 + 3 + ssl_len + 7);
    ck_assert_uint_eq(space[28], 0x20);
    ck_assert_uint_eq((size_t)(space[29] << 8 | space[30]), ssl_len);
    ck_assert_mem_eq(space + 31, ssl, ssl_len);
}

#define EXPECT_SSL(outcome, literal) expect_ssl(outcome, literal, sizeof(literal) - 1)

/*
 * Section 2.2.6: verify is zero only when a certificate was presented and verified; PP2_CLIENT_CERT_CONN (2) is for
 * this connection, PP2_CLIENT_CERT_SESS (4) also for the one that a resumed session goes back to.
 */
START_TEST(version_2_tells_who_the_client_proved_to_be)
{
    const struct client_identity alice = {.subject = "CN=alice,O=Example", .common_name = "alice"};
    struct tls_outcome outcome = {.version = TLS_1_3};

    EXPECT_SSL(&outcome, "\x01\x00\x00\x00\x01\x21\x00\x07TLSv1.3");
    outcome.client = &alice;
    EXPECT_SSL(&outcome, "\x07\x00\x00\x00\x00\x21\x00\x07TLSv1.3\x22\x00\x05"
                         "alice");
    outcome.is_resumed = true;
    EXPECT_SSL(&outcome, "\x05\x00\x00\x00\x00\x21\x00\x07TLSv1.3\x22\x00\x05"
                         "alice");
}
END_TEST

/* A subject may do without a CN: that is no CN, not an empty one. */
START_TEST(version_2_of_a_client_without_a_common_name_has_no_cn)
{
    const struct client_identity nameless = {.subject = "O=Example"};
    const struct tls_outcome outcome = {.version = TLS_1_2, .client = &nameless};

    EXPECT_SSL(&outcome, "\x07\x00\x00\x00\x00\x21\x00\x07TLSv1.2");
}
END_TEST

START_TEST(version_2_carries_ipv6)
{
    static const char header[] = SIGNATURE "\x21\x21\x00\x2b"
                                           "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
                                           "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
                                           "\x00\x01\x01\xbb" CRC_TLV;
    struct socket_address client = v6("2001:db8::1", 1), server = v6("2001:db8::2", 443);
    const struct proxy_protocol_facts facts = {&client.any, &server.any, NULL};

    expect_v2(&facts, header, sizeof header - 1);
}
END_TEST

START_TEST(version_2_of_our_own_connections_is_local_and_says_nothing_else)
{
    static const char header[] = SIGNATURE "\x20\x00\x00\x07" CRC_TLV;
    const struct tls_outcome outcome = {.sni = BYTES_OF_LITERAL("a.example")};
    const struct proxy_protocol_facts facts = {NULL, NULL, &outcome};

    expect_v2(&facts, header, sizeof header - 1);
}
END_TEST

START_TEST(version_2_over_a_unix_socket_names_the_socket)
{
    struct socket_address client = {.un = {.sun_family = AF_UNIX}},
                          server = {.un = {.sun_family = AF_UNIX, .sun_path = "/run/s"}};
    const struct proxy_protocol_facts facts = {&client.any, &server.any, NULL};
    uint8_t header[16 + 216 + 7] = SIGNATURE "\x21\x31\x00\xdf";

    memcpy(header + 16 + 108, "/run/s", 6);
    memcpy(header + 16 + 216, CRC_TLV, 7);
    expect_v2(&facts, header, sizeof header);
}
END_TEST

/* Names of 255 bytes, the longest common name: MAX_PROXY_HEADER_LEN holds them. */
START_TEST(the_longest_header_fits_and_one_that_does_not_is_never_cut)
{
    uint8_t name[255];
    struct client_identity somebody = {0};
    const struct tls_outcome outcome = {.version = TLS_1_3,
                                        .client = &somebody,
                                        .sni = bytes_of(name, sizeof name),
                                        .alpn = bytes_of(name, sizeof name)};
    struct socket_address un = {.un = {.sun_family = AF_UNIX, .sun_path = "/run/s"}};
    const struct proxy_protocol_facts facts = {&un.any, &un.any, &outcome};
    size_t len;

    memset(name, 'n', sizeof name);
    memset(somebody.common_name, 'c', sizeof somebody.common_name - 1);
    len = checked_v2(&facts);
    ck_assert_uint_le(len + 3 + 128, MAX_PROXY_HEADER_LEN); /* room for a suite, group and scheme */
    for (size_t capacity = 0; capacity < len; capacity++) {
        struct writer w = writer_of(space, capacity);
        proxy_protocol_write_v2(&facts, &w);
        ck_assert(!writer_ok(&w));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        version_1_is_the_line_of_the_specification,
        the_longest_line_of_version_1_is_whole,
        version_1_is_unknown_for_all_but_two_ips_of_one_family,
        the_table_of_this_test_has_the_published_check_value,
        version_2_carries_addresses_and_what_was_agreed,
        version_2_tells_who_the_client_proved_to_be,
        version_2_of_a_client_without_a_common_name_has_no_cn,
        version_2_carries_ipv6,
        version_2_of_our_own_connections_is_local_and_says_nothing_else,
        version_2_over_a_unix_socket_names_the_socket,
        the_longest_header_fits_and_one_that_does_not_is_never_cut,
    };
    return check_run("proxy_protocol", tests, ARRAY_LEN(tests));
}
