#include "explain/capture.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/reader.h"
#include "explain/hex_text.h"
#include "explain/packet.h"
#include "explain/packet_file.h"
#include "tls/iana.h"

static enum capture_form form_of(struct bytes file)
{
    struct reader message = reader_of(file);
    uint8_t type, high;

    if (hello_begins(file))
        return CAPTURE_RECORDS;
    /* A ClientHello is never longer than 2^16 bytes, so its header begins 01 00. */
    if (read_u8(&message, &type) && read_u8(&message, &high) && type == CLIENT_HELLO && high == 0)
        return CAPTURE_MESSAGE;
    if (packet_file_is_pcap(file))
        return CAPTURE_PCAP;
    return packet_file_is_pcapng(file) ? CAPTURE_PCAPNG : CAPTURE_UNKNOWN;
}

struct taking {
    struct capture *capture;
    struct streams *streams;
};

static bool take_segment(struct taking *taking, const struct segment *segment)
{
    switch (streams_take(taking->streams, segment)) {
    case STREAMS_LEFT_OUT:
        taking->capture->notes.streams_left_out++;
        break;
    case STREAMS_NO_MEMORY:
        taking->capture->has_no_memory = true;
        return false;
    case STREAMS_TAKEN:
        break;
    }
    return true;
}

static bool take_frame(void *context, uint32_t link, struct bytes frame)
{
    struct taking *taking = context;
    struct capture_notes *notes = &taking->capture->notes;
    struct segment segment;

    notes->packets++;
    switch (packet_read(link, frame, &segment)) {
    case PACKET_SEGMENT:
        return take_segment(taking, &segment);
    case PACKET_OTHER:
        notes->not_tcp++;
        break;
    case PACKET_FRAGMENT:
        notes->ip_fragments++;
        break;
    case PACKET_UNKNOWN_LINK:
        if (notes->unknown_links++ == 0)
            notes->unknown_link = (uint16_t)link;
        break;
    case PACKET_DAMAGED:
        notes->damaged++;
        break;
    }
    return true;
}

static void write_endpoint(char out[ENDPOINT_LEN], const struct stream_key *key, const uint8_t *address, uint16_t port)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (!inet_ntop(key->is_ipv6 ? AF_INET6 : AF_INET, address, text, sizeof text))
        return;
    snprintf(out, ENDPOINT_LEN, key->is_ipv6 ? "[%s]:%u" : "%s:%u", text, port);
}

/* The first stream that begins with a ClientHello is the one, whatever the rest of it is like. */
static void choose_stream(const struct streams *streams, struct capture *out)
{
    for (size_t i = 0; i < streams_count(streams); i++) {
        const struct stream_key *key = streams_key(streams, i);

        out->end = hello_read_records(streams_beginning(streams, i), &out->hello);
        if (out->end == HELLO_NONE)
            continue;
        write_endpoint(out->from, key, key->from, key->from_port);
        write_endpoint(out->to, key, key->to, key->to_port);
        return;
    }
}

static void read_packets(struct bytes file, struct capture *out)
{
    struct taking taking = {out, streams_new()};

    out->has_no_memory = !taking.streams;
    if (!taking.streams)
        return;
    out->notes.is_file_cut = packet_file_read(file, take_frame, &taking) == PACKET_FILE_CUT;
    out->notes.streams = (unsigned)streams_count(taking.streams);
    if (!out->has_no_memory)
        choose_stream(taking.streams, out);
    streams_free(taking.streams);
}

static void read_bytes_of_file(struct bytes file, struct capture *out)
{
    out->form = form_of(file);
    switch (out->form) {
    case CAPTURE_RECORDS:
        out->end = hello_read_records(file, &out->hello);
        break;
    case CAPTURE_MESSAGE:
        out->end = hello_read_message(file, &out->hello);
        break;
    case CAPTURE_PCAP:
    case CAPTURE_PCAPNG:
        read_packets(file, out);
        break;
    case CAPTURE_UNKNOWN:
        break;
    }
}

void capture_read(struct bytes file, struct capture *out)
{
    uint8_t *decoded;
    size_t len;

    *out = (struct capture){.end = HELLO_NONE};
    read_bytes_of_file(file, out);
    if (out->form != CAPTURE_UNKNOWN || file.len == 0)
        return;
    decoded = memory_new(file.len);
    out->has_no_memory = !decoded;
    if (decoded && hex_text_read(file, decoded, file.len, &len)) {
        out->is_hex = true;
        read_bytes_of_file(bytes_of(decoded, len), out);
    }
    memory_free(decoded);
}
