/*
 * sha3x4.h: up to four short messages through one function of FIPS 202 at the same time. Private to src/crypto and its
 * tests.
 *
 * With AVX2 four permutations cost little more than one. Where there is none they are done one after the other.
 */
#ifndef CRYPTO_SHA3X4_H
#define CRYPTO_SHA3X4_H

#include "crypto/keccak.h"
#include "crypto/sha3.h"

enum { SHA3X4_MAX = 4 };

struct sha3x4 {
    _Alignas(32) uint64_t lanes[KECCAK_LANES][SHA3X4_MAX];
    size_t count;
    size_t rate;
    bool is_wide; /* the processor can do them together; a test may say that it cannot */
};

/* Each message is shorter than the rate. */
void sha3x4_begin(struct sha3x4 *sponges, enum sha3_function function, const struct bytes *messages, size_t count);

/* The next block, of as many bytes as the rate has, from each. */
void sha3x4_squeeze(struct sha3x4 *sponges, uint8_t (*blocks)[SHA3_MAX_RATE]);
void sha3x4_wipe(struct sha3x4 *sponges);

#endif
