/*
 * hello.h: a stream of bytes becomes the ClientHello at its beginning, by the rules the engine receives under.
 */
#ifndef EXPLAIN_HELLO_H
#define EXPLAIN_HELLO_H

#include "base/attributes.h"
#include "base/bytes.h"
#include "tls/limits.h"
#include "tls/why.h"

enum hello_end {
    HELLO_WHOLE,
    HELLO_CUT,     /* it begins and does not end */
    HELLO_REFUSED, /* the engine would have stopped before the end, see `why` */
    HELLO_NONE,    /* something else */
};

struct hello {
    uint8_t body[MAX_CLIENT_HELLO_LEN]; /* without the header of the message */
    size_t len;
    size_t announced; /* by the header; 0 before it came */
    size_t came;      /* bytes in all, headers too */
    size_t record;    /* how long the first record says it is, with its header; 0: the message was bare */
    unsigned records; /* it came in; 0: the message was bare */
    enum why why;
};

/* Whether the first record begins a ClientHello; `stream` may be longer and need not be whole. */
bool hello_begins(struct bytes stream);

MUST_CHECK enum hello_end hello_read_records(struct bytes stream, struct hello *out);
MUST_CHECK enum hello_end hello_read_message(struct bytes message, struct hello *out);

#endif
