/*
 * handshake_view.h: finds the handshake behind a connection of the demo backend.
 *
 * The demo backend is a plain server on loopback: all it sees of a connection is the port it comes from. While a
 * connection is relayed to it, this registry maps that port to what was agreed, what was offered and how the
 * flights went. Connections to any other backend keep no timeline and never appear here.
 *
 * Belongs to the one thread that runs the proxy and the demo backend.
 */
#ifndef PROXY_HANDSHAKE_VIEW_H
#define PROXY_HANDSHAKE_VIEW_H

#include "tls/tls.h"

enum {
    HANDSHAKE_VIEW_NAME_LEN = 256,
    HANDSHAKE_VIEW_ADDRESS_LEN = 128,
    HANDSHAKE_VIEW_LABEL_LEN = 256,
    HANDSHAKE_VIEW_IDENTITY_LEN = 256,
};

/*
 * A copy: nothing in it points into the connection. The suite, group and scheme of `outcome` are rows of constant
 * tables; its `credential`, `client`, `sni` and `alpn` are empty, the texts below stand for them.
 */
struct handshake_view {
    uint64_t connection_id; /* as the log calls it */
    struct tls_outcome outcome;
    char sni[HANDSHAKE_VIEW_NAME_LEN];          /* "": none was sent */
    char alpn[HANDSHAKE_VIEW_NAME_LEN];         /* "": none was chosen; escaped by whoever prints it */
    char client[HANDSHAKE_VIEW_ADDRESS_LEN];    /* "192.0.2.1:40000", "[2001:db8::1]:40000", "unix" */
    char certificate[HANDSHAKE_VIEW_LABEL_LEN]; /* what logs call the certificate */
    bool is_development_certificate;
    bool is_client_verified; /* in this connection, or in the one that a resumed one goes back to */
    char client_certificate[HANDSHAKE_VIEW_IDENTITY_LEN]; /* its subject, or else its names; "": it has neither */
    uint64_t accepted_at;                                 /* microseconds, the clock of the timeline */
    uint64_t connected_at;                                /* when the client's Finished was verified */
    bool has_offered;
    struct tls_offered offered; /* of the last ClientHello */
    struct tls_timeline timeline;
};

/* The connection whose backend socket is bound to this local port. False: no such connection is relayed now. */
MUST_CHECK bool handshake_view_find(uint16_t source_port, struct handshake_view *out);

/*
 * For the connection: an entry lives on the heap beside it, filled as the handshake goes, and can be found between
 * _publish and _free.
 */
struct handshake_entry {
    struct handshake_view view;
    uint16_t source_port;
    struct handshake_entry *next; /* in the registry */
    bool is_published;
};

MUST_CHECK struct handshake_entry *handshake_entry_new(void);
void handshake_entry_free(struct handshake_entry *entry); /* NULL is fine */
void handshake_entry_publish(struct handshake_entry *entry, uint16_t source_port);

#endif
