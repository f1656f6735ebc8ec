#include "explain/packet_file.h"

#include "base/reader.h"

enum { MAX_INTERFACES = 256, NO_LINK = 0xffff };

enum {
    PCAP_MICRO = 0xa1b2c3d4,
    PCAP_NANO = 0xa1b23c4d,
    ORDER_MAGIC = 0x1a2b3c4d,
    BLOCK_SECTION = 0x0a0d0d0a, /* the same in either order */
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_ENHANCED_PACKET = 6,
};

struct packet_file {
    struct reader r;
    bool is_little;
    packet_sink *sink;
    void *context;
    /* of the section of a pcapng */
    uint16_t links[MAX_INTERFACES];
    uint32_t snap_len; /* of the first interface; 0: no limit */
    size_t link_count;
};

static bool number16(const struct packet_file *file, struct reader *r, uint16_t *value)
{
    return file->is_little ? read_u16_le(r, value) : read_u16(r, value);
}

static bool number32(const struct packet_file *file, struct reader *r, uint32_t *value)
{
    return file->is_little ? read_u32_le(r, value) : read_u32(r, value);
}

static bool skip(struct reader *r, size_t len)
{
    struct bytes skipped;

    return read_bytes(r, len, &skipped);
}

/* ---- pcap */

static bool pcap_order(struct bytes file, bool *is_little)
{
    struct reader big = reader_of(file), little = big;
    uint32_t magic;

    *is_little = false;
    if (read_u32(&big, &magic) && (magic == PCAP_MICRO || magic == PCAP_NANO))
        return true;
    *is_little = true;
    return read_u32_le(&little, &magic) && (magic == PCAP_MICRO || magic == PCAP_NANO);
}

bool packet_file_is_pcap(struct bytes file)
{
    bool is_little;

    return pcap_order(file, &is_little);
}

static enum packet_file_end read_pcap(struct packet_file *file)
{
    uint32_t link, len;
    struct bytes frame;

    if (!skip(&file->r, 20) || !number32(file, &file->r, &link))
        return PACKET_FILE_CUT;
    while (!read_end(&file->r)) {
        if (!skip(&file->r, 8) || !number32(file, &file->r, &len) || !skip(&file->r, 4) ||
            !read_bytes(&file->r, len, &frame))
            return PACKET_FILE_CUT;
        if (!file->sink(file->context, link & 0xffff, frame)) /* above it: how long a frame's check sum is */
            return PACKET_FILE_STOPPED;
    }
    return PACKET_FILE_END;
}

/* ---- pcapng */

bool packet_file_is_pcapng(struct bytes file)
{
    struct reader r = reader_of(file);
    uint32_t type, len, order, other;
    struct reader ahead;

    if (!read_u32(&r, &type) || type != BLOCK_SECTION || !read_u32(&r, &len))
        return false;
    ahead = r;
    return read_u32(&r, &order) && read_u32_le(&ahead, &other) && (order == ORDER_MAGIC || other == ORDER_MAGIC);
}

/* The order is known only from inside the block, whose length is in that order already. */
static bool begin_section(struct packet_file *file)
{
    struct reader ahead = file->r;
    uint32_t order;

    file->link_count = 0;
    file->snap_len = 0;
    if (!skip(&ahead, 4) || !read_u32(&ahead, &order))
        return false;
    file->is_little = order != ORDER_MAGIC;
    return true;
}

static bool take_interface(struct packet_file *file, struct reader *body)
{
    uint32_t snap_len;
    uint16_t link;

    if (!number16(file, body, &link) || !skip(body, 2) || !number32(file, body, &snap_len))
        return false;
    if (file->link_count == 0)
        file->snap_len = snap_len;
    if (file->link_count < MAX_INTERFACES)
        file->links[file->link_count++] = link;
    return true;
}

static uint32_t link_of(const struct packet_file *file, uint32_t interface)
{
    return interface < file->link_count ? file->links[interface] : NO_LINK;
}

/* The interface's number is two or four bytes wide; what follows is alike in both blocks. */
static bool read_packet(struct packet_file *file, uint32_t type, struct reader *body, uint32_t *link,
                        struct bytes *frame)
{
    uint32_t interface = 0, len;
    uint16_t short_interface;

    if (type == BLOCK_SIMPLE_PACKET) {
        if (!number32(file, body, &len))
            return false;
        if (file->snap_len && len > file->snap_len)
            len = file->snap_len;
    } else if (type == BLOCK_OLD_PACKET) {
        if (!number16(file, body, &short_interface) || !skip(body, 10) || !number32(file, body, &len) || !skip(body, 4))
            return false;
        interface = short_interface;
    } else if (!number32(file, body, &interface) || !skip(body, 8) || !number32(file, body, &len) || !skip(body, 4)) {
        return false;
    }
    *link = link_of(file, interface);
    return read_bytes(body, len, frame);
}

static enum packet_file_end take_block(struct packet_file *file, uint32_t type, struct reader *body)
{
    struct bytes frame;
    uint32_t link;

    switch (type) {
    case BLOCK_INTERFACE:
        return take_interface(file, body) ? PACKET_FILE_END : PACKET_FILE_CUT;
    case BLOCK_OLD_PACKET:
    case BLOCK_SIMPLE_PACKET:
    case BLOCK_ENHANCED_PACKET:
        if (!read_packet(file, type, body, &link, &frame))
            return PACKET_FILE_CUT;
        return file->sink(file->context, link, frame) ? PACKET_FILE_END : PACKET_FILE_STOPPED;
    default:
        return PACKET_FILE_END;
    }
}

static enum packet_file_end read_block(struct packet_file *file)
{
    uint32_t type, len, len_again;
    struct bytes body_bytes;
    struct reader body;

    if (!number32(file, &file->r, &type) || (type == BLOCK_SECTION && !begin_section(file)) ||
        !number32(file, &file->r, &len) || len < 12 || len % 4 != 0 || !read_bytes(&file->r, len - 12, &body_bytes) ||
        !number32(file, &file->r, &len_again) || len_again != len)
        return PACKET_FILE_CUT;
    body = reader_of(body_bytes);
    return take_block(file, type, &body);
}

static enum packet_file_end read_pcapng(struct packet_file *file)
{
    enum packet_file_end end = PACKET_FILE_END;

    while (end == PACKET_FILE_END && !read_end(&file->r))
        end = read_block(file);
    return end;
}

enum packet_file_end packet_file_read(struct bytes bytes, packet_sink *sink, void *context)
{
    struct packet_file file = {.r = reader_of(bytes), .sink = sink, .context = context};

    return pcap_order(bytes, &file.is_little) ? read_pcap(&file) : read_pcapng(&file);
}
