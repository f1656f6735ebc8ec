#include "daemon/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/secret.h"
#include "daemon/findings.h"
#include "daemon/rights_settings.h"
#include "daemon/upgrade_state.h"

/* ---- leaving: what there is, in a file, and its descriptors kept open */

static struct state_socket note_socket(const struct listen_socket *sock, bool is_passed)
{
    struct state_socket out = {
        .address = sock->address, .listen = (uint32_t)sock->listen, .is_passed = is_passed, .fd = sock->fd};

    memcpy(out.name, sock->name, sizeof out.name);
    return out;
}

static struct listen_socket adopt_socket(const struct state_socket *sock)
{
    struct listen_socket out = {.address = sock->address, .listen = sock->listen, .fd = sock->fd};

    memcpy(out.name, sock->name, sizeof out.name);
    return out;
}

/* Those that are served, and those that the service manager has passed, of which a later reload may name one. */
static bool note_sockets(const struct master *master, struct upgrade_state *state)
{
    static const struct listen_sockets none = {NULL, 0};
    const struct listen_sockets *served = master->current->sockets, *passed = master->passed ? master->passed : &none;
    size_t count = served->count + passed->count;

    state->sockets = count <= MAX_STATE_SOCKETS ? memory_new_array(count + 1, sizeof *state->sockets) : NULL;
    if (!state->sockets)
        return false;
    for (size_t i = 0; i < served->count; i++)
        state->sockets[state->socket_count++] = note_socket(&served->sockets[i], false);
    for (size_t i = 0; i < passed->count; i++)
        state->sockets[state->socket_count++] = note_socket(&passed->sockets[i], true);
    return true;
}

static void note_children(const struct master *master, struct upgrade_state *state)
{
    for (size_t i = 0; i < master->child_count; i++) {
        const struct child *child = master->children[i];
        if (child->pid)
            state->children[state->child_count++] = (struct state_child){
                .role = child->role,
                .number = child->number,
                .generation = child->generation,
                .serving = child->serving,
                .drain_timeout = child->drain_timeout,
                .is_leaving = child->is_leaving,
                .is_confined = child->is_confined,
                .words_due = child->words_due,
                .asks = child->asks,
                .is_asking_in_vain = child->is_asking_in_vain,
                .key_wire = child->key_wire,
                .pings = child->pings,
                .slot = child->slot,
                .pid = child->pid,
                .control = child->control,
            };
    }
}

static void note_counters(const struct master *master, struct upgrade_state *state)
{
    int fd;

    while (state->counters_count < MAX_COUNTER_SLOTS &&
           (fd = counters_map_fd(master->sight.counters, state->counters_count)) >= 0)
        state->counters[state->counters_count++] = fd;
}

static bool note_all(const struct master *master, struct upgrade_state *state)
{
    const struct deployment *current = master->current;

    *state = (struct upgrade_state){
        .last_number = master->last_number,
        .current = current->number,
        .public = current->files.public,
        .secret = current->files.secret,
        .earlier_secret = current->earlier_secret,
        .board = board_fd(master->sight.board),
        .admin = current->admin,
        .worker_count = (uint32_t)current->worker_count,
        .keyholder_count = (uint32_t)current->keyholder_count,
        .is_filtered = master->is_filtered,
        .tickets = master->tickets.in_force,
    };
    note_counters(master, state);
    note_children(master, state);
    return note_sockets(master, state);
}

