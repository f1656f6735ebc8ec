/*
 * key_der.h: keys between DER and struct key_material. Private to src/crypto.
 *
 * The views of the material point into what was read. On false, `fault` says what is wrong.
 */
#ifndef CRYPTO_KEY_DER_H
#define CRYPTO_KEY_DER_H

#include "base/writer.h"
#include "crypto/provider.h"

MUST_CHECK bool key_read_pkcs8(struct bytes der, struct key_material *material, struct crypto_fault *fault);
MUST_CHECK bool key_read_pkcs1(struct bytes der, struct key_material *material, struct crypto_fault *fault);
MUST_CHECK bool key_read_sec1(struct bytes der, struct key_material *material, struct crypto_fault *fault);
MUST_CHECK bool key_read_spki(struct bytes der, struct key_material *material, struct crypto_fault *fault);

/* False, with the fault, for a key that only a client may have. */
MUST_CHECK bool key_is_ours(const struct key_material *material, struct crypto_fault *fault);

enum { MAX_SPKI_LEN = MAX_RSA_BITS / 8 + 64 };

void key_write_spki(const struct key_material *material, struct writer *w);
MUST_CHECK bool key_write_pkcs8(const struct key_material *material, struct writer *w); /* ECDSA only */

/* SHA-256 of the SubjectPublicKeyInfo. */
MUST_CHECK bool key_material_id(const struct key_material *material, uint8_t id[KEY_ID_LEN]);

#endif
