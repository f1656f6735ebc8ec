/*
 * test_random.h: a source of random bytes that a test controls: first what it is given, then a count, then refusal.
 */
#ifndef SUPPORT_TEST_RANDOM_H
#define SUPPORT_TEST_RANDOM_H

#include "crypto/random.h"

struct test_random {
    struct bytes first; /* handed out before anything else */
    size_t drawn;       /* bytes so far */
    size_t limit;       /* refuses to go beyond so many; 0: never */
};

static inline bool test_random_fill(void *context, uint8_t *out, size_t len)
{
    struct test_random *random = context;

    if (random->limit != 0 && len > random->limit - random->drawn)
        return false;
    for (size_t i = 0; i < len; i++, random->drawn++)
        out[i] = random->drawn < random->first.len ? random->first.at[random->drawn]
                                                   : (uint8_t)(random->drawn * 167 + random->drawn / 251);
    return true;
}

static inline struct random_source test_random_source(struct test_random *random)
{
    return (struct random_source){test_random_fill, random};
}

#endif
