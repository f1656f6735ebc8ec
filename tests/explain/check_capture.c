/* capture.h: records, messages and text that lead to a ClientHello. */
#include <stdio.h>

#include "explain/small_hello.h"

/* ---- records, messages, text */

START_TEST(records_and_a_bare_message_are_read)
{
    found(BYTES_OF_ARRAY(stream), CAPTURE_RECORDS);
    ck_assert_uint_eq(capture.hello.records, 1);
    found(bytes_of(stream + 5, sizeof stream - 5), CAPTURE_MESSAGE);
    nothing(bytes_of(NULL, 0));
    nothing(BYTES_OF_LITERAL("GET / HTTP/1.1\r\n"));
    nothing(BYTES_OF_LITERAL("\x16\x03\x03\x00\x04\x02\x00\x00\x00")); /* a ServerHello */
}
END_TEST

START_TEST(a_hello_in_any_fragments_is_put_together)
{
    for (size_t step = 1; step < 9; step++) {
        uint8_t file[8 * STREAM_LEN];
        struct writer w = writer_of(file, sizeof file);

        for (size_t at = 5; at < sizeof stream; at += step) {
            size_t len = step < sizeof stream - at ? step : sizeof stream - at;
            write_u8(&w, 22);
            write_u16(&w, 0x0301);
            write_u16(&w, (uint16_t)len);
            write_bytes(&w, bytes_of(stream + at, len));
        }
        ck_assert(writer_ok(&w));
        found(writer_view(&w), CAPTURE_RECORDS);
        ck_assert_uint_eq(capture.hello.records, (sizeof stream - 5 + step - 1) / step);
    }
}
END_TEST

START_TEST(a_hello_cut_short_is_told_from_a_whole_one)
{
    for (size_t len = 6; len < sizeof stream; len++) {
        capture_read(bytes_of(stream, len), &capture);
        ck_assert_int_eq(capture.end, HELLO_CUT);
    }
}
END_TEST

START_TEST(what_the_engine_refuses_before_the_hello_ends_is_refused)
{
    /* RFC 8446 5.1: no other record inside a message, no empty fragment, nothing behind a ClientHello */
    static const struct {
        const char *second;
        enum why why;
    } cases[] = {
        {"\x17\x03\x03\x00\x01x", WHY_RECORDS_INTERLEAVED},
        {"\x16\x03\x03\x00\x00x", WHY_EMPTY_FRAGMENT},
        {"\x16\x02\x03\x00\x01x", WHY_RECORD_VERSION},
        {"\x16\x03\x03\xff\xffx", WHY_RECORD_TOO_LONG},
    };
    uint8_t file[64] = {22, 3, 1, 0, 6, 1, 0, 0, 60, 0, 1};

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        memcpy(file + 11, cases[i].second, 6);
        capture_read(bytes_of(file, 17), &capture);
        ck_assert_int_eq(capture.end, HELLO_REFUSED);
        ck_assert_str_eq(why_name(capture.hello.why), why_name(cases[i].why));
    }
    capture_read(BYTES_OF_LITERAL("\x16\x03\x01\x00\x05\x01\x00\x00\x00x"), &capture);
    ck_assert_int_eq(capture.hello.why, WHY_ACROSS_KEY_CHANGE);
    capture_read(BYTES_OF_LITERAL("\x16\x03\x01\x00\x05\x01\x00\x40\x01x"), &capture);
    ck_assert_int_eq(capture.hello.why, WHY_MESSAGE_TOO_LONG);
}
END_TEST

enum dump { PLAIN, SPACED, C_ARRAY, XXD, HEXDUMP, OD };

static const struct {
    int offset_digits;
    const char *after_offset, *before, *after, *end;
} dumps[] = {
    {0, "", "", "", "\n"},
    {0, "  ", "", " ", "\r\n"},
    {0, "\t", "0x", ", ", "\n"},
    {8, ": ", "", "", "  .ab 12: |x\n"},
    {8, " ", " ", "", "  |ab 12|\n"},
    {6, "", " ", "", "\n"},
};

static struct bytes dump(enum dump kind, char *text, size_t size)
{
    FILE *out = fmemopen(text, size, "w");
    long len;

    ck_assert_ptr_nonnull(out);
    for (size_t at = 0; at < sizeof stream; at++) {
        if (at % 16 == 0 && dumps[kind].offset_digits)
            fprintf(out, "%0*zx", dumps[kind].offset_digits, at);
        if (at % 16 == 0)
            fputs(dumps[kind].after_offset, out);
        fprintf(out, kind == SPACED ? "%s%02X%s" : "%s%02x%s", dumps[kind].before, stream[at], dumps[kind].after);
        if ((kind == XXD && at % 2 && at % 16 != 15) || (kind == HEXDUMP && at % 16 == 7))
            fputc(' ', out);
        if (at % 16 == 15 || at + 1 == sizeof stream)
            fputs(dumps[kind].end, out);
    }
    if (kind == HEXDUMP || kind == OD)
        fprintf(out, "%06zx\n", sizeof stream);
    len = ftell(out);
    fclose(out);
    return bytes_of(text, (size_t)len);
}

START_TEST(hexadecimal_text_of_every_kind_is_read)
{
    char text[2048];

    found(dump((enum dump)_i, text, sizeof text), CAPTURE_RECORDS);
    ck_assert(capture.is_hex);
}
END_TEST

START_TEST(lines_that_a_dump_leaves_out_as_repeated_are_put_back)
{
    char text[2048];

    memset(stream + 16, 0xaa, 48);
    snprintf(text, sizeof text,
             "00000000  16 03 01 00 40 01 00 00  3c 00 01 02 03 04 05 06  |....|\n"
             "00000010  aa aa aa aa aa aa aa aa  aa aa aa aa aa aa aa aa  |....|\n*\n"
             "00000040  37 38 39 3a 3b                                    |789:;|\n00000045\n");
    found(bytes_of_string(text), CAPTURE_RECORDS);
}
END_TEST

START_TEST(text_that_is_no_dump_is_nothing)
{
    static const char *const texts[] = {"1", "16 03 0", "16 03 xx", "0000: 16 03\n0009: 01\n", "*\n16", "zz", "\n\n"};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        nothing(bytes_of_string(texts[i]));
        ck_assert_int_eq(capture.form, CAPTURE_UNKNOWN);
    }
}
END_TEST

int main(void)
{
    const struct looped_test tests[] = {
        {records_and_a_bare_message_are_read, 1},
        {a_hello_in_any_fragments_is_put_together, 1},
        {a_hello_cut_short_is_told_from_a_whole_one, 1},
        {what_the_engine_refuses_before_the_hello_ends_is_refused, 1},
        {hexadecimal_text_of_every_kind_is_read, OD + 1},
        {lines_that_a_dump_leaves_out_as_repeated_are_put_back, 1},
        {text_that_is_no_dump_is_nothing, 1},
    };
    return run_looped("capture", tests, ARRAY_LEN(tests));
}
