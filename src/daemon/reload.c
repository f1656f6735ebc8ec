#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/confine.h"
#include "daemon/findings.h"
#include "daemon/loader.h"
#include "daemon/master.h"
#include "daemon/rights_settings.h"

static void begin(struct master *master, struct config *config, struct reload_order order, struct files_seen *seen);

/* An accident passes by itself, or it is none. */
enum { MAX_ACCIDENTS = 2 };
#define RETRY_AFTER (UINT64_C(1000) * 1000)

/* ---- deployments */

static void hold(struct locked_file *held, int fd)
{
    if (fd >= 0 && !held->at && !locked_file_hold(held, fd))
        log_message(LOG_LEVEL_WARNING, "the keys of a generation may be swapped out: %m (LimitMEMLOCK= of systemd, "
                                       "memlock of a container)");
}

void deployment_hold(struct deployment *deployment)
{
    hold(&deployment->held, deployment->files.secret);
    hold(&deployment->held_earlier, deployment->earlier_secret);
}

void deployment_free(struct deployment *deployment)
{
    if (!deployment)
        return;
    locked_file_let_go(&deployment->held);
    locked_file_let_go(&deployment->held_earlier);
    listen_sockets_free(deployment->sockets);
    if (deployment->earlier_secret >= 0)
        close(deployment->earlier_secret);
    generation_files_close(&deployment->files);
    config_free(deployment->config);
    sight_give_up(deployment, NULL);
    sight_certificates_free(deployment->certificates);
    files_seen_free(deployment->seen);
    memory_free(deployment);
}

/* Those that this process may use, not those of the machine: of a container, or of taskset(1). */
static size_t usable_processors(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

static size_t count_workers(const struct config *config)
{
    size_t count = config->general.workers ? (size_t)config->general.workers : usable_processors();

    return count < MAX_WORKERS ? count : MAX_WORKERS;
}

static size_t count_keyholders(const struct config *config, size_t worker_count)
{
    size_t count = config->general.keyholders ? (size_t)config->general.keyholders : (worker_count + 1) / 2;

    if (!config->general.has_key_isolation)
        return 0;
    return count < MAX_KEYHOLDERS ? count : MAX_KEYHOLDERS;
}

static struct deployment *deployment_new(struct master *master, struct config *config)
{
    struct deployment *deployment = memory_new(sizeof *deployment);

    if (!deployment) {
        config_free(config);
        return NULL;
    }
    *deployment = (struct deployment){.number = ++master->last_number,
                                      .config = config,
                                      .files = {-1, -1},
                                      .earlier_secret = -1,
                                      .worker_count = count_workers(config)};
    deployment->keyholder_count = count_keyholders(config, deployment->worker_count);
    deployment->certificates = sight_certificates_new();
    if (deployment->certificates && generation_files_make(&deployment->files))
        return deployment;
    deployment_free(deployment);
    return NULL;
}

/* ---- the end of a reload */

static void forget_retry(struct master *master)
{
    config_free(master->retry);
    master->retry = NULL;
}

static void plan_next(struct master *master)
{
    uint64_t wait = master->is_reload_wanted ? 0 : RETRY_AFTER;

    if ((!master->is_reload_wanted && !master->retry) || master->is_stopping || master_set_timer(master, wait))
        return;
    log_message(LOG_LEVEL_ERROR, "out of memory: the next reload does not begin by itself");
    forget_retry(master);
}

static void over(struct master *master)
{
    event_del(master->timer);
    master->next = NULL;
    master->is_offered = false;
    plan_next(master);
}

static void end_loader(struct master *master)
{
    if (master->loader > 0)
        (void)kill(master->loader, SIGKILL); /* reaped as a stranger */
    master->loader = 0;
}

static void tell_aborted(struct master *master, uint32_t number)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->building != number || child->role != PROCESS_WORKER)
            continue;
        children_tell(child, &(struct control_message){.type = CONTROL_ABORT, .generation = number});
        child->building = 0;
        child->is_ready = false;
        hung_spare(child, master_build_time(master)); /* it may be in the midst of building */
    }
    keyholders_retire(master, number);
    children_dismiss_new(master, number);
}

static void refuse(const struct master *master, const char *reason)
{
    log_message(LOG_LEVEL_ERROR, "reload refused: %s; generation %u goes on", reason, master->current->number);
    board_refused(master->sight.board);
    notify_ready(&master->notify, "serving; the last reload was refused");
}

