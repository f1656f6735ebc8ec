/*
 * field25519.h: numbers modulo 2^255 - 19, in five limbs of 51 bits. Private to x25519_base.c.
 *
 * "Tight" limbs are below 2^51 + 2^13: what multiplications give. Sums and differences of two tight ones are below
 * 2^54, and that is what a multiplication takes: then no limb product, and no sum of five of them, passes 2^115, and
 * no carry passes 2^64.
 */
#ifndef CRYPTO_FIELD25519_H
#define CRYPTO_FIELD25519_H

#include "base/bytes.h"

struct field {
    uint64_t limb[5];
};

#define FIELD_LIMB_MASK (((uint64_t)1 << 51) - 1)

/* Results go where `out` points, which may be an operand: structures that are passed around are copied by wide loads,
 * which wait for the narrow stores before them. */
static inline void field_add(struct field *out, const struct field *a, const struct field *b)
{
    for (int i = 0; i < 5; i++)
        out->limb[i] = a->limb[i] + b->limb[i];
}

/* With four times the modulus added, so that no limb falls below zero; `b` is below 2^53 - 76 in each. */
static inline void field_subtract(struct field *out, const struct field *a, const struct field *b)
{
    out->limb[0] = a->limb[0] + 4 * (FIELD_LIMB_MASK - 18) - b->limb[0];
    for (int i = 1; i < 5; i++)
        out->limb[i] = a->limb[i] + 4 * FIELD_LIMB_MASK - b->limb[i];
}

void field_multiply(struct field *out, const struct field *a, const struct field *b);
void field_square(struct field *out, const struct field *a);
void field_invert(struct field *out, const struct field *a); /* of 0: 0 */
void field_read(struct field *out, const uint8_t bytes[32]); /* little-endian; the highest bit is ignored */
void field_write(const struct field *a, uint8_t out[32]);    /* the smallest representative */

#endif
