/*
 * rsa_public.h: the public RSA operation, and what a client of the classic key exchange encrypts with it. By hand, in
 * arithmetic that shares nothing with the library that undoes it. Slow, and for tests alone.
 */
#ifndef SUPPORT_RSA_PUBLIC_H
#define SUPPORT_RSA_PUBLIC_H

#include "base/bytes.h"
#include "crypto/random.h"

/* n of a SubjectPublicKeyInfo; a view. */
struct bytes rsa_public_modulus(struct bytes spki);
size_t rsa_public_len(struct bytes spki);

/* in^e mod n; `in`, which is below n, and `out` have the length of the modulus. */
void rsa_public(struct bytes spki, const uint8_t *in, uint8_t *out);

/* RFC 8017 7.2.1: `block` becomes 00 02, padding without a zero, 00, `message`. */
void rsa_pad_for_encryption(struct bytes message, struct random_source random, uint8_t *block, size_t len);

#endif
