#include "support/rig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "tls/ticket_keys.h"

static uint64_t rig_now(void *context)
{
    struct rig *rig = context;
    return rig->clock++;
}

static int64_t rig_time(void *context)
{
    struct rig *rig = context;
    return rig->time;
}

bool rig_init(struct rig *rig, uint64_t seed)
{
    memset(rig, 0, sizeof *rig);
    rig->random.state = seed;
    if (!crypto_start())
        return false;
    rig->pool = pool_new(0);
    rig->policy = tls_policy_new(test_random_source(&rig->random), rig_now, rig);
    rig->time = 1800000000; /* January 2027 */
    if (rig->policy)
        tls_policy_set_time(rig->policy, rig_time);
    return rig->pool && rig->policy;
}

bool rig_add_tickets(struct rig *rig, unsigned count)
{
    if (!rig->tickets)
        rig->tickets =
            ticket_keys_new(test_random_source(&rig->random), DEFAULT_TICKET_KEY_ISSUES, DEFAULT_TICKET_KEY_ACCEPTS);
    return rig->tickets && tls_policy_set_tickets(rig->policy, BYTES_OF_LITERAL("web"), count, 8 * 3600);
}

bool rig_add_rsa_exchange(struct rig *rig)
{
    const struct tls_suite *suites[MAX_POLICY_SUITES];
    size_t count = 0;

    for (const struct tls_suite *suite = tls_suites; suite->code; suite++)
        suites[count++] = suite;
    return tls_policy_set_suites(rig->policy, suites, count);
}

void rig_wipe(struct rig *rig)
{
    tls_free(rig->tls);
    tls_policy_unref(rig->policy);
    for (size_t i = 0; i < rig->key_count; i++)
        private_key_free(rig->keys[i]);
    if (rig->pool && pool_bytes_in_use(rig->pool) != 0)
        abort(); /* a block leaked */
    pool_free(rig->pool);
    ticket_keys_free(rig->tickets);
    free(rig->received);
    free(rig->wire);
    memset(rig, 0, sizeof *rig);
}

static struct bytes read_file(const char *name, const char *suffix)
{
    static char text[65536];
    const char *top = getenv("top_srcdir");
    char path[4096];
    ssize_t len;
    int fd;

    snprintf(path, sizeof path, "%s/tests/data/certificates/%s.%s", top ? top : ".", name, suffix);
    fd = open(path, O_RDONLY); /* no stdio: it allocates, and a test may let that fail */
    len = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (len < 0) {
        fprintf(stderr, "cannot read %s\n", path);
        abort();
    }
    close(fd);
    return bytes_of(text, (size_t)len);
}

static bool fail(const char *name, const struct crypto_fault *fault)
{
    fprintf(stderr, "%s: %s\n", name, fault->text);
    return false;
}

bool rig_add_chain(struct rig *rig, const char *name)
{
    struct crypto_fault fault = {{0}};
    struct certificate_chain *chain = certificate_chain_new(read_file(name, "crt"), &fault);

    return chain ? tls_policy_add_certificate(rig->policy, chain, name) : fail(name, &fault);
}

bool rig_add_certificate(struct rig *rig, const char *name)
{
    struct crypto_fault fault = {{0}};
    struct private_key *key;

    if (!rig_add_chain(rig, name))
        return false;
    key = private_key_new(read_file(name, "key"), test_random_source(&rig->random), &fault);
    if (!key)
        return fail(name, &fault);
    rig->keys[rig->key_count++] = key;
    return true;
}

bool rig_connect(struct rig *rig)
{
    tls_free(rig->tls);
    rig->tls = tls_new(rig->policy, rig->pool);
    return rig->tls != NULL;
}

static size_t next_cut(struct cut *cut, size_t left)
{
    size_t len = cut->fixed ? cut->fixed : left;

    if (cut->random) {
        cut->random = cut->random * 6364136223846793005u + 1442695040888963407u;
        len = 1 + (size_t)(cut->random >> 33) % 300;
    }
    return len < left ? len : left;
}

/* One read(2) of at most `len` bytes. Answers how many the engine took. */
static size_t feed_once(struct rig *rig, struct bytes raw)
{
    struct iovec span;

    if (raw.len == 0 || tls_wire_space(rig->tls, &span, 1) == 0)
        return 0;
    if (raw.len > span.iov_len)
        raw.len = span.iov_len;
    memcpy(span.iov_base, raw.at, raw.len);
    tls_wire_commit(rig->tls, raw.len);
    return raw.len;
}

static void begin_client_turn(const struct rig *rig)
{
    if (rig->before_client)
        rig->before_client();
}

static void end_client_turn(const struct rig *rig)
{
    if (rig->after_client)
        rig->after_client();
}

