/*
 * mlkem768.h: ML-KEM-768 of FIPS 203. Private to src/crypto and its tests.
 *
 * The random values of 7.1 and 7.2 come from the caller, so that published figures can be run. A server encapsulates;
 * the other two are for clients in tests. Nothing secret decides a branch, an index or how long an operation takes;
 * the encapsulation key, what is drawn from its seed, and the ciphertext are public.
 */
#ifndef CRYPTO_MLKEM768_H
#define CRYPTO_MLKEM768_H

#include "base/attributes.h"
#include "base/bytes.h"
#include "crypto/crypto.h"

enum {
    MLKEM768_EK_LEN = 1184,
    MLKEM768_DK_LEN = 2400,
    MLKEM768_CIPHERTEXT_LEN = 1088,
    MLKEM768_SECRET_LEN = 32,
    MLKEM768_KEYGEN_RANDOM_LEN = 64, /* d, then z */
    MLKEM768_ENCAPS_RANDOM_LEN = 32, /* m */
};

void mlkem768_keygen(const uint8_t *random, uint8_t *ek, uint8_t *dk); /* 7.1 */

/* 7.2. CRYPTO_BAD_INPUT when the length of `ek` is wrong or one of its numbers is not below q; nothing is written. */
MUST_CHECK enum crypto_result mlkem768_encaps(struct bytes ek, const uint8_t *random, uint8_t *ciphertext,
                                              uint8_t *secret);

/*
 * 7.3. CRYPTO_BAD_INPUT when a length is wrong or the hash in `dk` is not that of its encapsulation key. A ciphertext
 * that nobody encapsulated gives a secret that nobody knows.
 */
MUST_CHECK enum crypto_result mlkem768_decaps(struct bytes dk, struct bytes ciphertext, uint8_t *secret);

#endif
