#include "crypto/x25519_base.h"

#include <stdlib.h>

#ifdef __SIZEOF_INT128__

#include "base/secret.h"
#include "crypto/field25519.h"

/*
 * -x^2 + y^2 = 1 + d x^2 y^2 (RFC 7748 4.1, RFC 8032 5.1), points as (X : Y : Z : T) with x = X/Z, y = Y/Z, T = XY/Z.
 * The additions below hold for all pairs of points of this curve: there are no cases.
 */
struct point {
    struct field x, y, z, t;
};

/* A multiple of the base point with Z = 1, as additions want it; in lanes too, so that choosing one is quick. */
typedef uint64_t lanes __attribute__((vector_size(16)));
enum { LANES = 8 };

union multiple {
    struct {
        struct field y_plus_x, y_minus_x, xy2d;
    };
    lanes lanes[LANES];
};

enum { ROWS = 64, MULTIPLES = 8 };
static union multiple table[ROWS][MULTIPLES]; /* table[i][j] = (j + 1) 16^i B; public, written once at start */

static const struct field zero = {{0}}, one = {{1}};

/* What an addition computes on the way: kept by the caller, who wipes it once and not after each. */
struct sums {
    struct field a, b, c, d, e, f, g, h;
};

static void add(struct point *p, const union multiple *q, struct sums *s)
{
    field_subtract(&s->a, &p->y, &p->x);
    field_multiply(&s->a, &s->a, &q->y_minus_x);
    field_add(&s->b, &p->y, &p->x);
    field_multiply(&s->b, &s->b, &q->y_plus_x);
    field_multiply(&s->c, &p->t, &q->xy2d);
    field_add(&s->d, &p->z, &p->z);
    field_subtract(&s->e, &s->b, &s->a);
    field_subtract(&s->f, &s->d, &s->c);
    field_add(&s->g, &s->d, &s->c);
    field_add(&s->h, &s->b, &s->a);
    field_multiply(&p->x, &s->e, &s->f);
    field_multiply(&p->y, &s->g, &s->h);
    field_multiply(&p->z, &s->f, &s->g);
    field_multiply(&p->t, &s->e, &s->h);
}

/* ---- the table */

static void multiple_of(union multiple *out, const struct point *p, const struct field *d2)
{
    struct field inverse, x, y;

    field_invert(&inverse, &p->z);
    field_multiply(&x, &p->x, &inverse);
    field_multiply(&y, &p->y, &inverse);
    field_add(&out->y_plus_x, &y, &x);
    field_multiply(&out->y_plus_x, &out->y_plus_x, &one); /* tight limbs again */
    field_subtract(&out->y_minus_x, &y, &x);
    field_multiply(&out->y_minus_x, &out->y_minus_x, &one);
    field_multiply(&out->xy2d, &x, &y);
    field_multiply(&out->xy2d, &out->xy2d, d2);
}

/* RFC 8032 5.1. */
static const uint8_t base_x[32] = {
    0x1a, 0xd5, 0x25, 0x8f, 0x60, 0x2d, 0x56, 0xc9, 0xb2, 0xa7, 0x25, 0x95, 0x60, 0xc7, 0x2c, 0x69,
    0x5c, 0xdc, 0xd6, 0xfd, 0x31, 0xe2, 0xa4, 0xc0, 0xfe, 0x53, 0x6e, 0xcd, 0xd3, 0x36, 0x69, 0x21,
};
static const uint8_t base_y[32] = {
    0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
};

/* d = -121665 / 121666 */
static void find_twice_d(struct field *out)
{
    static const struct field numerator = {{121665}}, denominator = {{121666}};

    field_invert(out, &denominator);
    field_multiply(out, out, &numerator);
    field_subtract(out, &zero, out);
    field_add(out, out, out);
    field_multiply(out, out, &one);
}

