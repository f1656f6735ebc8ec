#include "proxy/key_service.h"

#include <event2/event.h>
#include <time.h>

#include "base/alloc.h"
#include "proxy/limits.h"
#include "proxy/proxy.h"

struct question {
    struct connection_ticket ticket;
    struct tls_key_request request;
    uint64_t asked_at;
};

struct queue {
    size_t first, count; /* a ring: questions[first] is the oldest */
    size_t capacity;
    struct question *questions;
};

/* Whoever's question was pushed out, to be told in a later turn. A ring, too. */
struct dropped {
    size_t first, count, capacity;
    struct connection_ticket *tickets;
};

/*
 * Tickets are symmetric work of microseconds, private keys take a thousand times as long. Behind the signatures of
 * a busy server a ticket would come after its connection has ended: nothing would ever be resumed, and each client
 * would cost one more signature.
 */
enum haste { TICKETS, PRIVATE_KEYS, HASTES };

struct key_service {
    struct tls_key_holder holder;
    int64_t last_time;
    key_answer *answer;
    key_may_go *may_go; /* NULL: always */
    uint64_t cost;      /* of the answer that is being given */
    uint64_t wait;      /* of its question */
    void *context;
    struct event *turn, *ageing;
    struct queue queues[HASTES];
    struct dropped dropped;
};

static enum haste haste_of(enum tls_key_operation operation)
{
    return operation == TLS_KEY_SEAL_TICKET || operation == TLS_KEY_OPEN_TICKET ? TICKETS : PRIVATE_KEYS;
}

static bool schedule(struct key_service *service)
{
    /* A timer of zero runs once the sockets were looked at again; an event made active by hand would run first. */
    static const struct timeval at_once = {0, 0};

    return event_add(service->turn, &at_once) == 0;
}

/* The payload of a ticket's question is a session, its secret included. */
static void remove_oldest(struct queue *queue)
{
    memory_wipe(&queue->questions[queue->first], sizeof *queue->questions);
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
}

static void free_questions(struct queue *queue)
{
    if (queue->questions)
        memory_wipe(queue->questions, queue->capacity * sizeof *queue->questions);
    memory_free(queue->questions);
}

/* The age of ticket keys: the wall clock, so that it goes on while the machine sleeps, but never back. */
static int64_t holder_time(void *context)
{
    struct key_service *service = context;
    int64_t now = (int64_t)time(NULL);

    service->last_time = now > service->last_time ? now : service->last_time;
    return service->last_time;
}

static const struct private_key *find_key(const void *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    return keyring_find(keyring, key_id);
}

/* A ticket key that is too old is wiped when its time comes, also where nobody seals or opens a ticket any more. */
static void watch_ticket_keys(struct key_service *service)
{
    struct timeval wait = {0, 0};

    if (!service->holder.tickets)
        return;
    wait.tv_sec = (time_t)ticket_keys_drop_aged(service->holder.tickets, holder_time(service));
    wait.tv_sec = wait.tv_sec < MAX_TICKET_KEY_WATCH ? wait.tv_sec : MAX_TICKET_KEY_WATCH;
    if (wait.tv_sec > 0)
        (void)event_add(service->ageing, &wait); /* without memory: at the next ticket */
}

static void on_ageing(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    watch_ticket_keys(context);
}

/* The question is gone before it is answered: the answer may lead to the next one, and the ring may move. */
static void perform_oldest(struct key_service *service, struct queue *queue)
{
    const struct question *question = &queue->questions[queue->first];
    struct connection_ticket ticket = question->ticket;
    bool is_seal = question->request.operation == TLS_KEY_SEAL_TICKET;
    uint8_t out[MAX_KEY_ANSWER_LEN];
    size_t len = 0;
    uint64_t began = proxy_spent(), wait = proxy_now() - question->asked_at;
    bool is_ok = wait <= KEY_WAIT_TIMEOUT && tls_key_perform(&question->request, &service->holder, out, &len);

    service->cost = proxy_spent() - began;
    service->wait = wait;
    remove_oldest(queue);
    service->answer(service->context, ticket, is_ok, bytes_of(out, is_ok ? len : 0));
    service->cost = service->wait = 0;
    memory_wipe(out, sizeof out); /* a master secret or a session */
    if (is_seal && !evtimer_pending(service->ageing, NULL))
        watch_ticket_keys(service);
}

static void perform_some(struct key_service *service, struct queue *queue, size_t limit)
{
    for (size_t i = 0; i < limit && queue->count > 0; i++)
        perform_oldest(service, queue);
}

static void perform_private_keys(struct key_service *service)
{
    struct queue *queue = &service->queues[PRIVATE_KEYS];

    for (size_t i = 0; i < MAX_KEY_OPERATIONS_PER_TURN && queue->count > 0; i++) {
        if (service->may_go && !service->may_go(service->context))
            return;
        perform_oldest(service, queue);
    }
}

