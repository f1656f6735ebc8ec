/*
 * The PRF of RFC 5246 section 5. The RFC has no vectors; these were posted to the IETF TLS mailing list
 * (www.ietf.org/mail-archive/web/tls/current/msg03416.html), and Python's hmac, asked independently, gives the same
 * bytes. NIST's figures for what is derived with it are in tests/tls/check_key_schedule12.c.
 */
#include <stdio.h>

#include "crypto/crypto.h"
#include "crypto/prf12.h"
#include "support/check_run.h"

struct vector {
    enum hash_id hash;
    uint8_t secret[16], seed[16];
    const char *out; /* in hex */
};

static const struct vector vectors[] = {
    {HASH_SHA256,
     {0x9b, 0xbe, 0x43, 0x6b, 0xa9, 0x40, 0xf0, 0x17, 0xb1, 0x76, 0x52, 0x84, 0x9a, 0x71, 0xdb, 0x35},
     {0xa0, 0xba, 0x9f, 0x93, 0x6c, 0xda, 0x31, 0x18, 0x27, 0xa6, 0xf7, 0x96, 0xff, 0xd5, 0x19, 0x8c},
     "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17"
     "abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66"},
    {HASH_SHA384,
     {0xb8, 0x0b, 0x73, 0x3d, 0x6c, 0xee, 0xfc, 0xdc, 0x71, 0x56, 0x6e, 0xa4, 0x8e, 0x55, 0x67, 0xdf},
     {0xcd, 0x66, 0x5c, 0xf6, 0xa8, 0x44, 0x7d, 0xd6, 0xff, 0x8b, 0x27, 0x55, 0x5e, 0xdb, 0x74, 0x65},
     "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700"
     "884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d9184259b5bf8cd4d90fa0d31e2dec479e4f1a2"
     "6066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f"},
};

static void assert_hex(const uint8_t *got, size_t len, const char *hex)
{
    char text[3];

    for (size_t i = 0; i < len; i++) {
        snprintf(text, sizeof text, "%02x", got[i]);
        ck_assert_msg(memcmp(text, hex + 2 * i, 2) == 0, "byte %zu is %s", i, text);
    }
}

START_TEST(the_published_vectors_come_out_at_every_length)
{
    uint8_t out[150];

    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        const struct vector *v = &vectors[i];

        for (size_t len = 1; len <= strlen(v->out) / 2; len++) {
            memset(out, 0xee, sizeof out);
            ck_assert(
                prf12(hash_find(v->hash), BYTES_OF_ARRAY(v->secret), "test label", BYTES_OF_ARRAY(v->seed), out, len));
            assert_hex(out, len, v->out);
            ck_assert_uint_eq(out[len], 0xee); /* and not a byte more */
        }
    }
}
END_TEST

START_TEST(a_seed_that_is_too_long_is_refused_and_leaves_zeros)
{
    static const uint8_t seed[MAX_PRF_LABEL_LEN + MAX_PRF_SEED_LEN] = {1}, zeros[32];
    uint8_t out[32] = {7};

    ck_assert(!prf12(hash_find(HASH_SHA256), BYTES_OF_LITERAL("s"), "label", BYTES_OF_ARRAY(seed), out, sizeof out));
    ck_assert_mem_eq(out, zeros, sizeof out);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_published_vectors_come_out_at_every_length,
        a_seed_that_is_too_long_is_refused_and_leaves_zeros,
    };
    return crypto_start() ? check_run("prf12", tests, ARRAY_LEN(tests)) : 1;
}
