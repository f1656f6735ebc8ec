/*
 * transcript.h: RFC 8446 4.4.1. The running hash of all handshake messages, with their headers, without records.
 */
#ifndef TLS_TRANSCRIPT_H
#define TLS_TRANSCRIPT_H

#include "tls/tls_types.h"

/* One more message, also into the log where one is kept. False: the connection failed. */
MUST_CHECK bool transcript_add(struct tls *tls, struct bytes message);

/* Replaces the first ClientHello by message_hash, when a HelloRetryRequest follows. */
MUST_CHECK bool transcript_replace_client_hello(struct hash *transcript);

#endif
