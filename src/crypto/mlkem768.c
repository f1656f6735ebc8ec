#include "crypto/mlkem768.h"

#include "base/secret.h"
#include "crypto/provider.h"
#include "crypto/sha3.h"

/* FIPS 203 8, Table 2; eta1 and eta2 are 2. */
enum { N = 256, Q = 3329, K = 3, DU = 10, DV = 4, Q_INVERSE = 62209 /* modulo 2^16 */ };
enum {
    SEED_LEN = 32,
    POLY_LEN = N * 12 / 8, /* ByteEncode12 */
    VECTOR_LEN = K * POLY_LEN,
    U_LEN = N * DU / 8, /* of one of the K polynomials of u */
    NOISE_LEN = 128,    /* 64 eta */
};

/* Of Z_q[X] / (X^256 + 1), or its transform; what range the numbers are in is said where it matters. */
struct poly {
    int16_t at[N];
};

struct vector {
    struct poly at[K];
};

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
 * are the same and cancel out), of which the compilers make vector instructions.
 */
static inline int16_t multiply(int16_t a, int16_t b)
{
    int16_t t = (int16_t)((uint32_t)(a * b) * Q_INVERSE);

    return (int16_t)(high_half(a, b) - high_half(t, Q));
}

/* a 2^-16 mod q, between -q and q, for |a| < 2^15 q. */
static inline int16_t montgomery_reduce(int32_t a)
{
    int16_t t = (int16_t)((uint32_t)a * Q_INVERSE);

    return (int16_t)((a - t * Q) >> 16);
}

/* Barrett: a mod q, from -(q - 1) / 2 to (q - 1) / 2. */
static inline int16_t barrett_reduce(int16_t a)
{
    enum { RECIPROCAL = 20159 }; /* 2^26 / q, rounded */

    return (int16_t)(a - ((high_half(a, RECIPROCAL) + (1 << 9)) >> 10) * Q);
}

/* The same number from 0 to q - 1. */
static inline uint16_t canonical(int16_t a)
{
    int16_t reduced = barrett_reduce(a);

    return (uint16_t)(reduced + ((reduced >> 15) & Q));
}

/*
 * 4.2.1, (4.7) and (4.8). A division would take a time that tells of the secret ("KyberSlash"); this product is it
 * exactly for every number below 2^22.
 */
static inline uint16_t compress(uint16_t a, unsigned d)
{
    enum { RECIPROCAL = 20642679 }; /* 2^36 / q, rounded up */
    uint64_t quotient = (((uint64_t)a << d) + Q / 2) * RECIPROCAL >> 36;

    return (uint16_t)(quotient & ((1u << d) - 1));
}

static inline int16_t decompress(uint16_t a, unsigned d)
{
    return (int16_t)(((uint32_t)a * Q + (1u << (d - 1))) >> d);
}

/* All ones for 1, zero for 0. The compiler may not see that there are two values, or it makes a branch of them. */
static uint16_t mask_of(unsigned bit)
{
    uint32_t mask = -(uint32_t)bit;

    __asm__("" : "+r"(mask));
    return (uint16_t)mask;
}

/* ---- polynomials */

static void poly_add(struct poly *a, const struct poly *b)
{
    for (size_t i = 0; i < N; i++)
        a->at[i] = (int16_t)(a->at[i] + b->at[i]);
}

static void poly_reduce(struct poly *a)
{
    for (size_t i = 0; i < N; i++)
        a->at[i] = barrett_reduce(a->at[i]);
}

/* A layer of Algorithm 9; `zeta` goes through the table. For a length that is a constant vector instructions come out.
 */
static inline void ntt_layer(struct poly *a, size_t len, const int16_t **zeta)
{
    for (size_t start = 0; start < N; start += 2 * len) {
        int16_t *restrict low = a->at + start, *restrict high = low + len, z = *(*zeta)++;

        for (size_t j = 0; j < len; j++) {
            int16_t t = multiply(z, high[j]);

            high[j] = (int16_t)(low[j] - t);
            low[j] = (int16_t)(low[j] + t);
        }
    }
}

