/*
 * fuzz_server_real.c: the whole engine with its real crypto, against an honest client whose records are spoilt on their
 * way: before they are sealed, so that the damage is authentic, or after, on the wire.
 *
 * Input: a byte for the conversation (enum trait), a byte for how the wire is cut, then mutations of four bytes: which
 * record of the client, what is done to it (before sealing with the top bit set), where, and a value.
 *
 * The client's two ways to write a record are wrapped by the linker (-Wl,--wrap): nothing in it has a switch for this.
 */
#include <stdlib.h>

#include "support/client_identity.h"
#include "support/must.h"
#include "tls/policy_types.h"
#include "tls/tls_types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __real_client13_put_record(struct client13 *client, uint8_t type, struct bytes content);
void __wrap_client13_put_record(struct client13 *client, uint8_t type, struct bytes content);
void __real_client13_put_plain_record(struct client13 *client, uint8_t type, struct bytes content);
void __wrap_client13_put_plain_record(struct client13 *client, uint8_t type, struct bytes content);

enum trait {
    MODE = 3, /* an enum tls_client_certificate; 3: as NONE */
    IS_12 = 4,
    SHOWS = 8, /* a certificate, when asked */
    RESUMES = 16,
    RETRIED = 32,
    EARLY = 64, /* what looks like early data behind the hello */
    POLICIES = 8,
};

enum action { FLIP, TRUNCATE, DUPLICATE, DROP, SWAP, SPLIT, INSERT, RETYPE, ACTIONS };
enum { BEFORE_SEALING = 0x80, MAX_MUTATIONS = 16, MAX_RECORDS = 64, MAX_TEXT = 1 << 17, MAX_CONTENT = 16000 };

struct mutation {
    uint8_t record, action, where, value;
};

static struct rig rigs[POLICIES], *rig;
static struct ticket13 tickets[POLICIES];
static struct client13 client;
static struct mutation mutations[MAX_MUTATIONS];
static size_t mutation_count;
static unsigned sealed_count, wire_count; /* records so far, numbered apart */
static uint8_t texts[MAX_TEXT];           /* what was sealed as application data */
static size_t texts_len;
static bool is_tampered; /* a handshake message changed before the handshake was over */

static const struct mutation *find_mutation(unsigned record, unsigned stage)
{
    for (size_t i = 0; i < mutation_count; i++)
        if (mutations[i].record == record && (mutations[i].action & BEFORE_SEALING) == stage)
            return &mutations[i];
    return NULL;
}

static enum action action_of(const struct mutation *mutation)
{
    return (enum action)((mutation->action & 0x7f) % ACTIONS);
}

/* ---- before sealing */

/* A ClientHello is not sealed: a second flip, on the wire, may undo the first. */
static bool has_flip_on_the_wire(void)
{
    for (size_t i = 0; i < mutation_count; i++)
        if (!(mutations[i].action & BEFORE_SEALING) && action_of(&mutations[i]) == FLIP)
            return true;
    return false;
}

static bool is_message_before_finished(uint8_t type)
{
    return type == CONTENT_HANDSHAKE && !tls_is_connected(rig->tls);
}

static void put(uint8_t type, struct bytes content, bool is_plain)
{
    if (is_plain) {
        __real_client13_put_plain_record(&client, type, content);
        return;
    }
    if (type == 0 && !client.is_12)
        type = 1; /* RFC 8446 5.4: a zero would be padding, and the type a byte of the content */
    if (type == CONTENT_APPLICATION_DATA && client.writing.aead && texts_len + content.len <= MAX_TEXT) {
        memcpy(texts + texts_len, content.at, content.len);
        texts_len += content.len;
    }
    __real_client13_put_record(&client, type, content);
}

static void put_split(uint8_t type, struct bytes content, size_t at, bool is_plain)
{
    put(type, bytes_of(content.at, at), is_plain);
    put(type, bytes_of(content.at + at, content.len - at), is_plain);
}

