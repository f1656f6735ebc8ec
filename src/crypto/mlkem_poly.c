#include "crypto/mlkem_poly.h"

#include <string.h>

#include "base/secret.h"

enum { Q_INVERSE = 62209 }; /* modulo 2^16 */

/* ---- numbers modulo q; shifts of negative numbers keep the sign with both of our compilers */

/* 17^BitRev7(i) 2^16 mod q: the numbers of Appendix A, in Montgomery's form. */
static const int16_t zetas[128] = {
    -1044, -758,  -359,  -1517, 1493,  1422,  287,   202,   -171,  622,  1577,  182,   962,   -1202, -1474, 1468,
    573,   -1325, 264,   383,   -829,  1458,  -1602, -130,  -681,  1017, 732,   608,   -1542, 411,   -205,  -1571,
    1223,  652,   -552,  1015,  -1293, 1491,  -282,  -1544, 516,   -8,   -320,  -666,  -1618, -1162, 126,   1469,
    -853,  -90,   -271,  830,   107,   -1421, -247,  -951,  -398,  961,  -1508, -725,  448,   -1065, 677,   -1275,
    -1103, 430,   555,   843,   -1251, 871,   1550,  105,   422,   587,  177,   -235,  -291,  -460,  1574,  1653,
    -246,  778,   1159,  -147,  -777,  1483,  -602,  1119,  -1590, 644,  -872,  349,   418,   329,   -156,  -75,
    817,   1097,  603,   610,   1322,  -1285, -1465, 384,   -1215, -136, 1218,  -1335, -874,  220,   -1187, -1659,
    -1185, -1530, -1278, 794,   -1510, -854,  -870,  478,   -108,  -308, 996,   991,   958,   -1460, 1522,  1628,
};

static inline int16_t high_half(int16_t a, int16_t b)
{
    return (int16_t)((a * b) >> 16);
}

/*
 * Montgomery: a b 2^-16 mod q, between -q and q, when one of the two is within q. In halves of 16 bits (the low halves
 * are the same and cancel out), of which vector instructions come.
 */
static inline int16_t multiply(int16_t a, int16_t b)
{
    int16_t t = (int16_t)((uint32_t)(a * b) * Q_INVERSE);

    return (int16_t)(high_half(a, b) - high_half(t, MLKEM_Q));
}

/* a 2^-16 mod q, between -q and q, for |a| < 2^15 q. */
static inline int16_t montgomery_reduce(int32_t a)
{
    int16_t t = (int16_t)((uint32_t)a * Q_INVERSE);

    return (int16_t)((a - t * MLKEM_Q) >> 16);
}

/* Barrett: a mod q, from -(q - 1) / 2 to (q - 1) / 2. */
static inline int16_t barrett_reduce(int16_t a)
{
    enum { RECIPROCAL = 20159 }; /* 2^26 / q, rounded */

    return (int16_t)(a - ((high_half(a, RECIPROCAL) + (1 << 9)) >> 10) * MLKEM_Q);
}

/* The same number from 0 to q - 1. */
static inline uint16_t canonical(int16_t a)
{
    int16_t reduced = barrett_reduce(a);

    return (uint16_t)(reduced + ((reduced >> 15) & MLKEM_Q));
}

/*
 * 4.2.1, (4.7) and (4.8). A division would take a time that tells of the secret ("KyberSlash"); this product is it
 * exactly for every number below 2^22.
 */
static inline uint16_t compress(uint16_t a, unsigned d)
{
    enum { RECIPROCAL = 20642679 }; /* 2^36 / q, rounded up */
    uint64_t quotient = (((uint64_t)a << d) + MLKEM_Q / 2) * RECIPROCAL >> 36;

    return (uint16_t)(quotient & ((1u << d) - 1));
}

static inline int16_t decompress(uint16_t a, unsigned d)
{
    return (int16_t)(((uint32_t)a * MLKEM_Q + (1u << (d - 1))) >> d);
}

/* ---- polynomials */

void mlkem_poly_add(struct mlkem_poly *restrict a, const struct mlkem_poly *restrict b)
{
    for (size_t i = 0; i < MLKEM_N; i++)
        a->at[i] = (int16_t)(a->at[i] + b->at[i]);
}