/* Algorithm 9. Each of the seven layers adds less than q to a number: from within q nothing leaves the 16 bits. */
static void ntt(struct poly *a)
{
    const int16_t *zeta = zetas + 1;

    ntt_layer(a, 128, &zeta);
    ntt_layer(a, 64, &zeta);
    ntt_layer(a, 32, &zeta);
    ntt_layer(a, 16, &zeta);
    ntt_layer(a, 8, &zeta);
    ntt_layer(a, 4, &zeta);
    ntt_layer(a, 2, &zeta);
    poly_reduce(a);
}

static inline void inverse_ntt_layer(struct poly *a, size_t len, const int16_t **zeta)
{
    for (size_t start = 0; start < N; start += 2 * len) {
        int16_t *restrict low = a->at + start, *restrict high = low + len, z = *(*zeta)--;

        for (size_t j = 0; j < len; j++) {
            int16_t t = low[j];

            low[j] = barrett_reduce((int16_t)(t + high[j]));
            high[j] = multiply(z, (int16_t)(high[j] - t));
        }
    }
}

/* Algorithm 10, times 2^16: takes back the 2^-16 that a product carries. */
static void inverse_ntt(struct poly *a)
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
    for (size_t j = 0; j < N; j++)
        a->at[j] = multiply(SCALE, a->at[j]);
}

/* A vector that is multiplied with several: each odd coefficient also times the gamma of Algorithm 11. */
struct factor {
    struct vector vector;
    int16_t times_gamma[K][N / 2];
};

static void factor_prepare(struct factor *b)
{
    for (size_t k = 0; k < K; k++) {
        for (size_t i = 0; i < N / 4; i++) { /* gamma is zeta for one pair of coefficients and -zeta for the next */
            int16_t zeta = zetas[N / 4 + i];

            b->times_gamma[k][2 * i] = multiply(zeta, b->vector.at[k].at[4 * i + 1]);
            b->times_gamma[k][2 * i + 1] = multiply((int16_t)-zeta, b->vector.at[k].at[4 * i + 3]);
        }
    }
}

struct sum {
    int32_t at[N];
};

/*
 * Algorithms 11 and 12, added up over k and not reduced yet: with a below 2^12, b within q/2 and what has gamma in it
 * within q, three products are less than 2^15 q.
 */
static void add_product(struct sum *sum, const struct poly *a, const struct factor *b, size_t k)
{
    const int16_t *y = b->vector.at[k].at, *times_gamma = b->times_gamma[k];

    for (size_t i = 0; i < N / 2; i++) {
        sum->at[2 * i] += a->at[2 * i] * y[2 * i] + a->at[2 * i + 1] * times_gamma[i];
        sum->at[2 * i + 1] += a->at[2 * i] * y[2 * i + 1] + a->at[2 * i + 1] * y[2 * i];
    }
}

/* The sum times 2^-16. */
static void sum_reduce(const struct sum *sum, struct poly *out)
{
    for (size_t i = 0; i < N; i++)
        out->at[i] = montgomery_reduce(sum->at[i]);
}

/* ---- bytes: Algorithms 5 and 6; four coefficients fill whole bytes for every even d */

static inline void byte_encode(const struct poly *a, unsigned d, uint8_t *out)
{
    for (size_t i = 0; i < N; i += 4) {
        uint64_t bits = 0;

        for (unsigned j = 0; j < 4; j++)
            bits |= (uint64_t)(uint16_t)a->at[i + j] << d * j;
        for (unsigned j = 0; j < d / 2; j++)
            *out++ = (uint8_t)(bits >> 8 * j);
    }
}

static inline void byte_decode(const uint8_t *in, unsigned d, struct poly *out)
{
    for (size_t i = 0; i < N; i += 4) {
        uint64_t bits = 0;

        for (unsigned j = 0; j < d / 2; j++)
            bits |= (uint64_t)*in++ << 8 * j;
        for (unsigned j = 0; j < 4; j++)
            out->at[i + j] = (int16_t)(bits >> d * j & ((1u << d) - 1));
    }
}

