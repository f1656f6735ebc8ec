#include "tls/tls.h"

#include "base/spare.h"
#include "tls/handshake.h"
#include "tls/policy_types.h"
#include "tls/receive.h"
#include "tls/record.h"
#include "tls/resumption.h"
#include "tls/server.h"
#include "tls/server13.h"

/* ---- life */

struct tls *tls_new(struct tls_policy *policy, struct pool *pool)
{
    struct tls *tls = spare_take(sizeof *tls);

    if (!tls)
        return NULL;
    tls->policy = tls_policy_ref(policy);
    tls->pool = pool;
    tls->map = start_map;
    tls->state = WAIT_CH;
    return tls;
}

static void drop_input(struct tls *tls)
{
    buffer_drop(&tls->message, tls->pool);
    buffer_drop(&tls->wire_in, tls->pool);
    tls->span_count = 0;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    handshake_end(tls);
    drop_input(tls);
    buffer_drop(&tls->wire_out, tls->pool);
    protection_wipe(&tls->in);
    protection_wipe(&tls->out);
    tickets13_drop(tls);
    tls_policy_unref(tls->policy);
    spare_give(tls->offered, sizeof *tls->offered);
    spare_give(tls->decisions, sizeof *tls->decisions);
    spare_give(tls->client, sizeof *tls->client);
    spare_give(tls->sni, tls->outcome.sni.len);
    spare_give(tls, sizeof *tls);
}

const struct tls_outcome *tls_outcome(const struct tls *tls)
{
    return &tls->outcome;
}

const struct tls_offered *tls_offered(const struct tls *tls)
{
    return tls->offered;
}

const struct decisions *tls_decisions(const struct tls *tls)
{
    return tls->decisions;
}

void tls_forget_decisions(struct tls *tls)
{
    spare_give(tls->decisions, sizeof *tls->decisions);
    tls->decisions = NULL;
}

bool tls_is_connected(const struct tls *tls)
{
    return tls->outcome.stage == TLS_STAGE_CONNECTED;
}

const char *tls_stage_name(enum tls_stage stage)
{
    static const char *const names[] = {
        [TLS_STAGE_START] = "start",
        [TLS_STAGE_CLIENT_HELLO] = "client_hello",
        [TLS_STAGE_HELLO_RETRY] = "hello_retry",
        [TLS_STAGE_KEY_OPERATION] = "key_operation",
        [TLS_STAGE_CLIENT_FINISHED] = "client_finished",
        [TLS_STAGE_CONNECTED] = "connected",
    };
    return names[stage];
}

void tls_observe(struct tls *tls, struct tls_timeline *timeline)
{
    tls->timeline = timeline;
}

void tls_note(struct tls *tls, bool is_from_client, const char *what, size_t len)
{
    struct tls_timeline *timeline = tls->timeline;

    if (!timeline || timeline->count == MAX_TIMELINE)
        return;
    timeline->entries[timeline->count++] = (struct tls_timeline_entry){
        .is_from_client = is_from_client,
        .what = what ? what : "?",
        .len = len,
        .at = tls->policy->now(tls->policy->now_context),
    };
}

/* ---- the end */

/* RFC 8446 6: level is fatal (2) but for close_notify, which is a warning (1). */
static bool send_alert(struct tls *tls, uint8_t description)
{
    uint8_t alert[2];
    struct writer w = writer_of(alert, sizeof alert);

    write_u8(&w, description == ALERT_CLOSE_NOTIFY ? 1 : 2);
    write_u8(&w, description);
    tls_note(tls, false, tls_alert_name(description), sizeof alert);
    return record_send(tls, CONTENT_ALERT, writer_view(&w));
}

bool tls_fail(struct tls *tls, enum why why)
{
    if (tls->state == FAILED)
        return false;
    tls->state = FAILED; /* first, so that a failure to send the alert ends here */
    tls->outcome.why = why;
    tls->is_key_wanted = tls->is_held = false;
    if (why_alert(why) != ALERT_NONE && !tls->is_close_sent && !send_alert(tls, why_alert(why)))
        return false; /* no storage or no key for an alert: the close alone has to do */
    return false;
}

