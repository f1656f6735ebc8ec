#include "daemon/worker.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/served.h"
#include "daemon/unix_asker.h"
#include "daemon/worker_sight.h"
#include "demo/demo.h"
#include "proxy/event_drop.h"

struct worker {
    struct event_base *base;
    struct event *readable; /* the control socket */
    struct event *sweep;    /* a timer: something became idle */
    struct event *drain_timer;
    struct keyring *keyring; /* those of all generations, joined, and the ticket keys */
    struct proxy *proxy;
    struct worker_sight sight;
    struct unix_asker asker;
    struct demo *demo; /* NULL unless a listener relays to it */
    int demo_socket;   /* what it will listen on; -1: there is none, or it does */
    int control;
    uint16_t number, total; /* of workers */

    struct inbox inbox;
    struct served *current; /* NULL until the first commit */
    struct served *next;    /* built, not committed; NULL: none is */
    struct served *earlier; /* a list: those with connections left */
    bool has_keyholder;     /* questions of keys go to another process */
    bool is_draining, is_drain_told;
    enum daemon_exit exit;
};

static void stop_now(struct worker *worker)
{
    event_base_loopbreak(worker->base);
}

static void stop_with(struct worker *worker, enum log_level level, const char *reason)
{
    log_message(level, "%s", reason);
    worker->exit = DAEMON_EXIT_FAILURE;
    stop_now(worker);
}

/* ---- ending */

static void cut(struct worker *worker, const char *reason)
{
    size_t count = worker->proxy->connection_count;

    if (count > 0) {
        log_message(LOG_LEVEL_WARNING, "%s: ending %zu connections now", reason, count);
        worker->exit = DAEMON_EXIT_FAILURE;
    }
    stop_now(worker);
}

static void on_drain_timeout(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    cut(context, "drain-timeout is over");
}

static bool sweep_soon(struct worker *worker)
{
    static const struct timeval next_turn = {0, 0};

    return evtimer_add(worker->sweep, &next_turn) == 0;
}

static void drain(struct worker *worker)
{
    uint64_t timeout = worker->current ? worker->current->config->general.drain_timeout : 0;
    struct timeval wait = {(time_t)(timeout / 1000000), (suseconds_t)(timeout % 1000000)};

    if (worker->is_draining)
        return;
    worker->is_draining = true;
    if (!worker->current) {
        stop_now(worker);
        return;
    }
    served_stop(worker->current, NULL);
    if (!sweep_soon(worker) || evtimer_add(worker->drain_timer, &wait) != 0)
        cut(worker, "the drain cannot be timed");
}

/* ---- generations */

static void on_idle(void *context)
{
    if (!sweep_soon(context))
        log_message(LOG_LEVEL_ERROR, "out of memory: what has ended stays for a while");
}

static void part_from(struct worker *worker, struct served *served)
{
    if (served->keyring)
        keyring_part(worker->keyring, served->keyring);
    served_free(served);
}

static void free_idle_ones(struct worker *worker)
{
    struct served **link = &worker->earlier;

    while (*link) {
        struct served *served = *link;
        if (!served_is_idle(served)) {
            link = &served->next;
            continue;
        }
        *link = served->next;
        part_from(worker, served);
    }
}

/* Once the sockets are closed: who waited in them is among those that go on. */
static void tell_drain(struct worker *worker)
{
    if (served_has_sockets(worker->current)) {
        on_idle(worker);
        return;
    }
    worker->is_drain_told = true;
    log_message(LOG_LEVEL_NOTICE, "no new connections, %zu go on for up to %llu s", worker->proxy->connection_count,
                (unsigned long long)(worker->current->config->general.drain_timeout / 1000000));
}

static void on_sweep(evutil_socket_t fd, short what, void *context)
{
    struct worker *worker = context;
    (void)fd, (void)what;

    free_idle_ones(worker);
    if (worker->is_draining && !worker->is_drain_told)
        tell_drain(worker);
    if (worker->is_draining && !worker->earlier && served_is_idle(worker->current))
        stop_now(worker);
}

static void answer(struct worker *worker, const struct control_message *message)
{
    if (!control_send(worker->control, message))
        stop_with(worker, LOG_LEVEL_ERROR, "the master does not take an answer: stopping");
}

static void refuse(struct worker *worker, uint32_t generation, enum daemon_exit exit, const char *reason)
{
    struct control_message message = {.type = CONTROL_REFUSED, .generation = generation, .exit = (uint16_t)exit};

    snprintf(message.reason, sizeof message.reason, "%s", reason);
    answer(worker, &message);
}

static void forget_next(struct worker *worker)
{
    inbox_clear(&worker->inbox);
    served_free(worker->next);
    worker->next = NULL;
}

