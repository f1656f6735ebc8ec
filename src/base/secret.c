#include "base/secret.h"

void memory_wipe(void *at, size_t len)
{
    if (len != 0)
        explicit_bzero(at, len);
}

bool memory_equal(const void *a, const void *b, size_t len)
{
    const volatile uint8_t *left = a;
    const volatile uint8_t *right = b;
    uint8_t difference = 0;

    for (size_t i = 0; i < len; i++)
        difference = (uint8_t)(difference | (left[i] ^ right[i]));
    return difference == 0;
}

bool secret_resize(struct secret *secret, size_t len)
{
    secret_wipe(secret);
    if (len > MAX_SECRET_LEN)
        return false;
    secret->len = len;
    return true;
}

bool secret_set(struct secret *secret, struct bytes from)
{
    if (!secret_resize(secret, from.len))
        return false;
    if (from.len != 0)
        memcpy(secret->bytes, from.at, from.len);
    return true;
}

struct bytes secret_view(const struct secret *secret)
{
    return bytes_of(secret->bytes, secret->len);
}

void secret_wipe(struct secret *secret)
{
    memory_wipe(secret, sizeof *secret);
}
