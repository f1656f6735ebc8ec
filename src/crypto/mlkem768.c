#include "crypto/mlkem768.h"

#include "base/secret.h"
#include "crypto/mlkem_poly.h"
#include "crypto/provider.h"
#include "crypto/sha3.h"
#include "crypto/sha3x4.h"

enum {
    SEED_LEN = 32,
    VECTOR_LEN = MLKEM_K * MLKEM_POLY_LEN,
    U_LEN = MLKEM_N * MLKEM_DU / 8, /* of one of the polynomials of u */
};

/* ---- sampling */

/*
 * Of Algorithm 7, for one block of the stream: the numbers below q in it. One of five is not, which no processor
 * foresees: each is written, and what is rejected written over. All of this is public.
 */
static size_t take_numbers(const uint8_t *block, int16_t *numbers, size_t done)
{
    for (size_t i = 0; i < SHA3_MAX_RATE && done < MLKEM_N; i += 3) {
        unsigned d1 = block[i] | (block[i + 1] & 15u) << 8;
        unsigned d2 = block[i + 1] >> 4 | (unsigned)block[i + 2] << 4;

        numbers[done] = (int16_t)d1;
        done += d1 < MLKEM_Q;
        numbers[done] = (int16_t)d2;
        done += d2 < MLKEM_Q;
    }
    return done;
}

/* The entries of a row of the matrix A, or with `is_transposed` of a column: A[i, j] is drawn from rho, j, i. */
static void sample_row(const uint8_t *rho, size_t row, bool is_transposed, struct mlkem_poly *entries)
{
    uint8_t seeds[MLKEM_K][SEED_LEN + 2], blocks[SHA3X4_MAX][SHA3_MAX_RATE];
    int16_t numbers[MLKEM_K][MLKEM_N + 1];
    struct bytes messages[MLKEM_K];
    size_t done[MLKEM_K] = {0};
    struct sha3x4 xof;

    for (size_t k = 0; k < MLKEM_K; k++) {
        memcpy(seeds[k], rho, SEED_LEN);
        seeds[k][SEED_LEN] = (uint8_t)(is_transposed ? row : k);
        seeds[k][SEED_LEN + 1] = (uint8_t)(is_transposed ? k : row);
        messages[k] = BYTES_OF_ARRAY(seeds[k]);
    }
    sha3x4_begin(&xof, SHAKE128, messages, MLKEM_K);
    while (done[0] < MLKEM_N || done[1] < MLKEM_N || done[2] < MLKEM_N) {
        sha3x4_squeeze(&xof, blocks);
        for (size_t k = 0; k < MLKEM_K; k++)
            done[k] = take_numbers(blocks[k], numbers[k], done[k]);
    }
    for (size_t k = 0; k < MLKEM_K; k++)
        memcpy(entries[k].at, numbers[k], sizeof entries[k].at);
}

/* Algorithm 8 with eta = 2: each coefficient is the sum of two bits less that of two more. */
static void take_noise(const uint8_t *stream, struct mlkem_poly *out)
{
    for (size_t i = 0; i < MLKEM_N / 2; i++) {
        unsigned pairs = (stream[i] & 0x55u) + (stream[i] >> 1 & 0x55u); /* four sums of two bits */

        out->at[2 * i] = (int16_t)((pairs & 3) - (pairs >> 2 & 3));
        out->at[2 * i + 1] = (int16_t)((pairs >> 4 & 3) - (pairs >> 6 & 3));
    }
}

/* `count` of them, of PRF (4.3), whose 64 eta bytes are less than a block. */
static void sample_noise(const uint8_t *sigma, uint8_t nonce, struct mlkem_poly *const *out, size_t count)
{
    uint8_t seeds[SHA3X4_MAX][SEED_LEN + 1], blocks[SHA3X4_MAX][SHA3_MAX_RATE];
    struct bytes messages[SHA3X4_MAX] = {{NULL, 0}};
    struct sha3x4 prf;

    for (size_t i = 0; i < count; i++) {
        memcpy(seeds[i], sigma, SEED_LEN);
        seeds[i][SEED_LEN] = (uint8_t)(nonce + i);
        messages[i] = BYTES_OF_ARRAY(seeds[i]);
    }
    sha3x4_begin(&prf, SHAKE256, messages, count);
    sha3x4_squeeze(&prf, blocks);
    for (size_t i = 0; i < count; i++)
        take_noise(blocks[i], out[i]);
    memory_wipe(seeds, sizeof seeds);
    memory_wipe(blocks, sizeof blocks);
    sha3x4_wipe(&prf);
}

