/*
 * alloc.h: the only place that asks the C library for memory.
 *
 * A failed allocation is an answer, never an abort: callers turn it into a reason. tests/support/alloc_fault.c
 * replaces this module at link time to fail the n-th call.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/* Zeroed memory, or NULL. Give it back with memory_free(). */
MUST_CHECK void *memory_new(size_t len);

/* `count` zeroed elements of `len` bytes; NULL also when the product does not fit. */
MUST_CHECK void *memory_new_array(size_t count, size_t len);

/* As realloc(3): on NULL the old memory still stands. The grown part is not zeroed. */
MUST_CHECK void *memory_resize(void *at, size_t len);

MUST_CHECK char *memory_copy_string(const char *text);
MUST_CHECK void *memory_copy(const void *at, size_t len);

void memory_free(void *at);

/* Whether memory may be kept for its next taker (spare.h): not where every use of what was freed is looked for. */
bool memory_keeps(void);

#endif
