#include "demo/flights.h"

#include <string.h>

#include "tls/iana.h"

/* Where the reading of the timeline stands. */
struct progress {
    bool is_retry_due;          /* a HelloRetryRequest is still to come */
    bool has_server_hello;      /* the real one */
    bool has_client_finished;   /* what the client sends from now on goes under application keys */
    bool has_server_finished;   /* ... and what we send */
    bool has_changed_cipher[2]; /* TLS 1.2: by direction */
};

static bool is_named(const struct tls_timeline_entry *entry, const char *name)
{
    return strcmp(entry->what, name) == 0;
}

/* RFC 8446 4.1.4: on the wire a HelloRetryRequest is a ServerHello with a random of its own. */
static const char *name_message(const struct tls_timeline_entry *entry, struct progress *progress)
{
    if (entry->is_from_client || !progress->is_retry_due)
        return entry->what;
    if (!is_named(entry, "ServerHello") && !is_named(entry, "HelloRetryRequest"))
        return entry->what;
    progress->is_retry_due = false;
    return "HelloRetryRequest";
}

/* RFC 8446 2: everything after the ServerHello is encrypted, all but the ChangeCipherSpec of D.4. */
static enum protection protect_13(const struct tls_timeline_entry *entry, const struct progress *progress)
{
    bool has_finished = entry->is_from_client ? progress->has_client_finished : progress->has_server_finished;

    if (!progress->has_server_hello || is_named(entry, "ChangeCipherSpec"))
        return PROTECTION_NONE;
    return has_finished ? PROTECTION_APPLICATION_KEYS : PROTECTION_HANDSHAKE_KEYS;
}

/* RFC 5246 7.1: there the ChangeCipherSpec is what switches, and there is one set of keys. */
static enum protection protect_12(const struct tls_timeline_entry *entry, const struct progress *progress)
{
    return progress->has_changed_cipher[entry->is_from_client] ? PROTECTION_APPLICATION_KEYS : PROTECTION_NONE;
}

static void advance(const char *name, const struct tls_timeline_entry *entry, struct progress *progress)
{
    if (!entry->is_from_client && strcmp(name, "ServerHello") == 0)
        progress->has_server_hello = true;
    if (strcmp(name, "ChangeCipherSpec") == 0)
        progress->has_changed_cipher[entry->is_from_client] = true;
    if (strcmp(name, "Finished") == 0) {
        if (entry->is_from_client)
            progress->has_client_finished = true;
        else
            progress->has_server_finished = true;
    }
}

/* A clock that stands still or runs backwards gives 0, not an age. */
static uint64_t elapsed(uint64_t since, uint64_t at)
{
    return at > since ? at - since : 0;
}

static void read_messages(const struct handshake_view *view, struct flights *out)
{
    const struct tls_timeline_entry *entries = view->timeline.entries;
    bool is_tls12 = out->is_tls12;
    struct progress progress = {.is_retry_due = view->outcome.is_hello_retried};

    for (size_t i = 0; i < out->count; i++) {
        const struct tls_timeline_entry *entry = &entries[i];
        struct flight_message *message = &out->messages[i];

        message->name = name_message(entry, &progress);
        message->is_from_client = entry->is_from_client;
        message->is_filler = !is_tls12 && is_named(entry, "ChangeCipherSpec");
        message->protection = is_tls12 ? protect_12(entry, &progress) : protect_13(entry, &progress);
        message->len = entry->len;
        message->at = elapsed(entries[0].at, entry->at);
        advance(message->name, entry, &progress);
        if (out->connected_count == 0 && progress.has_client_finished && progress.has_server_finished)
            out->connected_count = i + 1;
    }
}

/* Whoever sends next had the time until then: ours is work, the client's is its work and the road both ways. */
static void add_up(struct flights *out)
{
    for (size_t i = 0; i < out->connected_count; i++) {
        const struct flight_message *message = &out->messages[i];

        *(message->is_from_client ? &out->client_len : &out->server_len) += message->len;
        if (i > 0 && !message->is_from_client)
            out->own += elapsed(message[-1].at, message->at);
        if (message->at > out->total)
            out->total = message->at;
    }
}

bool flights_is_rsa_exchange(const struct tls_outcome *outcome)
{
    return !outcome->is_resumed && outcome->suite && outcome->suite->exchange == EXCHANGE_RSA;
}

static struct flights kind_of(const struct handshake_view *view)
{
    return (struct flights){
        .is_complete = view->outcome.stage == TLS_STAGE_CONNECTED,
        .is_tls12 = view->outcome.version == TLS_1_2,
        .is_resumed = view->outcome.is_resumed,
        .is_rsa_exchange = flights_is_rsa_exchange(&view->outcome),
        .is_client_verified = view->is_client_verified,
    };
}

void flights_read(const struct handshake_view *view, struct flights *out)
{
    const struct tls_timeline *timeline = &view->timeline;
    uint64_t connected;

    *out = kind_of(view);
    out->count = timeline->count < MAX_TIMELINE ? timeline->count : MAX_TIMELINE;
    out->is_cut = timeline->count >= MAX_TIMELINE;
    if (out->count == 0)
        return;
    read_messages(view, out);
    if (out->connected_count == 0)
        out->connected_count = out->count;
    add_up(out);
    connected = elapsed(timeline->entries[0].at, view->connected_at);
    if (out->is_complete && connected > out->total) {
        out->own += connected - out->total; /* the check of the client's Finished */
        out->total = connected;
    }
}
