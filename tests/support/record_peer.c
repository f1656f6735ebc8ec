#include "support/record_peer.h"

#include <check.h>

#include "support/trace.h"
#include "tls/policy.h"

struct tls *tls;
struct pool *pool;
uint8_t type;
struct plain_span content;
uint8_t pattern[PATTERN_LEN];
static struct tls_policy *policy;

static uint64_t no_clock(void *context)
{
    (void)context;
    return 0;
}

void begin_with_pool(size_t max_bytes)
{
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (uint8_t)(i * 7 + i / 251);
    pool = pool_new(max_bytes);
    policy = tls_policy_new(random_system(), no_clock, NULL);
    ck_assert(pool && policy);
    tls = tls_new(policy, pool);
    ck_assert_ptr_nonnull(tls);
    tls->outcome.stage = TLS_STAGE_CLIENT_HELLO; /* past the look for what is no TLS at all */
}

void begin(void)
{
    begin_with_pool(0);
}

void end(void)
{
    tls_free(tls);
    tls_policy_unref(policy);
    ck_assert_uint_eq(pool_bytes_in_use(pool), 0);
    pool_free(pool);
}

/* ---- feeding and taking */

void feed(struct bytes raw)
{
    ck_assert(buffer_append(&tls->wire_in, pool, raw));
}

struct bytes content_view(void)
{
    return bytes_of(tls->wire_in.block->data + content.at, content.len);
}

void is_ready(uint8_t expected_type, struct bytes expected)
{
    ck_assert_int_eq(record_next(tls, &type, &content), RECORD_READY);
    ck_assert_uint_eq(type, expected_type);
    assert_same(content_view(), expected, "the content");
}

void is_failed(enum why why)
{
    ck_assert_int_eq(record_next(tls, &type, &content), RECORD_FAILED);
    ck_assert_str_eq(why_name(tls->outcome.why), why_name(why));
}

void is_refused(struct bytes raw, enum why why)
{
    feed(raw);
    is_failed(why);
}

uint8_t *raw_record(uint8_t record_type, uint16_t version, size_t len)
{
    static uint8_t record[RECORD_HEADER_LEN + MAX_CIPHERTEXT_LEN + 1];
    struct writer w = writer_of(record, RECORD_HEADER_LEN);

    ck_assert_uint_le(RECORD_HEADER_LEN + len, sizeof record);
    memset(record, 0, sizeof record);
    write_u8(&w, record_type);
    write_u16(&w, version);
    write_u16(&w, (uint16_t)len);
    ck_assert(writer_ok(&w));
    return record;
}

struct bytes raw_record_view(uint8_t record_type, uint16_t version, size_t len)
{
    return bytes_of(raw_record(record_type, version, len), RECORD_HEADER_LEN + len);
}

/* ---- a peer that shares nothing with record.c but the AEAD */

struct peer {
    struct aead *aead;
    uint8_t iv[AEAD_NONCE_LEN];
};
static struct peer peer;

void peer_start(const struct tls_suite *suite, const struct secret *traffic_secret)
{
    uint8_t key[MAX_AEAD_KEY_LEN];
    struct hmac keyed;

    ck_assert(hmac_init(&keyed, hash_find(suite->hash), secret_view(traffic_secret)));
    ck_assert(traffic_keys13(&keyed, aead_find(suite->aead), key, peer.iv));
    peer.aead = aead_new(aead_find(suite->aead), key);
    ck_assert_ptr_nonnull(peer.aead);
}

/* RFC 8446 5.3: the 64-bit number in network order, padded on the left to iv_length, XOR the write_iv. */
static void peer_nonce(uint64_t sequence, uint8_t nonce[AEAD_NONCE_LEN])
{
    for (int i = 0; i < AEAD_NONCE_LEN; i++)
        nonce[i] = (uint8_t)(peer.iv[i] ^ (i < 4 ? 0 : sequence >> (8 * (AEAD_NONCE_LEN - 1 - i))));
}

/* Seals `len` bytes of TLSInnerPlaintext that stand in the record already. */
struct bytes peer_seal(uint8_t *record, uint64_t sequence, size_t len)
{
    uint8_t nonce[AEAD_NONCE_LEN], *body = record + RECORD_HEADER_LEN;

    peer_nonce(sequence, nonce);
    ck_assert(aead_seal(peer.aead, nonce, bytes_of(record, RECORD_HEADER_LEN), body, len, body + len));
    return bytes_of(record, RECORD_HEADER_LEN + len + AEAD_TAG_LEN);
}

/* A record of `text`, an inner type and padding. */
struct bytes peer_record(uint64_t sequence, uint8_t inner_type, struct bytes text, size_t padding)
{
    size_t len = text.len + 1 + padding;
    uint8_t *record = raw_record(CONTENT_APPLICATION_DATA, TLS_1_2, len + AEAD_TAG_LEN);

    if (text.len)
        memcpy(record + RECORD_HEADER_LEN, text.at, text.len);
    record[RECORD_HEADER_LEN + text.len] = inner_type;
    return peer_seal(record, sequence, len);
}

void begin_protected_by(const struct tls_suite *suite)
{
    struct secret secret;

    begin();
    ck_assert(secret_resize(&secret, hash_alg_len(hash_find(suite->hash))));
    for (size_t i = 0; i < secret.len; i++)
        secret.bytes[i] = (uint8_t)(i * 3 + 1);
    peer_start(suite, &secret);
    ck_assert(protection_start(&tls->in, suite, &secret));
    ck_assert(protection_start(&tls->out, suite, &secret));
}

void begin_protected(void)
{
    begin_protected_by(tls_suite_find(0x1301));
}

void end_protected(void)
{
    aead_free(peer.aead);
    peer.aead = NULL;
    end();
}

struct bytes peer_open(uint64_t sequence, uint8_t expected_type)
{
    static uint8_t body[MAX_CIPHERTEXT_LEN];
    struct bytes wire = buffer_view(&tls->wire_out), sealed;
    struct reader r = reader_of(wire);
    uint8_t nonce[AEAD_NONCE_LEN], outer_type;
    uint16_t version;

    ck_assert(read_u8(&r, &outer_type) && read_u16(&r, &version) && read_vec16(&r, 17, sizeof body, &sealed));
    ck_assert_uint_eq(outer_type, CONTENT_APPLICATION_DATA);
    ck_assert_uint_eq(version, TLS_1_2);
    memcpy(body, sealed.at, sealed.len);
    peer_nonce(sequence, nonce);
    ck_assert_int_eq(aead_open(peer.aead, nonce, bytes_of(wire.at, RECORD_HEADER_LEN), body, sealed.len - AEAD_TAG_LEN,
                               body + sealed.len - AEAD_TAG_LEN),
                     CRYPTO_OK);
    buffer_consume(&tls->wire_out, pool, RECORD_HEADER_LEN + sealed.len);
    ck_assert_uint_eq(body[sealed.len - AEAD_TAG_LEN - 1], expected_type);
    return bytes_of(body, sealed.len - AEAD_TAG_LEN - 1);
}
