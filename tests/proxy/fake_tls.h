/*
 * fake_tls.h: an engine that changes nothing, to test the pump around it.
 *
 * It takes the place of tls.c at link time. The first bytes are a handshake in letters: 'K' asks for a private-key
 * operation, 'H' (or the answer to 'K') connects and sends 'S'; 'T' does so with two tickets to be sent, 'Q' has to
 * ask for these first, while text flows; 'A' is a client that names a host, a protocol and itself, 'C' one that shows
 * no certificate where one is required. From then on every byte is text but these:
 */
#ifndef TESTS_PROXY_FAKE_TLS_H
#define TESTS_PROXY_FAKE_TLS_H

#include "tls/tls.h"

enum {
    FAKE_CLOSE_NOTIFY = 0x04, /* from and to the client */
    FAKE_BAD_RECORD = 0x18,   /* from the client: WHY_RECORD_MAC */
    FAKE_ALERT = 0x15,        /* to the client, then the alert's code */
    FAKE_CONNECTED = 'S',
    FAKE_TICKET = 0x16, /* to the client */
    FAKE_TICKETS = 2,
};

#define FAKE_CLIENT "CN=alice" /* of 'A', as are the two below */
#define FAKE_SNI "app.example"
#define FAKE_ALPN "h2"

/* Spans are of random length up to this, so that the pump sees many of them. 0: as long as they are. */
extern size_t fake_tls_max_span;

/* The id of the key that 'K' asks for. */
extern uint8_t fake_tls_key_id[32];

#endif
