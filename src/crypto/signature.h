/*
 * signature.h: private keys that sign, public keys that verify.
 *
 * A private key is known to everybody else by its key id, the SHA-256 of its SubjectPublicKeyInfo: that is how
 * certificates find their keys, also across processes.
 */
#ifndef CRYPTO_SIGNATURE_H
#define CRYPTO_SIGNATURE_H

#include "crypto/crypto.h"
#include "crypto/random.h"

/* P-521: public keys of clients only, never a key of ours. */
enum key_kind { KEY_KIND_RSA, KEY_KIND_ECDSA_P256, KEY_KIND_ECDSA_P384, KEY_KIND_ECDSA_P521 };

enum signature_id {
    SIGNATURE_RSA_PSS_SHA256, /* salt as long as the hash (RFC 8446 4.2.3) */
    SIGNATURE_RSA_PSS_SHA384,
    SIGNATURE_RSA_PSS_SHA512,
    SIGNATURE_ECDSA_P256_SHA256, /* TLS 1.3 binds the curve to the hash */
    SIGNATURE_ECDSA_P384_SHA384,
    SIGNATURE_ECDSA_P521_SHA512,
    SIGNATURE_ECDSA_SHA256, /* TLS 1.2 does not: any of the curves */
    SIGNATURE_ECDSA_SHA384,
    SIGNATURE_ECDSA_SHA512,
    SIGNATURE_RSA_PKCS1_SHA256, /* RSASSA-PKCS1-v1_5, TLS 1.2 alone */
    SIGNATURE_RSA_PKCS1_SHA384,
    SIGNATURE_RSA_PKCS1_SHA512,
    SIGNATURE_IDS
};

enum { KEY_ID_LEN = 32, MIN_RSA_BITS = 2048, MAX_RSA_BITS = 8192 };

/* What is wrong with a file, in words that can stand behind "file: ". Empty when nothing is. */
struct crypto_fault {
    char text[256];
};

struct private_key;
struct public_key;

/*
 * Reads one unencrypted PEM key (PKCS#8, PKCS#1 or SEC1). NULL with the reason in `fault`: not PEM, encrypted, an
 * algorithm or curve we cannot use, an RSA key under MIN_RSA_BITS, inconsistent, out of memory.
 * Other PEM blocks in the file (certificates, EC PARAMETERS) are passed over; two keys in one file are a fault.
 */
MUST_CHECK struct private_key *private_key_new(struct bytes pem, struct random_source random,
                                               struct crypto_fault *fault);
void private_key_free(struct private_key *key); /* wipes; NULL is fine */
enum key_kind private_key_kind(const struct private_key *key);
unsigned private_key_bits(const struct private_key *key);
const uint8_t *private_key_id(const struct private_key *key); /* KEY_ID_LEN bytes */

const char *key_kind_name(enum key_kind kind); /* "RSA", "ECDSA P-256" */

/* True when a key of this kind makes signatures of this algorithm (and, for RSA, is long enough for it). */
MUST_CHECK bool signature_fits_key(enum signature_id id, enum key_kind kind, unsigned bits);

/*
 * Signs `message` (the hash is taken inside). `out` takes MAX_SIGNATURE_LEN bytes, *len tells how many it got; an
 * ECDSA signature is DER (RFC 8446 4.2.3). An RSA signature is verified before it is given out (reliability T26).
 */
MUST_CHECK bool signature_make(const struct private_key *key, enum signature_id id, struct bytes message,
                               struct random_source random, uint8_t *out, size_t *len);

/* SubjectPublicKeyInfo in DER; NULL when it cannot be used. */
MUST_CHECK struct public_key *public_key_new(struct bytes spki);
void public_key_free(struct public_key *key);
enum key_kind public_key_kind(const struct public_key *key);
unsigned public_key_bits(const struct public_key *key);
MUST_CHECK enum crypto_result signature_check(const struct public_key *key, enum signature_id id, struct bytes message,
                                              struct bytes signature);

#endif
