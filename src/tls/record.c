#include "tls/record.h"

#include "base/reader.h"
#include "tls/not_tls.h"

bool protection_start(struct protection *protection, const struct tls_suite *suite, const struct secret *traffic_secret)
{
    const struct aead_alg *alg = aead_find(suite->aead);
    uint8_t key[MAX_AEAD_KEY_LEN];

    protection_wipe(protection);
    if (traffic_keys13(hash_find(suite->hash), traffic_secret, alg, key, protection->iv))
        protection->aead = aead_new(alg, key);
    memory_wipe(key, sizeof key);
    memcpy(protection->traffic_secret, traffic_secret->bytes, traffic_secret->len);
    return protection->aead != NULL;
}

bool protection_update(struct protection *protection, const struct tls_suite *suite)
{
    const struct hash_alg *hash = hash_find(suite->hash);
    struct secret next;
    bool is_ok = secret_set(&next, bytes_of(protection->traffic_secret, hash_alg_len(hash))) &&
                 traffic_secret13_update(hash, &next) && protection_start(protection, suite, &next);

    secret_wipe(&next);
    return is_ok;
}

void protection_wipe(struct protection *protection)
{
    aead_free(protection->aead);
    memory_wipe(protection, sizeof *protection);
}

/* RFC 8446 5.3: the sequence number, padded to the left, exclusive-or the write IV. */
static void make_nonce(const struct protection *protection, uint8_t nonce[AEAD_NONCE_LEN])
{
    struct writer w = writer_of(nonce, AEAD_NONCE_LEN);

    write_u32(&w, 0);
    write_u64(&w, protection->sequence);
    for (size_t i = 0; i < AEAD_NONCE_LEN; i++)
        nonce[i] ^= protection->iv[i];
}

struct header {
    uint8_t type;
    uint16_t version;
    uint16_t len;
};

static bool read_header(struct reader *r, struct header *header)
{
    return read_u8(r, &header->type) && read_u16(r, &header->version) && read_u16(r, &header->len);
}

static size_t max_len(const struct tls *tls, const struct header *header)
{
    bool is_ciphertext = header->type == CONTENT_APPLICATION_DATA && (tls->in.aead || tls->is_skipping_early_data);

    return is_ciphertext ? MAX_CIPHERTEXT_LEN : MAX_PLAINTEXT_LEN;
}

/* RFC 8446 5.1: legacy_record_version is ignored for all purposes; its first byte still tells TLS from noise. */
static bool check_header(struct tls *tls, const struct header *header)
{
    if (header->type < CONTENT_CHANGE_CIPHER_SPEC || header->type > CONTENT_APPLICATION_DATA)
        return tls_fail(tls, WHY_RECORD_TYPE);
    if (header->version < 0x0300 || header->version > 0x03ff)
        return tls_fail(tls, WHY_RECORD_VERSION);
    if (header->len > max_len(tls, header))
        return tls_fail(tls, WHY_RECORD_TOO_LONG); /* RFC 8446 5.1 MUST: record_overflow */
    return true;
}

/*
 * RFC 8446 4.2.10: early data that we declined cannot be read; it is passed over up to a limit. What is too short for
 * a type and a tag is no early data: or an endless row of empty records would never reach the limit.
 */
static enum record_result skip_early_data(struct tls *tls, size_t len)
{
    size_t skipped = tls->early_data_skipped + len;

    if (len <= AEAD_TAG_LEN) {
        tls_fail(tls, WHY_RECORD_MAC);
        return RECORD_FAILED;
    }
    if (skipped > MAX_EARLY_DATA_SKIPPED) {
        tls_fail(tls, WHY_EARLY_DATA_TOO_LONG);
        return RECORD_FAILED;
    }
    tls->early_data_skipped = (uint16_t)skipped;
    return RECORD_SKIPPED;
}

/* TLSInnerPlaintext of RFC 8446 5.4: content, type, zeros. */
static enum record_result strip_padding(struct tls *tls, struct bytes inner, uint8_t *type, struct plain_span *content)
{
    size_t len = inner.len;

    if (len > MAX_PLAINTEXT_LEN + 1) {
        tls_fail(tls, WHY_PLAINTEXT_TOO_LONG); /* RFC 8446 5.4 MUST: record_overflow */
        return RECORD_FAILED;
    }
    while (len > 0 && inner.at[len - 1] == 0)
        len--;
    if (len == 0) {
        tls_fail(tls, WHY_RECORD_ALL_PADDING); /* RFC 8446 5.4 MUST: unexpected_message */
        return RECORD_FAILED;
    }
    *type = inner.at[len - 1];
    content->len = (uint32_t)(len - 1);
    return RECORD_READY;
}

