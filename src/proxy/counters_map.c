#include "proxy/counters_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

enum { MAGIC = 0x5a11c048, PAGE_LEN = 4096 };

/* Of a file, on a page of its own. A build that counts something else has other sizes, and a reader of the other build
 * says so. */
struct header {
    uint32_t magic, page_len;
    uint64_t slot_len;
    uint64_t row_count; /* of counters.def; with the number of reasons it stands for what the rows mean */
    uint64_t why_count;
};

enum { ROW_COUNT = offsetof(struct counters, ended_by_why) / sizeof(uint64_t) };
enum { SLOT_LEN = (sizeof(struct counters) + PAGE_LEN - 1) / PAGE_LEN * PAGE_LEN, FILE_LEN = PAGE_LEN + SLOT_LEN };

static const struct header own_header = {MAGIC, PAGE_LEN, SLOT_LEN, ROW_COUNT, WHY_COUNT};

struct counters_map {
    struct {
        const struct counters *at; /* NULL: there is no file */
        int fd;
    } slots[MAX_COUNTER_SLOTS];
};

/* ---- a file */

/* A reader of a file that shrinks under it is killed by SIGBUS: so it must never be able to. */
static int make_file(void)
{
    int fd = memfd_create("sallyport-counters", MFD_CLOEXEC | MFD_ALLOW_SEALING), error;

    if (fd < 0)
        return -1;
    if (ftruncate(fd, FILE_LEN) == 0 && pwrite(fd, &own_header, sizeof own_header, 0) == (ssize_t)sizeof own_header &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static bool is_ours(int fd)
{
    struct header header;
    struct stat status;
    int seals = fcntl(fd, F_GET_SEALS);

    return seals >= 0 && seals & F_SEAL_SHRINK && fstat(fd, &status) == 0 && status.st_size == FILE_LEN &&
           pread(fd, &header, sizeof header, 0) == (ssize_t)sizeof header &&
           memcmp(&header, &own_header, sizeof header) == 0;
}

/* The counters, behind the header's page. */
static void *map_file(int fd, int protection)
{
    void *at;

    if (!is_ours(fd)) {
        errno = EPROTO;
        return NULL;
    }
    at = mmap(NULL, SLOT_LEN, protection, MAP_SHARED, fd, PAGE_LEN);
    return at == MAP_FAILED ? NULL : at;
}

/* ---- all of them */

struct counters_map *counters_map_new(void)
{
    return memory_new(sizeof(struct counters_map));
}

void counters_map_free(struct counters_map *map)
{
    for (size_t slot = 0; map && slot < MAX_COUNTER_SLOTS; slot++)
        if (map->slots[slot].at) {
            munmap((void *)(uintptr_t)map->slots[slot].at, SLOT_LEN);
            if (map->slots[slot].fd >= 0)
                close(map->slots[slot].fd);
        }
    memory_free(map);
}

bool counters_map_add(struct counters_map *map, size_t slot, int fd)
{
    const struct counters *at = NULL;
    int error = EPROTO;

    if (slot < MAX_COUNTER_SLOTS && !map->slots[slot].at) {
        at = map_file(fd, PROT_READ);
        error = errno;
    }
    if (at) {
        map->slots[slot].at = at;
        map->slots[slot].fd = fd;
        return true;
    }
    if (fd >= 0)
        close(fd);
    errno = error;
    return false;
}

bool counters_map_add_to_read(struct counters_map *map, size_t slot, int fd)
{
    if (!counters_map_add(map, slot, fd))
        return false;
    close(fd);
    map->slots[slot].fd = -1;
    return true;
}

bool counters_map_make(struct counters_map *map, size_t slot)
{
    int fd;

    if (slot < MAX_COUNTER_SLOTS && map->slots[slot].at)
        return true;
    fd = make_file();
    return fd >= 0 && counters_map_add(map, slot, fd);
}

int counters_map_fd(const struct counters_map *map, size_t slot)
{
    return slot < MAX_COUNTER_SLOTS && map->slots[slot].at ? map->slots[slot].fd : -1;
}

/* A seal against writing would be one against the next writer, too: so it is opened anew. */
int counters_map_open_to_read(const struct counters_map *map, size_t slot)
{
    char path[40];

    snprintf(path, sizeof path, "/proc/self/fd/%d", counters_map_fd(map, slot));
    return open(path, O_RDONLY | O_CLOEXEC);
}

const struct counters *counters_map_look(const struct counters_map *map, size_t slot)
{
    return slot < MAX_COUNTER_SLOTS ? map->slots[slot].at : NULL;
}

/* ---- its writer */

struct counters *counters_take(int fd)
{
    struct counters *counters = map_file(fd, PROT_READ | PROT_WRITE);

    if (counters)
        counters_reset_gauges(counters);
    return counters;
}

void counters_leave(struct counters *counters)
{
    if (counters)
        munmap(counters, SLOT_LEN);
}
