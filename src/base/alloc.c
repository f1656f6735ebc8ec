#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

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

#if defined(__SANITIZE_ADDRESS__)
#define HAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef HAS_ADDRESS_SANITIZER
#define HAS_ADDRESS_SANITIZER 0
#endif

bool memory_keeps(void)
{
    return !HAS_ADDRESS_SANITIZER;
}
