#include "tls/record.h"

#include "base/reader.h"
#include "tls/not_tls.h"

/* Another key in the context of the old one, where that is of the same cipher. Frees it, or gives it back keyed. */
static struct aead *rekey(struct aead *old, const struct aead_alg *alg, const uint8_t *key)
{
    if (old && aead_alg(old) == alg && aead_rekey(old, key))
        return old;
    aead_free(old);
    return old ? NULL : aead_new(alg, key);
}

/* All of a direction but its context. */
static struct aead *take_context(struct protection *protection)
{
    struct aead *aead = protection->aead;

    memory_wipe(protection, sizeof *protection);
    return aead;
}

/* `finished_key` NULL: no Finished is made with this secret. */
static bool start13(struct protection *protection, const struct tls_suite *suite, const struct secret *traffic_secret,
                    struct secret *finished_key)
{
    const struct aead_alg *alg = aead_find(suite->aead);
    uint8_t key[MAX_AEAD_KEY_LEN];
    struct aead *old = take_context(protection);
    struct hmac keyed;
    bool is_ok;

    is_ok = hmac_init(&keyed, hash_find(suite->hash), secret_view(traffic_secret)) &&
            (!finished_key || finished_key13(&keyed, finished_key)) && traffic_keys13(&keyed, alg, key, protection->iv);
    if (is_ok)
        protection->aead = rekey(old, alg, key);
    else
        aead_free(old);
    hmac_wipe(&keyed);
    memory_wipe(key, sizeof key);
    memcpy(protection->traffic_secret, traffic_secret->bytes, traffic_secret->len);
    return protection->aead != NULL;
}

bool protection_start(struct protection *protection, const struct tls_suite *suite, const struct secret *traffic_secret)
{
    return start13(protection, suite, traffic_secret, NULL);
}

