/*
 * What can fail inside us, fails: every allocation of our own, every call for randomness, the pool. The handshake then
 * fails closed: no crash, no leak, never a byte for the backend before Finished.
 */
#include "crypto/crypto.h"
#include "support/alloc_fault.h"
#include "support/check_run.h"
#include "support/client_identity.h"
#include "support/rig.h"

static struct rig rig;
static struct client13 client;
static struct client_identity_files files;

enum fault_kind { FAULT_ALLOCATION, FAULT_PROVIDER, FAULT_RANDOM };

struct conversation {
    uint16_t version;
    bool is_retried, is_client_known, is_resumed, is_rsa_exchange;
    bool is_rich; /* a staple, and in TLS 1.3 a compressed certificate */
    /* Allocations that do no harm when they fail: to remember a verified client, to move to a smaller buffer. */
    unsigned conveniences;
};

static const struct conversation conversations[] = {
    {.version = TLS_1_3, .is_retried = true},
    {.version = TLS_1_2},
    {.version = TLS_1_3, .is_client_known = true, .conveniences = 1},
    {.version = TLS_1_2, .is_client_known = true, .conveniences = 1},
    {.version = TLS_1_3, .is_client_known = true, .is_retried = true, .conveniences = 1},
    {.version = TLS_1_2, .is_rsa_exchange = true, .conveniences = 1},
    {.version = TLS_1_3, .is_rich = true},
    {.version = TLS_1_2, .is_rich = true},
    {.version = TLS_1_3, .is_resumed = true},
    {.version = TLS_1_2, .is_resumed = true},
    {.version = TLS_1_3, .is_resumed = true, .is_client_known = true},
    {.version = TLS_1_2, .is_resumed = true, .is_client_known = true},
};
enum { CONVERSATIONS = ARRAY_LEN(conversations) };
static const struct conversation *conversation = &conversations[0];
static struct ticket13 ticket;

/* What a conversation came to: LESSER is a good end too, but by a full handshake or without a new ticket. */
enum outcome { NO_GOOD, LESSER, GOOD };

static void begin_client(void)
{
    client13_init(&client, 11);
    client.hello.alpn = "http/1.1";
    if (conversation->is_client_known)
        client_identity_show(&client, &files, "alice,intermediate", "alice", 0x0403);
    if (conversation->is_retried)
        client.hello.share_groups[0] = 0;
    if (conversation->is_rich) /* status_request; compress_certificate with the code of add_riches() */
        client.hello.extra = BYTES_OF_LITERAL("\x00\x05\x00\x05\x01\x00\x00\x00\x00\x00\x1b\x00\x03\x02\x00\x01");
    if (conversation->version == TLS_1_3)
        return;
    client.hello.versions[0] = TLS_1_2;
    client.hello.versions[1] = 0;
    client.hello.suites[0] = conversation->is_rsa_exchange ? 0x009c : 0xc02b;
    client.hello.suites[1] = 0;
    client.hello.has_extended_master_secret = true;
    client.hello.has_session_ticket = conversation->is_resumed;
    client.hello.omit = OMIT_KEY_SHARE | OMIT_PSK_MODES;
}

static void end_client(void)
{
    client_identity_free(&files);
    client13_wipe(&client);
}

static bool ask_for_certificates(void)
{
    struct client_trust *trust;

    if (!conversation->is_client_known)
        return true;
    trust = client_identity_trust("root", NULL);
    tls_policy_set_client_certificates(rig.policy, TLS_CLIENT_CERTIFICATE_REQUIRED, trust);
    return trust != NULL;
}

static bool compress(struct bytes in, uint8_t *out, size_t *len)
{
    *len = in.len / 2; /* the client of these tests does not look inside */
    memcpy(out, in.at, *len);
    return true;
}

static bool add_riches(void)
{
    static const struct tls_compressor compressor = {.code = 1, .name = "half", .compress = compress};

    return !conversation->is_rich || tls_policy_add_compressor(rig.policy, &compressor);
}

static bool add_staples(void)
{
    static const struct tls_staple_time endless = {0, 0};

    return !conversation->is_rich ||
           (tls_policy_set_staple(rig.policy, 0, BYTES_OF_LITERAL("the first response"), endless) &&
            tls_policy_set_staple(rig.policy, 0, BYTES_OF_LITERAL("a response"), endless));
}

