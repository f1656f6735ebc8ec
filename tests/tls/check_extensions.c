/* The extensions of a ClientHello: the syntax of each, good and bad, and the table of RFC 8446 4.2. */
#include "tls/extensions.h"

#include "base/alloc.h"
#include "base/writer.h"
#include "support/check_run.h"
#include "support/trace.h"
#include "tls/iana.h"

static struct client_hello ch;
static enum why why;

/* Parses a copy that ends where the bytes do, so that AddressSanitizer sees a read behind them. */
static bool parse_block(struct bytes block)
{
    static uint8_t *copy;

    memory_free(copy);
    copy = memory_new(block.len + !block.len);
    ck_assert_ptr_nonnull(copy);
    if (block.len)
        memcpy(copy, block.at, block.len);
    ch = (struct client_hello){0};
    why = WHY_NONE;
    return extensions_parse(bytes_of(copy, block.len), &ch, &why);
}

static uint8_t storage[70000];

static void write_extension(struct writer *w, uint16_t type, struct bytes data)
{
    struct vector_mark mark;

    write_u16(w, type);
    mark = write_vec16_begin(w);
    write_bytes(w, data);
    write_vec_end(w, mark);
    ck_assert(writer_ok(w));
}

static bool parse_one(uint16_t type, struct bytes data)
{
    struct writer w = writer_of(storage, sizeof storage);

    write_extension(&w, type, data);
    return parse_block(writer_view(&w));
}

static void is_refused(uint16_t type, struct bytes data, enum why expected, const char *what)
{
    ck_assert_msg(!parse_one(type, data), "%u: %s passes", type, what);
    ck_assert_msg(why == expected, "%u: %s is %s, not %s", type, what, why_name(why), why_name(expected));
}

#define BINDER_32 "20000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BINDER_33 "21ff000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BINDER_31 "1f0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

struct row {
    uint16_t type;
    const char *data;
};

/* Each is whole: no beginning of it and nothing longer is right as well, which the tests below use. */
static const struct row good[] = {
    {EXTENSION_SERVER_NAME, "0009"
                            "00"
                            "0006736572766572"},
    {EXTENSION_SERVER_NAME, "0004"
                            "00"
                            "000161"},
    {EXTENSION_SUPPORTED_GROUPS, "0002"
                                 "001d"},
    {EXTENSION_SUPPORTED_GROUPS, "0006"
                                 "001d00170018"},
    {EXTENSION_SUPPORTED_GROUPS, "0004"
                                 "001d001d"},
    {EXTENSION_SIGNATURE_ALGORITHMS_CERT, "00020403"},
    {EXTENSION_SIGNATURE_ALGORITHMS, "0002"
                                     "0403"},
    {EXTENSION_SIGNATURE_ALGORITHMS, "0004"
                                     "04030804"},
    {EXTENSION_ALPN, "0002"
                     "0161"},
    {EXTENSION_ALPN, "000c"
                     "02683208687474702f312e31"},
    {EXTENSION_PRE_SHARED_KEY, "0007"
                               "000161"
                               "00000000"
                               "0021" BINDER_32},
    {EXTENSION_PRE_SHARED_KEY, "0007"
                               "000161"
                               "00000000"
                               "0020" BINDER_31}, /* its length is looked at with the binder */
    {EXTENSION_CERTIFICATE_AUTHORITIES, "0003"
                                        "000130"},
    {EXTENSION_PRE_SHARED_KEY, "000f"
                               "000161"
                               "00000000"
                               "00026162"
                               "ffffffff"
                               "0043" BINDER_32 BINDER_33},
    {EXTENSION_EARLY_DATA, ""},
    {EXTENSION_EXTENDED_MASTER_SECRET, ""},
    {EXTENSION_MAX_FRAGMENT_LENGTH, "01"},
    {EXTENSION_MAX_FRAGMENT_LENGTH, "04"},
    {EXTENSION_STATUS_REQUEST, "01"
                               "0000"
                               "0000"},
    {EXTENSION_STATUS_REQUEST, "01"
                               "0003000161"
                               "000162"},
    {EXTENSION_EC_POINT_FORMATS, "01"
                                 "00"},
    {EXTENSION_EC_POINT_FORMATS, "03"
                                 "000102"},
    {EXTENSION_COMPRESS_CERTIFICATE, "02"
                                     "0002"},
    {EXTENSION_COMPRESS_CERTIFICATE, "06"
                                     "000200010003"},
    {EXTENSION_RECORD_SIZE_LIMIT, "0040"},
    {EXTENSION_RECORD_SIZE_LIMIT, "4001"},
    {EXTENSION_RENEGOTIATION_INFO, "00"},
    {EXTENSION_RENEGOTIATION_INFO, "0c"
                                   "000102030405060708090a0b"},
    {EXTENSION_SUPPORTED_VERSIONS, "02"
                                   "0304"},
    {EXTENSION_SUPPORTED_VERSIONS, "06"
                                   "fafa03040303"},
    {EXTENSION_COOKIE, "0001"
                       "00"},
    {EXTENSION_COOKIE, "0003"
                       "796d6d"},
    {EXTENSION_PSK_KEY_EXCHANGE_MODES, "01"
                                       "01"},
    {EXTENSION_PSK_KEY_EXCHANGE_MODES, "03"
                                       "010002"},
    {EXTENSION_KEY_SHARE, "0000"},
    {EXTENSION_KEY_SHARE, "0005"
                          "001d000161"},
    {EXTENSION_KEY_SHARE, "000b"
                          "fafa000100"
                          "001700020102"},
};

