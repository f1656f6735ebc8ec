/*
 * hex_text.h: bytes written down as hexadecimal digits: plain, with spaces, colons or commas, with 0x before each, or
 * as xxd, `hexdump -C` and `od -Ax -tx1` print them.
 */
#ifndef EXPLAIN_HEX_TEXT_H
#define EXPLAIN_HEX_TEXT_H

#include "base/attributes.h"
#include "base/bytes.h"

/* `out` takes `capacity` bytes. False: the text is something else, or stands for more. */
MUST_CHECK bool hex_text_read(struct bytes text, uint8_t *out, size_t capacity, size_t *len);

#endif
