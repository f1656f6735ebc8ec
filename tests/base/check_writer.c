#include "base/writer.h"

#include "base/alloc.h"
#include "base/reader.h"
#include "support/check_run.h"

START_TEST(numbers_are_written_in_network_order)
{
    uint8_t out[18];
    struct writer w = writer_of(out, sizeof out);

    write_u8(&w, 0x01);
    write_u16(&w, 0x0203);
    write_u24(&w, 0x040506);
    write_u32(&w, 0x0708090a);
    write_u64(&w, 0x0b0c0d0e0f101112);
    ck_assert(writer_ok(&w));
    ck_assert(bytes_equal(writer_view(&w), BYTES_OF_LITERAL("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"
                                                            "\x0f\x10\x11\x12")));
}
END_TEST

static void put_u8(struct writer *w)
{
    write_u8(w, 0xff);
}
static void put_u16(struct writer *w)
{
    write_u16(w, 0xffff);
}
static void put_u24(struct writer *w)
{
    write_u24(w, 0xffffff);
}
static void put_u32(struct writer *w)
{
    write_u32(w, 0xffffffff);
}
static void put_u64(struct writer *w)
{
    write_u64(w, UINT64_MAX);
}
static void put_bytes(struct writer *w)
{
    write_bytes(w, BYTES_OF_LITERAL("\xff\xff\xff\xff\xff"));
}
static void put_vec8(struct writer *w)
{
    write_vec_end(w, write_vec8_begin(w));
}
static void put_vec16(struct writer *w)
{
    write_vec_end(w, write_vec16_begin(w));
}
static void put_vec24(struct writer *w)
{
    write_vec_end(w, write_vec24_begin(w));
}

static const struct {
    size_t len;
    void (*put)(struct writer *);
} puts_of[] = {{1, put_u8},    {2, put_u16},  {3, put_u24},   {4, put_u32},  {8, put_u64},
               {5, put_bytes}, {1, put_vec8}, {2, put_vec16}, {3, put_vec24}};

START_TEST(what_does_not_fit_fails_and_writes_not_a_byte)
{
    for (size_t i = 0; i < ARRAY_LEN(puts_of); i++) {
        for (size_t capacity = 0; capacity <= puts_of[i].len; capacity++) {
            uint8_t *out = memory_new(capacity);
            struct writer w = writer_of(out, capacity);
            bool fits = capacity == puts_of[i].len;

            puts_of[i].put(&w);
            ck_assert_int_eq(writer_ok(&w), fits);
            ck_assert_uint_eq(writer_view(&w).len, fits ? capacity : 0);
            for (size_t at = 0; !fits && at < capacity; at++)
                ck_assert_uint_eq(out[at], 0);
            memory_free(out);
        }
    }
}
END_TEST

START_TEST(after_the_first_failure_nothing_is_written_even_if_it_would_fit)
{
    for (size_t i = 0; i < ARRAY_LEN(puts_of); i++) {
        uint8_t out[9] = {0};
        struct writer w = writer_of(out, sizeof out);

        write_u8(&w, 0xaa);
        write_bytes(&w, bytes_of("0123456789", 10));
        ck_assert(!writer_ok(&w));
        puts_of[i].put(&w);
        ck_assert(!writer_ok(&w));
        ck_assert_ptr_null(write_space(&w, 1));
        ck_assert_uint_eq(writer_view(&w).len, 1);
        ck_assert_mem_eq(out, "\xaa\0\0\0\0\0\0\0\0", 9);
    }
}
END_TEST

START_TEST(a_caller_can_fail_the_writer)
{
    uint8_t out[4];
    struct writer w = writer_of(out, sizeof out);

    write_u8(&w, 1);
    writer_fail(&w);
    write_u8(&w, 2);
    ck_assert(!writer_ok(&w));
    ck_assert_uint_eq(writer_view(&w).len, 1);
}
END_TEST

START_TEST(space_is_inside_the_span_and_a_huge_length_does_not_wrap)
{
    uint8_t out[4];
    struct writer w = writer_of(out, sizeof out);

    write_u8(&w, 1);
    ck_assert_ptr_eq(write_space(&w, 3), out + 1);
    ck_assert(writer_ok(&w));
    ck_assert_ptr_null(write_space(&w, SIZE_MAX));
    ck_assert(!writer_ok(&w));
}
END_TEST

