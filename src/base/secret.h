/*
 * secret.h: key material.
 *
 * A secret has a type of its own so that no log call and no memcmp() takes it by accident. Whoever holds one wipes
 * it: `_wipe` lives in place and may be called twice.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/attributes.h"
#include "base/bytes.h"

enum { MAX_SECRET_LEN = 64 };

struct secret {
    uint8_t bytes[MAX_SECRET_LEN];
    size_t len;
};

/* Overwrites `len` bytes with zero in a way the compiler may not drop. NULL with len 0 is fine. */
void memory_wipe(void *at, size_t len);

/* Constant time in the contents; the length is public. */
MUST_CHECK bool memory_equal(const void *a, const void *b, size_t len);

/* Copies `from`. False (and an empty secret) if it has more than MAX_SECRET_LEN bytes. */
MUST_CHECK bool secret_set(struct secret *secret, struct bytes from);

/*
 * The value itself, of which the compiler may not know anything: else it sees that a mask has two values, or an index
 * a few, and makes a branch of them.
 */
static inline uint64_t value_barrier(uint64_t value)
{
    __asm__("" : "+r"(value));
    return value;
}

/* Makes room for `len` bytes that the caller is about to fill. False above MAX_SECRET_LEN. */
MUST_CHECK bool secret_resize(struct secret *secret, size_t len);

struct bytes secret_view(const struct secret *secret);
void secret_wipe(struct secret *secret);

#endif
