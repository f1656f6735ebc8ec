/*
 * record.h: the record layer of RFC 8446 section 5 and RFC 5246 section 6. Header, limits, sequence numbers.
 */
#ifndef TLS_RECORD_H
#define TLS_RECORD_H

#include "tls/tls_types.h"

/*
 * Keys one direction from a traffic secret, sequence 0. False: memory or a primitive failed. The old
 * key is gone all the same, for the peer has changed to the new one: see tls->is_clear_over.
 */
MUST_CHECK bool protection_start(struct protection *protection, const struct tls_suite *suite,
                                 const struct secret *traffic_secret);

/* The same from a handshake traffic secret, which also gives the key of its writer's Finished. */
MUST_CHECK bool protection_start_handshake(struct protection *protection, const struct tls_suite *suite,
                                           const struct secret *traffic_secret, struct secret *finished_key);

/* The next generation of the same (RFC 8446 7.2). */
MUST_CHECK bool protection_update(struct protection *protection, const struct tls_suite *suite);
void protection_wipe(struct protection *protection);

/* TLS 1.2: handshake->keys from the master secret and both randoms. False: the connection failed. */
MUST_CHECK bool protection12_derive(struct tls *tls);

/* Keys one direction of TLS 1.2, sequence 0 (RFC 5246 6.1). Who writes in it? */
enum protection_writer { PROTECTION_CLIENT, PROTECTION_SERVER };
MUST_CHECK bool protection12_start(struct protection *protection, const struct key_block12 *keys,
                                   enum protection_writer writer, const struct tls_suite *suite);

enum record_result { RECORD_READY, RECORD_SKIPPED, RECORD_INCOMPLETE, RECORD_FAILED };

/*
 * Takes the next record off wire_in and opens it where it lies: `type` is what it carries, `content` where in the
 * block. RECORD_SKIPPED: declined early data, gone. RECORD_FAILED: the connection failed, with its why.
 */
enum record_result record_next(struct tls *tls, uint8_t *type, struct plain_span *content);

/* Appends `content` to wire_out in as many records as it takes. False: the connection failed. */
MUST_CHECK bool record_send(struct tls *tls, enum content_type type, struct bytes content);

/* How many bytes of content go into one record of ours (RFC 8449, RFC 6066 4). */
size_t record_content_limit(const struct tls *tls);

/* How many bytes record_send() appends for so much content. */
size_t record_sent_len(const struct tls *tls, size_t content_len);

/*
 * Application data in place: the body, `body_len` bytes, of the record that will lie `before` bytes and `index` such
 * records behind the end of wire_out. NULL when the block ends before it.
 */
uint8_t *record_body(struct tls *tls, size_t before, size_t index, size_t body_len);

/* Seals `len` bytes that were put into the first record_body(). False: the connection failed. */
MUST_CHECK bool record_seal_body(struct tls *tls, size_t len);

#endif
