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
