/*
 * The choice between the client's premaster secret and the fallback (RFC 5246 7.4.7.1, RFC 8017 7.2.2): every single
 * wrong byte of the encoding gives the fallback, whole, and nothing else does.
 */
#include "crypto/crypto.h"
#include "crypto/rsa_premaster.h"
#include "support/check_run.h"

enum { MAX_LEN = 512, VERSION = 0x0303 };

static uint8_t block[MAX_LEN], fallback[PREMASTER_LEN], out[PREMASTER_LEN];
static const size_t lengths[] = {PREMASTER_LEN + 11, 128, 256, 257, 512};

static void make_block(size_t len)
{
    for (size_t i = 0; i < len; i++)
        block[i] = (uint8_t)(i % 255 + 1);
    memset(fallback, 0xf0, sizeof fallback);
    block[0] = 0;
    block[1] = 2;
    block[len - PREMASTER_LEN - 1] = 0;
    block[len - PREMASTER_LEN] = VERSION >> 8;
    block[len - PREMASTER_LEN + 1] = VERSION & 0xff;
}

static bool is_taken(size_t len, uint16_t version)
{
    bool is_own, is_fallback;

    rsa_premaster_select(block, len, version, fallback, out);
    is_own = memcmp(out, block + len - PREMASTER_LEN, PREMASTER_LEN) == 0;
    is_fallback = memcmp(out, fallback, PREMASTER_LEN) == 0;
    ck_assert(is_own != is_fallback); /* never a mixture */
    return is_own;
}

START_TEST(a_right_encoding_gives_the_clients_secret)
{
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        make_block(lengths[i]);
        ck_assert(is_taken(lengths[i], VERSION));
        memset(block + lengths[i] - PREMASTER_LEN + 2, 0, PREMASTER_LEN - 2); /* zeros in the secret are no padding */
        ck_assert(is_taken(lengths[i], VERSION));
    }
}
END_TEST

/* Every value of every byte that is looked at. */
START_TEST(each_wrong_byte_gives_the_fallback)
{
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        size_t len = lengths[i], message = len - PREMASTER_LEN;

        for (size_t at = 0; at < message + 2; at++) {
            bool is_padding = at >= 2 && at < message - 1;

            for (unsigned value = 0; value < 256; value++) {
                uint8_t right;

                make_block(len);
                right = block[at];
                block[at] = (uint8_t)value;
                ck_assert_msg(is_taken(len, VERSION) == (is_padding ? value != 0 : value == right),
                              "length %zu, byte %zu is %u", len, at, value);
            }
        }
    }
}
END_TEST

/* RFC 5246 7.4.7.1: the version in the secret is that of the ClientHello, whatever was negotiated. */
START_TEST(every_other_version_gives_the_fallback)
{
    make_block(256);
    for (unsigned version = 0; version <= 0xffff; version++)
        ck_assert(is_taken(256, (uint16_t)version) == (version == VERSION));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_right_encoding_gives_the_clients_secret,
        each_wrong_byte_gives_the_fallback,
        every_other_version_gives_the_fallback,
    };
    return crypto_start() ? check_run("rsa_premaster", tests, ARRAY_LEN(tests)) : 1;
}
