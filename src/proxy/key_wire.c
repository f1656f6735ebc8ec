#include "proxy/key_wire.h"

#include "base/reader.h"
#include "base/writer.h"
#include "tls/ticket_keys.h"

enum { SEAL_LEFT_LEN = 4 };

/* SHA-256 or SHA-384 (RFC 8446 B.4). */
static bool is_transcript_hash_len(size_t len)
{
    return len == 32 || len == 48;
}

/* ---- writing */

static void write_vec8(struct writer *w, const uint8_t *at, size_t len)
{
    struct vector_mark mark = write_vec8_begin(w);

    write_bytes(w, bytes_of(at, len));
    write_vec_end(w, mark);
}

static void write_vec16(struct writer *w, struct bytes from)
{
    struct vector_mark mark = write_vec16_begin(w);

    write_bytes(w, from);
    write_vec_end(w, mark);
}

/* What is written is what the other side reads, or the violation would be ours. */
static bool is_in_bounds(const struct tls_key_request *request)
{
    bool has_transcript = request->operation == TLS_KEY_SIGN_CERTIFICATE_VERIFY_13;

    return (!has_transcript || is_transcript_hash_len(request->transcript_hash_len)) &&
           request->seed_len <= sizeof request->seed && request->payload_len <= sizeof request->payload;
}

static void write_fields(struct writer *w, const struct tls_key_request *request)
{
    struct bytes payload = bytes_of(request->payload, request->payload_len);

    switch (request->operation) {
    case TLS_KEY_SIGN_CERTIFICATE_VERIFY_13:
        write_bytes(w, BYTES_OF_ARRAY(request->key_id));
        write_u8(w, (uint8_t)request->signature);
        write_vec8(w, request->transcript_hash, request->transcript_hash_len);
        return;
    case TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12:
        write_bytes(w, BYTES_OF_ARRAY(request->key_id));
        write_u8(w, (uint8_t)request->signature);
        write_bytes(w, BYTES_OF_ARRAY(request->client_random));
        write_bytes(w, BYTES_OF_ARRAY(request->server_random));
        write_vec16(w, payload);
        return;
    case TLS_KEY_DERIVE_MASTER_SECRET_12:
        write_bytes(w, BYTES_OF_ARRAY(request->key_id));
        write_u16(w, request->client_version);
        write_u8(w, (uint8_t)request->prf_hash);
        write_u8(w, request->is_extended);
        write_vec8(w, request->seed, request->seed_len);
        write_vec16(w, payload);
        return;
    case TLS_KEY_SEAL_TICKET:
    case TLS_KEY_OPEN_TICKET:
        write_bytes(w, BYTES_OF_ARRAY(request->binding));
        write_vec16(w, payload);
        return;
    case TLS_KEY_OPERATIONS:
        break;
    }
    writer_fail(w);
}

static bool finish(struct writer *w, uint8_t *out, size_t *len)
{
    *len = writer_ok(w) ? w->len : 0;
    if (*len == 0)
        memory_wipe(out, MAX_KEY_MESSAGE_LEN);
    return *len > 0;
}

bool key_wire_write_question(uint64_t number, const struct tls_key_request *request, uint8_t *out, size_t *len)
{
    struct writer w = writer_of(out, MAX_KEY_MESSAGE_LEN);

    write_u64(&w, number);
    write_u8(&w, (uint8_t)request->operation);
    if (is_in_bounds(request))
        write_fields(&w, request);
    else
        writer_fail(&w);
    return finish(&w, out, len);
}

bool key_wire_write_reply(const struct key_reply *reply, uint8_t *out, size_t *len)
{
    struct writer w = writer_of(out, MAX_KEY_MESSAGE_LEN);

    write_u64(&w, reply->number);
    write_u8(&w, (uint8_t)reply->operation);
    write_u8(&w, reply->is_ok);
    write_u32(&w, reply->cost);
    if (reply->answer.len > MAX_KEY_ANSWER_LEN)
        writer_fail(&w);
    write_vec16(&w, reply->answer);
    return finish(&w, out, len);
}

/* ---- reading */

bool key_wire_split(struct bytes datagram, struct bytes messages[MAX_KEY_MESSAGES], size_t *count)
{
    struct reader r = reader_of(datagram);

    while (!read_end(&r)) {
        if (*count == MAX_KEY_MESSAGES || !read_vec16(&r, 1, MAX_KEY_MESSAGE_LEN, &messages[*count]))
            return false;
        ++*count;
    }
    return true;
}

static bool read_below(struct reader *r, unsigned limit, unsigned *value)
{
    uint8_t byte;

    if (!read_u8(r, &byte) || byte >= limit)
        return false;
    *value = byte;
    return true;
}

static bool read_flag(struct reader *r, bool *value)
{
    unsigned number;

    if (!read_below(r, 2, &number))
        return false;
    *value = number;
    return true;
}

