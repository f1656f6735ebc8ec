#include "base/locked.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sanitizer.h"

/* The largest that glibc takes (mallopt(3)); what is larger still is mapped, and no key is. */
enum { MMAP_THRESHOLD = 32 * 1024 * 1024 };

/* It comes from the heap's end and stays there when it is given back: all that follows is cut from it. */
bool locked_reserve(size_t len)
{
    void *piece;

    if (!mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD) || !mallopt(M_TRIM_THRESHOLD, INT32_MAX) || !mallopt(M_ARENA_MAX, 1))
        return false;
    piece =
        malloc(len < MMAP_THRESHOLD ? len : MMAP_THRESHOLD - 1); /* past base/alloc.h: it is none of the process's */
    __asm__ volatile("" : "+r"(piece)); /* or the compiler sees that nobody uses it, and leaves both calls out */
    free(piece);
    return piece != NULL;
}

static void lock_range(struct locked_memory *memory, void *start, size_t len)
{
    if (madvise(start, len, MADV_DONTDUMP) == 0 && mlock2(start, len, MLOCK_ONFAULT) == 0) {
        memory->locked += len;
        return;
    }
    memory->error = memory->error ? memory->error : errno;
    memory->unlocked += len;
}

/* "7f01a000-7f01c000 rw-p ..." (proc_pid_maps(5)). */
static void lock_line(struct locked_memory *memory, const char *line)
{
    unsigned long start, end;
    char may_write, is_private;

    if (sscanf(line, "%lx-%lx %*c%c%*c%c", &start, &end, &may_write, &is_private) == 4 && may_write == 'w' &&
        is_private == 'p')
        lock_range(memory, (void *)start, end - start); /* NOLINT(performance-no-int-to-ptr) */
}

struct locked_memory locked_apply(void)
{
    struct locked_memory memory = {0, 0, 0};
    char line[512];
    FILE *maps;

    if (HAS_SANITIZER) /* its shadow is terabytes of pages that nobody touches */
        return (struct locked_memory){0, 0, ENOSYS};
    maps = fopen("/proc/self/maps", "re");
    if (!maps)
        return (struct locked_memory){0, 0, errno};
    while (fgets(line, sizeof line, maps))
        lock_line(&memory, line);
    fclose(maps);
    return memory;
}

bool locked_range(void *at, size_t len)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)at / page * page;

    len += (uintptr_t)at - start;
    at = (void *)start; /* NOLINT(performance-no-int-to-ptr) */
    return mlock(at, len) == 0 && madvise(at, (len + page - 1) / page * page, MADV_DONTDUMP) == 0;
}

/* Read once by the kernel, so that every page is there; what is locked stays so when nobody may read it any more. */
bool locked_file_hold(struct locked_file *file, int fd)
{
    struct stat status;
    void *at;
    int error;

    if (fstat(fd, &status) != 0)
        return false;
    if (status.st_size <= 0)
        return true;
    at = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return false;
    if (mlock(at, (size_t)status.st_size) == 0 && mprotect(at, (size_t)status.st_size, PROT_NONE) == 0) {
        *file = (struct locked_file){at, (size_t)status.st_size};
        return true;
    }
    error = errno;
    munmap(at, (size_t)status.st_size);
    errno = error;
    return false;
}

void locked_file_let_go(struct locked_file *file)
{
    if (file->at)
        munmap(file->at, file->len);
    *file = (struct locked_file){NULL, 0};
}
