#include "crypto/scalar.h"

/* A borrow is left when the scalar is the smaller of the two. */
bool scalar_is_in_range(const uint8_t *scalar, const uint8_t *order, size_t len)
{
    uint32_t borrow = 0, bits = 0;

    for (size_t i = len; i-- > 0;) {
        borrow = ((uint32_t)scalar[i] - order[i] - borrow) >> 31;
        bits |= scalar[i];
    }
    return (borrow & (bits + 0xff) >> 8) != 0;
}
