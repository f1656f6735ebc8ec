/*
 * flight.h: the messages we send, one behind the other, until they go into records.
 *
 * Everything between two key changes lies in one block, so that it leaves in as few records as possible and a flight
 * in one write. Each message enters the transcript when it is complete.
 */
#ifndef TLS_FLIGHT_H
#define TLS_FLIGHT_H

#include "tls/tls_types.h"

/* Storage for about `len` bytes of messages. False: the connection failed. */
MUST_CHECK bool flight_start(struct tls *tls, size_t len);

/* A message: begin, write the body to the writer this gives, end. */
struct writer *flight_begin_message(struct handshake *hs, uint8_t type);
MUST_CHECK bool flight_end_message(struct tls *tls);

/* Puts what was written into records under the keys now in force. */
MUST_CHECK bool flight_send(struct tls *tls);

/* The same for the last messages of a flight; the storage goes back, whatever the client waits for next. */
MUST_CHECK bool flight_finish(struct tls *tls);

#endif
