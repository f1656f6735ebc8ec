/*
 * What a connection adds to the counters, by the kind of its handshake and by what it moved.
 */
#include "proxy/counters.h"

#include <unistd.h>

#include "proxy/harness.h"
#include "support/check_run.h"

static struct harness h;

/* A connection whose client says `letter`, then nothing; both ends are closed. */
static void come_and_go(char letter)
{
    harness_open_client(&h);
    harness_send(&h, h.client, &letter, 1);
    harness_expect(&h, h.client, "S", 1);
    HARNESS_WAIT(&h, harness_accept(&h));
    close(h.client);
    close(h.peer);
    h.client = h.peer = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
}

START_TEST(handshakes_are_counted_by_their_kind)
{
    const struct counters *counters;

    harness_init(&h);
    harness_start(&h);
    counters = h.proxy->counters;
    come_and_go('H');
    ck_assert_uint_eq(counters->handshakes, 1);
    ck_assert_uint_eq(counters->handshakes_resumed + counters->client_certificates + counters->rsa_key_exchanges +
                          counters->hello_retries + counters->post_quantum_key_exchanges,
                      0);
    come_and_go('P');
    ck_assert_uint_eq(counters->handshakes_resumed, 1);
    ck_assert_uint_eq(counters->hello_retries, 1);
    come_and_go('R');
    ck_assert_uint_eq(counters->rsa_key_exchanges, 1);
    come_and_go('A');
    ck_assert_uint_eq(counters->client_certificates, 1);
    come_and_go('M');
    ck_assert_uint_eq(counters->post_quantum_key_exchanges, 1);
    ck_assert_uint_eq(counters->handshakes, 5);
    ck_assert_uint_eq(counters->handshakes_resumed + counters->client_certificates + counters->rsa_key_exchanges +
                          counters->hello_retries + counters->post_quantum_key_exchanges,
                      5);
    ck_assert_uint_eq(counters->accepted, 5);
    ck_assert_uint_eq(counters->backend_connects, 5);
    ck_assert_uint_eq(counters->handshakes_failed, 0);
    harness_free(&h);
}
END_TEST

START_TEST(text_is_counted_by_its_direction_and_the_handshake_is_none)
{
    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    harness_send(&h, h.client, "a question", 10);
    harness_expect(&h, h.peer, "a question", 10);
    harness_send(&h, h.peer, "answer", 6);
    harness_expect(&h, h.client, "answer", 6);
    close(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    ck_assert_uint_eq(h.proxy->counters->bytes_to_backends, 10);
    ck_assert_uint_eq(h.proxy->counters->bytes_from_backends, 6);
    ck_assert_uint_eq(h.proxy->counters->truncated, 1);
    harness_free(&h);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        handshakes_are_counted_by_their_kind,
        text_is_counted_by_its_direction_and_the_handshake_is_none,
    };

    return check_run("counters", tests, ARRAY_LEN(tests));
}
