#include "base/writer.h"

struct writer writer_of(uint8_t *start, size_t capacity)
{
    return (struct writer){start, 0, capacity, false};
}

bool writer_ok(const struct writer *w)
{
    return !w->has_failed;
}

struct bytes writer_view(const struct writer *w)
{
    return bytes_of(w->start, w->len);
}

void writer_fail(struct writer *w)
{
    w->has_failed = true;
}

uint8_t *write_space(struct writer *w, size_t len)
{
    uint8_t *at;

    if (w->has_failed || len > w->capacity - w->len) {
        w->has_failed = true;
        return NULL;
    }
    at = w->start + w->len;
    w->len += len;
    return at;
}

static void put_number(uint8_t *at, size_t len, uint64_t value)
{
    for (size_t i = len; i > 0; i--) {
        at[i - 1] = (uint8_t)value;
        value >>= 8;
    }
}

static void write_number(struct writer *w, size_t len, uint64_t value)
{
    uint8_t *at = write_space(w, len);
    if (at)
        put_number(at, len, value);
}

void write_u8(struct writer *w, uint8_t value)
{
    write_number(w, 1, value);
}

void write_u16(struct writer *w, uint16_t value)
{
    write_number(w, 2, value);
}

void write_u24(struct writer *w, uint32_t value)
{
    write_number(w, 3, value);
}

void write_u32(struct writer *w, uint32_t value)
{
    write_number(w, 4, value);
}

void write_u64(struct writer *w, uint64_t value)
{
    write_number(w, 8, value);
}

void write_bytes(struct writer *w, struct bytes value)
{
    uint8_t *at = write_space(w, value.len);
    if (at && value.len != 0)
        memcpy(at, value.at, value.len);
}

static struct vector_mark begin_vector(struct writer *w, size_t length_bytes)
{
    struct vector_mark mark = {w->len, length_bytes};
    write_number(w, length_bytes, 0);
    return mark;
}

struct vector_mark write_vec8_begin(struct writer *w)
{
    return begin_vector(w, 1);
}

struct vector_mark write_vec16_begin(struct writer *w)
{
    return begin_vector(w, 2);
}

struct vector_mark write_vec24_begin(struct writer *w)
{
    return begin_vector(w, 3);
}

void write_vec_end(struct writer *w, struct vector_mark mark)
{
    uint64_t len;

    if (w->has_failed)
        return;
    len = w->len - mark.at - mark.length_bytes;
    if (len >> (8 * mark.length_bytes)) {
        w->has_failed = true;
        return;
    }
    put_number(w->start + mark.at, mark.length_bytes, len);
}
