/*
 * proxy_protocol.h: the PROXY header that tells a backend who its client is (HAProxy's proxy-protocol.txt).
 *
 * Pure: addresses and what was agreed go in, bytes come out. The header is sent before any byte of the client, so
 * that nothing a client sends can pass for it.
 */
#ifndef PROXY_PROXY_PROTOCOL_H
#define PROXY_PROXY_PROTOCOL_H

#include "base/writer.h"
#include "proxy/address.h"
#include "tls/tls.h"

/* Version 2: 16 bytes, two unix addresses, and TLVs with three names of up to 256 bytes. */
enum { MAX_PROXY_HEADER_LEN = 1536 };

struct proxy_protocol_facts {
    const struct sockaddr *client; /* NULL: the connection is our own (LOCAL in version 2, UNKNOWN in version 1) */
    const struct sockaddr *server; /* the address the client connected to */
    const struct tls_outcome *outcome;
};

/* "PROXY TCP4 ...\r\n". Anything that is not one family of IP on both ends is UNKNOWN. */
void proxy_protocol_write_v1(const struct proxy_protocol_facts *facts, struct writer *out);

/* Binary, with ALPN, AUTHORITY, SSL (VERSION, CIPHER, KEY_ALG, GROUP, SIG_SCHEME) and CRC32C. */
void proxy_protocol_write_v2(const struct proxy_protocol_facts *facts, struct writer *out);

#endif
