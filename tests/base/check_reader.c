#include "base/reader.h"

#include "base/alloc.h"
#include "support/check_run.h"

/*
 * Every reading function, called through one shape so that the same questions can be put to all of them. `take`
 * writes what it read as a number or a view into `got`; a function that fails must leave it alone.
 */
struct got {
    uint64_t number;
    struct bytes view;
};

#define NUMBER_CASE(bits, type)                                                                                        \
    static bool take_u##bits(struct reader *r, struct got *got)                                                        \
    {                                                                                                                  \
        type value = (type)got->number;                                                                                \
        bool is_read = read_u##bits(r, &value);                                                                        \
        got->number = value;                                                                                           \
        return is_read;                                                                                                \
    }
NUMBER_CASE(8, uint8_t)
NUMBER_CASE(16, uint16_t)
NUMBER_CASE(24, uint32_t)
NUMBER_CASE(32, uint32_t)
NUMBER_CASE(64, uint64_t)
NUMBER_CASE(16_le, uint16_t)
NUMBER_CASE(32_le, uint32_t)

static const struct {
    size_t len;
    bool (*take)(struct reader *, struct got *);
    uint64_t untouched; /* a value of the type, to see that failure does not write */
    uint64_t expected;  /* of the bytes 81 82 83 ... */
} numbers[] = {
    {1, take_u8, 0xee, 0x81},
    {2, take_u16, 0xeeee, 0x8182},
    {3, take_u24, 0xeeeeeeee, 0x818283},
    {4, take_u32, 0xeeeeeeee, 0x81828384},
    {8, take_u64, 0xeeeeeeeeeeeeeeee, 0x8182838485868788},
    {2, take_u16_le, 0xeeee, 0x8281},
    {4, take_u32_le, 0xeeeeeeee, 0x84838281},
};

/* Memory of exactly `len` bytes, 81 82 83 ..., so that AddressSanitizer sees a read one byte too far. */
static uint8_t *counted_bytes(size_t len)
{
    uint8_t *at = memory_new(len);
    ck_assert_ptr_nonnull(at);
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(0x81 + i);
    return at;
}

START_TEST(numbers_are_read_in_the_order_of_their_name)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        uint8_t *at = counted_bytes(numbers[i].len);
        struct reader r = reader_of(bytes_of(at, numbers[i].len));
        struct got got = {numbers[i].untouched, {NULL, 0}};

        ck_assert(numbers[i].take(&r, &got));
        ck_assert_uint_eq(got.number, numbers[i].expected);
        ck_assert(read_end(&r));
        memory_free(at);
    }
}
END_TEST

START_TEST(a_number_cut_short_is_refused_and_changes_nothing)
{
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        for (size_t len = 0; len < numbers[i].len; len++) {
            uint8_t *at = counted_bytes(len);
            struct reader r = reader_of(bytes_of(at, len));
            struct got got = {numbers[i].untouched, {NULL, 0}};

            ck_assert(!numbers[i].take(&r, &got));
            ck_assert_uint_eq(got.number, numbers[i].untouched);
            ck_assert_uint_eq(reader_left(&r), len);
            memory_free(at);
        }
    }
}
END_TEST

START_TEST(bytes_are_a_view_into_the_input)
{
    uint8_t *at = counted_bytes(6);
    struct reader r = reader_of(bytes_of(at, 6));
    struct bytes view = {NULL, 0};

    ck_assert(read_bytes(&r, 4, &view));
    ck_assert_ptr_eq(view.at, at);
    ck_assert_uint_eq(view.len, 4);
    ck_assert(read_bytes(&r, 0, &view));
    ck_assert_uint_eq(view.len, 0);
    ck_assert_uint_eq(reader_left(&r), 2);
    memory_free(at);
}
END_TEST

