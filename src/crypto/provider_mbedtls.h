/*
 * provider_mbedtls.h: what the files of the mbedTLS provider share. Private to them.
 */
#ifndef CRYPTO_PROVIDER_MBEDTLS_H
#define CRYPTO_PROVIDER_MBEDTLS_H

#include <mbedtls/ecp.h>

#include "crypto/mbedtls_compat.h"
#include "crypto/provider.h"

extern const struct hash_alg mbedtls_hash_sha256, mbedtls_hash_sha384;
extern const struct aead_alg mbedtls_aead_aes_128_gcm, mbedtls_aead_aes_256_gcm, mbedtls_aead_chacha20_poly1305;
extern const struct key_exchange_alg mbedtls_x25519, mbedtls_secp256r1, mbedtls_secp384r1;
extern const struct key_alg mbedtls_key_rsa, mbedtls_key_p256, mbedtls_key_p384, mbedtls_key_p521;

int mbedtls_read_number(mbedtls_mpi *number, struct bytes from); /* 0 or an error of the library */

/* The hash of a message, as the signature algorithm takes it. */
struct mbedtls_digest {
    mbedtls_md_type_t md;
    unsigned len;
    uint8_t bytes[MBEDTLS_MD_MAX_SIZE];
};
MUST_CHECK bool mbedtls_take_digest(enum signature_id id, struct bytes message, struct mbedtls_digest *digest);

enum crypto_result mbedtls_check_issued(struct bytes spki, struct bytes algorithm_oid, struct bytes signed_part,
                                        struct bytes signature);
size_t mbedtls_hash_by_oid(struct bytes oid, struct bytes data, uint8_t out[MAX_HASH_BY_OID_LEN]);

/*
 * The curves, loaded once by mbedtls_curves_start() together with the table of multiples of the base point that
 * 2.28 would otherwise compute for every key share. The library takes them non-const but does not change them any
 * more once the table is there; they last as long as the process.
 */
enum mbedtls_curve {
    MBEDTLS_CURVE_25519,
    MBEDTLS_CURVE_P256,
    MBEDTLS_CURVE_P384,
    MBEDTLS_CURVE_P521,
    MBEDTLS_CURVE_COUNT
};
MUST_CHECK bool mbedtls_curves_start(void);
mbedtls_ecp_group *mbedtls_curve(enum mbedtls_curve curve);

/* The callback form of a random source: pass mbedtls_random and a pointer to the source. */
int mbedtls_random(void *source, unsigned char *out, size_t len);

/* BAD_INPUT for what the library says of a peer's value, FAILED for everything else (memory, randomness). */
enum crypto_result mbedtls_result(int error);

#endif
