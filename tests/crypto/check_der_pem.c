#include "crypto/der.h"
#include "crypto/pem.h"
#include "support/check_run.h"

static struct reader reader_of_hex(const char *hex, uint8_t *storage)
{
    size_t len = strlen(hex) / 2;

    for (size_t i = 0; i < len; i++) {
        char two[3] = {hex[2 * i], hex[2 * i + 1], 0};
        storage[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    return reader_of(bytes_of(storage, len));
}

static bool item_is_read(const char *hex, size_t content_len)
{
    uint8_t storage[256];
    struct reader r = reader_of_hex(hex, storage), before = r;
    struct der_item item;

    if (!der_read_item(&r, &item)) {
        ck_assert(r.at == before.at);
        return false;
    }
    ck_assert_uint_eq(item.content.len, content_len);
    ck_assert(item.whole.at == before.at && item.whole.at + item.whole.len == r.at);
    return true;
}

/* X.690 10.1: "the definite form of length encoding shall be used, encoded in the minimum number of octets". */
START_TEST(lengths_are_definite_and_minimal)
{
    uint8_t long_item[3 + 200] = {0x04, 0x81, 200};
    uint8_t longer_item[4 + 300] = {0x04, 0x82, 1, 44};
    struct der_item item;
    struct reader r = reader_of(BYTES_OF_ARRAY(long_item));

    ck_assert(item_is_read("0400", 0));
    ck_assert(item_is_read("040112", 1));
    ck_assert(der_read_item(&r, &item) && item.content.len == 200);
    r = reader_of(BYTES_OF_ARRAY(longer_item));
    ck_assert(der_read_item(&r, &item) && item.content.len == 300);
    ck_assert(!item_is_read("", 0));
    ck_assert(!item_is_read("04", 0));
    ck_assert(!item_is_read("0401", 0));
    ck_assert(!item_is_read("048000", 0));           /* indefinite */
    ck_assert(!item_is_read("04800000", 0));         /* indefinite, with its end */
    ck_assert(!item_is_read("04810112", 0));         /* one byte said in two */
    ck_assert(!item_is_read("0482000112", 0));       /* in three */
    ck_assert(!item_is_read("048300000112", 0));     /* in four */
    ck_assert(!item_is_read("0484000000011200", 0)); /* in five */
    ck_assert(!item_is_read("0488ffffffffffffffff", 0));
    ck_assert(!item_is_read("04ff", 0));
    for (unsigned first = 0x80; first <= 0xff; first++) { /* no first byte above 0x83 is a length by itself */
        uint8_t enough[2 + 255] = {0x04, (uint8_t)first};

        r = reader_of(BYTES_OF_ARRAY(enough));
        ck_assert(!der_read_item(&r, &item));
    }
    ck_assert(!item_is_read("1f0100", 0)); /* a tag of several bytes */
}
END_TEST

static bool unsigned_is_read(const char *hex, size_t len)
{
    uint8_t storage[256];
    struct reader r = reader_of_hex(hex, storage);
    struct bytes magnitude;

    return der_read_unsigned(&r, &magnitude) && read_end(&r) && magnitude.len == len;
}

/* X.690 8.3.2: the first nine bits of an INTEGER are neither all ones nor all zeros. */
START_TEST(integers_are_minimal_and_not_negative)
{
    ck_assert(unsigned_is_read("020100", 0));
    ck_assert(unsigned_is_read("020101", 1));
    ck_assert(unsigned_is_read("02017f", 1));
    ck_assert(unsigned_is_read("02020080", 1));
    ck_assert(unsigned_is_read("020300ffff", 2));
    ck_assert(!unsigned_is_read("0200", 0));
    ck_assert(!unsigned_is_read("020180", 1));
    ck_assert(!unsigned_is_read("0201ff", 1));
    ck_assert(!unsigned_is_read("02020000", 1));
    ck_assert(!unsigned_is_read("0202007f", 1));
    ck_assert(!unsigned_is_read("040101", 1));
}
END_TEST

START_TEST(small_numbers_have_one_byte)
{
    uint8_t storage[16], value;
    struct reader r = reader_of_hex("020100", storage);

    ck_assert(der_read_small(&r, &value) && value == 0);
    r = reader_of_hex("020200ff", storage);
    ck_assert(der_read_small(&r, &value) && value == 255);
    r = reader_of_hex("02020100", storage);
    ck_assert(!der_read_small(&r, &value));
    ck_assert_uint_eq(reader_left(&r), 4);
}
END_TEST

START_TEST(bit_strings_have_whole_bytes)
{
    uint8_t storage[16];
    struct bytes bits;
    struct reader r = reader_of_hex("0303001234", storage);

    ck_assert(der_read_bit_string(&r, &bits) && bits.len == 2 && bits.at[0] == 0x12);
    r = reader_of_hex("0303011234", storage);
    ck_assert(!der_read_bit_string(&r, &bits));
    r = reader_of_hex("0300", storage);
    ck_assert(!der_read_bit_string(&r, &bits));
}
END_TEST

static bool time_is_read(uint8_t tag, const char *text, int64_t seconds)
{
    uint8_t storage[64];
    struct writer w = writer_of(storage, sizeof storage);
    struct reader r;
    int64_t read;

    der_write(&w, tag, bytes_of_string(text));
    r = reader_of(writer_view(&w));
    return der_read_time(&r, &read) && read_end(&r) && read == seconds;
}

/* RFC 5280 4.1.2.5: seconds are there, the zone is Z, two digits of a year mean 1950 to 2049. */
START_TEST(times_are_read_in_the_forms_of_certificates_only)
{
    ck_assert(time_is_read(DER_UTC_TIME, "700101000000Z", 0));
    ck_assert(time_is_read(DER_UTC_TIME, "491231235959Z", 2524607999));
    ck_assert(time_is_read(DER_UTC_TIME, "500101000000Z", -631152000));
    ck_assert(time_is_read(DER_GENERALIZED_TIME, "20500101000000Z", 2524608000));
    ck_assert(time_is_read(DER_GENERALIZED_TIME, "20240229120000Z", 1709208000));
    ck_assert(time_is_read(DER_GENERALIZED_TIME, "20000229000000Z", 951782400));
    ck_assert(time_is_read(DER_GENERALIZED_TIME, "99991231235959Z", 253402300799)); /* no end, RFC 5280 4.1.2.5 */
    ck_assert(!time_is_read(DER_GENERALIZED_TIME, "20230229120000Z", 1677672000));
    ck_assert(!time_is_read(DER_GENERALIZED_TIME, "19000229000000Z", -2203891200));
    ck_assert(!time_is_read(DER_UTC_TIME, "7001010000Z", 0));
    ck_assert(!time_is_read(DER_UTC_TIME, "700101000000", 0));
    ck_assert(!time_is_read(DER_UTC_TIME, "700101000000+0000", 0));
    ck_assert(!time_is_read(DER_UTC_TIME, "700001000000Z", 0));
    ck_assert(!time_is_read(DER_UTC_TIME, "701301000000Z", 0));
    ck_assert(!time_is_read(DER_UTC_TIME, "700100000000Z", 0));
    ck_assert(!time_is_read(DER_UTC_TIME, "700132000000Z", 0));
    ck_assert(!time_is_read(DER_UTC_TIME, "700101240000Z", 0));
    ck_assert(!time_is_read(DER_UTC_TIME, "700101006000Z", 0));
    ck_assert(!time_is_read(DER_UTC_TIME, "70010100006xZ", 0));
    ck_assert(!time_is_read(DER_GENERALIZED_TIME, "20500101000000.5Z", 2524608000));
    ck_assert(!time_is_read(DER_OCTET_STRING, "700101000000Z", 0));
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    static const size_t lens[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};
    static uint8_t content[70000], storage[70010];

    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        struct writer w = writer_of(storage, sizeof storage);
        struct reader r;
        struct bytes back;

        der_write(&w, DER_OCTET_STRING, bytes_of(content, lens[i]));
        ck_assert(writer_ok(&w));
        r = reader_of(writer_view(&w));
        ck_assert(der_read(&r, DER_OCTET_STRING, &back) && read_end(&r) && back.len == lens[i]);
    }
}
END_TEST

START_TEST(integers_are_written_minimal)
{
    static const struct {
        struct bytes magnitude;
        struct bytes der;
    } cases[] = {
        {BYTES_OF_LITERAL(""), BYTES_OF_LITERAL("\x02\x01\x00")},
        {BYTES_OF_LITERAL("\0\0"), BYTES_OF_LITERAL("\x02\x01\x00")},
        {BYTES_OF_LITERAL("\x7f"), BYTES_OF_LITERAL("\x02\x01\x7f")},
        {BYTES_OF_LITERAL("\0\x80"), BYTES_OF_LITERAL("\x02\x02\x00\x80")},
        {BYTES_OF_LITERAL("\0\0\x01\x00"), BYTES_OF_LITERAL("\x02\x02\x01\x00")},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t storage[16];
        struct writer w = writer_of(storage, sizeof storage);

        der_write_unsigned(&w, cases[i].magnitude);
        ck_assert(bytes_equal(writer_view(&w), cases[i].der));
    }
}
END_TEST

START_TEST(oids_are_told_in_dotted_numbers)
{
    char text[64], short_text[8];

    der_oid_text(BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), text, sizeof text);
    ck_assert_str_eq(text, "1.2.840.113549.1.1.1");
    der_oid_text(BYTES_OF_LITERAL("\x55\x04\x03"), text, sizeof text);
    ck_assert_str_eq(text, "2.5.4.3");
    der_oid_text(BYTES_OF_LITERAL("\x88\x37\x03"), text, sizeof text);
    ck_assert_str_eq(text, "2.999.3");
    der_oid_text(bytes_of(NULL, 0), text, sizeof text);
    ck_assert_str_eq(text, "");
    der_oid_text(BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"), short_text, sizeof short_text);
    ck_assert_str_eq(short_text, "1.2.840");
}
END_TEST

/* ---- PEM */

START_TEST(blocks_are_found_between_other_text)
{
    struct pem_reader pem = pem_reader_of(
        BYTES_OF_LITERAL("\xef\xbb\xbf-----BEGIN A-----\r\nAAAA\r\n-----END A-----\r\ntext\n-----BEGIN B B-----   \n"
                         "-----END B B-----\t\n  -----BEGIN C-----\n"));
    struct pem_block block;

    ck_assert_int_eq(pem_next(&pem, &block), PEM_BLOCK);
    ck_assert(pem_label_is(&block, "A") && block.line == 1);
    ck_assert_int_eq(pem_next(&pem, &block), PEM_BLOCK);
    ck_assert(pem_label_is(&block, "B B") && block.line == 5 && block.body.len == 0);
    ck_assert_int_eq(pem_next(&pem, &block), PEM_END); /* an indented line is no mark */
}
END_TEST

START_TEST(a_block_without_its_end_is_broken)
{
    static const char *const broken[] = {
        "-----BEGIN A-----\n",
        "-----BEGIN A-----",
        "-----BEGIN A-----\nAAAA\n-----END B-----\n",
        "-----BEGIN A-----\nAAAA\n-----BEGIN B-----\n-----END B-----\n",
        "-----BEGIN A\nAAAA\n-----END A-----\n",
        "-----BEGIN A-----\nAAAA\n-----END A--\n",
        "-----BEGIN ABCDEFGH\nAAAA\n-----END ABC-----\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct pem_reader pem = pem_reader_of(bytes_of_string(broken[i]));
        struct pem_block block;

        ck_assert_msg(pem_next(&pem, &block) == PEM_BROKEN, "%s", broken[i]);
        ck_assert_uint_eq(block.line, 1);
    }
}
END_TEST

START_TEST(headers_are_passed_over_and_encryption_is_seen)
{
    struct pem_reader pem = pem_reader_of(BYTES_OF_LITERAL(
        "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAEC\n-----END A-----\n"
        "-----BEGIN A-----\nComment: ENCRYPTED\n\nAAEC\n-----END A-----\n"));
    struct pem_block block;
    uint8_t storage[8];
    struct writer w = writer_of(storage, sizeof storage);

    ck_assert_int_eq(pem_next(&pem, &block), PEM_BLOCK);
    ck_assert(block.is_encrypted);
    ck_assert_int_eq(pem_next(&pem, &block), PEM_BLOCK);
    ck_assert(!block.is_encrypted);
    ck_assert(pem_decode(&block, &w));
    ck_assert(bytes_equal(writer_view(&w), BYTES_OF_LITERAL("\0\1\2")));
}
END_TEST

static bool decodes_to(const char *text, struct bytes expected)
{
    struct pem_block block = {.body = bytes_of_string(text)};
    uint8_t storage[64];
    struct writer w = writer_of(storage, pem_decoded_len(&block));

    return pem_decode(&block, &w) && bytes_equal(writer_view(&w), expected);
}

/* RFC 4648 10, and what is no base64. */
START_TEST(base64_is_decoded_and_garbage_refused)
{
    ck_assert(decodes_to("", BYTES_OF_LITERAL("")));
    ck_assert(decodes_to("Zg==", BYTES_OF_LITERAL("f")));
    ck_assert(decodes_to("Zm8=", BYTES_OF_LITERAL("fo")));
    ck_assert(decodes_to("Zm9v", BYTES_OF_LITERAL("foo")));
    ck_assert(decodes_to("Zm9v\r\nYmFy\n", BYTES_OF_LITERAL("foobar")));
    ck_assert(decodes_to("+/+/", BYTES_OF_LITERAL("\xfb\xff\xbf")));
    ck_assert(!decodes_to("Zg=", BYTES_OF_LITERAL("f")));
    ck_assert(!decodes_to("Zg", BYTES_OF_LITERAL("f")));
    ck_assert(!decodes_to("Zg===", BYTES_OF_LITERAL("f")));
    ck_assert(!decodes_to("Z", BYTES_OF_LITERAL("")));
    ck_assert(!decodes_to("Z===", BYTES_OF_LITERAL("")));
    ck_assert(!decodes_to("Zg==Zg==", BYTES_OF_LITERAL("ff")));
    ck_assert(!decodes_to("Zm9v====", BYTES_OF_LITERAL("foo")));
    for (int c = 1; c < 256; c++) {
        char text[5] = {'A', 'A', 'A', (char)c, 0};
        bool is_digit =
            (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
        struct pem_block block = {.body = bytes_of_string(text)};
        uint8_t storage[16];
        struct writer w = writer_of(storage, sizeof storage);

        ck_assert_msg(pem_decode(&block, &w) == (is_digit || c == '='), "%d", c);
    }
}
END_TEST

START_TEST(what_is_encoded_decodes_to_itself_at_every_length)
{
    uint8_t data[200], text[400], back[256];

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 37 + 11);
    for (size_t len = 0; len <= sizeof data; len++) {
        struct writer w = writer_of(text, pem_encoded_len("LABEL", len)), decoded = writer_of(back, sizeof back);
        struct pem_reader pem;
        struct pem_block block;

        pem_encode(&w, "LABEL", bytes_of(data, len));
        ck_assert(writer_ok(&w));
        ck_assert_uint_eq(writer_view(&w).len, pem_encoded_len("LABEL", len));
        pem = pem_reader_of(writer_view(&w));
        ck_assert_int_eq(pem_next(&pem, &block), PEM_BLOCK);
        ck_assert(pem_label_is(&block, "LABEL") && pem_decode(&block, &decoded));
        ck_assert(bytes_equal(writer_view(&decoded), bytes_of(data, len)));
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        lengths_are_definite_and_minimal,
        integers_are_minimal_and_not_negative,
        small_numbers_have_one_byte,
        bit_strings_have_whole_bytes,
        times_are_read_in_the_forms_of_certificates_only,
        what_is_written_is_read_back,
        integers_are_written_minimal,
        oids_are_told_in_dotted_numbers,
        blocks_are_found_between_other_text,
        a_block_without_its_end_is_broken,
        headers_are_passed_over_and_encryption_is_seen,
        base64_is_decoded_and_garbage_refused,
        what_is_encoded_decodes_to_itself_at_every_length,
    };
    return check_run("der_pem", tests, ARRAY_LEN(tests));
}
