/*
 * What a connection adds to the counters, by the kind of its handshake and by what it moved.
 */
#include "proxy/counters.h"

#include <unistd.h>

#include "proxy/harness.h"
#include "support/check_run.h"
#include "tls/iana.h"

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

/* What a client agreed on counts where the configuration says; what it does not name, for all others. */
START_TEST(protocols_are_counted_where_their_line_of_the_configuration_says)
{
    struct config_value protocols[2] = {{.text = "http/1.1"}, {.text = FAKE_ALPN}};
    const uint64_t *counts;

    harness_init(&h);
    harness_start(&h);
    counts = h.proxy->counters->listeners[0].protocols;
    come_and_go('H');
    ck_assert_uint_eq(counts[COUNTED_NO_PROTOCOL], 1);
    come_and_go('A');
    ck_assert_uint_eq(counts[MAX_COUNTED_PROTOCOLS - 1], 1);
    h.listen.alpn = (struct config_list){protocols, 2};
    come_and_go('A'); /* it is configured, and has no place of its own */
    ck_assert_uint_eq(counts[MAX_COUNTED_PROTOCOLS - 1], 2);
    listener_count_protocol_as(h.listener, 0, 7);
    listener_count_protocol_as(h.listener, 1, 5);
    listener_count_protocol_as(h.listener, MAX_POLICY_ALPN, 6); /* one too many is none */
    come_and_go('A');
    ck_assert_uint_eq(counts[5], 1);
    ck_assert_uint_eq(counts[6] + counts[7], 0);
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

/* Rows of the tables are counted by their place. */
START_TEST(every_suite_group_and_scheme_has_its_place)
{
    size_t suites = 0, groups = 0, schemes = 0;

    while (tls_suites[suites].code)
        suites++;
    while (tls_groups[groups].code)
        groups++;
    while (tls_signature_schemes[schemes].code)
        schemes++;
    ck_assert_uint_le(suites, MAX_COUNTED_SUITES);
    ck_assert_uint_le(groups, MAX_COUNTED_GROUPS);
    ck_assert_uint_le(schemes, MAX_COUNTED_SCHEMES);
}
END_TEST

static size_t place_of_suite(uint16_t code)
{
    return (size_t)(tls_suite_find(code) - tls_suites);
}

static size_t place_of_group(uint16_t code)
{
    return (size_t)(tls_group_find(code) - tls_groups);
}

static uint64_t durations(const struct histogram *histogram)
{
    uint64_t count = 0;

    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        count += histogram->buckets[i];
    return count;
}

START_TEST(a_listener_counts_what_was_agreed)
{
    const struct listener_counters *counters;

    harness_init(&h);
    harness_start(&h);
    listener_count_as(h.listener, 7);
    counters = &h.proxy->counters->listeners[7];
    come_and_go('H');
    come_and_go('P');
    come_and_go('R');
    come_and_go('M');
    ck_assert_uint_eq(counters->accepted, 4);
    ck_assert_uint_eq(counters->handshakes[COUNTED_TLS_1_3][COUNTED_FULL], 3);
    ck_assert_uint_eq(counters->handshakes[COUNTED_TLS_1_3][COUNTED_RESUMED], 1);
    ck_assert_uint_eq(counters->handshakes[COUNTED_TLS_1_2][COUNTED_FULL], 0);
    ck_assert_uint_eq(durations(&counters->handshake[COUNTED_FULL]), 3);
    ck_assert_uint_eq(durations(&counters->handshake[COUNTED_RESUMED]), 1);
    ck_assert_uint_eq(counters->suites[place_of_suite(0x009c)], 1);
    ck_assert_uint_eq(counters->groups[place_of_group(0x11ec)], 1);
    ck_assert_uint_eq(counters->ends[WHY_NONE], 4);
    ck_assert_uint_eq(h.proxy->counters->listeners[0].accepted, 0); /* it was another one's */
    harness_free(&h);
}
END_TEST

START_TEST(a_failure_is_counted_where_and_why_it_happened)
{
    const struct listener_counters *counters;

    harness_init(&h);
    harness_start(&h);
    counters = &h.proxy->counters->listeners[0];
    harness_open_client(&h);
    harness_send(&h, h.client, "!", 1);
    HARNESS_WAIT(&h, counters->failures[TLS_STAGE_CLIENT_HELLO][WHY_NOT_TLS] == 1);
    close(h.client);
    harness_open_client(&h);
    close(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, counters->silent == 1);
    ck_assert_uint_eq(h.proxy->counters->handshakes_failed, 1);
    ck_assert_uint_eq(counters->accepted, 2);
    harness_free(&h);
}
END_TEST

START_TEST(gauges_follow_a_connection_from_state_to_state_and_come_back)
{
    const struct gauges *gauges;

    harness_init(&h);
    harness_start(&h);
    listener_backend(h.listener)->servers[0].counted_as = 9;
    gauges = &h.proxy->counters->gauges;
    harness_open_client(&h);
    HARNESS_WAIT(&h, gauges->connections[0][CONNECTION_HANDSHAKING] == 1);
    harness_send(&h, h.client, "H", 1);
    HARNESS_WAIT(&h, gauges->connections[0][CONNECTION_RELAYING] == 1);
    ck_assert_uint_eq(gauges->connections[0][CONNECTION_HANDSHAKING], 0);
    ck_assert_uint_eq(gauges->relayed[9], 1);
    HARNESS_WAIT(&h, harness_accept(&h));
    close(h.client);
    close(h.peer);
    h.client = h.peer = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    for (int state = 0; state < COUNTED_STATES; state++)
        ck_assert_uint_eq(gauges->connections[0][state], 0);
    ck_assert_uint_eq(gauges->relayed[9], 0);
    ck_assert_uint_eq(h.proxy->counters->servers[9].connects, 1);
    ck_assert_uint_eq(durations(&h.proxy->counters->servers[9].connect), 1);
    harness_free(&h);
}
END_TEST

START_TEST(text_is_counted_as_it_flows_not_at_the_end)
{
    harness_init(&h);
    harness_start(&h);
    harness_establish(&h);
    harness_send(&h, h.client, "a question", 10);
    harness_expect(&h, h.peer, "a question", 10);
    harness_send(&h, h.peer, "answer", 6);
    harness_expect(&h, h.client, "answer", 6);
    ck_assert_uint_eq(h.proxy->counters->listeners[0].bytes_in, 10);
    ck_assert_uint_eq(h.proxy->counters->listeners[0].bytes_out, 6);
    harness_free(&h);
}
END_TEST

START_TEST(counters_are_where_they_are_wanted)
{
    struct counters *elsewhere = calloc(1, sizeof *elsewhere);

    ck_assert_ptr_nonnull(elsewhere);
    harness_init(&h);
    h.settings.counters = elsewhere;
    harness_start(&h);
    come_and_go('H');
    ck_assert_uint_eq(elsewhere->handshakes, 1);
    harness_free(&h);
    free(elsewhere);
}
END_TEST

START_TEST(the_counters_of_several_processes_are_told_as_one)
{
    struct counters *sum = calloc(1, sizeof *sum), *one = calloc(1, sizeof *one);

    harness_init(&h);
    harness_start(&h);
    one->accepted = 2;
    one->lines_suppressed = 5; /* the last row, too */
    one->ended_by_why[WHY_COUNT - 1] = 3;
    one->gauges.relayed[0] = 1;
    counters_add(sum, one);
    counters_add(sum, one);
    ck_assert_uint_eq(sum->gauges.relayed[0], 0);
    counters_log(sum);
    harness_expect_log(&h, "event=counters accepted=4 lines_suppressed=10 why_shutdown=6");
    harness_free(&h);
    free(sum);
    free(one);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        handshakes_are_counted_by_their_kind,
        protocols_are_counted_where_their_line_of_the_configuration_says,
        text_is_counted_by_its_direction_and_the_handshake_is_none,
        every_suite_group_and_scheme_has_its_place,
        a_listener_counts_what_was_agreed,
        a_failure_is_counted_where_and_why_it_happened,
        gauges_follow_a_connection_from_state_to_state_and_come_back,
        text_is_counted_as_it_flows_not_at_the_end,
        counters_are_where_they_are_wanted,
        the_counters_of_several_processes_are_told_as_one,
    };

    return check_run("counters", tests, ARRAY_LEN(tests));
}
