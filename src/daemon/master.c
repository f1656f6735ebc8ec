#include "daemon/master.h"

#include <config.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/activation.h"
#include "daemon/rights.h"
#include "daemon/signals.h"
#include "daemon/upgrade.h"
#include "daemon/usage.h"
#include "proxy/event_drop.h"
#include "proxy/proxy.h"

uint64_t master_now(void)
{
    return proxy_now();
}

uint64_t master_build_time(const struct master *master)
{
    return master->source.build_time ? master->source.build_time : MAX_BUILD_TIME;
}

void master_end(struct master *master, enum daemon_exit exit)
{
    master->exit = exit;
    master->is_over = true;
    event_base_loopbreak(master->base);
}

bool master_set_timer(struct master *master, uint64_t wait)
{
    struct timeval time = {(time_t)(wait / 1000000), (suseconds_t)(wait % 1000000)};

    return event_add(master->timer, &time) == 0;
}

/* ---- stopping */

/* When the last worker has ended nobody asks a keyholder any more. */
static void end_if_alone(struct master *master)
{
    if (!master->is_draining || children_alive(master, PROCESS_WORKER) > 0)
        return;
    keyholders_retire_all(master);
    if (children_alive(master, PROCESS_KEYHOLDER) == 0)
        event_base_loopbreak(master->base);
}

/* Our own hold on the sockets goes first: the last worker to let go of one has taken in who waited there. */
static void drain(struct master *master)
{
    master->is_draining = true;
    listen_sockets_free(master->current->sockets);
    master->current->sockets = NULL;
    listen_sockets_free(master->passed);
    master->passed = NULL;
    log_message(LOG_LEVEL_NOTICE, "no new connections, the open ones go on for up to %llu s",
                (unsigned long long)(master->current->config->general.drain_timeout / 1000000));
    children_tell_workers(master, CONTROL_DRAIN);
    if (!master_set_timer(master, master->current->config->general.drain_timeout + KILL_AFTER_DRAIN))
        children_tell_workers(master, CONTROL_STOP);
    end_if_alone(master);
}

/* All of it, and some time for the end itself: whoever waits for it is told once. */
static uint64_t longest_stop(const struct config_general *general)
{
    return general->drain_delay + general->drain_timeout + KILL_AFTER_DRAIN + EXIT_AFTER_KILL;
}

static void begin_to_stop(struct master *master, int number)
{
    uint64_t delay = master->current ? master->current->config->general.drain_delay : 0;

    master->is_stopping = true;
    if (!master->current) {
        log_message(LOG_LEVEL_NOTICE, "SIG%s: stopped before anything was served", sigabbrev_np(number));
        master_end(master, DAEMON_EXIT_OK);
        return;
    }
    reload_abort(master, DAEMON_EXIT_FAILURE, "asked to stop");
    board_set_state(master->sight.board, BOARD_DRAINING);
    notify_stopping(&master->notify, "draining", longest_stop(&master->current->config->general));
    log_message(LOG_LEVEL_NOTICE, "SIG%s: stopping%s", sigabbrev_np(number),
                delay ? ", new connections are taken until drain-delay is over" : "");
    if (delay == 0 || !master_set_timer(master, delay))
        drain(master);
}

static void stop_now(struct master *master)
{
    log_message(LOG_LEVEL_WARNING, "asked to stop twice: stopping now");
    if (!master->is_draining)
        drain(master);
    children_tell_workers(master, CONTROL_STOP);
    if (!master_set_timer(master, KILL_AFTER_DRAIN))
        children_kill(master);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct master *master = context;
    (void)fd, (void)what;

    if (!master->is_stopping) {
        reload_on_timer(master);
    } else if (!master->is_draining) {
        drain(master);
    } else {
        log_message(LOG_LEVEL_ERROR, "%zu workers do not end by themselves: killing all",
                    children_alive(master, PROCESS_WORKER));
        children_kill(master);
    }
}

static void on_signal(void *context, int number)
{
    struct master *master = context;

    switch (number) {
    case SIGCHLD:
        children_reap(master);
        end_if_alone(master);
        return;
    case SIGHUP:
        log_message(LOG_LEVEL_NOTICE, "SIGHUP: reloading");
        if (!master->is_stopping && master->current)
            notify_reloading(&master->notify, master_now());
        if (!master->is_stopping && (master->current || master->next)) /* what is being loaded may be the old already */
            reload_again(master);
        return;
    case SIGUSR2:
        upgrade_begin(master);
        return;
    case SIGUSR1:
        log_message(LOG_LEVEL_NOTICE, "SIGUSR1: logs go to standard error, there is nothing to reopen");
        return;
    default:
        if (master->is_stopping)
            stop_now(master);
        else
            begin_to_stop(master, number);
    }
}

