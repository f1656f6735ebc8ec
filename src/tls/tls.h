/*
 * tls.h: the whole engine seen from outside. A TLS server for one connection, as bytes in and bytes out.
 *
 * It has four ports with two verbs each: the wire (ciphertext, shared with the client) and the plain side (text,
 * shared with the backend), each inwards (space/commit) and outwards (view/consume). tls_ready() computes from the
 * buffers what can be done; the caller needs no knowledge of the phase and runs a pump until nothing is ready.
 *
 * The engine never opens a socket, reads a clock, starts a timer or keeps a global: time and randomness come in
 * through the policy, private keys answer through the key port. It never logs: what happened is in tls_outcome().
 *
 * A span is valid until the next call with a non-const `struct tls *`; space and its commit are adjacent. Nothing
 * here fails by a return value: a connection that went wrong says so in tls_outcome()->why and ends with TLS_OVER.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include <sys/uio.h>

#include "base/attributes.h"
#include "base/bytes.h"
#include "tls/why.h"

struct pool;
struct tls;
struct tls_policy;      /* policy.h */
struct tls_key_request; /* key_operation.h */
struct tls_suite;       /* iana.h */
struct tls_group;
struct tls_signature_scheme;
struct tls_credential;
struct client_identity; /* crypto/client_trust.h */
struct decisions;       /* decision.h */

/* A connection under `policy`, of which it keeps a reference. `pool` outlives it. NULL when out of memory. */
MUST_CHECK struct tls *tls_new(struct tls_policy *policy, struct pool *pool);
void tls_free(struct tls *tls); /* wipes; NULL is fine */

enum tls_ready {
    TLS_WIRE_IN = 1 << 0,   /* wants bytes from the client */
    TLS_WIRE_OUT = 1 << 1,  /* has bytes for the client */
    TLS_PLAIN_OUT = 1 << 2, /* has text for the backend; also tells that the client's Finished was verified */
    TLS_PLAIN_IN = 1 << 3,  /* takes text from the backend */
    TLS_PLAIN_END = 1 << 4, /* the client will send no more and all its text was consumed: see client_end */
    TLS_KEY = 1 << 5,       /* waits for tls_key_done() */
    TLS_OVER = 1 << 6,      /* failed, or closed in both directions; WIRE_OUT may still be up: send, then close */
    TLS_TICKETS = 1 << 7,   /* has tickets that travel with the first text; see tls_send_tickets() */
    TLS_HELD = 1 << 8,      /* waits for tls_set_full_handshakes() */
};
unsigned tls_ready(const struct tls *tls);

/* True from the moment the client's Finished was verified, until the end: only then may a backend be connected. */
bool tls_is_connected(const struct tls *tls);

/*
 * From the client: where to read to (at most `n` spans; answers how many, 0 when WIRE_IN is down or no storage is
 * to be had, which is a why), and how many bytes came. A commit of 0 gives unused storage back.
 */
int tls_wire_space(struct tls *tls, struct iovec *spans, int n);
void tls_wire_commit(struct tls *tls, size_t len);

/* To the client. */
int tls_wire_view(const struct tls *tls, struct iovec *spans, int n);
void tls_wire_consume(struct tls *tls, size_t len);

/* To the backend. Consuming may open further records. */
int tls_plain_view(const struct tls *tls, struct iovec *spans, int n);
void tls_plain_consume(struct tls *tls, size_t len);

/* From the backend. Each span is the body of one record to be; they fill in order, only the last may be partial. */
int tls_plain_space(struct tls *tls, struct iovec *spans, int n);
void tls_plain_commit(struct tls *tls, size_t len);

void tls_wire_end(struct tls *tls); /* the client's FIN or RST: truncation unless its close_notify came */
void tls_close(struct tls *tls);    /* the backend's end: sends close_notify; receiving goes on */

/*
 * A handshake that resumes a session costs little, a full one a key exchange and a signature. While full ones are held
 * one stops before either, once its ClientHello is understood and brings no ticket that opens: TLS_HELD. Taken, it goes
 * on; refused, it fails with WHY_OVERLOADED_SOURCE, as does one whose ticket opened and turned out not to fit. What is
 * past its ClientHello goes on in any case.
 */
enum tls_full_handshakes { TLS_FULL_HANDSHAKES_TAKEN, TLS_FULL_HANDSHAKES_HELD, TLS_FULL_HANDSHAKES_REFUSED };
void tls_set_full_handshakes(struct tls *tls, enum tls_full_handshakes what);

/* The proxy's own reasons (a timeout, a refused backend, shedding): the row's alert goes out. The first why wins. */
void tls_abort(struct tls *tls, enum why why);

