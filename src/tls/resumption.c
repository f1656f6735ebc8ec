#include "tls/resumption.h"

#include "tls/binding.h"
#include "tls/handshake.h"
#include "tls/policy_types.h"
#include "tls/ticket_keys.h"

static int64_t now_of(const struct tls *tls)
{
    return tls->policy->time(tls->policy->now_context);
}

static bool are_tickets_on(const struct tls *tls)
{
    return tls->policy->ticket_count > 0 && tls->policy->time;
}

/* ---- opening */

/* The n-th ticket of the client, if it is one that could be ours. */
static bool find_ticket(const struct client_hello *ch, uint16_t version, unsigned index, struct bytes *ticket)
{
    struct reader r = reader_of(ch->psk_identities);
    struct psk_identity next;

    if (version == TLS_1_2) {
        *ticket = ch->session_ticket;
        return index == 0 && ticket->len > 0;
    }
    for (unsigned i = 0; psk_identity_next(&r, &next); i++) {
        *ticket = next.identity;
        if (i == index)
            return true;
    }
    return false;
}

bool resumption_has_ticket(const struct tls *tls, const struct client_hello *ch)
{
    struct bytes ticket;

    return are_tickets_on(tls) && find_ticket(ch, tls->outcome.version, 0, &ticket);
}

static bool ticket_opened(struct tls *tls, bool is_ok, struct bytes answer);

/* The message's bytes are the record layer's: they are kept while the key port is asked. */
static bool keep_hello(struct tls *tls)
{
    struct handshake *hs = tls->handshake;

    if (hs->kept_hello.block) /* it is of this very hello: another of its tickets was asked for */
        return true;
    return buffer_append(&hs->kept_hello, tls->pool, hs->message) || tls_fail(tls, WHY_NO_MEMORY);
}

static bool ask_to_open(struct tls *tls, struct bytes ticket)
{
    struct handshake *hs = tls->handshake;
    struct tls_key_request *request;

    if (!keep_hello(tls))
        return false;
    request = handshake_ask_key(tls, TLS_KEY_OPEN_TICKET, ticket_opened);
    memcpy(request->payload, ticket.at, ticket.len);
    request->payload_len = ticket.len;
    hs->tried_tickets++;
    return binding_of(tls->policy, tls->outcome.version, tls->outcome.sni, request->binding) ||
           tls_fail(tls, WHY_CRYPTO);
}

/* What is longer than any of ours is passed over without asking. */
static bool next_ticket(const struct tls *tls, const struct client_hello *ch, struct bytes *ticket)
{
    struct handshake *hs = tls->handshake;

    for (; hs->tried_tickets < MAX_TICKETS_TRIED; hs->tried_tickets++) {
        if (!find_ticket(ch, tls->outcome.version, hs->tried_tickets, ticket))
            return false;
        if (ticket->len <= MAX_KEY_PAYLOAD_LEN)
            return true;
        decide(tls->decisions, DECISION_RESUMPTION, VERDICT_NOT_OPENED, hs->tried_tickets);
    }
    return false;
}

static bool try_next(struct tls *tls, const struct client_hello *ch)
{
    struct handshake *hs = tls->handshake;
    struct bytes ticket;

    if (!hs->offered.session && next_ticket(tls, ch, &ticket))
        return ask_to_open(tls, ticket);
    return hs->go_on(tls, ch);
}

bool resumption_open(struct tls *tls, const struct client_hello *ch, resumption_go_on *go_on)
{
    struct handshake *hs = tls->handshake;

    hs->go_on = go_on;
    hs->tried_tickets = 0;
    session_wipe(&hs->session);
    hs->offered = (struct offered_session){.now = now_of(tls)};
    return try_next(tls, ch);
}

static void take_opened(struct tls *tls, bool is_ok, struct bytes answer)
{
    struct handshake *hs = tls->handshake;
    struct reader r = reader_of(answer);
    uint16_t index = (uint16_t)(hs->tried_tickets - 1);
    uint8_t result = TICKET_FAILED;

    if (!is_ok || !read_u8(&r, &result) || (result != TICKET_OPENED && result != TICKET_OPENED_OLD) ||
        !session_read(read_rest(&r), &hs->session)) {
        decide(tls->decisions, DECISION_RESUMPTION, VERDICT_NOT_OPENED, index);
        return;
    }
    hs->offered.session = &hs->session;
    hs->offered.index = index;
    hs->is_ticket_old = result == TICKET_OPENED_OLD;
}