/* -1: no memory, or no descriptor. */
static int write_state(const struct upgrade_state *state)
{
    uint8_t *storage = memory_new(MAX_STATE_LEN);
    struct writer w = writer_of(storage, storage ? MAX_STATE_LEN : 0);
    int fd = memfd_create("sallyport upgrade", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    upgrade_state_write(state, &w);
    if (fd >= 0 && (!writer_ok(&w) || write(fd, storage, w.len) != (ssize_t)w.len ||
                    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)) {
        close(fd);
        fd = -1;
    }
    if (storage)
        memory_wipe(storage, MAX_STATE_LEN); /* the root of the ticket keys */
    memory_free(storage);
    return fd;
}

static void keep_open(int fd, bool is_kept)
{
    if (fd >= 0)
        (void)fcntl(fd, F_SETFD, is_kept ? 0 : FD_CLOEXEC); /* cannot fail on an open one */
}

static void keep_all_open(const struct upgrade_state *state, int state_fd, bool is_kept)
{
    keep_open(state_fd, is_kept);
    keep_open(state->public, is_kept);
    keep_open(state->secret, is_kept);
    keep_open(state->earlier_secret, is_kept);
    keep_open(state->board, is_kept);
    for (size_t i = 0; i < state->counters_count; i++)
        keep_open(state->counters[i], is_kept);
    for (size_t i = 0; i < state->admin.count; i++)
        keep_open(state->admin.fds[i], is_kept);
    for (size_t i = 0; i < state->socket_count; i++)
        keep_open(state->sockets[i].fd, is_kept);
    for (size_t i = 0; i < state->child_count; i++)
        keep_open(state->children[i].control, is_kept);
}

static bool set_environment(int fd)
{
    char number[16];

    snprintf(number, sizeof number, "%d", fd);
    return setenv(UPGRADE_ENVIRONMENT, number, 1) == 0;
}

/* ---- the check */

enum { NOT_EXECUTED = 127 }; /* as of a shell, and of ld.so(8) where a library is missing */

static void refuse(const char *reason)
{
    log_message(LOG_LEVEL_ERROR, "SIGUSR2: %s; nothing has changed", reason);
}

static bool is_busy(const struct master *master)
{
    return master->next || children_are_building(master);
}

static bool can_upgrade(const struct master *master)
{
    return master->current && !master->is_stopping && master->source.arguments;
}

/* Also a reload that was asked for meanwhile had to wait. */
static void give_up(struct master *master, const char *reason)
{
    refuse(reason);
    if (master->is_reload_wanted && !master->next && !master_set_timer(master, 0))
        log_message(LOG_LEVEL_ERROR, "out of memory: the next reload does not begin by itself");
}

static void put_off(struct master *master)
{
    log_message(LOG_LEVEL_NOTICE, "SIGUSR2: as soon as the reload that goes on is over");
    master->is_upgrade_wanted = true;
}

/* The arguments of this process, and -t. NULL: no memory. */
static char **arguments_to_check(char *const *arguments)
{
    static char check[] = "-t";
    size_t count = 0;
    char **out;

    while (arguments[count])
        count++;
    out = memory_new_array(count + 2, sizeof *out);
    if (!out)
        return NULL;
    memcpy(out, arguments, count * sizeof *out);
    out[count] = check;
    return out;
}

/* What it says of a good configuration is not asked for; what it says of faults is. */
static _Noreturn void become_checker(char **arguments, int state_fd)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    spawn_end_with_parent();
    spawn_unblock_signals();
    keep_open(state_fd, true);
    if (nowhere >= 0 && dup2(nowhere, STDOUT_FILENO) == STDOUT_FILENO && set_environment(state_fd))
        execv(spawn_path(), arguments);
    log_message(LOG_LEVEL_ERROR, "SIGUSR2: %s cannot be executed: %m", spawn_path());
    _exit(NOT_EXECUTED);
}

static pid_t start_checker(const struct master *master, int state_fd)
{
    char **arguments = arguments_to_check(master->source.arguments);
    pid_t pid = arguments ? spawn_fork() : -1;

    if (pid == 0)
        become_checker(arguments, state_fd);
    memory_free(arguments);
    return pid;
}

static void check(struct master *master)
{
    struct upgrade_state state;
    int fd = note_all(master, &state) ? write_state(&state) : -1;

    log_message(LOG_LEVEL_NOTICE, "SIGUSR2: checking %s", spawn_path());
    upgrade_state_free(&state);
    master->checker = fd >= 0 ? start_checker(master, fd) : -1;
    master->checker_began = master_now();
    if (fd >= 0)
        close(fd);
    if (master->checker > 0)
        return;
    master->checker = 0;
    give_up(master, "no process can be started to check the new binary");
}

/* Where the package was removed, or is just being unpacked. */
static bool is_there(struct master *master)
{
    char reason[PATH_MAX + 64];

    if (access(spawn_path(), X_OK) == 0)
        return true;
    snprintf(reason, sizeof reason, "there is no program at '%s' (%s)", spawn_path(), strerror(errno));
    give_up(master, reason);
    return false;
}

