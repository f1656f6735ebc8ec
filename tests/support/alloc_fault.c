#include "support/alloc_fault.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/sanitizer.h"

struct fault {
    unsigned long failing; /* 0: none */
    unsigned long count;
    long live;
    bool has_fired;
};

static struct fault ours, theirs;
/*
 * Not 0 while a call of ours is on its way to the C library: not one of the provider's. Volatile, because compilers
 * know calloc() and its kin, and know of them that they look at nothing of ours.
 */
static volatile unsigned inside;

static volatile bool is_paused; /* likewise */

void alloc_fault_pause(void)
{
    is_paused = true;
}

void alloc_fault_resume(void)
{
    is_paused = false;
}

static bool must_fail(struct fault *fault)
{
    if (is_paused || ++fault->count != fault->failing)
        return false;
    fault->has_fired = true;
    return true;
}

void alloc_fault_arm(unsigned long n)
{
    ours.failing = n;
    ours.count = 0;
    ours.has_fired = false;
}

unsigned long alloc_fault_count(void)
{
    return ours.count;
}

bool alloc_fault_fired(void)
{
    return ours.has_fired;
}

long alloc_fault_live(void)
{
    return ours.live;
}

static void *counted(void *at)
{
    inside--;
    if (at)
        ours.live++;
    return at;
}

void *memory_new(size_t len)
{
    if (must_fail(&ours))
        return NULL;
    inside++;
    return counted(calloc(1, len ? len : 1));
}

void *memory_new_array(size_t count, size_t len)
{
    if (must_fail(&ours))
        return NULL;
    inside++;
    return counted(calloc(count ? count : 1, len ? len : 1));
}

void *memory_resize(void *at, size_t len)
{
    void *larger;

    if (must_fail(&ours))
        return NULL;
    inside++;
    larger = realloc(at, len ? len : 1);
    inside--;
    if (!at && larger)
        ours.live++;
    return larger;
}

char *memory_copy_string(const char *text)
{
    return memory_copy(text, strlen(text) + 1);
}

void *memory_copy(const void *at, size_t len)
{
    void *copy;

    if (must_fail(&ours))
        return NULL;
    inside++;
    copy = counted(malloc(len ? len : 1));
    if (copy && len)
        memcpy(copy, at, len);
    return copy;
}

void memory_free(void *at)
{
    if (at)
        ours.live--;
    inside++;
    free(at);
    inside--;
}

/* Every allocation is made, so that every one can fail. */
bool memory_keeps(void)
{
    return false;
}

bool provider_fault_works(void)
{
    return !HAS_SANITIZER;
}

void provider_fault_arm(unsigned long n)
{
    theirs = (struct fault){.failing = n};
}

void provider_fault_disarm(void)
{
    theirs.failing = 0;
}

unsigned long provider_fault_count(void)
{
    return theirs.count;
}

bool provider_fault_fired(void)
{
    return theirs.has_fired;
}

long provider_fault_live(void)
{
    return theirs.live;
}

#if !HAS_SANITIZER

/* glibc's own, under the names it keeps for those who replace the usual ones. */
extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t count, size_t len);
extern void *__libc_realloc(void *at, size_t len);
extern void *__libc_memalign(size_t alignment, size_t len);
extern void __libc_free(void *at);

void *malloc(size_t len);
void *calloc(size_t count, size_t len);
void *realloc(void *at, size_t len);
int posix_memalign(void **at, size_t alignment, size_t len);
void free(void *at);

static bool is_watched(void)
{
    return theirs.failing != 0 && inside == 0;
}

static void *watched(void *at)
{
    if (at && is_watched())
        theirs.live++;
    return at;
}

void *malloc(size_t len)
{
    return is_watched() && must_fail(&theirs) ? NULL : watched(__libc_malloc(len));
}

void *calloc(size_t count, size_t len)
{
    return is_watched() && must_fail(&theirs) ? NULL : watched(__libc_calloc(count, len));
}

void *realloc(void *at, size_t len)
{
    if (is_watched() && must_fail(&theirs))
        return NULL;
    return at ? __libc_realloc(at, len) : watched(__libc_realloc(NULL, len));
}

int posix_memalign(void **at, size_t alignment, size_t len)
{
    if (is_watched() && must_fail(&theirs))
        return ENOMEM;
    *at = watched(__libc_memalign(alignment, len));
    return *at ? 0 : ENOMEM;
}

void free(void *at)
{
    if (at && is_watched())
        theirs.live--;
    __libc_free(at);
}

#endif
