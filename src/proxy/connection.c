#include "proxy/connection.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/spare.h"
#include "proxy/closing.h"
#include "proxy/connecting.h"
#include "proxy/counting.h"
#include "proxy/decision_log.h"
#include "proxy/relay.h"

enum { MAGIC = 0x5a11b07e }; /* wiped from what is freed */

static void take_turn(struct connection *c);
static void go_on_or_wait(struct connection *c);

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

/* ---- the end */

static void settle_debt(struct connection *c)
{
    if (c->is_owed)
        sources_count_down(&c->proxy->sources, SOURCE_WAITING, c->network);
    c->is_owed = false;
}

/* The one place that frees. */
static void connection_free(struct connection *c)
{
    struct proxy *proxy = c->proxy;

    counting_free(c);
    connection_leave_sheddable(c);
    handshake_turns_leave(&proxy->turns, c);
    settle_debt(c);
    endpoint_close(&c->client);
    endpoint_close(&c->backend);
    event_del(&c->timer);
    tls_free(c->tls);
    handshake_entry_free(c->entry);
    buffer_drop(&c->header, proxy->pool);
    listener_leave(c->listener);
    proxy_leave(proxy, c->ticket);
    spare_give(c, sizeof *c);
}

void connection_cut(struct connection *c, enum why why)
{
    if (c->state != CONNECTION_CLOSING) {
        tls_abort(c->tls, why);
        (void)!relay_flush_client(c);
        closing_begin(c);
    }
    closing_hurry(c);
    connection_free(c);
}

void connection_drop(struct connection *c)
{
    connection_free(c);
}

/* ---- the states */

static bool is_private_key_wanted(const struct connection *c)
{
    const struct tls_key_request *request = tls_key_wanted(c->tls);

    return request && request->operation != TLS_KEY_SEAL_TICKET && request->operation != TLS_KEY_OPEN_TICKET;
}

/* Where text waits for tickets they are to be had at once. */
static enum key_patience patience_of(const struct connection *c)
{
    return tls_key_may_wait(c->tls) && !c->text_held_at ? KEY_MAY_WAIT : KEY_AT_ONCE;
}

static void ask_key(struct connection *c)
{
    if (c->is_key_asked || !(tls_ready(c->tls) & TLS_KEY))
        return;
    c->is_key_asked = true;
    counting_key_asked(c);
    c->is_owed = is_private_key_wanted(c);
    if (c->is_owed)
        sources_count_up(&c->proxy->sources, SOURCE_WAITING, c->network, proxy_now());
    if (!key_service_ask(c->proxy->keys, c->ticket, tls_key_wanted(c->tls), patience_of(c)))
        tls_abort(c->tls, WHY_NO_MEMORY);
}

static void note_progress(struct connection *c)
{
    const struct tls_offered *offered = c->entry ? tls_offered(c->tls) : NULL;

    if (c->hello_at == 0 && (tls_outcome(c->tls)->stage > TLS_STAGE_CLIENT_HELLO || tls_ready(c->tls) & TLS_HELD))
        c->hello_at = c->active_at;
    counting_hello(c);
    if (offered) {
        c->entry->view.offered = *offered;
        c->entry->view.has_offered = true;
    }
}

/*
 * The client spoke last, and for now we have no answer that would acknowledge it. One that gathers what it sends (RFC
 * 1122 4.2.3.4) keeps its request back until it is acknowledged, and by itself the kernel does that 40 ms later.
 */