void upgrade_begin(struct master *master)
{
    master->is_upgrade_wanted = false;
    if (!can_upgrade(master) || master->checker)
        refuse(master->checker ? "it is being checked already" : "it is only starting, or stopping");
    else if (is_busy(master))
        put_off(master);
    else if (is_there(master))
        check(master);
}

static void end_late_checker(struct master *master, uint64_t now)
{
    uint64_t since = master->checker_began > master->watched_from ? master->checker_began : master->watched_from;
    uint64_t patience = master_build_time(master);

    if (now < since || now - since <= patience)
        return;
    log_message(LOG_LEVEL_ERROR,
                "SIGUSR2: the new binary takes longer than %llu s to check its configuration: killing it",
                (unsigned long long)(patience / 1000000));
    (void)kill(master->checker, SIGKILL); /* a child that was not reaped: it is there */
    master->checker_began = now;
}

void upgrade_look(struct master *master, uint64_t now)
{
    if (master->checker)
        end_late_checker(master, now);
    else if (master->is_upgrade_wanted && !is_busy(master))
        upgrade_begin(master);
}

/* ---- leaving */

/* Comes back only when it failed. Signals that come in between stay pending: they are blocked (signals.h). */
static void execute(struct master *master)
{
    struct upgrade_state state;
    int fd = note_all(master, &state) ? write_state(&state) : -1;

    if (fd >= 0 && set_environment(fd)) {
        keep_all_open(&state, fd, true);
        execv(spawn_path(), master->source.arguments);
        keep_all_open(&state, fd, false);
    }
    give_up(master, "the new binary cannot be executed");
    (void)unsetenv(UPGRADE_ENVIRONMENT);
    if (fd >= 0)
        close(fd);
    upgrade_state_free(&state);
}

/* What it had to say of a fault it has said. */
static void tell_failed_check(struct master *master, int status)
{
    char reason[96];

    if (WIFSIGNALED(status))
        snprintf(reason, sizeof reason, "the new binary was ended by SIG%s while it checked its configuration",
                 sigabbrev_np(WTERMSIG(status)));
    else if (WEXITSTATUS(status) == NOT_EXECUTED)
        snprintf(reason, sizeof reason, "the new binary cannot be executed");
    else if (WEXITSTATUS(status) == DAEMON_EXIT_CONFIG)
        snprintf(reason, sizeof reason, "the new binary refuses its configuration (status %d)", DAEMON_EXIT_CONFIG);
    else
        snprintf(reason, sizeof reason, "the check of the new binary ended with status %d", WEXITSTATUS(status));
    give_up(master, reason);
}

void upgrade_checked(struct master *master, int status)
{
    master->checker = 0;
    if (!can_upgrade(master))
        refuse("it was asked to stop meanwhile");
    else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        tell_failed_check(master, status);
    else if (is_busy(master))
        put_off(master);
    else
        execute(master);
}

/* ---- arriving */

bool upgrade_is_one(void)
{
    return getenv(UPGRADE_ENVIRONMENT) != NULL;
}

static bool read_from(int fd, struct upgrade_state *state)
{
    struct stat status;
    bool is_ok;
    void *at;

    if (fstat(fd, &status) != 0 || !(fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE) || status.st_size <= 0 ||
        status.st_size > MAX_STATE_LEN)
        return false;
    at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return false;
    is_ok = upgrade_state_read(bytes_of(at, (size_t)status.st_size), state);
    munmap(at, (size_t)status.st_size);
    return is_ok;
}

/* The variable is gone afterwards: no child is to find it. */
static bool read_state(struct upgrade_state *state)
{
    const char *text = getenv(UPGRADE_ENVIRONMENT);
    int fd = text ? atoi(text) : -1;
    bool is_ok;

    *state = (struct upgrade_state){.last_number = 0};
    (void)unsetenv(UPGRADE_ENVIRONMENT);
    if (fd <= STDERR_FILENO)
        return false;
    is_ok = read_from(fd, state);
    close(fd);
    return is_ok;
}

const char *daemon_takeover_fault(const struct config *config)
{
    struct upgrade_state state;
    const char *fault = NULL;

    if (!upgrade_is_one())
        return NULL;
    if (!read_state(&state))
        fault = "what that leaves behind is unknown here: it has to be restarted";
    else if (config->general.has_key_isolation != (state.keyholder_count > 0))
        fault = "key-isolation changes with a restart alone";
    upgrade_state_free(&state);
    return fault;
}