static void vector_encode(const struct vector *a, uint8_t *out)
{
    for (size_t k = 0; k < K; k++) {
        struct poly numbers;

        for (size_t i = 0; i < N; i++)
            numbers.at[i] = (int16_t)canonical(a->at[k].at[i]);
        byte_encode(&numbers, 12, out + k * POLY_LEN);
        memory_wipe(&numbers, sizeof numbers);
    }
}

static void vector_decode(const uint8_t *in, struct vector *out)
{
    for (size_t k = 0; k < K; k++)
        byte_decode(in + k * POLY_LEN, 12, &out->at[k]);
}

static inline void encode_compressed(struct poly *a, unsigned d, uint8_t *out)
{
    for (size_t i = 0; i < N; i++)
        a->at[i] = (int16_t)compress(canonical(a->at[i]), d);
    byte_encode(a, d, out);
}

static inline void decode_compressed(const uint8_t *in, unsigned d, struct poly *out)
{
    byte_decode(in, d, out);
    for (size_t i = 0; i < N; i++)
        out->at[i] = decompress((uint16_t)out->at[i], d);
}

/* Decompress1(ByteDecode1(m)): half of q, rounded up, for each bit that is set. */
static void add_message(struct poly *a, const uint8_t *m)
{
    for (size_t i = 0; i < N; i++)
        a->at[i] = (int16_t)(a->at[i] + (mask_of(m[i / 8] >> i % 8 & 1) & (Q + 1) / 2));
}

static void encode_message(const struct poly *a, uint8_t *m)
{
    memset(m, 0, SEED_LEN);
    for (size_t i = 0; i < N; i++)
        m[i / 8] = (uint8_t)(m[i / 8] | compress(canonical(a->at[i]), 1) << i % 8);
}

/* ---- sampling */

/*
 * Algorithm 7. The seed is public, and so is how much of the stream is taken. One number of five is rejected, which no
 * processor foresees: each is written, and what is rejected written over.
 */
static void sample_ntt(const uint8_t *rho, uint8_t first, uint8_t second, struct poly *out)
{
    int16_t numbers[N + 1];
    uint8_t block[SHAKE128_RATE];
    struct sha3 xof;
    size_t done = 0;

    sha3_init(&xof, SHAKE128);
    sha3_absorb(&xof, bytes_of(rho, SEED_LEN));
    sha3_absorb(&xof, BYTES_OF_ARRAY(((const uint8_t[]){first, second})));
    while (done < N) {
        sha3_squeeze(&xof, block, sizeof block);
        for (size_t i = 0; i < sizeof block && done < N; i += 3) {
            unsigned d1 = block[i] | (block[i + 1] & 15u) << 8;
            unsigned d2 = block[i + 1] >> 4 | (unsigned)block[i + 2] << 4;

            numbers[done] = (int16_t)d1;
            done += d1 < Q;
            numbers[done] = (int16_t)d2;
            done += d2 < Q;
        }
    }
    memcpy(out->at, numbers, sizeof out->at);
}

/* Algorithm 8 with eta = 2, of PRF (4.3): each coefficient is the sum of two bits less that of two more. */
static void sample_noise(const uint8_t *sigma, uint8_t nonce, struct poly *out)
{
    uint8_t stream[NOISE_LEN];
    struct sha3 prf;

    sha3_init(&prf, SHAKE256);
    sha3_absorb(&prf, bytes_of(sigma, SEED_LEN));
    sha3_absorb(&prf, bytes_of(&nonce, 1));
    sha3_squeeze(&prf, stream, sizeof stream);
    for (size_t i = 0; i < N / 2; i++) {
        unsigned pairs = (stream[i] & 0x55u) + (stream[i] >> 1 & 0x55u); /* four sums of two bits */

        out->at[2 * i] = (int16_t)((pairs & 3) - (pairs >> 2 & 3));
        out->at[2 * i + 1] = (int16_t)((pairs >> 4 & 3) - (pairs >> 6 & 3));
    }
    memory_wipe(stream, sizeof stream);
    sha3_wipe(&prf);
}