static void tell_refusal(struct master *master, struct deployment *next, const char *reason)
{
    struct files_seen *seen = next->seen;

    if (!master->current) {
        log_message(LOG_LEVEL_ERROR, "nothing is served: %s", reason);
    } else if (next->order.is_renewal) {
        next->seen = NULL;
        renewal_refused(master, next->order, seen, reason);
    } else if (master->retry) {
        log_message(LOG_LEVEL_WARNING, "reload: %s: it is tried again (%u of %d)", reason,
                    master->retry_order.accidents, MAX_ACCIDENTS);
    } else {
        refuse(master, reason);
    }
}

void reload_abort(struct master *master, enum daemon_exit exit, const char *reason)
{
    struct deployment *next = master->next;

    if (!next)
        return;
    end_loader(master);
    tell_aborted(master, next->number);
    if (master->current)
        unix_backends_keep(&master->unix_backends, master->current->config, master_now());
    tell_refusal(master, next, reason);
    over(master);
    resolving_settle(master);
    tickets_give_up(master);
    sight_forget(&master->sight, next);
    sight_give_up(next, master->current);
    deployment_free(next);
    if (!master->current)
        master_end(master, exit);
}

/* Who asked for it will not ask again. */
static void plan_retry(struct master *master)
{
    const struct deployment *next = master->next;

    forget_retry(master);
    if (next->order.accidents == MAX_ACCIDENTS)
        return;
    master->retry = config_ref(next->config);
    master->retry_order = next->order;
    master->retry_order.accidents++;
}

void reload_accident(struct master *master, const char *reason)
{
    if (master->next && master->current && !master->next->order.is_renewal && !master->is_stopping)
        plan_retry(master);
    reload_abort(master, DAEMON_EXIT_FAILURE, reason);
}

static void has_built(struct child *child, const struct deployment *deployment)
{
    child->serving = child->building;
    child->drain_timeout = deployment->config->general.drain_timeout;
    child->building = 0;
    child->is_ready = false;
    child->has_worked = true;
    hung_spare(child, 0);
    children_tell_return(child);
}

static void tell_commit(struct child *child)
{
    if (child->role == PROCESS_WORKER)
        children_tell(child, &(struct control_message){.type = CONTROL_COMMIT, .generation = child->serving});
}

static void put_to_work(struct master *master, struct deployment *fresh)
{
    struct deployment *old = master->current;

    if (old) {
        listen_sockets_take_over(fresh->sockets, old->sockets);
        sight_leave_to(old, fresh);
    }
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->pid && master->children[i]->building == fresh->number)
            has_built(master->children[i], fresh);
    keyholders_attach_all(master, fresh->number);
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->serving == fresh->number)
            tell_commit(master->children[i]);
    master->current = fresh;
    tickets_take_over(master);
    if (old)
        keyholders_retire(master, old->number);
    deployment_free(old);
}

static void commit(struct master *master)
{
    struct deployment *fresh = master->next;
    bool is_first = !master->current;

    put_to_work(master, fresh);
    unix_backends_keep(&master->unix_backends, fresh->config, master_now());
    resolving_settle(master);
    if (fresh->is_upgrade) {
        children_dismiss_old(master, fresh->number);
        master->is_upgrade_due = false;
    }
    log_configure((enum log_format)fresh->config->general.log_format, (enum log_level)fresh->config->general.log_level,
                  STDERR_FILENO);
    announce_ready(master, is_first);
    sight_applied(master);
    renewal_follow(master);
    if (!children_set_workers(master, fresh->worker_count))
        log_message(LOG_LEVEL_ERROR, "fewer workers than wanted are there");
    over(master);
}

/* ---- its steps */

static bool bind_sockets(struct master *master)
{
    struct supply names = resolving_supply(master);
    struct listen_sockets *old = master->current ? master->current->sockets : NULL;
    const struct config *config = master->next->config;

    master->next->sockets = listen_sockets_open(config, &names, old, master->passed, findings_to_log);
    if (master->next->sockets && sight_prepare(master))
        return true;
    if (!master->next->sockets && listen_sockets_lack_passed(config, old, master->passed))
        reload_abort(master, DAEMON_EXIT_CONFIG, "the service manager has to pass a socket of that name");
    else
        reload_abort(master, DAEMON_EXIT_FAILURE, "an address is not to be had");
    return false;
}

