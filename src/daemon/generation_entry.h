/*
 * generation_entry.h: one entry of a generation's file: kind (1 byte), name (length of 2, bytes), contents (length of
 * 4, bytes). Private to generation.c and recorder.c.
 */
#ifndef DAEMON_GENERATION_ENTRY_H
#define DAEMON_GENERATION_ENTRY_H

#include "base/reader.h"
#include "base/writer.h"
#include "proxy/address.h"
#include "proxy/file_bytes.h"

enum entry_kind {
    /* in the public file */
    ENTRY_CONFIG = 1, /* name: the configuration's */
    ENTRY_CERTIFICATE,
    ENTRY_PUBLIC,
    ENTRY_ADDRESSES, /* name: a `server` as configured */
    /* in the secret file */
    ENTRY_KEY, /* a file with a private key: also one that holds a certificate, too */
    ENTRY_CERTIFICATE_AND_KEY,
    ENTRY_TICKET_KEY,
    ENTRY_PAIRS, /* in the public file; name: a directory of certificates. Numbers stay: the next binary reads them */
    ENTRY_KINDS
};

enum { MAX_ENTRY_NAME = 4096, MAX_ENTRY_ADDRESSES = 64 };

struct generation_entry {
    enum entry_kind kind;
    struct bytes name, contents;
};

/* False at the end, or at what is no entry. */
MUST_CHECK bool generation_entry_read(struct reader *r, struct generation_entry *entry);

/* What goes before the contents. */
void generation_entry_write_head(struct writer *w, const struct generation_entry *entry);
enum { MAX_ENTRY_HEAD = 1 + 2 + MAX_ENTRY_NAME + 4 };

/* Addresses as contents. */
void generation_write_addresses(struct writer *w, const struct socket_address *addresses, size_t count);
size_t generation_read_addresses(struct bytes contents, struct socket_address *out, size_t max);

MUST_CHECK bool generation_copy_contents(struct bytes contents, struct file_bytes *out, const char **fault);

#endif
