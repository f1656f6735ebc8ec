/*
 * fault.h: filling in a struct crypto_fault. Private to src/crypto.
 */
#ifndef CRYPTO_FAULT_H
#define CRYPTO_FAULT_H

#include "crypto/signature.h"

/* Both set the text and answer false, always, so that a check can end in `return fault_set(...)`. */
bool fault_set(struct crypto_fault *fault, const char *format, ...) PRINTF_LIKE(2, 3);

/* The words for a file without a PEM block of the wanted kind. */
bool fault_not_pem(struct crypto_fault *fault, struct bytes file, const char *wanted);

#endif
