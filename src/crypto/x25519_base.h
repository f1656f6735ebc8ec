/*
 * x25519_base.h: X25519 with the base point (RFC 7748 section 5, u = 9), our own code.
 *
 * A server does it once a handshake. Libraries at hand take as long for it as for a point that somebody sent, or
 * longer, though here everything about the point can be known in advance: 64 rows of multiples, added up on the
 * twisted Edwards curve that stands beside Curve25519 (RFC 7748 4.1), without a single doubling. A third of the time.
 *
 * Time and memory accesses do not depend on the scalar (tests/ct). Needs 128-bit products from the compiler.
 */
#ifndef CRYPTO_X25519_BASE_H
#define CRYPTO_X25519_BASE_H

#include "base/attributes.h"
#include "base/bytes.h"

#if defined(__SIZEOF_INT128__)
#define X25519_BASE_IS_OURS true
#else
#define X25519_BASE_IS_OURS false
#endif

/* Fills the table, which takes 2 ms; once, before the first use. Nothing, where it is not ours. */
void x25519_base_start(void);

/* `scalar` is any 32 bytes, taken as RFC 7748 section 5 takes them. Only where it is ours. */
void x25519_base(const uint8_t scalar[32], uint8_t out[32]);

#endif
