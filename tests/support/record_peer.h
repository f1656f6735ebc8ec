/*
 * record_peer.h: one engine whose record layer is tried alone, and a peer that shares nothing with tls/record.c but the
 * AEAD: records go into wire_in by hand and are taken out of wire_out.
 */
#ifndef SUPPORT_RECORD_PEER_H
#define SUPPORT_RECORD_PEER_H

#include "tls/record.h"

enum { PATTERN_LEN = 4 * MAX_PLAINTEXT_LEN + 1000 };

/* The engine under test, the pool behind it, and what record_next() gave last. */
extern struct tls *tls;
extern struct pool *pool;
extern uint8_t type;
extern struct plain_span content;
extern uint8_t pattern[PATTERN_LEN]; /* text in which no two stretches are alike */

void begin_with_pool(size_t max_bytes);
void begin(void);
void end(void);

/* With keys of `suite` in both directions, known to the peer as well. */
void begin_protected_by(const struct tls_suite *suite);
void begin_protected(void); /* TLS_AES_128_GCM_SHA256 */
void end_protected(void);

/* Into wire_in, and out of record_next(). */
void feed(struct bytes raw);
struct bytes content_view(void);
void is_ready(uint8_t expected_type, struct bytes expected);
void is_failed(enum why why);
void is_refused(struct bytes raw, enum why why); /* feeds, then fails for this reason */

/* A record of `len` zeros under that header, in storage that lives until the next call. */
uint8_t *raw_record(uint8_t record_type, uint16_t version, size_t len);
struct bytes raw_record_view(uint8_t record_type, uint16_t version, size_t len);

/* The peer seals: `len` bytes of TLSInnerPlaintext that stand in the record, or text, inner type and padding. */
void peer_start(const struct tls_suite *suite, const struct secret *traffic_secret);
struct bytes peer_seal(uint8_t *record, uint64_t sequence, size_t len);
struct bytes peer_record(uint64_t sequence, uint8_t inner_type, struct bytes text, size_t padding);

/* The peer takes the first record off wire_out and opens it. Answers its text. */
struct bytes peer_open(uint64_t sequence, uint8_t expected_type);

#endif
