/*
 * siphash.h: a keyed hash for tables whose keys a stranger chooses (Aumasson, Bernstein: SipHash-2-4, 2012).
 *
 * Without the key nobody can choose keys that fall into one place of the table. It is no message authentication here.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <stdint.h>

#include "base/bytes.h"

struct siphash_key {
    uint64_t k0, k1;
};

uint64_t siphash(struct siphash_key key, struct bytes data);

#endif