static enum record_result open_record(struct tls *tls, struct bytes header, uint8_t *body, size_t body_len,
                                      uint8_t *type, struct plain_span *content)
{
    uint8_t nonce[AEAD_NONCE_LEN];
    size_t len = body_len - AEAD_TAG_LEN;
    enum crypto_result result = CRYPTO_BAD_INPUT;

    if (tls->in.sequence == UINT64_MAX) {
        tls_fail(tls, WHY_SEQUENCE_EXHAUSTED); /* RFC 8446 5.3 MUST: sequence numbers do not wrap */
        return RECORD_FAILED;
    }
    if (body_len > AEAD_TAG_LEN) {
        make_nonce(&tls->in, nonce);
        result = aead_open(tls->in.aead, nonce, header, body, len, body + len);
    }
    if (result == CRYPTO_BAD_INPUT && tls->is_skipping_early_data)
        return skip_early_data(tls, body_len);
    if (result != CRYPTO_OK) {
        /* RFC 8446 5.2 MUST: bad_record_mac */
        tls_fail(tls, result == CRYPTO_BAD_INPUT ? WHY_RECORD_MAC : WHY_CRYPTO);
        return RECORD_FAILED;
    }
    tls->is_skipping_early_data = false;
    tls->in.sequence++;
    return strip_padding(tls, bytes_of(body, len), type, content);
}

enum record_result record_next(struct tls *tls, uint8_t *type, struct plain_span *content)
{
    struct block *block = tls->wire_in.block;
    struct bytes wire = buffer_view(&tls->wire_in), body;
    struct reader r = reader_of(wire);
    struct header header;

    if (tls->outcome.stage == TLS_STAGE_START && !not_tls_check(tls, wire))
        return RECORD_FAILED;
    if (!read_header(&r, &header))
        return RECORD_INCOMPLETE;
    if (!check_header(tls, &header))
        return RECORD_FAILED;
    if (!read_bytes(&r, header.len, &body))
        return RECORD_INCOMPLETE;

    content->at = block->start + RECORD_HEADER_LEN;
    content->len = header.len;
    block->start += RECORD_HEADER_LEN + header.len;
    *type = header.type;
    if (header.type == CONTENT_APPLICATION_DATA && tls->in.aead)
        return open_record(tls, bytes_of(wire.at, RECORD_HEADER_LEN), block->data + content->at, header.len, type,
                           content);
    if (header.type == CONTENT_APPLICATION_DATA && tls->is_skipping_early_data)
        return skip_early_data(tls, header.len); /* before the second ClientHello, told by its outer type */
    return RECORD_READY;
}

static bool write_header(uint8_t *record, enum content_type type, size_t len)
{
    struct writer w = writer_of(record, RECORD_HEADER_LEN);

    write_u8(&w, (uint8_t)type);
    write_u16(&w, TLS_1_2); /* legacy_record_version, RFC 8446 5.1 */
    write_u16(&w, (uint16_t)len);
    return writer_ok(&w);
}

/* Makes a record of `len` bytes that lie behind its header, *sealed_len bytes in all. */
static bool seal_record(struct tls *tls, enum content_type type, uint8_t *record, size_t len, size_t *sealed_len)
{
    struct protection *out = &tls->out;
    uint8_t nonce[AEAD_NONCE_LEN], *body = record + RECORD_HEADER_LEN;

    if (!out->aead && tls->is_clear_over) /* a change of keys failed half way */
        return tls_fail(tls, WHY_CRYPTO);
    if (!out->aead) {
        *sealed_len = RECORD_HEADER_LEN + len;
        return write_header(record, type, len);
    }
    if (out->sequence == UINT64_MAX)
        return tls_fail(tls, WHY_SEQUENCE_EXHAUSTED);
    body[len++] = (uint8_t)type;
    make_nonce(out, nonce);
    if (!write_header(record, CONTENT_APPLICATION_DATA, len + AEAD_TAG_LEN) ||
        !aead_seal(out->aead, nonce, bytes_of(record, RECORD_HEADER_LEN), body, len, body + len))
        return tls_fail(tls, WHY_CRYPTO);
    out->sequence++;
    *sealed_len = RECORD_HEADER_LEN + len + AEAD_TAG_LEN;
    return true;
}

static bool send_one(struct tls *tls, enum content_type type, struct bytes content)
{
    size_t space, sealed_len;
    uint8_t *record;

    if (!buffer_reserve(&tls->wire_out, tls->pool, content.len + RECORD_OVERHEAD))
        return tls_fail(tls, WHY_NO_MEMORY);
    record = buffer_space(&tls->wire_out, &space);
    memcpy(record + RECORD_HEADER_LEN, content.at, content.len);
    if (!seal_record(tls, type, record, content.len, &sealed_len))
        return false;
    buffer_commit(&tls->wire_out, sealed_len);
    return true;
}

bool record_send(struct tls *tls, enum content_type type, struct bytes content)
{
    while (content.len > 0) {
        size_t len = content.len < MAX_PLAINTEXT_LEN ? content.len : MAX_PLAINTEXT_LEN;
        if (!send_one(tls, type, bytes_of(content.at, len)))
            return false;
        content = bytes_of(content.at + len, content.len - len);
    }
    return true;
}

uint8_t *record_body(struct tls *tls, size_t index)
{
    size_t space, before = index * MAX_SEALED_LEN;
    uint8_t *at = buffer_space(&tls->wire_out, &space);

    return at && space >= before + MAX_SEALED_LEN ? at + before + RECORD_HEADER_LEN : NULL;
}

bool record_seal_body(struct tls *tls, size_t len)
{
    size_t space, sealed_len;
    uint8_t *record = buffer_space(&tls->wire_out, &space);

    if (!seal_record(tls, CONTENT_APPLICATION_DATA, record, len, &sealed_len))
        return false;
    buffer_commit(&tls->wire_out, sealed_len);
    return true;
}