static void reduce(struct mlkem_poly *a)
{
    for (size_t i = 0; i < MLKEM_N; i++)
        a->at[i] = barrett_reduce(a->at[i]);
}

/* A layer of Algorithm 9; `zeta` goes through the table. Of a constant length the compilers make vector instructions.
 */
static inline void ntt_layer(struct mlkem_poly *a, size_t len, const int16_t **zeta)
{
    for (size_t start = 0; start < MLKEM_N; start += 2 * len) {
        int16_t *restrict low = a->at + start, *restrict high = low + len, z = *(*zeta)++;

        for (size_t j = 0; j < len; j++) {
            int16_t t = multiply(z, high[j]);

            high[j] = (int16_t)(low[j] - t);
            low[j] = (int16_t)(low[j] + t);
        }
    }
}

/* Algorithm 9. Each of the seven layers adds less than q to a number: from within q nothing leaves the 16 bits. */
void mlkem_ntt(struct mlkem_poly *a)
{
    const int16_t *zeta = zetas + 1;

    ntt_layer(a, 128, &zeta);
    ntt_layer(a, 64, &zeta);
    ntt_layer(a, 32, &zeta);
    ntt_layer(a, 16, &zeta);
    ntt_layer(a, 8, &zeta);
    ntt_layer(a, 4, &zeta);
    ntt_layer(a, 2, &zeta);
    reduce(a);
}

static inline void inverse_ntt_layer(struct mlkem_poly *a, size_t len, const int16_t **zeta)
{
    for (size_t start = 0; start < MLKEM_N; start += 2 * len) {
        int16_t *restrict low = a->at + start, *restrict high = low + len, z = *(*zeta)--;

        for (size_t j = 0; j < len; j++) {
            int16_t t = low[j];

            low[j] = barrett_reduce((int16_t)(t + high[j]));
            high[j] = multiply(z, (int16_t)(high[j] - t));
        }
    }
}

void mlkem_poly_to_montgomery(struct mlkem_poly *a)
{
    enum { FACTOR = 1353 }; /* 2^32 mod q */

    for (size_t i = 0; i < MLKEM_N; i++)
        a->at[i] = multiply(FACTOR, a->at[i]);
}

/* Algorithm 10, times 2^16: takes back the 2^-16 that a product carries. */
void mlkem_inverse_ntt(struct mlkem_poly *a)
{
    enum { SCALE = 1441 }; /* 2^32 / 128 mod q */
    const int16_t *zeta = zetas + 127;

    inverse_ntt_layer(a, 2, &zeta);
    inverse_ntt_layer(a, 4, &zeta);
    inverse_ntt_layer(a, 8, &zeta);
    inverse_ntt_layer(a, 16, &zeta);
    inverse_ntt_layer(a, 32, &zeta);
    inverse_ntt_layer(a, 64, &zeta);
    inverse_ntt_layer(a, 128, &zeta);
    for (size_t j = 0; j < MLKEM_N; j++)
        a->at[j] = multiply(SCALE, a->at[j]);
}

void mlkem_factor_prepare(struct mlkem_factor *b)
{
    /* gamma is zeta for one pair of coefficients and -zeta for the next */
    for (size_t k = 0; k < MLKEM_K; k++) {
        for (size_t i = 0; i < MLKEM_N / 4; i++) {
            int16_t zeta = zetas[MLKEM_N / 4 + i];

            b->times_gamma[k][2 * i] = multiply(zeta, b->vector.at[k].at[4 * i + 1]);
            b->times_gamma[k][2 * i + 1] = multiply((int16_t)-zeta, b->vector.at[k].at[4 * i + 3]);
        }
    }
}

/*
 * Algorithms 11 and 12, added up over k and not reduced yet: with a below 2^12, b within q/2 and what has gamma in it
 * within q, three products are less than 2^15 q.
 */