/* Two certificates, ALPN, and what the conversation is about. */
static bool set_policy(void)
{
    return add_riches() && rig_add_certificate(&rig, "p256") && rig_add_certificate(&rig, "rsa2048") && add_staples() &&
           tls_policy_add_alpn(rig.policy, BYTES_OF_LITERAL("http/1.1")) && ask_for_certificates() &&
           (!conversation->is_resumed || rig_add_tickets(&rig, 1)) &&
           (!conversation->is_rsa_exchange || rig_add_rsa_exchange(&rig));
}

/* A handshake, a retry where it is about that, text, key updates, the end. */
static void converse(void)
{
    if (!rig_connect(&rig))
        return;
    rig_handshake(&rig, &client);
    if (!tls_is_connected(rig.tls))
        return;
    alloc_fault_pause();
    if (conversation->version == TLS_1_3)
        client13_send_key_update(&client, 1);
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    alloc_fault_resume();
    rig_pump(&rig, &client);
    rig_send(&rig, BYTES_OF_LITERAL("pong"));
    rig_drain(&rig, &client);
    tls_close(rig.tls);
    rig_drain(&rig, &client);
}

/* The full handshake in front of a resumed one, in which nothing fails. */
static void get_ticket(void)
{
    if (!conversation->is_resumed)
        return;
    converse();
    ck_assert_uint_gt(client.ticket.len, 0);
    ticket = client.ticket;
    alloc_fault_pause();
    end_client();
    begin_client();
    alloc_fault_resume();
    client.hello.ticket = &ticket;
    rig.received_len = 0;
}

static unsigned long calls_before; /* for randomness, until faults were armed */

/* From here on the n-th fails. What comes before the ticket of a resumption does not count. */
static void arm(enum fault_kind fault, unsigned long n)
{
    alloc_fault_arm(fault == FAULT_ALLOCATION ? n : 0);
    if (fault == FAULT_PROVIDER)
        provider_fault_arm(n);
    calls_before = rig.random.calls;
    rig.random.fail_at = fault == FAULT_RANDOM && n ? calls_before + n : 0;
}

static void prepare_and_converse(enum fault_kind fault, unsigned long n)
{
    rig.before_client = alloc_fault_pause;
    rig.after_client = alloc_fault_resume;
    if (!conversation->is_resumed && fault != FAULT_ALLOCATION)
        arm(fault, n);
    if (!set_policy())
        return;
    get_ticket();
    if (conversation->is_resumed)
        arm(fault, n);
    converse();
}

static bool has_good_end(void)
{
    return rig.tls && tls_outcome(rig.tls)->why == WHY_NONE && client.has_close_notify && client.text_len == 4 &&
           rig.received_len == 4;
}

/* A ticket of TLS 1.3 is good once (RFC 8446 C.4); one of TLS 1.2 stays good. */
static bool has_everything(void)
{
    const struct tls_outcome *outcome = tls_outcome(rig.tls);

    if (conversation->is_client_known && !outcome->client)
        return false;
    if (conversation->is_rich && conversation->version == TLS_1_2 && client.status_len == 0)
        return false;
    if (conversation->is_rich && conversation->version == TLS_1_3 && !client.is_compressed)
        return false;
    return !conversation->is_resumed ||
           (outcome->is_resumed && (conversation->version == TLS_1_2 || client.tickets == 1));
}

static enum outcome judge(unsigned long n)
{
    ck_assert_uint_eq(rig.received_before_finished, 0);
    ck_assert_msg(client.fault == NULL, "failing %lu: %s", n, client.fault);
    if (rig.tls && tls_outcome(rig.tls)->why != WHY_NONE)
        ck_assert(tls_ready(rig.tls) & TLS_OVER);
    if (rig.received_len > 0)
        ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
    if (!has_good_end())
        return NO_GOOD;
    if (conversation->is_client_known) /* whatever failed: who is let in is known */
        ck_assert_str_eq(tls_outcome(rig.tls)->client->common_name, "alice");
    return has_everything() ? GOOD : LESSER;
}

static enum outcome run_with(enum fault_kind fault, unsigned long n)
{
    long live = alloc_fault_live();
    enum outcome outcome = NO_GOOD;

    memset(&rig, 0, sizeof rig);
    alloc_fault_arm(0);
    ck_assert(crypto_start());
    begin_client();
    alloc_fault_arm(fault == FAULT_ALLOCATION && !conversation->is_resumed ? n : 0);
    if (rig_init(&rig, 7)) {
        prepare_and_converse(fault, n);
        provider_fault_disarm(); /* the asserts of the test allocate too */
        outcome = judge(n);
    }
    provider_fault_disarm();
    alloc_fault_pause();
    end_client();
    rig_wipe(&rig);
    alloc_fault_resume();
    ck_assert_int_eq(alloc_fault_live(), live);
    return outcome;
}

