#include "proxy/counters_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

enum { MAGIC = 0x5a11c047, PAGE_LEN = 4096 };

/* Of the file. A build that counts something else has other sizes, and a reader of the other build says so. */
struct header {
    uint32_t magic, slot_count;
    uint64_t slot_len;
    uint64_t row_count; /* of counters.def; with the number of reasons it stands for what the rows mean */
    uint64_t why_count;
};

enum { ROW_COUNT = offsetof(struct counters, ended_by_why) / sizeof(uint64_t) };

/* Each begins on a page of its own. */
enum { SLOT_LEN = (sizeof(struct counters) + PAGE_LEN - 1) / PAGE_LEN * PAGE_LEN };

struct counters_map {
    uint8_t *at; /* the header's page, then the slots */
    size_t len, slot_count;
    int fd;
    bool is_writable;
};

static size_t len_of(size_t slots)
{
    return PAGE_LEN + slots * SLOT_LEN;
}

static struct header header_of(size_t slots)
{
    return (struct header){MAGIC, (uint32_t)slots, SLOT_LEN, ROW_COUNT, WHY_COUNT};
}

/* Takes over `fd`. */
static struct counters_map *map_file(int fd, size_t slots, bool is_writable)
{
    struct counters_map *map = memory_new(sizeof *map);
    void *at = MAP_FAILED;

    if (map)
        at = mmap(NULL, len_of(slots), is_writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    else
        errno = ENOMEM;
    if (at == MAP_FAILED) {
        int error = errno;
        memory_free(map);
        close(fd);
        errno = error;
        return NULL;
    }
    *map = (struct counters_map){at, len_of(slots), slots, fd, is_writable};
    return map;
}

/* A reader of a file that shrinks under it is killed by SIGBUS: so it must never be able to. */
static bool make_file(int fd, size_t slots)
{
    struct header header = header_of(slots);

    return ftruncate(fd, (off_t)len_of(slots)) == 0 &&
           pwrite(fd, &header, sizeof header, 0) == (ssize_t)sizeof header &&
           fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0;
}

struct counters_map *counters_map_new(size_t slots)
{
    int fd;

    if (slots == 0 || slots > MAX_COUNTER_SLOTS) {
        errno = EINVAL;
        return NULL;
    }
    fd = memfd_create("sallyport-counters", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return NULL;
    if (make_file(fd, slots))
        return map_file(fd, slots, true);
    close(fd);
    return NULL;
}

static bool read_header(int fd, struct header *header)
{
    struct stat status;
    int seals = fcntl(fd, F_GET_SEALS);
    struct header expected;

    if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &status) != 0 ||
        pread(fd, header, sizeof *header, 0) != (ssize_t)sizeof *header)
        return false;
    expected = header_of(header->slot_count);
    return header->slot_count >= 1 && header->slot_count <= MAX_COUNTER_SLOTS &&
           memcmp(header, &expected, sizeof expected) == 0 && status.st_size == (off_t)len_of(header->slot_count);
}

struct counters_map *counters_map_open(int fd, enum counters_map_use use)
{
    struct header header;
    int copy;

    if (!read_header(fd, &header)) {
        errno = EPROTO;
        return NULL;
    }
    copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? NULL : map_file(copy, header.slot_count, use == COUNTERS_MAP_WRITE);
}

void counters_map_free(struct counters_map *map)
{
    if (!map)
        return;
    munmap(map->at, map->len);
    close(map->fd);
    memory_free(map);
}

int counters_map_fd(const struct counters_map *map)
{
    return map->fd;
}

size_t counters_map_slots(const struct counters_map *map)
{
    return map->slot_count;
}

static struct counters *slot_at(const struct counters_map *map, size_t slot)
{
    return slot < map->slot_count ? (struct counters *)(void *)(map->at + PAGE_LEN + slot * SLOT_LEN) : NULL;
}

struct counters *counters_map_take(struct counters_map *map, size_t slot)
{
    struct counters *counters = map->is_writable ? slot_at(map, slot) : NULL;

    if (counters)
        counters_reset_gauges(counters);
    return counters;
}

const struct counters *counters_map_look(const struct counters_map *map, size_t slot)
{
    return slot_at(map, slot);
}
