/*
 * fuzz_stateful.c: tickets under a policy that changes, beside a model of who may resume what (real crypto, an honest
 * client). Input: a program, each operation a byte: its number and, from the fourth bit on, an argument.
 *
 * The model only forbids: a resumption that it does not allow aborts, a full handshake never does.
 */
#include "base/alloc.h"
#include "support/client_identity.h"
#include "support/must.h"
#include "tls/policy_types.h"
#include "tls/ticket_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum operation { CONNECT, RESUME, LISTENER, NAME, MODE, TRUST, ROTATE, CLOCK, OPERATIONS };
enum { TICKETS = 8, MAX_STEPS = 24, LIFETIME = 3600, START = 1800000000 };

/* What a ticket is bound to. */
struct situation {
    unsigned listener, name, mode, trust, keys;
};

struct held {
    struct ticket13 ticket;
    struct situation made_in;
    int64_t expires_at, authenticated_at;
    bool has_client;
};

static struct rig rig;
static struct tls_policy *base; /* lends its clock */
static struct tls_policy *policies[2][3][2];
static struct situation now;
static struct held held[TICKETS];
static size_t held_count;
static const char *const listeners[] = {"web", "intranet"};
static const char *const names[] = {"app.example", "other.example"};
static const char *const trusts[] = {"root", "other-root"};

static void make_policy(unsigned listener, unsigned mode, unsigned trust)
{
    rig.policy = tls_policy_new(test_random_source(&rig.random), base->now, &rig);
    must(rig.policy != NULL);
    tls_policy_set_time(rig.policy, base->time);
    tls_policy_set_unknown_sni(rig.policy, TLS_UNKNOWN_SNI_DEFAULT);
    must(rig_add_certificate(&rig, "p256"));
    if (mode != TLS_CLIENT_CERTIFICATE_NONE)
        tls_policy_set_client_certificates(rig.policy, mode, client_identity_trust(trusts[trust], NULL));
    must(tls_policy_set_tickets(rig.policy, bytes_of_string(listeners[listener]), 1, LIFETIME));
    policies[listener][mode][trust] = rig.policy;
}

static void renew_keys(void)
{
    ticket_keys_free(rig.tickets);
    rig.tickets =
        ticket_keys_new(test_random_source(&rig.random), DEFAULT_TICKET_KEY_ISSUES, DEFAULT_TICKET_KEY_ACCEPTS);
    must(rig.tickets != NULL);
    now.keys++;
}

static void start(void)
{
    if (!rig.pool) {
        must(rig_init(&rig, 7));
        base = rig.policy;
        for (unsigned i = 0; i < 12; i++)
            make_policy(i % 2, i / 2 % 3, i / 6);
    }
    rig.time = START;
    rig.random.state = 7;
    held_count = 0;
    now = (struct situation){.keys = 0};
    renew_keys();
}

static bool may_resume(const struct held *with)
{
    const struct situation *made = &with->made_in;
    bool is_trust_same = now.mode == TLS_CLIENT_CERTIFICATE_NONE || made->trust == now.trust;

    return made->listener == now.listener && made->name == now.name && made->mode == now.mode && is_trust_same &&
           made->keys == now.keys && rig.time < with->expires_at;
}

static void make_client(struct client13 *client, uint16_t version, bool is_retried)
{
    client13_init_version(client, 11, version);
    client->hello.sni = names[now.name];
    if (is_retried)
        client->hello.share_groups[0] = 0;
}

static void keep_ticket(const struct client13 *client, const struct held *with)
{
    const struct tls_outcome *outcome = tls_outcome(rig.tls);
    struct held *next = &held[held_count % TICKETS];

    if (client->tickets == 0 || client->ticket.len == 0)
        return;
    *next = (struct held){.ticket = client->ticket, .made_in = now, .has_client = outcome->client != NULL};
    next->authenticated_at = with && outcome->is_resumed ? with->authenticated_at : rig.time;
    next->expires_at = rig.time + LIFETIME;
    must(client->ticket.lifetime <= LIFETIME);
    held_count++;
}

static void check(const struct client13 *client, const struct held *with)
{
    const struct tls_outcome *outcome = tls_outcome(rig.tls);

    must(client->fault == NULL && rig.received_before_finished == 0);
    must(outcome->why != WHY_INTERNAL && outcome->why != WHY_CRYPTO);
    if (!tls_is_connected(rig.tls)) {
        must(outcome->why != WHY_NONE);
        return;
    }
    must(now.mode != TLS_CLIENT_CERTIFICATE_REQUIRED || outcome->client);
    must(now.mode != TLS_CLIENT_CERTIFICATE_NONE || !outcome->client);
    if (outcome->is_resumed)
        must(with && may_resume(with) && (outcome->client != NULL) == with->has_client);
}

static void connect(uint16_t version, bool is_retried, const struct held *with)
{
    static struct client13 client;
    struct client_identity_files files = {0};
    struct held copy;

    if (with) { /* its place may be taken by the new one */
        copy = *with;
        with = &copy;
    }
    make_client(&client, version, is_retried);
    client.hello.ticket = with ? &copy.ticket : NULL;
    if (now.mode != TLS_CLIENT_CERTIFICATE_NONE)
        client_identity_show(&client, &files, "alice,intermediate", "alice", 0x0403);
    rig.policy = policies[now.listener][now.mode][now.trust];
    must(rig_connect(&rig));
    rig_handshake(&rig, &client);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    check(&client, with);
    if (tls_is_connected(rig.tls))
        keep_ticket(&client, with);
    client_identity_free(&files);
    client13_wipe(&client);
    tls_free(rig.tls);
    rig.tls = NULL;
    rig.wire_len = 0;
}

static void take_step(uint8_t byte)
{
    unsigned argument = byte / OPERATIONS;
    static const unsigned jumps[] = {1, 60, LIFETIME - 1, LIFETIME, 2 * LIFETIME, 5 * LIFETIME, 86400, 8 * 86400};

    switch ((enum operation)(byte % OPERATIONS)) {
    case CONNECT:
        connect(argument & 1 ? TLS_1_2 : TLS_1_3, argument & 2, NULL);
        break;
    case RESUME:
        if (argument % TICKETS < held_count)
            connect(held[argument % TICKETS].ticket.version, argument & 8, &held[argument % TICKETS]);
        break;
    case LISTENER:
        now.listener = argument % 2;
        break;
    case NAME:
        now.name = argument % 2;
        break;
    case MODE:
        now.mode = argument % 3;
        break;
    case TRUST:
        now.trust = argument % 2;
        break;
    case ROTATE:
        renew_keys();
        break;
    case CLOCK:
        rig.time += jumps[argument % ARRAY_LEN(jumps)];
        break;
    case OPERATIONS:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    start();
    for (size_t i = 0; i < size && i < MAX_STEPS; i++)
        take_step(data[i]);
    must(pool_bytes_in_use(rig.pool) == 0);
    return 0;
}