void x25519_base_start(void)
{
    struct point p = {.z = one};
    struct field d2;
    struct sums sums;

    find_twice_d(&d2);
    field_read(&p.x, base_x);
    field_read(&p.y, base_y);
    field_multiply(&p.t, &p.x, &p.y);
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < MULTIPLES; j++) {
            multiple_of(&table[i][j], &p, &d2);
            add(&p, &table[i][0], &sums);
        }
        for (int j = MULTIPLES + 1; j < 16; j++) /* from the ninth to the sixteenth, which the next row begins with */
            add(&p, &table[i][0], &sums);
    }
}

/* ---- the multiplication */

/* In signed digits of radix 16, from -8 to 8: with these half the multiples do. */
static void recode(const uint8_t scalar[32], int8_t digits[ROWS])
{
    int8_t over = 0;

    for (int i = 0; i < 32; i++) {
        digits[2 * i] = scalar[i] & 15;
        digits[2 * i + 1] = (int8_t)(scalar[i] >> 4);
    }
    digits[0] &= 8; /* RFC 7748 section 5: a multiple of the cofactor, bit 255 out, bit 254 in */
    digits[ROWS - 1] = (digits[ROWS - 1] & 7) | 4;
    for (int i = 0; i < ROWS; i++) {
        digits[i] = (int8_t)(digits[i] + over);
        over = (int8_t)((digits[i] + 8) >> 4);
        if (i < ROWS - 1)
            digits[i] = (int8_t)(digits[i] - over * 16);
    }
}

static void take_if(uint64_t mask, struct field *to, const struct field *from)
{
    for (int i = 0; i < 5; i++)
        to->limb[i] ^= mask & (to->limb[i] ^ from->limb[i]);
}

static void swap_if(uint64_t mask, struct field *a, struct field *b)
{
    for (int i = 0; i < 5; i++) {
        uint64_t difference = mask & (a->limb[i] ^ b->limb[i]);

        a->limb[i] ^= difference;
        b->limb[i] ^= difference;
    }
}

/* digit 16^i B: the whole row is read, whichever it is. */
static void select_multiple(union multiple *out, const union multiple row[MULTIPLES], int8_t digit)
{
    uint64_t sign = (uint64_t)((int64_t)digit >> 63), size = ((uint64_t)(int64_t)digit ^ sign) - sign;
    struct field negated;

    memset(out, 0, sizeof *out);
    for (uint64_t j = 0; j < MULTIPLES; j++) {
        uint64_t mask = value_barrier(0 - (((size ^ (j + 1)) - 1) >> 63));

        for (int i = 0; i < LANES; i++)
            out->lanes[i] |= row[j].lanes[i] & mask;
    }
    out->y_plus_x.limb[0] |= (size - 1) >> 63; /* of 0: the neutral element */
    out->y_minus_x.limb[0] |= (size - 1) >> 63;
    sign = value_barrier(sign);
    field_subtract(&negated, &zero, &out->xy2d);
    take_if(sign, &out->xy2d, &negated);
    swap_if(sign, &out->y_plus_x, &out->y_minus_x);
}

void x25519_base(const uint8_t scalar[32], uint8_t out[32])
{
    struct point sum = {.y = one, .z = one};
    struct field above, below;
    struct sums sums;
    union multiple q;
    int8_t digits[ROWS];

    recode(scalar, digits);
    for (int i = 0; i < ROWS; i++) {
        select_multiple(&q, table[i], digits[i]);
        add(&sum, &q, &sums);
    }
    field_add(&above, &sum.z, &sum.y); /* RFC 7748 4.1: u = (1 + y) / (1 - y) */
    field_subtract(&below, &sum.z, &sum.y);
    field_invert(&below, &below);
    field_multiply(&above, &above, &below);
    field_write(&above, out);
    memory_wipe(digits, sizeof digits);
    memory_wipe(&q, sizeof q);
    memory_wipe(&sum, sizeof sum);
    memory_wipe(&sums, sizeof sums);
    memory_wipe(&below, sizeof below);
}

#else

void x25519_base_start(void)
{
}

void x25519_base(const uint8_t scalar[32], uint8_t out[32])
{
    (void)scalar, (void)out;
    abort(); /* X25519_BASE_IS_OURS says that nobody may call it */
}

#endif
