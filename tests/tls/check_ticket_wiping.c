/*
 * What ticket keys give back to the C library holds nothing of a key any more. This program has base/alloc.c's
 * functions itself, and looks through every piece of memory that is freed.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "support/check_run.h"
#include "tls/ticket_keys.h"

enum { ISSUES = 100, ACCEPTS = 200, PIECE_LEN = 8 };

static uint8_t drawn[TICKET_KEY_FILE_LEN]; /* the last key that was made, with its name */
static unsigned looked_through, seen;

struct header {
    _Alignas(max_align_t) size_t len;
};

void *memory_new(size_t len)
{
    struct header *header = calloc(1, sizeof *header + len);

    if (!header)
        return NULL;
    header->len = len;
    return header + 1;
}

bool memory_keeps(void)
{
    return false;
}

void memory_free(void *at)
{
    struct header *header = (struct header *)at - 1;

    if (!at)
        return;
    looked_through++;
    for (size_t i = TICKET_KEY_NAME_LEN; i < sizeof drawn; i += PIECE_LEN)
        seen += memmem(at, header->len, drawn + i, PIECE_LEN) != NULL;
    free(header);
}

void *memory_new_array(size_t count, size_t len)
{
    return memory_new(count * len);
}

void *memory_copy(const void *from, size_t len)
{
    void *copy = memory_new(len);

    if (copy && len)
        memcpy(copy, from, len);
    return copy;
}

char *memory_copy_string(const char *text)
{
    return memory_copy(text, strlen(text) + 1);
}

void *memory_resize(void *at, size_t len)
{
    (void)at;
    (void)len;
    abort(); /* nobody here does */
}

static bool fill_and_remember(void *context, uint8_t *out, size_t len)
{
    (void)context;
    if (!random_fill(random_system(), out, len))
        return false;
    if (len == sizeof drawn)
        memcpy(drawn, out, len);
    return true;
}

static struct ticket_keys *keys_with_one(void)
{
    static const uint8_t binding[TICKET_BINDING_LEN] = "x";
    uint8_t ticket[TICKET_OVERHEAD + 1];
    struct ticket_keys *keys = ticket_keys_new((struct random_source){fill_and_remember, NULL}, ISSUES, ACCEPTS);
    size_t len;

    ck_assert(keys != NULL);
    looked_through = seen = 0; /* crypto_start() freed something too */
    ck_assert(ticket_seal(keys, 0, binding, BYTES_OF_LITERAL("s"), ticket, &len));
    return keys;
}

START_TEST(the_watch_sees_a_key_that_is_left)
{
    struct ticket_keys *keys = keys_with_one();
    uint8_t *memory = memory_new(100);

    memcpy(memory + 40, drawn, sizeof drawn);
    memory_free(memory);
    ck_assert_uint_eq(seen, 4);
    ticket_keys_free(keys);
}
END_TEST

START_TEST(freed_keys_leave_nothing)
{
    ticket_keys_free(keys_with_one());
    ck_assert_uint_eq(looked_through, 2);
    ck_assert_uint_eq(seen, 0);
}
END_TEST

START_TEST(a_key_that_is_too_old_leaves_nothing_and_is_gone_at_once)
{
    struct ticket_keys *keys = keys_with_one();
    uint8_t out[1];
    size_t len;

    ck_assert_int_eq(ticket_open(keys, ACCEPTS, drawn, bytes_of(NULL, 0), out, &len), TICKET_UNKNOWN);
    ck_assert_uint_eq(looked_through, 1);
    ck_assert_uint_eq(ticket_keys_count(keys), 0);
    ck_assert_uint_eq(seen, 0);
    ticket_keys_free(keys);
    ck_assert_uint_eq(seen, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_watch_sees_a_key_that_is_left,
        freed_keys_leave_nothing,
        a_key_that_is_too_old_leaves_nothing_and_is_gone_at_once,
    };
    return crypto_start() ? check_run("ticket_wiping", tests, ARRAY_LEN(tests)) : 1;
}