/* A row of the matrix A times `b`, or with `is_transposed` a column; an entry of A lives no longer than its use. */
static void multiply_row(const uint8_t *rho, size_t row, bool is_transposed, const struct factor *b, struct poly *out)
{
    struct sum sum = {{0}};
    struct poly entry;

    for (size_t k = 0; k < K; k++) { /* A[i, j] is drawn from rho, j, i */
        sample_ntt(rho, (uint8_t)(is_transposed ? row : k), (uint8_t)(is_transposed ? k : row), &entry);
        add_product(&sum, &entry, b, k);
    }
    sum_reduce(&sum, out);
    memory_wipe(&sum, sizeof sum);
}

static void multiply_vector(const struct vector *a, const struct factor *b, struct poly *out)
{
    struct sum sum = {{0}};

    for (size_t k = 0; k < K; k++)
        add_product(&sum, &a->at[k], b, k);
    sum_reduce(&sum, out);
    memory_wipe(&sum, sizeof sum);
}

/* ---- K-PKE (5) */

/* Algorithm 13: the encryption key is vector and rho, the decryption key a vector. */
static void pke_keygen(const uint8_t *d, uint8_t *ek, uint8_t *dk)
{
    enum { TO_MONTGOMERY = 1353 }; /* 2^32 mod q: takes back the 2^-16 of a product */
    uint8_t seeds[SHA3_512_LEN], k = K, *sigma = seeds + SEED_LEN;
    struct vector t;
    struct factor s;
    struct poly e;
    struct sha3 g;

    sha3_init(&g, SHA3_512);
    sha3_absorb(&g, bytes_of(d, SEED_LEN));
    sha3_absorb(&g, bytes_of(&k, 1));
    sha3_squeeze(&g, seeds, sizeof seeds);
    for (size_t i = 0; i < K; i++) {
        sample_noise(sigma, (uint8_t)i, &s.vector.at[i]);
        ntt(&s.vector.at[i]);
    }
    factor_prepare(&s);
    for (size_t i = 0; i < K; i++) {
        multiply_row(seeds, i, false, &s, &t.at[i]);
        for (size_t j = 0; j < N; j++)
            t.at[i].at[j] = multiply(TO_MONTGOMERY, t.at[i].at[j]);
        sample_noise(sigma, (uint8_t)(K + i), &e);
        ntt(&e);
        poly_add(&t.at[i], &e);
    }
    vector_encode(&t, ek);
    memcpy(ek + VECTOR_LEN, seeds, SEED_LEN);
    vector_encode(&s.vector, dk);
    memory_wipe(&s, sizeof s);
    memory_wipe(&e, sizeof e);
    memory_wipe(seeds, sizeof seeds);
    sha3_wipe(&g);
}

/* Algorithm 14 */
static void pke_encrypt(const struct vector *t, const uint8_t *rho, const uint8_t *m, const uint8_t *r,
                        uint8_t *ciphertext)
{
    struct factor y;
    struct poly noise, out;

    for (size_t i = 0; i < K; i++) {
        sample_noise(r, (uint8_t)i, &y.vector.at[i]);
        ntt(&y.vector.at[i]);
    }
    factor_prepare(&y);
    for (size_t i = 0; i < K; i++) {
        multiply_row(rho, i, true, &y, &out);
        inverse_ntt(&out);
        sample_noise(r, (uint8_t)(K + i), &noise);
        poly_add(&out, &noise);
        encode_compressed(&out, DU, ciphertext + i * U_LEN);
    }
    multiply_vector(t, &y, &out);
    inverse_ntt(&out);
    sample_noise(r, 2 * K, &noise);
    poly_add(&out, &noise);
    add_message(&out, m);
    encode_compressed(&out, DV, ciphertext + (size_t)K * U_LEN);
    memory_wipe(&y, sizeof y);
    memory_wipe(&noise, sizeof noise);
    memory_wipe(&out, sizeof out);
}

/* Algorithm 15 */
static void pke_decrypt(const uint8_t *dk, const uint8_t *ciphertext, uint8_t *m)
{
    struct vector s;
    struct factor u;
    struct poly v, product;

    for (size_t i = 0; i < K; i++) {
        decode_compressed(ciphertext + i * U_LEN, DU, &u.vector.at[i]);
        ntt(&u.vector.at[i]);
    }
    factor_prepare(&u);
    vector_decode(dk, &s);
    multiply_vector(&s, &u, &product);
    inverse_ntt(&product);
    decode_compressed(ciphertext + (size_t)K * U_LEN, DV, &v);
    for (size_t i = 0; i < N; i++)
        v.at[i] = (int16_t)(v.at[i] - product.at[i]);
    encode_message(&v, m);
    memory_wipe(&s, sizeof s);
    memory_wipe(&product, sizeof product);
    memory_wipe(&v, sizeof v);
}