static void build(struct worker *worker, const struct control_message *order)
{
    struct serving serving = {worker->proxy, &worker->demo, &worker->demo_socket, order->number, order->total};
    char reason[MAX_CONTROL_REASON + 1];
    enum daemon_exit exit;

    worker->number = order->number;
    worker->total = order->total;
    worker->next = served_build(&serving, &worker->inbox, reason, &exit);
    inbox_clear(&worker->inbox);
    if (worker->next && !worker_sight_place(&worker->sight, worker->next)) {
        forget_next(worker);
        refuse(worker, order->generation, DAEMON_EXIT_FAILURE, strerror(errno));
        return;
    }
    if (worker->next)
        answer(worker, &(struct control_message){.type = CONTROL_READY, .generation = order->generation});
    else
        refuse(worker, order->generation, exit, reason);
}

static void put_to_work(struct worker *worker, struct served *served)
{
    char name[24];

    if (served->keyring) {
        keyring_join(worker->keyring, served->keyring);
        keyring_set_tickets(worker->keyring, served->tickets);
        served->tickets = NULL;
    }
    proxy_set_limits(worker->proxy, served->max_connections, served->memory_limit);
    snprintf(name, sizeof name, "worker-%u", worker->number);
    log_set_process(name);
    log_configure((enum log_format)served->config->general.log_format,
                  (enum log_level)served->config->general.log_level, STDERR_FILENO);
    for (size_t i = 0; i < served->config->listen_count; i++)
        listener_when_idle(served->listeners[i], on_idle, worker);
}

static void commit(struct worker *worker)
{
    struct served *old = worker->current, *fresh = worker->next;

    worker->current = fresh;
    worker->next = NULL;
    put_to_work(worker, fresh);
    if (!served_start(fresh)) {
        stop_with(worker, LOG_LEVEL_ERROR, "out of memory: the listeners cannot be started");
        return;
    }
    if (!old)
        return;
    served_stop(old, fresh);
    old->next = worker->earlier;
    worker->earlier = old;
    on_idle(worker);
}

/* ---- the master's words */

static void begin_inbox(struct worker *worker, const struct control_message *message)
{
    forget_next(worker);
    worker->inbox.number = message->generation;
    worker->inbox.files = (struct generation_files){message->fds[0], message->fd_count > 1 ? message->fds[1] : -1};
    if (message->fd_count > 2) /* of a generation before: its keys are here already */
        close(message->fds[2]);
}

static void close_fds(const struct control_message *message)
{
    for (size_t i = 0; i < message->fd_count; i++)
        close(message->fds[i]);
}

static void take_sockets(struct worker *worker, const struct control_message *message)
{
    if (message->generation == worker->inbox.number && inbox_add_sockets(&worker->inbox, message))
        return;
    close_fds(message);
    stop_with(worker, LOG_LEVEL_ERROR, "sockets came for no generation, or there is no memory for them: stopping");
}

/* The first one before the first connection; later ones in place of one that died, or for the keys of a reload. */
static void use_keyholder(struct worker *worker, int socket)
{
    bool is_ok = worker->has_keyholder ? key_service_set_socket(worker->proxy->keys, socket)
                                       : proxy_use_keyholder(worker->proxy, socket);

    worker->has_keyholder = worker->has_keyholder || is_ok;
    if (!is_ok)
        stop_with(worker, LOG_LEVEL_ERROR, "out of memory: the keyholder cannot be asked");
}

/* One is enough; another comes from a master that does not know of the first. */
static void take_demo_socket(struct worker *worker, int socket)
{
    if (worker->demo || worker->demo_socket >= 0)
        close(socket);
    else
        worker->demo_socket = socket;
}

/* Also of generations that have but a few connections left, which may be on their way to a backend. */
static void set_addresses(struct worker *worker, const struct control_message *message)
{
    if (worker->next)
        served_set_addresses(worker->next, message->host, &message->addresses);
    if (worker->current)
        served_set_addresses(worker->current, message->host, &message->addresses);
    for (struct served *served = worker->earlier; served; served = served->next)
        served_set_addresses(served, message->host, &message->addresses);
}

