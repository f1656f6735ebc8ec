/*
 * bytes.h: a borrowed view of bytes.
 *
 * `struct bytes` never owns what it points at and is never freed. It lives as long as the storage it was taken
 * from; a function that keeps what a view shows copies it.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *at;
    size_t len;
};

#define BYTES_OF_ARRAY(array) ((struct bytes){(array), sizeof(array)})
#define BYTES_OF_LITERAL(text) ((struct bytes){(const uint8_t *)("" text), sizeof(text) - 1})

static inline struct bytes bytes_of(const void *at, size_t len)
{
    return (struct bytes){at, len};
}

static inline struct bytes bytes_of_string(const char *text)
{
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* For public data only; secrets are compared with memory_equal() of secret.h. */
static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

#endif