static void take_text(struct rig *rig)
{
    struct iovec spans[4];
    int count;

    while ((count = tls_plain_view(rig->tls, spans, 4)) > 0) {
        size_t len = next_cut(&rig->cut, spans[0].iov_len);

        if (!tls_is_connected(rig->tls))
            rig->received_before_finished += len;
        begin_client_turn(rig); /* nor is this memory the engine's */
        rig->received = realloc(rig->received, rig->received_len + len);
        end_client_turn(rig);
        if (!rig->received)
            abort();
        memcpy(rig->received + rig->received_len, spans[0].iov_base, len);
        rig->received_len += len;
        tls_plain_consume(rig->tls, len);
    }
}

static const struct private_key *find_key(const void *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    const struct rig *rig = keyring;

    for (size_t i = 0; i < rig->key_count; i++)
        if (memcmp(private_key_id(rig->keys[i]), key_id, KEY_ID_LEN) == 0)
            return rig->keys[i];
    return NULL;
}

bool rig_answer_key(struct rig *rig)
{
    const struct tls_key_request *request = tls_key_wanted(rig->tls);
    const struct tls_key_holder holder = {
        .find = find_key,
        .keyring = rig,
        .tickets = rig->tickets,
        .random = test_random_source(&rig->random),
        .time = rig_time,
        .time_context = rig,
    };
    uint8_t answer[MAX_KEY_ANSWER_LEN];
    size_t len = 0;
    bool is_ok;

    if (!request)
        return false;
    is_ok = tls_key_perform(request, &holder, answer, &len);
    tls_key_done(rig->tls, is_ok, bytes_of(answer, len));
    return true;
}

static bool is_key_held(const struct rig *rig)
{
    const struct tls_key_request *wanted = tls_key_wanted(rig->tls);

    return rig->is_key_held || (rig->is_sealing_held && wanted && wanted->operation == TLS_KEY_SEAL_TICKET);
}

void rig_feed(struct rig *rig, struct bytes raw)
{
    while (raw.len > 0) {
        size_t taken = feed_once(rig, bytes_of(raw.at, next_cut(&rig->cut, raw.len)));

        raw = bytes_of(raw.at + taken, raw.len - taken);
        take_text(rig);
        if (taken == 0 && (is_key_held(rig) || !rig_answer_key(rig)))
            return; /* the engine takes no more: it failed, ended, or waits */
    }
}

void rig_drain(struct rig *rig, struct client13 *client)
{
    struct iovec span;

    while (tls_wire_view(rig->tls, &span, 1) == 1) {
        size_t len = next_cut(&rig->cut, span.iov_len);

        begin_client_turn(rig); /* what the rig itself keeps is not the engine's either */
        rig->wire = realloc(rig->wire, rig->wire_len + len);
        if (!rig->wire)
            abort();
        memcpy(rig->wire + rig->wire_len, span.iov_base, len);
        rig->wire_len += len;
        if (client)
            client13_take(client, bytes_of(span.iov_base, len));
        end_client_turn(rig);
        tls_wire_consume(rig->tls, len);
    }
}

void rig_send(struct rig *rig, struct bytes text)
{
    while (text.len > 0) {
        struct iovec spans[4];
        int count = tls_plain_space(rig->tls, spans, 4);
        size_t done = 0;

        for (int i = 0; i < count && text.len > 0; i++) {
            size_t len = text.len < spans[i].iov_len ? text.len : spans[i].iov_len;
            memcpy(spans[i].iov_base, text.at, len);
            text = bytes_of(text.at + len, text.len - len);
            done += len;
        }
        if (done == 0)
            return;
        tls_plain_commit(rig->tls, done);
        if (text.len > 0)
            return; /* the caller drains, then sends the rest */
    }
}

void rig_pump(struct rig *rig, struct client13 *client)
{
    for (;;) {
        size_t before = client->out_len + rig->wire_len;
        struct bytes pending = bytes_of(client->out, client->out_len);
        uint8_t *owned = client->out;

        client->out = NULL;
        client->out_len = 0;
        rig_feed(rig, pending);
        free(owned);
        while (!is_key_held(rig) && rig_answer_key(rig))
            ;
        take_text(rig);
        rig_drain(rig, client);
        if (pending.len == 0 && before == client->out_len + rig->wire_len)
            return;
    }
}

void rig_handshake(struct rig *rig, struct client13 *client)
{
    begin_client_turn(rig);
    client13_send_hello(client);
    end_client_turn(rig);
    rig_pump(rig, client);
    if (client->is_done && !client->fault) {
        begin_client_turn(rig);
        client13_send_finished(client);
        end_client_turn(rig);
        rig_pump(rig, client);
    }
}
