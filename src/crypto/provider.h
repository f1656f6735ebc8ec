/*
 * provider.h: what stands behind the algorithms. Private to src/crypto and its tests.
 *
 * A provider is a set of const objects, one an algorithm; what it does not serve is NULL. For each algorithm the
 * first provider of the list in crypto.c that serves it is taken. A provider gets values that were checked for
 * their form (lengths, DER) by the files in front of it, and never sees a file, a PEM block or a peer's encoding.
 *
 * Random bytes are drawn in front of it as well, in numbers that do not depend on the provider: one replayed
 * stream of random bytes gives the same handshake whoever computes it.
 */
#ifndef CRYPTO_PROVIDER_H
#define CRYPTO_PROVIDER_H

#include "crypto/aead.h"
#include "crypto/crypto.h"
#include "crypto/hash.h"
#include "crypto/key_exchange.h"
#include "crypto/random.h"
#include "crypto/signature.h"

enum { HASH_COUNT = 2, AEAD_COUNT = 3, KEY_KIND_COUNT = 4, SIGNATURE_COUNT = SIGNATURE_IDS };
enum { KEY_EXCHANGE_COUNT = 3 /* the hybrid is made of others, in key_exchange.c */, KEM_COUNT = 1 };
enum { MAX_POINT_LEN = 1 + 2 * 66, MAX_SCALAR_LEN = 66, MAX_HASH_BY_OID_LEN = 64 };

/* ---- hash: `state` is the 256 bytes of struct hash */
struct hash_alg {
    enum hash_id id;
    const char *name;
    size_t len;
    size_t block_len;
    bool (*begin)(void *state);
    bool (*update)(void *state, struct bytes data);
    bool (*clone)(void *state, const void *from); /* `state` is raw memory before */
    bool (*finish)(void *state, uint8_t *out);
    void (*wipe)(void *state); /* what is not in `state`, which hash.c wipes; NULL: nothing */
};
/* What is the same whoever serves it; so for the other kinds below. */
#define HASH_SHA256_FACTS .id = HASH_SHA256, .name = "SHA256", .len = 32, .block_len = 64
#define HASH_SHA384_FACTS .id = HASH_SHA384, .name = "SHA384", .len = 48, .block_len = 128

/* ---- aead: `context` is context_len bytes, zeroed, 16-aligned */
struct aead_alg {
    enum aead_id id;
    const char *name;
    size_t key_len;
    size_t context_len;
    bool (*init)(void *context); /* false: it can be wiped all the same */
    bool (*set_key)(const struct aead_alg *alg, void *context, const uint8_t *key); /* the first, or in its place */
    bool (*seal)(void *context, const uint8_t *nonce, struct bytes aad, uint8_t *text, size_t len, uint8_t *tag);
    enum crypto_result (*open)(void *context, const uint8_t *nonce, struct bytes aad, uint8_t *text, size_t len,
                               const uint8_t *tag);
    void (*wipe)(void *context);
};
#define AEAD_AES_128_GCM_FACTS .id = AEAD_AES_128_GCM, .name = "AES-128-GCM", .key_len = 16
#define AEAD_AES_256_GCM_FACTS .id = AEAD_AES_256_GCM, .name = "AES-256-GCM", .key_len = 32
#define AEAD_CHACHA20_POLY1305_FACTS .id = AEAD_CHACHA20_POLY1305, .name = "ChaCha20-Poly1305", .key_len = 32

/* ---- key exchange of the Diffie-Hellman form; the scalar is of scalar_len bytes and drawn by key_exchange.c */
struct key_exchange_alg {
    enum key_exchange_id id;
    const char *name;
    size_t share_len; /* either side's */
    size_t scalar_len;
    size_t secret_len;
    bool is_hybrid;       /* none of the members below and no share_len: key_exchange.c puts it together */
    const uint8_t *order; /* scalar_len bytes, big-endian: valid scalars lie in [1, order); NULL: all are valid */
    bool (*make_share)(const struct key_exchange_alg *alg, const uint8_t *scalar, struct random_source blinding,
                       uint8_t *share);
    /* `own_share` is what make_share() gave for this scalar. */
    enum crypto_result (*agree)(const struct key_exchange_alg *alg, const uint8_t *scalar, const uint8_t *own_share,
                                const uint8_t *peer_share, struct random_source blinding, uint8_t *secret);
};
extern const struct key_exchange_alg key_exchange_x25519mlkem768;
extern const uint8_t key_exchange_p256_order[32], key_exchange_p384_order[48];
#define KEY_EXCHANGE_X25519_FACTS                                                                                      \
    .id = KEY_EXCHANGE_X25519, .name = "X25519", .share_len = 32, .scalar_len = 32, .secret_len = 32, .order = NULL
#define KEY_EXCHANGE_SECP256R1_FACTS                                                                                   \
    .id = KEY_EXCHANGE_SECP256R1, .name = "secp256r1", .share_len = 1 + 2 * 32, .scalar_len = 32, .secret_len = 32,    \
    .order = key_exchange_p256_order
#define KEY_EXCHANGE_SECP384R1_FACTS                                                                                   \
    .id = KEY_EXCHANGE_SECP384R1, .name = "secp384r1", .share_len = 1 + 2 * 48, .scalar_len = 48, .secret_len = 48,    \
    .order = key_exchange_p384_order

/* ---- key encapsulation: the server's half; the random bytes, as the standard has them, are drawn by key_exchange.c */
enum kem_id { KEM_MLKEM768 };
enum { MAX_KEM_RANDOM_LEN = 32 };