bool protection_start_handshake(struct protection *protection, const struct tls_suite *suite,
                                const struct secret *traffic_secret, struct secret *finished_key)
{
    return start13(protection, suite, traffic_secret, finished_key);
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

/* RFC 5288 3: AES-GCM takes a salt of 4 bytes and an explicit nonce of 8. RFC 7905 2: ChaCha20-Poly1305 takes all 12.
 */
static size_t fixed_iv12_len(const struct tls_suite *suite)
{
    return suite->aead == AEAD_CHACHA20_POLY1305 ? AEAD_NONCE_LEN : AEAD_NONCE_LEN - EXPLICIT_NONCE_LEN;
}

bool protection12_derive(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    const struct tls_suite *suite = hs->choice.suite;

    return key_block12(hash_find(suite->hash), &hs->master_secret, hs->client_random, hs->server_random,
                       aead_alg_key_len(aead_find(suite->aead)), fixed_iv12_len(suite), &hs->keys) ||
           tls_fail(tls, WHY_CRYPTO);
}

bool protection12_start(struct protection *protection, const struct key_block12 *keys, enum protection_writer writer,
                        const struct tls_suite *suite)
{
    bool is_client = writer == PROTECTION_CLIENT;

    protection_wipe(protection);
    memcpy(protection->iv, is_client ? keys->client_iv : keys->server_iv, fixed_iv12_len(suite));
    protection->explicit_nonce_len = fixed_iv12_len(suite) < AEAD_NONCE_LEN ? EXPLICIT_NONCE_LEN : 0;
    protection->aead = aead_new(aead_find(suite->aead), is_client ? keys->client_key : keys->server_key);
    return protection->aead != NULL;
}

/* ---- what differs between the versions: nonce, additional data, where the type stands */

static bool is_version12(const struct tls *tls)
{
    return tls->outcome.version == TLS_1_2;
}

/*
 * RFC 8446 5.3, RFC 7905 2: the sequence number, padded to the left, exclusive-or the write IV. AES-GCM of TLS 1.2: the
 * salt with the explicit nonce behind it, which is the peer's choice. RFC 5288 3 MUST: no nonce_explicit comes twice
 * under one key; ours is the sequence number.
 */
static void make_nonce(const struct protection *protection, struct bytes explicit_nonce, uint8_t nonce[AEAD_NONCE_LEN])
{
    struct writer w = writer_of(nonce, AEAD_NONCE_LEN);

    write_u32(&w, 0);
    if (explicit_nonce.len > 0) {
        write_bytes(&w, explicit_nonce);
        memcpy(nonce, protection->iv, AEAD_NONCE_LEN - EXPLICIT_NONCE_LEN);
        return;
    }
    write_u64(&w, protection->sequence);
    for (size_t i = 0; i < AEAD_NONCE_LEN; i++)
        nonce[i] ^= protection->iv[i];
}

/* RFC 5246 6.2.3.3: seq_num, type, version, length of the content. */
enum { AAD12_LEN = 8 + 1 + 2 + 2 };

static struct bytes make_aad12(const struct protection *protection, uint8_t type, uint16_t version, size_t content_len,
                               uint8_t aad[AAD12_LEN])
{
    struct writer w = writer_of(aad, AAD12_LEN);

    write_u64(&w, protection->sequence);
    write_u8(&w, type);
    write_u16(&w, version);
    write_u16(&w, (uint16_t)content_len);
    return writer_view(&w);
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

    if (is_version12(tls)) /* RFC 5246 6.2.3 MUST NOT: over 2^14 + 2048; 6.2.1 MUST NOT: over 2^14 */
        return tls->in.aead ? MAX_CIPHERTEXT12_LEN : MAX_PLAINTEXT_LEN;
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
 * RFC 8446 4.2.10: early data that we declined cannot be read; it is passed over up to a limit. A record counts at
 * least as much as a type and a tag, or an endless row of empty ones would never reach it.
 */
static enum record_result skip_early_data(struct tls *tls, size_t len)
{
    size_t skipped = tls->early_data_skipped + (len > AEAD_TAG_LEN ? len : AEAD_TAG_LEN + 1);

    if (skipped > MAX_EARLY_DATA_SKIPPED) {
        tls_fail(tls, WHY_EARLY_DATA_TOO_LONG);
        return RECORD_FAILED;
    }
    tls->early_data_skipped = (uint16_t)skipped;
    return RECORD_SKIPPED;
}

/* RFC 6066 4 MUST: content longer than what was agreed is record_overflow; else it is the limit of the protocol. */
static bool check_content_len(struct tls *tls, size_t len)
{
    size_t limit = tls->is_fragment_limit ? tls->record_limit : MAX_PLAINTEXT_LEN;

    return len <= limit || tls_fail(tls, WHY_PLAINTEXT_TOO_LONG);
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

/* What AEAD takes: the nonce that came with the record, if any, is cut off the body, and the tag off its end. */
struct sealed {
    uint8_t *text;
    size_t len;
    struct bytes explicit_nonce;
};

static bool split_sealed(const struct protection *in, uint8_t *body, size_t len, struct sealed *out)
{
    size_t before = in->explicit_nonce_len;

    if (len < before + AEAD_TAG_LEN)
        return false;
    *out = (struct sealed){body + before, len - before - AEAD_TAG_LEN, bytes_of(body, before)};
    return true;
}

/* `at` is where the header stands. In TLS 1.2 its version is under the tag: one that was changed is found by it. */
static enum crypto_result open_sealed(struct tls *tls, const struct header *header, const uint8_t *at,
                                      const struct sealed *sealed)
{
    uint8_t nonce[AEAD_NONCE_LEN], aad12[AAD12_LEN];
    struct bytes aad = is_version12(tls) ? make_aad12(&tls->in, header->type, header->version, sealed->len, aad12)
                                         : bytes_of(at, RECORD_HEADER_LEN);

    if (sealed->len == 0 && !is_version12(tls)) /* not even an inner type */
        return CRYPTO_BAD_INPUT;
    make_nonce(&tls->in, sealed->explicit_nonce, nonce);
    return aead_open(tls->in.aead, nonce, aad, sealed->text, sealed->len, sealed->text + sealed->len);
}

static enum record_result open_record(struct tls *tls, const struct header *header, uint8_t *record, uint8_t *type,
                                      struct plain_span *content)
{
    struct sealed sealed;
    enum crypto_result result = CRYPTO_BAD_INPUT;

    if (tls->in.sequence == UINT64_MAX) {
        tls_fail(tls, WHY_SEQUENCE_EXHAUSTED); /* RFC 8446 5.3 MUST: sequence numbers do not wrap */
        return RECORD_FAILED;
    }
    if (split_sealed(&tls->in, record + RECORD_HEADER_LEN, header->len, &sealed))
        result = open_sealed(tls, header, record, &sealed);
    if (result == CRYPTO_BAD_INPUT && tls->is_skipping_early_data)
        return skip_early_data(tls, header->len);
    if (result != CRYPTO_OK) {
        /* RFC 8446 5.2 MUST: bad_record_mac */
        tls_fail(tls, result == CRYPTO_BAD_INPUT ? WHY_RECORD_MAC : WHY_CRYPTO);
        return RECORD_FAILED;
    }
    tls->is_skipping_early_data = false;
    tls->in.sequence++;
    content->at += (uint32_t)sealed.explicit_nonce.len;
    content->len = (uint32_t)sealed.len;
    if (!is_version12(tls) && strip_padding(tls, bytes_of(sealed.text, sealed.len), type, content) == RECORD_FAILED)
        return RECORD_FAILED;
    return check_content_len(tls, content->len) ? RECORD_READY : RECORD_FAILED;
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
    if (tls->in.aead && (header.type == CONTENT_APPLICATION_DATA || is_version12(tls)))
        return open_record(tls, &header, block->data + content->at - RECORD_HEADER_LEN, type, content);
    if (header.type == CONTENT_APPLICATION_DATA && tls->is_skipping_early_data)
        return skip_early_data(tls, header.len); /* before the second ClientHello, told by its outer type */
    return check_content_len(tls, header.len) ? RECORD_READY : RECORD_FAILED;
}

static bool write_header(uint8_t *record, enum content_type type, size_t len)
{
    struct writer w = writer_of(record, RECORD_HEADER_LEN);

    write_u8(&w, (uint8_t)type);
    write_u16(&w, TLS_1_2); /* legacy_record_version, RFC 8446 5.1 */
    write_u16(&w, (uint16_t)len);
    return writer_ok(&w);
}

/* TLS 1.3: the type goes inside, behind the content (RFC 8446 5.2). */
static bool seal13(struct tls *tls, enum content_type type, uint8_t *record, size_t len, size_t *sealed_len)
{
    uint8_t nonce[AEAD_NONCE_LEN], *body = record + RECORD_HEADER_LEN;

    body[len++] = (uint8_t)type;
    make_nonce(&tls->out, bytes_of(NULL, 0), nonce);
    *sealed_len = RECORD_HEADER_LEN + len + AEAD_TAG_LEN;
    return write_header(record, CONTENT_APPLICATION_DATA, len + AEAD_TAG_LEN) &&
           aead_seal(tls->out.aead, nonce, bytes_of(record, RECORD_HEADER_LEN), body, len, body + len);
}

/* TLS 1.2: AES-GCM's explicit nonce, the sequence number, stands before the content (RFC 5288 3). */
static bool seal12(struct tls *tls, enum content_type type, uint8_t *record, size_t len, size_t *sealed_len)
{
    struct protection *out = &tls->out;
    uint8_t nonce[AEAD_NONCE_LEN], aad[AAD12_LEN];
    uint8_t *explicit_nonce = record + RECORD_HEADER_LEN, *body = explicit_nonce + out->explicit_nonce_len;
    struct writer w = writer_of(explicit_nonce, out->explicit_nonce_len);
    size_t body_len = out->explicit_nonce_len + len + AEAD_TAG_LEN;

    if (out->explicit_nonce_len > 0)
        write_u64(&w, out->sequence);
    make_nonce(out, writer_view(&w), nonce);
    *sealed_len = RECORD_HEADER_LEN + body_len;
    return writer_ok(&w) && write_header(record, type, body_len) &&
           aead_seal(out->aead, nonce, make_aad12(out, (uint8_t)type, TLS_1_2, len, aad), body, len, body + len);
}

/* Makes a record of `len` bytes that lie where content_at() says, *sealed_len bytes in all. */
static bool seal_record(struct tls *tls, enum content_type type, uint8_t *record, size_t len, size_t *sealed_len)
{
    struct protection *out = &tls->out;
    bool is_sealed;

    if (!out->aead && tls->is_clear_over) /* a change of keys failed half way */
        return tls_fail(tls, WHY_CRYPTO);
    if (!out->aead) {
        *sealed_len = RECORD_HEADER_LEN + len;
        return write_header(record, type, len);
    }
    if (out->sequence == UINT64_MAX)
        return tls_fail(tls, WHY_SEQUENCE_EXHAUSTED);
    is_sealed =
        is_version12(tls) ? seal12(tls, type, record, len, sealed_len) : seal13(tls, type, record, len, sealed_len);
    if (!is_sealed)
        return tls_fail(tls, WHY_CRYPTO);
    out->sequence++;
    return true;
}

static uint8_t *content_at(const struct tls *tls, uint8_t *record)
{
    return record + RECORD_HEADER_LEN + tls->out.explicit_nonce_len;
}

size_t record_content_limit(const struct tls *tls)
{
    return tls->record_limit ? tls->record_limit : MAX_PLAINTEXT_LEN;
}

static bool send_one(struct tls *tls, enum content_type type, struct bytes content)
{
    size_t space, sealed_len;
    uint8_t *record;

    if (!buffer_reserve(&tls->wire_out, tls->pool, content.len + RECORD_OVERHEAD))
        return tls_fail(tls, WHY_NO_MEMORY);
    record = buffer_space(&tls->wire_out, &space);
    memcpy(content_at(tls, record), content.at, content.len);
    if (!seal_record(tls, type, record, content.len, &sealed_len))
        return false;
    buffer_commit(&tls->wire_out, sealed_len);
    return true;
}

bool record_send(struct tls *tls, enum content_type type, struct bytes content)
{
    while (content.len > 0) {
        size_t len = content.len < record_content_limit(tls) ? content.len : record_content_limit(tls);
        if (!send_one(tls, type, bytes_of(content.at, len)))
            return false;
        content = bytes_of(content.at + len, content.len - len);
    }
    return true;
}

static size_t sealed_overhead(const struct tls *tls)
{
    return RECORD_HEADER_LEN + tls->out.explicit_nonce_len + AEAD_TAG_LEN + (is_version12(tls) ? 0 : 1);
}

size_t record_sent_len(const struct tls *tls, size_t content_len)
{
    size_t limit = record_content_limit(tls), records = (content_len + limit - 1) / limit;

    return content_len + records * (tls->out.aead ? sealed_overhead(tls) : RECORD_HEADER_LEN);
}

uint8_t *record_body(struct tls *tls, size_t before, size_t index, size_t body_len)
{
    size_t overhead = sealed_overhead(tls), space;
    uint8_t *at = buffer_space(&tls->wire_out, &space);

    before += index * (body_len + overhead);
    return at && space >= before + body_len + overhead ? content_at(tls, at + before) : NULL;
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
