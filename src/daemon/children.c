#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/child_kill.h"
#include "daemon/master.h"
#include "daemon/upgrade.h"
#include "daemon/upgrade_state.h"
#include "daemon/usage.h"
#include "proxy/event_drop.h"
#include "proxy/key_wire.h"

static void on_control(evutil_socket_t fd, short what, void *context);
static void on_respawn(evutil_socket_t fd, short what, void *context);

/* ---- one child */

static struct child *child_new(struct master *master, enum process_role role, uint16_t number, uint32_t generation)
{
    struct child *child = memory_new(sizeof *child);

    if (!child || master->child_count == MAX_CHILDREN) {
        memory_free(child);
        return NULL;
    }
    *child = (struct child){.master = master,
                            .role = role,
                            .number = number,
                            .generation = generation,
                            .control = -1,
                            .slot = NO_SLOT,
                            .memory = -1};
    child->respawn = evtimer_new(master->base, on_respawn, child);
    if (!child->respawn) {
        memory_free(child);
        return NULL;
    }
    master->children[master->child_count++] = child;
    return child;
}

void children_hang_up(struct child *child)
{
    event_drop(child->readable);
    if (child->control >= 0)
        close(child->control);
    child->readable = NULL;
    child->control = -1;
}

static void child_free(struct child *child)
{
    children_hang_up(child);
    if (child->memory >= 0)
        close(child->memory);
    event_free(child->respawn);
    memory_free(child);
}

/* As somebody else where it has become somebody else, and the master has no right over others. */
static void kill_now(const struct child *child)
{
    if (child->pid && !child_kill(child->pid, child->uid) && errno != ESRCH)
        log_message(LOG_LEVEL_ERROR, "%s %u (pid %ld) cannot be killed: %m", role_name(child->role), child->number,
                    (long)child->pid);
}

/* One that cannot be told something, or speaks out of turn, is of no use any more. Its death is noticed as any other.
 */
void children_give_up(struct child *child, const char *why)
{
    log_message(LOG_LEVEL_ERROR, "%s %u (pid %ld) %s: killing it", role_name(child->role), child->number,
                (long)child->pid, why);
    children_hang_up(child);
    kill_now(child);
}

void children_tell(struct child *child, const struct control_message *message)
{
    if (child->control >= 0 && !control_send(child->control, message) && errno != EPIPE && errno != ECONNRESET)
        children_give_up(child, "does not listen");
}

static void tell(struct child *child, enum control_type type, uint32_t generation)
{
    children_tell(child, &(struct control_message){.type = type, .generation = generation});
}

/* ---- starting */

/* The one that it starts under. NULL: it will be told to go. */
static const struct deployment *deployment_of(const struct child *child)
{
    const struct master *master = child->master;
    const struct deployment *next = master->next;

    if (next && (!master->current || child->generation == next->number || child->upgrade == next->number))
        return next;
    return master->current;
}

/* Without a deployment it is the strictest, for somebody who cannot be: it ends. */
static void send_start(struct child *child)
{
    const struct deployment *deployment = deployment_of(child);
    struct control_message message = {.type = CONTROL_START};

    message.log_level = LOG_LEVEL_INFO;
    if (deployment) {
        message.rights = deployment->rights[child->role];
        message.log_format = deployment->config->general.log_format;
        message.log_level = deployment->config->general.log_level;
    }
    child->uid = message.rights.uid;
    children_tell(child, &message);
}

static bool listen_to(struct child *child)
{
    child->readable = event_new(child->master->base, child->control, EV_READ | EV_PERSIST, on_control, child);
    return child->readable && event_add(child->readable, NULL) == 0;
}

