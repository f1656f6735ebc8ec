#include "proxy/fake_tls.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buffer.h"
#include "tls/iana.h"
#include "tls/key_operation.h"
#include "tls/policy.h"

size_t fake_tls_max_span;
uint8_t fake_tls_key_id[32];

struct tls {
    struct tls_policy *policy;
    struct pool *pool;
    struct buffer in, out;
    bool is_key_wanted, is_ticket_wanted, has_bytes, is_close_sent, has_tickets, is_held;
    enum tls_full_handshakes full_handshakes;
    struct tls_key_request request;
    struct tls_outcome outcome;
    struct tls_timeline *timeline;
    struct client_identity client; /* of 'A' */
    char sni[sizeof FAKE_SNI], alpn[sizeof FAKE_ALPN];
};

struct tls *tls_new(struct tls_policy *policy, struct pool *pool)
{
    struct tls *tls = memory_new(sizeof *tls);

    if (!tls)
        return NULL;
    tls->policy = tls_policy_ref(policy);
    tls->pool = pool;
    return tls;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    buffer_drop(&tls->in, tls->pool);
    buffer_drop(&tls->out, tls->pool);
    tls_policy_unref(tls->policy);
    memory_free(tls);
}

bool tls_is_connected(const struct tls *tls)
{
    return tls->outcome.stage == TLS_STAGE_CONNECTED;
}

const struct tls_outcome *tls_outcome(const struct tls *tls)
{
    return &tls->outcome;
}

const struct tls_offered *tls_offered(const struct tls *tls)
{
    (void)tls;
    return NULL;
}

const char *tls_stage_name(enum tls_stage stage)
{
    return stage == TLS_STAGE_CONNECTED ? "connected" : "unconnected";
}

void tls_observe(struct tls *tls, struct tls_timeline *timeline)
{
    tls->timeline = timeline;
}

static void send_byte(struct tls *tls, uint8_t byte)
{
    if (!buffer_append(&tls->out, tls->pool, bytes_of(&byte, 1)) && tls->outcome.why == WHY_NONE)
        tls->outcome.why = WHY_NO_MEMORY;
}

void tls_abort(struct tls *tls, enum why why)
{
    if (tls->outcome.why != WHY_NONE)
        return;
    tls->outcome.why = why;
    tls->is_key_wanted = false;
    buffer_drop(&tls->in, tls->pool);
    if (why_alert(why) == ALERT_NONE || tls->is_close_sent)
        return;
    if (why_alert(why) == ALERT_CLOSE_NOTIFY) {
        send_byte(tls, FAKE_CLOSE_NOTIFY);
        return;
    }
    send_byte(tls, FAKE_ALERT);
    send_byte(tls, why_alert(why));
}

void tls_close(struct tls *tls)
{
    if (!tls->is_close_sent && tls->outcome.why == WHY_NONE)
        send_byte(tls, FAKE_CLOSE_NOTIFY);
    tls->is_close_sent = true;
}

static size_t text_len(const struct tls *tls)
{
    return tls_is_connected(tls) && tls->outcome.why == WHY_NONE ? buffer_len(&tls->in) : 0;
}

static bool takes_wire(const struct tls *tls)
{
    return tls->outcome.why == WHY_NONE && !tls->is_key_wanted && !tls->is_held && text_len(tls) == 0 &&
           tls->outcome.client_end == TLS_CLIENT_OPEN;
}

unsigned tls_ready(const struct tls *tls)
{
    unsigned ready = 0;

    if (takes_wire(tls))
        ready |= TLS_WIRE_IN;
    if (buffer_len(&tls->out) > 0)
        ready |= TLS_WIRE_OUT;
    if (text_len(tls) > 0)
        ready |= TLS_PLAIN_OUT;
    if (tls_is_connected(tls) && tls->outcome.why == WHY_NONE && !tls->is_close_sent && buffer_len(&tls->out) == 0)
        ready |= TLS_PLAIN_IN;
    if (tls->outcome.client_end != TLS_CLIENT_OPEN && text_len(tls) == 0)
        ready |= TLS_PLAIN_END;
    if (tls_key_wanted(tls))
        ready |= TLS_KEY;
    if (tls->has_tickets && !tls->is_close_sent)
        ready |= TLS_TICKETS;
    if (tls->is_held)
        ready |= TLS_HELD;
    if (tls->outcome.why != WHY_NONE || (tls->is_close_sent && ready & TLS_PLAIN_END))
        ready |= TLS_OVER;
    return ready;
}

void tls_wire_end(struct tls *tls)
{
    if (tls->outcome.why != WHY_NONE || tls->outcome.client_end != TLS_CLIENT_OPEN)
        return;
    if (tls_is_connected(tls))
        tls->outcome.client_end = TLS_CLIENT_TRUNCATED;
    else
        tls_abort(tls, tls->has_bytes ? WHY_CUT_OFF : WHY_NO_BYTES);
}

