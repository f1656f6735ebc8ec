#include "crypto/der.h"

#include <stdio.h>

/* X.690 10.1: the definite form, in the least number of bytes. Three bytes of length are more than we ever take. */
static bool read_length(struct reader *r, size_t *len)
{
    uint8_t first, byte;
    uint16_t word;
    uint32_t triple;

    if (!read_u8(r, &first))
        return false;
    *len = first;
    switch (first) {
    case 0x81:
        *len = read_u8(r, &byte) ? byte : 0;
        return *len >= 0x80;
    case 0x82:
        *len = read_u16(r, &word) ? word : 0;
        return *len >= 0x100;
    case 0x83:
        *len = read_u24(r, &triple) ? triple : 0;
        return *len >= 0x10000;
    default:
        return first < 0x80;
    }
}

bool der_read_item(struct reader *r, struct der_item *item)
{
    struct reader ahead = *r;
    size_t len;

    /* Tags of several bytes (the low five bits all set) occur nowhere in what we read. */
    if (!read_u8(&ahead, &item->tag) || (item->tag & 0x1f) == 0x1f || !read_length(&ahead, &len) ||
        !read_bytes(&ahead, len, &item->content))
        return false;
    item->whole = bytes_of(r->at, (size_t)(ahead.at - r->at));
    *r = ahead;
    return true;
}

bool der_read(struct reader *r, uint8_t tag, struct bytes *content)
{
    struct reader ahead = *r;
    struct der_item item;

    if (!der_read_item(&ahead, &item) || item.tag != tag)
        return false;
    *content = item.content;
    *r = ahead;
    return true;
}

bool der_read_optional(struct reader *r, uint8_t tag, struct bytes *content)
{
    *content = bytes_of(NULL, 0);
    if (read_end(r) || *r->at != tag)
        return true;
    return der_read(r, tag, content);
}

bool der_enter(struct reader *r, uint8_t tag, struct reader *inner)
{
    struct bytes content;

    if (!der_read(r, tag, &content))
        return false;
    *inner = reader_of(content);
    return true;
}

bool der_read_unsigned(struct reader *r, struct bytes *magnitude)
{
    struct reader ahead = *r;
    struct bytes content, digits;
    struct reader inner;
    uint8_t first;

    if (!der_read(&ahead, DER_INTEGER, &content))
        return false;
    inner = reader_of(content);
    if (!read_u8(&inner, &first) || first >= 0x80)
        return false;
    digits = first == 0 ? read_rest(&inner) : content;
    /* X.690 8.3.2: a leading zero stands only before a byte with its top bit set. */
    if (first == 0 && digits.len != 0 && digits.at[0] < 0x80)
        return false;
    *magnitude = digits;
    *r = ahead;
    return true;
}

bool der_read_small(struct reader *r, uint8_t *value)
{
    struct reader ahead = *r;
    struct bytes magnitude;

    if (!der_read_unsigned(&ahead, &magnitude) || magnitude.len > 1)
        return false;
    *value = magnitude.len ? magnitude.at[0] : 0;
    *r = ahead;
    return true;
}

bool der_read_bit_string(struct reader *r, struct bytes *bits)
{
    struct reader ahead = *r, inner;
    uint8_t unused;

    if (!der_enter(&ahead, DER_BIT_STRING, &inner) || !read_u8(&inner, &unused) || unused != 0)
        return false;
    *bits = read_rest(&inner);
    *r = ahead;
    return true;
}

/* Two decimal digits. */
static bool read_two(struct reader *r, int *value)
{
    uint8_t tens, ones;

    if (!read_u8(r, &tens) || !read_u8(r, &ones) || tens < '0' || tens > '9' || ones < '0' || ones > '9')
        return false;
    *value = (tens - '0') * 10 + (ones - '0');
    return true;
}

/* Days since 1970 of a date of the Gregorian calendar, by counting from March, so that a leap day comes last. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;

    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool date_exists(int year, int month, int day)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && is_leap);
}

static bool read_year(struct reader *r, uint8_t tag, int *year)
{
    int century, rest;

    if (tag == DER_UTC_TIME) {
        if (!read_two(r, &rest))
            return false;
        *year = rest >= 50 ? 1900 + rest : 2000 + rest; /* RFC 5280 4.1.2.5.1 */
        return true;
    }
    if (!read_two(r, &century) || !read_two(r, &rest))
        return false;
    *year = century * 100 + rest;
    return true;
}

bool der_read_time(struct reader *r, int64_t *seconds)
{
    struct reader ahead = *r, text;
    struct der_item item;
    int year, month, day, hour, minute, second;
    uint8_t zone;

    if (!der_read_item(&ahead, &item) || (item.tag != DER_UTC_TIME && item.tag != DER_GENERALIZED_TIME))
        return false;
    text = reader_of(item.content);
    if (!read_year(&text, item.tag, &year) || !read_two(&text, &month) || !read_two(&text, &day) ||
        !read_two(&text, &hour) || !read_two(&text, &minute) || !read_two(&text, &second) || !read_u8(&text, &zone) ||
        zone != 'Z' || !read_end(&text))
        return false;
    if (!date_exists(year, month, day) || hour > 23 || minute > 59 || second > 60)
        return false;
    *seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    *r = ahead;
    return true;
}

static void write_header(struct writer *w, uint8_t tag, size_t len)
{
    write_u8(w, tag);
    if (len >= 0x10000) {
        write_u8(w, 0x83);
        write_u24(w, (uint32_t)len);
    } else if (len >= 0x100) {
        write_u8(w, 0x82);
        write_u16(w, (uint16_t)len);
    } else {
        if (len >= 0x80)
            write_u8(w, 0x81);
        write_u8(w, (uint8_t)len);
    }
    if (len > 0xffffff)
        writer_fail(w);
}

void der_write(struct writer *w, uint8_t tag, struct bytes content)
{
    write_header(w, tag, content.len);
    write_bytes(w, content);
}

void der_write_unsigned(struct writer *w, struct bytes magnitude)
{
    bool needs_zero;

    while (magnitude.len != 0 && magnitude.at[0] == 0)
        magnitude = bytes_of(magnitude.at + 1, magnitude.len - 1);
    needs_zero = magnitude.len == 0 || magnitude.at[0] >= 0x80;
    write_header(w, DER_INTEGER, magnitude.len + needs_zero);
    if (needs_zero)
        write_u8(w, 0);
    write_bytes(w, magnitude);
}

void der_write_bit_string(struct writer *w, struct bytes bits)
{
    write_header(w, DER_BIT_STRING, bits.len + 1);
    write_u8(w, 0);
    write_bytes(w, bits);
}

void der_oid_text(struct bytes oid, char *text, size_t text_len)
{
    struct reader r = reader_of(oid);
    uint64_t arc = 0;
    uint8_t byte;
    size_t len = 0;
    bool is_first = true;

    text[0] = 0;
    while (len < text_len && read_u8(&r, &byte)) {
        arc = arc << 7 | (byte & 0x7f);
        if (byte & 0x80)
            continue;
        if (is_first) /* the first two arcs share a number, X.690 8.19.4 */
            len += (size_t)snprintf(text, text_len, "%d.%llu", arc < 80 ? (int)(arc / 40) : 2,
                                    (unsigned long long)(arc < 80 ? arc % 40 : arc - 80));
        else
            len += (size_t)snprintf(text + len, text_len - len, ".%llu", (unsigned long long)arc);
        is_first = false;
        arc = 0;
    }
}
