#include "crypto/field25519.h"

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 wide;

/* 2^255 is 19: what runs over at the top comes in again at the bottom. */
static inline void carry(struct field *out, wide r0, wide r1, wide r2, wide r3, wide r4)
{
    uint64_t low;

    r1 += (uint64_t)(r0 >> 51);
    r2 += (uint64_t)(r1 >> 51);
    r3 += (uint64_t)(r2 >> 51);
    r4 += (uint64_t)(r3 >> 51);
    low = ((uint64_t)r0 & FIELD_LIMB_MASK) + 19 * (uint64_t)(r4 >> 51);
    out->limb[0] = low & FIELD_LIMB_MASK;
    out->limb[1] = ((uint64_t)r1 & FIELD_LIMB_MASK) + (low >> 51);
    out->limb[2] = (uint64_t)r2 & FIELD_LIMB_MASK;
    out->limb[3] = (uint64_t)r3 & FIELD_LIMB_MASK;
    out->limb[4] = (uint64_t)r4 & FIELD_LIMB_MASK;
}

void field_multiply(struct field *out, const struct field *a, const struct field *b)
{
    const uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3], a4 = a->limb[4];
    const uint64_t b0 = b->limb[0], b1 = b->limb[1], b2 = b->limb[2], b3 = b->limb[3], b4 = b->limb[4];
    const uint64_t c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4;

    carry(out, (wide)a0 * b0 + (wide)a1 * c4 + (wide)a2 * c3 + (wide)a3 * c2 + (wide)a4 * c1,
          (wide)a0 * b1 + (wide)a1 * b0 + (wide)a2 * c4 + (wide)a3 * c3 + (wide)a4 * c2,
          (wide)a0 * b2 + (wide)a1 * b1 + (wide)a2 * b0 + (wide)a3 * c4 + (wide)a4 * c3,
          (wide)a0 * b3 + (wide)a1 * b2 + (wide)a2 * b1 + (wide)a3 * b0 + (wide)a4 * c4,
          (wide)a0 * b4 + (wide)a1 * b3 + (wide)a2 * b2 + (wide)a3 * b1 + (wide)a4 * b0);
}

void field_square(struct field *out, const struct field *a)
{
    const uint64_t a0 = a->limb[0], a1 = a->limb[1], a2 = a->limb[2], a3 = a->limb[3], a4 = a->limb[4];
    const uint64_t d0 = 2 * a0, d1 = 2 * a1, e2 = 38 * a2, c3 = 19 * a3, c4 = 19 * a4, e4 = 2 * c4;

    carry(out, (wide)a0 * a0 + (wide)e4 * a1 + (wide)e2 * a3, (wide)d0 * a1 + (wide)e4 * a2 + (wide)c3 * a3,
          (wide)d0 * a2 + (wide)a1 * a1 + (wide)e4 * a3, (wide)d0 * a3 + (wide)d1 * a2 + (wide)c4 * a4,
          (wide)d0 * a4 + (wide)d1 * a3 + (wide)a2 * a2);
}

/* In the exponent, in binary: n digits make place behind those of `high`, and those of `low` come in there. */
static void append(struct field *out, const struct field *high, int n, const struct field *low)
{
    struct field shifted;

    field_square(&shifted, high);
    for (int i = 1; i < n; i++)
        field_square(&shifted, &shifted);
    field_multiply(out, &shifted, low);
}

/* a^(p - 2), p - 2 = 2^255 - 21: 250 ones, then 01011. */
void field_invert(struct field *out, const struct field *a)
{
    struct field ones2, ones, ones10, ones50, more;

    append(&ones2, a, 1, a);
    append(&ones, &ones2, 2, &ones2); /* 4 */
    append(&ones, &ones, 1, a);       /* 5 */
    append(&ones10, &ones, 5, &ones);
    append(&ones, &ones10, 10, &ones10); /* 20 */
    append(&more, &ones, 20, &ones);     /* 40 */
    append(&ones50, &more, 10, &ones10);
    append(&ones, &ones50, 50, &ones50); /* 100 */
    append(&more, &ones, 100, &ones);    /* 200 */
    append(&more, &more, 50, &ones50);   /* 250 */
    append(&more, &more, 2, a);          /* 01 */
    field_square(&more, &more);          /* 0 */
    append(out, &more, 2, &ones2);       /* 11 */
}

static uint64_t load(const uint8_t *at)
{
    uint64_t value = 0;

    for (int i = 8; i-- > 0;)
        value = value << 8 | at[i];
    return value;
}

void field_read(struct field *out, const uint8_t bytes[32])
{
    out->limb[0] = load(bytes) & FIELD_LIMB_MASK;
    out->limb[1] = load(bytes + 6) >> 3 & FIELD_LIMB_MASK;
    out->limb[2] = load(bytes + 12) >> 6 & FIELD_LIMB_MASK;
    out->limb[3] = load(bytes + 19) >> 1 & FIELD_LIMB_MASK;
    out->limb[4] = load(bytes + 24) >> 12 & FIELD_LIMB_MASK;
}

static void store(uint64_t value, uint8_t *out)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

void field_write(const struct field *a, uint8_t out[32])
{
    struct field f;
    uint64_t over;

    carry(&f, a->limb[0], a->limb[1], a->limb[2], a->limb[3], a->limb[4]);
    over = (f.limb[0] + 19) >> 51;
    /* Is it the modulus or more? Then adding 19 carries out at the top. */
    for (int i = 1; i < 5; i++)
        over = (f.limb[i] + over) >> 51;
    f.limb[0] += 19 * over;
    for (int i = 0; i < 4; i++) {
        f.limb[i + 1] += f.limb[i] >> 51;
        f.limb[i] &= FIELD_LIMB_MASK;
    }
    f.limb[4] &= FIELD_LIMB_MASK;
    store(f.limb[0] | f.limb[1] << 51, out);
    store(f.limb[1] >> 13 | f.limb[2] << 38, out + 8);
    store(f.limb[2] >> 26 | f.limb[3] << 25, out + 16);
    store(f.limb[3] >> 39 | f.limb[4] << 12, out + 24);
}

#endif
