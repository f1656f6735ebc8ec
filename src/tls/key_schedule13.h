/*
 * key_schedule13.h: RFC 8446 section 7.1, one function a step of its figure.
 */
#ifndef TLS_KEY_SCHEDULE13_H
#define TLS_KEY_SCHEDULE13_H

#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hkdf.h"

/*
 * Walks down the left edge of the figure: Early Secret, Handshake Secret, Master Secret. `current` is keyed with the
 * one it has come to, or not at all where the way began without a PSK: nothing is derived of that Early Secret but the
 * salt of the next, which is a constant.
 */
struct key_schedule13 {
    const struct hash_alg *hash;
    struct hmac current;
};

/* HKDF-Expand-Label(Secret, Label, Context, Length); `label` without "tls13 ". */
MUST_CHECK bool hkdf_expand_label(const struct hmac *secret, const char *label, struct bytes context, uint8_t *out,
                                  size_t len);

/* Early Secret from a PSK as long as the hash; NULL: none. */
MUST_CHECK bool key_schedule13_start(struct key_schedule13 *schedule, const struct hash_alg *hash,
                                     const struct secret *psk);

/* Derive-Secret(current, "derived", ""), the salt of the next secret. */
MUST_CHECK bool key_schedule13_salt(const struct key_schedule13 *schedule, struct secret *salt);

/* Handshake Secret from the (EC)DHE secret. */
MUST_CHECK bool key_schedule13_handshake(struct key_schedule13 *schedule, const struct secret *shared);

/* Master Secret. */
MUST_CHECK bool key_schedule13_master(struct key_schedule13 *schedule);

/* Derive-Secret(current, label, transcript) for a transcript already hashed. */
MUST_CHECK bool key_schedule13_derive(const struct key_schedule13 *schedule, const char *label,
                                      const uint8_t *transcript_hash, struct secret *out);
void key_schedule13_wipe(struct key_schedule13 *schedule);

/* The binder of a PSK over the hash of a ClientHello cut before its binders (RFC 8446 4.2.11.2), hash_alg_len() bytes.
 */
MUST_CHECK bool psk_binder13(const struct hash_alg *hash, const struct secret *psk, const uint8_t *transcript_hash,
                             uint8_t *out);

/* finished_key of the sender's handshake traffic secret, and verify_data under it (RFC 8446 4.4.4), hash_alg_len()
 * bytes. */
MUST_CHECK bool finished_key13(const struct hmac *traffic_secret, struct secret *out);
MUST_CHECK bool finished13_verify_data(const struct hash_alg *hash, const struct secret *finished_key,
                                       const uint8_t *transcript_hash, uint8_t *out);

/* [sender]_write_key and [sender]_write_iv (RFC 8446 7.3). */
MUST_CHECK bool traffic_keys13(const struct hmac *traffic_secret, const struct aead_alg *aead,
                               uint8_t key[MAX_AEAD_KEY_LEN], uint8_t iv[AEAD_NONCE_LEN]);

/* application_traffic_secret_N+1 (RFC 8446 7.2), in place. */
MUST_CHECK bool traffic_secret13_update(const struct hash_alg *hash, struct secret *traffic_secret);

#endif
