#include "base/reader.h"

struct reader reader_of(struct bytes from)
{
    return (struct reader){from.at, from.len ? from.at + from.len : from.at};
}

size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

/* `len` bytes in network order, at most eight. */
static bool read_number(struct reader *r, size_t len, uint64_t *value)
{
    uint64_t number = 0;

    if (reader_left(r) < len)
        return false;
    for (size_t i = 0; i < len; i++)
        number = number << 8 | r->at[i];
    r->at += len;
    *value = number;
    return true;
}

bool read_u8(struct reader *r, uint8_t *value)
{
    uint64_t number;
    if (!read_number(r, 1, &number))
        return false;
    *value = (uint8_t)number;
    return true;
}

bool read_u16(struct reader *r, uint16_t *value)
{
    uint64_t number;
    if (!read_number(r, 2, &number))
        return false;
    *value = (uint16_t)number;
    return true;
}

bool read_u24(struct reader *r, uint32_t *value)
{
    uint64_t number;
    if (!read_number(r, 3, &number))
        return false;
    *value = (uint32_t)number;
    return true;
}

bool read_u32(struct reader *r, uint32_t *value)
{
    uint64_t number;
    if (!read_number(r, 4, &number))
        return false;
    *value = (uint32_t)number;
    return true;
}

bool read_u64(struct reader *r, uint64_t *value)
{
    return read_number(r, 8, value);
}

bool read_u16_le(struct reader *r, uint16_t *value)
{
    uint16_t number;
    if (!read_u16(r, &number))
        return false;
    *value = __builtin_bswap16(number);
    return true;
}

bool read_u32_le(struct reader *r, uint32_t *value)
{
    uint32_t number;
    if (!read_u32(r, &number))
        return false;
    *value = __builtin_bswap32(number);
    return true;
}

bool read_bytes(struct reader *r, size_t len, struct bytes *value)
{
    if (reader_left(r) < len)
        return false;
    *value = bytes_of(r->at, len);
    if (len != 0) /* a reader of nothing may stand on NULL, where even + 0 is undefined */
        r->at += len;
    return true;
}

bool read_copy(struct reader *r, size_t len, uint8_t *value)
{
    struct bytes view;
    if (!read_bytes(r, len, &view))
        return false;
    if (len != 0)
        memcpy(value, view.at, len);
    return true;
}

static bool read_vector(struct reader *r, size_t length_bytes, size_t min, size_t max, struct bytes *value)
{
    struct reader ahead = *r;
    uint64_t len;

    if (!read_number(&ahead, length_bytes, &len) || len < min || len > max || !read_bytes(&ahead, (size_t)len, value))
        return false;
    *r = ahead;
    return true;
}

bool read_vec8(struct reader *r, size_t min, size_t max, struct bytes *value)
{
    return read_vector(r, 1, min, max, value);
}

bool read_vec16(struct reader *r, size_t min, size_t max, struct bytes *value)
{
    return read_vector(r, 2, min, max, value);
}

bool read_vec24(struct reader *r, size_t min, size_t max, struct bytes *value)
{
    return read_vector(r, 3, min, max, value);
}

struct bytes read_rest(struct reader *r)
{
    struct bytes rest = bytes_of(r->at, reader_left(r));
    r->at = r->end;
    return rest;
}

bool read_end(const struct reader *r)
{
    return r->at == r->end;
}