/* ---- the ports */

static int cut_spans(uint8_t *at, size_t len, struct iovec *spans, int n)
{
    int count = 0;

    while (count < n && len > 0) {
        size_t most = fake_tls_max_span ? (size_t)random() % fake_tls_max_span + 1 : len;
        spans[count].iov_base = at;
        spans[count].iov_len = most < len ? most : len;
        at += spans[count].iov_len;
        len -= spans[count++].iov_len;
    }
    return count;
}

static int space(struct tls *tls, struct buffer *buffer, struct iovec *spans, int n)
{
    size_t len;
    uint8_t *at;

    if (!buffer_reserve(buffer, tls->pool, BLOCK_RECORD_LEN - buffer_len(buffer))) {
        tls_abort(tls, WHY_NO_MEMORY);
        return 0;
    }
    at = buffer_space(buffer, &len);
    return cut_spans(at, len, spans, n);
}

static int view(const struct buffer *buffer, struct iovec *spans, int n)
{
    struct bytes bytes = buffer_view(buffer);

    return cut_spans((uint8_t *)bytes.at, bytes.len, spans, n);
}

int tls_wire_space(struct tls *tls, struct iovec *spans, int n)
{
    return takes_wire(tls) ? space(tls, &tls->in, spans, n) : 0;
}

static void connect_now(struct tls *tls)
{
    tls->outcome.stage = TLS_STAGE_CONNECTED;
    tls->outcome.version = TLS_1_3;
    send_byte(tls, FAKE_CONNECTED);
}

/* All that the outcome points to lives in this struct, as with the real one: it is gone when the connection is. */
static void show_client(struct tls *tls)
{
    snprintf(tls->client.subject, sizeof tls->client.subject, "%s", FAKE_CLIENT);
    memcpy(tls->sni, FAKE_SNI, sizeof tls->sni);
    memcpy(tls->alpn, FAKE_ALPN, sizeof tls->alpn);
    tls->outcome.client = &tls->client;
    tls->outcome.sni = bytes_of_string(tls->sni);
    tls->outcome.alpn = bytes_of_string(tls->alpn);
}

void tls_set_full_handshakes(struct tls *tls, enum tls_full_handshakes what)
{
    tls->full_handshakes = what;
    if (!tls->is_held || what == TLS_FULL_HANDSHAKES_HELD)
        return;
    tls->is_held = false;
    if (what == TLS_FULL_HANDSHAKES_TAKEN)
        connect_now(tls);
    else
        tls_abort(tls, WHY_OVERLOADED_SOURCE);
}

static void handshake(struct tls *tls)
{
    uint8_t letter = *buffer_view(&tls->in).at;

    buffer_consume(&tls->in, tls->pool, 1);
    tls->outcome.stage = TLS_STAGE_CLIENT_HELLO;
    if (letter == 'H' && tls->full_handshakes == TLS_FULL_HANDSHAKES_REFUSED) {
        tls_abort(tls, WHY_OVERLOADED_SOURCE);
    } else if (letter == 'H' && tls->full_handshakes == TLS_FULL_HANDSHAKES_HELD) {
        tls->is_held = true;
    } else if (letter == 'H' || letter == 'T' || letter == 'Q') {
        connect_now(tls);
        tls->has_tickets = letter == 'T';
        tls->is_ticket_wanted = letter == 'Q';
    } else if (letter == 'P') {
        tls->outcome.is_resumed = tls->outcome.is_hello_retried = true;
        connect_now(tls);
    } else if (letter == 'R') {
        tls->outcome.suite = tls_suite_find(0x009c);
        connect_now(tls);
    } else if (letter == 'M') {
        tls->outcome.group = tls_group_find(0x11ec);
        connect_now(tls);
    } else if (letter == 'A') {
        show_client(tls);
        connect_now(tls);
    } else if (letter == 'C') {
        tls_abort(tls, WHY_CLIENT_CERTIFICATE_MISSING);
    } else if (letter == 'K') {
        tls->outcome.stage = TLS_STAGE_KEY_OPERATION;
        tls->is_key_wanted = true;
        memcpy(tls->request.key_id, fake_tls_key_id, sizeof tls->request.key_id);
        tls->request.transcript_hash_len = 32;
    } else if (letter != '.') { /* a byte of a ClientHello that is not complete */
        tls_abort(tls, WHY_NOT_TLS);
    }
}

static void end_text_at(struct tls *tls, size_t at)
{
    if (at == 0)
        buffer_drop(&tls->in, tls->pool);
    else
        tls->in.block->end = tls->in.block->start + (uint32_t)at;
}

