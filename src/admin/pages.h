/* pages.h: what a path answers: /healthz, /readyz, /metrics, and nothing else. */
#ifndef ADMIN_PAGES_H
#define ADMIN_PAGES_H

#include "admin/admin.h"

struct evbuffer;

enum page_method { PAGE_READ, PAGE_OTHER }; /* GET or HEAD; anything else */

struct page {
    int status;
    const char *reason, *content_type;
};

/* Appends the body to `out`. False: out of memory. */
MUST_CHECK bool pages_answer(const struct admin_view *view, enum page_method method, const char *path,
                             struct evbuffer *out, struct page *page);

#endif