/* A ticket that cannot be opened or sealed costs a full handshake; nothing else that fails has a good end. */
static void assert_lesser_at_most(enum outcome outcome, const char *what, unsigned long n)
{
    ck_assert_msg(outcome == NO_GOOD || (outcome == LESSER && conversation->is_resumed),
                  "the conversation survived %s %lu", what, n);
}

START_TEST(every_failing_allocation_of_ours_fails_closed)
{
    unsigned long count, survived = 0;

    conversation = &conversations[_i];
    ck_assert_int_eq(run_with(FAULT_ALLOCATION, 0), GOOD);
    ck_assert_int_eq(run_with(FAULT_ALLOCATION, 0), GOOD); /* the second time nothing is set up any more */
    count = alloc_fault_count();
    ck_assert_uint_gt(count, conversation->is_resumed ? 5 : 20);
    for (unsigned long n = 1; n <= count; n++) {
        enum outcome outcome = run_with(FAULT_ALLOCATION, n);

        survived += outcome == GOOD;
        if (outcome != GOOD)
            assert_lesser_at_most(outcome, "our failing allocation", n);
    }
    ck_assert_uint_eq(survived, conversation->conveniences);
}
END_TEST

/* mbedTLS makes thousands of allocations in a handshake: every k-th place of them, each time another k. */
START_TEST(failing_allocations_of_the_providers_fail_closed)
{
    unsigned long count, places = 0;

    conversation = &conversations[_i];
    if (!provider_fault_works())
        return; /* a sanitizer brings its own allocator */
    ck_assert_int_eq(run_with(FAULT_PROVIDER, ~0ul), GOOD);
    ck_assert_int_eq(run_with(FAULT_PROVIDER, ~0ul), GOOD);
    count = provider_fault_count();
    ck_assert(conversation->is_resumed || count > 100); /* a resumption may do without any */
    for (unsigned long n = 1; n <= count; n += 1 + n / 8 % 97, places++) {
        enum outcome outcome = run_with(FAULT_PROVIDER, n);

        /* Some allocations of libcrypto are a convenience: without them the same comes out, by a longer way. */
        if (provider_fault_fired() && !(crypto_provider_name(1) && outcome == GOOD))
            assert_lesser_at_most(outcome, "the provider's failing allocation", n);
    }
    ck_assert(conversation->is_resumed || places > 30);
}
END_TEST

START_TEST(every_failing_call_for_randomness_fails_closed)
{
    unsigned long count;

    conversation = &conversations[_i];
    ck_assert_int_eq(run_with(FAULT_RANDOM, 0), GOOD);
    begin_client();
    ck_assert(rig_init(&rig, 7));
    prepare_and_converse(FAULT_RANDOM, 0);
    count = rig.random.calls - calls_before;
    rig_wipe(&rig);
    end_client();
    ck_assert_uint_ge(count, conversation->is_resumed ? 1 : 3); /* ServerHello.random, our share or the fallback, signature */
    for (unsigned long n = 1; n <= count; n++)
        assert_lesser_at_most(run_with(FAULT_RANDOM, n), "failing randomness", n);
}
END_TEST

/* A pool that runs dry at any size is a reason, and everything comes back. */
START_TEST(a_pool_that_runs_dry_fails_closed)
{
    for (size_t limit = 1; limit < 4 * BLOCK_RECORD_LEN; limit += 499) {
        ck_assert(rig_init(&rig, 7));
        pool_free(rig.pool);
        rig.pool = pool_new(limit);
        ck_assert(rig.pool != NULL);
        begin_client();
        prepare_and_converse(FAULT_RANDOM, 0);
        ck_assert_uint_eq(rig.received_before_finished, 0);
        if (rig.tls && !tls_is_connected(rig.tls)) {
            ck_assert(tls_outcome(rig.tls)->why == WHY_NO_MEMORY);
            ck_assert_uint_lt(limit, 3 * BLOCK_RECORD_LEN);
        }
        end_client();
        rig_wipe(&rig);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_pool_that_runs_dry_fails_closed};
    const TTest *const loops[] = {
        every_failing_allocation_of_ours_fails_closed,
        failing_allocations_of_the_providers_fail_closed,
        every_failing_call_for_randomness_fails_closed,
    };

    return check_run_loops("faults", tests, ARRAY_LEN(tests), loops, ARRAY_LEN(loops), CONVERSATIONS);
}
