/* capture.h: which ClientHello a file leads to. Files are written here, byte for byte. */
#include "explain/capture.h"

#include <stdio.h>

#include "base/writer.h"
#include "explain/streams.h"
#include "support/check_run.h"

/* A hello of 60 bytes: nothing here looks inside. */
enum { BODY_LEN = 60, STREAM_LEN = 5 + 4 + BODY_LEN };
static uint8_t stream[STREAM_LEN];

static void begin(void)
{
    struct writer w = writer_of(stream, sizeof stream);

    write_u8(&w, 22);
    write_u16(&w, 0x0301);
    write_u16(&w, 4 + BODY_LEN);
    write_u8(&w, 1);
    write_u24(&w, BODY_LEN);
    for (int i = 0; i < BODY_LEN; i++)
        write_u8(&w, (uint8_t)i);
    ck_assert(writer_ok(&w) && w.len == sizeof stream);
}

static void end(void)
{
}

static struct capture capture;

static void found(struct bytes file, enum capture_form form)
{
    capture_read(file, &capture);
    ck_assert_int_eq(capture.form, form);
    ck_assert_int_eq(capture.end, HELLO_WHOLE);
    ck_assert_uint_eq(capture.hello.len, BODY_LEN);
    ck_assert_mem_eq(capture.hello.body, stream + 9, BODY_LEN);
}

static void nothing(struct bytes file)
{
    capture_read(file, &capture);
    ck_assert_int_eq(capture.end, HELLO_NONE);
}

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

/* ---- packets */

static uint8_t file_bytes[256 * 1024];
static struct writer file;
static bool is_little;

static void number32(uint32_t value)
{
    write_u32(&file, is_little ? __builtin_bswap32(value) : value);
}

static void begin_pcap(uint32_t magic, uint32_t link)
{
    file = writer_of(file_bytes, sizeof file_bytes);
    number32(magic);
    for (int i = 0; i < 4; i++)
        number32(0);
    number32(link);
}

static void add_frame(struct bytes frame)
{
    number32(0);
    number32(0);
    number32((uint32_t)frame.len);
    number32((uint32_t)frame.len);
    write_bytes(&file, frame);
    ck_assert(writer_ok(&file));
}

static uint8_t packet_bytes[4096];
static struct writer packet;

struct tcp {
    uint16_t port;
    uint32_t sequence;
    bool is_syn;
    struct bytes data;
};

static void write_tcp(struct tcp tcp)
{
    write_u16(&packet, tcp.port);
    write_u16(&packet, 443);
    write_u32(&packet, tcp.sequence);
    write_u32(&packet, 0);
    write_u16(&packet, (uint16_t)(0x6000 | (tcp.is_syn ? 2 : 0x10)));
    write_u16(&packet, 0);
    write_u32(&packet, 0);
    write_u32(&packet, 0x01010101); /* an option */
    write_bytes(&packet, tcp.data);
}

static void write_ipv4(uint16_t fragment, struct tcp tcp)
{
    write_u16(&packet, 0x4600);
    write_u16(&packet, (uint16_t)(24 + 24 + tcp.data.len));
    write_u16(&packet, 7);
    write_u16(&packet, fragment);
    write_u16(&packet, 0x4006);
    write_u16(&packet, 0);
    write_u32(&packet, 0xc0000201);
    write_u32(&packet, 0xc0000202);
    write_u32(&packet, 0x01010100); /* options */
    write_tcp(tcp);
}

static void write_ipv6(uint16_t fragment, struct tcp tcp)
{
    write_u32(&packet, 0x60000000);
    write_u16(&packet, (uint16_t)(16 + 8 + 24 + tcp.data.len));
    write_u16(&packet, 0x0040); /* hop-by-hop first */
    for (int i = 0; i < 4; i++)
        write_u64(&packet, 0x20010db800000000 + (uint64_t)i);
    write_u64(&packet, 0x2c01000000000000); /* 16 bytes, then a fragment header */
    write_u64(&packet, 0);
    write_u16(&packet, 0x0600);
    write_u16(&packet, fragment);
    write_u32(&packet, 1);
    write_tcp(tcp);
}

static void begin_packet(void)
{
    packet = writer_of(packet_bytes, sizeof packet_bytes);
}

static struct bytes packet_view(void)
{
    ck_assert(writer_ok(&packet));
    return writer_view(&packet);
}