/* ---- ML-KEM (6, 7) */

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

/* Algorithms 16 and 19 */
void mlkem768_keygen(const uint8_t *random, uint8_t *ek, uint8_t *dk)
{
    uint8_t *at = dk + VECTOR_LEN;

    pke_keygen(random, ek, dk);
    memcpy(at, ek, MLKEM768_EK_LEN);
    at += MLKEM768_EK_LEN;
    hash_h(bytes_of(ek, MLKEM768_EK_LEN), at);
    memcpy(at + SHA3_256_LEN, random + SEED_LEN, SEED_LEN);
}

/* 7.2, "Modulus check": the key is what encoding its numbers again would give if all of them are below q. */
static bool numbers_are_below_q(const struct vector *a)
{
    bool are_below = true;

    for (size_t k = 0; k < K; k++)
        for (size_t i = 0; i < N; i++)
            are_below &= a->at[k].at[i] < Q;
    return are_below;
}

/* Algorithms 17 and 20 */
enum crypto_result mlkem768_encaps(struct bytes ek, const uint8_t *random, uint8_t *ciphertext, uint8_t *secret)
{
    uint8_t ek_hash[SHA3_256_LEN], derived[SHA3_512_LEN];
    struct vector t;

    if (ek.len != MLKEM768_EK_LEN) /* 7.2, "Type check" */
        return CRYPTO_BAD_INPUT;
    vector_decode(ek.at, &t);
    if (!numbers_are_below_q(&t))
        return CRYPTO_BAD_INPUT;
    hash_h(ek, ek_hash);
    derive(random, ek_hash, derived);
    pke_encrypt(&t, ek.at + VECTOR_LEN, random, derived + MLKEM768_SECRET_LEN, ciphertext);
    memcpy(secret, derived, MLKEM768_SECRET_LEN);
    memory_wipe(derived, sizeof derived);
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
static void decaps(const uint8_t *dk, const uint8_t *ciphertext, uint8_t *secret)
{
    const uint8_t *ek = dk + VECTOR_LEN, *ek_hash = ek + MLKEM768_EK_LEN, *z = ek_hash + SHA3_256_LEN;
    uint8_t m[SEED_LEN], derived[SHA3_512_LEN], again[MLKEM768_CIPHERTEXT_LEN];
    struct vector t;
    struct sha3 j;
    uint16_t mask;

    pke_decrypt(dk, ciphertext, m);
    derive(m, ek_hash, derived);
    sha3_init(&j, SHAKE256);
    sha3_absorb(&j, bytes_of(z, SEED_LEN));
    sha3_absorb(&j, bytes_of(ciphertext, MLKEM768_CIPHERTEXT_LEN));
    sha3_squeeze(&j, secret, MLKEM768_SECRET_LEN);
    vector_decode(ek, &t);
    pke_encrypt(&t, ek + VECTOR_LEN, m, derived + MLKEM768_SECRET_LEN, again);
    mask = mask_of(differ(again, ciphertext, sizeof again));
    for (size_t i = 0; i < MLKEM768_SECRET_LEN; i++)
        secret[i] = (uint8_t)((secret[i] & mask) | (derived[i] & ~mask));
    memory_wipe(m, sizeof m);
    memory_wipe(derived, sizeof derived);
    memory_wipe(again, sizeof again);
    sha3_wipe(&j);
}

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
    return CRYPTO_OK;
}

const struct kem_alg kem_mlkem768 = {
    .name = "ML-KEM-768",
    .ek_len = MLKEM768_EK_LEN,
    .ciphertext_len = MLKEM768_CIPHERTEXT_LEN,
    .secret_len = MLKEM768_SECRET_LEN,
    .random_len = MLKEM768_ENCAPS_RANDOM_LEN,
    .encaps = mlkem768_encaps,
};
