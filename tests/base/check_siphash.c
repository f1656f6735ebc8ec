#include "base/siphash.h"

#include <check.h>

#include "support/check_run.h"

/* The reference implementation's vectors (vectors.h, CC0): key 00..0f, the message its first n bytes of 00, 01, ... */
static const uint64_t vectors[] = {
    0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
    0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
    0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
    0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
};

START_TEST(messages_of_every_length_hash_as_published)
{
    static const struct siphash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    uint8_t message[ARRAY_LEN(vectors)];

    for (size_t len = 0; len < ARRAY_LEN(vectors); len++) {
        ck_assert_uint_eq(siphash(key, bytes_of(message, len)), vectors[len]);
        message[len] = (uint8_t)len;
    }
}
END_TEST

START_TEST(another_key_is_another_hash)
{
    struct bytes data = BYTES_OF_LITERAL("192.0.2.1");

    ck_assert_uint_ne(siphash((struct siphash_key){1, 2}, data), siphash((struct siphash_key){1, 3}, data));
    ck_assert_uint_ne(siphash((struct siphash_key){1, 2}, data), siphash((struct siphash_key){0, 2}, data));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {messages_of_every_length_hash_as_published, another_key_is_another_hash};

    return check_run("siphash", tests, ARRAY_LEN(tests));
}