START_TEST(bytes_and_copies_longer_than_the_rest_are_refused_and_change_nothing)
{
    for (size_t len = 0; len < 8; len++) {
        uint8_t *at = counted_bytes(len), copy[16] = {0};
        struct reader r = reader_of(bytes_of(at, len));
        struct bytes view = {NULL, 77};

        ck_assert(!read_bytes(&r, len + 1, &view));
        ck_assert(!read_bytes(&r, SIZE_MAX, &view));
        ck_assert_uint_eq(view.len, 77);
        ck_assert(!read_copy(&r, len + 1, copy));
        ck_assert(!read_copy(&r, SIZE_MAX, copy));
        ck_assert_uint_eq(copy[0], 0);
        ck_assert_uint_eq(reader_left(&r), len);
        memory_free(at);
    }
}
END_TEST

START_TEST(a_copy_takes_exactly_its_length)
{
    uint8_t *at = counted_bytes(5), copy[4] = {0, 0, 0, 0x55};
    struct reader r = reader_of(bytes_of(at, 5));

    ck_assert(read_copy(&r, 3, copy));
    ck_assert_mem_eq(copy, "\x81\x82\x83\x55", 4);
    ck_assert(read_copy(&r, 0, copy));
    ck_assert_uint_eq(reader_left(&r), 2);
    memory_free(at);
}
END_TEST

static const struct {
    size_t length_bytes;
    bool (*take)(struct reader *, size_t, size_t, struct bytes *);
    size_t largest;
} vectors[] = {{1, read_vec8, 0xff}, {2, read_vec16, 0xffff}, {3, read_vec24, 0xffffff}};

/* A vector with a body of `body` bytes whose length field says `says`. The caller frees it. */
static uint8_t *vector_bytes(size_t length_bytes, size_t says, size_t body)
{
    uint8_t *at = counted_bytes(length_bytes + body);
    for (size_t i = length_bytes; i > 0; i--) {
        at[i - 1] = (uint8_t)says;
        says >>= 8;
    }
    return at;
}

START_TEST(a_vector_cut_at_any_byte_is_refused_and_changes_nothing)
{
    for (size_t v = 0; v < ARRAY_LEN(vectors); v++) {
        size_t whole = vectors[v].length_bytes + 5;
        for (size_t len = 0; len < whole; len++) {
            uint8_t *full = vector_bytes(vectors[v].length_bytes, 5, 5);
            uint8_t *at = memory_copy(full, len);
            struct reader r = reader_of(bytes_of(at, len));
            struct bytes view = {NULL, 77};

            ck_assert(!vectors[v].take(&r, 0, vectors[v].largest, &view));
            ck_assert_uint_eq(view.len, 77);
            ck_assert_uint_eq(reader_left(&r), len);
            memory_free(at);
            memory_free(full);
        }
    }
}
END_TEST

START_TEST(a_vector_outside_its_bounds_is_refused_and_changes_nothing)
{
    for (size_t v = 0; v < ARRAY_LEN(vectors); v++) {
        for (size_t body = 0; body < 8; body++) {
            size_t len = vectors[v].length_bytes + body;
            uint8_t *at = vector_bytes(vectors[v].length_bytes, body, body);
            struct reader r = reader_of(bytes_of(at, len));
            struct bytes view = {NULL, 77};
            bool is_within = body >= 3 && body <= 5;

            ck_assert_int_eq(vectors[v].take(&r, 3, 5, &view), is_within);
            ck_assert_uint_eq(view.len, is_within ? body : 77);
            ck_assert_uint_eq(reader_left(&r), is_within ? 0 : len);
            memory_free(at);
        }
    }
}
END_TEST

START_TEST(a_vector_is_a_view_of_its_body_and_leaves_what_follows)
{
    for (size_t v = 0; v < ARRAY_LEN(vectors); v++) {
        size_t length_bytes = vectors[v].length_bytes;
        uint8_t *at = vector_bytes(length_bytes, 2, 3);
        struct reader r = reader_of(bytes_of(at, length_bytes + 3));
        struct bytes view;

        ck_assert(vectors[v].take(&r, 0, vectors[v].largest, &view));
        ck_assert_ptr_eq(view.at, at + length_bytes);
        ck_assert_uint_eq(view.len, 2);
        ck_assert_uint_eq(reader_left(&r), 1);
        memory_free(at);
    }
}
END_TEST

