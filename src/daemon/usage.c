#include "daemon/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "daemon/master.h"
#include "daemon/upgrade.h"

enum { STATM_LEN = 128, PROCESS_ITSELF = 0 };

/* -1: it is not to be seen. */
static int open_memory(pid_t pid)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* ---- what one process takes */

/* Microseconds. What cannot be read is as before. */
static uint64_t cpu_of(pid_t pid, uint64_t before)
{
    struct timespec spent;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &spent) != 0)
        return before;
    return (uint64_t)spent.tv_sec * 1000000 + (uint64_t)spent.tv_nsec / 1000;
}

/* proc_pid_statm(5): sizes in pages, the second of them what is resident. 0: it is not known. */
static uint64_t resident_of(int fd)
{
    char text[STATM_LEN];
    ssize_t len = fd >= 0 ? pread(fd, text, sizeof text - 1, 0) : 0;
    unsigned long long pages = 0;

    text[len > 0 ? len : 0] = 0;
    if (sscanf(text, "%*u %llu", &pages) != 1)
        return 0;
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* How much more than was told; a clock that went back tells of nothing. */
static uint64_t more_than_told(uint64_t cpu, uint64_t *told)
{
    uint64_t more = cpu > *told ? cpu - *told : 0;

    *told += more;
    return more;
}

/* ---- the master's side */

void usage_begin(struct master *master)
{
    master->memory = open_memory(getpid());
    master->cpu_told = upgrade_is_one() ? cpu_of(PROCESS_ITSELF, 0) : 0;
}

void usage_adopt(struct child *child)
{
    child->cpu_told = cpu_of(child->pid, 0);
    child->memory = open_memory(child->pid);
}

void usage_born(struct child *child)
{
    child->memory = open_memory(child->pid);
}

static void look_at_role(struct master *master, enum process_role role)
{
    uint64_t more = 0, resident = 0;

    if (role == PROCESS_MASTER) {
        more = more_than_told(cpu_of(PROCESS_ITSELF, master->cpu_told), &master->cpu_told);
        resident = resident_of(master->memory);
    }
    for (size_t i = 0; i < master->child_count; i++) {
        struct child *child = master->children[i];
        if (child->role != role || !child->pid)
            continue;
        more += more_than_told(cpu_of(child->pid, child->cpu_told), &child->cpu_told);
        resident += resident_of(child->memory);
    }
    board_process_took(master->sight.board, (enum board_role)role, more);
    board_process_holds(master->sight.board, (enum board_role)role, resident);
}

void usage_look(struct master *master)
{
    if (!master->sight.board)
        return;
    board_begin(master->sight.board);
    for (int role = 0; role < PROCESS_ROLES; role++)
        look_at_role(master, (enum process_role)role);
    board_end(master->sight.board);
}

static uint64_t microseconds(const struct timeval *time)
{
    return (uint64_t)time->tv_sec * 1000000 + (uint64_t)time->tv_usec;
}

/* The next process in its place begins anew. */
void usage_ended(struct child *child, const struct rusage *all)
{
    uint64_t cpu = microseconds(&all->ru_utime) + microseconds(&all->ru_stime);

    board_process_took(child->master->sight.board, (enum board_role)child->role, more_than_told(cpu, &child->cpu_told));
    child->cpu_told = 0;
    if (child->memory >= 0)
        close(child->memory);
    child->memory = -1;
}
