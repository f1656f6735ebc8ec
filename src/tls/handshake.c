#include "tls/handshake.h"

#include "base/alloc.h"
#include "base/spare.h"
#include "tls/iana.h"
#include "tls/transcript.h"

const struct handshake_row *handshake_row_find(const struct handshake_row *map, enum handshake_state state,
                                               uint16_t type)
{
    for (const struct handshake_row *row = map; row->in != HANDSHAKE_STATES; row++)
        if (row->in == state && row->accepts == type)
            return row;
    return NULL;
}

bool handshake_start(struct tls *tls)
{
    tls->handshake = spare_take(sizeof *tls->handshake);
    return tls->handshake || tls_fail(tls, WHY_NO_MEMORY);
}

void handshake_end(struct tls *tls)
{
    struct handshake *hs = tls->handshake;

    if (!hs)
        return;
    if (tls->state == CONNECTED) { /* a failed one keeps what was offered, for the words of its failure */
        spare_give(tls->offered, sizeof *tls->offered);
        tls->offered = NULL;
    }
    pool_give(tls->pool, hs->flight);
    hash_wipe(&hs->transcript);
    public_key_free(hs->client_key);
    buffer_drop(&hs->kept_hello, tls->pool);
    memory_free(hs->log.at);
    spare_give(hs, sizeof *hs);
    tls->handshake = NULL;
}

/* struct Handshake of RFC 8446 4: msg_type, uint24 length. */
static bool read_message_header(struct reader *r, uint8_t *type, uint32_t *len)
{
    return read_u8(r, type) && read_u24(r, len);
}

/* What the four bytes of a header already tell: a message that is out of order or too long is never stored. */
static bool check_message_header(struct tls *tls, uint8_t type, uint32_t len, const struct handshake_row **row)
{
    *row = handshake_row_find(tls->map, tls->state, type);
    if (!*row)
        return tls_fail(tls, WHY_UNEXPECTED_HANDSHAKE); /* RFC 8446 4 MUST: unexpected_message */
    if (len > (*row)->max_len)
        return tls_fail(tls, (*row)->too_long);
    if (tls->state == CONNECTED && ++tls->handshake_messages > MAX_HANDSHAKE_MESSAGES)
        return tls_fail(tls, WHY_HANDSHAKE_FLOOD);
    return true;
}

bool handshake_add_message(struct tls *tls)
{
    return transcript_add(tls, tls->handshake->message);
}

struct tls_key_request *handshake_new_key_request(struct tls *tls, enum tls_key_operation operation,
                                                  key_answered *answered)
{
    struct handshake *hs = tls->handshake;

    tls_key_request_wipe(&hs->key_request);
    hs->key_request.operation = operation;
    hs->key_answered = answered;
    return &hs->key_request;
}

void handshake_wait_for_key(struct tls *tls)
{
    tls->state = WAIT_KEY_OPERATION;
    tls->outcome.stage = TLS_STAGE_KEY_OPERATION;
    tls->is_key_wanted = true;
}

struct tls_key_request *handshake_ask_key(struct tls *tls, enum tls_key_operation operation, key_answered *answered)
{
    handshake_wait_for_key(tls);
    return handshake_new_key_request(tls, operation, answered);
}

/* One whole message; `is_last` tells that its record ends with it. */
static bool handle_message(struct tls *tls, const struct handshake_row *row, struct bytes message, bool is_last)
{
    struct reader body = reader_of(message);
    uint8_t type;
    uint32_t len;

    /* RFC 8446 5.1 MUST: a message before a key change ends its record, or unexpected_message. */
    if ((row->flags & ENDS_RECORD) && !is_last)
        return tls_fail(tls, WHY_ACROSS_KEY_CHANGE);
    if (!tls->handshake && tls->state != CONNECTED && !handshake_start(tls))
        return false;
    if (!read_message_header(&body, &type, &len))
        return tls_fail(tls, WHY_INTERNAL);
    tls_note(tls, true, tls_handshake_type_name(type), message.len);
    if (tls->handshake)
        tls->handshake->message = message;
    if (!row->does(tls, &body))
        return false;
    if (!read_end(&body))
        return tls_fail(tls, WHY_TRAILING_BYTES);
    if ((row->flags & IN_TRANSCRIPT) && !handshake_add_message(tls))
        return false;
    if (!(row->to & TO(tls->state)))
        return tls_fail(tls, WHY_INTERNAL);
    if (tls->state == CONNECTED)
        handshake_end(tls);
    return true;
}

