#include "support/memory_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CHUNK = 1 << 20 };

/* What the scan itself copies. A mapping of its own, which is passed over: who looks into himself would find, by chance
 * of where things lie, what he has just read. */
struct room {
    uint8_t text[CHUNK];
    uint8_t reversed[MEMORY_SCAN_MAX_LEN];
};

static struct room *room_new(void)
{
    void *at = mmap(NULL, sizeof(struct room), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return at == MAP_FAILED ? NULL : at;
}

static long count_in(const uint8_t *text, size_t len, const uint8_t *secret, size_t secret_len)
{
    const uint8_t *end = text + len, *found;
    long count = 0;

    while (text < end && (found = memmem(text, (size_t)(end - text), secret, secret_len))) {
        count++;
        text = found + 1;
    }
    return count;
}

static long count_both_ways(struct room *room, size_t len, struct bytes secret)
{
    for (size_t i = 0; i < secret.len; i++)
        room->reversed[i] = secret.at[secret.len - 1 - i];
    return count_in(room->text, len, secret.at, secret.len) + count_in(room->text, len, room->reversed, secret.len);
}

/* Overlapping by the longest secret, less a byte: none is cut in two, and what lies in the overlap counts twice. */
static long scan_range(struct room *room, int memory, uint64_t start, uint64_t end, const struct bytes *secrets,
                       size_t count)
{
    long found = 0;

    while (start < end) {
        size_t wanted = end - start < CHUNK ? (size_t)(end - start) : CHUNK;
        ssize_t len = pread(memory, room->text, wanted, (off_t)start);

        if (len <= 0)
            return found; /* [vvar] and its like are listed, and not to be had */
        for (size_t i = 0; i < count; i++)
            found += count_both_ways(room, (size_t)len, secrets[i]);
        if ((size_t)len <= MEMORY_SCAN_MAX_LEN)
            return found;
        start += (size_t)len == end - start ? (uint64_t)len : (uint64_t)len - MEMORY_SCAN_MAX_LEN + 1;
    }
    return found;
}

static long scan_all(FILE *maps, int memory, bool is_self, const struct bytes *secrets, size_t count)
{
    struct room *room = room_new();
    uintptr_t passed_over = is_self ? (uintptr_t)room : 0;
    unsigned long start, end;
    long found = 0;
    char line[512], may_read;

    while (room && fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %c", &start, &end, &may_read) == 3 && may_read == 'r' && start != passed_over)
            found += scan_range(room, memory, start, end, secrets, count);
    if (!room || munmap(room, sizeof *room) != 0)
        return -1;
    return found;
}

long memory_scan(pid_t pid, const struct bytes *secrets, size_t count)
{
    long found = -1;
    char path[64];
    FILE *maps;
    int memory;

    for (size_t i = 0; i < count; i++)
        if (secrets[i].len < 4 || secrets[i].len > MEMORY_SCAN_MAX_LEN)
            return errno = EINVAL, -1;
    snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    maps = fopen(path, "re");
    snprintf(path, sizeof path, "/proc/%ld/mem", (long)pid);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    if (maps && memory >= 0)
        found = scan_all(maps, memory, pid == getpid(), secrets, count);
    if (maps)
        fclose(maps);
    if (memory >= 0)
        close(memory);
    return found;
}
