#include "proxy/closing.h"

#include <event2/event.h>
#include <unistd.h>

#include "proxy/counting.h"
#include "proxy/decision_log.h"
#include "proxy/limits.h"
#include "proxy/outcome_log.h"
#include "proxy/relay.h"

static const struct config_listen *config_of(const struct connection *c)
{
    return listener_config(c->listener);
}

void endpoint_close(struct endpoint *endpoint)
{
    if (endpoint->fd < 0)
        return;
    if (endpoint->interest)
        event_del(&endpoint->event);
    close(endpoint->fd);
    endpoint->interest = 0;
    endpoint->fd = -1;
}

/*
 * TCP: the peer gets a reset (connect(2): AF_UNSPEC dissolves the association). A unix socket knows no such thing: its
 * peer sees the end of file. SO_LINGER would do the same, but who may set it can make others wait in their close().
 */
static void reset_endpoint(struct endpoint *endpoint)
{
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

    if (endpoint->fd >= 0)
        (void)!connect(endpoint->fd, &nobody, sizeof nobody);
    endpoint_close(endpoint);
}

void connection_leave_sheddable(struct connection *c)
{
    if (c->is_sheddable)
        TAILQ_REMOVE(&c->proxy->sheddable, c, shed_link);
    c->is_sheddable = false;
    if (c->is_counted)
        sources_count_down(&c->proxy->sources, SOURCE_UNFINISHED, c->network);
    c->is_counted = false;
}

static uint64_t since_accept(const struct connection *c, uint64_t then)
{
    return then ? then - c->accepted_at + 1 : 0; /* never 0: that means that it did not come to it */
}

static struct outcome_report report_of(const struct connection *c, const struct tls_outcome *outcome, uint64_t now)
{
    const struct backend *backend = listener_backend(c->listener);
    const struct backend_server *server = backend_server_of(backend, &c->attempt);

    return (struct outcome_report){
        .id = c->ticket.id,
        .client = &c->peer.any,
        .listen = config_of(c),
        .policy = listener_policy(c->listener),
        .outcome = outcome,
        .offered = tls_offered(c->tls),
        .is_connected = c->handshake_at != 0,
        .is_truncated = c->is_truncated,
        .backend = server ? backend->name : NULL,
        .server = server ? server->text : NULL,
        .bytes_in = c->bytes_in,
        .bytes_out = c->bytes_out,
        .hello_after = since_accept(c, c->hello_at),
        .handshake_after = since_accept(c, c->handshake_at),
        .backend_took = c->backend_at ? c->backend_at - c->handshake_at + 1 : 0,
        .total = now - c->accepted_at,
    };
}

static void tell_end(struct connection *c, const struct tls_outcome *outcome)
{
    uint64_t now = proxy_now();
    struct outcome_report report = report_of(c, outcome, now);

    counting_end(c, &report);
    decision_log_write(c->ticket.id, report.policy, tls_decisions(c->tls)); /* kept only while it is not connected */
    if (outcome_log_write(&report, &c->proxy->limit_by_why[outcome->why], now) == OUTCOME_LOGGED)
        return;
    count_one(&c->proxy->counters->lines_suppressed);
    proxy_tell_suppressed_later(c->proxy);
}

/* May the client still be sending, so that closing now would reset the connection under what we sent last? */
static bool wants_to_linger(const struct connection *c, const struct tls_outcome *outcome)
{
    if (c->client.has_ended_in || c->client.is_reset || outcome->client_end != TLS_CLIENT_OPEN)
        return false;
    return outcome->why == WHY_NONE || why_alert(outcome->why) != ALERT_NONE;
}

void closing_begin(struct connection *c)
{
    const struct tls_outcome *outcome = tls_outcome(c->tls);

    connection_leave_sheddable(c);
    handshake_turns_leave(&c->proxy->turns, c); /* it has no handshake to move on any more, and soon no engine */
    c->is_truncated = c->handshake_at != 0 && outcome->client_end == TLS_CLIENT_TRUNCATED && !c->backend.has_ended_in;
    /* An end of file says that this was all: so it is only ever sent with the client's own, and never from here. */
    c->is_backend_to_be_reset = !c->backend.has_ended_out && config_of(c)->on_truncation == CONFIG_ON_TRUNCATION_RESET;
    c->is_client_to_be_reset = outcome->why == WHY_TIMEOUT_WRITE;
    c->is_clean = outcome->why == WHY_NONE;
    c->is_lingering = wants_to_linger(c, outcome);
    counting_enter(c, CONNECTION_CLOSING);
    c->state_at = proxy_now();
    tell_end(c, outcome);
}

static void wind_down_backend(struct connection *c)
{
    if (c->backend.fd < 0)
        return;
    if (!c->is_backend_to_be_reset)
        endpoint_close(&c->backend);
    else if (endpoint_unsent(&c->backend) == 0 || /* a reset would destroy it */
             proxy_now() - c->state_at >= c->proxy->settings.write_stall_timeout)
        reset_endpoint(&c->backend);
}

/* It holds a descriptor and nothing else of worth: it is the first to go when they run short. */
static void begin_lingering(struct connection *c)
{
    (void)!shutdown(c->client.fd, SHUT_WR); /* fails only when the client is gone */
    c->client.has_ended_out = true;
    c->is_sheddable = true;
    TAILQ_INSERT_HEAD(&c->proxy->sheddable, c, shed_link);
}

/* A close with unread input resets the connection over our own queue: at a clean end that must have drained. */
static bool is_late_for_client(const struct connection *c)
{
    uint64_t waited = proxy_now() - c->state_at;

    if (waited < c->proxy->settings.linger_timeout)
        return false;
    return !c->is_clean || !c->is_lingering || endpoint_unsent(&c->client) == 0 ||
           waited >= c->proxy->settings.write_stall_timeout;
}

static void wind_down_client(struct connection *c)
{
    bool is_late;

    if (c->client.fd < 0)
        return;
    is_late = c->is_client_to_be_reset || is_late_for_client(c);
    if (c->tls && (is_late || !relay_flush_client(c))) {
        tls_free(c->tls);
        c->tls = NULL;
        if (c->is_lingering)
            begin_lingering(c);
    }
    if (c->is_client_to_be_reset)
        reset_endpoint(&c->client);
    else if (is_late || (!c->tls && (!c->is_lingering || relay_discard_client(c))))
        endpoint_close(&c->client);
}

bool closing_turn(struct connection *c)
{
    wind_down_backend(c);
    wind_down_client(c);
    return c->client.fd < 0 && c->backend.fd < 0;
}

void closing_hurry(struct connection *c)
{
    if (c->is_backend_to_be_reset)
        reset_endpoint(&c->backend);
}

/* Often at first, for most queues drain at once; ever more rarely for a backend that is stuck. */
static uint64_t delivery_check_interval(const struct connection *c)
{
    uint64_t half = (proxy_now() - c->state_at) / 2;

    if (half < DELIVERY_CHECK_INTERVAL)
        return DELIVERY_CHECK_INTERVAL;
    return half < MAX_DELIVERY_CHECK_INTERVAL ? half : MAX_DELIVERY_CHECK_INTERVAL;
}

uint64_t closing_deadline(const struct connection *c)
{
    if (c->backend.fd >= 0)
        return proxy_now() + delivery_check_interval(c);
    if (proxy_now() < c->state_at + c->proxy->settings.linger_timeout)
        return c->state_at + c->proxy->settings.linger_timeout;
    return proxy_now() + c->proxy->settings.linger_timeout; /* its queue has not drained yet */
}

short closing_interest(const struct connection *c)
{
    return c->tls ? EV_WRITE : EV_READ;
}
