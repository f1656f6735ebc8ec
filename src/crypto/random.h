/*
 * random.h: where random bytes come from.
 *
 * Passed as a value, so that a test can replay a handshake byte for byte. random_system() is getrandom(2), asked for a
 * portion at a time and no generator of ours; what is left of a portion is not there any more in a child after a fork.
 * When the kernel refuses, the process ends (reliability T27).
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/attributes.h"
#include "base/bytes.h"

struct random_source {
    bool (*fill)(void *context, uint8_t *out, size_t len);
    void *context;
};

struct random_source random_system(void);
MUST_CHECK bool random_fill(struct random_source source, uint8_t *out, size_t len);

#endif
