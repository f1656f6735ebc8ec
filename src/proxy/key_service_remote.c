#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "proxy/event_drop.h"
#include "proxy/key_batch.h"
#include "proxy/key_service_types.h"
#include "proxy/limits.h"
#include "proxy/proxy.h"

/* A question that was sent, or was sent to a keyholder that died. It is kept whole until it is answered. */
struct flight {
    uint64_t number; /* its place among the flights is the number modulo KEY_BATCH; 0: free */
    bool is_sent;
    bool is_given_up; /* waited too long and was told so; what remains of it is that a reply is still due */
    struct key_question question;
};

struct remote {
    struct key_service service;
    struct event_base *base;
    int fd; /* -1: no keyholder */
    struct event *readable, *writable;
    struct event *flush;  /* made active by hand, so that it runs when all that happened in this turn is done */
    struct event *more;   /* the next turn, after the sockets were looked at */
    struct event *expiry; /* while anything has no answer */
    bool is_hurried;      /* a question waits that may not */
    struct key_batch *outgoing, *incoming;
    size_t handed_out; /* of `incoming` */
    uint64_t rounds;   /* numbers given out, by KEY_BATCH */
    size_t in_flight[KEY_HASTES];
    uint64_t heard_at;   /* when any reply came last */
    uint64_t awake_from; /* when the first one came after a silence */
    struct flight flights[KEY_BATCH];
    key_socket_lost *lost;
    void *lost_context;
};

static const struct timeval at_once = {0, 0};

static struct remote *remote_of(struct key_service *service)
{
    return (struct remote *)service;
}

static size_t count_flights(const struct key_service *service, enum key_haste haste)
{
    const struct remote *remote = (const struct remote *)service;
    size_t count = 0;

    for (size_t i = 0; i < KEY_BATCH; i++) {
        const struct flight *flight = &remote->flights[i];
        count +=
            flight->number != 0 && !flight->is_given_up && key_haste_of(flight->question.request.operation) == haste;
    }
    return count;
}

/* ---- a question in flight */

static struct flight *free_flight(struct remote *remote)
{
    for (size_t i = 0; i < KEY_BATCH; i++)
        if (remote->flights[i].number == 0)
            return &remote->flights[i];
    return NULL;
}

/* The question leaves its line for good: its number is one that no reply so far can name. */
static void begin_flight(struct remote *remote, struct flight *flight, struct key_line *line)
{
    const struct key_question *oldest = key_line_oldest(line);

    flight->number = ++remote->rounds * KEY_BATCH + (uint64_t)(flight - remote->flights);
    flight->question.ticket = oldest->ticket;
    flight->question.asked_at = oldest->asked_at;
    tls_key_request_copy(&flight->question.request, &oldest->request);
    remote->in_flight[key_haste_of(flight->question.request.operation)]++;
    key_line_remove_oldest(line);
}

static const struct key_reply no_reply;

/* Its place is free before its connection is told, which may ask the next question. */
static void end_flight(struct remote *remote, struct flight *flight, const struct key_reply *reply)
{
    struct connection_ticket ticket = flight->question.ticket;
    bool is_given_up = flight->is_given_up;
    bool is_seal = flight->question.request.operation == TLS_KEY_SEAL_TICKET; /* which was patient, perhaps */
    uint64_t waited = proxy_now() - flight->question.asked_at;

    remote->in_flight[key_haste_of(flight->question.request.operation)]--;
    tls_key_request_wipe(&flight->question.request);
    flight->number = 0;
    flight->is_sent = flight->is_given_up = false;
    if (is_given_up)
        return;
    remote->service.wait = is_seal ? 0 : waited;
    remote->service.cost_elsewhere = reply->cost < waited ? reply->cost : waited; /* of hostile ones */
    remote->service.answer(remote->service.context, ticket, reply->is_ok, reply->answer);
    remote->service.wait = remote->service.cost_elsewhere = 0;
}

