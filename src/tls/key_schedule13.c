#include "tls/key_schedule13.h"

#include "base/writer.h"

/*
 * Two constants of each hash: of the empty transcript, and of the way without a PSK down to the first salt,
 * Derive-Secret(HKDF-Extract(0, 0), "derived", ""). tests/tls/check_key_schedule13.c derives both.
 */
struct constants {
    uint8_t empty_hash[MAX_HASH_LEN];
    uint8_t salt_without_psk[MAX_HASH_LEN];
};

static const struct constants constants_sha256 = {
    {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
     0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55},
    {0x6f, 0x26, 0x15, 0xa1, 0x08, 0xc7, 0x02, 0xc5, 0x67, 0x8f, 0x54, 0xfc, 0x9d, 0xba, 0xb6, 0x97,
     0x16, 0xc0, 0x76, 0x18, 0x9c, 0x48, 0x25, 0x0c, 0xeb, 0xea, 0xc3, 0x57, 0x6c, 0x36, 0x11, 0xba},
};

static const struct constants constants_sha384 = {
    {0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38, 0x4c, 0xd9, 0x32, 0x7e, 0xb1, 0xb1, 0xe3, 0x6a,
     0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43, 0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda,
     0x27, 0x4e, 0xde, 0xbf, 0xe7, 0x6f, 0x65, 0xfb, 0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b},
    {0x15, 0x91, 0xda, 0xc5, 0xcb, 0xbf, 0x03, 0x30, 0xa4, 0xa8, 0x4d, 0xe9, 0xc7, 0x53, 0x33, 0x0e,
     0x92, 0xd0, 0x1f, 0x0a, 0x88, 0x21, 0x4b, 0x44, 0x64, 0x97, 0x2f, 0xd6, 0x68, 0x04, 0x9e, 0x93,
     0xe5, 0x2f, 0x2b, 0x16, 0xfa, 0xd9, 0x22, 0xfd, 0xc0, 0x58, 0x44, 0x78, 0x42, 0x8f, 0x28, 0x2b},
};

static const struct constants *constants_of(const struct hash_alg *hash)
{
    return hash_alg_len(hash) == 32 ? &constants_sha256 : &constants_sha384;
}

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

bool hkdf_expand_label(const struct hmac *secret, const char *label, struct bytes context, uint8_t *out, size_t len)
{
    uint8_t info[MAX_HKDF_LABEL_LEN];
    struct writer w = writer_of(info, sizeof info);

    return write_hkdf_label(&w, label, context, len) && hkdf_expand(secret, writer_view(&w), out, len);
}

/* The same, of the length of the hash. */
static bool expand_secret(const struct hmac *secret, const char *label, struct bytes context, struct secret *out)
{
    const struct hash_alg *hash = hmac_alg(secret);

    return hash && secret_resize(out, hash_alg_len(hash)) &&
           hkdf_expand_label(secret, label, context, out->bytes, out->len);
}

/* ---- the left edge */

/* HKDF-Extract(salt, input), from here on keyed for what is derived of it. */
static bool extract(struct key_schedule13 *schedule, struct bytes salt, struct bytes input)
{
    struct secret secret;
    bool is_ok = hkdf_extract(schedule->hash, salt, input, &secret);

    hmac_wipe(&schedule->current);
    is_ok = is_ok && hmac_init(&schedule->current, schedule->hash, secret_view(&secret));
    secret_wipe(&secret);
    return is_ok;
}

bool key_schedule13_start(struct key_schedule13 *schedule, const struct hash_alg *hash, const struct secret *psk)
{
    *schedule = (struct key_schedule13){.hash = hash};
    return !psk || extract(schedule, bytes_of(NULL, 0), secret_view(psk));
}

bool key_schedule13_salt(const struct key_schedule13 *schedule, struct secret *salt)
{
    const struct constants *constants = constants_of(schedule->hash);

    if (!hmac_alg(&schedule->current)) /* the start, without a PSK */
        return secret_set(salt, bytes_of(constants->salt_without_psk, hash_alg_len(schedule->hash)));
    return key_schedule13_derive(schedule, "derived", constants->empty_hash, salt);
}

static bool next_secret(struct key_schedule13 *schedule, struct bytes input)
{
    struct secret salt;
    bool is_ok = key_schedule13_salt(schedule, &salt) && extract(schedule, secret_view(&salt), input);

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
    return expand_secret(&schedule->current, label, bytes_of(transcript_hash, hash_alg_len(schedule->hash)), out);
}

void key_schedule13_wipe(struct key_schedule13 *schedule)
{
    hmac_wipe(&schedule->current);
}

bool psk_binder13(const struct hash_alg *hash, const struct secret *psk, const uint8_t *transcript_hash, uint8_t *out)
{
    struct key_schedule13 schedule;
    struct hmac binder = {.inner = {.alg = NULL}};
    struct secret binder_key = {0}, finished_key = {0};
    bool is_ok = key_schedule13_start(&schedule, hash, psk) &&
                 key_schedule13_derive(&schedule, "res binder", constants_of(hash)->empty_hash, &binder_key) &&
                 hmac_init(&binder, hash, secret_view(&binder_key)) && finished_key13(&binder, &finished_key) &&
                 finished13_verify_data(hash, &finished_key, transcript_hash, out);

    key_schedule13_wipe(&schedule);
    hmac_wipe(&binder);
    secret_wipe(&binder_key);
    secret_wipe(&finished_key);
    return is_ok;
}

/* ---- of a traffic secret */

bool finished_key13(const struct hmac *traffic_secret, struct secret *out)
{
    return expand_secret(traffic_secret, "finished", bytes_of(NULL, 0), out);
}

bool finished13_verify_data(const struct hash_alg *hash, const struct secret *finished_key,
                            const uint8_t *transcript_hash, uint8_t *out)
{
    return hmac_once(hash, secret_view(finished_key), bytes_of(transcript_hash, hash_alg_len(hash)), out);
}

bool traffic_keys13(const struct hmac *traffic_secret, const struct aead_alg *aead, uint8_t key[MAX_AEAD_KEY_LEN],
                    uint8_t iv[AEAD_NONCE_LEN])
{
    struct bytes nothing = bytes_of(NULL, 0);

    return hkdf_expand_label(traffic_secret, "key", nothing, key, aead_alg_key_len(aead)) &&
           hkdf_expand_label(traffic_secret, "iv", nothing, iv, AEAD_NONCE_LEN);
}

bool traffic_secret13_update(const struct hash_alg *hash, struct secret *traffic_secret)
{
    struct hmac current;
    struct secret next = {0};
    bool is_ok = hmac_init(&current, hash, secret_view(traffic_secret)) &&
                 expand_secret(&current, "traffic upd", bytes_of(NULL, 0), &next);

    if (is_ok)
        *traffic_secret = next;
    hmac_wipe(&current);
    secret_wipe(&next);
    return is_ok;
}