/* NULL: no memory. */
static struct listen_sockets *adopt_sockets(const struct upgrade_state *state, bool is_passed)
{
    struct listen_sockets *sockets = memory_new(sizeof *sockets);

    if (sockets)
        sockets->sockets = memory_new_array(state->socket_count + 1, sizeof *sockets->sockets);
    if (!sockets || !sockets->sockets) {
        memory_free(sockets);
        return NULL;
    }
    for (size_t i = 0; i < state->socket_count; i++)
        if (state->sockets[i].is_passed == is_passed)
            sockets->sockets[sockets->count++] = adopt_socket(&state->sockets[i]);
    return sockets;
}

/* Warnings the reload that follows has, with their places; here the lines are those of a text that nobody wrote. */
static struct config *adopt_config(const struct generation_files *files)
{
    struct generation_files public_alone = {files->public, -1};
    const char *fault;
    struct generation *generation = generation_open(&public_alone, &fault);
    struct config *config = generation ? generation_config(generation, faults_to_log) : NULL;

    generation_free(generation);
    return config;
}

/* For who is started anew before the next generation. A user that is gone meanwhile nobody becomes: told of as well. */
static void adopt_rights(struct deployment *deployment)
{
    if (!rights_settings_make(&deployment->config->general, findings_to_nobody, deployment->rights))
        memset(deployment->rights, 0, sizeof deployment->rights);
}

static struct deployment *adopt_deployment(const struct upgrade_state *state)
{
    struct deployment *deployment = memory_new(sizeof *deployment);

    if (!deployment)
        return NULL;
    *deployment = (struct deployment){
        .number = state->current,
        .files = {state->public, state->secret},
        .earlier_secret = state->earlier_secret,
        .admin = state->admin,
        .worker_count = state->worker_count,
        .keyholder_count = state->keyholder_count,
    };
    deployment->config = adopt_config(&deployment->files);
    deployment->sockets = deployment->config ? adopt_sockets(state, false) : NULL;
    if (deployment->sockets) {
        adopt_rights(deployment);
        deployment_hold(deployment);
        return deployment;
    }
    deployment_free(deployment);
    return NULL;
}

/* Before it the children of the last binary: where they count is known by the same numbers, or not at all. */
static bool adopt_sight(struct master *master, struct upgrade_state *state)
{
    bool is_same = false;

    if (!sight_adopt(&master->sight, state->board, state->counters, state->counters_count, &is_same))
        return false;
    for (size_t i = 0; !is_same && i < state->child_count; i++) {
        state->children[i].slot = NO_SLOT;
        board_process_started(master->sight.board, (enum board_role)state->children[i].role);
    }
    return true;
}

/* How long one may take to leave is told by the others: once all of them are there. */
static void spare_children(struct master *master)
{
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->is_leaving)
            hung_spare_leaving(child);
        else
            hung_spare(child, 0);
    }
}

static bool adopt_children(struct master *master, const struct upgrade_state *state)
{
    for (size_t i = 0; i < state->child_count; i++)
        if (!children_adopt(master, &state->children[i]))
            return false;
    spare_children(master);
    if (!children_adopt_missing(master))
        log_message(LOG_LEVEL_ERROR, "out of memory or places: fewer processes than wanted are there");
    return true;
}

bool upgrade_adopt(struct master *master)
{
    struct upgrade_state state;
    bool is_ok = read_state(&state);

    if (is_ok) {
        keep_all_open(&state, -1, false);
        master->last_number = state.last_number;
        master->tickets.in_force = state.tickets;
        master->is_filtered = state.is_filtered;
        master->passed = adopt_sockets(&state, true);
        master->current = adopt_deployment(&state);
        is_ok = master->passed && master->current &&
                unix_backends_add(&master->unix_backends, master->current->config) && adopt_sight(master, &state) &&
                adopt_children(master, &state);
    }
    if (is_ok)
        sight_renew_admin(master); /* the one that is there reads a board that nobody writes any more */
    if (is_ok) {
        resolving_adopt(master);
        tickets_turn(master);
    }
    upgrade_state_free(&state);
    if (!is_ok)
        log_message(LOG_LEVEL_ERROR, "what the last binary left behind cannot be taken over");
    return is_ok;
}
