#include "proxy/counting.h"

#include "base/reader.h"
#include "tls/iana.h"

_Static_assert(COUNTED_STATES == CONNECTION_CLOSING + 1, "a gauge for every state");

static struct counters *counters_of(const struct connection *c)
{
    return c->proxy->counters;
}

static uint16_t listener_index(const struct connection *c)
{
    return listener_counted_as(c->listener);
}

static uint16_t server_index(const struct connection *c)
{
    return backend_server_of(listener_backend(c->listener), &c->attempt)->counted_as;
}

static struct listener_counters *listener_counters_of(const struct connection *c)
{
    return &counters_of(c)->listeners[listener_index(c)];
}

void counting_accepted(struct proxy *proxy, const struct listener *listener)
{
    count_one(&proxy->counters->accepted);
    count_one(&proxy->counters->listeners[listener_counted_as(listener)].accepted);
}

/* ---- gauges */

static void enter_state(const struct connection *c)
{
    struct gauges *gauges = &counters_of(c)->gauges;

    count_one(&gauges->connections[listener_index(c)][c->state]);
    if (c->state == CONNECTION_RELAYING)
        count_one(&gauges->relayed[server_index(c)]);
}

static void leave_state(const struct connection *c)
{
    struct gauges *gauges = &counters_of(c)->gauges;

    count_one_less(&gauges->connections[listener_index(c)][c->state]);
    if (c->state == CONNECTION_RELAYING)
        count_one_less(&gauges->relayed[server_index(c)]);
}

void counting_begin(const struct connection *c)
{
    enter_state(c);
}

void counting_enter(struct connection *c, enum connection_state state)
{
    leave_state(c);
    c->state = (uint8_t)state;
    enter_state(c);
}

void counting_free(const struct connection *c)
{
    leave_state(c);
}

/* ---- handshakes */

static void count_offered(struct listener_counters *counters, const struct tls_offered *offered)
{
    for (size_t row = 0; row < MAX_COUNTED_GROUPS && tls_groups[row].code; row++)
        for (size_t i = 0; i < offered->group_count; i++)
            if (offered->groups[i] == tls_groups[row].code) {
                count_one(&counters->offered_groups[row]);
                break; /* a client may name it twice */
            }
}

void counting_hello(struct connection *c)
{
    const struct tls_offered *offered = tls_offered(c->tls);

    if (c->is_hello_counted || !offered)
        return;
    c->is_hello_counted = true;
    count_one(&listener_counters_of(c)->hellos);
    count_offered(listener_counters_of(c), offered);
}

static bool has_post_quantum_group(const struct tls_outcome *outcome)
{
    return outcome->group && outcome->group->is_post_quantum;
}

static void count_for_process(struct counters *counters, const struct tls_outcome *outcome)
{
    count_one(&counters->handshakes);
    count_more(&counters->handshakes_resumed, outcome->is_resumed);
    count_more(&counters->client_certificates, outcome->client != NULL);
    count_more(&counters->rsa_key_exchanges, outcome_is_rsa_exchange(outcome));
    count_more(&counters->post_quantum_key_exchanges, has_post_quantum_group(outcome));
    count_more(&counters->hello_retries, outcome->is_hello_retried);
}

/* A row that the table has and the counters have no place for goes uncounted: tests/proxy/check_counters.c looks. */
static void count_row(uint64_t *counters, size_t max, ptrdiff_t row)
{
    if (row >= 0 && (size_t)row < max)
        count_one(&counters[row]);
}

static void count_agreed(struct listener_counters *counters, const struct tls_outcome *outcome)
{
    if (outcome->suite)
        count_row(counters->suites, MAX_COUNTED_SUITES, outcome->suite - tls_suites);
    if (outcome->group)
        count_row(counters->groups, MAX_COUNTED_GROUPS, outcome->group - tls_groups);
    if (outcome->scheme)
        count_row(counters->schemes, MAX_COUNTED_SCHEMES, outcome->scheme - tls_signature_schemes);
}

static void count_protocol(const struct connection *c, struct listener_counters *counters)
{
    struct bytes alpn = tls_outcome(c->tls)->alpn;

    count_one(&counters->protocols[alpn.len ? listener_protocol_counted_as(c->listener, alpn) : COUNTED_NO_PROTOCOL]);
}

