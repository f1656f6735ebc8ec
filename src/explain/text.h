/*
 * text.h: words and foreign bytes for a terminal.
 */
#ifndef EXPLAIN_TEXT_H
#define EXPLAIN_TEXT_H

#include <stdio.h>

#include "base/bytes.h"

/* "app.example" in quotes; what is not printable ASCII as \xNN, with quote and backslash escaped. */
void text_print_quoted(FILE *out, struct bytes text);
void text_print_hex(FILE *out, struct bytes bytes);

/* "TLS_AES_128_GCM_SHA256", "GREASE (0x1a1a)", or "0x1234" where `name` knows none. */
typedef const char *text_name(uint16_t code);
void text_print_code(FILE *out, uint16_t code, text_name *name);

/* A list of uint16 code points, commas between them, broken into lines that are indented like the first. */
void text_print_codes(FILE *out, struct bytes list, text_name *name);

/* "  label             " */
void text_label(FILE *out, const char *label);

#endif
