#include "crypto/signature.h"

#include "base/alloc.h"
#include "base/secret.h"
#include "crypto/key_der.h"

struct public_key {
    const struct key_alg *alg;
    unsigned bits;
    _Alignas(16) uint8_t context[];
};

const char *key_kind_name(enum key_kind kind)
{
    switch (kind) {
    case KEY_KIND_RSA:
        return "RSA";
    case KEY_KIND_ECDSA_P256:
        return "ECDSA P-256";
    case KEY_KIND_ECDSA_P384:
        return "ECDSA P-384";
    case KEY_KIND_ECDSA_P521:
        return "ECDSA P-521";
    }
    return "unknown";
}

unsigned signature_hash_len(enum signature_id id)
{
    switch (id) {
    case SIGNATURE_RSA_PSS_SHA256:
    case SIGNATURE_RSA_PKCS1_SHA256:
    case SIGNATURE_ECDSA_P256_SHA256:
    case SIGNATURE_ECDSA_SHA256:
        return 32;
    case SIGNATURE_RSA_PSS_SHA384:
    case SIGNATURE_RSA_PKCS1_SHA384:
    case SIGNATURE_ECDSA_P384_SHA384:
    case SIGNATURE_ECDSA_SHA384:
        return 48;
    case SIGNATURE_RSA_PSS_SHA512:
    case SIGNATURE_RSA_PKCS1_SHA512:
    case SIGNATURE_ECDSA_P521_SHA512:
    case SIGNATURE_ECDSA_SHA512:
        return 64;
    case SIGNATURE_IDS:
        break;
    }
    return 0;
}

/* EMSA-PSS (RFC 8017 9.1.1) needs emBits >= 8 hash + 8 salt + 9, and emBits is one less than the modulus has. */
static bool pss_fits(unsigned hash_len, unsigned bits)
{
    return bits >= 8 * hash_len + 8 * hash_len + 9 + 1;
}

bool signature_fits_key(enum signature_id id, enum key_kind kind, unsigned bits)
{
    switch (id) {
    case SIGNATURE_RSA_PSS_SHA256:
    case SIGNATURE_RSA_PSS_SHA384:
    case SIGNATURE_RSA_PSS_SHA512:
        return kind == KEY_KIND_RSA && pss_fits(signature_hash_len(id), bits);
    case SIGNATURE_ECDSA_P256_SHA256:
        return kind == KEY_KIND_ECDSA_P256;
    case SIGNATURE_ECDSA_P384_SHA384:
        return kind == KEY_KIND_ECDSA_P384;
    case SIGNATURE_ECDSA_P521_SHA512:
        return kind == KEY_KIND_ECDSA_P521;
    case SIGNATURE_ECDSA_SHA256:
    case SIGNATURE_ECDSA_SHA384:
    case SIGNATURE_ECDSA_SHA512:
        return kind != KEY_KIND_RSA;
    case SIGNATURE_RSA_PKCS1_SHA256:
    case SIGNATURE_RSA_PKCS1_SHA384:
    case SIGNATURE_RSA_PKCS1_SHA512:
        return kind == KEY_KIND_RSA;
    case SIGNATURE_IDS:
        break;
    }
    return false;
}

/*
 * One wrong RSA signature made by the Chinese remainder theorem gives the primes away (Boneh, DeMillo, Lipton
 * 1997), so none leaves without a check. It costs a fortieth of the signature.
 */
static bool is_good(const struct private_key *key, enum signature_id id, struct bytes message, const uint8_t *out,
                    size_t len)
{
    void *context = (void *)key->context;

    return key->alg->kind != KEY_KIND_RSA || key->alg->check(context, id, message, bytes_of(out, len)) == CRYPTO_OK;
}

bool signature_make(const struct private_key *key, enum signature_id id, struct bytes message,
                    struct random_source random, uint8_t *out, size_t *len)
{
    void *context = (void *)key->context; /* the library keeps its blinding values in there */
    struct random_stream stream;
    bool ok;

    *len = 0;
    if (!signature_fits_key(id, key->alg->kind, key->bits) || !random_stream_begin(&stream, random))
        return false;
    ok = key->alg->sign(context, id, message, random_stream_source(&stream), out, len) &&
         is_good(key, id, message, out, *len);
    random_stream_wipe(&stream);
    if (!ok) {
        memory_wipe(out, MAX_SIGNATURE_LEN);
        *len = 0;
    }
    return ok;
}

struct public_key *public_key_new(struct bytes spki)
{
    struct key_material material = {.bits = 0};
    struct crypto_fault fault;
    struct public_key *key;

    if (!key_read_spki(spki, &material, &fault))
        return NULL;
    key = memory_new(sizeof *key + key_alg_find(material.kind)->context_len);
    if (!key)
        return NULL;
    key->alg = key_alg_find(material.kind);
    key->bits = material.bits;
    if (key->alg->load_public(key->context, &material) == KEY_LOADED)
        return key;
    public_key_free(key);
    return NULL;
}

void public_key_free(struct public_key *key)
{
    if (!key)
        return;
    key->alg->wipe(key->context);
    memory_free(key);
}

enum key_kind public_key_kind(const struct public_key *key)
{
    return key->alg->kind;
}

unsigned public_key_bits(const struct public_key *key)
{
    return key->bits;
}

enum crypto_result signature_check(const struct public_key *key, enum signature_id id, struct bytes message,
                                   struct bytes signature)
{
    if (!signature_fits_key(id, key->alg->kind, key->bits))
        return CRYPTO_BAD_INPUT;
    return key->alg->check((void *)key->context, id, message, signature);
}