static void put_mutated(const struct mutation *mutation, uint8_t type, struct bytes content, bool is_plain)
{
    static uint8_t copy[MAX_CONTENT];
    size_t at = content.len ? mutation->where * content.len / 256 : 0;

    memcpy(copy, content.at, content.len);
    switch (action_of(mutation)) {
    case FLIP:
        if (content.len == 0)
            break;
        copy[at] ^= mutation->value;
        is_tampered |= mutation->value != 0 && is_message_before_finished(type) && !has_flip_on_the_wire();
        break;
    case TRUNCATE:
        content.len = at;
        break;
    case DUPLICATE:
        put(type, content, is_plain);
        break;
    case DROP:
        return;
    case SWAP: /* there is no other record yet: an empty one in front */
        put(type, bytes_of(copy, 0), is_plain);
        break;
    case SPLIT:
        put_split(type, content, at, is_plain);
        return;
    case INSERT:
        put(mutation->value, bytes_of(&mutation->where, 1), is_plain);
        break;
    case RETYPE:
    case ACTIONS:
        type = mutation->value;
        break;
    }
    put(type, bytes_of(copy, content.len), is_plain);
}

static void put_next(uint8_t type, struct bytes content, bool is_plain)
{
    const struct mutation *mutation = find_mutation(sealed_count++, BEFORE_SEALING);

    if (mutation && content.len > 0 && content.len <= MAX_CONTENT)
        put_mutated(mutation, type, content, is_plain);
    else
        put(type, content, is_plain);
}

void __wrap_client13_put_record(struct client13 *from, uint8_t type, struct bytes content)
{
    must(from == &client);
    put_next(type, content, false);
}

void __wrap_client13_put_plain_record(struct client13 *from, uint8_t type, struct bytes content)
{
    must(from == &client);
    put_next(type, content, true);
}

/* ---- on the wire */

static void feed(struct bytes raw)
{
    rig_feed(rig, raw);
    while (rig_answer_key(rig))
        ;
    rig_feed(rig, bytes_of(NULL, 0));
}

/* One record on its way; `held` is what a SWAP keeps back until the next one has passed. */
static void feed_record(uint8_t *record, size_t len, struct bytes *held)
{
    const struct mutation *mutation = find_mutation(wire_count++, 0);
    struct bytes before = *held;
    size_t at;

    *held = bytes_of(NULL, 0);
    if (mutation) {
        at = mutation->where * len / 256;
        switch (action_of(mutation)) {
        case FLIP:
            record[at] ^= mutation->value;
            break;
        case TRUNCATE: /* what follows is taken for its end */
            len = at;
            break;
        case DUPLICATE:
            feed(bytes_of(record, len));
            break;
        case DROP:
            len = 0;
            break;
        case SWAP:
            *held = bytes_of(record, len);
            len = 0;
            break;
        case SPLIT:
            feed(bytes_of(record, at));
            record += at, len -= at;
            break;
        case INSERT:
            feed(bytes_of(&mutation->value, 1));
            break;
        case RETYPE:
        case ACTIONS:
            record[0] = mutation->value;
            break;
        }
    }
    feed(bytes_of(record, len));
    feed(before);
}

/* A client that can still read the server has seen the alert of this failure, unless a close_notify came before it. */
static bool is_told(enum why why)
{
    uint8_t alert = why_alert(why);

    if (alert == 0 || alert == ALERT_NONE || rig->tls->is_close_sent || client.fault)
        return true;
    return client.has_alert && client.alert == alert;
}

static void check(void)
{
    const struct tls *tls = rig->tls;
    const struct tls_outcome *outcome = &tls->outcome;
    enum why why = outcome->why;

    must((why != WHY_NONE) == (tls->state == FAILED));
    must(why == WHY_NONE || (tls_ready(tls) & TLS_OVER));
    must(why != WHY_INTERNAL && why != WHY_CRYPTO);
    must(why == WHY_NONE || is_told(why));
    must(rig->received_before_finished == 0);
    must(rig->received_len <= texts_len &&
         memcmp(rig->received ? rig->received : texts, texts, rig->received_len) == 0);
    if (!tls_is_connected(tls))
        return;
    must(!is_tampered);
    must(tls->policy->client_certificate != TLS_CLIENT_CERTIFICATE_REQUIRED || outcome->client);
    must(!outcome->client || outcome->is_resumed || client.own_chain);
    must(!outcome->is_resumed || client.hello.ticket);
}

/* Until neither side has anything to say. */
static void exchange(void)
{
    while (client.out_len > 0) {
        uint8_t *owned = client.out;
        size_t left = client.out_len, done = 0;
        struct bytes held = {0};

        client.out = NULL;
        client.out_len = 0;
        while (left - done >= RECORD_HEADER_LEN) {
            size_t len = RECORD_HEADER_LEN + (size_t)(owned[done + 3] << 8 | owned[done + 4]);
            must(len <= left - done);
            feed_record(owned + done, len, &held);
            done += len;
        }
        feed(held);
        free(owned);
        rig_drain(rig, &client);
        check();
    }
}

