#include "demo/print.h"

#include <stdarg.h>
#include <stdio.h>

void print_text(struct writer *out, const char *text)
{
    write_bytes(out, bytes_of_string(text));
}

void print_format(struct writer *out, const char *format, ...)
{
    char text[MAX_PRINT_FORMAT_LEN + 1];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof text)
        writer_fail(out);
    else
        write_bytes(out, bytes_of(text, (size_t)len));
}

static bool is_printable(char c)
{
    return c >= 0x20 && c < 0x7f;
}

static const char *html_entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\\':
        return "\\\\";
    default:
        return NULL;
    }
}

void print_html(struct writer *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = html_entity(*text);
        if (entity)
            print_text(out, entity);
        else if (is_printable(*text))
            write_u8(out, (uint8_t)*text);
        else
            print_format(out, "\\x%02x", (uint8_t)*text);
    }
}

/* The backslash that stands for a byte is itself escaped: "\x00" in the value is "\\x00" in the text. */
void print_json(struct writer *out, const char *text)
{
    write_u8(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            print_text(out, "\\\"");
        else if (*text == '\\')
            print_text(out, "\\\\\\\\");
        else if (is_printable(*text))
            write_u8(out, (uint8_t)*text);
        else
            print_format(out, "\\\\x%02x", (uint8_t)*text);
    }
    write_u8(out, '"');
}

void print_duration(struct writer *out, uint64_t microseconds)
{
    double us = (double)microseconds;

    if (microseconds < 1000)
        print_format(out, "%.0f µs", us);
    else if (microseconds < 9995)
        print_format(out, "%.2f ms", us / 1e3);
    else if (microseconds < 99950)
        print_format(out, "%.1f ms", us / 1e3);
    else if (microseconds < 999500)
        print_format(out, "%.0f ms", us / 1e3);
    else
        print_format(out, "%.2f s", us / 1e6);
}

void print_number(struct writer *out, uint64_t number)
{
    if (number >= 1000) {
        print_number(out, number / 1000);
        print_format(out, ",%03u", (unsigned)(number % 1000));
    } else {
        print_format(out, "%u", (unsigned)number);
    }
}
