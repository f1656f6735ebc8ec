/*
 * explain.h: a captured ClientHello, decoded, and what a policy would answer and why.
 *
 * A file's bytes go in: TLS records, a bare handshake message, either of them as hexadecimal text, or a capture of
 * packets; words for a person come out. The decision is negotiate()'s own, which a listener runs as well.
 *
 * It never opens a socket or a file, never uses a private key or a ticket key, and never prints a foreign byte as it
 * is: a terminal is no place for what a stranger sent.
 */
#ifndef EXPLAIN_EXPLAIN_H
#define EXPLAIN_EXPLAIN_H

#include <stdio.h>

#include "base/attributes.h"
#include "base/bytes.h"

struct tls_policy;

enum explain_end {
    EXPLAIN_GOES_ON, /* the handshake would */
    EXPLAIN_REFUSED,
    EXPLAIN_NOTHING, /* no ClientHello, or not all of one */
    EXPLAIN_FAILED,  /* out of memory, or a hash failed */
};

enum { MAX_EXPLAIN_FILE_LEN = 64 * 1024 * 1024 };

/* `listener` is what the policy is called. */
MUST_CHECK enum explain_end explain_file(struct bytes file, const struct tls_policy *policy, const char *listener,
                                         FILE *out);

#endif
