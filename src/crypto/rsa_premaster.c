#include "crypto/rsa_premaster.h"

#include "base/alloc.h"
#include "base/secret.h"
#include "crypto/provider.h"

/* 0xff when `byte` is zero, else 0; without a branch. */
static uint8_t mask_if_zero(uint8_t byte)
{
    return (uint8_t)((((uint32_t)byte - 1) >> 8) & 0xff);
}

static uint8_t mask_if_equal(uint8_t a, uint8_t b)
{
    return mask_if_zero((uint8_t)(a ^ b));
}

/*
 * RFC 8017 7.2.2: 00 02, padding without a zero, 00, the message, which here has 48 bytes and so a fixed place. RFC
 * 5246 7.4.7.1 MUST: the version in it is checked, it is that of the ClientHello.
 */
void rsa_premaster_select(const uint8_t *block, size_t len, uint16_t client_version,
                          const uint8_t fallback[PREMASTER_LEN], uint8_t out[PREMASTER_LEN])
{
    const uint8_t *premaster = block + len - PREMASTER_LEN;
    uint8_t good = mask_if_zero(block[0]) & mask_if_equal(block[1], 2) & mask_if_zero(premaster[-1]);

    for (const uint8_t *padding = block + 2; padding < premaster - 1; padding++)
        good &= (uint8_t)~mask_if_zero(*padding);
    good &= mask_if_equal(premaster[0], (uint8_t)(client_version >> 8));
    good &= mask_if_equal(premaster[1], (uint8_t)client_version);
    for (size_t i = 0; i < PREMASTER_LEN; i++)
        out[i] = (uint8_t)((premaster[i] & good) | (fallback[i] & (uint8_t)~good));
}

bool rsa_premaster_open(const struct private_key *key, struct bytes ciphertext, uint16_t client_version,
                        const uint8_t fallback[PREMASTER_LEN], struct random_source random, uint8_t out[PREMASTER_LEN])
{
    size_t len = (key->bits + 7) / 8;
    struct random_stream stream;
    enum crypto_result result = CRYPTO_BAD_INPUT;
    uint8_t block[MAX_RSA_BITS / 8] = {0};

    if (!key->alg->raw_private || !random_stream_begin(&stream, random))
        return false;
    if (ciphertext.len == len) /* the length is public, as is whether the number is below the modulus */
        result = key->alg->raw_private((void *)key->context, ciphertext, random_stream_source(&stream), block);
    rsa_premaster_select(block, len, client_version, fallback, out); /* zeros give the fallback */
    memory_wipe(block, sizeof block);
    random_stream_wipe(&stream);
    return result != CRYPTO_FAILED;
}
