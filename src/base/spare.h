/*
 * spare.h: memory for what comes and goes with every connection: wiped when it is given back, and kept for the next
 * taker of that size.
 *
 * One for the process, which has one thread, and bounded: what it has no room for goes back to base/alloc.h, as all of
 * it does where memory_keeps() says so (under AddressSanitizer; in tests that count, fail or look through memory).
 */
#ifndef BASE_SPARE_H
#define BASE_SPARE_H

#include <stddef.h>

#include "base/attributes.h"

/* Zeroed memory, or NULL. Give it back with spare_give() and the same `len`. */
MUST_CHECK void *spare_take(size_t len);
void spare_give(void *at, size_t len); /* wipes; NULL is fine */

#endif
