#include "tls/flight.h"

#include "tls/iana.h"
#include "tls/record.h"
#include "tls/transcript.h"

bool flight_start(struct tls *tls, size_t len)
{
    struct handshake *hs = tls->handshake;
    enum block_size size = len <= BLOCK_RECORD_LEN ? BLOCK_RECORD : BLOCK_BULK;

    hs->flight = pool_take(tls->pool, size);
    if (!hs->flight)
        return tls_fail(tls, WHY_NO_MEMORY);
    hs->writer = writer_of(hs->flight->data, hs->flight->capacity);
    return true;
}

struct writer *flight_begin_message(struct handshake *hs, uint8_t type)
{
    hs->message_start = hs->writer.len;
    write_u8(&hs->writer, type);
    hs->open_message = write_vec24_begin(&hs->writer);
    return &hs->writer;
}

bool flight_end_message(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    struct bytes message;

    write_vec_end(&hs->writer, hs->open_message);
    if (!writer_ok(&hs->writer))
        return tls_fail(tls, WHY_INTERNAL);
    message = bytes_of(hs->writer.start + hs->message_start, hs->writer.len - hs->message_start);
    tls_note(tls, false, tls_handshake_type_name(message.at[0]), message.len);
    return transcript_add(tls, message);
}

bool flight_send(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    bool is_ok = record_send(tls, CONTENT_HANDSHAKE, writer_view(&hs->writer));

    hs->writer = writer_of(hs->flight->data, hs->flight->capacity);
    return is_ok;
}

bool flight_finish(struct tls *tls)
{
    struct handshake *hs = tls->handshake;
    bool is_ok = flight_send(tls);

    pool_give(tls->pool, hs->flight);
    hs->flight = NULL;
    return is_ok;
}
