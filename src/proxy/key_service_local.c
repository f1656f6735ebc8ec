#include <event2/event.h>

#include "base/alloc.h"
#include "proxy/event_drop.h"
#include "proxy/key_holder.h"
#include "proxy/key_service_types.h"
#include "proxy/limits.h"
#include "proxy/proxy.h"

struct local {
    struct key_service service;
    struct key_holder holder;
    struct event *turn, *ageing;
};

static bool schedule(struct key_service *service)
{
    /* A timer of zero runs once the sockets were looked at again; an event made active by hand would run first. */
    static const struct timeval at_once = {0, 0};

    return event_add(((struct local *)service)->turn, &at_once) == 0;
}

/* Nobody has to be woken here: what may wait is done with the rest. */
static bool wake(struct key_service *service, enum key_patience patience)
{
    (void)patience;
    return schedule(service);
}

static size_t none_asked(const struct key_service *service, enum key_haste haste)
{
    (void)service, (void)haste;
    return 0;
}

/* A ticket key that is too old is wiped when its time comes, also where nobody seals or opens a ticket any more. */
static void watch_ticket_keys(struct local *local)
{
    struct timeval wait = {(time_t)key_holder_drop_aged(&local->holder), 0};

    if (wait.tv_sec > 0)
        (void)event_add(local->ageing, &wait); /* without memory: at the next ticket */
}

static void on_ageing(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    watch_ticket_keys(context);
}

/* The question is gone before it is answered: the answer may lead to the next one, and the ring may move. */
static void perform_oldest(struct local *local, struct key_line *line)
{
    const struct key_question *question = key_line_oldest(line);
    struct connection_ticket ticket = question->ticket;
    bool is_seal = question->request.operation == TLS_KEY_SEAL_TICKET;
    uint8_t out[MAX_KEY_ANSWER_LEN];
    size_t len = 0;
    uint64_t began = proxy_spent(), wait = proxy_now() - question->asked_at;
    bool is_ok = wait <= KEY_WAIT_TIMEOUT && tls_key_perform(&question->request, &local->holder.tls, out, &len);

    local->service.cost = proxy_spent() - began;
    local->service.wait = wait;
    key_line_remove_oldest(line);
    local->service.answer(local->service.context, ticket, is_ok, bytes_of(out, is_ok ? len : 0));
    local->service.cost = local->service.wait = 0;
    memory_wipe(out, len); /* a master secret or a session */
    if (is_seal && !evtimer_pending(local->ageing, NULL))
        watch_ticket_keys(local);
}

static void perform_some(struct local *local, enum key_haste haste, size_t limit)
{
    struct key_line *line = &local->service.questions.lines[haste];

    for (size_t i = 0; i < limit && line->count > 0; i++)
        perform_oldest(local, line);
}

static void perform_private_keys(struct local *local)
{
    struct key_service *service = &local->service;
    struct key_line *line = &service->questions.lines[KEY_HASTE_PRIVATE_KEYS];

    for (size_t i = 0; i < MAX_KEY_OPERATIONS_PER_TURN && line->count > 0; i++) {
        if (service->may_go && !service->may_go(service->context))
            return;
        perform_oldest(local, line);
    }
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    struct local *local = context;
    struct key_service *service = &local->service;
    (void)fd, (void)what;

    key_holder_look_up(&local->holder);
    do {
        key_questions_tell_dropped(&service->questions, service->answer, service->context);
        perform_some(local, KEY_HASTE_TICKETS, MAX_TICKET_OPERATIONS_PER_TURN);
        perform_private_keys(local);
    } while (key_service_waiting(service) > 0 && !schedule(service)); /* no memory for a timer: all are answered now */
}

static void free_events(struct key_service *service)
{
    struct local *local = (struct local *)service;

    event_drop(local->turn);
    event_drop(local->ageing);
}

static const struct key_service_kind local_kind = {wake, none_asked, free_events};

struct key_service *key_service_new(struct event_base *base, const struct keyring *keyring, struct random_source random,
                                    key_answer *answer, void *context)
{
    struct local *local = memory_new(sizeof *local);

    if (!local)
        return NULL;
    local->service.kind = &local_kind;
    local->service.answer = answer;
    local->service.context = context;
    key_holder_init(&local->holder, keyring, random);
    local->turn = evtimer_new(base, on_turn, local);
    local->ageing = evtimer_new(base, on_ageing, local);
    if (local->turn && local->ageing)
        return &local->service;
    key_service_free(&local->service);
    return NULL;
}