/* ---- life */

static void on_alive(evutil_socket_t fd, short what, void *context)
{
    const struct master *master = context;
    (void)fd, (void)what;

    notify_alive(&master->notify);
}

/* Twice as often as is asked for: a late one is no dead one. */
static bool start_signs_of_life(struct master *master)
{
    struct timeval wait = {(time_t)(master->notify.watchdog / 2000000),
                           (suseconds_t)(master->notify.watchdog / 2 % 1000000)};

    if (master->notify.watchdog == 0)
        return true;
    notify_alive(&master->notify);
    master->alive = event_new(master->base, -1, EV_PERSIST, on_alive, master);
    return master->alive && event_add(master->alive, &wait) == 0;
}

static void on_ticket_turn(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    tickets_turn(context);
}

static bool make_parts(struct master *master)
{
    master->base = event_base_new(); /* sockets are shared with children here: no list of changes that are made later */
    if (!master->base)
        return false;
    master->signals = signals_new(master->base, on_signal, master);
    master->timer = evtimer_new(master->base, on_timer, master);
    master->ticket_turn = evtimer_new(master->base, on_ticket_turn, master);
    return master->signals && master->timer && master->ticket_turn && spawn_prepare() && hung_watch(master) &&
           resolving_init(master) && start_signs_of_life(master);
}

static void free_parts(struct master *master)
{
    children_free(master);
    deployment_free(master->next);
    deployment_free(master->current);
    listen_sockets_free(master->passed);
    unix_backends_free(&master->unix_backends);
    resolving_free(master);
    ticket_root_wipe(&master->tickets.in_force);
    ticket_root_wipe(&master->tickets.next);
    signals_free(master->signals);
    event_drop(master->timer);
    event_drop(master->ticket_turn);
    event_drop(master->alive);
    event_drop(master->watch);
    renewal_free(&master->renewal);
    config_free(master->retry);
    sight_close(&master->sight);
    notify_close(&master->notify);
    if (master->memory >= 0)
        close(master->memory);
    if (master->base)
        event_base_free(master->base);
}

static void begin_first(struct master *master, struct config *config)
{
    if (sight_open(&master->sight)) {
        reload_begin(master, config);
        return;
    }
    log_message(LOG_LEVEL_ERROR, "memory to share for counters is not to be had: %m");
    config_free(config);
    master_end(master, DAEMON_EXIT_FAILURE);
}

/* The first generation, or the children of the binary before this one and then a generation for ours. */
static void begin(struct master *master, struct config *config)
{
    if (!upgrade_is_one()) {
        begin_first(master, config);
        return;
    }
    if (!upgrade_adopt(master)) {
        config_free(config);
        master_end(master, DAEMON_EXIT_FAILURE);
        return;
    }
    log_message(LOG_LEVEL_NOTICE, "SIGUSR2: executed anew as " PACKAGE_VERSION ", %zu workers serve on",
                children_alive(master, PROCESS_WORKER));
    children_reap(master);  /* who ended in between, nobody was told of */
    renewal_follow(master); /* until the generation of this binary is in force, and if it never is */
    master->is_upgrade_due = true;
    reload_follow(master, config);
}

enum daemon_exit daemon_run(struct config *config, struct daemon_source source)
{
    struct master master = {.source = source, .memory = -1, .exit = DAEMON_EXIT_OK};

    if (!config && !upgrade_is_one())
        return DAEMON_EXIT_CONFIG;
    if (config)
        log_configure((enum log_format)config->general.log_format, (enum log_level)config->general.log_level,
                      STDERR_FILENO);
    log_open_anew(STDERR_FILENO); /* for all: it is inherited */
    log_set_process("master");
    (void)proxy_raise_descriptor_limit(); /* for all: limits are inherited */
    notify_open(&master.notify);
    usage_begin(&master);
    master.passed = activation_take();
    if (!make_parts(&master)) {
        log_message(LOG_LEVEL_ERROR, "out of memory or descriptors at start");
        config_free(config);
        free_parts(&master);
        return DAEMON_EXIT_FAILURE;
    }
    if (!rights_harden())
        log_message(LOG_LEVEL_WARNING, "core dumps cannot be switched off: %m");
    if (!locked_range(&master.tickets, sizeof master.tickets))
        log_message(LOG_LEVEL_WARNING, "the root of the ticket keys may be swapped out: %m (LimitMEMLOCK= of systemd, "
                                       "memlock of a container)");
    begin(&master, config);
    if (!master.is_over && event_base_dispatch(master.base) < 0)
        master.exit = DAEMON_EXIT_FAILURE;
    if (master.current)
        sight_log_counters(&master.sight);
    log_message(LOG_LEVEL_NOTICE, "stopped");
    free_parts(&master);
    return master.exit;
}