/* ---- after every step */

/* RFC 8446 4.6.3, 5.5: the answer to the client's KeyUpdate, and a new key before the AEAD's limit is near. */
static bool settle_key_updates(struct tls *tls)
{
    bool is_due = tls->outcome.version == TLS_1_3 && tls->state == CONNECTED && !tls->is_close_sent;
    bool is_out_old = tls->out.sequence >= REKEY_AFTER_RECORDS;
    bool is_in_old = tls->in.sequence >= REKEY_AFTER_RECORDS && !tls->is_key_update_asked;

    if (!is_due || !(tls->is_key_update_owed || is_out_old || is_in_old))
        return true;
    tls->is_key_update_owed = false;
    tls->is_key_update_asked = tls->is_key_update_asked || is_in_old;
    return server13_send_key_update(tls, is_in_old ? UPDATE_REQUESTED : UPDATE_NOT_REQUESTED);
}

/* Storage goes back as soon as nothing is in it; the head of a record moves to where it takes least. */
static void settle_input(struct tls *tls)
{
    struct block *block = tls->wire_in.block;

    if (tls->span_count > 0)
        return;
    if (tls->state == FAILED || tls->outcome.client_end != TLS_CLIENT_OPEN)
        drop_input(tls);
    else if (!block)
        return;
    else if (block->start == block->end || buffer_len(&tls->wire_in) <= BLOCK_SMALL_LEN || !tls->is_bulk_in)
        buffer_shrink(&tls->wire_in, tls->pool);
}

static void settle(struct tls *tls)
{
    if (tls->state != FAILED && buffer_len(&tls->wire_out) == 0 && !settle_key_updates(tls))
        tls->is_key_update_owed = false; /* failed: the alert is all that still goes out */
    if (tls->state == FAILED) {
        handshake_end(tls);
        tickets13_drop(tls);
    }
    settle_input(tls);
}

/* ---- the proxy ends it */

void tls_set_full_handshakes(struct tls *tls, enum tls_full_handshakes what)
{
    tls->full_handshakes = (uint8_t)what;
    if (!tls->is_held || what == TLS_FULL_HANDSHAKES_HELD)
        return;
    if (server_release(tls))
        receive_records(tls); /* what came meanwhile */
    settle(tls);
}

void tls_abort(struct tls *tls, enum why why)
{
    tls_fail(tls, why);
    settle(tls);
}

/* RFC 8446 6.1: close_notify, once, and only after what was written before. */
void tls_close(struct tls *tls)
{
    if (tls->state == FAILED || tls->is_close_sent)
        return;
    if (tls->state != CONNECTED) {
        tls_abort(tls, WHY_SHUTDOWN);
        return;
    }
    if (tickets13_send(tls))
        tls->is_close_sent = send_alert(tls, ALERT_CLOSE_NOTIFY);
}

void tls_wire_end(struct tls *tls)
{
    if (tls->state == FAILED || tls->outcome.client_end != TLS_CLIENT_OPEN)
        return;
    if (tls->state == CONNECTED)
        tls->outcome.client_end = TLS_CLIENT_TRUNCATED;
    else
        tls_fail(tls, tls->has_bytes ? WHY_CUT_OFF : WHY_NO_BYTES);
    settle(tls);
}

/* ---- readiness, computed from the buffers */

static bool takes_wire(const struct tls *tls)
{
    return tls->state != FAILED && !tls->is_key_wanted && !tls->is_held && tls->span_count == 0 &&
           tls->outcome.client_end == TLS_CLIENT_OPEN;
}

static bool takes_plain(const struct tls *tls)
{
    return tls->state == CONNECTED && !tls->is_close_sent && buffer_len(&tls->wire_out) == 0;
}

