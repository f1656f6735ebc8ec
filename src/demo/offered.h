/*
 * offered.h: what a ClientHello offered, as lists of names.
 */
#ifndef DEMO_OFFERED_H
#define DEMO_OFFERED_H

#include "proxy/handshake_view.h"

enum { OFFERED_LISTS = 4, OFFERED_NAME_LEN = 16 };

struct offered_list {
    const char *key;   /* "suites" */
    const char *label; /* "Cipher suites" */
    const uint16_t *codes;
    size_t count;
    uint16_t chosen;                    /* 0: none of them */
    const char *(*name)(uint16_t code); /* NULL: no name known */
};

/* Views into `view`. */
void offered_read(const struct handshake_view *view, struct offered_list lists[OFFERED_LISTS]);

/* The registered name, "GREASE" (RFC 8701), or the number as 0x1234, for which `text` is the storage. */
const char *offered_name(const struct offered_list *list, size_t index, char text[OFFERED_NAME_LEN]);

#endif
