/*
 * mlkem_poly.h: the arithmetic under mlkem768.c, and how its numbers become bytes. Private to the two.
 *
 * Polynomials of Z_q[X] / (X^256 + 1) and their transforms (FIPS 203 4.3). Numbers stand for themselves modulo q, not
 * always reduced; where a range matters it is said. Products are Montgomery's: they carry a factor 2^-16.
 */
#ifndef CRYPTO_MLKEM_POLY_H
#define CRYPTO_MLKEM_POLY_H

#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"

/* FIPS 203 8, Table 2; eta1 and eta2 are 2. */
enum { MLKEM_N = 256, MLKEM_Q = 3329, MLKEM_K = 3, MLKEM_DU = 10, MLKEM_DV = 4 };
enum { MLKEM_POLY_LEN = MLKEM_N * 12 / 8 }; /* as ByteEncode12 has it */

struct mlkem_poly {
    int16_t at[MLKEM_N];
};

struct mlkem_vector {
    struct mlkem_poly at[MLKEM_K];
};

/* A vector that is multiplied with several: each odd coefficient also times the gamma of Algorithm 11. */
struct mlkem_factor {
    struct mlkem_vector vector;
    int16_t times_gamma[MLKEM_K][MLKEM_N / 2];
};

/* Of products, not reduced yet. */
struct mlkem_sum {
    int32_t at[MLKEM_N];
};

/* All ones for 1, zero for 0. */
static inline uint16_t mlkem_mask(unsigned bit)
{
    return (uint16_t)value_barrier(-(uint64_t)bit);
}

void mlkem_poly_add(struct mlkem_poly *restrict a, const struct mlkem_poly *restrict b);
void mlkem_poly_to_montgomery(struct mlkem_poly *a); /* takes back the 2^-16 of a product */
void mlkem_ntt(struct mlkem_poly *a);                /* Algorithm 9; from within q to within q/2 */
void mlkem_inverse_ntt(struct mlkem_poly *a);        /* Algorithm 10, of a product, whose 2^-16 it takes back */

/* Algorithms 11 and 12 for the k-th member of a vector; `a` is below 2^12. */
void mlkem_factor_prepare(struct mlkem_factor *b); /* its vector is there, transformed */
void mlkem_add_product(struct mlkem_sum *restrict sum, const struct mlkem_poly *restrict a,
                       const struct mlkem_factor *restrict b, size_t k);
void mlkem_sum_reduce(const struct mlkem_sum *restrict sum, struct mlkem_poly *restrict out);

/* Algorithms 5 and 6 for d = 12, with Compress and Decompress (4.2.1) for DU and DV, and for d = 1. */
void mlkem_vector_encode(const struct mlkem_vector *a, uint8_t *out);
void mlkem_vector_decode(const uint8_t *in, struct mlkem_vector *out);
void mlkem_encode_compressed(struct mlkem_poly *a, unsigned d, uint8_t *out); /* `a` is used up */
void mlkem_decode_compressed(const uint8_t *in, unsigned d, struct mlkem_poly *out);
void mlkem_add_message(struct mlkem_poly *a, const uint8_t *m);
void mlkem_encode_message(const struct mlkem_poly *a, uint8_t *m);

#endif
