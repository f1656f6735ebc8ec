#include "explain/hello.h"

#include "base/reader.h"
#include "tls/iana.h"

struct record {
    uint8_t type, major, minor;
    uint16_t len;
};

static bool read_record_header(struct reader *r, struct record *out)
{
    return read_u8(r, &out->type) && read_u8(r, &out->major) && read_u8(r, &out->minor) && read_u16(r, &out->len);
}

bool hello_begins(struct bytes stream)
{
    struct reader r = reader_of(stream);
    struct record record;
    uint8_t message;

    return read_record_header(&r, &record) && record.type == CONTENT_HANDSHAKE && record.major == 3 && record.len > 0 &&
           read_u8(&r, &message) && message == CLIENT_HELLO;
}

static enum hello_end refuse(struct hello *out, enum why why)
{
    out->why = why;
    return HELLO_REFUSED;
}

/* What has come of the message, whose header may lie across records as well. */
struct assembly {
    uint8_t header[MESSAGE_HEADER_LEN];
    size_t header_len;
};

static bool take_header(struct assembly *assembly, struct reader *r, struct hello *out)
{
    struct reader header;
    uint32_t len;
    uint8_t type;

    while (assembly->header_len < MESSAGE_HEADER_LEN && read_u8(r, &assembly->header[assembly->header_len]))
        assembly->header_len++;
    header = reader_of(BYTES_OF_ARRAY(assembly->header));
    if (assembly->header_len < MESSAGE_HEADER_LEN || !read_u8(&header, &type) || !read_u24(&header, &len))
        return false;
    out->announced = len;
    return true;
}

/* HELLO_CUT: more is to come. RFC 8446 5.1: nothing may follow in the record that ends a ClientHello. */
static enum hello_end take_fragment(struct assembly *assembly, struct bytes fragment, struct hello *out)
{
    struct reader r = reader_of(fragment);
    size_t len;

    if (!take_header(assembly, &r, out))
        return HELLO_CUT;
    if (out->announced > MAX_CLIENT_HELLO_LEN)
        return refuse(out, WHY_MESSAGE_TOO_LONG);
    len = out->announced - out->len;
    if (len > reader_left(&r))
        len = reader_left(&r);
    if (!read_copy(&r, len, out->body + out->len))
        return refuse(out, WHY_INTERNAL);
    out->len += len;
    if (out->len < out->announced)
        return HELLO_CUT;
    return read_end(&r) ? HELLO_WHOLE : refuse(out, WHY_ACROSS_KEY_CHANGE);
}

/* One record after the first; the order of the checks is that of tls/record.c and tls/receive.c. */
static enum why check_record(const struct record *record)
{
    if (record->major != 3)
        return WHY_RECORD_VERSION;
    if (record->len > MAX_PLAINTEXT_LEN)
        return WHY_RECORD_TOO_LONG;
    if (record->type != CONTENT_HANDSHAKE)
        return WHY_RECORDS_INTERLEAVED;
    return record->len ? WHY_NONE : WHY_EMPTY_FRAGMENT;
}

static void begin(struct hello *out, struct bytes all)
{
    out->len = out->announced = out->record = 0;
    out->records = 0;
    out->came = all.len;
    out->why = WHY_NONE;
}

enum hello_end hello_read_records(struct bytes stream, struct hello *out)
{
    struct reader r = reader_of(stream);
    struct assembly assembly = {.header_len = 0};
    enum hello_end end = HELLO_CUT;
    struct record record;

    begin(out, stream);
    if (!hello_begins(stream))
        return HELLO_NONE;
    while (end == HELLO_CUT && read_record_header(&r, &record)) {
        struct bytes fragment;
        enum why why = check_record(&record);

        if (why != WHY_NONE)
            return refuse(out, why);
        if (!read_bytes(&r, record.len, &fragment))
            fragment = read_rest(&r);
        if (out->records++ == 0)
            out->record = RECORD_HEADER_LEN + (size_t)record.len;
        end = take_fragment(&assembly, fragment, out);
    }
    return end;
}

enum hello_end hello_read_message(struct bytes message, struct hello *out)
{
    struct assembly assembly = {.header_len = 0};
    struct reader r = reader_of(message);
    uint8_t type;

    begin(out, message);
    if (!read_u8(&r, &type) || type != CLIENT_HELLO)
        return HELLO_NONE;
    return take_fragment(&assembly, message, out);
}
