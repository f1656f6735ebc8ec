#include <stdio.h>

#include "crypto/certificate_der.h"
#include "crypto/der.h"

static const struct bytes oid_common_name = BYTES_OF_LITERAL("\x55\x04\x03");

static const struct attribute {
    struct bytes oid;
    const char *name;
} attributes[] = {
    {BYTES_OF_LITERAL("\x55\x04\x03"), "CN"},
    {BYTES_OF_LITERAL("\x55\x04\x05"), "serialNumber"},
    {BYTES_OF_LITERAL("\x55\x04\x06"), "C"},
    {BYTES_OF_LITERAL("\x55\x04\x07"), "L"},
    {BYTES_OF_LITERAL("\x55\x04\x08"), "ST"},
    {BYTES_OF_LITERAL("\x55\x04\x0a"), "O"},
    {BYTES_OF_LITERAL("\x55\x04\x0b"), "OU"},
    {BYTES_OF_LITERAL("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), "emailAddress"},
    {BYTES_OF_LITERAL("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "DC"},
};

static void write_text(struct writer *w, const char *text)
{
    write_bytes(w, bytes_of_string(text));
}

/* RFC 4514 2.4: what is not text byte by byte is written as the hexadecimal of its encoding. */
static void write_hex(struct writer *w, struct bytes whole)
{
    write_u8(w, '#');
    for (size_t i = 0; i < whole.len; i++) {
        char digits[3];
        snprintf(digits, sizeof digits, "%02x", whole.at[i]);
        write_text(w, digits);
    }
}

static bool is_bytewise_text(uint8_t tag)
{
    return tag == DER_UTF8_STRING || tag == DER_PRINTABLE_STRING || tag == DER_IA5_STRING ||
           tag == DER_NUMERIC_STRING || tag == DER_TELETEX_STRING;
}

static void write_value(struct writer *w, const struct der_item *item)
{
    struct bytes value = item->content;

    if (!is_bytewise_text(item->tag)) {
        write_hex(w, item->whole);
        return;
    }
    for (size_t i = 0; i < value.len; i++) {
        char escaped[4];
        uint8_t c = value.at[i];

        if (c >= 0x20 && c < 0x7f && !strchr(",+\"\\<>;=", c)) {
            write_u8(w, c);
            continue;
        }
        snprintf(escaped, sizeof escaped, "\\%02X", c);
        write_text(w, escaped);
    }
}

static void write_type(struct writer *w, struct bytes oid)
{
    char dotted[64];

    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        if (bytes_equal(oid, attributes[i].oid)) {
            write_text(w, attributes[i].name);
            return;
        }
    }
    der_oid_text(oid, dotted, sizeof dotted);
    write_text(w, dotted);
}

struct name_reader {
    struct reader sets;
    struct reader set;
};

static bool name_begin(struct bytes name, struct name_reader *names)
{
    struct reader r = reader_of(name);

    names->set = reader_of(bytes_of(NULL, 0));
    return der_enter(&r, DER_SEQUENCE, &names->sets);
}

/* Name ::= SEQUENCE OF SET OF SEQUENCE { type OID, value ANY }, RFC 5280 4.1.2.4. False at the end or on garbage. */
static bool name_next(struct name_reader *names, struct bytes *type, struct der_item *value)
{
    struct reader pair;

    while (read_end(&names->set)) {
        if (read_end(&names->sets) || !der_enter(&names->sets, DER_SET, &names->set))
            return false;
    }
    return der_enter(&names->set, DER_SEQUENCE, &pair) && der_read(&pair, DER_OID, type) && der_read_item(&pair, value);
}

void certificate_name_text(struct bytes name, char text[MAX_NAME_TEXT_LEN])
{
    static const char cut[] = "...";
    struct writer w = writer_of((uint8_t *)text, MAX_NAME_TEXT_LEN - sizeof cut);
    struct name_reader names;
    struct der_item value;
    struct bytes type;

    if (name_begin(name, &names)) {
        while (name_next(&names, &type, &value)) {
            if (writer_view(&w).len != 0)
                write_text(&w, ", ");
            write_type(&w, type);
            write_text(&w, "=");
            write_value(&w, &value);
        }
    }
    if (writer_view(&w).len == 0 && writer_ok(&w))
        write_text(&w, "(no name)");
    memcpy(text + writer_view(&w).len, writer_ok(&w) ? "" : cut, writer_ok(&w) ? 1 : sizeof cut);
}

bool certificate_common_name(struct bytes name, struct bytes *value)
{
    struct name_reader names;
    struct der_item found;
    struct bytes type;
    bool has_one = false;

    if (!name_begin(name, &names))
        return false;
    while (name_next(&names, &type, &found)) {
        if (bytes_equal(type, oid_common_name)) {
            has_one = found.tag == DER_UTF8_STRING || found.tag == DER_PRINTABLE_STRING || found.tag == DER_IA5_STRING;
            *value = found.content;
        }
    }
    return has_one;
}

/* Letters, digits, hyphens; underscores because they occur. */
static bool is_label_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

/* Writes labels of 1 to 63 bytes and the dots between them. */
static bool write_labels(struct bytes name, struct writer *text)
{
    struct reader r = reader_of(name);
    size_t label_len = 0;
    uint8_t c;

    while (read_u8(&r, &c)) {
        c = lower(c);
        if (c == '.' ? label_len == 0 : !is_label_byte(c) || label_len == 63)
            return false;
        label_len = c == '.' ? 0 : label_len + 1;
        write_u8(text, c);
    }
    return label_len != 0 && writer_ok(text);
}

bool certificate_host_name(struct bytes name, struct writer *text)
{
    if (name.len != 0 && name.at[name.len - 1] == '.')
        name.len--;
    if (name.len > 253) /* RFC 1035 2.3.4 leaves so many for the text form */
        return false;
    if (name.len > 2 && name.at[0] == '*' && name.at[1] == '.') {
        write_text(text, "*.");
        name = bytes_of(name.at + 2, name.len - 2);
    }
    return write_labels(name, text);
}

bool certificate_next_dns_name(struct reader *alt_names, struct bytes *name)
{
    struct der_item item;

    while (!read_end(alt_names) && der_read_item(alt_names, &item)) {
        if (item.tag == (DER_CONTEXT | 2)) { /* dNSName, RFC 5280 4.2.1.6 */
            *name = item.content;
            return true;
        }
    }
    return false;
}
