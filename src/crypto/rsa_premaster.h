/*
 * rsa_premaster.h: the private half of the classic RSA key exchange (RFC 5246 7.4.7.1), built to be no oracle.
 *
 * Whatever the client sent, 48 bytes come out: the client's premaster secret where padding, length and version are
 * right, else `fallback`. Which of the two it was is not told: no branch, no index, no answer and no time depends on it.
 */
#ifndef CRYPTO_RSA_PREMASTER_H
#define CRYPTO_RSA_PREMASTER_H

#include "crypto/signature.h"

enum { PREMASTER_LEN = 48 };

/*
 * `ciphertext` is the content of EncryptedPreMasterSecret, `client_version` the legacy_version of the ClientHello,
 * `fallback` 48 fresh random bytes. False only for what is public or ours: no RSA key, memory, a failing library;
 * a ciphertext of the wrong length, or one that is no number below the modulus, gives the fallback.
 */
MUST_CHECK bool rsa_premaster_open(const struct private_key *key, struct bytes ciphertext, uint16_t client_version,
                                   const uint8_t fallback[PREMASTER_LEN], struct random_source random,
                                   uint8_t out[PREMASTER_LEN]);

/*
 * The part of it that must be constant time, for the test that runs it under valgrind with poisoned bytes: `block` is
 * the decrypted EM of `len` bytes (len >= PREMASTER_LEN + 11).
 */
void rsa_premaster_select(const uint8_t *block, size_t len, uint16_t client_version,
                          const uint8_t fallback[PREMASTER_LEN], uint8_t out[PREMASTER_LEN]);

#endif
