#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#include "base/sanitizer.h"

void *memory_new(size_t len)
{
    return calloc(1, len ? len : 1);
}

void *memory_new_array(size_t count, size_t len)
{
    size_t product;

    /* calloc() checks this too, but the sanitizers' one ends the program instead of answering. */
    if (__builtin_mul_overflow(count, len, &product))
        return NULL;
    return memory_new(product);
}

void *memory_resize(void *at, size_t len)
{
    return realloc(at, len ? len : 1);
}

char *memory_copy_string(const char *text)
{
    return strdup(text);
}

void *memory_copy(const void *at, size_t len)
{
    void *copy = malloc(len ? len : 1);
    if (copy && len)
        memcpy(copy, at, len);
    return copy;
}

void memory_free(void *at)
{
    free(at);
}

bool memory_keeps(void)
{
    return !HAS_SANITIZER;
}