START_TEST(the_syntax_of_every_extension_is_taken)
{
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        ck_assert_msg(parse_one(good[i].type, hex(good[i].data)), "%u: %s is %s", good[i].type, good[i].data,
                      why_name(why));
}
END_TEST

START_TEST(an_extension_cut_anywhere_is_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct bytes data = hex(good[i].data);
        for (size_t len = 0; len < data.len; len++)
            is_refused(good[i].type, bytes_of(data.at, len), WHY_EXTENSION_MALFORMED, good[i].data);
    }
}
END_TEST

START_TEST(an_extension_with_a_byte_more_is_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct bytes data = hex(good[i].data);
        uint8_t longer[256] = {0};

        memcpy(longer, data.at, data.len);
        is_refused(good[i].type, bytes_of(longer, data.len + 1), WHY_EXTENSION_MALFORMED, good[i].data);
    }
}
END_TEST

static const struct row bad[] = {
    /* RFC 6066 3 MUST: not more than one name of the same type, and host_name (0) is the only type. */
    {EXTENSION_SERVER_NAME, "0000"},
    {EXTENSION_SERVER_NAME, "0003"
                            "00"
                            "0000"},
    {EXTENSION_SERVER_NAME, "0004"
                            "01"
                            "000161"},
    {EXTENSION_SERVER_NAME, "0008"
                            "00000161"
                            "00000162"},
    {EXTENSION_SERVER_NAME, "0004"
                            "00"
                            "000261"},
    {EXTENSION_SERVER_NAME, "0005"
                            "00"
                            "000161"
                            "00"},
    {EXTENSION_SUPPORTED_GROUPS, "0000"},
    {EXTENSION_SUPPORTED_GROUPS, "0001"
                                 "00"},
    {EXTENSION_SUPPORTED_GROUPS, "0003"
                                 "001d00"},
    {EXTENSION_SUPPORTED_GROUPS, "0004"
                                 "001d"},
    {EXTENSION_SUPPORTED_GROUPS, "0002"
                                 "001d0017"},
    {EXTENSION_SIGNATURE_ALGORITHMS, "0000"},
    {EXTENSION_SIGNATURE_ALGORITHMS_CERT, "0000"}, /* RFC 8446 4.2.3: supported_signature_algorithms<2..2^16-2> */
    {EXTENSION_SIGNATURE_ALGORITHMS_CERT, "0003040305"},
    {EXTENSION_SIGNATURE_ALGORITHMS, "0003"
                                     "040300"},
    {EXTENSION_SIGNATURE_ALGORITHMS, "0004"
                                     "0403"},
    {EXTENSION_SIGNATURE_ALGORITHMS, "0002"
                                     "04030804"},
    /* RFC 7301 3.1: empty strings MUST NOT be included. */
    {EXTENSION_ALPN, "0000"},
    {EXTENSION_ALPN, "0001"
                     "00"},
    {EXTENSION_ALPN, "0002"
                     "0000"},
    {EXTENSION_ALPN, "0003"
                     "016100"},
    {EXTENSION_ALPN, "0003"
                     "026832"
                     "00"},
    {EXTENSION_ALPN, "0003"
                     "036832"},
    {EXTENSION_ALPN, "0003"
                     "016102"},
    {EXTENSION_PRE_SHARED_KEY, "0000"
                               "0021" BINDER_32},
    {EXTENSION_PRE_SHARED_KEY, "0006"
                               "0000"
                               "00000000"
                               "0021" BINDER_32},
    {EXTENSION_PRE_SHARED_KEY, "0008"
                               "0000"
                               "000000000000"
                               "0021" BINDER_32},
    {EXTENSION_PRE_SHARED_KEY, "0007"
                               "000261"
                               "00000000"
                               "0021" BINDER_32},
    {EXTENSION_PRE_SHARED_KEY, "0007"
                               "000161"
                               "00000000"
                               "0000"},
    {EXTENSION_CERTIFICATE_AUTHORITIES, "0000"}, /* RFC 8446 4.2.4: authorities<3..2^16-1> */
    {EXTENSION_CERTIFICATE_AUTHORITIES, "0002"
                                        "0000"},
    {EXTENSION_PRE_SHARED_KEY, "0007"
                               "000161"
                               "00000000"
                               "0022" BINDER_32 "00"},
    {EXTENSION_PRE_SHARED_KEY, "000d"
                               "000000000000"
                               "00016100000000"
                               "0042" BINDER_32 BINDER_32}, /* one empty */
    {EXTENSION_EARLY_DATA, "00000000"},                     /* the form it has in a NewSessionTicket */
    {EXTENSION_SUPPORTED_VERSIONS, "00"},
    {EXTENSION_SUPPORTED_VERSIONS, "01"
                                   "03"},
    {EXTENSION_SUPPORTED_VERSIONS, "03"
                                   "030403"},
    {EXTENSION_SUPPORTED_VERSIONS, "0304"}, /* the form it has in a ServerHello */
    {EXTENSION_COOKIE, "0000"},
    {EXTENSION_COOKIE, "0002"
                       "79"},
    {EXTENSION_PSK_KEY_EXCHANGE_MODES, "00"},
    {EXTENSION_PSK_KEY_EXCHANGE_MODES, "02"
                                       "01"},
    {EXTENSION_KEY_SHARE, "001d"},       /* the form it has in a HelloRetryRequest */
    {EXTENSION_KEY_SHARE, "001d000161"}, /* and in a ServerHello */
    {EXTENSION_KEY_SHARE, "0004"
                          "001d0000"},
    {EXTENSION_KEY_SHARE, "0003"
                          "001d00"},
    {EXTENSION_KEY_SHARE, "0005"
                          "001d000261"},
    {EXTENSION_KEY_SHARE, "0006"
                          "001d000161"
                          "00"},
};