/* Whoever drains builds nothing any more; what it answers, nobody waits for. */
static void obey(struct worker *worker, const struct control_message *message)
{
    switch (message->type) {
    case CONTROL_OFFER:
        begin_inbox(worker, message);
        return;
    case CONTROL_SOCKETS:
        take_sockets(worker, message);
        return;
    case CONTROL_SIGHT:
        if (!worker_sight_take(&worker->sight, worker->proxy, message))
            stop_with(worker, LOG_LEVEL_ERROR, "a worker that nobody sees is none: stopping");
        return;
    case CONTROL_TICKET_ROOT:
        worker->inbox.root = message->root;
        return;
    case CONTROL_KEYHOLDER:
        use_keyholder(worker, message->fds[0]);
        return;
    case CONTROL_DEMO:
        take_demo_socket(worker, message->fds[0]);
        return;
    case CONTROL_CONNECTED:
        if (!unix_asker_hear(&worker->asker, message))
            stop_with(worker, LOG_LEVEL_ERROR, "the master answers what was not asked, or takes no question: stopping");
        return;
    case CONTROL_ADDRESSES:
        set_addresses(worker, message);
        return;
    case CONTROL_BUILD:
        if (message->generation == worker->inbox.number)
            build(worker, message);
        return;
    case CONTROL_COMMIT:
        if (worker->next && worker->next->number == message->generation && !worker->is_draining)
            commit(worker);
        return;
    case CONTROL_ABORT:
        forget_next(worker);
        return;
    case CONTROL_DRAIN:
        drain(worker);
        return;
    case CONTROL_STOP:
        cut(worker, "asked to stop now");
        return;
    default:
        stop_with(worker, LOG_LEVEL_ERROR, "the master said what only a worker says: stopping");
    }
}

static void on_control(evutil_socket_t fd, short what, void *context)
{
    struct worker *worker = context;
    struct control_message message;
    enum control_result result;
    (void)what;

    while ((result = control_receive(fd, &message)) == CONTROL_GOT && !event_base_got_break(worker->base)) {
        obey(worker, &message);
        control_wipe(&message);
    }
    if (result == CONTROL_GONE)
        stop_with(worker, LOG_LEVEL_WARNING, "the master is gone: stopping");
    else if (result == CONTROL_VIOLATION)
        stop_with(worker, LOG_LEVEL_ERROR, "what the master says makes no sense: stopping");
}

/* ---- life */

static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    /* Changes of interest are handed to epoll together, once a turn; see listener_stop() for what that asks of us. */
    if (config && event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST | EVENT_BASE_FLAG_NOLOCK) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

static bool make_parts(struct worker *worker)
{
    worker->base = new_base();
    worker->keyring = keyring_new();
    if (!worker->base || !worker->keyring)
        return false;
    worker->proxy = proxy_new(worker->base, worker->keyring, proxy_default_settings());
    worker->sweep = evtimer_new(worker->base, on_sweep, worker);
    worker->drain_timer = evtimer_new(worker->base, on_drain_timeout, worker);
    worker->readable = event_new(worker->base, worker->control, EV_READ | EV_PERSIST, on_control, worker);
    if (worker->proxy)
        unix_asker_init(&worker->asker, worker->proxy, worker->control);
    return worker->proxy && worker->sweep && worker->drain_timer && worker->readable &&
           event_add(worker->readable, NULL) == 0;
}

static void free_parts(struct worker *worker)
{
    if (worker->proxy)
        unix_asker_free(&worker->asker);
    proxy_free(worker->proxy);
    worker_sight_free(&worker->sight);
    forget_next(worker);
    if (worker->current) {
        worker->current->next = worker->earlier;
        worker->earlier = worker->current;
    }
    while (worker->earlier) {
        struct served *served = worker->earlier;
        worker->earlier = served->next;
        part_from(worker, served);
    }
    event_drop(worker->sweep);
    event_drop(worker->drain_timer);
    event_drop(worker->readable);
    demo_free(worker->demo);
    if (worker->demo_socket >= 0)
        close(worker->demo_socket);
    keyring_free(worker->keyring);
    if (worker->base)
        event_base_free(worker->base);
}

static void say_goodbye(struct worker *worker)
{
    (void)proxy_cut_connections(worker->proxy);
    proxy_tell_suppressed(worker->proxy);
    if (worker->proxy->own_counters) /* else the master tells of all together */
        counters_log(worker->proxy->own_counters);
    log_message(LOG_LEVEL_NOTICE, "stopped");
}

enum daemon_exit worker_run(int control)
{
    struct worker worker = {
        .control = control, .demo_socket = -1, .inbox = {.files = {-1, -1}}, .exit = DAEMON_EXIT_OK};

    log_set_process("worker");
    if (!make_parts(&worker)) {
        log_message(LOG_LEVEL_ERROR, "out of memory or descriptors at start");
        worker.exit = DAEMON_EXIT_FAILURE;
    } else if (!confine_process(PROCESS_WORKER, control)) {
        worker.exit = DAEMON_EXIT_FAILURE;
    } else if (event_base_dispatch(worker.base) < 0) {
        log_message(LOG_LEVEL_ERROR, "the event loop failed");
        worker.exit = DAEMON_EXIT_FAILURE;
    } else {
        say_goodbye(&worker);
    }
    free_parts(&worker);
    return worker.exit;
}
