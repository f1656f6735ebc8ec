/* capture.h: which ClientHello a file of packets leads to. Files are written here, byte for byte. */
#include "explain/small_hello.h"
#include "explain/streams.h"

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
    const struct looped_test tests[] = {
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
    return run_looped("packets", tests, ARRAY_LEN(tests));
}
