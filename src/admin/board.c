#include "admin/board_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

enum { MAGIC = 0x5a11b0ad, MAX_READ_TRIES = 1000 };

/* ---- the mapping */

/* Takes over `fd`. */
static struct board *map_file(int fd, int protection)
{
    struct board *board = memory_new(sizeof *board);
    void *at = board ? mmap(NULL, sizeof(struct board_file), protection, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (at == MAP_FAILED) {
        int error = board ? errno : ENOMEM;
        memory_free(board);
        close(fd);
        errno = error;
        return NULL;
    }
    board->file = at;
    board->fd = fd;
    return board;
}

/* Before Linux 5.1 nothing keeps others from writing: then they are only asked not to. */
static bool seal(int fd)
{
    static const int size = F_SEAL_SHRINK | F_SEAL_GROW;

    return fcntl(fd, F_ADD_SEALS, size | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0 ||
           (errno == EINVAL && fcntl(fd, F_ADD_SEALS, size | F_SEAL_SEAL) == 0);
}

static void fill_first(struct board *board, int64_t now)
{
    board->file->magic = MAGIC;
    board->file->len = sizeof *board->file;
    board->file->facts.started_at = now;
    board->file->facts.is_last_reload_good = true;
}

struct board *board_new(int64_t now)
{
    int fd = memfd_create("sallyport-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct board *board;

    if (fd < 0)
        return NULL;
    if (ftruncate(fd, (off_t)sizeof(struct board_file)) != 0) {
        close(fd);
        return NULL;
    }
    board = map_file(fd, PROT_READ | PROT_WRITE);
    if (!board)
        return NULL;
    if (!seal(fd)) {
        board_free(board);
        return NULL;
    }
    fill_first(board, now);
    return board;
}

static bool is_board(int fd)
{
    struct stat status;
    struct board_file head;
    size_t len = offsetof(struct board_file, facts);
    int seals = fcntl(fd, F_GET_SEALS);

    return seals >= 0 && seals & F_SEAL_SHRINK && fstat(fd, &status) == 0 &&
           status.st_size == (off_t)sizeof(struct board_file) && pread(fd, &head, len, 0) == (ssize_t)len &&
           head.magic == MAGIC && head.len == sizeof(struct board_file);
}

struct board *board_open(int fd)
{
    int copy;

    if (!is_board(fd)) {
        errno = EPROTO;
        return NULL;
    }
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? NULL : map_file(copy, PROT_READ);
}

void board_free(struct board *board)
{
    if (!board)
        return;
    munmap(board->file, sizeof *board->file);
    close(board->fd);
    memory_free(board);
}

struct board *board_new_after(int fd)
{
    struct board *before = board_open(fd), *board = before ? board_new(0) : NULL;
    bool is_read = board && board_read(before, &board->file->facts);
    int error = board ? EPROTO : errno;

    board_free(before);
    if (is_read)
        return board;
    board_free(board);
    errno = error;
    return NULL;
}

int board_fd(const struct board *board)
{
    return board->fd;
}

/* ---- reading */

static void copy_words(const struct board_facts *from, struct board_facts *to)
{
    const uint64_t *in = (const void *)from;
    uint64_t *out = (void *)to;

    for (size_t i = 0; i < sizeof *from / sizeof *in; i++)
        out[i] = __atomic_load_n(&in[i], __ATOMIC_RELAXED);
}

static bool read_once(const struct board_file *file, struct board_facts *out)
{
    uint64_t before = __atomic_load_n(&file->sequence, __ATOMIC_ACQUIRE);

    if (before & 1)
        return false;
    copy_words(&file->facts, out);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&file->sequence, __ATOMIC_RELAXED) == before;
}

static void bound_certificates(struct board_certificates *certificates)
{
    if (certificates->count > MAX_BOARD_CERTIFICATES)
        certificates->count = MAX_BOARD_CERTIFICATES;
    for (size_t i = 0; i < certificates->count; i++) {
        struct board_certificate *one = &certificates->list[i];
        one->listener[sizeof one->listener - 1] = one->file[sizeof one->file - 1] = 0;
        one->name[sizeof one->name - 1] = one->serial[sizeof one->serial - 1] = 0;
    }
    if (certificates->crl_count > MAX_BOARD_CRLS)
        certificates->crl_count = MAX_BOARD_CRLS;
    for (size_t i = 0; i < certificates->crl_count; i++)
        certificates->crls[i].listener[MAX_BOARD_NAME_LEN - 1] = 0;
}

/* So that a reader can rely on what the types promise, whoever wrote. */
static void bound(struct board_facts *facts)
{
    if (facts->slot_count > MAX_COUNTER_SLOTS)
        facts->slot_count = MAX_COUNTER_SLOTS;
    for (size_t i = 0; i < MAX_COUNTED_LISTENERS; i++)
        facts->listeners[i][MAX_BOARD_NAME_LEN - 1] = 0;
    for (size_t i = 0; i < MAX_COUNTED_SERVERS; i++)
        facts->servers[i].backend[MAX_BOARD_NAME_LEN - 1] = facts->servers[i].server[MAX_BOARD_SERVER_LEN - 1] = 0;
    for (size_t i = 0; i < MAX_COUNTED_PROTOCOLS; i++)
        facts->protocols[i][MAX_BOARD_PROTOCOL_LEN - 1] = 0;
    bound_certificates(&facts->certificates);
}

bool board_read(const struct board *board, struct board_facts *out)
{
    bool is_whole = false;

    for (int i = 0; i < MAX_READ_TRIES && !is_whole; i++)
        is_whole = read_once(board->file, out);
    bound(out);
    return is_whole;
}

/* ---- writing */

static void move_sequence(struct board *board)
{
    __atomic_store_n(&board->file->sequence, board->file->sequence + 1, __ATOMIC_RELAXED);
}

void board_begin(struct board *board)
{
    if (board->depth++ > 0)
        return;
    move_sequence(board);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the odd number first, then the change */
}

void board_end(struct board *board)
{
    if (--board->depth > 0)
        return;
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* the change first, then the even number */
    move_sequence(board);
}

struct board_facts *board_change(struct board *board)
{
    board_begin(board);
    return &board->file->facts;
}

void board_set_state(struct board *board, enum board_state state)
{
    board_change(board)->state = state;
    board_end(board);
}

void board_applied(struct board *board, uint64_t generation, int64_t now)
{
    struct board_facts *facts = board_change(board);

    facts->reloads_applied += facts->loaded_at != 0;
    facts->generation = generation;
    facts->is_last_reload_good = true;
    facts->loaded_at = now;
    facts->certificates.count = facts->certificates.left_out = facts->certificates.crl_count = 0;
    board_end(board);
}

void board_set_certificates(struct board *board, const struct board_certificates *certificates)
{
    struct board_facts *facts = board_change(board);

    facts->certificates = *certificates;
    bound_certificates(&facts->certificates);
    board_end(board);
}

void board_refused(struct board *board)
{
    struct board_facts *facts = board_change(board);

    facts->reloads_refused++;
    facts->is_last_reload_good = false;
    board_end(board);
}

void board_set_ticket_keys(struct board *board, uint64_t issues, int64_t file_time)
{
    struct board_facts *facts = board_change(board);

    facts->ticket_key_issues = issues;
    facts->ticket_key_file_time = file_time;
    board_end(board);
}

void board_process_started(struct board *board, enum board_role role)
{
    struct board_processes *processes = &board_change(board)->processes[role];

    processes->alive++;
    processes->started++;
    board_end(board);
}

void board_process_ended(struct board *board, enum board_role role, enum board_process_end end)
{
    struct board_processes *processes = &board_change(board)->processes[role];

    processes->alive -= processes->alive > 0;
    processes->crashed += end == BOARD_PROCESS_CRASHED;
    board_end(board);
}

void board_process_took(struct board *board, enum board_role role, uint64_t more)
{
    board_change(board)->processes[role].cpu += more;
    board_end(board);
}

void board_process_holds(struct board *board, enum board_role role, uint64_t resident)
{
    board_change(board)->processes[role].resident = resident;
    board_end(board);
}

bool board_take_slot(struct board *board, size_t slots, size_t *slot)
{
    struct board_facts *facts = &board->file->facts;

    for (*slot = 0; *slot < slots && *slot < MAX_COUNTER_SLOTS; ++*slot) {
        if (facts->is_slot_live[*slot])
            continue;
        board_begin(board);
        facts->is_slot_live[*slot] = true;
        if (facts->slot_count <= *slot)
            facts->slot_count = *slot + 1;
        board_end(board);
        return true;
    }
    return false;
}

void board_leave_slot(struct board *board, size_t slot)
{
    board_change(board)->is_slot_live[slot] = false;
    board_end(board);
}
