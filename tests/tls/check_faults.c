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

enum { RETRY_13, FULL_12, CLIENT_13, CLIENT_12, CONVERSATIONS };
static int conversation;

static bool is_client_known(void)
{
    return conversation == CLIENT_13 || conversation == CLIENT_12;
}

static bool is_12(void)
{
    return conversation == FULL_12 || conversation == CLIENT_12;
}

static void begin_client(void)
{
    ck_assert(crypto_start());
    client13_init(&client, 11);
    if (is_client_known())
        client_identity_show(&client, &files, "alice,intermediate", "alice", 0x0403);
}

static void end_client(void)
{
    client_identity_free(&files);
    client13_wipe(&client);
}

static void choose_conversation(void)
{
    if (conversation == RETRY_13)
        client.hello.share_groups[0] = 0;
    if (!is_12())
        return;
    client.hello.versions[0] = TLS_1_2;
    client.hello.versions[1] = 0;
    client.hello.suites[0] = 0xc02b;
    client.hello.suites[1] = 0;
    client.hello.has_extended_master_secret = true;
    client.hello.omit = OMIT_KEY_SHARE | OMIT_PSK_MODES;
}

static bool ask_for_certificates(void)
{
    struct client_trust *trust;

    if (!is_client_known())
        return true;
    trust = client_identity_trust("root", NULL);
    tls_policy_set_client_certificates(rig.policy, TLS_CLIENT_CERTIFICATE_REQUIRED, trust);
    return trust != NULL;
}

/* A conversation with everything in it: two certificates, ALPN, a retry, text, key updates, the end. */
static void converse(void)
{
    rig.before_client = alloc_fault_pause;
    rig.after_client = alloc_fault_resume;
    if (!rig_add_certificate(&rig, "p256") || !rig_add_certificate(&rig, "rsa2048") ||
        !tls_policy_add_alpn(rig.policy, BYTES_OF_LITERAL("http/1.1")) || !ask_for_certificates() || !rig_connect(&rig))
        return;
    choose_conversation();
    client.hello.alpn = "http/1.1";
    rig_handshake(&rig, &client);
    if (!tls_is_connected(rig.tls))
        return;
    alloc_fault_pause();
    if (!is_12())
        client13_send_key_update(&client, 1);
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    alloc_fault_resume();
    rig_pump(&rig, &client);
    rig_send(&rig, BYTES_OF_LITERAL("pong"));
    rig_drain(&rig, &client);
    tls_close(rig.tls);
    rig_drain(&rig, &client);
}

/* True when the conversation came to its good end. */
static bool run_with(enum fault_kind fault, unsigned long n)
{
    long live = alloc_fault_live();
    bool is_good = false;

    memset(&rig, 0, sizeof rig);
    alloc_fault_arm(0);
    begin_client();
    alloc_fault_arm(fault == FAULT_ALLOCATION ? n : 0);
    if (rig_init(&rig, 7)) {
        if (fault == FAULT_PROVIDER)
            provider_fault_arm(n);
        rig.random.fail_at = fault == FAULT_RANDOM ? n : 0;
        converse();
        ck_assert_uint_eq(rig.received_before_finished, 0);
        ck_assert_msg(client.fault == NULL, "failing %lu: %s", n, client.fault);
        is_good = rig.tls && tls_outcome(rig.tls)->why == WHY_NONE && client.has_close_notify && client.text_len == 4 &&
                  rig.received_len == 4;
        if (rig.tls && tls_outcome(rig.tls)->why != WHY_NONE)
            ck_assert(tls_ready(rig.tls) & TLS_OVER);
        if (rig.received_len > 0)
            ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
    }
    provider_fault_disarm();
    alloc_fault_pause();
    end_client();
    rig_wipe(&rig);
    alloc_fault_resume();
    ck_assert_int_eq(alloc_fault_live(), live);
    return is_good;
}

START_TEST(every_failing_allocation_of_ours_fails_closed)
{
    unsigned long count, survived = 0;

    conversation = _i;
    ck_assert(run_with(FAULT_ALLOCATION, 0));
    ck_assert(run_with(FAULT_ALLOCATION, 0)); /* the second time nothing is set up any more */
    count = alloc_fault_count();
    ck_assert_uint_gt(count, 20);
    for (unsigned long n = 1; n <= count; n++)
        survived += run_with(FAULT_ALLOCATION, n);
    ck_assert_uint_eq(survived, is_client_known() ? 1 : 0); /* to remember a verified client is a convenience */
}
END_TEST

/* mbedTLS makes thousands of allocations in a handshake: every k-th place of them, each time another k. */
START_TEST(failing_allocations_of_the_providers_fail_closed)
{
    unsigned long count, places = 0;

    conversation = _i;
    if (!provider_fault_works())
        return; /* a sanitizer brings its own allocator */
    ck_assert(run_with(FAULT_PROVIDER, ~0ul));
    ck_assert(run_with(FAULT_PROVIDER, ~0ul));
    count = provider_fault_count();
    ck_assert_uint_gt(count, 100);
    for (unsigned long n = 1; n <= count; n += 1 + n / 8 % 97, places++)
        ck_assert_msg(!run_with(FAULT_PROVIDER, n) || !provider_fault_fired(),
                      "the conversation survived the provider's failing allocation %lu", n);
    ck_assert_uint_gt(places, 50);
}
END_TEST

START_TEST(every_failing_call_for_randomness_fails_closed)
{
    unsigned long count;

    conversation = _i;
    ck_assert(run_with(FAULT_RANDOM, 0));
    begin_client();
    ck_assert(rig_init(&rig, 7));
    converse();
    count = rig.random.calls;
    rig_wipe(&rig);
    end_client();
    ck_assert_uint_ge(count, 4); /* loading the keys, our share, ServerHello.random, the signature */
    for (unsigned long n = 1; n <= count; n++)
        ck_assert_msg(!run_with(FAULT_RANDOM, n), "the conversation survived failing randomness %lu", n);
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
        client13_init(&client, 11);
        converse();
        ck_assert_uint_eq(rig.received_before_finished, 0);
        if (rig.tls && !tls_is_connected(rig.tls)) {
            ck_assert(tls_outcome(rig.tls)->why == WHY_NO_MEMORY);
            ck_assert_uint_lt(limit, 3 * BLOCK_RECORD_LEN);
        }
        client13_wipe(&client);
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