/* The session in it is not needed any more; what a reply is compared with is. */
static void give_up(struct remote *remote, struct flight *flight)
{
    enum tls_key_operation operation = flight->question.request.operation;

    if (!flight->is_sent) {
        end_flight(remote, flight, &no_reply);
        return;
    }
    tls_key_request_wipe(&flight->question.request);
    flight->question.request.operation = operation;
    flight->is_given_up = true;
    remote->service.answer(remote->service.context, flight->question.ticket, false, bytes_of(NULL, 0));
}

/* ---- the socket */

static void drop_socket(struct remote *remote)
{
    if (remote->fd < 0)
        return;
    (void)event_del(remote->readable);
    (void)event_del(remote->writable);
    close(remote->fd);
    remote->fd = -1;
    key_batch_clear(remote->outgoing);
    key_batch_clear(remote->incoming);
    remote->handed_out = 0;
    for (size_t i = 0; i < KEY_BATCH; i++) {
        struct flight *flight = &remote->flights[i];
        flight->is_sent = false;
        if (flight->number != 0 && flight->is_given_up)
            end_flight(remote, flight, &no_reply);
    }
}

static void lose_socket(struct remote *remote, const char *why)
{
    drop_socket(remote);
    log_message(LOG_LEVEL_ERROR, "the keyholder %s: %zu questions wait for the next one", why,
                key_service_waiting(&remote->service));
    if (remote->lost)
        remote->lost(remote->lost_context);
}

static const char *end_in_words(int error)
{
    return error == 0 || error == ECONNRESET || error == EPIPE ? "is gone" : strerror(error);
}

/* ---- questions leave */

static void put(struct remote *remote, struct flight *flight)
{
    uint8_t *out = key_batch_space(remote->outgoing); /* always there: what is in it is in flight */
    size_t len;

    if (!out || !key_wire_write_question(flight->number, &flight->question.request, out, &len)) {
        end_flight(remote, flight, &no_reply);
        return;
    }
    key_batch_commit(remote->outgoing, len);
    flight->is_sent = true;
}

/* Of private keys some less, so that there is always room for a ticket beside signatures that take their time. */
static bool may_fly(const struct remote *remote, enum key_haste haste)
{
    size_t all = remote->in_flight[KEY_HASTE_TICKETS] + remote->in_flight[KEY_HASTE_PRIVATE_KEYS];

    return all < KEY_BATCH && (haste == KEY_HASTE_TICKETS || remote->in_flight[haste] < MAX_PRIVATE_KEYS_IN_FLIGHT);
}

static void put_waiting(struct remote *remote)
{
    for (size_t i = 0; i < KEY_BATCH; i++)
        if (remote->flights[i].number != 0 && !remote->flights[i].is_sent)
            put(remote, &remote->flights[i]);
    for (enum key_haste haste = 0; haste < KEY_HASTES; haste++) {
        struct key_line *line = &remote->service.questions.lines[haste];
        while (line->count > 0 && may_fly(remote, haste)) {
            struct flight *flight = free_flight(remote);
            begin_flight(remote, flight, line);
            put(remote, flight);
        }
    }
}

static void send_waiting(struct remote *remote)
{
    if (remote->fd < 0)
        return;
    put_waiting(remote);
    remote->is_hurried = key_questions_count(&remote->service.questions) > 0;
    switch (key_batch_send(remote->outgoing, remote->fd)) {
    case KEY_BATCH_DONE:
        (void)event_del(remote->writable);
        return;
    case KEY_BATCH_WOULD_BLOCK:
        (void)event_add(remote->writable, NULL); /* without memory: when the next question or the clock comes */
        return;
    case KEY_BATCH_ENDED:
    case KEY_BATCH_VIOLATED:
        lose_socket(remote, end_in_words(errno));
    }
}