START_TEST(what_breaks_the_syntax_is_a_decode_error)
{
    ck_assert_uint_eq(why_alert(WHY_EXTENSION_MALFORMED), ALERT_DECODE_ERROR);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        is_refused(bad[i].type, hex(bad[i].data), WHY_EXTENSION_MALFORMED, bad[i].data);
}
END_TEST

/* RFC 8446 4.2.11: each entry in the binders list corresponds to the one of the same place among the identities. */
START_TEST(unequal_numbers_of_identities_and_binders_are_refused)
{
    static const char *const unequal[] = {
        "0007"
        "000161"
        "00000000"
        "0042" BINDER_32 BINDER_32,
        "000e"
        "00016100000000"
        "00016200000000"
        "0021" BINDER_32,
    };

    for (size_t i = 0; i < ARRAY_LEN(unequal); i++)
        is_refused(EXTENSION_PRE_SHARED_KEY, hex(unequal[i]), WHY_PSK_MALFORMED, unequal[i]);
}
END_TEST

START_TEST(lists_may_be_as_long_as_an_extension)
{
    static uint8_t data[65535];
    struct writer w = writer_of(data, sizeof data);

    write_u16(&w, 65532);
    ck_assert(parse_one(EXTENSION_SUPPORTED_GROUPS, bytes_of(data, 65534)));
    ck_assert_uint_eq(ch.supported_groups.len, 65532);
    data[0] = 254;
    ck_assert(parse_one(EXTENSION_SUPPORTED_VERSIONS, bytes_of(data, 255)));
    ck_assert_uint_eq(ch.supported_versions.len, 254);
    data[0] = 255;
    is_refused(EXTENSION_SUPPORTED_VERSIONS, bytes_of(data, 256), WHY_EXTENSION_MALFORMED, "255 bytes of versions");
}
END_TEST