/*
 * The key port: the one way to a private key or a ticket key. During the handshake the engine reads nothing while
 * TLS_KEY is up; afterwards (sealing tickets) data goes on meanwhile. `answer` is copied; is_ok false fails the
 * handshake, or ends in fewer tickets. Without an open request tls_key_done() does nothing.
 */
const struct tls_key_request *tls_key_wanted(const struct tls *tls);

/* The question is of tickets that are sealed ahead: the handshake goes on without its answer. */
bool tls_key_may_wait(const struct tls *tls);
void tls_key_done(struct tls *tls, bool is_ok, struct bytes answer);

/*
 * Tickets leave in the same write as the backend's first text, in front of it. When none has come MAX_TICKET_DELAY
 * after TLS_TICKETS went up the caller sends them alone. Without pending tickets this does nothing.
 */
enum { MAX_TICKET_DELAY = 100 * 1000 }; /* microseconds */
void tls_send_tickets(struct tls *tls);

enum tls_client_end { TLS_CLIENT_OPEN, TLS_CLIENT_CLOSE_NOTIFY, TLS_CLIENT_TRUNCATED };

/* How far the handshake got, in the order of RFC 8446 Figure 1. */
enum tls_stage {
    TLS_STAGE_START,        /* nothing came yet */
    TLS_STAGE_CLIENT_HELLO, /* the first bytes of a ClientHello came */
    TLS_STAGE_HELLO_RETRY,  /* HelloRetryRequest sent, second ClientHello awaited */
    TLS_STAGE_KEY_OPERATION,
    TLS_STAGE_CLIENT_FINISHED, /* our flight is out, the client's is awaited */
    TLS_STAGE_CONNECTED,
};
const char *tls_stage_name(enum tls_stage stage); /* "client_hello" */

/* What was agreed so far, or why it failed. Pointers live as long as the connection. */
struct tls_outcome {
    enum why why; /* WHY_NONE while all is well, also after a clean end */
    enum tls_stage stage;
    enum tls_client_end client_end;
    uint8_t alert_received; /* meaningful when why is WHY_ALERT_RECEIVED */
    bool has_alert_received;
    bool is_hello_retried;
    bool is_resumed;
    bool is_extended_master_secret; /* of TLS 1.2 */
    uint16_t version;               /* 0x0303, 0x0304, or 0 */
    const struct tls_suite *suite;
    const struct tls_group *group;             /* NULL: the classic RSA key exchange, or resumed without one (1.2) */
    const struct tls_signature_scheme *scheme; /* NULL when resumed, and for the classic RSA key exchange */
    const struct tls_credential *credential;   /* NULL when resumed */
    /* The verified client certificate, also of the handshake that a resumed one goes back to. NULL: none. While
     * the why is one of client certificates: the one that was refused, as far as it could be read. */
    const struct client_identity *client;
    uint8_t client_result; /* an enum chain_result; of the certificate that was refused */
    uint8_t tickets_sent;
    struct bytes sni;  /* as the client sent it, only ever LDH, `_` and dots; len 0: none */
    struct bytes alpn; /* what was chosen; len 0: none */
};
const struct tls_outcome *tls_outcome(const struct tls *tls);

/*
 * What the ClientHello offered, for the log line of a failed handshake: code points in the client's order, cut
 * after MAX_OFFERED of each. NULL before a ClientHello was parsed and once the handshake has succeeded.
 */
enum { MAX_OFFERED = 24 };
struct tls_offered {
    uint16_t versions[MAX_OFFERED], suites[MAX_OFFERED], groups[MAX_OFFERED], schemes[MAX_OFFERED];
    uint8_t version_count, suite_count, group_count, scheme_count;
    char alpn[64]; /* comma separated, escaped by whoever prints it */
};
const struct tls_offered *tls_offered(const struct tls *tls);

/*
 * What was chosen and rejected, and why; kept like the above, but past a handshake that succeeded too, until
 * tls_forget_decisions(). NULL when there is none.
 */
const struct decisions *tls_decisions(const struct tls *tls);
void tls_forget_decisions(struct tls *tls);

/*
 * The flights as they happened, for the demo page only: the caller's array, filled while it is attached. Times are
 * those of the policy's clock, sizes those of the message with its header, or of the record for other contents.
 */
enum { MAX_TIMELINE = 24 };
struct tls_timeline_entry {
    bool is_from_client;
    const char *what; /* "ClientHello", "CertificateVerify", "ChangeCipherSpec" */
    size_t len;
    uint64_t at; /* microseconds */
};
struct tls_timeline {
    size_t count;
    struct tls_timeline_entry entries[MAX_TIMELINE];
};
void tls_observe(struct tls *tls, struct tls_timeline *timeline); /* NULL detaches */

#endif
