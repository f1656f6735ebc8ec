#include <stdio.h>

#include "crypto/client_trust_types.h"
#include "crypto/der.h"

static void write_text(struct writer *w, const char *text)
{
    write_bytes(w, bytes_of_string(text));
}

/* Reliability X09: whatever a certificate holds becomes printable ASCII; separators too, so that a list stays one. */
static void write_escaped(struct writer *w, struct bytes value)
{
    char escaped[5];

    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.at[i];
        if (c > 0x20 && c < 0x7f && c != ',' && c != '\\' && c != '"') {
            write_u8(w, c);
            continue;
        }
        snprintf(escaped, sizeof escaped, "\\x%02x", c);
        write_text(w, escaped);
    }
}

/* RFC 5280 4.2.1.6: 4 or 16 bytes, in groups as people write them. */
static void write_ip(struct writer *w, struct bytes value)
{
    char text[8];

    for (size_t i = 0; i < value.len; i += value.len == 16 ? 2 : 1) {
        if (i > 0)
            write_u8(w, value.len == 16 ? ':' : '.');
        if (value.len == 16)
            snprintf(text, sizeof text, "%x", value.at[i] << 8 | value.at[i + 1]);
        else
            snprintf(text, sizeof text, "%u", value.at[i]);
        write_text(w, text);
    }
}

/* GeneralName, the kinds that people use; of the others the number alone. */
static void write_name(struct writer *w, const struct der_item *item)
{
    enum {
        RFC822_NAME = DER_CONTEXT | 1,
        DNS_NAME = DER_CONTEXT | 2,
        URI_NAME = DER_CONTEXT | 6,
        IP_NAME = DER_CONTEXT | 7
    };
    char kind[16];

    switch (item->tag) {
    case RFC822_NAME:
        write_text(w, "email:");
        break;
    case DNS_NAME:
        write_text(w, "DNS:");
        break;
    case URI_NAME:
        write_text(w, "URI:");
        break;
    case IP_NAME:
        write_text(w, "IP:");
        if (item->content.len == 4 || item->content.len == 16) {
            write_ip(w, item->content);
            return;
        }
        break;
    default:
        snprintf(kind, sizeof kind, "other[%u]", item->tag & 0x1f);
        write_text(w, kind);
        return;
    }
    write_escaped(w, item->content);
}

/* Ends the text; "..." when it did not all fit. */
static void finish(struct writer *w, char *text)
{
    text[w->len] = 0;
    if (!writer_ok(w))
        memcpy(text + w->len, "...", sizeof "...");
}

static void read_names(struct bytes alt_names, char *text)
{
    struct writer w = writer_of((uint8_t *)text, MAX_IDENTITY_TEXT - sizeof "...");
    struct reader r = reader_of(alt_names);
    struct der_item item;

    while (writer_ok(&w) && !read_end(&r) && der_read_item(&r, &item)) {
        if (w.len > 0)
            write_u8(&w, ',');
        write_name(&w, &item);
    }
    finish(&w, text);
}

/* How many bytes follow a first byte of UTF-8, and the least code point of that length (RFC 3629 3); -1: it is none. */
static int utf8_tail(uint8_t first, uint32_t *least)
{
    static const uint32_t leasts[] = {0, 0x80, 0x800, 0x10000};
    int tail = first < 0x80 ? 0 : first < 0xc0 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf8 ? 3 : -1;

    *least = leasts[tail > 0 ? tail : 0];
    return tail;
}

/* RFC 3629 3: no longer form than needed, no surrogate, nothing beyond U+10FFFF; and no control character. */
static bool read_character(struct reader *r)
{
    uint8_t first, more;
    uint32_t code, least;
    int tail;

    if (!read_u8(r, &first) || (tail = utf8_tail(first, &least)) < 0)
        return false;
    for (code = tail ? first & (0x3fU >> tail) : first; tail > 0; tail--) {
        if (!read_u8(r, &more) || (more & 0xc0) != 0x80)
            return false;
        code = code << 6 | (more & 0x3f);
    }
    return code >= least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) && code >= 0x20 &&
           (code < 0x7f || code > 0x9f);
}

/* RFC 5280 appendix A.1, ub-common-name: 64 characters. */
static bool is_text(struct bytes value)
{
    enum { MAX_CHARACTERS = 64 };
    struct reader r = reader_of(value);
    unsigned characters = 0;

    while (!read_end(&r) && characters++ < MAX_CHARACTERS)
        if (!read_character(&r))
            return false;
    return read_end(&r);
}

/* Whole and unchanged or not at all: a backend compares it. */
static void read_common_name(struct bytes subject, char *text, size_t size)
{
    struct bytes name;

    if (certificate_common_name(subject, &name) && name.len > 0 && name.len < size && is_text(name))
        memcpy(text, name.at, name.len);
}

void client_identity_read(const struct certificate *leaf, struct client_identity *identity)
{
    *identity = (struct client_identity){.not_after = leaf->not_after};
    certificate_name_text(leaf->subject, identity->subject);
    read_names(leaf->alt_names, identity->names);
    read_common_name(leaf->subject, identity->common_name, sizeof identity->common_name);
}
