#include "explain/packet.h"

#include "base/reader.h"

enum link {
    LINK_NULL = 0,
    LINK_ETHERNET = 1,
    LINK_RAW_BSD = 12, /* as raw IP was numbered before it had a number of its own */
    LINK_RAW_OPENBSD = 14,
    LINK_RAW = 101,
    LINK_LOOP = 108,
    LINK_SLL = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_SLL2 = 276,
};

enum { ETHER_IPV4 = 0x0800, ETHER_IPV6 = 0x86dd, ETHER_VLAN = 0x8100, ETHER_QINQ = 0x88a8, ETHER_OLD_QINQ = 0x9100 };
enum { IP_TCP = 6, TCP_SYN = 0x02 };

static bool skip(struct reader *r, size_t len)
{
    struct bytes skipped;

    return read_bytes(r, len, &skipped);
}

/* RFC 9293 3.1 */
static enum packet_end read_tcp(struct reader *r, struct segment *out)
{
    uint32_t acknowledged;
    uint16_t offset_and_flags, header_len;

    if (!read_u16(r, &out->key.from_port) || !read_u16(r, &out->key.to_port) || !read_u32(r, &out->sequence) ||
        !read_u32(r, &acknowledged) || !read_u16(r, &offset_and_flags) || !skip(r, 6))
        return PACKET_DAMAGED;
    header_len = offset_and_flags / 4096 * 4;
    if (header_len < 20 || !skip(r, header_len - 20u))
        return PACKET_DAMAGED;
    out->is_syn = offset_and_flags & TCP_SYN;
    out->data = read_rest(r);
    return PACKET_SEGMENT;
}

/* `len` bytes of what is left: behind them an Ethernet frame may be padded. 0 stands for all (segments offloaded). */
static struct reader payload(struct reader *r, size_t len)
{
    struct bytes body;

    if (len == 0 || !read_bytes(r, len, &body))
        body = read_rest(r);
    return reader_of(body);
}

/* RFC 791 3.1 */
static enum packet_end read_ipv4(struct reader *r, struct segment *out)
{
    uint8_t version_and_len, protocol;
    uint16_t total_len, fragment;
    size_t header_len;
    struct reader body;

    if (!read_u8(r, &version_and_len) || !skip(r, 1) || !read_u16(r, &total_len) || !skip(r, 2) ||
        !read_u16(r, &fragment) || !skip(r, 1) || !read_u8(r, &protocol) || !skip(r, 2) ||
        !read_copy(r, 4, out->key.from) || !read_copy(r, 4, out->key.to))
        return PACKET_DAMAGED;
    header_len = (version_and_len & 15u) * 4;
    if (header_len < 20 || (total_len != 0 && total_len < header_len) || !skip(r, header_len - 20))
        return PACKET_DAMAGED;
    if (fragment & 0x3fff) /* more to come, or an offset */
        return PACKET_FRAGMENT;
    if (protocol != IP_TCP)
        return PACKET_OTHER;
    if (total_len == header_len)
        return PACKET_DAMAGED;
    body = payload(r, total_len ? total_len - header_len : 0);
    return read_tcp(&body, out);
}

/* RFC 8200 4: hop-by-hop, routing, destination options, mobility, HIP, shim6. */
static bool is_extension_header(uint8_t header)
{
    return header == 0 || header == 43 || header == 60 || header == 135 || header == 139 || header == 140;
}

static enum packet_end read_ipv6_headers(struct reader *r, uint8_t header, struct segment *out)
{
    enum { FRAGMENT = 44, AUTHENTICATION = 51 };
    uint16_t offset;
    uint8_t next, len;

    while (header != IP_TCP) {
        if (header != FRAGMENT && header != AUTHENTICATION && !is_extension_header(header))
            return PACKET_OTHER;
        if (!read_u8(r, &next) || !read_u8(r, &len))
            return PACKET_DAMAGED;
        if (header == FRAGMENT) {
            if (!read_u16(r, &offset) || !skip(r, 4))
                return PACKET_DAMAGED;
            if (offset & 0xfff9) /* RFC 6946: one that is whole is no fragment */
                return PACKET_FRAGMENT;
        } else if (!skip(r, header == AUTHENTICATION ? len * 4u + 6 : len * 8u + 6)) {
            return PACKET_DAMAGED;
        }
        header = next;
    }
    return read_tcp(r, out);
}

/* RFC 8200 3 */
static enum packet_end read_ipv6(struct reader *r, struct segment *out)
{
    struct reader body;
    uint16_t len;
    uint8_t header;

    out->key.is_ipv6 = true;
    if (!skip(r, 4) || !read_u16(r, &len) || !read_u8(r, &header) || !skip(r, 1) || !read_copy(r, 16, out->key.from) ||
        !read_copy(r, 16, out->key.to))
        return PACKET_DAMAGED;
    body = payload(r, len);
    return read_ipv6_headers(&body, header, out);
}

/* By the version in the packet itself, which says the same as the number of the protocol, in any byte order. */
static enum packet_end read_ip(struct reader *r, struct segment *out)
{
    struct reader ahead = *r;
    uint8_t version_and_len;

    if (!read_u8(&ahead, &version_and_len))
        return PACKET_DAMAGED;
    switch (version_and_len >> 4) {
    case 4:
        return read_ipv4(r, out);
    case 6:
        return read_ipv6(r, out);
    default:
        return PACKET_OTHER;
    }
}

static enum packet_end read_ether_type(struct reader *r, uint16_t type, struct segment *out)
{
    while (type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_OLD_QINQ)
        if (!skip(r, 2) || !read_u16(r, &type))
            return PACKET_DAMAGED;
    return type == ETHER_IPV4 || type == ETHER_IPV6 ? read_ip(r, out) : PACKET_OTHER;
}

/* A link header with the type of what it carries `before` bytes behind its start and `after` bytes before its end. */
static enum packet_end read_link(struct reader *r, size_t before, size_t after, struct segment *out)
{
    uint16_t type;

    if (!skip(r, before) || !read_u16(r, &type) || !skip(r, after))
        return PACKET_DAMAGED;
    return read_ether_type(r, type, out);
}

enum packet_end packet_read(uint32_t link, struct bytes frame, struct segment *out)
{
    struct reader r = reader_of(frame);

    memset(out, 0, sizeof *out);
    switch (link) {
    case LINK_ETHERNET:
        return read_link(&r, 12, 0, out);
    case LINK_SLL:
        return read_link(&r, 14, 0, out);
    case LINK_SLL2:
        return read_link(&r, 0, 18, out);
    case LINK_NULL:
    case LINK_LOOP:
        return skip(&r, 4) ? read_ip(&r, out) : PACKET_DAMAGED;
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
    case LINK_RAW:
    case LINK_IPV4:
    case LINK_IPV6:
        return read_ip(&r, out);
    default:
        return PACKET_UNKNOWN_LINK;
    }
}