START_TEST(a_writer_over_nothing_takes_nothing_and_fails_at_the_first_byte)
{
    struct writer w = writer_of(NULL, 0);

    write_bytes(&w, bytes_of(NULL, 0));
    ck_assert(writer_ok(&w));
    write_u8(&w, 1);
    ck_assert(!writer_ok(&w));
}
END_TEST

START_TEST(nested_vectors_get_their_lengths)
{
    uint8_t out[64];
    struct writer w = writer_of(out, sizeof out);
    struct vector_mark outer = write_vec24_begin(&w), middle = write_vec16_begin(&w), inner = write_vec8_begin(&w);

    write_bytes(&w, BYTES_OF_LITERAL("abc"));
    write_vec_end(&w, inner);
    inner = write_vec8_begin(&w);
    write_vec_end(&w, inner);
    write_vec_end(&w, middle);
    write_u8(&w, 0x7f);
    write_vec_end(&w, outer);
    ck_assert(writer_ok(&w));
    ck_assert(bytes_equal(writer_view(&w), BYTES_OF_LITERAL("\x00\x00\x08\x00\x05\x03"
                                                            "abc\x00\x7f")));
}
END_TEST

START_TEST(what_was_written_reads_back)
{
    uint8_t out[64];
    struct writer w = writer_of(out, sizeof out);
    struct vector_mark mark;
    struct reader r;
    struct bytes body;
    uint32_t u24 = 0, u32 = 0;
    uint64_t u64 = 0;

    write_u24(&w, 0xfedcba);
    write_u32(&w, 0xfedcba98);
    mark = write_vec16_begin(&w);
    write_u64(&w, 0xfedcba9876543210);
    write_vec_end(&w, mark);
    r = reader_of(writer_view(&w));
    ck_assert(read_u24(&r, &u24) && read_u32(&r, &u32) && read_vec16(&r, 8, 8, &body) && read_end(&r));
    r = reader_of(body);
    ck_assert(read_u64(&r, &u64) && read_end(&r));
    ck_assert_uint_eq(u24, 0xfedcba);
    ck_assert_uint_eq(u32, 0xfedcba98);
    ck_assert_uint_eq(u64, 0xfedcba9876543210);
}
END_TEST

/* A body of the largest length the field can say, and of one byte more. */
START_TEST(a_vector_too_long_for_its_length_field_fails_and_one_that_just_fits_does_not)
{
    static const struct {
        struct vector_mark (*begin)(struct writer *);
        size_t largest;
    } kinds[] = {{write_vec8_begin, 0xff}, {write_vec16_begin, 0xffff}, {write_vec24_begin, 0xffffff}};

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        for (size_t more = 0; more <= 1; more++) {
            size_t capacity = 3 + kinds[i].largest + 1;
            uint8_t *out = memory_new(capacity);
            struct writer w = writer_of(out, capacity);
            struct vector_mark mark = kinds[i].begin(&w);

            ck_assert_ptr_nonnull(write_space(&w, kinds[i].largest + more));
            write_vec_end(&w, mark);
            ck_assert_int_eq(writer_ok(&w), more == 0);
            memory_free(out);
        }
    }
}
END_TEST

START_TEST(an_inner_vector_too_long_fails_the_outer_one_too)
{
    uint8_t out[600] = {0};
    struct writer w = writer_of(out, sizeof out);
    struct vector_mark outer = write_vec16_begin(&w), inner = write_vec8_begin(&w);

    ck_assert_ptr_nonnull(write_space(&w, 256));
    write_vec_end(&w, inner);
    write_vec_end(&w, outer);
    ck_assert(!writer_ok(&w));
    ck_assert_mem_eq(out, "\0\0\0", 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        numbers_are_written_in_network_order,
        what_does_not_fit_fails_and_writes_not_a_byte,
        after_the_first_failure_nothing_is_written_even_if_it_would_fit,
        a_caller_can_fail_the_writer,
        space_is_inside_the_span_and_a_huge_length_does_not_wrap,
        a_writer_over_nothing_takes_nothing_and_fails_at_the_first_byte,
        nested_vectors_get_their_lengths,
        what_was_written_reads_back,
        a_vector_too_long_for_its_length_field_fails_and_one_that_just_fits_does_not,
        an_inner_vector_too_long_fails_the_outer_one_too,
    };
    return check_run("writer", tests, ARRAY_LEN(tests));
}