static bool start(struct child *child)
{
    struct master *master = child->master;
    int control;
    pid_t pid = spawn_process(child->role, child->number, &control);

    if (pid < 0) {
        log_message(LOG_LEVEL_ERROR, "%s %u cannot be started: %m", role_name(child->role), child->number);
        return false;
    }
    child->pid = pid;
    child->control = control;
    child->born = master_now();
    child->building = child->serving = 0;
    child->drain_timeout = 0;
    child->is_ready = child->is_confined = child->is_asking_in_vain = child->has_worked = child->has_hung_up = false;
    child->refusals = child->words_due = child->asks = child->pings = 0;
    child->key_wire = KEY_WIRE_VERSION;
    child->has_demo = false;
    child->quota = (struct unix_quota){0, 0};
    child->told = UINT32_MAX;
    if (!listen_to(child))
        children_give_up(child, "cannot be listened to");
    send_start(child);
    usage_born(child);
    sight_process_began(child);
    resolving_process_began(child);
    hung_spare(child, master_build_time(master));
    if (master->current && child->upgrade <= master->current->number &&
        (child->generation == 0 || child->generation == master->current->number))
        children_offer(child, master->current);
    return true;
}

struct child *children_add(struct master *master, enum process_role role, uint16_t number, uint32_t generation)
{
    struct child *child = child_new(master, role, number, generation);

    if (!child || start(child))
        return child;
    child->is_leaving = true; /* an empty place */
    return NULL;
}

static void start_later(struct child *child, uint64_t lived)
{
    uint32_t wait = backoff_next(&child->backoff, lived);
    struct timeval time = {wait / 1000000, wait % 1000000};

    if (backoff_is_loop(&child->backoff))
        log_message(LOG_LEVEL_ERROR, "%s %u ends again and again: the next one starts in %u.%u s",
                    role_name(child->role), child->number, wait / 1000000, wait / 100000 % 10);
    if (evtimer_add(child->respawn, &time) != 0)
        log_message(LOG_LEVEL_ERROR, "out of memory: %s %u is not replaced", role_name(child->role), child->number);
}

/* While workers drain their handshakes may still need a key, and others ask how it is, but nobody new will be served.
 */
static bool may_be_replaced(const struct child *child)
{
    return !child->is_leaving && (!child->master->is_draining || child->role != PROCESS_WORKER);
}

/* In the middle of a reload it would come up with the generation that is about to be replaced. */
static bool has_to_wait(const struct child *child)
{
    static const struct timeval a_moment = {0, BACKOFF_FIRST};

    return child->generation == 0 && child->master->is_offered && evtimer_add(child->respawn, &a_moment) == 0;
}

static void on_respawn(evutil_socket_t fd, short what, void *context)
{
    struct child *child = context;
    (void)fd, (void)what;

    if (!may_be_replaced(child) || has_to_wait(child))
        return;
    if (!start(child))
        start_later(child, 0);
}

static struct child *find(const struct master *master, enum process_role role, uint16_t number, uint32_t generation)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->role == role && child->number == number && child->generation == generation && !child->is_leaving)
            return child;
    }
    return NULL;
}

static void dismiss(struct child *child)
{
    child->is_leaving = true;
    event_del(child->respawn);
    tell(child, CONTROL_DRAIN, 0);
    hung_spare_leaving(child);
}

/* ---- upgrades: workers of this binary beside those of the last one */

bool children_adopt(struct master *master, const struct state_child *state)
{
    struct child *child = child_new(master, (enum process_role)state->role, (uint16_t)state->number, state->generation);

    if (!child)
        return false;
    child->pid = state->pid;
    child->control = state->control;
    child->serving = state->serving;
    child->drain_timeout = state->drain_timeout;
    child->uid = master->current->rights[child->role].uid;
    child->is_leaving = state->is_leaving;
    child->is_confined = state->is_confined;
    child->words_due = state->words_due;
    child->asks = state->asks;
    child->is_asking_in_vain = state->is_asking_in_vain;
    child->key_wire = state->key_wire;
    child->pings = state->pings;
    child->slot = state->slot;
    child->born = master_now();
    usage_adopt(child);
    child->has_worked = true;
    return child->control < 0 || listen_to(child);
}

