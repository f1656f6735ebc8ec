/*
 * fuzz_stateful.c: tickets under a policy that changes, beside a model of who may resume what (real crypto, an honest
 * client). Input: a program, each operation a byte: its number and, in tens, an argument.
 *
 * The model only forbids: a resumption that it does not allow aborts, a full handshake never does. And it says who the
 * client is: the one whose ticket is taken up, of the last ClientHello and with its secret, or the one who shows a
 * certificate. A first ClientHello that is answered with a HelloRetryRequest proves nothing (RFC 8446 4.2.11), so that
 * its ticket may be anybody's.
 */
#include "base/alloc.h"
#include "support/client_identity.h"
#include "support/must.h"
#include "tls/policy_types.h"
#include "tls/ticket_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum operation { CONNECT, RESUME, LISTENER, NAME, MODE, TRUST, ROTATE, CLOCK, PERSON, SECOND, OPERATIONS };

/* What the second ClientHello offers after a retry: the first one's ticket, none, one that is none, the first one's
 * without its secret, or that of the place this less OTHER. */
enum second { SAME, NO_TICKET, GARBAGE, STOLEN, OTHER };
enum { TICKETS = 8, MAX_STEPS = 24, LIFETIME = 3600, START = 1800000000 };

/* What a ticket is bound to. */
struct situation {
    unsigned listener, name, mode, trust, keys;
};

struct held {
    struct ticket13 ticket;
    struct situation made_in;
    int64_t expires_at, authenticated_at;
    unsigned person;
};

/* Who shows which certificate; the first is nobody and shows none. */
struct person {
    const char *names, *key;
    uint16_t scheme;
    struct client_identity_files files;
};

struct attempt {
    uint16_t version;
    bool is_retried;
    const struct held *first, *last; /* what the ClientHellos offer; NULL: no ticket of ours */
    bool is_stolen;                  /* the last one's without its secret */
};

static struct rig rig;
static struct client13 client;
static struct tls_policy *base; /* lends its clock */
static struct tls_policy *policies[2][3][2];
static struct situation now;
static struct held held[TICKETS];
static size_t held_count;
static unsigned person, second; /* who connects, and what the second hello of the next retry has */
static struct ticket13 stolen;
static const struct ticket13 *second_ticket;
static bool is_second_garbage;
static struct person persons[] = {
    {.names = NULL},
    {.names = "alice,intermediate", .key = "alice", .scheme = 0x0403},
    {.names = "client-P-256", .key = "client-P-256", .scheme = 0x0403},
    {.names = "client-P-384", .key = "client-P-384", .scheme = 0x0503},
};
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
        for (unsigned i = 1; i < ARRAY_LEN(persons); i++)
            client_identity_show(&client, &persons[i].files, persons[i].names, persons[i].key, persons[i].scheme);
    }
    rig.time = START;
    rig.random.state = 7;
    held_count = 0;
    person = second = 0;
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

static bool is_person(const struct client_identity *who, unsigned number)
{
    if (number == 0 || !who)
        return number == 0 && !who;
    return memcmp(who->fingerprint, certificate_chain_fingerprint(persons[number].files.chain),
                  sizeof who->fingerprint) == 0;
}

static void make_client(const struct attempt *attempt)
{
    client13_init_version(&client, 11, attempt->version);
    client.hello.sni = names[now.name];
    client.hello.ticket = attempt->first ? &attempt->first->ticket : NULL;
    if (attempt->is_retried)
        client.hello.share_groups[0] = 0;
    if (person == 0)
        return;
    client.own_chain = persons[person].files.chain;
    client.own_key = persons[person].files.key;
    client.own_scheme = tls_signature_scheme_find(persons[person].scheme);
}

/* Before the client's every turn but the first hello, so before the second one. */
static void change_offer(void)
{
    client.hello.ticket = second_ticket;
    client.hello.has_psk = is_second_garbage;
}

/* The second hello's ticket: whoever sent the first one again need not have any secret of its session. */
static void plan_second(struct attempt *attempt)
{
    unsigned other = second - OTHER;

    if (!attempt->is_retried || attempt->version != TLS_1_3 || second == SAME)
        return;
    attempt->is_stolen = second == STOLEN && attempt->first;
    if (second == NO_TICKET || second == GARBAGE)
        attempt->last = NULL;
    else if (second >= OTHER)
        attempt->last = other < held_count && held[other].ticket.version == TLS_1_3 ? &held[other] : NULL;
    is_second_garbage = second != NO_TICKET && !attempt->last;
    second_ticket = attempt->last ? &attempt->last->ticket : NULL;
    if (attempt->is_stolen) {
        stolen = attempt->last->ticket;
        must(stolen.secret.len > 0);
        stolen.secret.bytes[0] ^= 1;
        second_ticket = &stolen;
    }
    rig.before_client = change_offer;
}

static void keep_ticket(const struct attempt *attempt, unsigned whose)
{
    const struct tls_outcome *outcome = tls_outcome(rig.tls);
    struct held next = {.made_in = now, .person = whose, .expires_at = rig.time + LIFETIME};

    if (client.tickets == 0 || client.ticket.len == 0)
        return;
    must(client.ticket.lifetime <= LIFETIME);
    next.ticket = client.ticket;
    next.authenticated_at = outcome->is_resumed ? attempt->last->authenticated_at : rig.time;
    held[held_count++ % TICKETS] = next; /* attempt->last may be what was there */
}

/* Who the client of an open connection is. */
static unsigned check_connected(const struct attempt *attempt)
{
    const struct tls_outcome *outcome = tls_outcome(rig.tls);
    unsigned whose = now.mode == TLS_CLIENT_CERTIFICATE_NONE ? 0 : person;

    must(outcome->is_hello_retried == (attempt->is_retried && attempt->version == TLS_1_3));
    if (outcome->is_resumed) {
        must(attempt->last && !attempt->is_stolen && may_resume(attempt->last));
        whose = attempt->last->person;
    }
    must(is_person(outcome->client, whose));
    must(now.mode != TLS_CLIENT_CERTIFICATE_REQUIRED || outcome->client);
    must(now.mode != TLS_CLIENT_CERTIFICATE_NONE || !outcome->client);
    return whose;
}

static void check(const struct attempt *attempt)
{
    const struct tls_outcome *outcome = tls_outcome(rig.tls);

    must(client.fault == NULL && rig.received_before_finished == 0);
    must(outcome->why != WHY_INTERNAL && outcome->why != WHY_CRYPTO);
    if (tls_is_connected(rig.tls)) {
        keep_ticket(attempt, check_connected(attempt));
        return;
    }
    must(outcome->why != WHY_NONE);
    /* Of one that failed it says at most who it claimed to be. */
    must(!outcome->client || is_person(outcome->client, person) ||
         (attempt->last && !attempt->is_stolen && is_person(outcome->client, attempt->last->person)));
}

static void shake_hands(void)
{
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    rig.before_client = NULL;
    if (client.is_done && !client.fault)
        client13_send_finished(&client);
    rig_pump(&rig, &client);
}

static void connect(uint16_t version, bool is_retried, const struct held *with)
{
    struct attempt attempt = {.version = version, .is_retried = is_retried, .first = with, .last = with};

    make_client(&attempt);
    plan_second(&attempt);
    rig.policy = policies[now.listener][now.mode][now.trust];
    must(rig_connect(&rig));
    shake_hands();
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    check(&attempt);
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
    case PERSON:
        person = argument % ARRAY_LEN(persons);
        break;
    case SECOND:
        second = argument % (OTHER + TICKETS);
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