static void on_flush(evutil_socket_t fd, short what, void *context)
{
    struct remote *remote = context;
    struct key_questions *questions = &remote->service.questions;
    (void)fd, (void)what;

    /* In a later turn: whoever is told may ask the next question, and this would go on in one turn for ever. */
    if (questions->dropped.count > 0 && event_add(remote->more, &at_once) != 0)
        key_questions_tell_dropped(questions, remote->service.answer, remote->service.context);
    send_waiting(remote);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    send_waiting(context);
}

/* ---- replies come */

/* Nobody is answered: that is no crowd in which one waits too long, and there will be another keyholder. */
static bool is_silent(const struct remote *remote, uint64_t now)
{
    return now - remote->heard_at > KEY_SILENCE;
}

static void note_reply(struct remote *remote, uint64_t now)
{
    if (is_silent(remote, now))
        remote->awake_from = now;
    remote->heard_at = now;
}

/* False: one that was not asked for. */
static bool take_reply(struct remote *remote, struct bytes message)
{
    struct key_reply reply;
    struct flight *flight;

    if (!key_wire_read_reply(message, &reply))
        return false;
    flight = &remote->flights[reply.number % KEY_BATCH];
    if (flight->number != reply.number || reply.number == 0 || !flight->is_sent ||
        flight->question.request.operation != reply.operation)
        return false;
    end_flight(remote, flight, &reply);
    return true;
}

/* A reply moves a handshake on: after so much of that the relays run, and the rest goes in the next turn. */
static void hand_out(struct remote *remote)
{
    uint64_t since = proxy_now();

    if (key_batch_count(remote->incoming) > 0)
        note_reply(remote, since);
    while (remote->handed_out < key_batch_count(remote->incoming)) {
        if (!take_reply(remote, key_batch_view(remote->incoming, remote->handed_out++))) {
            lose_socket(remote, "sent what is no reply to a question, and its socket is closed");
            return;
        }
        if (proxy_now() - since >= HANDSHAKE_TURN && event_add(remote->more, &at_once) == 0)
            return;
    }
    key_batch_clear(remote->incoming);
    remote->handed_out = 0;
    if (remote->is_hurried)
        event_active(remote->flush, EV_TIMEOUT, 0); /* there is room in flight */
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
    struct remote *remote = context;
    (void)fd, (void)what;

    if (key_batch_count(remote->incoming) == 0)
        switch (key_batch_receive(remote->incoming, remote->fd, KEY_BATCH)) {
        case KEY_BATCH_DONE:
            break;
        case KEY_BATCH_WOULD_BLOCK:
            return;
        case KEY_BATCH_ENDED:
            lose_socket(remote, end_in_words(errno));
            return;
        case KEY_BATCH_VIOLATED:
            lose_socket(remote, "sent what is no message, and its socket is closed");
            return;
        }
    hand_out(remote);
}

static void on_more(evutil_socket_t fd, short what, void *context)
{
    struct remote *remote = context;
    (void)fd, (void)what;

    key_questions_tell_dropped(&remote->service.questions, remote->service.answer, remote->service.context);
    hand_out(remote);
}

/* ---- what waits too long */

static bool is_too_old(const struct remote *remote, const struct key_question *question)
{
    uint64_t now = proxy_now(), waited = now - question->asked_at;

    if (is_silent(remote, now) || waited > KEY_SILENCE_TIMEOUT)
        return waited > KEY_SILENCE_TIMEOUT;
    return waited > KEY_WAIT_TIMEOUT && now - remote->awake_from > KEY_WAIT_TIMEOUT;
}

static void expire_line(struct remote *remote, struct key_line *line)
{
    const struct key_question *oldest;

    while ((oldest = key_line_oldest(line)) && is_too_old(remote, oldest)) {
        struct connection_ticket ticket = oldest->ticket;
        key_line_remove_oldest(line);
        remote->service.answer(remote->service.context, ticket, false, bytes_of(NULL, 0));
    }
}

static bool start_expiry(struct remote *remote)
{
    static const struct timeval soon = {0, KEY_PATIENCE};

    return evtimer_pending(remote->expiry, NULL) || event_add(remote->expiry, &soon) == 0;
}

