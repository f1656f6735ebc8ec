/*
 * resumption.h: tickets, from both ends: which of the client's is opened, and what the client gets for next time.
 * What a ticket is bound to stands in binding.h.
 */
#ifndef TLS_RESUMPTION_H
#define TLS_RESUMPTION_H

#include "tls/tls_types.h"

/*
 * Whether `ch` brings a ticket that we would open. Then the key port is asked (the state is WAIT_KEY_OPERATION, the
 * hello is kept) and `go_on` is called with the hello once it is known what the tickets are worth: hs->offered.
 */
typedef bool resumption_go_on(struct tls *tls, const struct client_hello *ch);
MUST_CHECK bool resumption_has_ticket(const struct tls *tls, const struct client_hello *ch);
MUST_CHECK bool resumption_open(struct tls *tls, const struct client_hello *ch, resumption_go_on *go_on);

/* Keeps the hello of a full handshake, and stops in WAIT_KEY_OPERATION until it is released (server.h). */
MUST_CHECK bool resumption_hold(struct tls *tls);

/* Reads the hello that was kept again, and goes on with it; what was kept is freed, unless another key is asked for. */
MUST_CHECK bool resumption_with_kept_hello(struct tls *tls, resumption_go_on *go_on);

/* The session that this handshake leads to. */
void resumption_session(struct tls *tls, const struct secret *secret, struct session *out);

/* Whether the client gets tickets, and how many. */
unsigned resumption_ticket_count(const struct tls *tls);

/* Fills in the request that seals `session` for this client. */
MUST_CHECK bool resumption_seal_request(struct tls *tls, const struct session *session,
                                        struct tls_key_request *request);

/* A ticket, and for how many seconds the client may keep it. */
struct sealed_ticket {
    uint32_t lifetime;
    struct bytes ticket; /* a view into the answer */
};

/*
 * The answer to that request; `expires_at` is what the sealed session says. False: it has no ticket, or one that nobody
 * would open any more.
 */
MUST_CHECK bool resumption_take_sealed(const struct tls *tls, int64_t expires_at, struct bytes answer,
                                       struct sealed_ticket *out);

/*
 * ---- of TLS 1.3: NewSessionTicket, sealed one after the other, from our Finished on where the client is asked for no
 * certificate, sent after the client's Finished, in front of the first text
 */
struct ticket_issue;

/*
 * Begins to seal; a lack of memory means no tickets. `transcript` goes up to the client's Finished. False: the secret
 * of it cannot be derived.
 */
MUST_CHECK bool tickets13_begin(struct tls *tls, const struct hash *transcript);
const struct tls_key_request *tickets13_wanted(const struct tls *tls); /* NULL: nothing is to be sealed */
void tickets13_sealed(struct tls *tls, bool is_ok, struct bytes answer);
bool tickets13_are_ready(const struct tls *tls); /* sealed and not sent */

/* How many bytes of wire_out they will take; 0 while none are ready. */
size_t tickets13_sent_len(const struct tls *tls);

/* Appends them to wire_out. False: the connection failed. */
MUST_CHECK bool tickets13_send(struct tls *tls);
void tickets13_drop(struct tls *tls);

#endif