START_TEST(what_was_read_is_where_it_should_be)
{
    struct writer w = writer_of(storage, sizeof storage);

    write_extension(&w, EXTENSION_SUPPORTED_VERSIONS, hex("020304"));
    write_extension(&w, EXTENSION_SUPPORTED_GROUPS, hex("0002001d"));
    write_extension(&w, EXTENSION_SIGNATURE_ALGORITHMS, hex("00020403"));
    write_extension(&w, EXTENSION_KEY_SHARE, hex("0005001d000161"));
    write_extension(&w, EXTENSION_SERVER_NAME, hex("000400000162"));
    write_extension(&w, EXTENSION_ALPN, hex("00020163"));
    write_extension(&w, EXTENSION_PSK_KEY_EXCHANGE_MODES, hex("0101"));
    write_extension(&w, EXTENSION_EARLY_DATA, hex(""));
    write_extension(&w, EXTENSION_PRE_SHARED_KEY,
                    hex("00070001610000000000"
                        "21" BINDER_32));
    ck_assert(parse_block(writer_view(&w)));
    assert_same(ch.supported_versions, hex("0304"), "supported_versions");
    assert_same(ch.supported_groups, hex("001d"), "supported_groups");
    assert_same(ch.signature_algorithms, hex("0403"), "signature_algorithms");
    assert_same(ch.key_shares, hex("001d000161"), "key_shares");
    assert_same(ch.server_name, BYTES_OF_LITERAL("b"), "server_name");
    assert_same(ch.alpn, hex("0163"), "alpn");
    assert_same(ch.psk_modes, hex("01"), "psk_modes");
    assert_same(ch.psk_identities, hex("00016100000000"), "psk_identities");
    assert_same(ch.psk_binders, hex(BINDER_32), "psk_binders");
    ck_assert(ch.has_early_data);
    ck_assert(ch.is_psk_last);
}
END_TEST

/* ---- server_name */

static bool parse_name(struct bytes name)
{
    static uint8_t data[70000];
    struct writer w = writer_of(data, sizeof data);
    struct vector_mark list = write_vec16_begin(&w), mark;

    write_u8(&w, 0);
    mark = write_vec16_begin(&w);
    write_bytes(&w, name);
    write_vec_end(&w, mark);
    write_vec_end(&w, list);
    ck_assert(writer_ok(&w));
    return parse_one(EXTENSION_SERVER_NAME, writer_view(&w));
}

START_TEST(host_names_are_taken_as_they_come)
{
    /* Labels are not judged: a name nobody has a certificate for does no harm, and odd ones are in use. Clients send
     * IPv4 addresses though RFC 6066 3 forbids it; they are letters, digits and dots as well. */
    static const char *const names[] = {
        "a", "A.Example", "a-b.c_d.example", "xn--bcher-kva.example", "127.0.0.1", "-a-.example", "a..b", "1"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        ck_assert_msg(parse_name(bytes_of_string(names[i])), "%s", names[i]);
        ck_assert(bytes_equal(ch.server_name, bytes_of_string(names[i])));
    }
}
END_TEST