static bool is_over(const struct tls *tls)
{
    bool is_closed = tls->is_close_sent && tls->outcome.client_end != TLS_CLIENT_OPEN && tls->span_count == 0;

    return tls->state == FAILED || is_closed;
}

unsigned tls_ready(const struct tls *tls)
{
    unsigned ready = 0;

    if (takes_wire(tls))
        ready |= TLS_WIRE_IN;
    if (buffer_len(&tls->wire_out) > 0 && !tls->is_key_wanted) /* a flight leaves whole */
        ready |= TLS_WIRE_OUT;
    if (tls->span_count > 0)
        ready |= TLS_PLAIN_OUT;
    if (takes_plain(tls))
        ready |= TLS_PLAIN_IN;
    if (tls->outcome.client_end != TLS_CLIENT_OPEN && tls->span_count == 0)
        ready |= TLS_PLAIN_END;
    if (tls_key_wanted(tls))
        ready |= TLS_KEY;
    if (tickets13_are_ready(tls) && tls->state == CONNECTED && !tls->is_close_sent)
        ready |= TLS_TICKETS;
    if (tls->is_held)
        ready |= TLS_HELD;
    if (is_over(tls))
        ready |= TLS_OVER;
    return ready;
}

/* ---- the key port */

const struct tls_key_request *tls_key_wanted(const struct tls *tls)
{
    if (tls->is_key_wanted)
        return &tls->handshake->key_request;
    return tls->state != FAILED && !tls->is_close_sent ? tickets13_wanted(tls) : NULL;
}

bool tls_key_may_wait(const struct tls *tls)
{
    return !tls->is_key_wanted;
}

void tls_key_done(struct tls *tls, bool is_ok, struct bytes answer)
{
    if (tls->is_key_wanted) {
        tls->is_key_wanted = false;
        if (tls->handshake->key_answered(tls, is_ok && answer.len > 0, answer)) {
            if (tls->state == CONNECTED)
                handshake_end(tls);
            receive_records(tls); /* what came meanwhile */
        }
    } else if (tls_key_wanted(tls)) {
        tickets13_sealed(tls, is_ok, answer);
    }
    settle(tls);
}

void tls_send_tickets(struct tls *tls)
{
    if (tls_ready(tls) & TLS_TICKETS)
        (void)!tickets13_send(tls); /* false: it has failed, which tls_ready() tells */
    settle(tls);
}

/* ---- from the client */

/* A record of TLS 1.2 may take more than a block for one (RFC 5246 6.2.3): its end goes into the largest. */
static size_t wanted_len(const struct tls *tls, size_t held)
{
    return tls->is_bulk_in || held >= BLOCK_RECORD_LEN ? BLOCK_BULK_LEN : BLOCK_RECORD_LEN;
}

int tls_wire_space(struct tls *tls, struct iovec *spans, int n)
{
    size_t held = buffer_len(&tls->wire_in), wanted = wanted_len(tls, held), len;

    if (n < 1 || !takes_wire(tls))
        return 0;
    if (held >= wanted || !buffer_reserve(&tls->wire_in, tls->pool, wanted - held)) {
        tls_abort(tls, WHY_NO_MEMORY);
        return 0;
    }
    spans[0].iov_base = buffer_space(&tls->wire_in, &len);
    spans[0].iov_len = len;
    tls->offered_space = (uint32_t)len;
    return 1;
}

void tls_wire_commit(struct tls *tls, size_t len)
{
    tls->is_bulk_in = len > 0 && len == tls->offered_space;
    if (len > 0) {
        tls->has_bytes = true;
        buffer_commit(&tls->wire_in, len);
        receive_records(tls);
    }
    settle(tls);
}

/* ---- to the client */

int tls_wire_view(const struct tls *tls, struct iovec *spans, int n)
{
    struct bytes view = buffer_view(&tls->wire_out);

    if (n < 1 || !(tls_ready(tls) & TLS_WIRE_OUT))
        return 0;
    spans[0].iov_base = (void *)view.at;
    spans[0].iov_len = view.len;
    return 1;
}