/* The more there are the more are told, so that they never pile up. */
static void tell_dropped(struct key_service *service)
{
    struct dropped *dropped = &service->dropped;
    size_t limit = MAX_TICKET_OPERATIONS_PER_TURN + dropped->count / 8;

    for (size_t i = 0; i < limit && dropped->count > 0; i++) {
        struct connection_ticket ticket = dropped->tickets[dropped->first];
        dropped->first = (dropped->first + 1) % dropped->capacity;
        dropped->count--;
        service->answer(service->context, ticket, false, bytes_of(NULL, 0));
    }
}

static void on_turn(evutil_socket_t fd, short what, void *context)
{
    struct key_service *service = context;
    (void)fd, (void)what;

    do {
        tell_dropped(service);
        perform_some(service, &service->queues[TICKETS], MAX_TICKET_OPERATIONS_PER_TURN);
        perform_private_keys(service);
    } while (key_service_waiting(service) > 0 && !schedule(service)); /* no memory for a timer: all are answered now */
}

struct key_service *key_service_new(struct event_base *base, const struct keyring *keyring, struct random_source random,
                                    key_answer *answer, void *context)
{
    struct key_service *service = memory_new(sizeof *service);

    if (!service)
        return NULL;
    service->holder = (struct tls_key_holder){
        .find = find_key,
        .keyring = keyring,
        .tickets = keyring_tickets(keyring),
        .random = random,
        .time = holder_time,
        .time_context = service,
    };
    service->answer = answer;
    service->context = context;
    service->turn = evtimer_new(base, on_turn, service);
    service->ageing = evtimer_new(base, on_ageing, service);
    if (service->turn && service->ageing)
        return service;
    key_service_free(service);
    return NULL;
}

void key_service_set_gate(struct key_service *service, key_may_go *may_go)
{
    service->may_go = may_go;
}

void key_service_free(struct key_service *service)
{
    if (!service)
        return;
    if (service->turn)
        event_free(service->turn);
    if (service->ageing)
        event_free(service->ageing);
    for (size_t i = 0; i < HASTES; i++)
        free_questions(&service->queues[i]);
    memory_free(service->dropped.tickets);
    memory_free(service);
}

/* The ring grows with the load, up to its bound: most processes never have more than a few questions open. */
static bool grow(struct queue *queue)
{
    size_t capacity = queue->capacity ? 4 * queue->capacity : 16;
    struct question *questions;

    if (queue->capacity >= MAX_KEY_QUEUE)
        return false;
    questions = memory_new_array(capacity, sizeof *questions);
    if (!questions)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        questions[i] = queue->questions[(queue->first + i) % queue->capacity];
    free_questions(queue);
    *queue = (struct queue){.count = queue->count, .capacity = capacity, .questions = questions};
    return true;
}

static bool grow_dropped(struct dropped *dropped)
{
    size_t capacity = dropped->capacity ? 2 * dropped->capacity : 64;
    struct connection_ticket *tickets = memory_new_array(capacity, sizeof *tickets);

    if (!tickets)
        return false;
    for (size_t i = 0; i < dropped->count; i++)
        tickets[i] = dropped->tickets[(dropped->first + i) % dropped->capacity];
    memory_free(dropped->tickets);
    *dropped = (struct dropped){.count = dropped->count, .capacity = capacity, .tickets = tickets};
    return true;
}

/*
 * The oldest has waited longest in vain: its client is the likeliest to have left. It is told later: told now it would
 * ask its next question into the very place that it made free. A connection that ends leaves its entry, so that there
 * may be more than connections; what bounds them is that the more there are the more are told in a turn.
 */
static bool drop_oldest(struct key_service *service, struct queue *queue)
{
    struct dropped *dropped = &service->dropped;

    if (dropped->count == dropped->capacity && !grow_dropped(dropped))
        return false;
    dropped->tickets[(dropped->first + dropped->count) % dropped->capacity] = queue->questions[queue->first].ticket;
    dropped->count++;
    remove_oldest(queue);
    return true;
}

bool key_service_ask(struct key_service *service, struct connection_ticket ticket,
                     const struct tls_key_request *request)
{
    struct queue *queue = &service->queues[haste_of(request->operation)];
    struct question *question;

    if (queue->count == queue->capacity && !grow(queue) && (queue->count == 0 || !drop_oldest(service, queue)))
        return false;
    if (!schedule(service)) /* before the question is written down: its session would stay where nobody wipes it */
        return false;
    question = &queue->questions[(queue->first + queue->count) % queue->capacity];
    question->ticket = ticket;
    question->request = *request;
    question->asked_at = proxy_now();
    queue->count++;
    return true;
}

uint64_t key_service_wait(const struct key_service *service)
{
    return service->wait;
}

uint64_t key_service_cost(const struct key_service *service)
{
    return service->cost;
}

size_t key_service_waiting(const struct key_service *service)
{
    return service->queues[TICKETS].count + service->queues[PRIVATE_KEYS].count + service->dropped.count;
}