/* A row of the matrix A times `b`, or with `is_transposed` a column; its entries live no longer than their use. */
static void multiply_row(const uint8_t *rho, size_t row, bool is_transposed, const struct mlkem_factor *b,
                         struct mlkem_poly *out)
{
    struct mlkem_poly entries[MLKEM_K];
    struct mlkem_sum sum = {{0}};

    sample_row(rho, row, is_transposed, entries);
    for (size_t k = 0; k < MLKEM_K; k++)
        mlkem_add_product(&sum, &entries[k], b, k);
    mlkem_sum_reduce(&sum, out);
    memory_wipe(&sum, sizeof sum);
}

static void multiply_vector(const struct mlkem_vector *a, const struct mlkem_factor *b, struct mlkem_poly *out)
{
    struct mlkem_sum sum = {{0}};

    for (size_t k = 0; k < MLKEM_K; k++)
        mlkem_add_product(&sum, &a->at[k], b, k);
    mlkem_sum_reduce(&sum, out);
    memory_wipe(&sum, sizeof sum);
}

/* ---- K-PKE (5) */

/* Algorithm 13: the encryption key is vector and rho, the decryption key a vector. */
static void pke_keygen(const uint8_t *d, uint8_t *ek, uint8_t *dk)
{
    uint8_t seeds[SHA3_512_LEN], k = MLKEM_K, *sigma = seeds + SEED_LEN;
    struct mlkem_vector t;
    struct mlkem_factor s;
    struct mlkem_poly e[MLKEM_K];
    struct sha3 g;

    sha3_init(&g, SHA3_512);
    sha3_absorb(&g, bytes_of(d, SEED_LEN));
    sha3_absorb(&g, bytes_of(&k, 1));
    sha3_squeeze(&g, seeds, sizeof seeds);
    sample_noise(sigma, 0, (struct mlkem_poly *[]){&s.vector.at[0], &s.vector.at[1], &s.vector.at[2], &e[0]}, 4);
    sample_noise(sigma, 4, (struct mlkem_poly *[]){&e[1], &e[2]}, 2);
    for (size_t i = 0; i < MLKEM_K; i++)
        mlkem_ntt(&s.vector.at[i]);
    mlkem_factor_prepare(&s);
    for (size_t i = 0; i < MLKEM_K; i++) {
        multiply_row(seeds, i, false, &s, &t.at[i]);
        mlkem_poly_to_montgomery(&t.at[i]);
        mlkem_ntt(&e[i]);
        mlkem_poly_add(&t.at[i], &e[i]);
    }
    mlkem_vector_encode(&t, ek);
    memcpy(ek + VECTOR_LEN, seeds, SEED_LEN);
    mlkem_vector_encode(&s.vector, dk);
    memory_wipe(&s, sizeof s);
    memory_wipe(e, sizeof e);
    memory_wipe(seeds, sizeof seeds);
    sha3_wipe(&g);
}

/* Algorithm 14 */
static void pke_encrypt(const struct mlkem_vector *t, const uint8_t *rho, const uint8_t *m, const uint8_t *r,
                        uint8_t *ciphertext)
{
    struct mlkem_factor y;
    struct mlkem_poly e1[MLKEM_K], e2, out;

    sample_noise(r, 0, (struct mlkem_poly *[]){&y.vector.at[0], &y.vector.at[1], &y.vector.at[2], &e1[0]}, 4);
    sample_noise(r, 4, (struct mlkem_poly *[]){&e1[1], &e1[2], &e2}, 3);
    for (size_t i = 0; i < MLKEM_K; i++)
        mlkem_ntt(&y.vector.at[i]);
    mlkem_factor_prepare(&y);
    for (size_t i = 0; i < MLKEM_K; i++) {
        multiply_row(rho, i, true, &y, &out);
        mlkem_inverse_ntt(&out);
        mlkem_poly_add(&out, &e1[i]);
        mlkem_encode_compressed(&out, MLKEM_DU, ciphertext + i * U_LEN);
    }
    multiply_vector(t, &y, &out);
    mlkem_inverse_ntt(&out);
    mlkem_poly_add(&out, &e2);
    mlkem_add_message(&out, m);
    mlkem_encode_compressed(&out, MLKEM_DV, ciphertext + (size_t)MLKEM_K * U_LEN);
    memory_wipe(&y, sizeof y);
    memory_wipe(e1, sizeof e1);
    memory_wipe(&e2, sizeof e2);
    memory_wipe(&out, sizeof out);
}