static struct tcp segment(size_t from, size_t len)
{
    return (struct tcp){1000, 5000 + (uint32_t)from, false, bytes_of(stream + from, len)};
}

static void add_raw(struct tcp tcp)
{
    begin_packet();
    write_ipv4(0x4000, tcp);
    add_frame(packet_view());
}

static struct bytes hex(const char *digits)
{
    static uint8_t out[64];
    size_t len = 0;

    for (; *digits; digits += 2)
        out[len++] = (uint8_t)strtoul((char[]){digits[0], digits[1], 0}, NULL, 16);
    return bytes_of(out, len);
}

START_TEST(every_link_type_and_both_versions_of_ip_lead_to_the_hello)
{
    static const struct {
        uint32_t link;
        const char *header;
        bool is_ipv6;
    } cases[] = {
        {1, "0000000000010000000000020800", false},
        {1, "00000000000100000000000286dd", true},
        {1, "0000000000010000000000028100000a0800", false},
        {1, "00000000000100000000000288a8000a8100000b86dd", true},
        {113, "00000001000600000000000000000800", false},
        {276, "86dd000000000001000100060000000000000000", true},
        {101, "", false},
        {12, "", true},
        {228, "", false},
        {229, "", true},
        {0, "02000000", false},
        {108, "0000001e", true},
    };

    begin_pcap(0xa1b2c3d4, cases[_i].link);
    begin_packet();
    write_bytes(&packet, hex(cases[_i].header));
    if (cases[_i].is_ipv6)
        write_ipv6(0, segment(0, sizeof stream));
    else
        write_ipv4(0, segment(0, sizeof stream));
    write_u32(&packet, 0); /* the padding of a short frame is no part of it */
    add_frame(packet_view());
    found(writer_view(&file), CAPTURE_PCAP);
    ck_assert_str_eq(capture.from, cases[_i].is_ipv6 ? "[2001:db8::2001:db8:0:1]:1000" : "192.0.2.1:1000");
}
END_TEST

START_TEST(both_orders_and_both_units_of_time_of_pcap_are_read)
{
    for (int i = 0; i < 4; i++) {
        is_little = i & 1;
        begin_pcap(i & 2 ? 0xa1b2c3d4 : 0xa1b23c4d, 101);
        add_raw(segment(0, sizeof stream));
        found(writer_view(&file), CAPTURE_PCAP);
        is_little = false;
    }
}
END_TEST

START_TEST(segments_are_put_in_order_and_the_first_bytes_stay)
{
    static uint8_t other[STREAM_LEN];
    struct tcp forged = segment(10, 20);

    memset(other, 0xee, sizeof other);
    forged.data = bytes_of(other, 20);
    begin_pcap(0xa1b2c3d4, 101);
    add_raw((struct tcp){1000, 4999, true, {NULL, 0}});
    add_raw(segment(40, sizeof stream - 40));
    add_raw(segment(5, 30));
    add_raw(forged);
    add_raw(segment(0, 8));
    add_raw(segment(30, 20));
    add_raw((struct tcp){1000, 4999, false, bytes_of(other, 1)}); /* a keep-alive */
    found(writer_view(&file), CAPTURE_PCAP);
}
END_TEST

START_TEST(sequence_numbers_wrap)
{
    struct tcp first = segment(0, 20), second = segment(20, sizeof stream - 20);

    first.sequence = UINT32_MAX - 9;
    second.sequence = 10;
    begin_pcap(0xa1b2c3d4, 101);
    add_raw(second); /* and without a SYN an earlier segment moves the beginning */
    add_raw(first);
    found(writer_view(&file), CAPTURE_PCAP);
}
END_TEST

START_TEST(what_came_before_the_beginning_is_cut_off)
{
    static uint8_t long_ago[3 + STREAM_LEN] = "xyz";

    memcpy(long_ago + 3, stream, sizeof stream);
    begin_pcap(0xa1b2c3d4, 101);
    add_raw((struct tcp){1000, 4999, true, {NULL, 0}});
    add_raw((struct tcp){1000, 4997, false, BYTES_OF_ARRAY(long_ago)});
    found(writer_view(&file), CAPTURE_PCAP);
}
END_TEST