/* At the very start there is nobody yet to be offered anything. */
static bool have_workers(struct master *master)
{
    bool is_ok = true;

    if (master->next->is_upgrade)
        is_ok = children_start_upgrade(master, master->next);
    else if (!master->current)
        is_ok = children_set_workers(master, master->next->worker_count);
    if (!is_ok)
        reload_abort(master, DAEMON_EXIT_FAILURE, "no process can be started");
    return is_ok;
}

/* Handshakes that began under the current generation end under the next one, and may need a key that only it has. */
static bool have_keyholders(struct master *master)
{
    struct deployment *next = master->next;

    if (next->keyholder_count > 0 && master->current)
        next->earlier_secret = fcntl(master->current->files.secret, F_DUPFD_CLOEXEC, 0);
    deployment_hold(next);
    if ((!master->current || next->keyholder_count == 0 || next->earlier_secret >= 0) && tickets_prepare(master) &&
        keyholders_start(master, next))
        return true;
    reload_abort(master, DAEMON_EXIT_FAILURE, "no process can be started to hold the keys");
    return false;
}

static bool give_up_rights(struct master *master)
{
    if (confine_master(master))
        return true;
    reload_abort(master, DAEMON_EXIT_FAILURE,
                 "the master cannot give up its rights (the line above says which; if whoever started it "
                 "forbids that, sandbox = best-effort takes what there is)");
    return false;
}

static bool know_unix_backends(struct master *master)
{
    if (unix_backends_add(&master->unix_backends, master->next->config))
        return true;
    reload_abort(master, DAEMON_EXIT_FAILURE, "out of memory");
    return false;
}

static bool is_meant(const struct child *worker, const struct deployment *next)
{
    return !next->is_upgrade || worker->upgrade == next->number;
}

static void offer(struct master *master)
{
    if (!give_up_rights(master) || !know_unix_backends(master) || !bind_sockets(master) || !have_workers(master) ||
        !have_keyholders(master))
        return;
    master->is_offered = true;
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->role == PROCESS_WORKER && child->pid && !child->is_leaving && is_meant(child, master->next))
            children_offer(child, master->next);
    }
    if (!master_set_timer(master, master_build_time(master)))
        reload_abort(master, DAEMON_EXIT_FAILURE, "out of memory");
    else if (!children_are_building(master)) /* all of them wait to be started again */
        reload_step(master);
}

/* Those that were started anew, for the generation that the others serve. */
static void commit_late_ones(struct master *master)
{
    for (size_t i = 0; master->current && i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (!child->is_ready || child->building != master->current->number)
            continue;
        has_built(child, master->current);
        if (child->role == PROCESS_KEYHOLDER)
            keyholders_attach_keyholder(child);
        else
            keyholders_attach_worker(child);
        tell_commit(child);
    }
}

void reload_step(struct master *master)
{
    commit_late_ones(master);
    if (!master->next || resolving_is_waited_for(master) || master->loader || children_are_building(master))
        return;
    if (!master->is_offered)
        offer(master);
    else
        commit(master);
}

static void give_up_loader(struct master *master)
{
    char reason[64];

    snprintf(reason, sizeof reason, "it takes longer than %llu s to load",
             (unsigned long long)(master_build_time(master) / 1000000));
    reload_abort(master, DAEMON_EXIT_FAILURE, reason);
}

/* Before they are read: what changes from here on is found out after it. NULL: nobody wants to know, or no memory. */
static struct files_seen *look_at_files(const struct config *config)
{
    return config->general.is_watching ? files_seen_new(config) : NULL;
}

/* Its time is over; or it is, and another one was asked for meanwhile. */
void reload_on_timer(struct master *master)
{
    if (master->next && master->loader) {
        give_up_loader(master);
    } else if (master->next) {
        children_give_up_builders(master);
        reload_accident(master, "it takes too long to build");
    } else if (master->is_reload_wanted) {
        master->is_reload_wanted = false;
        reload_again(master);
    } else if (master->retry) {
        struct config *config = master->retry;
        master->retry = NULL;
        begin(master, config, master->retry_order, look_at_files(config));
    }
}

static const char *reason_of(const struct deployment *deployment, enum daemon_exit exit)
{
    if (exit != DAEMON_EXIT_CONFIG)
        return "something is not to be had now";
    return deployment->order.is_renewal ? "the files do not fit together" : "the configuration has faults";
}

