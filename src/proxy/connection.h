/*
 * connection.h: one client, its engine and, once it is allowed to have one, its backend.
 *
 *   HANDSHAKING --Finished verified--> CONNECTING --connected--> RELAYING --both sides ended--> CLOSING --> freed
 *        \---------------- a reason (why.h) at any time ----------------------------------------^
 *
 * In RELAYING each direction ends by itself: the client's close_notify becomes the backend's end of file, the
 * backend's end of file becomes our close_notify. A client that leaves without close_notify was cut off: what
 * arrived intact is delivered, then the backend's connection is reset, for an end of file would say that it was all.
 *
 * CLOSING winds both sockets down on their own terms: the client's gets its alert and is read empty for a moment, so
 * that the close does not destroy the alert; the backend's is reset once its send queue has drained. The engine and
 * the log line are done with as early as that. One function frees.
 */
#ifndef PROXY_CONNECTION_H
#define PROXY_CONNECTION_H

#include <event2/event_struct.h>

#include "proxy/handshake_view.h"
#include "proxy/listener.h"

enum connection_state {
    CONNECTION_HANDSHAKING,
    CONNECTION_CONNECTING,
    CONNECTION_RELAYING,
    CONNECTION_CLOSING,
};

struct endpoint {
    struct event event; /* one for both directions, assigned anew when the interest changes */
    int fd;             /* -1: none (yet, or any more) */
    short interest;     /* EV_READ | EV_WRITE as it is registered now */
    bool can_read;      /* trying is worth a system call */
    bool can_write;
    bool has_ended_in;  /* end of file, or an error: nothing more will be read */
    bool has_ended_out; /* we shut down our sending side, or nothing can be written any more */
    bool is_reset;      /* the peer reset the connection */
};

struct connection {
    uint32_t magic;
    uint8_t state;         /* an enum connection_state */
    uint64_t tickets_at;   /* since when tickets wait for text to travel with; 0: none do */
    uint64_t text_held_at; /* since when text has waited for tickets, for MAX_TICKET_DELAY at most; 0: none did */
    bool is_key_asked;
    uint64_t key_asked_at;
    bool is_truncated;
    bool is_clean;               /* in CLOSING: it ended without a why, so all that was sent has to arrive */
    bool is_lingering;           /* in CLOSING: the client is read empty before the close */
    bool is_client_to_be_reset;  /* in CLOSING: it reads nothing, the kernel has not to keep what it was sent */
    bool is_backend_to_be_reset; /* in CLOSING: no end of file for a client that never said its own */
    struct proxy *proxy;
    struct listener *listener;
    struct tls *tls; /* NULL in CLOSING once the client has all that it will get */
    struct endpoint client, backend;
    struct event timer;
    uint64_t timer_at; /* when it goes off; 0: it is not pending */

    struct connection_ticket ticket;
    struct peer_address peer;
    uint64_t network; /* whose share of the handshakes it takes (sources.h); NO_SOURCE: nobody's */
    uint32_t spent;   /* microseconds that its handshake took so far */
    bool is_hello_counted;
    bool is_counted; /* among the unfinished handshakes of its network */
    bool is_owed;    /* a private key is asked for it, and not yet charged */
    bool is_in_line; /* it is in proxy->turns ... */
    bool is_late;    /* ... in the second line */
    uint64_t in_line_since;
    TAILQ_ENTRY(connection) line_link;
    bool is_sheddable; /* it is in proxy->sheddable */
    TAILQ_ENTRY(connection) shed_link;

    struct backend_attempt attempt;
    uint32_t question;             /* to proxy->connector, in CONNECTING; 0: none is out */
    bool is_asked_again;           /* it, after its answer was lost */
    struct buffer header;          /* the PROXY header, until it is sent */
    struct handshake_entry *entry; /* for the demo backend only, else NULL */

    uint64_t bytes_in, bytes_out;                /* text */
    uint64_t accepted_at, active_at, blocked_at; /* blocked_at: the client takes nothing since; 0: it does */
    uint64_t state_at;                           /* when the state, or the attempt to connect, began */
    uint64_t hello_at, handshake_at, backend_at; /* when they were through; 0: not yet */
    uint8_t looks;                               /* ... and so often it was looked whether it did */
    uint32_t unsent;         /* while blocked: what the kernel held for the client at the last look */
    uint32_t backend_unsent; /* the same for the backend, when idleness was last judged */
    uint32_t lingered;       /* bytes discarded */
};

/*
 * Takes over `fd`, a fresh non-blocking socket, in any case. The connection lives by itself from here on and tries
 * to read at once.
 */
void connection_start(struct proxy *proxy, struct listener *listener, int fd, const struct socket_address *peer);

/* Its turn to move on the handshake has come; unless it has waited too long for a full one. */
void connection_go_on(struct connection *connection, enum tls_full_handshakes what);

/* The answer of the key service. */
void connection_answer_key(struct connection *connection, bool is_ok, struct bytes answer);

/* Whether it waits for the answer to this question to proxy->connector, and the answer. */
bool connection_is_asking(const struct connection *connection, uint32_t question);
void connection_answer_connect(struct connection *connection, int fd, int error);

/* Says `why`, tries once to send its alert, and closes: for those who cannot wait. Frees the connection. */
void connection_cut(struct connection *connection, enum why why);

/* Frees at once, without a line or a word: the process is ending. */
void connection_drop(struct connection *connection);

#endif
