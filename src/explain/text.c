#include "explain/text.h"

#include "tls/client_hello.h"
#include "tls/iana.h"

enum { INDENT = 22, WIDTH = 110, CODE_TEXT_LEN = 96 };

void text_print_quoted(FILE *out, struct bytes text)
{
    fputc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];

        if (c < 0x20 || c >= 0x7f)
            fprintf(out, "\\x%02x", c);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

void text_print_hex(FILE *out, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        fprintf(out, "%02x", bytes.at[i]);
}

static int write_code(char text[CODE_TEXT_LEN], uint16_t code, text_name *name)
{
    const char *known = name ? name(code) : NULL;

    if (known)
        return snprintf(text, CODE_TEXT_LEN, "%s", known);
    return snprintf(text, CODE_TEXT_LEN, tls_is_grease(code) ? "GREASE (0x%04x)" : "0x%04x", code);
}

void text_print_code(FILE *out, uint16_t code, text_name *name)
{
    char text[CODE_TEXT_LEN];

    write_code(text, code, name);
    fputs(text, out);
}

void text_print_codes(FILE *out, struct bytes list, text_name *name)
{
    struct reader r = reader_of(list);
    char text[CODE_TEXT_LEN];
    int column = INDENT;
    bool is_first = true;
    uint16_t code;

    for (; code_list_next(&r, &code); is_first = false) {
        int len = write_code(text, code, name);

        if (!is_first && column + 2 + len > WIDTH) {
            fprintf(out, ",\n%*s", INDENT, "");
            column = INDENT;
        } else if (!is_first) {
            fputs(", ", out);
            column += 2;
        }
        fputs(text, out);
        column += len;
    }
    if (is_first)
        fputs("none", out);
}

void text_label(FILE *out, const char *label)
{
    fprintf(out, "  %-*s ", INDENT - 3, label);
}
