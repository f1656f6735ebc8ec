#include "crypto/crypto.h"

#include "config.h"

#include "crypto/provider.h"
#include "crypto/x25519_base.h"

static const struct provider *const providers[] = {
#ifdef HAVE_SODIUM
    &provider_sodium,
#endif
#ifdef HAVE_IPSEC_MB
    &provider_ipsec_mb,
#endif
#ifdef HAVE_LIBCRYPTO
    &provider_libcrypto,
#endif
    &provider_mbedtls,
};

static bool is_usable(const struct provider *provider)
{
    return !provider->is_usable || provider->is_usable();
}

const struct provider *provider_at(size_t index)
{
    for (size_t i = 0; i < ARRAY_LEN(providers); i++)
        if (is_usable(providers[i]) && index-- == 0)
            return providers[i];
    return NULL;
}

const char *crypto_provider_name(size_t index)
{
    const struct provider *provider = provider_at(index);

    return provider ? provider->name() : NULL;
}

/* The first provider that serves MEMBER (an element of one of its tables); NULL when none does. */
#define FIRST_SERVED(member)                                                                                           \
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {                                                                \
        if (providers[i]->member && is_usable(providers[i]))                                                           \
            return providers[i]->member;                                                                               \
    }                                                                                                                  \
    return NULL

const struct hash_alg *hash_find(enum hash_id id)
{
    FIRST_SERVED(hashes[id]);
}

const struct aead_alg *aead_find(enum aead_id id)
{
    FIRST_SERVED(aeads[id]);
}

const struct key_exchange_alg *key_exchange_find(enum key_exchange_id id)
{
    if (id == KEY_EXCHANGE_X25519MLKEM768)
        return &key_exchange_x25519mlkem768;
    FIRST_SERVED(key_exchanges[id]);
}

const struct key_alg *key_alg_find(enum key_kind kind)
{
    FIRST_SERVED(keys[kind]);
}

/*
 * What no library of Debian 12 has, and what our code does faster than libcrypto 3.5 does: 20 us for an encapsulation
 * (31 without AVX2) against 46, of which 15 are for reading the key (Zen 4, Debian 13). The providers' stand behind it
 * for the tests, which hold each against the others.
 */
static const struct kem_alg *const own_kems[KEM_COUNT] = {[KEM_MLKEM768] = &kem_mlkem768};

const struct kem_alg *kem_find(enum kem_id id)
{
    return own_kems[id];
}

bool crypto_rsa_leaks_time(void)
{
    return key_alg_find(KEY_KIND_RSA)->leaks_time;
}

/* One AES operation now, so that the library's own lazy probe of the processor has happened (CVE-2025-52496). */
static bool try_aes(void)
{
    static const uint8_t zeros[MAX_AEAD_KEY_LEN];
    uint8_t tag[AEAD_TAG_LEN];
    struct aead *aead = aead_new(aead_find(AEAD_AES_128_GCM), zeros);
    bool ok = aead && aead_seal(aead, zeros, bytes_of(NULL, 0), NULL, 0, tag);

    aead_free(aead);
    return ok;
}

bool crypto_start(void)
{
    x25519_base_start();
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        if (!providers[i]->start())
            return false;
    }
    return try_aes();
}

bool crypto_aes_is_table_based(void)
{
    const struct aead_alg *served = aead_find(AEAD_AES_128_GCM);
    size_t i = 0;

    while (providers[i]->aeads[AEAD_AES_128_GCM] != served)
        i++;
    return providers[i]->aes_is_table_based();
}

/* The n-th algorithm that `provider` serves and no provider before it does. */
static const char *service_name(const struct provider *provider, size_t *index)
{
#define COUNT_DOWN(table, find)                                                                                        \
    for (size_t i = 0; i < ARRAY_LEN(provider->table); i++) {                                                          \
        if (provider->table[i] && find((unsigned)i) == provider->table[i] && (*index)-- == 0)                          \
            return provider->table[i]->name;                                                                           \
    }
    COUNT_DOWN(hashes, hash_find)
    COUNT_DOWN(aeads, aead_find)
    COUNT_DOWN(key_exchanges, key_exchange_find)
    COUNT_DOWN(keys, key_alg_find)
#undef COUNT_DOWN
    return NULL;
}

bool crypto_service_at(size_t index, struct crypto_service *out)
{
    const struct provider *provider;

    for (size_t i = 0; (provider = provider_at(i)); i++) {
        const char *name = service_name(provider, &index);
        if (name) {
            *out = (struct crypto_service){name, provider->name()};
            return true;
        }
    }
    for (size_t i = 0; i < KEM_COUNT; i++) {
        if (index-- == 0) {
            *out = (struct crypto_service){own_kems[i]->name, "own code"};
            return true;
        }
    }
    if (X25519_BASE_IS_OURS && index == 0) {
        *out = (struct crypto_service){"X25519, own shares", "own code"};
        return true;
    }
    return false;
}
