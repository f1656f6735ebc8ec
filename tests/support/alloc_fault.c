#include "support/alloc_fault.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static unsigned long armed, asked, live;
static bool is_paused;

void alloc_fault_arm(unsigned long n)
{
    armed = n;
    asked = 0;
}

unsigned long alloc_fault_count(void)
{
    return asked;
}

unsigned long alloc_fault_live(void)
{
    return live;
}

void alloc_fault_pause(void)
{
    is_paused = true;
}

void alloc_fault_resume(void)
{
    is_paused = false;
}

static bool must_fail(void)
{
    return !is_paused && ++asked == armed;
}

static void *take(size_t len)
{
    void *at = must_fail() ? NULL : calloc(1, len ? len : 1);
    live += at != NULL;
    return at;
}

void *memory_new(size_t len)
{
    return take(len);
}

void *memory_new_array(size_t count, size_t len)
{
    return len != 0 && count > SIZE_MAX / len ? NULL : take(count * len);
}

void *memory_resize(void *at, size_t len)
{
    void *grown;

    if (must_fail())
        return NULL;
    grown = realloc(at, len ? len : 1);
    live += !at && grown;
    return grown;
}

void *memory_copy(const void *at, size_t len)
{
    void *copy = take(len);
    if (copy && len)
        memcpy(copy, at, len);
    return copy;
}

char *memory_copy_string(const char *text)
{
    return memory_copy(text, strlen(text) + 1);
}

void memory_free(void *at)
{
    live -= at != NULL;
    free(at);
}
