#include "explain/hex_text.h"

#include "base/reader.h"

enum { MIN_OFFSET_DIGITS = 4, MAX_OFFSET_DIGITS = 16 };

struct hex_text {
    uint8_t *out;
    size_t len, capacity;
    bool has_offsets;  /* each line begins with how many bytes came before it */
    bool is_repeating; /* a line of `*`: the line above again, until the next offset is reached */
    size_t line_start, line_len;
};

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_separator(uint8_t c)
{
    return is_space(c) || c == ':' || c == ',' || c == '-';
}

static bool put(struct hex_text *hex, uint8_t byte)
{
    if (hex->len == hex->capacity)
        return false;
    hex->out[hex->len++] = byte;
    return true;
}

/* A view of one line, without its end. */
static bool next_line(struct reader *r, struct bytes *line)
{
    size_t left = reader_left(r), len;
    const uint8_t *end;

    if (left == 0)
        return false;
    end = memchr(r->at, '\n', left);
    len = end ? (size_t)(end - r->at) : left;
    if (!read_bytes(r, len, line))
        return false;
    return !end || read_bytes(r, 1, &(struct bytes){0});
}

static bool peek(const struct reader *r, uint8_t *c)
{
    struct reader ahead = *r;

    return read_u8(&ahead, c);
}

static void skip(struct reader *r, size_t len)
{
    struct bytes skipped;

    if (!read_bytes(r, len, &skipped))
        read_rest(r);
}

/* The number at the beginning of a line, ended by a colon or a space or the line. */
static bool read_offset(struct reader *r, size_t *offset, bool *has_colon)
{
    struct reader ahead = *r;
    size_t digits = 0;
    uint8_t c = ' ';

    *offset = 0;
    while (peek(&ahead, &c) && digit_value(c) >= 0 && digits < MAX_OFFSET_DIGITS) {
        *offset = *offset * 16 + (size_t)digit_value(c);
        digits++;
        skip(&ahead, 1);
        c = ' ';
    }
    *has_colon = c == ':';
    if (digits < MIN_OFFSET_DIGITS || (!is_space(c) && !*has_colon))
        return false;
    skip(&ahead, 1);
    *r = ahead;
    return true;
}

/* What follows a line of `*`. */
static bool repeat_until(struct hex_text *hex, size_t offset)
{
    size_t start = hex->line_start, len = hex->line_len;

    hex->is_repeating = false;
    if (len == 0 || offset > hex->capacity)
        return false;
    for (size_t i = 0; hex->len < offset; i++)
        if (!put(hex, hex->out[start + i % len]))
            return false;
    return true;
}

/* "0x16" and "\x16" are 16. */
static void skip_prefix(struct reader *r)
{
    struct reader ahead = *r;
    uint8_t first, second;

    if (read_u8(&ahead, &first) && read_u8(&ahead, &second) && (first == '0' || first == '\\') && second == 'x')
        *r = ahead;
}

static bool take_pairs(struct hex_text *hex, struct reader *r)
{
    uint8_t high, low;

    skip_prefix(r);
    do {
        if (!read_u8(r, &high) || digit_value(high) < 0 || !read_u8(r, &low) || digit_value(low) < 0 ||
            !put(hex, (uint8_t)(digit_value(high) * 16 + digit_value(low))))
            return false;
    } while (peek(r, &high) && digit_value(high) >= 0);
    return true;
}

/* Where the columns of characters begin: behind two spaces (xxd), at a bar (hexdump) or at `>` (od with z). */
static bool is_at_characters(const struct reader *r, bool has_colon, unsigned spaces)
{
    uint8_t c = 0;

    if (!peek(r, &c))
        return true;
    return c == '|' || c == '>' || (has_colon && spaces >= 2);
}

static bool take_line(struct hex_text *hex, struct reader *r, bool has_colon)
{
    unsigned spaces = 0;
    uint8_t c;

    hex->line_start = hex->len;
    while (peek(r, &c)) {
        if (is_separator(c)) {
            spaces += c == ' ';
            skip(r, 1);
            continue;
        }
        if (hex->has_offsets && is_at_characters(r, has_colon, spaces))
            break;
        if (!take_pairs(hex, r))
            return false;
        spaces = 0;
    }
    hex->line_len = hex->len - hex->line_start;
    return true;
}

static bool take_text_line(struct hex_text *hex, struct bytes line)
{
    struct reader r = reader_of(line);
    size_t offset;
    bool has_colon = false;
    uint8_t c;

    while (peek(&r, &c) && is_space(c))
        skip(&r, 1);
    if (read_end(&r))
        return true;
    if (!hex->has_offsets && hex->len == 0) {
        struct reader ahead = r;
        hex->has_offsets = read_offset(&ahead, &offset, &has_colon) && offset == 0;
    }
    if (!hex->has_offsets)
        return take_line(hex, &r, false);
    if (c == '*') {
        hex->is_repeating = true;
        return true;
    }
    if (!read_offset(&r, &offset, &has_colon) || (hex->is_repeating && !repeat_until(hex, offset)) ||
        offset != hex->len)
        return false;
    return take_line(hex, &r, has_colon);
}

bool hex_text_read(struct bytes text, uint8_t *out, size_t capacity, size_t *len)
{
    struct hex_text hex = {.out = out, .capacity = capacity};
    struct reader r = reader_of(text);
    struct bytes line;

    while (next_line(&r, &line))
        if (!take_text_line(&hex, line))
            return false;
    *len = hex.len;
    return hex.len > 0;
}
