#include "proxy/connection.h"

#include <errno.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "proxy/limits.h"
#include "proxy/outcome_log.h"
#include "proxy/proxy_protocol.h"
#include "proxy/relay.h"

enum { MAGIC = 0x5a11b07e, FREED_MAGIC = 0x0dead0ff };

static void take_turn(struct connection *c);

/* Every callback comes in through here: one for a connection that was freed must not get any further. */
static struct connection *connection_of(void *context)
{
    struct connection *c = context;

    if (c->magic != MAGIC) {
        log_message(LOG_LEVEL_ERROR, "a callback came for a connection that does not exist: stopping");
        abort();
    }
    return c;
}

static const struct config_listen *config_of(const struct connection *c)
{
    return listener_config(c->listener);
}

/* ---- the end of a connection */

static void close_endpoint(struct endpoint *endpoint)
{
    if (endpoint->fd < 0)
        return;
    if (endpoint->interest)
        event_del(&endpoint->event);
    close(endpoint->fd);
    endpoint->interest = 0;
    endpoint->fd = -1;
}

/* TCP: the peer gets a reset. A unix socket knows no such thing: its peer sees the end of file. */
static void reset_endpoint(struct endpoint *endpoint)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (endpoint->fd >= 0)
        (void)!setsockopt(endpoint->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close_endpoint(endpoint);
}

static void leave_sheddable(struct connection *c)
{
    if (c->is_sheddable)
        TAILQ_REMOVE(&c->proxy->sheddable, c, shed_link);
    c->is_sheddable = false;
}

