/*
 * writer.h: appends to a span of memory, the only code that lays out bytes for the wire.
 *
 * Errors stick: after the first thing that did not fit every further write does nothing, and writer_ok() is asked
 * once at the end. Vectors nest: `mark = write_vec16_begin(w); ...; write_vec_end(w, mark);` fills in the length.
 * The writer never allocates and never frees; the span belongs to the caller.
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include "base/attributes.h"
#include "base/bytes.h"

struct writer {
    uint8_t *start;
    size_t len;
    size_t capacity;
    bool has_failed;
};

struct vector_mark {
    size_t at;           /* where the length field begins */
    size_t length_bytes; /* 1, 2 or 3 */
};

struct writer writer_of(uint8_t *start, size_t capacity);
MUST_CHECK bool writer_ok(const struct writer *w);
struct bytes writer_view(const struct writer *w);

/* Marks the writer failed, for a caller whose own part of the work went wrong. */
void writer_fail(struct writer *w);

void write_u8(struct writer *w, uint8_t value);
void write_u16(struct writer *w, uint16_t value);
void write_u24(struct writer *w, uint32_t value);
void write_u32(struct writer *w, uint32_t value);
void write_u64(struct writer *w, uint64_t value);
void write_bytes(struct writer *w, struct bytes value);

/* Room for `len` bytes that the caller fills in, or NULL when it does not fit. */
uint8_t *write_space(struct writer *w, size_t len);

struct vector_mark write_vec8_begin(struct writer *w);
struct vector_mark write_vec16_begin(struct writer *w);
struct vector_mark write_vec24_begin(struct writer *w);
void write_vec_end(struct writer *w, struct vector_mark mark);

#endif
