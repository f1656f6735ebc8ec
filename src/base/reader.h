/*
 * reader.h: a cursor over foreign bytes, the only code that indexes them.
 *
 * A parser is one boolean expression in the order of the RFC's fields, with the bounds of its presentation
 * language, ending in read_end():
 *
 *     read_u16(r, &version) && read_bytes(r, 32, &random) && read_vec8(r, 0, 32, &session_id) && ... && read_end(r)
 *
 * Every function answers false when the bytes do not suffice or a length is out of bounds, and then neither moves
 * the cursor nor writes its output. Outputs are views into the storage below the reader.
 */
#ifndef BASE_READER_H
#define BASE_READER_H

#include "base/attributes.h"
#include "base/bytes.h"

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

struct reader reader_of(struct bytes from);
size_t reader_left(const struct reader *r);

MUST_CHECK bool read_u8(struct reader *r, uint8_t *value);
MUST_CHECK bool read_u16(struct reader *r, uint16_t *value);
MUST_CHECK bool read_u24(struct reader *r, uint32_t *value);
MUST_CHECK bool read_u32(struct reader *r, uint32_t *value);
MUST_CHECK bool read_u64(struct reader *r, uint64_t *value);

/* The same in the other order, little end first: what files of captures are written in, TLS never. */
MUST_CHECK bool read_u16_le(struct reader *r, uint16_t *value);
MUST_CHECK bool read_u32_le(struct reader *r, uint32_t *value);

MUST_CHECK bool read_bytes(struct reader *r, size_t len, struct bytes *value);
MUST_CHECK bool read_copy(struct reader *r, size_t len, uint8_t *value);

/* `opaque value<min..max>` with a length field of one, two or three bytes. */
MUST_CHECK bool read_vec8(struct reader *r, size_t min, size_t max, struct bytes *value);
MUST_CHECK bool read_vec16(struct reader *r, size_t min, size_t max, struct bytes *value);
MUST_CHECK bool read_vec24(struct reader *r, size_t min, size_t max, struct bytes *value);

/* Takes all that is left. */
struct bytes read_rest(struct reader *r);

/* True when nothing is left. */
MUST_CHECK bool read_end(const struct reader *r);

#endif