/* The next message, when all of it lies in `r`: the fast way, without a copy. */
static bool receive_in_place(struct tls *tls, struct reader *r)
{
    const struct handshake_row *row;
    struct reader ahead = *r;
    struct bytes message;
    uint8_t type;
    uint32_t len;

    if (!read_message_header(&ahead, &type, &len)) {
        struct bytes rest = read_rest(r);
        return buffer_append(&tls->message, tls->pool, rest) || tls_fail(tls, WHY_NO_MEMORY);
    }
    if (!check_message_header(tls, type, len, &row))
        return false;
    if (read_bytes(r, MESSAGE_HEADER_LEN + (size_t)len, &message))
        return handle_message(tls, row, message, read_end(r));
    /* Storage grows with what came, not with what was announced. */
    return buffer_append(&tls->message, tls->pool, read_rest(r)) || tls_fail(tls, WHY_NO_MEMORY);
}

/* Moves up to `len` bytes from `r` behind the message begun. */
static bool collect(struct tls *tls, struct reader *r, size_t len)
{
    struct bytes part;

    if (len > reader_left(r))
        len = reader_left(r);
    return (read_bytes(r, len, &part) && buffer_append(&tls->message, tls->pool, part)) || tls_fail(tls, WHY_NO_MEMORY);
}

/* A message that began in an earlier record: first its header, then the rest. */
static bool receive_rest(struct tls *tls, struct reader *r)
{
    const struct handshake_row *row;
    struct reader header;
    struct bytes message;
    size_t had = buffer_len(&tls->message);
    uint8_t type;
    uint32_t len;
    bool is_ok;

    if (had < MESSAGE_HEADER_LEN && !collect(tls, r, MESSAGE_HEADER_LEN - had))
        return false;
    header = reader_of(buffer_view(&tls->message));
    if (!read_message_header(&header, &type, &len))
        return true;
    row = handshake_row_find(tls->map, tls->state, type);
    if (had < MESSAGE_HEADER_LEN && !check_message_header(tls, type, len, &row))
        return false;
    if (!collect(tls, r, MESSAGE_HEADER_LEN + (size_t)len - buffer_len(&tls->message)))
        return false;
    message = buffer_view(&tls->message);
    if (message.len < MESSAGE_HEADER_LEN + (size_t)len)
        return true;
    if (!row)
        return tls_fail(tls, WHY_INTERNAL);
    is_ok = handle_message(tls, row, message, read_end(r));
    buffer_drop(&tls->message, tls->pool);
    return is_ok;
}

bool handshake_receive_change_cipher_spec(struct tls *tls)
{
    const struct handshake_row *row = handshake_row_find(tls->map, tls->state, CHANGE_CIPHER_SPEC);
    struct reader nothing = reader_of(bytes_of(NULL, 0));

    if (!row)
        return tls_fail(tls, WHY_CCS_UNEXPECTED);
    return row->does(tls, &nothing) && ((row->to & TO(tls->state)) || tls_fail(tls, WHY_INTERNAL));
}

bool handshake_receive(struct tls *tls, struct bytes fragment)
{
    struct reader r = reader_of(fragment);

    if (tls->outcome.stage == TLS_STAGE_START)
        tls->outcome.stage = TLS_STAGE_CLIENT_HELLO;
    while (!read_end(&r))
        if (!(tls->message.block ? receive_rest(tls, &r) : receive_in_place(tls, &r)))
            return false;
    return true;
}