static bool read_hash_id(struct reader *r, enum hash_id *id)
{
    unsigned number;

    if (!read_below(r, HASH_SHA384 + 1, &number))
        return false;
    *id = (enum hash_id)number;
    return true;
}

/* Key id and signature algorithm, whose fit is the holder's to judge. */
static bool read_signer(struct reader *r, struct tls_key_request *request)
{
    unsigned number;

    if (!read_copy(r, KEY_ID_LEN, request->key_id) || !read_below(r, SIGNATURE_IDS, &number))
        return false;
    request->signature = (enum signature_id)number;
    return true;
}

static bool read_payload(struct reader *r, struct tls_key_request *request)
{
    struct bytes payload;

    if (!read_vec16(r, 0, MAX_KEY_PAYLOAD_LEN, &payload))
        return false;
    request->payload_len = payload.len;
    if (payload.len > 0)
        memcpy(request->payload, payload.at, payload.len);
    return true;
}

static bool read_transcript_hash(struct reader *r, struct tls_key_request *request)
{
    struct bytes hash;

    if (!read_vec8(r, 0, MAX_HASH_LEN, &hash) || !is_transcript_hash_len(hash.len))
        return false;
    request->transcript_hash_len = hash.len;
    memcpy(request->transcript_hash, hash.at, hash.len);
    return true;
}

static bool read_seed(struct reader *r, struct tls_key_request *request)
{
    struct bytes seed;

    if (!read_vec8(r, 0, sizeof request->seed, &seed))
        return false;
    request->seed_len = seed.len;
    if (seed.len > 0)
        memcpy(request->seed, seed.at, seed.len);
    return true;
}

static bool read_fields(struct reader *r, struct tls_key_request *request)
{
    switch (request->operation) {
    case TLS_KEY_SIGN_CERTIFICATE_VERIFY_13:
        return read_signer(r, request) && read_transcript_hash(r, request);
    case TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12:
        return read_signer(r, request) && read_copy(r, sizeof request->client_random, request->client_random) &&
               read_copy(r, sizeof request->server_random, request->server_random) && read_payload(r, request);
    case TLS_KEY_DERIVE_MASTER_SECRET_12:
        return read_copy(r, KEY_ID_LEN, request->key_id) && read_u16(r, &request->client_version) &&
               read_hash_id(r, &request->prf_hash) && read_flag(r, &request->is_extended) && read_seed(r, request) &&
               read_payload(r, request);
    case TLS_KEY_SEAL_TICKET:
    case TLS_KEY_OPEN_TICKET:
        return read_copy(r, sizeof request->binding, request->binding) && read_payload(r, request);
    case TLS_KEY_OPERATIONS:
        break;
    }
    return false;
}

static bool read_operation(struct reader *r, enum tls_key_operation *operation)
{
    unsigned number;

    if (!read_below(r, TLS_KEY_OPERATIONS, &number))
        return false;
    *operation = (enum tls_key_operation)number;
    return true;
}

bool key_wire_read_question(struct bytes message, uint64_t *number, struct tls_key_request *request)
{
    struct reader r = reader_of(message);

    memset(request, 0, offsetof(struct tls_key_request, payload));
    if (read_u64(&r, number) && read_operation(&r, &request->operation) && read_fields(&r, request) && read_end(&r))
        return true;
    tls_key_request_wipe(request);
    return false;
}

static bool is_opened(struct bytes answer)
{
    struct reader r = reader_of(answer);
    unsigned result;

    if (!read_below(&r, TICKET_FAILED + 1, &result))
        return false;
    return result == TICKET_OPENED || result == TICKET_OPENED_OLD || reader_left(&r) == 0;
}

/* Whether the answer is as long as one of its operation can be (tls/key_operation.h). */
static bool is_answer(enum tls_key_operation operation, struct bytes answer)
{
    switch (operation) {
    case TLS_KEY_SIGN_CERTIFICATE_VERIFY_13:
    case TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12:
        return answer.len > 0 && answer.len <= MAX_SIGNATURE_LEN;
    case TLS_KEY_DERIVE_MASTER_SECRET_12:
        return answer.len == MASTER_SECRET_LEN;
    case TLS_KEY_SEAL_TICKET:
        return answer.len >= SEAL_LEFT_LEN + TICKET_OVERHEAD;
    case TLS_KEY_OPEN_TICKET:
        return answer.len <= 1 + MAX_KEY_PAYLOAD_LEN && is_opened(answer);
    case TLS_KEY_OPERATIONS:
        break;
    }
    return false;
}

bool key_wire_read_reply(struct bytes message, struct key_reply *reply)
{
    struct reader r = reader_of(message);

    return read_u64(&r, &reply->number) && read_operation(&r, &reply->operation) && read_flag(&r, &reply->is_ok) &&
           read_u32(&r, &reply->cost) && read_vec16(&r, 0, MAX_KEY_ANSWER_LEN, &reply->answer) && read_end(&r) &&
           (reply->is_ok ? is_answer(reply->operation, reply->answer) : reply->answer.len == 0);
}
