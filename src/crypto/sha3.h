/*
 * sha3.h: SHA3-256, SHA3-512, SHAKE128 and SHAKE256 (FIPS 202) over whole bytes. Private to src/crypto and its tests.
 *
 * A sponge absorbs any number of pieces and then gives any number of pieces. No branch and no index depends on what
 * goes through it; how much does is public.
 */
#ifndef CRYPTO_SHA3_H
#define CRYPTO_SHA3_H

#include "base/bytes.h"

enum sha3_function { SHA3_256, SHA3_512, SHAKE128, SHAKE256 };
enum { SHA3_256_LEN = 32, SHA3_512_LEN = 64, SHA3_MAX_RATE = 168 /* SHAKE128's */ };

struct sha3 {
    uint64_t lanes[25];
    size_t rate; /* bytes that one permutation takes in or gives out */
    size_t at;   /* of the rate: where the next byte goes, or comes from */
    uint8_t suffix;
    bool is_squeezing;
};

void sha3_init(struct sha3 *sponge, enum sha3_function function);
void sha3_absorb(struct sha3 *sponge, struct bytes data); /* not after the first sha3_squeeze() */
/* SHA3-256 and SHA3-512 have 32 and 64 bytes to give, the SHAKEs as many as are asked for. */
void sha3_squeeze(struct sha3 *sponge, uint8_t *out, size_t len);
void sha3_wipe(struct sha3 *sponge);

#endif
