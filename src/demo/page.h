/*
 * page.h: the HTML of the demo backend. Well-formed XML as well, without a script and without a link to anything
 * outside itself.
 */
#ifndef DEMO_PAGE_H
#define DEMO_PAGE_H

#include "base/writer.h"
#include "proxy/handshake_view.h"

/* Enough for a full timeline, full lists and names of nothing but escapes: tests/demo/check_page.c. */
enum { MAX_PAGE_LEN = 64 * 1024 };

void page_print(struct writer *out, const struct handshake_view *view);

/* For everything else: a headline and a sentence, both ours. */
void page_print_message(struct writer *out, const char *headline, const char *sentence);

#endif
