#include "tls/key_schedule13.h"

#include "base/writer.h"

/* struct HkdfLabel of RFC 8446 7.1: uint16 length, opaque label<7..255>, opaque context<0..255>. */
enum { MAX_HKDF_LABEL_LEN = 2 + 1 + 255 + 1 + 255 };

static bool write_hkdf_label(struct writer *w, const char *label, struct bytes context, size_t len)
{
    struct vector_mark mark;

    write_u16(w, (uint16_t)len);
    mark = write_vec8_begin(w);
    write_bytes(w, BYTES_OF_LITERAL("tls13 "));
    write_bytes(w, bytes_of_string(label));
    write_vec_end(w, mark);
    mark = write_vec8_begin(w);
    write_bytes(w, context);
    write_vec_end(w, mark);
    return writer_ok(w);
}

bool hkdf_expand_label(const struct hash_alg *hash, const struct secret *secret, const char *label,
                       struct bytes context, uint8_t *out, size_t len)
{
    uint8_t info[MAX_HKDF_LABEL_LEN];
    struct writer w = writer_of(info, sizeof info);

    return write_hkdf_label(&w, label, context, len) && hkdf_expand(hash, secret, writer_view(&w), out, len);
}

bool key_schedule13_start(struct key_schedule13 *schedule, const struct hash_alg *hash, const struct secret *psk)
{
    static const uint8_t no_psk[MAX_HASH_LEN];
    struct bytes input = psk ? secret_view(psk) : bytes_of(no_psk, hash_alg_len(hash));

    schedule->hash = hash;
    return hkdf_extract(hash, bytes_of(NULL, 0), input, &schedule->current);
}

bool psk_binder13(const struct hash_alg *hash, const struct secret *psk, const uint8_t *transcript_hash, uint8_t *out)
{
    struct key_schedule13 schedule = {0};
    struct secret binder_key = {0};
    uint8_t empty_hash[MAX_HASH_LEN];
    bool is_ok = key_schedule13_start(&schedule, hash, psk) && hash_once(hash, bytes_of(NULL, 0), empty_hash) &&
                 key_schedule13_derive(&schedule, "res binder", empty_hash, &binder_key) &&
                 finished13_verify_data(hash, &binder_key, transcript_hash, out);

    key_schedule13_wipe(&schedule);
    secret_wipe(&binder_key);
    return is_ok;
}

/* Derive-Secret(., "derived", ""), the salt of the next HKDF-Extract. */
static bool derive_salt(const struct key_schedule13 *schedule, struct secret *salt)
{
    uint8_t empty_hash[MAX_HASH_LEN];

    return hash_once(schedule->hash, bytes_of(NULL, 0), empty_hash) &&
           key_schedule13_derive(schedule, "derived", empty_hash, salt);
}

static bool next_secret(struct key_schedule13 *schedule, struct bytes input)
{
    struct secret salt;
    bool is_ok =
        derive_salt(schedule, &salt) && hkdf_extract(schedule->hash, secret_view(&salt), input, &schedule->current);

    secret_wipe(&salt);
    return is_ok;
}

bool key_schedule13_handshake(struct key_schedule13 *schedule, const struct secret *shared)
{
    return next_secret(schedule, secret_view(shared));
}

bool key_schedule13_master(struct key_schedule13 *schedule)
{
    static const uint8_t zeros[MAX_HASH_LEN];

    return next_secret(schedule, bytes_of(zeros, hash_alg_len(schedule->hash)));
}

bool key_schedule13_derive(const struct key_schedule13 *schedule, const char *label, const uint8_t *transcript_hash,
                           struct secret *out)
{
    size_t len = hash_alg_len(schedule->hash);

    return secret_resize(out, len) && hkdf_expand_label(schedule->hash, &schedule->current, label,
                                                        bytes_of(transcript_hash, len), out->bytes, len);
}

void key_schedule13_wipe(struct key_schedule13 *schedule)
{
    secret_wipe(&schedule->current);
}

bool finished13_verify_data(const struct hash_alg *hash, const struct secret *traffic_secret,
                            const uint8_t *transcript_hash, uint8_t *out)
{
    struct secret finished_key;
    size_t len = hash_alg_len(hash);
    bool is_ok = secret_resize(&finished_key, len) &&
                 hkdf_expand_label(hash, traffic_secret, "finished", bytes_of(NULL, 0), finished_key.bytes, len) &&
                 hmac_once(hash, secret_view(&finished_key), bytes_of(transcript_hash, len), out);

    secret_wipe(&finished_key);
    return is_ok;
}

bool traffic_keys13(const struct hash_alg *hash, const struct secret *traffic_secret, const struct aead_alg *aead,
                    uint8_t key[MAX_AEAD_KEY_LEN], uint8_t iv[AEAD_NONCE_LEN])
{
    struct bytes nothing = bytes_of(NULL, 0);

    return hkdf_expand_label(hash, traffic_secret, "key", nothing, key, aead_alg_key_len(aead)) &&
           hkdf_expand_label(hash, traffic_secret, "iv", nothing, iv, AEAD_NONCE_LEN);
}

bool traffic_secret13_update(const struct hash_alg *hash, struct secret *traffic_secret)
{
    struct secret next;
    size_t len = hash_alg_len(hash);
    bool is_ok = secret_resize(&next, len) &&
                 hkdf_expand_label(hash, traffic_secret, "traffic upd", bytes_of(NULL, 0), next.bytes, len);

    if (is_ok)
        *traffic_secret = next;
    secret_wipe(&next);
    return is_ok;
}