void mlkem_add_product(struct mlkem_sum *restrict sum, const struct mlkem_poly *restrict a,
                       const struct mlkem_factor *restrict b, size_t k)
{
    const int16_t *y = b->vector.at[k].at, *times_gamma = b->times_gamma[k];

    for (size_t i = 0; i < MLKEM_N / 2; i++) {
        sum->at[2 * i] += a->at[2 * i] * y[2 * i] + a->at[2 * i + 1] * times_gamma[i];
        sum->at[2 * i + 1] += a->at[2 * i] * y[2 * i + 1] + a->at[2 * i + 1] * y[2 * i];
    }
}

/* The sum times 2^-16. */
void mlkem_sum_reduce(const struct mlkem_sum *restrict sum, struct mlkem_poly *restrict out)
{
    for (size_t i = 0; i < MLKEM_N; i++)
        out->at[i] = montgomery_reduce(sum->at[i]);
}

/* ---- bytes: Algorithms 5 and 6; four coefficients fill whole bytes for every even d */

static inline void byte_encode(const struct mlkem_poly *a, unsigned d, uint8_t *out)
{
    for (size_t i = 0; i < MLKEM_N; i += 4) {
        uint64_t bits = 0;

        for (unsigned j = 0; j < 4; j++)
            bits |= (uint64_t)(uint16_t)a->at[i + j] << d * j;
        for (unsigned j = 0; j < d / 2; j++)
            *out++ = (uint8_t)(bits >> 8 * j);
    }
}

static inline void byte_decode(const uint8_t *in, unsigned d, struct mlkem_poly *out)
{
    for (size_t i = 0; i < MLKEM_N; i += 4) {
        uint64_t bits = 0;

        for (unsigned j = 0; j < d / 2; j++)
            bits |= (uint64_t)*in++ << 8 * j;
        for (unsigned j = 0; j < 4; j++)
            out->at[i + j] = (int16_t)(bits >> d * j & ((1u << d) - 1));
    }
}

void mlkem_vector_encode(const struct mlkem_vector *a, uint8_t *out)
{
    for (size_t k = 0; k < MLKEM_K; k++) {
        struct mlkem_poly numbers;

        for (size_t i = 0; i < MLKEM_N; i++)
            numbers.at[i] = (int16_t)canonical(a->at[k].at[i]);
        byte_encode(&numbers, 12, out + k * MLKEM_POLY_LEN);
        memory_wipe(&numbers, sizeof numbers);
    }
}

void mlkem_vector_decode(const uint8_t *in, struct mlkem_vector *out)
{
    for (size_t k = 0; k < MLKEM_K; k++)
        byte_decode(in + k * MLKEM_POLY_LEN, 12, &out->at[k]);
}

/* Once for each d that there is, so that it is a constant. */
static inline void encode_all(struct mlkem_poly *a, unsigned d, uint8_t *out)
{
    for (size_t i = 0; i < MLKEM_N; i++)
        a->at[i] = (int16_t)compress(canonical(a->at[i]), d);
    byte_encode(a, d, out);
}

void mlkem_encode_compressed(struct mlkem_poly *a, unsigned d, uint8_t *out)
{
    if (d == MLKEM_DU)
        encode_all(a, MLKEM_DU, out);
    else
        encode_all(a, MLKEM_DV, out);
}

void mlkem_decode_compressed(const uint8_t *in, unsigned d, struct mlkem_poly *out)
{
    byte_decode(in, d, out);
    for (size_t i = 0; i < MLKEM_N; i++)
        out->at[i] = decompress((uint16_t)out->at[i], d);
}

/* Decompress1(ByteDecode1(m)): half of q, rounded up, for each bit that is set. */
void mlkem_add_message(struct mlkem_poly *a, const uint8_t *m)
{
    for (size_t i = 0; i < MLKEM_N; i++)
        a->at[i] = (int16_t)(a->at[i] + (mlkem_mask(m[i / 8] >> i % 8 & 1) & (MLKEM_Q + 1) / 2));
}

void mlkem_encode_message(const struct mlkem_poly *a, uint8_t *m)
{
    memset(m, 0, MLKEM_N / 8);
    for (size_t i = 0; i < MLKEM_N; i++)
        m[i / 8] = (uint8_t)(m[i / 8] | compress(canonical(a->at[i]), 1) << i % 8);
}
