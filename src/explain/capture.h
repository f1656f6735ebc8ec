/*
 * capture.h: the bytes of a file become the first ClientHello in them.
 */
#ifndef EXPLAIN_CAPTURE_H
#define EXPLAIN_CAPTURE_H

#include "explain/hello.h"

enum capture_form {
    CAPTURE_RECORDS,
    CAPTURE_MESSAGE,
    CAPTURE_PCAP,
    CAPTURE_PCAPNG,
    CAPTURE_UNKNOWN,
};

enum { ENDPOINT_LEN = 64 };

/* What was passed over, so that nobody takes silence for absence. */
struct capture_notes {
    unsigned packets, ip_fragments, unknown_links, not_tcp, damaged; /* packets */
    uint16_t unknown_link;                                           /* the first of the link types */
    unsigned streams, streams_left_out;
    bool is_file_cut; /* the file ends inside a packet or block */
};

struct capture {
    struct hello hello;
    enum hello_end end; /* HELLO_NONE: there is none */
    enum capture_form form;
    bool is_hex;
    bool has_no_memory;
    struct capture_notes notes;
    char from[ENDPOINT_LEN], to[ENDPOINT_LEN]; /* of the stream, "" without one */
};

void capture_read(struct bytes file, struct capture *out);

#endif