void reload_loader_ended(struct master *master, int status)
{
    enum daemon_exit exit = WIFEXITED(status) ? (enum daemon_exit)WEXITSTATUS(status) : DAEMON_EXIT_FAILURE;

    master->loader = 0;
    if (WIFSIGNALED(status))
        log_message(LOG_LEVEL_ERROR, "the process that loads it was ended by SIG%s", sigabbrev_np(WTERMSIG(status)));
    if (exit != DAEMON_EXIT_OK)
        reload_abort(master, exit, reason_of(master->next, exit));
    else if (!generation_files_seal(&master->next->files))
        reload_abort(master, DAEMON_EXIT_FAILURE, "its files cannot be sealed");
    else
        reload_step(master);
}

/* The child has what is known by now; what changes from here on, workers are told of. */
void reload_names_known(struct master *master)
{
    struct deployment *next = master->next;
    struct loader_manner manner = {resolving_supply(master), next->order.is_quiet};

    manner.supply.is_patient = next->order.is_patient;
    next->names_edition = master->resolving.names.last_edition;
    master->loader = loader_start(master->source.name, next->config, manner, &next->files, next->certificates);
    if (master->loader < 0 || !master_set_timer(master, master_build_time(master)))
        reload_abort(master, DAEMON_EXIT_FAILURE, "no process can be started to load it");
}

/* A renewal has the configuration in force, and what is odd about that was told when it was loaded. */
static struct config_findings findings_for(struct reload_order order)
{
    if (order.is_quiet)
        return findings_to_nobody;
    return order.is_renewal ? findings_of_faults : findings_to_log;
}

/* What a configuration says of users may be wrong, too. */
static bool make_rights(struct master *master)
{
    struct deployment *next = master->next;

    if (rights_settings_make(&next->config->general, findings_for(next->order), next->rights))
        return true;
    reload_abort(master, DAEMON_EXIT_CONFIG, reason_of(next, DAEMON_EXIT_CONFIG));
    return false;
}

/* Before there is one to abort. What is a renewal comes again by itself. */
static void give_up_room(struct master *master, struct reload_order order, struct files_seen *seen)
{
    log_message(LOG_LEVEL_ERROR, "out of memory or descriptors: there is no room for a generation");
    if (!master->current)
        master_end(master, DAEMON_EXIT_FAILURE);
    else if (order.is_renewal)
        renewal_refused(master, order, seen, "there is no room for a generation");
    else
        refuse(master, "there is no room for a generation");
    if (!order.is_renewal)
        files_seen_free(seen);
    if (master->current)
        plan_next(master); /* begin() has stopped the timer of one that was asked for meanwhile */
}

static void begin(struct master *master, struct config *config, struct reload_order order, struct files_seen *seen)
{
    forget_retry(master);
    event_del(master->timer); /* of what was to begin in a moment: this is it, or stands in its place */
    children_sweep(master);
    master->next = deployment_new(master, config);
    if (!master->next) {
        give_up_room(master, order, seen);
        return;
    }
    master->next->is_upgrade = master->is_upgrade_due;
    master->next->order = order;
    master->next->seen = seen;
    if (!make_rights(master))
        return;
    if (!resolving_begin(master))
        reload_abort(master, DAEMON_EXIT_FAILURE, "no process can be started to resolve its names");
}

void reload_begin(struct master *master, struct config *config)
{
    begin(master, config, (struct reload_order){.is_renewal = false}, look_at_files(config));
}

void reload_renew(struct master *master, struct reload_order order, struct files_seen *seen)
{
    begin(master, config_ref(master->current->config), order, seen);
}

void reload_follow(struct master *master, struct config *config)
{
    if (!config) {
        refuse(master, "the configuration has faults");
    } else if (config->general.has_key_isolation != master->current->config->general.has_key_isolation) {
        config_free(config);
        refuse(master, "key-isolation changes with a restart alone");
    } else {
        reload_begin(master, config);
    }
}

static void load_and_follow(struct master *master)
{
    forget_retry(master);
    reload_follow(master, master->source.load(master->source.context, findings_to_log));
}

void reload_again(struct master *master)
{
    if (master->next || master->checker || master->is_upgrade_wanted) /* an upgrade loads it anew as well */
        master->is_reload_wanted = true;
    else
        load_and_follow(master);
}