/* ---- a conversation */

static struct rig *find_rig(uint8_t traits)
{
    struct rig *found = &rigs[traits % POLICIES];
    unsigned mode = traits & MODE;

    if (!found->policy) {
        must(rig_init(found, 7) && rig_add_certificate(found, "p256") && rig_add_tickets(found, 2));
        if (mode == TLS_CLIENT_CERTIFICATE_OPTIONAL || mode == TLS_CLIENT_CERTIFICATE_REQUIRED)
            tls_policy_set_client_certificates(found->policy, mode, client_identity_trust("root", NULL));
    }
    found->random = (struct test_random){.state = 7};
    found->clock = 0;
    found->wire_len = found->received_len = 0;
    must(rig_connect(found));
    return found;
}

static void make_client(uint8_t traits, struct client_identity_files *files)
{
    client13_init_version(&client, 11, traits & IS_12 ? TLS_1_2 : TLS_1_3);
    client.hello.has_early_data = traits & EARLY;
    if (traits & RETRIED)
        client.hello.share_groups[0] = 0; /* RFC 8446 4.2.8: an empty list asks for HelloRetryRequest */
    if (traits & SHOWS)
        client_identity_show(&client, files, "alice,intermediate", "alice", 0x0403);
    if ((traits & RESUMES) && tickets[traits % POLICIES].len > 0)
        client.hello.ticket = &tickets[traits % POLICIES];
}

static void talk(void)
{
    tls_send_tickets(rig->tls);
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    exchange();
    rig_send(rig, BYTES_OF_LITERAL("pong"));
    rig_drain(rig, &client);
    if (!client.is_12)
        client13_send_key_update(&client, 1);
    client13_send_text(&client, BYTES_OF_LITERAL("more"));
    client13_send_alert(&client, 1, 0);
    exchange();
}

static void converse(uint8_t traits)
{
    struct client_identity_files files = {0};
    bool is_refused = (traits & MODE) == TLS_CLIENT_CERTIFICATE_REQUIRED && !(traits & (SHOWS | RESUMES));

    sealed_count = wire_count = 0;
    texts_len = 0;
    is_tampered = false;
    make_client(traits, &files);
    client13_send_hello(&client);
    if (traits & EARLY) /* RFC 8446 4.2.10: it does not decrypt, and is skipped */
        __real_client13_put_plain_record(&client, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("what nobody can open"));
    exchange();
    if (client.is_done && !client.fault) {
        client13_send_finished(&client);
        exchange();
    }
    if (mutation_count == 0 && !(traits & EARLY))
        must(tls_is_connected(rig->tls) == !is_refused && !client.fault);
    if (tls_is_connected(rig->tls))
        talk();
    check();
    if (mutation_count == 0 && client.ticket.len > 0 && tickets[traits % POLICIES].len == 0)
        tickets[traits % POLICIES] = client.ticket;
    client13_wipe(&client);
    client_identity_free(&files);
    tls_free(rig->tls);
    rig->tls = NULL;
    must(pool_bytes_in_use(rig->pool) == 0);
}

static void read_mutations(struct reader *r)
{
    struct bytes four;

    mutation_count = 0;
    while (mutation_count < MAX_MUTATIONS && read_bytes(r, 4, &four)) {
        memcpy(&mutations[mutation_count], four.at, 4);
        mutations[mutation_count++].record %= MAX_RECORDS;
    }
}

/* A ticket for those who resume, from an honest conversation: made once, so that an input means the same every time. */
static void make_ticket(uint8_t traits)
{
    mutation_count = 0;
    if (tickets[traits % POLICIES].len > 0)
        return;
    rig = find_rig(traits);
    rig->cut = (struct cut){0};
    converse((traits % POLICIES) | SHOWS);
    must(tickets[traits % POLICIES].len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader r = reader_of(bytes_of(data, size));
    uint8_t traits, step;

    if (!read_u8(&r, &traits) || !read_u8(&r, &step))
        return 0;
    make_ticket(traits);
    read_mutations(&r);
    rig = find_rig(traits);
    rig->cut = (struct cut){.fixed = step};
    converse(traits);
    return 0;
}
