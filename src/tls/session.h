/*
 * session.h: what a ticket carries, so that a later handshake can go on from this one (RFC 8446 4.6.1, RFC 5077).
 *
 * The server keeps nothing: all of it travels, sealed, in the ticket. Whose ticket it is good for (listener, name,
 * client-certificate policy) is not in here but bound to the seal, see resumption.h.
 */
#ifndef TLS_SESSION_H
#define TLS_SESSION_H

#include "base/secret.h"
#include "crypto/client_trust.h"

enum {
    /* form, version, suite, fragment length, two times, secret; identity: time, fingerprint, three texts */
    MAX_SESSION_LEN = 1 + 2 + 2 + 1 + 8 + 8 + 1 + MAX_SECRET_LEN + 8 + 32 + 3 * (2 + MAX_IDENTITY_TEXT),
};

struct session {
    uint16_t version;
    uint16_t suite;
    uint8_t fragment_length;  /* the code of max_fragment_length (RFC 6066 4), 0: none */
    int64_t authenticated_at; /* seconds since 1970: of the full handshake at the root of it */
    int64_t expires_at;       /* never beyond the client certificate's, and 7 days after authenticated_at */
    struct secret secret;     /* TLS 1.3: the PSK; TLS 1.2: the master secret */
    bool has_client;
    struct client_identity client; /* zeroed without one */
};

/* `out` takes MAX_SESSION_LEN bytes. */
MUST_CHECK bool session_write(const struct session *session, uint8_t *out, size_t *len);

/* False: not what session_write() makes, which a sealed ticket can only be after an upgrade. */
MUST_CHECK bool session_read(struct bytes from, struct session *out);
void session_wipe(struct session *session);

#endif
