/*
 * provider_key.h: public keys of a provider of the test's choice, where signature.h takes the first that serves them.
 */
#ifndef TESTS_CRYPTO_PROVIDER_KEY_H
#define TESTS_CRYPTO_PROVIDER_KEY_H

#include <check.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "crypto/key_der.h"

struct provider_key {
    const struct key_alg *alg;
    unsigned bits;
    _Alignas(16) uint8_t context[];
};

/* NULL: this provider serves no keys of its kind. The key itself has to be good. */
static inline struct provider_key *provider_key_new(const struct provider *provider, struct bytes spki)
{
    struct key_material material = {.bits = 0};
    struct crypto_fault fault;
    const struct key_alg *alg;
    struct provider_key *key;

    ck_assert_msg(key_read_spki(spki, &material, &fault), "%s", fault.text);
    alg = provider->keys[material.kind];
    if (!alg)
        return NULL;
    key = memory_new(sizeof *key + alg->context_len);
    ck_assert(key != NULL);
    key->alg = alg;
    key->bits = material.bits;
    ck_assert_int_eq(alg->load_public(key->context, &material), KEY_LOADED);
    return key;
}

static inline void provider_key_free(struct provider_key *key)
{
    key->alg->wipe(key->context);
    memory_free(key);
}

/* As signature_check(); the signature in memory of exactly its length, so that a sanitizer sees what is read behind it.
 */
static inline enum crypto_result provider_key_check(struct provider_key *key, enum signature_id id,
                                                    struct bytes message, struct bytes signature)
{
    uint8_t *exact = malloc(signature.len ? signature.len : 1);
    enum crypto_result result = CRYPTO_BAD_INPUT;

    ck_assert(exact != NULL);
    if (signature.len)
        memcpy(exact, signature.at, signature.len);
    if (signature_fits_key(id, key->alg->kind, key->bits))
        result = key->alg->check(key->context, id, message, bytes_of(exact, signature.len));
    free(exact);
    return result;
}

#endif