START_TEST(what_is_no_host_name_is_refused)
{
    static const char *const names[] = {".",   ".a",        "a.",  "a.example.", "..",  "::1",  "[::1]",
                                        "a b", "*.example", "a/b", "a:443",      "a\n", "a%41", "\303\274ber.example"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        ck_assert_msg(!parse_name(bytes_of_string(names[i])), "%s", names[i]);
        ck_assert_msg(why == WHY_SNI_INVALID, "%s is %s", names[i], why_name(why));
    }
    ck_assert(!parse_name(BYTES_OF_LITERAL("a.example\0.evil"))); /* what ends a C string ends no name */
    ck_assert_int_eq(why, WHY_SNI_INVALID);
}
END_TEST

START_TEST(of_all_bytes_only_letters_digits_hyphen_underscore_and_dot_make_a_name)
{
    for (unsigned c = 0; c < 256; c++) {
        uint8_t name[] = {'a', (uint8_t)c, 'b'};
        bool expected = c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", (int)c);

        ck_assert_msg(parse_name(BYTES_OF_ARRAY(name)) == expected, "%02x", c);
    }
}
END_TEST

START_TEST(a_name_has_253_bytes_at_most)
{
    static uint8_t name[65000];

    memset(name, 'a', sizeof name);
    ck_assert(parse_name(bytes_of(name, 253)));
    ck_assert(!parse_name(bytes_of(name, 254)));
    ck_assert_int_eq(why, WHY_SNI_INVALID);
    ck_assert(!parse_name(bytes_of(name, sizeof name)));
}
END_TEST

/* ---- the block */

/* RFC 8446 4.2 MUST: an extension that is known but not specified for this message is illegal_parameter. */
START_TEST(an_extension_of_another_message_is_refused)
{
    is_refused(EXTENSION_OID_FILTERS, hex("0000"), WHY_EXTENSION_MISPLACED, "oid_filters");
    ck_assert_uint_eq(why_alert(why), ALERT_ILLEGAL_PARAMETER);
}
END_TEST

/* RFC 8446 4.1.2 MUST: servers ignore unrecognized extensions. */
START_TEST(unknown_extensions_are_passed_over_whatever_they_hold)
{
    static const uint16_t ours[] = {EXTENSION_SERVER_NAME,
                                    EXTENSION_SUPPORTED_GROUPS,
                                    EXTENSION_SIGNATURE_ALGORITHMS,
                                    EXTENSION_SIGNATURE_ALGORITHMS_CERT,
                                    EXTENSION_ALPN,
                                    EXTENSION_PRE_SHARED_KEY,
                                    EXTENSION_EARLY_DATA,
                                    EXTENSION_SUPPORTED_VERSIONS,
                                    EXTENSION_COOKIE,
                                    EXTENSION_PSK_KEY_EXCHANGE_MODES,
                                    EXTENSION_KEY_SHARE,
                                    EXTENSION_MAX_FRAGMENT_LENGTH,
                                    EXTENSION_EC_POINT_FORMATS,
                                    EXTENSION_EXTENDED_MASTER_SECRET,
                                    EXTENSION_COMPRESS_CERTIFICATE,
                                    EXTENSION_RECORD_SIZE_LIMIT,
                                    EXTENSION_RENEGOTIATION_INFO,
                                    EXTENSION_CERTIFICATE_AUTHORITIES,
                                    EXTENSION_OID_FILTERS};

    for (unsigned code = 0; code <= UINT16_MAX; code += code < 1024 ? 1 : 31) {
        bool is_ours = false;

        for (size_t i = 0; i < ARRAY_LEN(ours); i++)
            is_ours = is_ours || ours[i] == code;
        /* five bytes that are right for none of ours */
        ck_assert_msg(parse_one((uint16_t)code, hex("ffffffffff")) == !is_ours, "%u", code);
    }
}
END_TEST

