/*
 * code_set.h: a set of 16-bit code points. Finding a duplicate among thousands costs the same for each, so a hostile
 * list is never worse than linear.
 */
#ifndef TLS_CODE_SET_H
#define TLS_CODE_SET_H

#include "tls/client_hello.h"

struct code_set {
    uint8_t bits[(UINT16_MAX + 1) / 8];
};

static inline bool code_set_has(const struct code_set *set, uint16_t code)
{
    return set->bits[code / 8] & (1u << (code % 8));
}

/* False when it was in already. */
MUST_CHECK static inline bool code_set_add(struct code_set *set, uint16_t code)
{
    if (code_set_has(set, code))
        return false;
    set->bits[code / 8] = (uint8_t)(set->bits[code / 8] | (1u << (code % 8)));
    return true;
}

#endif
