#include "tls/resumption.h"

#include "base/spare.h"
#include "tls/iana.h"
#include "tls/policy_types.h"
#include "tls/record.h"

enum {
    /* header, lifetime, age_add, nonce, ticket, extensions */
    MAX_NEW_SESSION_TICKET_LEN = 4 + 4 + 4 + 2 + 2 + MAX_KEY_ANSWER_LEN + 2,
    NONCE_LEN = 1,
};

/* Lives while tickets are made. */
struct ticket_issue {
    struct tls_key_request request;
    struct session session;
    struct hmac resumption_master; /* keyed with it */
    uint8_t nonce;                 /* one for each ticket */
    uint8_t left;
    struct writer messages;
    uint8_t storage[2 * MAX_NEW_SESSION_TICKET_LEN];
};

/* What was made lives until it is sent: whoever stops before his Finished keeps no more than this. */
struct made_tickets {
    uint8_t count;
    size_t len;
    uint8_t messages[];
};

/* RFC 8446 4.6.1: HKDF-Expand-Label(resumption_master_secret, "resumption", ticket_nonce, Hash.length). */
static bool derive_psk(struct ticket_issue *issue, const struct hash_alg *hash)
{
    size_t len = hash_alg_len(hash);

    return secret_resize(&issue->session.secret, len) &&
           hkdf_expand_label(&issue->resumption_master, "resumption", bytes_of(&issue->nonce, NONCE_LEN),
                             issue->session.secret.bytes, len);
}

/* The next request, or none more. */
static bool prepare(struct tls *tls, struct ticket_issue *issue)
{
    if (issue->left == 0)
        return true;
    tls_key_request_wipe(&issue->request);
    return derive_psk(issue, hash_find(tls->outcome.suite->hash)) &&
           resumption_seal_request(tls, &issue->session, &issue->request);
}

static void drop_issue(struct tls *tls)
{
    spare_give(tls->issue, sizeof *tls->issue);
    tls->issue = NULL;
}

void tickets13_drop(struct tls *tls)
{
    drop_issue(tls);
    if (tls->tickets)
        spare_give(tls->tickets, sizeof *tls->tickets + tls->tickets->len);
    tls->tickets = NULL;
}

static void begin(struct tls *tls, const struct secret *resumption_master)
{
    struct ticket_issue *issue = spare_take(sizeof *issue);

    tls->issue = issue;
    if (!issue)
        return;
    issue->left = (uint8_t)resumption_ticket_count(tls);
    issue->messages = writer_of(issue->storage, sizeof issue->storage);
    resumption_session(tls, resumption_master, &issue->session);
    if (!hmac_init(&issue->resumption_master, hash_find(tls->outcome.suite->hash), secret_view(resumption_master)) ||
        !prepare(tls, issue))
        drop_issue(tls);
}

/* RFC 8446 7.1: resumption_master_secret, over all messages up to the client's Finished. */
bool tickets13_begin(struct tls *tls, const struct hash *transcript)
{
    struct secret resumption_master = {0};
    uint8_t transcript_hash[MAX_HASH_LEN];
    bool is_ok = hash_peek(transcript, transcript_hash) &&
                 key_schedule13_derive(&tls->handshake->schedule, "res master", transcript_hash, &resumption_master);

    if (is_ok)
        begin(tls, &resumption_master);
    secret_wipe(&resumption_master);
    return is_ok;
}

const struct tls_key_request *tickets13_wanted(const struct tls *tls)
{
    return tls->issue && tls->issue->left > 0 ? &tls->issue->request : NULL;
}

/* struct NewSessionTicket of RFC 8446 4.6.1; no early_data extension: 0-RTT is not taken. */
static void write_ticket(struct writer *w, const struct ticket_issue *issue, uint32_t age_add,
                         const struct sealed_ticket *sealed)
{
    struct vector_mark message, vector;

    write_u8(w, NEW_SESSION_TICKET);
    message = write_vec24_begin(w);
    write_u32(w, sealed->lifetime); /* RFC 8446 4.6.1 MUST NOT be more than 604800 */
    write_u32(w, age_add);
    vector = write_vec8_begin(w);
    write_bytes(w, bytes_of(&issue->nonce, NONCE_LEN));
    write_vec_end(w, vector);
    vector = write_vec16_begin(w);
    write_bytes(w, sealed->ticket);
    write_vec_end(w, vector);
    write_u16(w, 0);
    write_vec_end(w, message);
}

static bool add_ticket(struct tls *tls, struct ticket_issue *issue, const struct sealed_ticket *sealed)
{
    uint8_t age_add[4];
    struct reader r = reader_of(BYTES_OF_ARRAY(age_add));
    uint32_t value;

    if (!random_fill(tls->policy->random, age_add, sizeof age_add) || !read_u32(&r, &value))
        return false;
    write_ticket(&issue->messages, issue, value, sealed);
    issue->nonce++;
    issue->left--;
    return writer_ok(&issue->messages) && prepare(tls, issue);
}

/* Without memory there are none. */
static void finish(struct tls *tls)
{
    struct bytes messages = writer_view(&tls->issue->messages);

    if (messages.len > 0)
        tls->tickets = spare_take(sizeof *tls->tickets + messages.len);
    if (tls->tickets) {
        tls->tickets->count = tls->issue->nonce;
        tls->tickets->len = messages.len;
        memcpy(tls->tickets->messages, messages.at, messages.len);
    }
    drop_issue(tls);
}

void tickets13_sealed(struct tls *tls, bool is_ok, struct bytes answer)
{
    struct ticket_issue *issue = tls->issue;
    struct sealed_ticket sealed;

    if (!is_ok || !resumption_take_sealed(tls, issue->session.expires_at, answer, &sealed) ||
        !add_ticket(tls, issue, &sealed))
        issue->left = 0; /* what was sealed before still goes out */
    if (issue->left == 0)
        finish(tls);
}

bool tickets13_are_ready(const struct tls *tls)
{
    return tls->tickets != NULL;
}

size_t tickets13_sent_len(const struct tls *tls)
{
    return tls->tickets ? record_sent_len(tls, tls->tickets->len) : 0;
}

bool tickets13_send(struct tls *tls)
{
    bool is_sent;

    if (!tls->tickets)
        return true;
    tls_note(tls, false, tls_handshake_type_name(NEW_SESSION_TICKET), tls->tickets->len);
    tls->outcome.tickets_sent = tls->tickets->count;
    is_sent = record_send(tls, CONTENT_HANDSHAKE, bytes_of(tls->tickets->messages, tls->tickets->len));
    tickets13_drop(tls);
    return is_sent;
}
