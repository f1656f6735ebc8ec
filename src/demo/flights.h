/*
 * flights.h: what a timeline means: which message went under which keys, and whose the time was.
 */
#ifndef DEMO_FLIGHTS_H
#define DEMO_FLIGHTS_H

#include "proxy/handshake_view.h"

enum protection {
    PROTECTION_NONE,
    PROTECTION_HANDSHAKE_KEYS,
    PROTECTION_APPLICATION_KEYS,
};

struct flight_message {
    const char *name;
    bool is_from_client;
    bool is_filler; /* a ChangeCipherSpec that means nothing in TLS 1.3 (RFC 8446 D.4) */
    enum protection protection;
    size_t len;
    uint64_t at; /* microseconds since the first byte */
};

struct flights {
    size_t count;
    struct flight_message messages[MAX_TIMELINE];
    bool is_complete; /* the client's Finished was verified */
    bool is_cut;      /* the timeline was full: there may have been more */
    bool is_tls12;
    bool is_resumed;
    bool is_rsa_exchange; /* the classic one of TLS 1.2, without key shares */
    bool is_client_verified;
    size_t connected_count;          /* how many messages the handshake itself took; what follows came later */
    uint64_t total;                  /* from the first byte to the client's Finished, or to the last message */
    uint64_t own;                    /* of it, while the next move was ours */
    uint64_t client_len, server_len; /* bytes of messages either side sent in the handshake */
};

/* The secret came encrypted to the certificate's RSA key (RFC 5246 7.4.7.1). */
bool flights_is_rsa_exchange(const struct tls_outcome *outcome);

void flights_read(const struct handshake_view *view, struct flights *out);

#endif