/* Algorithm 15 */
static void pke_decrypt(const uint8_t *dk, const uint8_t *ciphertext, uint8_t *m)
{
    struct mlkem_vector s;
    struct mlkem_factor u;
    struct mlkem_poly v, product;

    for (size_t i = 0; i < MLKEM_K; i++) {
        mlkem_decode_compressed(ciphertext + i * U_LEN, MLKEM_DU, &u.vector.at[i]);
        mlkem_ntt(&u.vector.at[i]);
    }
    mlkem_factor_prepare(&u);
    mlkem_vector_decode(dk, &s);
    multiply_vector(&s, &u, &product);
    mlkem_inverse_ntt(&product);
    mlkem_decode_compressed(ciphertext + (size_t)MLKEM_K * U_LEN, MLKEM_DV, &v);
    for (size_t i = 0; i < MLKEM_N; i++)
        v.at[i] = (int16_t)(v.at[i] - product.at[i]);
    mlkem_encode_message(&v, m);
    memory_wipe(&s, sizeof s);
    memory_wipe(&product, sizeof product);
    memory_wipe(&v, sizeof v);
}

/* ---- ML-KEM (6, 7) */

/*
 * What the compiler keeps on the stack besides our variables, spilled lanes of Keccak above all, tells as much as they
 * do: a permutation can be run backwards. So the outermost functions do their work in one that is not inlined, and wipe
 * where its frames were.
 */
#define APART __attribute__((noinline))

APART static void wipe_frames(void)
{
    uint8_t frames[32 * 1024];

    memory_wipe(frames, sizeof frames);
}

static void hash_h(struct bytes data, uint8_t *out)
{
    struct sha3 h;

    sha3_init(&h, SHA3_256);
    sha3_absorb(&h, data);
    sha3_squeeze(&h, out, SHA3_256_LEN);
}

/* G(m, H(ek)): the secret, and the randomness r of the encryption. */
static void derive(const uint8_t *m, const uint8_t *ek_hash, uint8_t out[SHA3_512_LEN])
{
    struct sha3 g;

    sha3_init(&g, SHA3_512);
    sha3_absorb(&g, bytes_of(m, SEED_LEN));
    sha3_absorb(&g, bytes_of(ek_hash, SHA3_256_LEN));
    sha3_squeeze(&g, out, SHA3_512_LEN);
    sha3_wipe(&g);
}

/* Algorithm 16 */
APART static void keygen(const uint8_t *random, uint8_t *ek, uint8_t *dk)
{
    uint8_t *at = dk + VECTOR_LEN;

    pke_keygen(random, ek, dk);
    memcpy(at, ek, MLKEM768_EK_LEN);
    at += MLKEM768_EK_LEN;
    hash_h(bytes_of(ek, MLKEM768_EK_LEN), at);
    memcpy(at + SHA3_256_LEN, random + SEED_LEN, SEED_LEN);
}

/* Algorithm 19 */
void mlkem768_keygen(const uint8_t *random, uint8_t *ek, uint8_t *dk)
{
    keygen(random, ek, dk);
    wipe_frames();
}

/* 7.2, "Modulus check": the key is what encoding its numbers again would give if all of them are below q. */
static bool numbers_are_below_q(const struct mlkem_vector *a)
{
    bool are_below = true;

    for (size_t k = 0; k < MLKEM_K; k++)
        for (size_t i = 0; i < MLKEM_N; i++)
            are_below &= a->at[k].at[i] < MLKEM_Q;
    return are_below;
}