void counting_handshake(const struct connection *c)
{
    const struct tls_outcome *outcome = tls_outcome(c->tls);
    struct listener_counters *counters = listener_counters_of(c);
    enum counted_version version = outcome->version == TLS_1_3 ? COUNTED_TLS_1_3 : COUNTED_TLS_1_2;
    enum counted_kind kind = outcome->is_resumed ? COUNTED_RESUMED : COUNTED_FULL;

    count_for_process(counters_of(c), outcome);
    count_one(&counters->handshakes[version][kind]);
    histogram_add(&counters->handshake[kind], c->handshake_at - (c->hello_at ? c->hello_at : c->accepted_at));
    count_agreed(counters, outcome);
    count_protocol(c, counters);
}

/* ---- keys */

void counting_key_asked(struct connection *c)
{
    count_one(&counters_of(c)->key_operations);
    c->key_asked_at = proxy_now();
}

/* An answer about a ticket begins with what became of it (tls/key_operation.h). */
static void count_ticket(struct counters *counters, struct bytes answer)
{
    struct reader r = reader_of(answer);
    uint8_t result;

    if (!read_u8(&r, &result) || result >= COUNTED_TICKET_RESULTS)
        result = TICKET_FAILED;
    count_one(&counters->tickets_opened[result]);
}

void counting_key_answered(const struct connection *c, bool is_ok, struct bytes answer)
{
    const struct tls_key_request *request = tls_key_wanted(c->tls);
    struct counters *counters = counters_of(c);

    count_more(&counters->key_operations_failed, !is_ok);
    if (!request)
        return;
    count_one(is_ok ? &counters->keys[request->operation].done : &counters->keys[request->operation].failed);
    histogram_add(&counters->keys[request->operation].wait, proxy_now() - c->key_asked_at);
    if (request->operation == TLS_KEY_OPEN_TICKET)
        count_ticket(counters, answer);
}

/* ---- the end */

static void count_unserved(const struct connection *c, const struct tls_outcome *outcome)
{
    if (outcome_is_silent(outcome)) {
        count_one(&counters_of(c)->silent);
        count_one(&listener_counters_of(c)->silent);
        return;
    }
    count_one(&counters_of(c)->handshakes_failed);
    count_one(&listener_counters_of(c)->failures[outcome->stage][outcome->why]);
}

void counting_end(const struct connection *c, const struct outcome_report *report)
{
    struct counters *counters = counters_of(c);
    const struct tls_outcome *outcome = report->outcome;

    count_more(&counters->bytes_to_backends, c->bytes_in);
    count_more(&counters->bytes_from_backends, c->bytes_out);
    count_more(&counters->truncated, c->is_truncated);
    count_more(&counters->tickets_issued, outcome->tickets_sent);
    count_more(&counters->clients_refused, outcome_is_client_refused(outcome));
    count_more(&counters->ended_by_why[outcome->why], outcome->why != WHY_NONE);
    count_more(&counters->alerts[outcome->alert_received], outcome->why == WHY_ALERT_RECEIVED);
    if (report->is_connected)
        count_one(&listener_counters_of(c)->ends[outcome->why]);
    else
        count_unserved(c, outcome);
}

/* ---- text and backends */

void counting_in(const struct connection *c, size_t len)
{
    count_more(&listener_counters_of(c)->bytes_in, len);
}

void counting_out(const struct connection *c, size_t len)
{
    count_more(&listener_counters_of(c)->bytes_out, len);
}

void counting_backend_connected(const struct connection *c)
{
    struct server_counters *server = &counters_of(c)->servers[server_index(c)];

    count_one(&counters_of(c)->backend_connects);
    count_one(&server->connects);
    count_set(&server->worked_at, c->backend_at);
    histogram_add(&server->connect, c->backend_at - c->state_at);
}

void counting_backend_failed(const struct connection *c, enum why why)
{
    struct server_counters *server = &counters_of(c)->servers[server_index(c)];

    count_one(&counters_of(c)->backend_failures);
    count_set(&server->failed_at, proxy_now());
    count_one(why == WHY_BACKEND_TIMEOUT ? &server->timeouts : &server->refused);
}
