#include "crypto/aead.h"

#include "base/secret.h"
#include "base/spare.h"
#include "crypto/provider.h"

struct aead {
    const struct aead_alg *alg;
    _Alignas(16) uint8_t context[];
};

size_t aead_alg_key_len(const struct aead_alg *alg)
{
    return alg->key_len;
}

const char *aead_alg_name(const struct aead_alg *alg)
{
    return alg->name;
}

static size_t aead_len(const struct aead_alg *alg)
{
    return sizeof(struct aead) + alg->context_len;
}

struct aead *aead_new(const struct aead_alg *alg, const uint8_t *key)
{
    struct aead *aead = spare_take(aead_len(alg));

    if (!aead)
        return NULL;
    aead->alg = alg;
    if (alg->init(aead->context) && aead_rekey(aead, key))
        return aead;
    aead_free(aead);
    return NULL;
}

bool aead_rekey(struct aead *aead, const uint8_t *key)
{
    return aead->alg->set_key(aead->alg, aead->context, key);
}

const struct aead_alg *aead_alg(const struct aead *aead)
{
    return aead->alg;
}

void aead_free(struct aead *aead)
{
    if (!aead)
        return;
    aead->alg->wipe(aead->context);
    spare_give(aead, aead_len(aead->alg));
}

bool aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct bytes aad, uint8_t *text, size_t len,
               uint8_t *tag)
{
    return aead->alg->seal(aead->context, nonce, aad, text, len, tag);
}

enum crypto_result aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct bytes aad, uint8_t *text,
                             size_t len, const uint8_t *tag)
{
    return aead->alg->open(aead->context, nonce, aad, text, len, tag);
}