START_TEST(a_vector_of_the_largest_length_is_read)
{
    for (size_t v = 0; v < ARRAY_LEN(vectors); v++) {
        size_t len = vectors[v].length_bytes + vectors[v].largest;
        uint8_t *at = vector_bytes(vectors[v].length_bytes, vectors[v].largest, vectors[v].largest);
        struct reader r = reader_of(bytes_of(at, len));
        struct bytes view;

        ck_assert(vectors[v].take(&r, 0, vectors[v].largest, &view));
        ck_assert_uint_eq(view.len, vectors[v].largest);
        ck_assert(read_end(&r));
        memory_free(at);
    }
}
END_TEST

START_TEST(an_empty_vector_is_read_where_empty_is_allowed)
{
    struct reader r = reader_of(BYTES_OF_LITERAL("\0"));
    struct bytes view = {NULL, 77};

    ck_assert(!read_vec8(&r, 1, 255, &view));
    ck_assert(read_vec8(&r, 0, 255, &view));
    ck_assert_uint_eq(view.len, 0);
    ck_assert(read_end(&r));
}
END_TEST

START_TEST(nothing_at_all_reads_as_the_end)
{
    struct reader r = reader_of(bytes_of(NULL, 0));
    struct bytes view = {NULL, 77};
    uint8_t byte;

    ck_assert(read_end(&r));
    ck_assert_uint_eq(reader_left(&r), 0);
    ck_assert(!read_u8(&r, &byte));
    ck_assert(read_bytes(&r, 0, &view));
    ck_assert_uint_eq(view.len, 0);
    ck_assert_uint_eq(read_rest(&r).len, 0);
}
END_TEST

START_TEST(the_rest_is_all_that_is_left)
{
    uint8_t *at = counted_bytes(4), first;
    struct reader r = reader_of(bytes_of(at, 4));
    struct bytes rest;

    ck_assert(read_u8(&r, &first));
    ck_assert(!read_end(&r));
    rest = read_rest(&r);
    ck_assert_ptr_eq(rest.at, at + 1);
    ck_assert_uint_eq(rest.len, 3);
    ck_assert(read_end(&r));
    memory_free(at);
}
END_TEST

/* The shape of every parser in the house; a failure in the middle leaves the cursor at the failed field. */
START_TEST(a_parser_is_one_expression_that_stops_at_the_first_bad_field)
{
    struct reader good = reader_of(BYTES_OF_LITERAL("\x03\x03\x02\xaa\xbb"));
    struct reader trailing = reader_of(BYTES_OF_LITERAL("\x03\x03\x02\xaa\xbb\xcc"));
    struct reader bad = reader_of(BYTES_OF_LITERAL("\x03\x03\x04\xaa\xbb"));
    struct bytes session_id;
    uint16_t version;

    ck_assert(read_u16(&good, &version) && read_vec8(&good, 0, 32, &session_id) && read_end(&good));
    ck_assert(!(read_u16(&trailing, &version) && read_vec8(&trailing, 0, 32, &session_id) && read_end(&trailing)));
    ck_assert(!(read_u16(&bad, &version) && read_vec8(&bad, 0, 32, &session_id) && read_end(&bad)));
    ck_assert_uint_eq(reader_left(&bad), 3);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        numbers_are_read_in_the_order_of_their_name,
        a_number_cut_short_is_refused_and_changes_nothing,
        bytes_are_a_view_into_the_input,
        bytes_and_copies_longer_than_the_rest_are_refused_and_change_nothing,
        a_copy_takes_exactly_its_length,
        a_vector_cut_at_any_byte_is_refused_and_changes_nothing,
        a_vector_outside_its_bounds_is_refused_and_changes_nothing,
        a_vector_is_a_view_of_its_body_and_leaves_what_follows,
        a_vector_of_the_largest_length_is_read,
        an_empty_vector_is_read_where_empty_is_allowed,
        nothing_at_all_reads_as_the_end,
        the_rest_is_all_that_is_left,
        a_parser_is_one_expression_that_stops_at_the_first_bad_field,
    };
    return check_run("reader", tests, ARRAY_LEN(tests));
}