void tls_wire_consume(struct tls *tls, size_t len)
{
    buffer_consume(&tls->wire_out, tls->pool, len);
    settle(tls);
}

/* ---- to the backend */

int tls_plain_view(const struct tls *tls, struct iovec *spans, int n)
{
    int count = 0;

    for (; count < n && count < tls->span_count; count++) {
        spans[count].iov_base = tls->wire_in.block->data + tls->spans[count].at;
        spans[count].iov_len = tls->spans[count].len;
    }
    return count;
}

void tls_plain_consume(struct tls *tls, size_t len)
{
    unsigned done = 0;

    while (done < tls->span_count && len >= tls->spans[done].len)
        len -= tls->spans[done++].len;
    memmove(tls->spans, tls->spans + done, (tls->span_count - done) * sizeof tls->spans[0]);
    tls->span_count = (uint8_t)(tls->span_count - done);
    if (tls->span_count > 0) {
        tls->spans[0].at += (uint32_t)len;
        tls->spans[0].len -= (uint32_t)len;
        return;
    }
    settle(tls);
}

/* ---- from the backend */

/*
 * At first, and after a pause, a record fits into one segment, so that the client can use it when that one came; then
 * records are full, which costs both sides less.
 */
static size_t text_len_of_record(struct tls *tls)
{
    size_t limit = record_content_limit(tls);
    uint64_t now;

    if (!tls->policy->has_dynamic_records || limit <= FIRST_RECORD_LEN)
        return limit;
    now = tls->policy->now(tls->policy->now_context);
    if (now - tls->sent_at > RECORD_PAUSE)
        tls->sent_in_a_row = 0;
    tls->sent_at = now;
    return tls->sent_in_a_row < FIRST_RECORDS_BYTES ? FIRST_RECORD_LEN : limit;
}

/* One record of text and what goes before it always fit. */
static bool reserve_text(struct tls *tls, size_t before, size_t len)
{
    size_t wanted = tls->is_bulk_out ? BLOCK_BULK_LEN : BLOCK_RECORD_LEN, least = before + len + RECORD_OVERHEAD;

    if (buffer_reserve(&tls->wire_out, tls->pool, wanted > least ? wanted : least))
        return true;
    tls_abort(tls, WHY_NO_MEMORY);
    return false;
}

/*
 * Tickets that are ready go in front of the text: a client that reads one answer would leave those behind it unread,
 * and call the connection dead when it looks at it again. So the text leaves them their room.
 */
int tls_plain_space(struct tls *tls, struct iovec *spans, int n)
{
    size_t len, before;
    int count = 0;

    if (!takes_plain(tls))
        return 0;
    len = text_len_of_record(tls);
    before = tickets13_sent_len(tls);
    if (!reserve_text(tls, before, len))
        return 0;
    for (; count < n && (spans[count].iov_base = record_body(tls, before, (size_t)count, len)); count++)
        spans[count].iov_len = len;
    tls->offered_body = (uint16_t)len;
    tls->offered_space = (uint32_t)count * (uint32_t)len;
    return count;
}

static void count_text(struct tls *tls, size_t len)
{
    if (tls->policy->has_dynamic_records && tls->sent_in_a_row < FIRST_RECORDS_BYTES)
        tls->sent_in_a_row += (uint32_t)len;
}

void tls_plain_commit(struct tls *tls, size_t len)
{
    tls->is_bulk_out = len > 0 && len == tls->offered_space;
    count_text(tls, len);
    if (len > 0 && !tickets13_send(tls)) /* in the same write */
        return;
    while (len > 0) {
        size_t text_len = len < tls->offered_body ? len : tls->offered_body;
        if (!record_seal_body(tls, text_len))
            return;
        len -= text_len;
    }
    if (buffer_len(&tls->wire_out) == 0)
        buffer_drop(&tls->wire_out, tls->pool);
}