struct kem_alg {
    const char *name;
    size_t ek_len;
    size_t ciphertext_len;
    size_t secret_len;
    size_t random_len;
    /* CRYPTO_BAD_INPUT for a key that fails the checks of its standard (FIPS 203 7.2). */
    enum crypto_result (*encaps)(struct bytes ek, const uint8_t *random, uint8_t *ciphertext, uint8_t *secret);
    bool (*is_there)(void); /* once the provider has started; NULL: always */
};
#define KEM_MLKEM768_FACTS                                                                                             \
    .name = "ML-KEM-768", .ek_len = MLKEM768_EK_LEN, .ciphertext_len = MLKEM768_CIPHERTEXT_LEN,                        \
    .secret_len = MLKEM768_SECRET_LEN, .random_len = MLKEM768_ENCAPS_RANDOM_LEN
extern const struct kem_alg kem_mlkem768; /* our own code */

/* ---- keys: numbers are big-endian without leading zeros, points uncompressed */
struct key_material {
    enum key_kind kind;
    unsigned bits;
    struct bytes n, e;                /* RSA, public */
    struct bytes d, p, q, dp, dq, qp; /* RSA, private; dp, dq, qp as the file claims them */
    struct bytes scalar;              /* ECDSA, private; of the length of the curve */
    uint8_t point[MAX_POINT_LEN];     /* ECDSA, public */
    size_t point_len;                 /* 0: the file has none, load_private() computes it */
};

enum key_load { KEY_LOADED, KEY_INVALID, KEY_NOT_LOADED /* ours: memory, library */ };

struct key_alg {
    enum key_kind kind;
    const char *name;
    size_t context_len;
    enum key_load (*load_private)(void *context, struct key_material *material, struct random_source random);
    enum key_load (*load_public)(void *context, const struct key_material *material);
    bool (*sign)(void *context, enum signature_id id, struct bytes message, struct random_source random, uint8_t *out,
                 size_t *len);
    enum crypto_result (*check)(void *context, enum signature_id id, struct bytes message, struct bytes signature);
    /* The raw RSA operation, blinded; `out` takes as many bytes as `in` has, the modulus' length. NULL: no RSA. */
    enum crypto_result (*raw_private)(void *context, struct bytes in, struct random_source random, uint8_t *out);
    void (*wipe)(void *context);
    bool leaks_time; /* of the raw operation: see crypto_rsa_leaks_time() */
};
#define KEY_RSA_FACTS .kind = KEY_KIND_RSA, .name = "RSA-PSS"
#define KEY_P256_FACTS .kind = KEY_KIND_ECDSA_P256, .name = "ECDSA P-256"
#define KEY_P384_FACTS .kind = KEY_KIND_ECDSA_P384, .name = "ECDSA P-384"
#define KEY_P521_FACTS .kind = KEY_KIND_ECDSA_P521, .name = "ECDSA P-521 (verification)" /* of clients, never ours */

/* In bytes, of the hash that the algorithm signs; 0: no such algorithm. */
unsigned signature_hash_len(enum signature_id id);

struct private_key {
    const struct key_alg *alg;
    unsigned bits;
    uint8_t id[KEY_ID_LEN];
    _Alignas(16) uint8_t context[];
};

/* ---- the provider */
struct provider {
    const char *(*name)(void);
    bool (*start)(void);
    bool (*is_usable)(void); /* once it has started: whether it serves on this processor; NULL: on any */
    bool (*aes_is_table_based)(void); /* once it has started; of who serves AES-GCM */
    const struct hash_alg *hashes[HASH_COUNT];
    const struct aead_alg *aeads[AEAD_COUNT];
    const struct key_exchange_alg *key_exchanges[KEY_EXCHANGE_COUNT];
    const struct kem_alg *kems[KEM_COUNT]; /* our own code goes before: see kem_find() */
    const struct key_alg *keys[KEY_KIND_COUNT];
    /* Of mbedTLS's: needed at start only, nothing hot. FAILED: the algorithm is not known. */
    enum crypto_result (*check_issued)(struct bytes issuer_spki, struct bytes algorithm_oid, struct bytes signed_part,
                                       struct bytes signature);
    /*
     * Likewise: the hash that `oid` names, of `data`; 0 for one that is not known. For the CertID of RFC 6960 alone,
     * where SHA-1 is the usual one and proves nothing.
     */
    size_t (*hash_by_oid)(struct bytes oid, struct bytes data, uint8_t out[MAX_HASH_BY_OID_LEN]);
};

/* NULL past the last; the first is asked first. Tests hold each against the others. */
const struct provider *provider_at(size_t index);
const struct key_alg *key_alg_find(enum key_kind kind);
const struct kem_alg *kem_find(enum kem_id id);
extern const struct provider provider_mbedtls;                    /* serves everything */
extern const struct provider provider_ipsec_mb, provider_libcrypto, provider_sodium; /* where they were built in */

/*
 * Random bytes out of a seed of 32: blinding and salts take as many as the provider likes, the source always gives
 * the same number.
 */
struct random_stream {
    uint8_t seed[32];
    uint64_t counter;
    uint8_t block[32];
    size_t used; /* of block */
};
MUST_CHECK bool random_stream_begin(struct random_stream *stream, struct random_source source);
struct random_source random_stream_source(struct random_stream *stream);
void random_stream_wipe(struct random_stream *stream);

#endif