static bool adopt_missing(struct master *master, enum process_role role, uint16_t number, uint32_t generation)
{
    static const struct timeval soon = {0, BACKOFF_FIRST};
    struct child *child = child_new(master, role, number, generation);

    return child && evtimer_add(child->respawn, &soon) == 0;
}

bool children_adopt_missing(struct master *master)
{
    const struct deployment *current = master->current;
    bool is_ok = true;

    for (uint16_t number = 1; number <= current->worker_count; number++)
        if (!find(master, PROCESS_WORKER, number, 0))
            is_ok = adopt_missing(master, PROCESS_WORKER, number, 0) && is_ok;
    for (uint16_t number = 1; number <= current->keyholder_count; number++)
        if (!find(master, PROCESS_KEYHOLDER, number, current->number))
            is_ok = adopt_missing(master, PROCESS_KEYHOLDER, number, current->number) && is_ok;
    return is_ok;
}

bool children_start_upgrade(struct master *master, const struct deployment *deployment)
{
    for (uint16_t number = 1; number <= deployment->worker_count; number++) {
        struct child *child = child_new(master, PROCESS_WORKER, number, 0);
        if (!child)
            return false;
        child->upgrade = deployment->number;
        if (!start(child)) {
            child->is_leaving = true;
            return false;
        }
    }
    return true;
}

void children_dismiss_old(struct master *master, uint32_t upgrade)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->role == PROCESS_WORKER && child->upgrade != upgrade && !child->is_leaving)
            dismiss(child);
    }
}

void children_dismiss_new(struct master *master, uint32_t upgrade)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->upgrade == upgrade && !child->is_leaving)
            dismiss(child);
    }
}

bool children_set_workers(struct master *master, size_t count)
{
    bool is_ok = true;

    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->role == PROCESS_WORKER && child->number > count && !child->is_leaving)
            dismiss(child);
    }
    for (uint16_t number = 1; number <= count; number++)
        if (!find(master, PROCESS_WORKER, number, 0))
            is_ok = children_add(master, PROCESS_WORKER, number, 0) && is_ok;
    return is_ok;
}

void children_replace(struct child *worker, const char *why)
{
    log_message(LOG_LEVEL_ERROR, "%s %u (pid %ld) %s: another one takes its place", role_name(worker->role),
                worker->number, (long)worker->pid, why);
    if (!worker->pid || worker->is_leaving)
        return; /* its end is noticed as any other */
    dismiss(worker);
    if (!children_add(worker->master, PROCESS_WORKER, worker->number, 0))
        log_message(LOG_LEVEL_ERROR, "fewer workers than wanted are there");
}

/* ---- ending */

static void forget(struct master *master, const struct child *child)
{
    size_t i = 0;

    while (master->children[i] != child)
        i++;
    child_free(master->children[i]);
    master->children[i] = master->children[--master->child_count];
}

static void log_end_of(const struct child *child, int status)
{
    const char *role = role_name(child->role);
    long pid = (long)child->pid;

    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        log_message(
            LOG_LEVEL_ERROR,
            "%s %u (pid %ld) was killed by its list of system calls (SIGSYS): it made one that it has no use for", role,
            child->number, pid);
    else if (WIFSIGNALED(status))
        log_message(LOG_LEVEL_ERROR, "%s %u (pid %ld) was ended by SIG%s", role, child->number, pid,
                    sigabbrev_np(WTERMSIG(status)));
    else if (!child->is_leaving && !child->master->is_draining)
        log_message(LOG_LEVEL_ERROR, "%s %u (pid %ld) ended by itself with status %d", role, child->number, pid,
                    WEXITSTATUS(status));
}

