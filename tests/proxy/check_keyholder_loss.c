/*
 * A proxy at work beside its keyholder. One that dies: handshakes wait for the next one, relays do not notice. One that
 * works: the time it takes is taken from the budget of handshakes.
 */
#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/harness.h"
#include "proxy/key_batch.h"
#include "support/check_run.h"

enum { KEY_COST = 5000 };

static struct harness h;
static int keyholder;
static struct key_batch *batch;

static int new_keyholder(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    keyholder = ends[0];
    return ends[1];
}

static bool question_came(void)
{
    return key_batch_receive(batch, keyholder, KEY_BATCH) == KEY_BATCH_DONE;
}

/* The fake engine takes any signature. */
static void answer_question(uint32_t cost)
{
    struct key_reply reply = {.is_ok = true, .cost = cost, .answer = BYTES_OF_LITERAL("signed")};
    struct tls_key_request request;
    size_t len;

    ck_assert_uint_eq(key_batch_count(batch), 1);
    ck_assert(key_wire_read_question(key_batch_view(batch, 0), &reply.number, &request));
    reply.operation = request.operation;
    key_batch_clear(batch);
    ck_assert(key_wire_write_reply(&reply, key_batch_space(batch), &len));
    key_batch_commit(batch, len);
    ck_assert_int_eq(key_batch_send(batch, keyholder), KEY_BATCH_DONE);
}

static void relay_both_ways(void)
{
    harness_send(&h, h.client, "ping", 4);
    harness_expect(&h, h.peer, "ping", 4);
    harness_send(&h, h.peer, "pong", 4);
    harness_expect(&h, h.client, "pong", 4);
}

static void begin(void)
{
    batch = key_batch_new();
    ck_assert_ptr_nonnull(batch);
    harness_init(&h);
    harness_start(&h);
    ck_assert(proxy_use_keyholder(h.proxy, new_keyholder()));
}

static void end(void)
{
    harness_free(&h);
    key_batch_free(batch);
    close(keyholder);
}

static int ask(void)
{
    int client = harness_connect(&h);

    harness_send(&h, client, "K", 1);
    HARNESS_WAIT(&h, question_came());
    return client;
}

START_TEST(handshakes_wait_for_the_next_keyholder_and_relays_do_not_notice)
{
    int waiting;

    begin();
    harness_establish(&h);
    waiting = ask();
    close(keyholder);
    for (int i = 0; i < 10; i++)
        relay_both_ways();
    ck_assert_int_eq(harness_end_of(waiting), HARNESS_OPEN);
    ck_assert(key_service_set_socket(h.proxy->keys, new_keyholder()));
    HARNESS_WAIT(&h, question_came());
    relay_both_ways();
    answer_question(0);
    harness_expect(&h, waiting, "S", 1);
    ck_assert_uint_eq(h.proxy->counters->key_operations_failed, 0);
    close(waiting);
    end();
}
END_TEST

START_TEST(what_a_keyholder_takes_is_taken_from_the_budget_of_handshakes)
{
    int client;

    begin();
    client = ask();
    usleep(KEY_COST);
    h.proxy->budget.credit = 0;
    h.proxy->budget.seen_spent = proxy_spent();
    answer_question(KEY_COST);
    harness_expect(&h, client, "S", 1);
    ck_assert_int_le(h.proxy->budget.credit, -KEY_COST / 2); /* what the loop itself takes is earned */
    close(client);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        handshakes_wait_for_the_next_keyholder_and_relays_do_not_notice,
        what_a_keyholder_takes_is_taken_from_the_budget_of_handshakes,
    };
    return check_run("keyholder_loss", tests, ARRAY_LEN(tests));
}
