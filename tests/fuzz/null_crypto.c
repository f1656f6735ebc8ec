/*
 * null_crypto.c: what lets a fuzzer walk through a handshake without keys. Put in front of the real functions when the
 * target is linked (-Wl,--wrap), so that nothing in src/ has a switch for it; tests/lint/null_crypto.sh looks that the
 * program has none of it.
 *
 * Records are not enciphered and their tags not compared; the client's Finished and its binders compare as equal,
 * its signatures verify; a ticket is the session itself. Lengths and syntax are judged by the engine as ever.
 */
#include "crypto/aead.h"
#include "crypto/signature.h"
#include "tls/key_schedule12.h"
#include "tls/key_schedule13.h"
#include "tls/ticket_keys.h"

bool __real_memory_equal(const void *a, const void *b, size_t len);
bool __real_psk_binder13(const struct hash_alg *hash, const struct secret *psk, const uint8_t *transcript_hash,
                         uint8_t *out);
bool __real_finished13_verify_data(const struct hash_alg *hash, const struct secret *secret,
                                   const uint8_t *transcript_hash, uint8_t *out);
bool __real_finished12_verify_data(const struct hash_alg *hash, const struct secret *master, const char *label,
                                   const uint8_t *transcript_hash, uint8_t *out);

bool __wrap_memory_equal(const void *a, const void *b, size_t len);
bool __wrap_psk_binder13(const struct hash_alg *hash, const struct secret *psk, const uint8_t *transcript_hash,
                         uint8_t *out);
bool __wrap_finished13_verify_data(const struct hash_alg *hash, const struct secret *secret,
                                   const uint8_t *transcript_hash, uint8_t *out);
bool __wrap_finished12_verify_data(const struct hash_alg *hash, const struct secret *master, const char *label,
                                   const uint8_t *transcript_hash, uint8_t *out);
bool __wrap_aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct bytes aad, uint8_t *text,
                      size_t len, uint8_t *tag);
enum crypto_result __wrap_aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct bytes aad,
                                    uint8_t *text, size_t len, const uint8_t *tag);
enum crypto_result __wrap_signature_check(const struct public_key *key, enum signature_id id, struct bytes message,
                                          struct bytes signature);
bool __wrap_signature_make(const struct private_key *key, enum signature_id id, struct bytes message,
                           struct random_source random, uint8_t *out, size_t *len);
enum ticket_result __wrap_ticket_open(struct ticket_keys *keys, int64_t now, const uint8_t binding[TICKET_BINDING_LEN],
                                      struct bytes ticket, uint8_t *out, size_t *len);

/* What the next comparison is about: only that of a MAC is waved through, never that of other bytes. */
static const void *expected_mac;

bool __wrap_memory_equal(const void *a, const void *b, size_t len)
{
    bool is_mac = expected_mac && b == expected_mac;

    expected_mac = NULL;
    return is_mac || __real_memory_equal(a, b, len);
}

bool __wrap_psk_binder13(const struct hash_alg *hash, const struct secret *psk, const uint8_t *transcript_hash,
                         uint8_t *out)
{
    expected_mac = out;
    return __real_psk_binder13(hash, psk, transcript_hash, out);
}

bool __wrap_finished13_verify_data(const struct hash_alg *hash, const struct secret *secret,
                                   const uint8_t *transcript_hash, uint8_t *out)
{
    expected_mac = out;
    return __real_finished13_verify_data(hash, secret, transcript_hash, out);
}

bool __wrap_finished12_verify_data(const struct hash_alg *hash, const struct secret *master, const char *label,
                                   const uint8_t *transcript_hash, uint8_t *out)
{
    expected_mac = out;
    return __real_finished12_verify_data(hash, master, label, transcript_hash, out);
}

bool __wrap_aead_seal(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct bytes aad, uint8_t *text,
                      size_t len, uint8_t *tag)
{
    (void)aead, (void)nonce, (void)aad, (void)text, (void)len;
    memset(tag, 0x7a, AEAD_TAG_LEN);
    return true;
}

enum crypto_result __wrap_aead_open(struct aead *aead, const uint8_t nonce[AEAD_NONCE_LEN], struct bytes aad,
                                    uint8_t *text, size_t len, const uint8_t *tag)
{
    (void)aead, (void)nonce, (void)aad, (void)text, (void)len, (void)tag;
    return CRYPTO_OK;
}

enum crypto_result __wrap_signature_check(const struct public_key *key, enum signature_id id, struct bytes message,
                                          struct bytes signature)
{
    (void)key, (void)id, (void)message, (void)signature;
    return CRYPTO_OK;
}

bool __wrap_signature_make(const struct private_key *key, enum signature_id id, struct bytes message,
                           struct random_source random, uint8_t *out, size_t *len)
{
    (void)key, (void)id, (void)message, (void)random;
    *len = 64;
    memset(out, 0x5a, *len);
    return true;
}

enum ticket_result __wrap_ticket_open(struct ticket_keys *keys, int64_t now, const uint8_t binding[TICKET_BINDING_LEN],
                                      struct bytes ticket, uint8_t *out, size_t *len)
{
    (void)keys, (void)now, (void)binding;
    *len = ticket.len;
    if (ticket.len > 0)
        memcpy(out, ticket.at, ticket.len);
    return TICKET_OPENED;
}