void children_tell_return(struct child *child)
{
    uint64_t gone = child->missed_from ? master_now() - child->missed_from : 0;

    if (child->missed_from)
        log_message(LOG_LEVEL_NOTICE, "%s %u is back as pid %ld after %llu.%llu s", role_name(child->role),
                    child->number, (long)child->pid, (unsigned long long)(gone / 1000000),
                    (unsigned long long)(gone / 100000 % 10));
    child->missed_from = 0;
}

static bool was_told(const struct child *child, int status)
{
    return WIFEXITED(status) && (child->is_leaving || child->master->is_draining);
}

static void child_ended(struct child *child, int status, const struct rusage *usage)
{
    struct master *master = child->master;
    bool was_building;
    bool is_clean = WIFEXITED(status) && WEXITSTATUS(status) == DAEMON_EXIT_OK;

    log_end_of(child, status);
    sight_process_ended(child, was_told(child, status));
    usage_ended(child, usage);
    resolving_process_ended(child);
    if (!child->missed_from && child->has_worked) /* else since the one before */
        child->missed_from = master_now();
    child->pid = 0; /* somebody else's, perhaps, from here on */
    children_hear_last(child);
    was_building = child->building != 0 && master->next && child->building == master->next->number;
    children_hang_up(child);
    child->building = child->serving = 0;
    if (master->is_draining && !is_clean && child->role == PROCESS_WORKER)
        master->exit = DAEMON_EXIT_FAILURE;
    if (!child->is_leaving && child->role != PROCESS_RESOLVER && (!master->current || was_building))
        reload_accident(master, "a process ended while it was building");
    if (!may_be_replaced(child))
        forget(master, child);
    else if (master->current || child->role == PROCESS_RESOLVER)
        start_later(child, child->has_worked ? master_now() - child->born : 0);
}

void children_sweep(struct master *master)
{
    for (size_t i = master->child_count; i-- > 0;)
        if (master->children[i]->is_leaving && !master->children[i]->pid)
            forget(master, master->children[i]);
}

static struct child *find_pid(const struct master *master, pid_t pid)
{
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->pid == pid)
            return master->children[i];
    return NULL;
}

/* As process 1 of a container there are others to reap than our own. */
void children_reap(struct master *master)
{
    struct rusage usage;
    struct child *child;
    int status;
    pid_t pid;

    while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        if (pid == master->loader)
            reload_loader_ended(master, status);
        else if (pid == master->checker)
            upgrade_checked(master, status);
        else if ((child = find_pid(master, pid)))
            child_ended(child, status, &usage);
    }
}

/* ---- what they say: hearing.c, and of a keyholder at work keyholders.c */

static void on_control(evutil_socket_t fd, short what, void *context)
{
    struct child *child = context;
    (void)fd, (void)what;

    if (child->role == PROCESS_KEYHOLDER && (child->is_ready || child->serving))
        keyholders_hear(child);
    else
        children_hear(child);
}

/* ---- all of them */

void children_tell_workers(struct master *master, enum control_type type)
{
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->role == PROCESS_WORKER)
            tell(master->children[i], type, 0);
}

void children_give_up_builders(struct master *master)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->pid && child->building && !child->is_ready)
            children_give_up(child, "does not come to an end with what it builds");
    }
}

bool children_are_building(const struct master *master)
{
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->pid && master->children[i]->building && !master->children[i]->is_ready)
            return true;
    return false;
}

size_t children_alive(const struct master *master, enum process_role role)
{
    size_t count = 0;

    for (size_t i = 0; i < master->child_count; i++)
        count += master->children[i]->role == role && master->children[i]->pid != 0;
    return count;
}

void children_kill(struct master *master)
{
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->pid)
            kill_now(master->children[i]);
}

void children_free(struct master *master)
{
    children_kill(master);
    while (master->child_count > 0) {
        struct child *child = master->children[--master->child_count];
        if (child->pid)
            (void)waitpid(child->pid, NULL, 0); /* with its sockets: the next start may want their addresses */
        child_free(child);
    }
}
