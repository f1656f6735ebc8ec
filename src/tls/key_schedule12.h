/*
 * key_schedule12.h: RFC 5246 sections 6.3, 7.4.9 and 8.1, RFC 7627 section 4.
 */
#ifndef TLS_KEY_SCHEDULE12_H
#define TLS_KEY_SCHEDULE12_H

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

enum { VERIFY_DATA12_LEN = 12 };

/*
 * The master secret, 48 bytes. `seed` is ClientHello.random with ServerHello.random behind it, or, when extended, the
 * hash of all messages up to ClientKeyExchange.
 */
MUST_CHECK bool master_secret12(const struct hash_alg *hash, struct bytes premaster, bool is_extended,
                                struct bytes seed, struct secret *out);

/* What both directions are keyed with. The IVs are as long as the record layer takes from here (iv_len). */
struct key_block12 {
    uint8_t client_key[MAX_AEAD_KEY_LEN], server_key[MAX_AEAD_KEY_LEN];
    uint8_t client_iv[AEAD_NONCE_LEN], server_iv[AEAD_NONCE_LEN];
};
MUST_CHECK bool key_block12(const struct hash_alg *hash, const struct secret *master, const uint8_t client_random[32],
                            const uint8_t server_random[32], size_t key_len, size_t iv_len, struct key_block12 *out);

/* verify_data of Finished, VERIFY_DATA12_LEN bytes; `label` "client finished" or "server finished". */
MUST_CHECK bool finished12_verify_data(const struct hash_alg *hash, const struct secret *master, const char *label,
                                       const uint8_t *transcript_hash, uint8_t *out);

#endif