/* The one place that frees. */
static void connection_free(struct connection *c)
{
    struct proxy *proxy = c->proxy;

    leave_sheddable(c);
    close_endpoint(&c->client);
    close_endpoint(&c->backend);
    event_del(&c->timer);
    tls_free(c->tls);
    handshake_entry_free(c->entry);
    buffer_drop(&c->header, proxy->pool);
    c->magic = FREED_MAGIC;
    proxy_leave(proxy, c->ticket);
    memory_free(c);
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

static void count_end(struct connection *c, const struct outcome_report *report)
{
    struct counters *counters = &c->proxy->counters;

    counters->bytes_to_backends += c->bytes_in;
    counters->bytes_from_backends += c->bytes_out;
    counters->truncated += c->is_truncated;
    counters->ended_by_why[report->outcome->why] += report->outcome->why != WHY_NONE;
    if (report->is_connected)
        return;
    if (outcome_is_silent(report->outcome))
        counters->silent++;
    else
        counters->handshakes_failed++;
}

static void tell_end(struct connection *c, const struct tls_outcome *outcome)
{
    uint64_t now = proxy_now();
    struct outcome_report report = report_of(c, outcome, now);
    struct log_limit *limit = outcome->why == WHY_NONE ? NULL : &c->proxy->limit_by_why[outcome->why];

    count_end(c, &report);
    if (outcome_log_write(&report, limit, now) == OUTCOME_LOGGED)
        return;
    c->proxy->counters.lines_suppressed++;
    proxy_tell_suppressed_later(c->proxy);
}

/* May the client still be sending, so that closing now would reset the connection under what we sent last? */
static bool wants_to_linger(const struct connection *c, const struct tls_outcome *outcome)
{
    if (c->client.has_ended_in || c->client.is_reset || outcome->client_end != TLS_CLIENT_OPEN)
        return false;
    return outcome->why == WHY_NONE || why_alert(outcome->why) != ALERT_NONE;
}

/* Everything is decided from here on: the line is written, the sockets wind down. */
static void begin_closing(struct connection *c)
{
    const struct tls_outcome *outcome = tls_outcome(c->tls);

    leave_sheddable(c);
    c->is_truncated = c->handshake_at != 0 && outcome->client_end == TLS_CLIENT_TRUNCATED && !c->backend.has_ended_in;
    c->is_backend_to_be_reset = !c->backend.has_ended_out && outcome->client_end != TLS_CLIENT_CLOSE_NOTIFY &&
                                config_of(c)->on_truncation == CONFIG_ON_TRUNCATION_RESET;
    c->is_lingering = wants_to_linger(c, outcome);
    c->state = CONNECTION_CLOSING;
    c->state_at = proxy_now();
    tell_end(c, outcome);
}

/* What the kernel still holds for the backend would be destroyed by a reset. */
static bool has_undelivered(const struct endpoint *endpoint)
{
    int unsent = 0;

    return ioctl(endpoint->fd, SIOCOUTQ, &unsent) == 0 && unsent > 0;
}

static void wind_down_backend(struct connection *c)
{
    if (c->backend.fd < 0)
        return;
    if (!c->is_backend_to_be_reset)
        close_endpoint(&c->backend);
    else if (!has_undelivered(&c->backend) || proxy_now() - c->state_at >= c->proxy->settings.write_stall_timeout)
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

static void wind_down_client(struct connection *c)
{
    bool is_late = proxy_now() - c->state_at >= c->proxy->settings.linger_timeout;

    if (c->client.fd < 0)
        return;
    if (c->tls && (is_late || !relay_flush_client(c))) {
        tls_free(c->tls);
        c->tls = NULL;
        if (c->is_lingering)
            begin_lingering(c);
    }
    if (is_late || (!c->tls && (!c->is_lingering || relay_discard_client(c))))
        close_endpoint(&c->client);
}

void connection_cut(struct connection *c, enum why why)
{
    if (c->state != CONNECTION_CLOSING) {
        tls_abort(c->tls, why);
        (void)!relay_flush_client(c);
        begin_closing(c);
    }
    if (c->is_backend_to_be_reset)
        reset_endpoint(&c->backend);
    connection_free(c);
}

void connection_drop(struct connection *c)
{
    connection_free(c);
}

/* ---- towards the backend */

static void log_backend_failure(struct connection *c, const char *error)
{
    const struct backend *backend = listener_backend(c->listener);
    const struct backend_server *server = backend_server_of(backend, &c->attempt);
    struct log_line line;
    uint32_t suppressed;

    c->proxy->counters.backend_failures++;
    if (!log_limit_allows(&c->proxy->limit_backend, proxy_now(), MAX_LOG_LINES_PER_SECOND, 1000 * 1000, &suppressed)) {
        c->proxy->counters.lines_suppressed++;
        proxy_tell_suppressed_later(c->proxy);
        return;
    }
    log_begin(&line, LOG_LEVEL_WARNING, "backend_failed");
    log_number(&line, "id", (int64_t)c->ticket.id);
    log_text(&line, "backend", backend->name);
    log_text(&line, "server", server->text);
    log_text(&line, "error", error);
    if (suppressed)
        log_number(&line, "suppressed", suppressed);
    log_end(&line);
}

/* Before the first byte of the client; its length is bounded by MAX_PROXY_HEADER_LEN. */
static bool prepare_header(struct connection *c)
{
    const struct backend *backend = listener_backend(c->listener);
    uint8_t space[MAX_PROXY_HEADER_LEN];
    struct writer header = writer_of(space, sizeof space);
    struct socket_address server;
    struct proxy_protocol_facts facts = {&c->peer.any, &server.any, tls_outcome(c->tls)};

    if (backend->send_proxy == CONFIG_SEND_PROXY_NONE)
        return true;
    if (!address_of_socket(c->client.fd, &server))
        facts.server = NULL;
    if (backend->send_proxy == CONFIG_SEND_PROXY_V1)
        proxy_protocol_write_v1(&facts, &header);
    else
        proxy_protocol_write_v2(&facts, &header);
    return writer_ok(&header) && buffer_append(&c->header, c->proxy->pool, writer_view(&header));
}

static void begin_relaying(struct connection *c)
{
    struct backend *backend = listener_backend(c->listener);

    c->state = CONNECTION_RELAYING;
    c->active_at = c->backend_at = proxy_now();
    c->backend.can_write = true;
    backend_worked(backend, &c->attempt);
    c->proxy->counters.backend_connects++;
    if (!prepare_header(c))
        tls_abort(c->tls, WHY_NO_MEMORY);
}

static void copy_text(char *to, size_t size, struct bytes from)
{
    size_t len = from.len < size ? from.len : size - 1;

    memcpy(to, from.at ? from.at : (const uint8_t *)"", from.at ? len : 0);
    to[from.at ? len : 0] = 0;
}

/* The demo backend is about to accept: by then it must find us by our port. */
static void publish_handshake(struct connection *c)
{
    const struct tls_outcome *outcome = tls_outcome(c->tls);
    struct socket_address own;
    struct handshake_view *view;

    if (!c->entry || !address_of_socket(c->backend.fd, &own))
        return;
    view = &c->entry->view;
    view->connection_id = c->ticket.id;
    view->outcome = *outcome;
    view->outcome.sni = view->outcome.alpn = bytes_of(NULL, 0);
    view->outcome.credential = NULL;
    copy_text(view->sni, sizeof view->sni, outcome->sni);
    copy_text(view->alpn, sizeof view->alpn, outcome->alpn);
    if (outcome->credential)
        copy_text(view->certificate, sizeof view->certificate,
                  bytes_of_string(tls_credential_label(outcome->credential)));
    view->is_development_certificate = strcmp(view->certificate, CONFIG_CERTIFICATE_DEVELOPMENT) == 0;
    address_format(&c->peer.any, sizeof c->peer, view->client);
    view->accepted_at = c->accepted_at;
    view->connected_at = c->handshake_at;
    handshake_entry_publish(c->entry, ntohs(own.v4.sin_port));
}

/* Without a descriptor for the backend, one that only waits in a handshake has to give up its own. */
static enum backend_connect_result connect_once(struct connection *c, int *error)
{
    const struct backend *backend = listener_backend(c->listener);
    enum backend_connect_result result = backend_connect(backend, &c->attempt, &c->backend.fd, error);

    if (result == BACKEND_FAILED && (*error == EMFILE || *error == ENFILE) && proxy_shed_one(c->proxy))
        result = backend_connect(backend, &c->attempt, &c->backend.fd, error);
    return result;
}

/* Goes on to the next place to try; `why` is what to say when there is none left. */
static void try_backends(struct connection *c, enum why why)
{
    int error = 0;

    c->state = CONNECTION_CONNECTING;
    while (backend_next(listener_backend(c->listener), &c->attempt)) {
        c->state_at = proxy_now();
        switch (connect_once(c, &error)) {
        case BACKEND_CONNECTED:
            publish_handshake(c);
            begin_relaying(c);
            return;
        case BACKEND_CONNECTING:
            publish_handshake(c);
            return;
        case BACKEND_FAILED:
            log_backend_failure(c, strerror(error));
            why = WHY_BACKEND_REFUSED;
        }
    }
    tls_abort(c->tls, why);
}

static void give_up_server(struct connection *c, const char *error, enum why why)
{
    log_backend_failure(c, error);
    close_endpoint(&c->backend);
    try_backends(c, why);
}

/* ---- the states */

static void ask_key(struct connection *c)
{
    if (c->is_key_asked || !(tls_ready(c->tls) & TLS_KEY))
        return;
    c->is_key_asked = true;
    c->proxy->counters.key_operations++;
    if (!key_service_ask(c->proxy->keys, c->ticket, tls_key_wanted(c->tls)))
        tls_abort(c->tls, WHY_NO_MEMORY);
}

static void note_progress(struct connection *c)
{
    const struct tls_offered *offered = c->entry ? tls_offered(c->tls) : NULL;

    if (c->hello_at == 0 && tls_outcome(c->tls)->stage > TLS_STAGE_CLIENT_HELLO)
        c->hello_at = c->active_at;
    if (offered) {
        c->entry->view.offered = *offered;
        c->entry->view.has_offered = true;
    }
}

static void finish_handshake(struct connection *c)
{
    leave_sheddable(c);
    c->handshake_at = proxy_now();
    c->proxy->counters.handshakes++;
    c->proxy->counters.hello_retries += tls_outcome(c->tls)->is_hello_retried;
    try_backends(c, WHY_BACKEND_REFUSED);
}

static bool has_failed(const struct connection *c)
{
    return tls_outcome(c->tls)->why != WHY_NONE;
}

static bool is_client_truncated(const struct connection *c)
{
    return tls_outcome(c->tls)->client_end == TLS_CLIENT_TRUNCATED;
}

static void end_backend_output(struct connection *c)
{
    (void)!shutdown(c->backend.fd, SHUT_WR); /* fails only when the backend is gone, which reading will tell */
    c->backend.has_ended_out = true;
}

static void end_client_output(struct connection *c)
{
    (void)!shutdown(c->client.fd, SHUT_WR);
    c->client.has_ended_out = true;
}

/* Each direction ends by itself (RFC 8446 6.1: a close_notify ends one direction only). */
static void relay_ends(struct connection *c)
{
    unsigned ready = tls_ready(c->tls);

    if (ready & TLS_PLAIN_END && !c->backend.has_ended_out && buffer_len(&c->header) == 0) {
        if (is_client_truncated(c) && config_of(c)->on_truncation == CONFIG_ON_TRUNCATION_RESET) {
            begin_closing(c);
            return;
        }
        end_backend_output(c);
    }
    if (c->backend.has_ended_in && !(ready & TLS_WIRE_OUT) && !c->client.has_ended_out)
        end_client_output(c);
    if (c->backend.has_ended_out && c->client.has_ended_out && (c->backend.has_ended_in || c->client.has_ended_in))
        begin_closing(c);
}

/* True when the state changed, so that there may be more to pump. */
static bool advance(struct connection *c)
{
    enum connection_state before = c->state;

    if (c->state == CONNECTION_HANDSHAKING) {
        note_progress(c);
        ask_key(c);
        if (!has_failed(c) && tls_is_connected(c->tls))
            finish_handshake(c);
    }
    if (c->state == CONNECTION_RELAYING && !has_failed(c))
        relay_ends(c);
    else if (c->state == CONNECTION_CONNECTING && tls_ready(c->tls) & TLS_PLAIN_END && is_client_truncated(c))
        begin_closing(c); /* it came for the handshake alone: there is nothing to deliver */
    if (c->state != CONNECTION_CLOSING && has_failed(c))
        begin_closing(c);
    return c->state != before && c->state != CONNECTION_CLOSING;
}

/* ---- events */

static void on_client(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = connection_of(context);
    (void)fd;

    c->client.can_read |= (what & EV_READ) != 0;
    c->client.can_write |= (what & EV_WRITE) != 0;
    take_turn(c);
}

static void end_connecting(struct connection *c)
{
    int error = backend_connect_error(c->backend.fd);

    if (error == 0)
        begin_relaying(c);
    else
        give_up_server(c, strerror(error), WHY_BACKEND_REFUSED);
}

static void on_backend(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = connection_of(context);
    (void)fd;

    if (c->state == CONNECTION_CONNECTING) {
        end_connecting(c);
    } else {
        c->backend.can_read |= (what & EV_READ) != 0;
        c->backend.can_write |= (what & EV_WRITE) != 0;
    }
    take_turn(c);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t closing_deadline(const struct connection *c)
{
    if (c->backend.fd >= 0)
        return proxy_now() + DELIVERY_CHECK_INTERVAL;
    return c->state_at + c->proxy->settings.linger_timeout;
}

/* Handshakes are timed from accept, whatever trickles in meanwhile (reliability D01). */
static uint64_t deadline_of(const struct connection *c)
{
    const struct config_listen *config = config_of(c);
    uint64_t deadline;

    switch (c->state) {
    case CONNECTION_HANDSHAKING:
        deadline = c->accepted_at + config->handshake_timeout;
        return c->hello_at ? deadline : earlier(deadline, c->accepted_at + config->client_hello_timeout);
    case CONNECTION_CONNECTING:
        return c->state_at + listener_backend(c->listener)->connect_timeout;
    case CONNECTION_RELAYING:
        deadline = c->active_at + config->idle_timeout;
        return c->blocked_at ? earlier(deadline, c->blocked_at + c->proxy->settings.write_stall_timeout) : deadline;
    default:
        return closing_deadline(c);
    }
}

static void expire(struct connection *c)
{
    bool is_blocked = c->blocked_at && proxy_now() - c->blocked_at >= c->proxy->settings.write_stall_timeout;

    switch (c->state) {
    case CONNECTION_HANDSHAKING:
        tls_abort(c->tls, c->hello_at ? WHY_TIMEOUT_HANDSHAKE : WHY_TIMEOUT_CLIENT_HELLO);
        return;
    case CONNECTION_CONNECTING:
        give_up_server(c, "no answer in time", WHY_BACKEND_TIMEOUT);
        return;
    case CONNECTION_RELAYING:
        tls_abort(c->tls, is_blocked ? WHY_TIMEOUT_WRITE : WHY_TIMEOUT_IDLE);
        return;
    default:
        return; /* CLOSING looks at the clock in its turn */
    }
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = connection_of(context);
    (void)fd, (void)what;

    c->timer_at = 0;
    if (proxy_now() >= deadline_of(c))
        expire(c);
    take_turn(c);
}

static bool set_interest(struct connection *c, struct endpoint *endpoint, short interest, event_callback_fn callback)
{
    if (endpoint->interest == interest || endpoint->fd < 0)
        return true;
    if (endpoint->interest)
        event_del(&endpoint->event);
    endpoint->interest = 0;
    if (interest == 0)
        return true;
    if (event_assign(&endpoint->event, c->proxy->base, endpoint->fd, (short)(interest | EV_PERSIST), callback, c) !=
            0 ||
        event_add(&endpoint->event, NULL) != 0)
        return false;
    endpoint->interest = interest;
    return true;
}

/*
 * The timer is only ever moved to an earlier time. When it goes off and the deadline has moved on meanwhile, it is
 * set again: so traffic costs no timer operation at all.
 */
static bool set_timer(struct connection *c)
{
    uint64_t deadline = deadline_of(c), now;
    struct timeval wait;

    if (c->timer_at != 0 && c->timer_at <= deadline)
        return true;
    now = proxy_now();
    deadline = deadline > now ? deadline : now;
    wait.tv_sec = (time_t)((deadline - now) / 1000000);
    wait.tv_usec = (suseconds_t)((deadline - now) % 1000000 + 1);
    c->timer_at = deadline;
    return event_add(&c->timer, &wait) == 0;
}

static short closing_interest(const struct connection *c)
{
    return c->tls ? EV_WRITE : EV_READ;
}

static bool wait_for_more(struct connection *c)
{
    bool is_closing = c->state == CONNECTION_CLOSING;
    short client = is_closing ? closing_interest(c) : relay_client_interest(c);
    short backend = is_closing ? 0 : relay_backend_interest(c);

    return set_interest(c, &c->client, client, on_client) && set_interest(c, &c->backend, backend, on_backend) &&
           set_timer(c);
}

/* Whatever happened: pump, see what it led to, and wait for more, or free the connection. */
static void take_turn(struct connection *c)
{
    if (c->state != CONNECTION_CLOSING) {
        do {
            relay_pump(c);
        } while (advance(c));
    }
    if (c->state == CONNECTION_CLOSING) {
        wind_down_backend(c);
        wind_down_client(c);
        if (c->client.fd < 0 && c->backend.fd < 0) {
            connection_free(c);
            return;
        }
    }
    if (!wait_for_more(c))
        connection_cut(c, WHY_NO_MEMORY);
}

void connection_answer_key(struct connection *c, bool is_ok, struct bytes answer)
{
    if (c->state != CONNECTION_HANDSHAKING) {
        c->proxy->counters.key_answers_late++;
        return;
    }
    c->is_key_asked = false;
    c->proxy->counters.key_operations_failed += !is_ok;
    tls_key_done(c->tls, is_ok, answer);
    take_turn(c);
}

/* ---- the beginning */

static void observe_for_demo(struct connection *c)
{
    if (!listener_backend(c->listener)->is_demo)
        return;
    c->entry = handshake_entry_new();
    if (c->entry)
        tls_observe(c->tls, &c->entry->view.timeline);
}

static void keep_peer(struct connection *c, const struct socket_address *peer)
{
    if (peer->any.sa_family == AF_INET)
        c->peer.v4 = peer->v4;
    else if (peer->any.sa_family == AF_INET6)
        c->peer.v6 = peer->v6;
    else
        c->peer.any.sa_family = AF_UNIX;
}

static struct connection *connection_new(struct proxy *proxy, struct listener *listener, int fd)
{
    struct connection *c = memory_new(sizeof *c);

    if (!c)
        return NULL;
    c->tls = tls_new(listener_policy(listener), proxy->pool);
    if (!c->tls || evtimer_assign(&c->timer, proxy->base, on_timer, c) != 0 || !proxy_enter(proxy, c, &c->ticket)) {
        tls_free(c->tls);
        memory_free(c);
        return NULL;
    }
    c->magic = MAGIC;
    c->proxy = proxy;
    c->listener = listener;
    c->client.fd = fd;
    c->backend.fd = -1;
    c->accepted_at = c->active_at = proxy_now();
    return c;
}

void connection_start(struct proxy *proxy, struct listener *listener, int fd, const struct socket_address *peer)
{
    struct connection *c = connection_new(proxy, listener, fd);

    if (!c) {
        log_message(LOG_LEVEL_ERROR, "out of memory: a connection is closed unanswered");
        close(fd);
        return;
    }
    keep_peer(c, peer);
    observe_for_demo(c);
    c->is_sheddable = true;
    TAILQ_INSERT_TAIL(&proxy->sheddable, c, shed_link);
    c->client.can_read = c->client.can_write = true; /* the ClientHello is often there with the connection */
    take_turn(c);
}