START_TEST(a_gap_ends_what_is_read)
{
    begin_pcap(0xa1b2c3d4, 101);
    add_raw(segment(0, 20));
    add_raw(segment(21, sizeof stream - 21));
    capture_read(writer_view(&file), &capture);
    ck_assert_int_eq(capture.end, HELLO_CUT);
    ck_assert_uint_eq(capture.hello.len, 20 - 9);
}
END_TEST

START_TEST(the_first_stream_that_begins_with_a_hello_wins)
{
    struct tcp later = segment(0, sizeof stream), other = later;

    later.port = 2000;
    other.port = 3000;
    other.data = BYTES_OF_LITERAL("GET / HTTP/1.1");
    begin_pcap(0xa1b2c3d4, 101);
    add_raw(other);
    add_raw((struct tcp){1000, 4999, true, {NULL, 0}});
    add_raw(later);
    add_raw(segment(0, sizeof stream));
    found(writer_view(&file), CAPTURE_PCAP);
    ck_assert_str_eq(capture.from, "192.0.2.1:1000");
    ck_assert_str_eq(capture.to, "192.0.2.2:443");
    ck_assert_uint_eq(capture.notes.streams, 3);
}
END_TEST

START_TEST(a_port_used_again_is_another_stream)
{
    begin_pcap(0xa1b2c3d4, 101);
    add_raw((struct tcp){1000, 90000, true, {NULL, 0}});
    add_raw((struct tcp){1000, 90001, false, BYTES_OF_LITERAL("GET / HTTP/1.1")});
    add_raw((struct tcp){1000, 4999, true, {NULL, 0}});
    add_raw(segment(0, sizeof stream));
    found(writer_view(&file), CAPTURE_PCAP);
    ck_assert_uint_eq(capture.notes.streams, 2);
}
END_TEST

START_TEST(what_is_passed_over_is_counted)
{
    begin_pcap(0xa1b2c3d4, 101);
    begin_packet();
    write_ipv4(0x2000, segment(0, 20));
    add_frame(packet_view());
    begin_packet();
    write_ipv6(0x0008, segment(0, 20));
    add_frame(packet_view());
    add_frame(BYTES_OF_LITERAL("\x45"));
    nothing(writer_view(&file));
    ck_assert_uint_eq(capture.notes.ip_fragments, 2);
    ck_assert_uint_eq(capture.notes.damaged, 1);

    begin_pcap(0xa1b2c3d4, 147);
    add_raw(segment(0, sizeof stream));
    nothing(bytes_of(file_bytes, file.len));
    ck_assert_uint_eq(capture.notes.unknown_links, 1);
    ck_assert_uint_eq(capture.notes.unknown_link, 147);
    nothing(bytes_of(file_bytes, file.len - 1));
    ck_assert(capture.notes.is_file_cut);
}
END_TEST

START_TEST(streams_and_bytes_have_their_limits)
{
    begin_pcap(0xa1b2c3d4, 101);
    for (uint16_t port = 1; port <= MAX_STREAMS + 2; port++)
        add_raw((struct tcp){port, 5000, false, BYTES_OF_LITERAL("x")});
    nothing(writer_view(&file));
    ck_assert_uint_eq(capture.notes.streams, MAX_STREAMS);
    ck_assert_uint_eq(capture.notes.streams_left_out, 2);

    begin_pcap(0xa1b2c3d4, 101);
    add_raw(segment(0, 20));
    for (uint32_t at = MAX_STREAM_LEN - 3; at < MAX_STREAM_LEN + 3; at++)
        add_raw((struct tcp){1000, 5000 + at, false, bytes_of(stream, sizeof stream)});
    add_raw(segment(20, sizeof stream - 20));
    found(writer_view(&file), CAPTURE_PCAP);
}
END_TEST

/* ---- pcapng */

static void block(uint32_t type, struct bytes head, struct bytes data)
{
    size_t padding = (4 - data.len % 4) % 4;
    uint32_t len = (uint32_t)(12 + head.len + data.len + padding);

    number32(type);
    number32(len);
    write_bytes(&file, head);
    write_bytes(&file, data);
    for (size_t i = 0; i < padding; i++)
        write_u8(&file, 0);
    number32(len);
    ck_assert(writer_ok(&file));
}

static struct bytes head(const uint32_t *numbers, size_t count)
{
    static uint8_t out[64];
    struct writer w = writer_of(out, sizeof out);

