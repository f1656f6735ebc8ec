/*
 * packet_file.h: files of captured packets: pcap (microseconds or nanoseconds, either byte order) and pcapng (sections
 * of either byte order; enhanced, simple and the old packet blocks).
 */
#ifndef EXPLAIN_PACKET_FILE_H
#define EXPLAIN_PACKET_FILE_H

#include "base/attributes.h"
#include "base/bytes.h"

bool packet_file_is_pcap(struct bytes file);
bool packet_file_is_pcapng(struct bytes file);

/* Takes one frame. False: enough. */
typedef bool packet_sink(void *context, uint32_t link, struct bytes frame);

enum packet_file_end { PACKET_FILE_END, PACKET_FILE_STOPPED, PACKET_FILE_CUT };

/* Either kind. CUT: the file ends inside something, or is damaged. */
MUST_CHECK enum packet_file_end packet_file_read(struct bytes file, packet_sink *sink, void *context);

#endif