static void on_expiry(evutil_socket_t fd, short what, void *context)
{
    struct remote *remote = context;
    (void)fd, (void)what;

    for (size_t i = 0; i < KEY_BATCH; i++) {
        struct flight *flight = &remote->flights[i];
        if (flight->number != 0 && !flight->is_given_up && is_too_old(remote, &flight->question))
            give_up(remote, flight);
    }
    for (size_t i = 0; i < KEY_HASTES; i++)
        expire_line(remote, &remote->service.questions.lines[i]);
    send_waiting(remote);
    if (key_service_waiting(&remote->service) > 0)
        (void)start_expiry(remote); /* without memory: with the next question */
}

/* ---- life */

static bool wake(struct key_service *service, enum key_patience patience)
{
    struct remote *remote = remote_of(service);

    if (!start_expiry(remote))
        return false;
    if (patience == KEY_MAY_WAIT)
        return true;
    remote->is_hurried = true;
    event_active(remote->flush, EV_TIMEOUT, 0);
    return true;
}

static void free_remote(struct key_service *service)
{
    struct remote *remote = remote_of(service);

    if (remote->fd >= 0)
        close(remote->fd);
    event_drop(remote->readable);
    event_drop(remote->writable);
    event_drop(remote->flush);
    event_drop(remote->more);
    event_drop(remote->expiry);
    key_batch_free(remote->outgoing);
    key_batch_free(remote->incoming);
    memory_wipe(remote->flights, sizeof remote->flights);
}

static const struct key_service_kind remote_kind = {wake, count_flights, free_remote};

static bool make_parts(struct remote *remote)
{
    remote->readable = event_new(remote->base, -1, EV_READ | EV_PERSIST, on_readable, remote);
    remote->writable = event_new(remote->base, -1, EV_WRITE, on_writable, remote);
    remote->flush = event_new(remote->base, -1, 0, on_flush, remote);
    remote->more = evtimer_new(remote->base, on_more, remote);
    remote->expiry = evtimer_new(remote->base, on_expiry, remote);
    remote->outgoing = key_batch_new();
    remote->incoming = key_batch_new();
    return remote->readable && remote->writable && remote->flush && remote->more && remote->expiry &&
           remote->outgoing && remote->incoming;
}

bool key_service_set_socket(struct key_service *service, int socket)
{
    struct remote *remote = remote_of(service);

    drop_socket(remote);
    remote->fd = socket;
    if (event_assign(remote->readable, remote->base, socket, EV_READ | EV_PERSIST, on_readable, remote) != 0 ||
        event_assign(remote->writable, remote->base, socket, EV_WRITE, on_writable, remote) != 0 ||
        event_add(remote->readable, NULL) != 0) {
        drop_socket(remote);
        return false;
    }
    event_active(remote->flush, EV_TIMEOUT, 0);
    return true;
}

void key_service_when_lost(struct key_service *service, key_socket_lost *lost, void *context)
{
    remote_of(service)->lost = lost;
    remote_of(service)->lost_context = context;
}

static struct remote *new_remote(struct event_base *base, key_answer *answer, void *context)
{
    struct remote *remote = memory_new(sizeof *remote);

    if (!remote)
        return NULL;
    remote->service.kind = &remote_kind;
    remote->service.answer = answer;
    remote->service.context = context;
    remote->base = base;
    remote->fd = -1;
    if (make_parts(remote))
        return remote;
    key_service_free(&remote->service);
    return NULL;
}

struct key_service *key_service_new_remote(struct event_base *base, int socket, key_answer *answer, void *context)
{
    struct remote *remote = new_remote(base, answer, context);

    if (!remote) {
        if (socket >= 0)
            close(socket);
        return NULL;
    }
    if (socket < 0 || key_service_set_socket(&remote->service, socket))
        return &remote->service;
    key_service_free(&remote->service);
    return NULL;
}
