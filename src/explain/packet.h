/*
 * packet.h: a frame of a capture becomes a segment of TCP, or a reason why it is passed over.
 */
#ifndef EXPLAIN_PACKET_H
#define EXPLAIN_PACKET_H

#include "explain/streams.h"

enum packet_end {
    PACKET_SEGMENT,
    PACKET_OTHER, /* no TCP */
    PACKET_FRAGMENT,
    PACKET_UNKNOWN_LINK,
    PACKET_DAMAGED, /* does not parse */
};

/* `link` is a LINKTYPE_ value. The segment's data is a view into the frame; of a frame cut short what there is. */
MUST_CHECK enum packet_end packet_read(uint32_t link, struct bytes frame, struct segment *out);

#endif