static void take_text(struct tls *tls)
{
    struct bytes text = buffer_view(&tls->in);

    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == FAKE_CLOSE_NOTIFY) {
            tls->outcome.client_end = TLS_CLIENT_CLOSE_NOTIFY;
            end_text_at(tls, i);
            return;
        }
        if (text.at[i] == FAKE_BAD_RECORD) {
            tls_abort(tls, WHY_RECORD_MAC);
            return;
        }
    }
}

static void receive(struct tls *tls)
{
    while (buffer_len(&tls->in) > 0 && !tls_is_connected(tls) && !tls->is_key_wanted && tls->outcome.why == WHY_NONE)
        handshake(tls);
    if (tls_is_connected(tls) && tls->outcome.why == WHY_NONE)
        take_text(tls);
}

void tls_wire_commit(struct tls *tls, size_t len)
{
    buffer_commit(&tls->in, len);
    tls->has_bytes = tls->has_bytes || len > 0;
    if (buffer_len(&tls->in) == 0)
        buffer_drop(&tls->in, tls->pool);
    receive(tls);
}

int tls_wire_view(const struct tls *tls, struct iovec *spans, int n)
{
    return view(&tls->out, spans, n);
}

void tls_wire_consume(struct tls *tls, size_t len)
{
    buffer_consume(&tls->out, tls->pool, len);
}

int tls_plain_view(const struct tls *tls, struct iovec *spans, int n)
{
    return text_len(tls) ? view(&tls->in, spans, n) : 0;
}

void tls_plain_consume(struct tls *tls, size_t len)
{
    buffer_consume(&tls->in, tls->pool, len);
}

void tls_send_tickets(struct tls *tls)
{
    if (!(tls_ready(tls) & TLS_TICKETS))
        return;
    for (int i = 0; i < FAKE_TICKETS; i++)
        send_byte(tls, FAKE_TICKET);
    tls->outcome.tickets_sent = FAKE_TICKETS;
    tls->has_tickets = false;
}

int tls_plain_space(struct tls *tls, struct iovec *spans, int n)
{
    return tls_ready(tls) & TLS_PLAIN_IN ? space(tls, &tls->out, spans, n) : 0;
}

/* The real one seals the tickets in front of the text; here they are moved there. */
static void put_tickets_in_front(struct tls *tls, size_t text_len)
{
    uint8_t *at;

    tls_send_tickets(tls);
    at = (uint8_t *)buffer_view(&tls->out).at;
    memmove(at + FAKE_TICKETS, at, text_len);
    memset(at, FAKE_TICKET, FAKE_TICKETS);
}

void tls_plain_commit(struct tls *tls, size_t len)
{
    buffer_commit(&tls->out, len);
    if (len > 0 && tls->has_tickets)
        put_tickets_in_front(tls, len);
    if (buffer_len(&tls->out) == 0)
        buffer_drop(&tls->out, tls->pool);
}

/* ---- keys */

const struct tls_key_request *tls_key_wanted(const struct tls *tls)
{
    static const struct tls_key_request ticket = {.operation = TLS_KEY_SEAL_TICKET};

    if (tls->is_ticket_wanted && tls->outcome.why == WHY_NONE && !tls->is_close_sent)
        return &ticket;
    return tls->is_key_wanted ? &tls->request : NULL;
}

bool tls_key_may_wait(const struct tls *tls)
{
    return tls->is_ticket_wanted;
}

/* As of the real one: without its tickets the connection is as good as with them. */
static void take_ticket(struct tls *tls, bool is_ok)
{
    tls->is_ticket_wanted = false;
    tls->has_tickets = is_ok;
}

void tls_key_done(struct tls *tls, bool is_ok, struct bytes answer)
{
    if (tls->is_ticket_wanted)
        take_ticket(tls, is_ok);
    if (!tls->is_key_wanted)
        return;
    tls->is_key_wanted = false;
    if (!is_ok || !bytes_equal(answer, BYTES_OF_LITERAL("signed")))
        tls_abort(tls, WHY_KEY_OPERATION);
    else
        connect_now(tls);
    receive(tls);
}

bool tls_key_perform(const struct tls_key_request *request, const struct tls_key_holder *holder, uint8_t *out,
                     size_t *len)
{
    if (request->operation != TLS_KEY_SEAL_TICKET && !holder->find(holder->keyring, request->key_id))
        return false;
    memcpy(out, "signed", 6);
    *len = 6;
    return true;
}

/* ---- what a real engine has besides */

const struct decisions *tls_decisions(const struct tls *tls)
{
    (void)tls;
    return NULL;
}

void tls_forget_decisions(struct tls *tls)
{
    (void)tls;
}
