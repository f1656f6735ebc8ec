#include "daemon/sight.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/admin_sockets.h"
#include "base/alloc.h"
#include "base/log.h"
#include "daemon/findings.h"
#include "daemon/master.h"

/* As many as there can be at once: those of an upgrade beside those of the binary before. */
enum { SLOTS = 2 * MAX_WORKERS };
_Static_assert((int)SLOTS <= (int)MAX_COUNTER_SLOTS, "each worker has one");

static void show_slots(struct child *admin, size_t from);

/* Two names for the same: src/admin knows nothing of this folder. */
_Static_assert((int)BOARD_MASTER == (int)PROCESS_MASTER && (int)BOARD_WORKER == (int)PROCESS_WORKER &&
                   (int)BOARD_KEYHOLDER == (int)PROCESS_KEYHOLDER && (int)BOARD_ADMIN == (int)PROCESS_ADMIN &&
                   (int)BOARD_RESOLVER == (int)PROCESS_RESOLVER && (int)BOARD_ROLES == (int)PROCESS_ROLES,
               "a role of the board is a role of a process");

static int64_t now(void)
{
    return (int64_t)time(NULL);
}

/* ---- what is shared */

bool sight_open(struct sight *sight)
{
    sight->board = board_new(now());
    sight->counters = counters_map_new();
    if (!sight->board || !sight->counters)
        return false;
    board_process_started(sight->board, BOARD_MASTER);
    return true;
}

static bool add_all(struct counters_map *map, const int *fds, size_t count)
{
    bool is_ok = true;

    for (size_t slot = 0; slot < count; slot++)
        is_ok = counters_map_add(map, slot, fds[slot]) && is_ok;
    return is_ok;
}

bool sight_adopt(struct sight *sight, int board, const int *counters, size_t count, bool *is_same)
{
    sight->counters = counters_map_new();
    if (!sight->counters)
        return false;
    sight->board = add_all(sight->counters, counters, count) ? board_new_after(board) : NULL;
    close(board);
    *is_same = sight->board != NULL;
    if (*is_same)
        return true;
    sight_close(sight);
    return sight_open(sight);
}

void sight_close(struct sight *sight)
{
    board_free(sight->board);
    counters_map_free(sight->counters);
    *sight = (struct sight){NULL, NULL};
}

void sight_log_counters(const struct sight *sight)
{
    struct counters *sum = memory_new(sizeof *sum);

    if (!sum)
        return;
    for (size_t slot = 0; slot < SLOTS; slot++)
        if (counters_map_look(sight->counters, slot))
            counters_add(sum, counters_map_look(sight->counters, slot));
    counters_log(sum);
    memory_free(sum);
}

