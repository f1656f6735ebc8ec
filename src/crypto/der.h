/*
 * der.h: DER (X.690), as far as keys and certificates need it. Private to src/crypto.
 *
 * Readers move on only when they answer true. Lengths are definite and minimal; anything else is refused.
 */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "base/reader.h"
#include "base/writer.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_NUMERIC_STRING = 0x12,
    DER_PRINTABLE_STRING = 0x13,
    DER_TELETEX_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_BMP_STRING = 0x1e,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_CONTEXT = 0x80,             /* [n], primitive: DER_CONTEXT | n */
    DER_CONTEXT_CONSTRUCTED = 0xa0, /* [n], constructed */
};

struct der_item {
    uint8_t tag;
    struct bytes content;
    struct bytes whole; /* with tag and length */
};

MUST_CHECK bool der_read_item(struct reader *r, struct der_item *item);
MUST_CHECK bool der_read(struct reader *r, uint8_t tag, struct bytes *content);

/* As der_read(), but an item of another tag, or none, is no error: *content is empty then (at == NULL). */
MUST_CHECK bool der_read_optional(struct reader *r, uint8_t tag, struct bytes *content);

/* A reader over the content of the next item. */
MUST_CHECK bool der_enter(struct reader *r, uint8_t tag, struct reader *inner);

/* A non-negative INTEGER, its magnitude without leading zeros (zero has no byte at all). */
MUST_CHECK bool der_read_unsigned(struct reader *r, struct bytes *magnitude);
MUST_CHECK bool der_read_small(struct reader *r, uint8_t *value);
MUST_CHECK bool der_read_bit_string(struct reader *r, struct bytes *bits); /* of whole bytes */

/* UTCTime or GeneralizedTime in the forms of RFC 5280 4.1.2.5, as seconds since 1970. */
MUST_CHECK bool der_read_time(struct reader *r, int64_t *seconds);

void der_write(struct writer *w, uint8_t tag, struct bytes content);
void der_write_unsigned(struct writer *w, struct bytes magnitude); /* leading zeros are fine */
void der_write_bit_string(struct writer *w, struct bytes bits);

/* An OID as dotted numbers, NUL-terminated and cut to fit. */
void der_oid_text(struct bytes oid, char *text, size_t text_len);

#endif