static void acknowledge(const struct connection *c)
{
    static const int on = 1;

    if (!(tls_ready(c->tls) & (TLS_WIRE_OUT | TLS_PLAIN_OUT)))
        (void)!setsockopt(c->client.fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

static void finish_handshake(struct connection *c)
{
    acknowledge(c);
    connection_leave_sheddable(c);
    c->handshake_at = proxy_now();
    counting_handshake(c);
    decision_log_write(c->ticket.id, listener_policy(c->listener), tls_decisions(c->tls));
    tls_forget_decisions(c->tls);
    connecting_begin(c);
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

/* Where the close follows at once, it says so itself. */
static void end_client_output(struct connection *c)
{
    if (!c->client.has_ended_in || !c->backend.has_ended_out)
        (void)!shutdown(c->client.fd, SHUT_WR);
    c->client.has_ended_out = true;
}

/* Each direction ends by itself (RFC 8446 6.1: a close_notify ends one direction only). */
static void relay_ends(struct connection *c)
{
    unsigned ready = tls_ready(c->tls);

    if (ready & TLS_PLAIN_END && !c->backend.has_ended_out && buffer_len(&c->header) == 0) {
        if (is_client_truncated(c) && config_of(c)->on_truncation == CONFIG_ON_TRUNCATION_RESET) {
            closing_begin(c);
            return;
        }
        end_backend_output(c);
    }
    if (c->backend.has_ended_in && !(ready & TLS_WIRE_OUT) && !c->client.has_ended_out)
        end_client_output(c);
    if (c->backend.has_ended_out && c->client.has_ended_out && (c->backend.has_ended_in || c->client.has_ended_in))
        closing_begin(c);
}

/* True when the state changed, so that there may be more to pump. */
static bool advance(struct connection *c)
{
    enum connection_state before = c->state;

    ask_key(c);
    if (c->state == CONNECTION_HANDSHAKING) {
        note_progress(c);
        if (!has_failed(c) && tls_is_connected(c->tls))
            finish_handshake(c);
    }
    if (c->state == CONNECTION_RELAYING && !has_failed(c))
        relay_ends(c);
    else if (c->state == CONNECTION_CONNECTING && tls_ready(c->tls) & TLS_PLAIN_END && is_client_truncated(c))
        closing_begin(c); /* it came for the handshake alone: there is nothing to deliver */
    if (c->state != CONNECTION_CLOSING && has_failed(c))
        closing_begin(c);
    return c->state != before && c->state != CONNECTION_CLOSING;
}

/* ---- events */

static void on_client(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = connection_of(context);
    (void)fd;

    c->client.can_read |= (what & EV_READ) != 0;
    c->client.can_write |= (what & EV_WRITE) != 0;
    go_on_or_wait(c);
}

static void on_backend(evutil_socket_t fd, short what, void *context)
{
    struct connection *c = connection_of(context);
    (void)fd;

    if (c->state == CONNECTION_CONNECTING) {
        connecting_resume(c);
    } else {
        c->backend.can_read |= (what & EV_READ) != 0;
        c->backend.can_write |= (what & EV_WRITE) != 0;
    }
    take_turn(c);
}

/* A timeout of 0 never comes. */
static uint64_t after(uint64_t start, uint64_t timeout)
{
    return timeout ? start + timeout : UINT64_MAX;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* What it has taken the kernel does not tell, it has to be looked for: more than once, or it might as well take twice
 * as long. */
static uint64_t next_look_at(const struct connection *c)
{
    return c->blocked_at + c->proxy->settings.write_stall_timeout / STALL_LOOKS * (c->looks + 1U);
}

/* Handshakes are timed from accept, whatever trickles in meanwhile (reliability D01). */
static uint64_t deadline_of_state(const struct connection *c)
{
    const struct config_listen *config = config_of(c);
    uint64_t deadline;

    switch (c->state) {
    case CONNECTION_HANDSHAKING:
        deadline = after(c->accepted_at, config->handshake_timeout);
        return c->hello_at ? deadline : earlier(deadline, after(c->accepted_at, config->client_hello_timeout));
    case CONNECTION_CONNECTING:
        return after(c->state_at, listener_backend(c->listener)->connect_timeout);
    case CONNECTION_RELAYING:
        deadline = after(c->active_at, config->idle_timeout);
        return c->blocked_at ? earlier(deadline, next_look_at(c)) : deadline;
    default:
        return closing_deadline(c);
    }
}

/* Tickets wait for the backend's first text, but not long. */
static uint64_t tickets_deadline(const struct connection *c)
{
    return c->tickets_at ? c->tickets_at + MAX_TICKET_DELAY : UINT64_MAX;
}

/* And so does text for tickets. */
static uint64_t text_deadline(const struct connection *c)
{
    return relay_holds_text(c) ? c->text_held_at + MAX_TICKET_DELAY : UINT64_MAX;
}

static uint64_t deadline_of(const struct connection *c)
{
    return earlier(deadline_of_state(c), earlier(tickets_deadline(c), text_deadline(c)));
}

static void note_tickets(struct connection *c)
{
    bool is_waiting = c->state != CONNECTION_CLOSING && tls_ready(c->tls) & TLS_TICKETS;

    if (!is_waiting)
        c->tickets_at = 0;
    else if (c->tickets_at == 0)
        c->tickets_at = proxy_now();
}

static void expire_relaying(struct connection *c)
{
    uint64_t now = proxy_now();
    bool is_idle = now >= after(c->active_at, config_of(c)->idle_timeout);

    if (c->blocked_at && relay_client_took_some(c))
        return;
    if (c->blocked_at && now >= next_look_at(c) && ++c->looks == STALL_LOOKS)
        tls_abort(c->tls, WHY_TIMEOUT_WRITE);
    else if (is_idle && !relay_backend_took_some(c))
        tls_abort(c->tls, WHY_TIMEOUT_IDLE);
}

static void expire(struct connection *c)
{
    switch (c->state) {
    case CONNECTION_HANDSHAKING:
        tls_abort(c->tls, c->hello_at ? WHY_TIMEOUT_HANDSHAKE : WHY_TIMEOUT_CLIENT_HELLO);
        return;
    case CONNECTION_CONNECTING:
        connecting_expire(c);
        return;
    case CONNECTION_RELAYING:
        expire_relaying(c);
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
    if (proxy_now() >= tickets_deadline(c))
        tls_send_tickets(c->tls);
    if (proxy_now() >= deadline_of_state(c))
        expire(c);
    take_turn(c);
}

/*
 * Nothing more is to be read for now, and nothing is there: most often it will be wanted again before anything comes,
 * so the event stays as it is. If something does come, can_read says so, and it is taken away after all.
 */
static bool may_stay_armed(const struct endpoint *endpoint, short interest)
{
    return endpoint->interest == (interest | EV_READ) && !endpoint->can_read;
}

static bool set_interest(struct connection *c, struct endpoint *endpoint, short interest, event_callback_fn callback)
{
    if (endpoint->interest == interest || endpoint->fd < 0 || may_stay_armed(endpoint, interest))
        return true;
    if (endpoint->interest)
        event_del(&endpoint->event);
    endpoint->interest = 0;
    if (interest == 0)
        return true;
    descriptor_places_make(&c->proxy->places, c->proxy->base, endpoint->fd);
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

    if (deadline == UINT64_MAX || (c->timer_at != 0 && c->timer_at <= deadline))
        return true;
    now = proxy_now();
    deadline = deadline > now ? deadline : now;
    wait.tv_sec = (time_t)((deadline - now) / 1000000);
    wait.tv_usec = (suseconds_t)((deadline - now) % 1000000 + 1);
    c->timer_at = deadline;
    return event_add(&c->timer, &wait) == 0;
}

static bool wait_for_more(struct connection *c)
{
    bool is_closing = c->state == CONNECTION_CLOSING;
    short client = is_closing ? closing_interest(c) : relay_client_interest(c);
    short backend = is_closing ? 0 : relay_backend_interest(c);

    note_tickets(c);
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
    if (c->state == CONNECTION_CLOSING && closing_turn(c)) {
        connection_free(c);
        return;
    }
    if (!wait_for_more(c))
        connection_cut(c, WHY_NO_MEMORY);
}

/* What all of it took; a resumed one says nothing about what full ones cost. */
static void note_cost(struct connection *c)
{
    if (!tls_outcome(c->tls)->is_resumed)
        sources_note_typical(&c->proxy->sources, c->spent);
    c->proxy->budget.step = c->proxy->sources.typical;
}

/* A step of a handshake, begun then. What it costs is charged to whom it is for; it may be freed in it. */
static void take_step(struct connection *c, uint64_t began)
{
    struct proxy *proxy = c->proxy;
    struct connection_ticket ticket = c->ticket;
    uint64_t network = c->network, cost;

    take_turn(c);
    cost = proxy_charge_step(proxy, network, began);
    c = proxy_find(proxy, ticket);
    if (!c)
        return;
    c->spent += (uint32_t)cost;
    if (!c->tls) /* it only lingers */
        return;
    if (c->handshake_at)
        note_cost(c);
    if (tls_ready(c->tls) & TLS_HELD && !c->is_in_line)
        handshake_turns_hold(&proxy->turns, c);
}

/* While it stands in line its client is not listened to, but the clock runs. */
static void go_on_or_wait(struct connection *c)
{
    if (c->state != CONNECTION_HANDSHAKING)
        take_turn(c);
    else if (handshake_turns_take(&c->proxy->turns, c))
        connection_go_on(c, handshake_turns_admit(&c->proxy->turns, c));
    else if (!set_interest(c, &c->client, 0, on_client) || !set_timer(c))
        connection_cut(c, WHY_NO_MEMORY);
}

void connection_go_on(struct connection *c, enum tls_full_handshakes what)
{
    uint64_t began = proxy_spent();

    tls_set_full_handshakes(c->tls, what);
    take_step(c, began);
}

static void charge_answer(struct connection *c)
{
    uint64_t cost = key_service_cost(c->proxy->keys) + key_service_cost_elsewhere(c->proxy->keys);

    settle_debt(c);
    c->spent += (uint32_t)cost;
    sources_charge(&c->proxy->sources, c->network, cost, proxy_now());
}

void connection_answer_key(struct connection *c, bool is_ok, struct bytes answer)
{
    uint64_t began = 0;

    if (c->state == CONNECTION_CLOSING) {
        count_one(&c->proxy->counters->key_answers_late);
        return;
    }
    charge_answer(c);
    if (c->state == CONNECTION_HANDSHAKING)
        began = proxy_spent();
    c->is_key_asked = false;
    counting_key_answered(c, is_ok, answer);
    tls_key_done(c->tls, is_ok, answer);
    if (c->is_in_line) /* of a ticket that is sealed ahead: it goes on when its turn has come */
        return;
    if (c->state == CONNECTION_HANDSHAKING)
        take_step(c, began);
    else
        take_turn(c);
}

bool connection_is_asking(const struct connection *c, uint32_t question)
{
    return c->state == CONNECTION_CONNECTING && c->question == question;
}

void connection_answer_connect(struct connection *c, int fd, int error)
{
    connecting_answer(c, fd, error);
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
    struct connection *c = spare_take(sizeof *c);

    if (!c)
        return NULL;
    c->tls = tls_new(listener_policy(listener), proxy->pool);
    if (!c->tls || evtimer_assign(&c->timer, proxy->base, on_timer, c) != 0 || !proxy_enter(proxy, c, &c->ticket)) {
        tls_free(c->tls);
        spare_give(c, sizeof *c);
        return NULL;
    }
    c->magic = MAGIC;
    c->proxy = proxy;
    c->listener = listener;
    listener_enter(listener);
    c->client.fd = fd;
    c->backend.fd = -1;
    c->accepted_at = c->active_at = proxy_now();
    counting_begin(c);
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
    c->network = listener_network_of(listener, &c->peer.any);
    c->is_counted = true;
    sources_count_up(&proxy->sources, SOURCE_UNFINISHED, c->network, c->accepted_at);
    c->is_sheddable = true;
    TAILQ_INSERT_TAIL(&proxy->sheddable, c, shed_link);
    c->client.can_read = c->client.can_write = true; /* the ClientHello is often there with the connection */
    go_on_or_wait(c);
}
