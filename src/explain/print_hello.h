/*
 * print_hello.h: a ClientHello in words. One that does not parse is printed as far as it does.
 */
#ifndef EXPLAIN_PRINT_HELLO_H
#define EXPLAIN_PRINT_HELLO_H

#include <stdio.h>

#include "tls/extensions.h"

void print_hello(FILE *out, const struct client_hello *ch);

/* print_extension.c: what stands behind the extension's name. Its data is checked by nobody before. */
void print_extension(FILE *out, const struct extension *extension);

#endif
