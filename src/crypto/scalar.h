/*
 * scalar.h: private scalars of curves, big-endian. Private to src/crypto and its tests.
 */
#ifndef CRYPTO_SCALAR_H
#define CRYPTO_SCALAR_H

#include "base/attributes.h"
#include "base/bytes.h"

/*
 * In [1, order), both numbers of `len` bytes. Constant time in the scalar: with memcmp() it would be told how far a
 * scalar that is kept agrees with the order.
 */
MUST_CHECK bool scalar_is_in_range(const uint8_t *scalar, const uint8_t *order, size_t len);

#endif
