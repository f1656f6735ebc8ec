#include "crypto/sha3.h"

#include <endian.h>

#include "base/secret.h"
#include "crypto/keccak.h"

/* FIPS 202 3.2.5, the output of its Algorithm 5 for each round. */
const uint64_t keccak_round_constants[KECCAK_ROUNDS] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000, 0x000000000000808b,
    0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
    0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

KECCAK_F1600(, keccak_f1600, uint64_t)

/* 6.1 and 6.2: the two bits of SHA-3, the four of a SHAKE, and the first of the padding of 5.1 behind them. */
void sha3_init(struct sha3 *sponge, enum sha3_function function)
{
    static const struct {
        size_t rate;
        uint8_t suffix;
    } functions[] = {[SHA3_256] = {136, 0x06},
                     [SHA3_512] = {72, 0x06},
                     [SHAKE128] = {SHA3_MAX_RATE, 0x1f},
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