struct board_certificates *sight_certificates_new(void)
{
    void *at = mmap(NULL, sizeof(struct board_certificates), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

void sight_certificates_free(struct board_certificates *certificates)
{
    if (certificates)
        munmap(certificates, sizeof *certificates);
}

/* ---- processes */

/* Where a worker counts, and what names its listeners have there; what the admin process shows. */
static void send_sight(struct child *child)
{
    const struct sight *sight = &child->master->sight;
    struct control_message message = {.type = CONTROL_SIGHT, .fds = {board_fd(sight->board)}, .fd_count = 1};

    if (child->slot != NO_SLOT)
        message.fds[message.fd_count++] = counters_map_fd(sight->counters, (size_t)child->slot);
    children_tell(child, &message);
}

static void show_to_all(const struct master *master, size_t slot)
{
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->role == PROCESS_ADMIN && master->children[i]->pid)
            show_slots(master->children[i], slot);
}

/* Without a place it counts for itself, and nobody sees it. */
static void find_slot(struct child *worker)
{
    const struct sight *sight = &worker->master->sight;
    bool is_new;
    size_t slot;

    if (!board_take_slot(sight->board, SLOTS, &slot))
        return;
    is_new = !counters_map_look(sight->counters, slot);
    if (!counters_map_make(sight->counters, slot)) {
        log_message(LOG_LEVEL_ERROR, "what worker %u counts is not seen: %m", worker->number);
        board_leave_slot(sight->board, slot);
        return;
    }
    worker->slot = (int)slot;
    if (is_new)
        show_to_all(worker->master, slot);
}

void sight_process_began(struct child *child)
{
    board_process_started(child->master->sight.board, (enum board_role)child->role);
    child->slot = NO_SLOT;
    if (child->role == PROCESS_WORKER)
        find_slot(child);
    if (child->role == PROCESS_ADMIN || child->slot != NO_SLOT)
        send_sight(child);
    if (child->role == PROCESS_ADMIN)
        show_slots(child, 0);
}

void sight_process_ended(struct child *child, bool was_told)
{
    struct board *board = child->master->sight.board;

    board_process_ended(board, (enum board_role)child->role, was_told ? BOARD_PROCESS_TOLD : BOARD_PROCESS_CRASHED);
    if (child->slot != NO_SLOT)
        board_leave_slot(board, (size_t)child->slot);
    child->slot = NO_SLOT;
}

/* ---- the admin process */

static void open_slots(const struct counters_map *map, struct control_message *message)
{
    while (message->fd_count < MAX_CONTROL_FDS) {
        size_t slot = message->number + message->fd_count;
        int fd = counters_map_look(map, slot) ? counters_map_open_to_read(map, slot) : -1;
        if (fd < 0 && counters_map_look(map, slot))
            log_message(LOG_LEVEL_ERROR, "what worker processes count is not shown: %m");
        if (fd < 0)
            return;
        message->fds[message->fd_count++] = fd;
    }
}

/* Those from there on that have a file: they have it in their order, without a gap. To be read alone. */
static void show_slots(struct child *admin, size_t from)
{
    struct control_message message = {.type = CONTROL_COUNTERS, .number = (uint16_t)from};

    do {
        message.number = (uint16_t)(message.number + message.fd_count);
        message.fd_count = 0;
        open_slots(admin->master->sight.counters, &message);
        if (message.fd_count > 0)
            children_tell(admin, &message);
        for (size_t i = 0; i < message.fd_count; i++)
            close(message.fds[i]);
    } while (message.fd_count == MAX_CONTROL_FDS);
}

static void log_address(const struct child *admin, const struct socket_address *address)
{
    char text[ADDRESS_TEXT_LEN];
    struct log_line line;

    address_format(&address->any, address->len, text);
    log_begin(&line, LOG_LEVEL_NOTICE, "admin");
    log_text(&line, "address", text);
    log_number(&line, "pid", admin->pid);
    log_end(&line);
}

void sight_offer(struct child *admin, const struct deployment *deployment)
{
    const struct admin_sockets *sockets = &deployment->admin;
    struct control_message message = {.type = CONTROL_SOCKETS,
                                      .generation = deployment->number,
                                      .count = (uint8_t)sockets->count,
                                      .fd_count = sockets->count};

    for (size_t i = 0; i < sockets->count; i++) {
        message.fds[i] = sockets->fds[i];
        log_address(admin, &sockets->addresses[i]);
    }
    children_tell(admin, &message);
}

static void dismiss(struct child *admin)
{
    admin->is_leaving = true;
    event_del(admin->respawn);
    children_hang_up(admin); /* on which it ends */
    hung_spare_leaving(admin);
}

void sight_renew_admin(struct master *master)
{
    for (size_t i = 0; i < master->child_count; i++)
        if (master->children[i]->role == PROCESS_ADMIN && !master->children[i]->is_leaving)
            dismiss(master->children[i]);
    if (master->current->admin.count > 0 && !children_add(master, PROCESS_ADMIN, 1, 0))
        log_message(LOG_LEVEL_ERROR, "there is nobody to answer on the addresses of [admin]");
}

/* ---- configurations */

bool sight_prepare(struct master *master)
{
    const struct admin_sockets *old = master->current ? &master->current->admin : NULL;

    if (!admin_sockets_open(&master->next->admin, &master->next->config->admin, old, findings_to_log))
        return false;
    master->next->names_before = board_add_names(master->sight.board, master->next->config);
    master->next->has_names = true;
    return true;
}

/* Of files the first one seals; one that is changed is not used before the next reload, which comes by here. */
static void show_ticket_keys(struct board *board, const struct config_general *general)
{
    struct stat status;
    bool has_files = general->ticket_keys.count > 0;
    bool is_known = has_files && stat(general->ticket_keys.values[0].text, &status) == 0;

    board_set_ticket_keys(board, has_files ? 0 : general->ticket_key_issues / 1000000,
                          is_known ? (int64_t)status.st_mtime : 0);
}

static void set_mode(const struct deployment *current)
{
    if (!admin_sockets_set_mode(&current->admin, (mode_t)current->config->admin.mode))
        log_message(LOG_LEVEL_ERROR, "[admin] mode = %o is not set: %m", (unsigned)current->config->admin.mode);
}

void sight_applied(struct master *master)
{
    struct board *board = master->sight.board;

    set_mode(master->current);

    board_begin(board);
    board_applied(board, master->current->number, now());
    if (master->current->certificates)
        board_set_certificates(board, master->current->certificates);
    show_ticket_keys(board, &master->current->config->general);
    board_set_state(board, BOARD_READY);
    board_end(board);
    if (!master->current->is_admin_kept)
        sight_renew_admin(master);
}

void sight_forget(const struct sight *sight, const struct deployment *refused)
{
    if (refused->has_names)
        board_forget_names(sight->board, refused->names_before);
}

void sight_give_up(struct deployment *unused, const struct deployment *current)
{
    admin_sockets_close(&unused->admin, current ? &current->admin : NULL);
}

/* Where the addresses are the same the admin process goes on: whoever reads from it is not cut off. */
void sight_leave_to(struct deployment *old, struct deployment *fresh)
{
    fresh->is_admin_kept = admin_sockets_are_same(&old->admin, &fresh->admin);
    admin_sockets_close(&old->admin, &fresh->admin);
}