/* Algorithm 17; `t` is the vector in `ek`. */
APART static void encaps(struct bytes ek, const struct mlkem_vector *t, const uint8_t *random, uint8_t *ciphertext,
                         uint8_t *secret)
{
    uint8_t ek_hash[SHA3_256_LEN], derived[SHA3_512_LEN];

    hash_h(ek, ek_hash);
    derive(random, ek_hash, derived);
    pke_encrypt(t, ek.at + VECTOR_LEN, random, derived + MLKEM768_SECRET_LEN, ciphertext);
    memcpy(secret, derived, MLKEM768_SECRET_LEN);
    memory_wipe(derived, sizeof derived);
}

/* Algorithm 20 */
enum crypto_result mlkem768_encaps(struct bytes ek, const uint8_t *random, uint8_t *ciphertext, uint8_t *secret)
{
    struct mlkem_vector t;

    if (ek.len != MLKEM768_EK_LEN) /* 7.2, "Type check" */
        return CRYPTO_BAD_INPUT;
    mlkem_vector_decode(ek.at, &t);
    if (!numbers_are_below_q(&t))
        return CRYPTO_BAD_INPUT;
    encaps(ek, &t, random, ciphertext, secret);
    wipe_frames();
    return CRYPTO_OK;
}

/* 0 or 1, in constant time; like memory_equal(), but nobody may learn the answer. */
static unsigned differ(const uint8_t *a, const uint8_t *b, size_t len)
{
    unsigned difference = 0;

    for (size_t i = 0; i < len; i++)
        difference |= a[i] ^ b[i];
    return (difference + 0xff) >> 8;
}

/* Algorithm 18: the secret of a ciphertext is G's, or where encrypting again gives another one J(z, ciphertext). */
APART static void decaps(const uint8_t *dk, const uint8_t *ciphertext, uint8_t *secret)
{
    const uint8_t *ek = dk + VECTOR_LEN, *ek_hash = ek + MLKEM768_EK_LEN, *z = ek_hash + SHA3_256_LEN;
    uint8_t m[SEED_LEN], derived[SHA3_512_LEN], again[MLKEM768_CIPHERTEXT_LEN];
    struct mlkem_vector t;
    struct sha3 j;
    uint16_t mask;

    pke_decrypt(dk, ciphertext, m);
    derive(m, ek_hash, derived);
    sha3_init(&j, SHAKE256);
    sha3_absorb(&j, bytes_of(z, SEED_LEN));
    sha3_absorb(&j, bytes_of(ciphertext, MLKEM768_CIPHERTEXT_LEN));
    sha3_squeeze(&j, secret, MLKEM768_SECRET_LEN);
    mlkem_vector_decode(ek, &t);
    pke_encrypt(&t, ek + VECTOR_LEN, m, derived + MLKEM768_SECRET_LEN, again);
    mask = mlkem_mask(differ(again, ciphertext, sizeof again));
    for (size_t i = 0; i < MLKEM768_SECRET_LEN; i++)
        secret[i] = (uint8_t)((secret[i] & mask) | (derived[i] & ~mask));
    memory_wipe(m, sizeof m);
    memory_wipe(derived, sizeof derived);
    memory_wipe(again, sizeof again);
    sha3_wipe(&j);
}

/* Algorithm 21 */
enum crypto_result mlkem768_decaps(struct bytes dk, struct bytes ciphertext, uint8_t *secret)
{
    uint8_t ek_hash[SHA3_256_LEN];

    /* 7.3: "Ciphertext type check", "Decapsulation key type check", "Hash check" */
    if (ciphertext.len != MLKEM768_CIPHERTEXT_LEN || dk.len != MLKEM768_DK_LEN)
        return CRYPTO_BAD_INPUT;
    hash_h(bytes_of(dk.at + VECTOR_LEN, MLKEM768_EK_LEN), ek_hash);
    if (!memory_equal(ek_hash, dk.at + VECTOR_LEN + MLKEM768_EK_LEN, sizeof ek_hash))
        return CRYPTO_BAD_INPUT;
    decaps(dk.at, ciphertext.at, secret);
    wipe_frames();
    return CRYPTO_OK;
}

const struct kem_alg kem_mlkem768 = {
    KEM_MLKEM768_FACTS, /* name, lengths */
    .encaps = mlkem768_encaps,
};
