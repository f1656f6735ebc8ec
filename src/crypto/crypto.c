#include "crypto/crypto.h"

#include "config.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

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

/* What no library of Debian 12 has. A provider that serves it is asked first, as libcrypto could from 3.5 on. */
static const struct kem_alg *const own_kems[KEM_COUNT] = {[KEM_MLKEM768] = &kem_mlkem768};

static bool has_fast_aes;

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

/* The first provider that serves MEMBER (an element of one of its tables); OTHERWISE when none does. */
#define FIRST_SERVED(member, otherwise)                                                                                \
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {                                                                \
        if (providers[i]->member && is_usable(providers[i]))                                                           \
            return providers[i]->member;                                                                               \
    }                                                                                                                  \
    return otherwise

const struct hash_alg *hash_find(enum hash_id id)
{
    FIRST_SERVED(hashes[id], NULL);
}

const struct aead_alg *aead_find(enum aead_id id)
{
    FIRST_SERVED(aeads[id], NULL);
}

const struct key_exchange_alg *key_exchange_find(enum key_exchange_id id)
{
    if (id == KEY_EXCHANGE_X25519MLKEM768)
        return &key_exchange_x25519mlkem768;
    FIRST_SERVED(key_exchanges[id], NULL);
}

const struct key_alg *key_alg_find(enum key_kind kind)
{
    FIRST_SERVED(keys[kind], NULL);
}

const struct kem_alg *kem_find(enum kem_id id)
{
    FIRST_SERVED(kems[id], own_kems[id]);
}

bool crypto_rsa_leaks_time(void)
{
    return key_alg_find(KEY_KIND_RSA)->leaks_time;
}

static bool probe_aes(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul");
#elif defined(__aarch64__)
    return (getauxval(AT_HWCAP) & HWCAP_AES) && (getauxval(AT_HWCAP) & HWCAP_PMULL);
#else
    return false;
#endif
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
    has_fast_aes = probe_aes();
    x25519_base_start();
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        if (!providers[i]->start())
            return false;
    }
    return try_aes();
}

bool crypto_has_fast_aes(void)
{
    return has_fast_aes;
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
    COUNT_DOWN(kems, kem_find)
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
        if (kem_find((enum kem_id)i) == own_kems[i] && index-- == 0) {
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