    for (size_t i = 0; i < count; i++)
        write_u32(&w, is_little ? __builtin_bswap32(numbers[i]) : numbers[i]);
    return writer_view(&w);
}
#define HEAD(...) head((const uint32_t[]){__VA_ARGS__}, ARRAY_LEN(((const uint32_t[]){__VA_ARGS__})))

static void begin_section(uint16_t first_link, uint16_t second_link)
{
    const struct bytes none = {NULL, 0};
    uint16_t links[] = {first_link, second_link};

    block(0x0a0d0d0a, HEAD(0x1a2b3c4d, 1, 0xffffffff, 0xffffffff), none);
    for (size_t i = 0; i < 2; i++)
        block(1, HEAD(is_little ? links[i] : (uint32_t)links[i] * 65536, i ? 0 : 1000), none);
    block(0x77, none, BYTES_OF_LITERAL("a block of another kind"));
}

static void add_packet_block(int kind, struct bytes frame)
{
    uint32_t len = (uint32_t)frame.len;

    if (kind == 0)
        block(6, HEAD(1, 0, 0, len, len), frame);
    else if (kind == 1)
        block(2, HEAD(is_little ? 1 : 0x10000, 0, 0, len, len), frame);
    else
        block(3, HEAD(len), frame);
}

START_TEST(every_packet_block_of_pcapng_in_either_order_is_read)
{
    int kind = _i / 2;

    file = writer_of(file_bytes, sizeof file_bytes);
    is_little = !(_i & 1);
    begin_section(147, 147); /* a first section, of the other order and of other interfaces */
    is_little = _i & 1;
    begin_section(kind == 2 ? 101 : 147, kind == 2 ? 147 : 101);
    begin_packet();
    write_ipv4(0, segment(0, sizeof stream));
    add_packet_block(kind, packet_view());
    found(writer_view(&file), CAPTURE_PCAPNG);
    ck_assert(!capture.notes.is_file_cut);
    for (size_t len = file.len - 1; len > file.len - 16; len--) {
        nothing(bytes_of(file_bytes, len));
        ck_assert(capture.notes.is_file_cut);
    }
    is_little = false;
}
END_TEST

START_TEST(a_damaged_block_ends_the_file)
{
    file = writer_of(file_bytes, sizeof file_bytes);
    begin_section(101, 101);
    number32(6);
    number32(8); /* less than a block can be */
    nothing(writer_view(&file));
    ck_assert(capture.notes.is_file_cut);

    file = writer_of(file_bytes, sizeof file_bytes);
    begin_section(101, 101);
    begin_packet();
    write_ipv4(0, segment(0, sizeof stream));
    add_packet_block(0, packet_view());
    file_bytes[file.len - 1]++; /* the length at its end is another */
    nothing(writer_view(&file));
    ck_assert(capture.notes.is_file_cut);
}
END_TEST

int main(void)
{
    const struct {
        const TTest *test;
        int rounds;
    } tests[] = {
        {records_and_a_bare_message_are_read, 1},
        {a_hello_in_any_fragments_is_put_together, 1},
        {a_hello_cut_short_is_told_from_a_whole_one, 1},
        {what_the_engine_refuses_before_the_hello_ends_is_refused, 1},
        {hexadecimal_text_of_every_kind_is_read, OD + 1},
        {lines_that_a_dump_leaves_out_as_repeated_are_put_back, 1},
        {text_that_is_no_dump_is_nothing, 1},
        {every_link_type_and_both_versions_of_ip_lead_to_the_hello, 12},
        {both_orders_and_both_units_of_time_of_pcap_are_read, 1},
        {segments_are_put_in_order_and_the_first_bytes_stay, 1},
        {sequence_numbers_wrap, 1},
        {what_came_before_the_beginning_is_cut_off, 1},
        {a_gap_ends_what_is_read, 1},
        {the_first_stream_that_begins_with_a_hello_wins, 1},
        {a_port_used_again_is_another_stream, 1},
        {what_is_passed_over_is_counted, 1},
        {streams_and_bytes_have_their_limits, 1},
        {every_packet_block_of_pcapng_in_either_order_is_read, 6},
        {a_damaged_block_ends_the_file, 1},
    };
    Suite *suite = suite_create("capture");
    TCase *tcase = tcase_create("capture");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, begin, end);
    for (size_t i = 0; i < ARRAY_LEN(tests); i++)
        tcase_add_loop_test(tcase, tests[i].test, 0, tests[i].rounds);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner) + (srunner_ntests_run(runner) == 0);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
