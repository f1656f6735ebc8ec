/*
 * streams.h: the beginnings of the TCP streams of a capture, their segments put in order (RFC 9293 3.4).
 *
 * A byte that came first stays, whatever a retransmission says. Streams keep the order in which they were first seen.
 */
#ifndef EXPLAIN_STREAMS_H
#define EXPLAIN_STREAMS_H

#include "base/attributes.h"
#include "base/bytes.h"

enum { MAX_STREAMS = 1024, MAX_STREAM_LEN = 64 * 1024 };

struct stream_key {
    uint8_t from[16], to[16]; /* of IPv4 the first four bytes */
    uint16_t from_port, to_port;
    bool is_ipv6;
};

struct segment {
    struct stream_key key;
    uint32_t sequence;
    bool is_syn;
    struct bytes data;
};

enum streams_end { STREAMS_TAKEN, STREAMS_LEFT_OUT, STREAMS_NO_MEMORY };

struct streams;

MUST_CHECK struct streams *streams_new(void);
void streams_free(struct streams *streams); /* NULL is fine */

/* STREAMS_LEFT_OUT: it is of a stream beyond MAX_STREAMS. */
MUST_CHECK enum streams_end streams_take(struct streams *streams, const struct segment *segment);

size_t streams_count(const struct streams *streams);

/* The bytes from the beginning up to the first that is missing. */
struct bytes streams_beginning(const struct streams *streams, size_t index);
const struct stream_key *streams_key(const struct streams *streams, size_t index);

#endif
