/*
 * fuzz_mlkem768.c: what a peer sends for ML-KEM-768, an encapsulation key or a ciphertext. Besides what the sanitizers
 * see: a key is taken exactly when FIPS 203 7.2 takes it, a ciphertext when it has its length (7.3), and what comes out
 * depends on nothing else.
 */
#include <stdint.h>

#include "crypto/mlkem768.h"
#include "support/must.h"

enum { NUMBERS = 768, Q = 3329 };

/* Algorithm 6 as it stands, bit by bit. */
static bool numbers_are_below_q(const uint8_t *ek)
{
    for (size_t i = 0; i < NUMBERS; i++) {
        unsigned number = 0;

        for (size_t bit = 12 * i; bit < 12 * (i + 1); bit++)
            number |= (ek[bit / 8] >> bit % 8 & 1u) << (bit - 12 * i);
        if (number >= Q)
            return false;
    }
    return true;
}

static void encapsulate(struct bytes ek)
{
    static const uint8_t m[MLKEM768_ENCAPS_RANDOM_LEN] = {1};
    uint8_t ciphertexts[2][MLKEM768_CIPHERTEXT_LEN], secrets[2][MLKEM768_SECRET_LEN];
    bool is_valid = ek.len == MLKEM768_EK_LEN && numbers_are_below_q(ek.at);

    for (int i = 0; i < 2; i++)
        must(mlkem768_encaps(ek, m, ciphertexts[i], secrets[i]) == (is_valid ? CRYPTO_OK : CRYPTO_BAD_INPUT));
    if (is_valid) {
        must(memcmp(ciphertexts[0], ciphertexts[1], sizeof ciphertexts[0]) == 0);
        must(memcmp(secrets[0], secrets[1], sizeof secrets[0]) == 0);
    }
}

static void decapsulate(struct bytes ciphertext)
{
    static const uint8_t random[MLKEM768_KEYGEN_RANDOM_LEN] = {2};
    static uint8_t ek[MLKEM768_EK_LEN], dk[MLKEM768_DK_LEN];
    uint8_t secrets[2][MLKEM768_SECRET_LEN];
    bool is_valid = ciphertext.len == MLKEM768_CIPHERTEXT_LEN;

    if (ek[0] == 0)
        mlkem768_keygen(random, ek, dk);
    for (int i = 0; i < 2; i++)
        must(mlkem768_decaps(BYTES_OF_ARRAY(dk), ciphertext, secrets[i]) == (is_valid ? CRYPTO_OK : CRYPTO_BAD_INPUT));
    must(!is_valid || memcmp(secrets[0], secrets[1], sizeof secrets[0]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    encapsulate(bytes_of(data, size));
    decapsulate(bytes_of(data, size));
    return 0;
}
