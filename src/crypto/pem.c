#include "crypto/pem.h"

static const char begin_mark[] = "-----BEGIN ", end_mark[] = "-----END ", dashes[] = "-----";

struct pem_reader pem_reader_of(struct bytes file)
{
    return (struct pem_reader){reader_of(file), 0};
}

/* The next line without its end; false when there is none. */
static bool next_line(struct pem_reader *pem, struct bytes *line)
{
    const uint8_t *start = pem->rest.at, *newline;
    size_t left = reader_left(&pem->rest), len;

    if (left == 0)
        return false;
    newline = memchr(start, '\n', left);
    len = newline ? (size_t)(newline - start) : left;
    if (!read_bytes(&pem->rest, newline ? len + 1 : len, line))
        return false;
    while (len > 0 && (start[len - 1] == '\r' || start[len - 1] == ' ' || start[len - 1] == '\t'))
        len--;
    *line = bytes_of(start, len);
    pem->line++;
    return true;
}

static bool starts_with(struct bytes line, const char *text)
{
    return line.len >= strlen(text) && memcmp(line.at, text, strlen(text)) == 0;
}

static bool ends_with(struct bytes line, const char *text)
{
    return line.len >= strlen(text) && memcmp(line.at + line.len - strlen(text), text, strlen(text)) == 0;
}

/* "-----BEGIN label-----" */
static bool is_mark(struct bytes line, const char *mark, struct bytes *label)
{
    size_t around = strlen(mark) + strlen(dashes);

    if (line.len < around || !starts_with(line, mark) || !ends_with(line, dashes))
        return false;
    *label = bytes_of(line.at + strlen(mark), line.len - around);
    return true;
}

/* Headers (RFC 1421 4.4) stand before the text, up to an empty line; they are the only lines with a colon. */
static bool is_header(struct bytes line)
{
    return line.len != 0 && memchr(line.at, ':', line.len);
}

static enum pem_answer read_body(struct pem_reader *pem, struct pem_block *block)
{
    const uint8_t *start = pem->rest.at;
    struct bytes line, label;

    while (next_line(pem, &line)) {
        if (is_mark(line, end_mark, &label)) {
            block->body = bytes_of(start, (size_t)(line.at - start));
            return bytes_equal(label, block->label) ? PEM_BLOCK : PEM_BROKEN;
        }
        if (starts_with(line, begin_mark))
            return PEM_BROKEN;
        if (is_header(line)) {
            block->is_encrypted |= starts_with(line, "Proc-Type:") && ends_with(line, "ENCRYPTED");
            start = pem->rest.at;
        }
    }
    return PEM_BROKEN;
}

enum pem_answer pem_next(struct pem_reader *pem, struct pem_block *block)
{
    static const uint8_t byte_order_mark[] = {0xef, 0xbb, 0xbf};
    struct bytes line;

    *block = (struct pem_block){.is_encrypted = false};
    while (next_line(pem, &line)) {
        if (pem->line == 1 && line.len >= 3 && memcmp(line.at, byte_order_mark, 3) == 0)
            line = bytes_of(line.at + 3, line.len - 3);
        block->line = pem->line;
        if (is_mark(line, begin_mark, &block->label))
            return read_body(pem, block);
        if (starts_with(line, begin_mark))
            return PEM_BROKEN;
    }
    return PEM_END;
}

bool pem_label_is(const struct pem_block *block, const char *label)
{
    return bytes_equal(block->label, bytes_of_string(label));
}

size_t pem_decoded_len(const struct pem_block *block)
{
    return block->body.len / 4 * 3 + 3;
}

/* All ones when low <= value <= high, else zero, without a branch or a table: the text may be a private key's. */
static uint32_t mask_of_range(uint32_t value, uint32_t low, uint32_t high)
{
    return (((value - low) | (high - value)) >> 31) - 1;
}

/* The six bits a character stands for; above 63 for a character that is none. */
static uint32_t six_bits(uint32_t c)
{
    uint32_t value = 0, upper = mask_of_range(c, 'A', 'Z'), lower = mask_of_range(c, 'a', 'z');
    uint32_t digit = mask_of_range(c, '0', '9'), plus = mask_of_range(c, '+', '+'), slash = mask_of_range(c, '/', '/');

    value |= upper & (c - 'A');
    value |= lower & (c - 'a' + 26);
    value |= digit & (c - '0' + 52);
    value |= plus & 62;
    value |= slash & 63;
    return value | (~(upper | lower | digit | plus | slash) & 64);
}

static bool is_space(uint8_t c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

bool pem_decode(const struct pem_block *block, struct writer *w)
{
    struct reader text = reader_of(block->body);
    uint32_t group = 0, bad = 0;
    unsigned digits = 0, padding = 0;
    uint8_t c;

    while (read_u8(&text, &c)) {
        if (is_space(c))
            continue;
        if (c == '=') {
            padding++;
            continue;
        }
        if (padding)
            return false;
        bad |= six_bits(c) & 64;
        group = group << 6 | (six_bits(c) & 63);
        if (++digits % 4 == 0)
            write_u24(w, group & 0xffffff);
    }
    switch (digits % 4) {
    case 2:
        write_u8(w, (uint8_t)(group >> 4));
        break;
    case 3:
        write_u16(w, (uint16_t)(group >> 2));
        break;
    default:
        break;
    }
    return writer_ok(w) && !bad && digits % 4 != 1 && padding == (4 - digits % 4) % 4;
}

enum { DIGITS_IN_LINE = 64 };

size_t pem_encoded_len(const char *label, size_t der_len)
{
    size_t digits = (der_len + 2) / 3 * 4;
    size_t lines = (digits + DIGITS_IN_LINE - 1) / DIGITS_IN_LINE;
    size_t marks = strlen(begin_mark) + strlen(end_mark) + 2 * (strlen(label) + strlen(dashes) + 1);

    return marks + digits + lines;
}

static void write_mark(struct writer *w, const char *mark, const char *label)
{
    write_bytes(w, bytes_of_string(mark));
    write_bytes(w, bytes_of_string(label));
    write_bytes(w, bytes_of_string(dashes));
    write_u8(w, '\n');
}

/* six_bits() the other way. */
static uint8_t digit_of(uint32_t value)
{
    uint32_t c = mask_of_range(value, 0, 25) & (value + 'A');

    c |= mask_of_range(value, 26, 51) & (value - 26 + 'a');
    c |= mask_of_range(value, 52, 61) & (value - 52 + '0');
    c |= mask_of_range(value, 62, 62) & '+';
    c |= mask_of_range(value, 63, 63) & '/';
    return (uint8_t)c;
}

void pem_encode(struct writer *w, const char *label, struct bytes der)
{
    size_t digits = 0;

    write_mark(w, begin_mark, label);
    for (size_t i = 0; i < der.len; i += 3) {
        size_t left = der.len - i < 3 ? der.len - i : 3;
        uint32_t group = 0;

        for (size_t j = 0; j < 3; j++)
            group = group << 8 | (j < left ? der.at[i + j] : 0);
        for (size_t j = 0; j < 4; j++)
            write_u8(w, j <= left ? digit_of(group >> (18 - 6 * j) & 63) : '=');
        digits += 4;
        if (digits % DIGITS_IN_LINE == 0 || i + 3 >= der.len)
            write_u8(w, '\n');
    }
    write_mark(w, end_mark, label);
}
