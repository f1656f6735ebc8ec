/*
 * keccak.h: the permutation Keccak-f[1600] (FIPS 202 3.3, 3.4). Private to sha3.c and sha3x4.c.
 *
 * A macro, for it is made twice: of lanes of 64 bits and of vectors of them. Unrolled, so that every index is a
 * constant and the lanes stay in registers as far as there are any.
 */
#ifndef CRYPTO_KECCAK_H
#define CRYPTO_KECCAK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { KECCAK_LANES = 25, KECCAK_ROUNDS = 24 };

extern const uint64_t keccak_round_constants[KECCAK_ROUNDS];

/* 3.2.2, Table 2, modulo 64; lane (x, y) is at x + 5 y. */
static const uint8_t keccak_rotations[KECCAK_LANES] = {0,  1,  62, 28, 27, 36, 44, 6,  55, 20, 3,  10, 43,
                                                       25, 39, 41, 45, 15, 21, 8,  18, 2,  61, 56, 14};

#define KECCAK_ROTATE(lane, by) ((lane) << (by) | (lane) >> (-(unsigned)(by)&63))

/* `attributes` and the name of a function over 25 of `type`. */
#define KECCAK_F1600(attributes, name, type)                                                                           \
    attributes void name(type *lanes)                                                                                  \
    {                                                                                                                  \
        type a[KECCAK_LANES], b[KECCAK_LANES], column[5];                                                              \
                                                                                                                       \
        memcpy(a, lanes, sizeof a);                                                                                    \
        for (size_t round = 0; round < KECCAK_ROUNDS; round++) {                                                       \
            _Pragma("GCC unroll 5") for (size_t x = 0; x < 5; x++) /* theta, 3.2.1 */                                  \
                column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];                                       \
            /* Its second half; rho, 3.2.2; pi, 3.2.3, which moves (x, y) to (y, 2 x + 3 y). */                        \
            _Pragma("GCC unroll 25") for (size_t i = 0; i < KECCAK_LANES; i++)                                         \
            {                                                                                                          \
                size_t x = i % 5, y = i / 5;                                                                           \
                type lane = a[i] ^ column[(x + 4) % 5] ^ KECCAK_ROTATE(column[(x + 1) % 5], 1);                        \
                                                                                                                       \
                b[y + 5 * ((2 * x + 3 * y) % 5)] = KECCAK_ROTATE(lane, keccak_rotations[i]);                           \
            }                                                                                                          \
            _Pragma("GCC unroll 25") for (size_t i = 0; i < KECCAK_LANES; i++) /* chi, 3.2.4 */                        \
            {                                                                                                          \
                size_t x = i % 5, row = i - x;                                                                         \
                                                                                                                       \
                a[i] = b[i] ^ (~b[row + (x + 1) % 5] & b[row + (x + 2) % 5]);                                          \
            }                                                                                                          \
            a[0] ^= keccak_round_constants[round]; /* iota, 3.2.5 */                                                   \
        }                                                                                                              \
        memcpy(lanes, a, sizeof a);                                                                                    \
    }

void keccak_f1600(uint64_t *lanes);

#endif
