#include "crypto/sha3.h"

#include <endian.h>

#include "base/secret.h"

enum { LANES = 25, ROUNDS = 24 };

/* FIPS 202 3.2.5, the output of its Algorithm 5 for each round. */
static const uint64_t round_constants[ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

/* 3.2.2, Table 2, modulo 64; lane (x, y) is at x + 5 y. */
static const uint8_t rotations[LANES] = {0,  1,  62, 28, 27, 36, 44, 6,  55, 20, 3,  10, 43,
                                         25, 39, 41, 45, 15, 21, 8,  18, 2,  61, 56, 14};

/* Of a, by 0 to 63. */
static uint64_t rotate(uint64_t a, unsigned by)
{
    return a << by | a >> (-by & 63);
}

/* A round of 3.3, from `a` to `b`. Unrolled, so that every index is a constant and the lanes stay in registers. */
static inline void keccak_round(const uint64_t *a, uint64_t *b, uint64_t constant)
{
    uint64_t column[5], moved[LANES];

#pragma GCC unroll 5
    /* theta, 3.2.1 */
    for (size_t x = 0; x < 5; x++)
        column[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
#pragma GCC unroll 25
    /* Its second half; rho, 3.2.2; pi, 3.2.3, which moves (x, y) to (y, 2 x + 3 y). */
    for (size_t i = 0; i < LANES; i++) {
        size_t x = i % 5, y = i / 5;
        uint64_t lane = a[i] ^ column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1);

        moved[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(lane, rotations[i]);
    }
#pragma GCC unroll 25
    /* chi, 3.2.4 */
    for (size_t i = 0; i < LANES; i++) {
        size_t x = i % 5, row = i - x;

        b[i] = moved[i] ^ (~moved[row + (x + 1) % 5] & moved[row + (x + 2) % 5]);
    }
    b[0] ^= constant; /* iota, 3.2.5 */
}

static void keccak_f1600(uint64_t *lanes)
{
    uint64_t between[LANES];

    for (size_t round = 0; round < ROUNDS; round += 2) {
        keccak_round(lanes, between, round_constants[round]);
        keccak_round(between, lanes, round_constants[round + 1]);
    }
    memory_wipe(between, sizeof between);
}

/* 6.1 and 6.2: the two bits of SHA-3, the four of a SHAKE, and the first of the padding of 5.1 behind them. */
void sha3_init(struct sha3 *sponge, enum sha3_function function)
{
    static const struct {
        size_t rate;
        uint8_t suffix;
    } functions[] = {[SHA3_256] = {136, 0x06},
                     [SHA3_512] = {72, 0x06},
                     [SHAKE128] = {SHAKE128_RATE, 0x1f},
                     [SHAKE256] = {136, 0x1f}};

    *sponge = (struct sha3){.rate = functions[function].rate, .suffix = functions[function].suffix};
}

static void add_byte(struct sha3 *sponge, size_t at, uint8_t byte)
{
    sponge->lanes[at / 8] ^= (uint64_t)byte << 8 * (at % 8);
}

static void add_block(struct sha3 *sponge, const uint8_t *block)
{
    for (size_t i = 0; i < sponge->rate / 8; i++) {
        uint64_t lane;

        memcpy(&lane, block + 8 * i, sizeof lane);
        sponge->lanes[i] ^= le64toh(lane);
    }
    keccak_f1600(sponge->lanes);
}

void sha3_absorb(struct sha3 *sponge, struct bytes data)
{
    while (data.len > 0) {
        size_t taken = 1;

        if (sponge->at == 0 && data.len >= sponge->rate) {
            add_block(sponge, data.at);
            taken = sponge->rate;
        } else {
            add_byte(sponge, sponge->at++, data.at[0]);
            if (sponge->at == sponge->rate) {
                keccak_f1600(sponge->lanes);
                sponge->at = 0;
            }
        }
        data = bytes_of(data.at + taken, data.len - taken);
    }
}

/* 5.1: pad10*1, its first bit comes with the suffix. */
static void finish_absorbing(struct sha3 *sponge)
{
    add_byte(sponge, sponge->at, sponge->suffix);
    add_byte(sponge, sponge->rate - 1, 0x80);
    sponge->at = sponge->rate;
    sponge->is_squeezing = true;
}

void sha3_squeeze(struct sha3 *sponge, uint8_t *out, size_t len)
{
    if (!sponge->is_squeezing)
        finish_absorbing(sponge);
    while (len > 0) {
        size_t given = 1;

        if (sponge->at == sponge->rate) {
            keccak_f1600(sponge->lanes);
            sponge->at = 0;
        }
        if (sponge->at % 8 == 0 && len >= 8) {
            uint64_t lane = htole64(sponge->lanes[sponge->at / 8]);

            memcpy(out, &lane, sizeof lane);
            given = sizeof lane;
        } else {
            *out = (uint8_t)(sponge->lanes[sponge->at / 8] >> 8 * (sponge->at % 8));
        }
        sponge->at += given;
        out += given;
        len -= given;
    }
}

void sha3_wipe(struct sha3 *sponge)
{
    memory_wipe(sponge, sizeof *sponge);
}
