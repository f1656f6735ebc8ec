/*
 * handshake.h: the driver. It puts messages together, finds the row of the map, keeps the transcript, calls the
 * handler, and checks what must hold after every message, once for all of them.
 */
#ifndef TLS_HANDSHAKE_H
#define TLS_HANDSHAKE_H

#include "base/reader.h"
#include "tls/tls_types.h"

#define TO(state) (1u << (state))

enum row_flags {
    ENDS_RECORD = 1 << 0,   /* precedes a key change, so it must end its record (RFC 8446 5.1) */
    IN_TRANSCRIPT = 1 << 1, /* the driver adds it after the handler; a ClientHello's handler does so itself */
};

/* In this state this message, and none other, is handled so, and leads to one of these states. */
struct handshake_row {
    uint8_t in;       /* an enum handshake_state; HANDSHAKE_STATES ends the table */
    uint16_t accepts; /* an enum handshake_type */
    bool (*does)(struct tls *tls, struct reader *body);
    uint32_t to; /* TO() of the states it may then be in */
    uint8_t flags;
    uint32_t max_len; /* of the body; more is refused on sight of the header, with this reason */
    enum why too_long;
};

/* The maps (handshake_map.c). Before a version is chosen only start_map is in force. */
extern const struct handshake_row start_map[];
extern const struct handshake_row server13_map[];
extern const struct handshake_row server12_map[];

/* NULL: this message has no place in this state. */
const struct handshake_row *handshake_row_find(const struct handshake_row *map, enum handshake_state state,
                                               uint16_t type);

/* Takes the content of one handshake record. False: the connection failed. */
MUST_CHECK bool handshake_receive(struct tls *tls, struct bytes fragment);

/* The ChangeCipherSpec of TLS 1.2, a record of its own and a row of the map like any message. */
MUST_CHECK bool handshake_receive_change_cipher_spec(struct tls *tls);

/* The message being handled enters the transcript: for handlers that need it there before they are done. */
MUST_CHECK bool handshake_add_message(struct tls *tls);

/* An empty request for the key port, to be filled in and asked later. `answered` goes on with the answer. */
struct tls_key_request *handshake_new_key_request(struct tls *tls, enum tls_key_operation operation,
                                                  key_answered *answered);

/* Asks: until the answer is there the state is WAIT_KEY_OPERATION, in which no message is taken. */
void handshake_wait_for_key(struct tls *tls);

/* Both at once, where nothing is received in between. */
struct tls_key_request *handshake_ask_key(struct tls *tls, enum tls_key_operation operation, key_answered *answered);

/* A new struct handshake, or the why of no memory. */
MUST_CHECK bool handshake_start(struct tls *tls);
void handshake_end(struct tls *tls); /* wipes and frees; twice is fine */

#endif
