/*
 * Put in front of crypto's answer by the linker: what a policy is made of shall not hang on the processor that the tests
 * run on. check_table_based_aes.c has the other answer.
 */
#include "crypto/crypto.h"

bool __wrap_crypto_aes_is_table_based(void);
bool __wrap_crypto_aes_is_table_based(void)
{
    return false;
}
