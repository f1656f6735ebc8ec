#include "proxy/certificate_compression.h"

#include <stdio.h>

#include "config.h"

#ifdef HAVE_BROTLIDEC
#include <brotli/decode.h>
#endif
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif

#include "support/check_run.h"
#include "support/data_file.h"

enum { CAPACITY = 64 * 1024 };

static uint8_t small[CAPACITY], again[CAPACITY], back[CAPACITY];

/* False when this build cannot decompress it. */
static bool decompress(const struct tls_compressor *compressor, struct bytes in, size_t *len)
{
    *len = sizeof back;
#ifdef HAVE_ZLIB
    if (compressor->code == 1) {
        uLongf used = sizeof back;

        ck_assert_int_eq(uncompress(back, &used, in.at, in.len), Z_OK);
        *len = used;
        return true;
    }
#endif
#ifdef HAVE_BROTLIDEC
    if (compressor->code == 2) {
        ck_assert_int_eq(BrotliDecoderDecompress(in.len, in.at, len, back), BROTLI_DECODER_RESULT_SUCCESS);
        return true;
    }
#endif
    (void)compressor;
    (void)in;
    return false;
}

static size_t compress_all(const struct tls_compressor *compressor, struct bytes in, uint8_t *out)
{
    size_t len = CAPACITY;

    ck_assert_msg(compressor->compress(in, out, &len), "%s does not compress", compressor->name);
    ck_assert_uint_gt(len, 0);
    ck_assert_uint_lt(len, CAPACITY);
    return len;
}

static void assert_returns(const struct tls_compressor *compressor, struct bytes in)
{
    size_t len = compress_all(compressor, in, small), back_len;

    if (decompress(compressor, bytes_of(small, len), &back_len))
        ck_assert_msg(bytes_equal(in, bytes_of(back, back_len)), "%s is not what went in", compressor->name);
}

START_TEST(what_is_compressed_comes_back_whole)
{
    struct bytes chain = data_file_read("certificates/with-root.crt");
    uint8_t noise[300], byte = 7;

    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (uint8_t)(i * i * 167 + i / 3);
    for (size_t i = 0; certificate_compressor_at(i); i++) {
        const struct tls_compressor *compressor = certificate_compressor_at(i);

        assert_returns(compressor, chain);
        assert_returns(compressor, BYTES_OF_ARRAY(noise));
        assert_returns(compressor, bytes_of(&byte, 1));
        ck_assert_uint_lt(compress_all(compressor, chain, small), chain.len * 9 / 10);
    }
    data_file_free(chain);
}
END_TEST

START_TEST(the_preferred_one_makes_it_smallest)
{
    struct bytes chain = data_file_read("certificates/with-root.crt");

    for (size_t i = 1; certificate_compressor_at(i); i++)
        ck_assert_uint_le(compress_all(certificate_compressor_at(i - 1), chain, small),
                          compress_all(certificate_compressor_at(i), chain, again));
    data_file_free(chain);
}
END_TEST

START_TEST(nothing_at_all_compresses_too)
{
    for (size_t i = 0; certificate_compressor_at(i); i++)
        assert_returns(certificate_compressor_at(i), bytes_of(NULL, 0));
}
END_TEST

START_TEST(a_buffer_that_is_too_small_is_an_answer_and_is_not_overrun)
{
    struct bytes chain = data_file_read("certificates/p256.crt");

    for (size_t i = 0; certificate_compressor_at(i); i++) {
        const struct tls_compressor *compressor = certificate_compressor_at(i);
        size_t needed = compress_all(compressor, chain, small);

        for (size_t room = 0; room < needed; room++) {
            uint8_t *exact = malloc(room + 1);
            size_t len = room;

            ck_assert(exact != NULL);
            exact[room] = 0xa5;
            ck_assert_msg(!compressor->compress(chain, exact, &len), "%s in %zu bytes", compressor->name, room);
            ck_assert_uint_eq(exact[room], 0xa5);
            free(exact);
        }
    }
    data_file_free(chain);
}
END_TEST

START_TEST(the_same_bytes_always_compress_to_the_same)
{
    struct bytes chain = data_file_read("certificates/with-root.crt");

    for (size_t i = 0; certificate_compressor_at(i); i++) {
        size_t first = compress_all(certificate_compressor_at(i), chain, small);
        size_t second = compress_all(certificate_compressor_at(i), chain, again);

        ck_assert(bytes_equal(bytes_of(small, first), bytes_of(again, second)));
    }
    data_file_free(chain);
}
END_TEST

/* RFC 8879 7.3: zlib is 1, brotli is 2. */
START_TEST(the_compressors_of_this_build_come_in_our_order_under_their_codes)
{
    size_t count = 0;

#ifdef HAVE_BROTLI
    ck_assert_ptr_eq(certificate_compressor_at(count), &certificate_compressor_brotli);
    ck_assert_uint_eq(certificate_compressor_at(count)->code, 2);
    ck_assert_str_eq(certificate_compressor_at(count++)->name, "brotli");
#endif
#ifdef HAVE_ZLIB
    ck_assert_ptr_eq(certificate_compressor_at(count), &certificate_compressor_zlib);
    ck_assert_uint_eq(certificate_compressor_at(count)->code, 1);
    ck_assert_str_eq(certificate_compressor_at(count++)->name, "zlib");
#endif
    ck_assert_uint_le(count, MAX_POLICY_COMPRESSORS);
    ck_assert_ptr_null(certificate_compressor_at(count));
    ck_assert_ptr_null(certificate_compressor_at(count + 1));
    ck_assert_ptr_null(certificate_compressor_at(SIZE_MAX));
}
END_TEST

/* A version is digits with dots between them: that of zlib may have a suffix. */
START_TEST(each_library_says_its_version_and_past_the_last_there_is_none)
{
    size_t i = 0;

    for (; certificate_compressor_at(i); i++) {
        const char *version = certificate_compressor_version(i);

        ck_assert_msg(version[0] >= '1' && version[0] <= '9' && version[1] == '.', "'%s'", version);
#ifdef HAVE_ZLIB
        if (certificate_compressor_at(i)->code == CERTIFICATE_COMPRESSION_ZLIB)
            ck_assert_str_eq(version, zlibVersion());
#endif
#ifdef HAVE_BROTLIDEC
        if (certificate_compressor_at(i)->code == CERTIFICATE_COMPRESSION_BROTLI) {
            unsigned major, minor, patch;

            ck_assert_int_eq(sscanf(version, "%u.%u.%u", &major, &minor, &patch), 3);
            ck_assert_uint_eq(major << 24 | minor << 12 | patch, BrotliDecoderVersion());
        }
#endif
    }
    ck_assert_ptr_null(certificate_compressor_version(i));
    ck_assert_ptr_null(certificate_compressor_version(SIZE_MAX));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_compressed_comes_back_whole,
        the_preferred_one_makes_it_smallest,
        nothing_at_all_compresses_too,
        a_buffer_that_is_too_small_is_an_answer_and_is_not_overrun,
        the_same_bytes_always_compress_to_the_same,
        the_compressors_of_this_build_come_in_our_order_under_their_codes,
        each_library_says_its_version_and_past_the_last_there_is_none,
    };
    return check_run("certificate_compression", tests, ARRAY_LEN(tests));
}
