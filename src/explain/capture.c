#include "explain/capture.h"

#include "base/alloc.h"
#include "base/reader.h"
#include "explain/hex_text.h"
#include "tls/iana.h"

static enum capture_form form_of(struct bytes file)
{
    struct reader r = reader_of(file), message = r;
    uint32_t magic;
    uint8_t type, high;

    if (hello_begins(file))
        return CAPTURE_RECORDS;
    /* A ClientHello is never longer than 2^16 bytes, so its header begins 01 00. */
    if (read_u8(&message, &type) && read_u8(&message, &high) && type == CLIENT_HELLO && high == 0)
        return CAPTURE_MESSAGE;
    if (!read_u32(&r, &magic))
        return CAPTURE_UNKNOWN;
    return CAPTURE_UNKNOWN;
}

static void read_bytes_of_file(struct bytes file, struct capture *out)
{
    out->form = form_of(file);
    switch (out->form) {
    case CAPTURE_RECORDS:
        out->end = hello_read_records(file, &out->hello);
        break;
    case CAPTURE_MESSAGE:
        out->end = hello_read_message(file, &out->hello);
        break;
    default:
        break;
    }
}

void capture_read(struct bytes file, struct capture *out)
{
    uint8_t *decoded;
    size_t len;

    *out = (struct capture){.end = HELLO_NONE};
    read_bytes_of_file(file, out);
    if (out->form != CAPTURE_UNKNOWN || file.len == 0)
        return;
    decoded = memory_new(file.len);
    out->has_no_memory = !decoded;
    if (decoded && hex_text_read(file, decoded, file.len, &len)) {
        out->is_hex = true;
        read_bytes_of_file(bytes_of(decoded, len), out);
    }
    memory_free(decoded);
}
