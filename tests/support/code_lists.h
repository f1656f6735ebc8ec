/*
 * code_lists.h: lists of code points as text, for tests that write down a ClientHello: "1301 1302" is hexadecimal, in
 * the order of the wire.
 */
#ifndef SUPPORT_CODE_LISTS_H
#define SUPPORT_CODE_LISTS_H

#include <check.h>
#include <stdlib.h>

#include "base/writer.h"

enum { MAX_LIST = 256 };
struct list {
    uint8_t bytes[MAX_LIST];
    size_t len;
};

static inline struct bytes list_of(struct list *list, const char *codes)
{
    struct writer w = writer_of(list->bytes, sizeof list->bytes);

    if (!codes)
        return bytes_of(NULL, 0);
    for (char *end; *codes; codes = end)
        write_u16(&w, (uint16_t)strtoul(codes, &end, 16));
    ck_assert(writer_ok(&w));
    return bytes_of(list->bytes, w.len);
}

/* One share a group, each with two bytes that name the group. */
static inline struct bytes shares_of(struct list *list, const char *groups)
{
    struct writer w = writer_of(list->bytes, sizeof list->bytes);

    if (!groups)
        return bytes_of(NULL, 0);
    for (char *end; *groups; groups = end) {
        uint16_t group = (uint16_t)strtoul(groups, &end, 16);
        write_u16(&w, group);
        write_u16(&w, 2);
        write_u16(&w, group);
    }
    ck_assert(writer_ok(&w));
    return bytes_of(list->bytes, w.len);
}

#endif