bool resumption_hold(struct tls *tls)
{
    if (!keep_hello(tls))
        return false;
    tls->state = WAIT_KEY_OPERATION;
    tls->is_held = true;
    return true;
}

/* Of the hello itself, until its last ticket was tried and it is neither held. */
static bool is_still_kept(const struct tls *tls)
{
    return tls->is_held || (tls->is_key_wanted && tls->handshake->key_request.operation == TLS_KEY_OPEN_TICKET);
}

bool resumption_with_kept_hello(struct tls *tls, resumption_go_on *go_on)
{
    struct handshake *hs = tls->handshake;
    struct bytes message = buffer_view(&hs->kept_hello);
    struct reader body = reader_of(message);
    struct client_hello ch;
    struct bytes header;
    bool is_done;
    enum why why;

    if (!read_bytes(&body, MESSAGE_HEADER_LEN, &header) || !client_hello_parse(&body, &ch, &why))
        return tls_fail(tls, WHY_INTERNAL); /* it parsed before */
    hs->message = message;
    is_done = go_on(tls, &ch);
    if (!is_done || !is_still_kept(tls))
        buffer_drop(&hs->kept_hello, tls->pool);
    return is_done;
}

/* A ticket that does not open costs the client a full handshake, never the connection. */
static bool ticket_opened(struct tls *tls, bool is_ok, struct bytes answer)
{
    take_opened(tls, is_ok, answer);
    return resumption_with_kept_hello(tls, try_next);
}

/* ---- making */

unsigned resumption_ticket_count(const struct tls *tls)
{
    const struct handshake *hs = tls->handshake;

    if (!are_tickets_on(tls))
        return 0;
    if (tls->outcome.version == TLS_1_2) /* RFC 7627 5.3: without the extended master secret nothing is resumed */
        return hs->takes_ticket && tls->outcome.is_extended_master_secret &&
               (!hs->choice.is_resumed || hs->is_ticket_old);
    if (!hs->takes_ticket)
        return 0;
    return hs->choice.is_resumed ? 1 : tls->policy->ticket_count;
}

void resumption_session(struct tls *tls, const struct secret *secret, struct session *out)
{
    struct handshake *hs = tls->handshake;
    int64_t now = now_of(tls), last;

    *out = (struct session){.version = tls->outcome.version, .suite = hs->choice.suite->code, .secret = *secret};
    out->fragment_length = hs->choice.fragment_length;
    out->authenticated_at = hs->choice.is_resumed ? hs->session.authenticated_at : now;
    last = out->authenticated_at + MAX_TICKET_LIFETIME;
    out->expires_at = now + tls->policy->ticket_lifetime;
    if (tls->outcome.client) {
        out->has_client = true;
        out->client = *tls->outcome.client;
        last = out->client.not_after < last ? out->client.not_after : last;
    }
    out->expires_at = out->expires_at < last ? out->expires_at : last;
}

bool resumption_seal_request(struct tls *tls, const struct session *session, struct tls_key_request *request)
{
    request->operation = TLS_KEY_SEAL_TICKET;
    return session_write(session, request->payload, &request->payload_len) &&
           binding_of(tls->policy, tls->outcome.version, tls->outcome.sni, request->binding);
}

/*
 * A promise that holds: neither longer than the session nor longer than the key that opens the ticket. Nor longer than
 * a whole lifetime, also where the clock was put back since the session began (RFC 8446 4.6.1 MUST NOT be more than
 * 604800 seconds).
 */
bool resumption_take_sealed(const struct tls *tls, int64_t expires_at, struct bytes answer, struct sealed_ticket *out)
{
    int64_t left = expires_at - now_of(tls), most = tls->policy->ticket_lifetime;
    struct reader r = reader_of(answer);
    uint32_t key_left;

    if (!read_u32(&r, &key_left) || left <= 0 || key_left == 0)
        return false;
    left = left < most ? left : most;
    out->lifetime = left < key_left ? (uint32_t)left : key_left;
    out->ticket = read_rest(&r);
    return out->ticket.len > 0 && out->ticket.len <= MAX_KEY_ANSWER_LEN;
}
