#include "crypto/sha3x4.h"

#include <endian.h>

#include "base/secret.h"

#if defined(__x86_64__)
typedef uint64_t four_lanes __attribute__((vector_size(32), may_alias));

KECCAK_F1600(static __attribute__((target("avx2"))), keccak_avx2, four_lanes)
#endif

static bool processor_is_wide(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

static void permute_one(struct sha3x4 *sponges, size_t index)
{
    uint64_t lanes[KECCAK_LANES];

    for (size_t i = 0; i < KECCAK_LANES; i++)
        lanes[i] = sponges->lanes[i][index];
    keccak_f1600(lanes);
    for (size_t i = 0; i < KECCAK_LANES; i++)
        sponges->lanes[i][index] = lanes[i];
    memory_wipe(lanes, sizeof lanes);
}

static void permute(struct sha3x4 *sponges)
{
#if defined(__x86_64__)
    if (sponges->is_wide) {
        keccak_avx2((four_lanes *)sponges->lanes);
        return;
    }
#endif
    for (size_t i = 0; i < sponges->count; i++)
        permute_one(sponges, i);
}

static void add_byte(struct sha3x4 *sponges, size_t index, size_t at, uint8_t byte)
{
    sponges->lanes[at / 8][index] ^= (uint64_t)byte << 8 * (at % 8);
}

/* FIPS 202 5.1 and 6, as in sha3.c; the permutation is that of the first block taken. */
void sha3x4_begin(struct sha3x4 *sponges, enum sha3_function function, const struct bytes *messages, size_t count)
{
    struct sha3 one;

    sha3_init(&one, function);
    *sponges = (struct sha3x4){.count = count, .rate = one.rate, .is_wide = processor_is_wide()};
    for (size_t index = 0; index < count; index++) {
        for (size_t at = 0; at < messages[index].len; at++)
            add_byte(sponges, index, at, messages[index].at[at]);
        add_byte(sponges, index, messages[index].len, one.suffix);
        add_byte(sponges, index, one.rate - 1, 0x80);
    }
}

void sha3x4_squeeze(struct sha3x4 *sponges, uint8_t (*blocks)[SHA3_MAX_RATE])
{
    permute(sponges);
    for (size_t index = 0; index < sponges->count; index++) {
        for (size_t i = 0; i < sponges->rate / 8; i++) {
            uint64_t lane = htole64(sponges->lanes[i][index]);

            memcpy(blocks[index] + 8 * i, &lane, sizeof lane);
        }
    }
}

void sha3x4_wipe(struct sha3x4 *sponges)
{
    memory_wipe(sponges, sizeof *sponges);
}