/* RFC 8446 4.2 MUST: not more than one extension of the same type, known or not. */
START_TEST(an_extension_that_is_there_twice_is_refused)
{
    for (unsigned code = 0; code <= UINT16_MAX; code += code < 64 ? 1 : 997) {
        struct bytes data = hex("ffff");
        struct writer w = writer_of(storage, sizeof storage);

        for (size_t i = 0; i < ARRAY_LEN(good); i++)
            if (good[i].type == code)
                data = hex(good[i].data);
        if (code == EXTENSION_OID_FILTERS)
            continue; /* refused the first time */
        write_extension(&w, (uint16_t)code, data);
        write_extension(&w, 0xfafa, hex("00"));
        ck_assert_msg(parse_block(writer_view(&w)), "%u", code);
        write_extension(&w, (uint16_t)code, data);
        ck_assert_msg(!parse_block(writer_view(&w)), "%u", code);
        ck_assert_int_eq(why, WHY_EXTENSION_DUPLICATE);
    }
    ck_assert_uint_eq(why_alert(WHY_EXTENSION_DUPLICATE), ALERT_ILLEGAL_PARAMETER);
}
END_TEST

START_TEST(thousands_of_extensions_cost_no_more_than_their_bytes)
{
    struct writer w = writer_of(storage, 65532);

    for (unsigned code = 1000; code < 1000 + 65532 / 4; code++)
        write_extension(&w, (uint16_t)code, bytes_of(NULL, 0));
    ck_assert(parse_block(writer_view(&w)));
    w = writer_of(storage + w.len, 4);
    write_extension(&w, 1000, bytes_of(NULL, 0));
    ck_assert(!parse_block(bytes_of(storage, 65532 + 4)));
    ck_assert_int_eq(why, WHY_EXTENSION_DUPLICATE);
}
END_TEST

START_TEST(a_block_whose_framing_breaks_is_a_malformed_hello)
{
    static const char *const blocks[] = {"00",
                                         "fafa",
                                         "fafa00",
                                         "fafa000100"
                                         "00",
                                         "fafa0002"
                                         "00",
                                         "fafaffff"};

    for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
        ck_assert_msg(!parse_block(hex(blocks[i])), "%s", blocks[i]);
        ck_assert_int_eq(why, WHY_CLIENT_HELLO_MALFORMED);
    }
    ck_assert(parse_block(bytes_of(NULL, 0)));
}
END_TEST

/* RFC 8446 4.2.11 MUST: the last extension. Whether it is, is only noted here. */
START_TEST(whether_pre_shared_key_comes_last_is_noted)
{
    struct bytes psk = hex("00070001610000000000"
                           "21" BINDER_32);
    struct writer w = writer_of(storage, sizeof storage);

    write_extension(&w, 0xfafa, hex(""));
    write_extension(&w, EXTENSION_PRE_SHARED_KEY, psk);
    ck_assert(parse_block(writer_view(&w)) && ch.is_psk_last);
    write_extension(&w, 0xbaba, hex(""));
    ck_assert(parse_block(writer_view(&w)) && !ch.is_psk_last);
    w = writer_of(storage, sizeof storage);
    write_extension(&w, 0xfafa, hex(""));
    ck_assert(parse_block(writer_view(&w)) && !ch.is_psk_last);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_syntax_of_every_extension_is_taken,
        an_extension_cut_anywhere_is_refused,
        an_extension_with_a_byte_more_is_refused,
        what_breaks_the_syntax_is_a_decode_error,
        unequal_numbers_of_identities_and_binders_are_refused,
        lists_may_be_as_long_as_an_extension,
        what_was_read_is_where_it_should_be,
        host_names_are_taken_as_they_come,
        what_is_no_host_name_is_refused,
        of_all_bytes_only_letters_digits_hyphen_underscore_and_dot_make_a_name,
        a_name_has_253_bytes_at_most,
        an_extension_of_another_message_is_refused,
        unknown_extensions_are_passed_over_whatever_they_hold,
        an_extension_that_is_there_twice_is_refused,
        thousands_of_extensions_cost_no_more_than_their_bytes,
        a_block_whose_framing_breaks_is_a_malformed_hello,
        whether_pre_shared_key_comes_last_is_noted,
    };
    return check_run("extensions", tests, ARRAY_LEN(tests));
}
