/*
 * processor.h: what the processor has instructions for. Private to src/crypto.
 */
#ifndef CRYPTO_PROCESSOR_H
#define CRYPTO_PROCESSOR_H

#include <stdbool.h>

/* For the rounds of AES and for the multiplications of GCM; without either of them GCM is computed from tables. */
bool processor_has_aes_gcm(void);

#endif
