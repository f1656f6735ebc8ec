#include "base/buffer.h"

#include "support/check_run.h"

static struct pool *pool;
static struct buffer buffer;

static void begin(size_t max_bytes)
{
    pool = pool_new(max_bytes);
    ck_assert_ptr_nonnull(pool);
    buffer = (struct buffer){NULL};
}

static void end(void)
{
    buffer_drop(&buffer, pool);
    ck_assert_uint_eq(pool_bytes_in_use(pool), 0);
    pool_free(pool);
}

/* Appends `len` bytes that count up from `first`. */
static void fill(size_t len, uint8_t first)
{
    size_t room;
    uint8_t *at;

    ck_assert(buffer_reserve(&buffer, pool, len));
    at = buffer_space(&buffer, &room);
    ck_assert_uint_ge(room, len);
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(first + i);
    buffer_commit(&buffer, len);
}

static void assert_holds(size_t len, uint8_t first)
{
    struct bytes view = buffer_view(&buffer);

    ck_assert_uint_eq(view.len, len);
    ck_assert_uint_eq(buffer_len(&buffer), len);
    for (size_t i = 0; i < len; i++)
        ck_assert_uint_eq(view.at[i], (uint8_t)(first + i));
}

START_TEST(blocks_have_the_size_asked_for_and_are_counted)
{
    static const struct {
        enum block_size size;
        size_t len;
    } sizes[] = {{BLOCK_SMALL, BLOCK_SMALL_LEN}, {BLOCK_RECORD, BLOCK_RECORD_LEN}, {BLOCK_BULK, BLOCK_BULK_LEN}};

    begin(0);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        struct block *block = pool_take(pool, sizes[i].size);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq(block->capacity, sizes[i].len);
        ck_assert_uint_eq(pool_bytes_in_use(pool), sizes[i].len);
        memset(block->data, 0xff, block->capacity); /* all of it is ours */
        pool_give(pool, block);
        ck_assert_uint_eq(pool_bytes_in_use(pool), 0);
    }
    end();
}
END_TEST

/* RFC 8446 5.2: a TLSCiphertext has a header of 5 bytes and at most 2^14 + 256 bytes behind it. */
START_TEST(a_record_block_holds_the_largest_record)
{
    ck_assert_int_ge(BLOCK_RECORD_LEN, 5 + (1 << 14) + 256);
}
END_TEST

START_TEST(a_returned_block_is_handed_out_again_empty)
{
    struct block *block;

    begin(0);
    fill(100, 1);
    block = buffer.block;
    buffer_drop(&buffer, pool);
    ck_assert_ptr_null(buffer.block);
    ck_assert(buffer_reserve(&buffer, pool, 1));
    ck_assert_ptr_eq(buffer.block, block);
    ck_assert_uint_eq(buffer_len(&buffer), 0);
    ck_assert_ptr_null(buffer.block->next);
    end();
}
END_TEST

START_TEST(the_pool_keeps_a_bounded_number_of_blocks)
{
    enum { MANY = 300 };
    struct block *blocks[MANY];

    begin(0);
    for (int i = 0; i < MANY; i++) {
        blocks[i] = pool_take(pool, BLOCK_SMALL);
        ck_assert_ptr_nonnull(blocks[i]);
        for (int other = 0; other < i; other++)
            ck_assert_ptr_ne(blocks[i], blocks[other]);
    }
    ck_assert_uint_eq(pool_bytes_in_use(pool), (size_t)MANY * BLOCK_SMALL_LEN);
    for (int i = 0; i < MANY; i++)
        pool_give(pool, blocks[i]);
    pool_give(pool, NULL);
    end(); /* and LeakSanitizer sees whether what was not kept was freed */
}
END_TEST

START_TEST(the_bound_of_the_pool_holds_over_all_sizes)
{
    struct block *record, *small;

    begin(BLOCK_RECORD_LEN + BLOCK_SMALL_LEN);
    ck_assert_ptr_null(pool_take(pool, BLOCK_BULK));
    record = pool_take(pool, BLOCK_RECORD);
    small = pool_take(pool, BLOCK_SMALL);
    ck_assert_ptr_nonnull(record);
    ck_assert_ptr_nonnull(small);
    ck_assert_ptr_null(pool_take(pool, BLOCK_SMALL));
    pool_give(pool, record);
    ck_assert_ptr_null(pool_take(pool, BLOCK_BULK));
    record = pool_take(pool, BLOCK_RECORD);
    ck_assert_ptr_nonnull(record);
    pool_give(pool, record);
    pool_give(pool, small);
    end();
}
END_TEST

START_TEST(another_bound_holds_for_what_is_taken_from_then_on)
{
    struct block *small, *large;

    begin(0);
    large = pool_take(pool, BLOCK_RECORD);
    pool_set_bound(pool, BLOCK_SMALL_LEN); /* below what is in use already */
    ck_assert_ptr_null(pool_take(pool, BLOCK_SMALL));
    pool_give(pool, large);
    small = pool_take(pool, BLOCK_SMALL);
    ck_assert_ptr_nonnull(small);
    ck_assert_ptr_null(pool_take(pool, BLOCK_SMALL));
    pool_give(pool, small);
    end();
}
END_TEST

START_TEST(a_bound_below_the_smallest_block_gives_nothing)
{
    begin(BLOCK_SMALL_LEN - 1);
    ck_assert_ptr_null(pool_take(pool, BLOCK_SMALL));
    ck_assert(!buffer_reserve(&buffer, pool, 1));
    ck_assert(!buffer_append(&buffer, pool, BYTES_OF_LITERAL("x")));
    ck_assert_ptr_null(buffer.block);
    end();
}
END_TEST

START_TEST(an_empty_buffer_holds_no_storage)
{
    size_t room = 77;

    begin(0);
    ck_assert_uint_eq(buffer_len(&buffer), 0);
    ck_assert_uint_eq(buffer_view(&buffer).len, 0);
    ck_assert_ptr_null(buffer_space(&buffer, &room));
    ck_assert_uint_eq(room, 0);
    buffer_consume(&buffer, pool, 0);
    buffer_shrink(&buffer, pool);
    buffer_drop(&buffer, pool);
    ck_assert(buffer_append(&buffer, pool, bytes_of(NULL, 0)));
    ck_assert_ptr_null(buffer.block);
    ck_assert_uint_eq(pool_bytes_in_use(pool), 0);
    end();
}
END_TEST

START_TEST(room_in_place_moves_nothing)
{
    struct block *block;
    const uint8_t *at;

    begin(0);
    fill(100, 1);
    block = buffer.block;
    at = buffer_view(&buffer).at;
    ck_assert(buffer_reserve(&buffer, pool, BLOCK_SMALL_LEN - 100));
    ck_assert_ptr_eq(buffer.block, block);
    ck_assert_ptr_eq(buffer_view(&buffer).at, at);
    assert_holds(100, 1);
    end();
}
END_TEST

START_TEST(room_is_made_by_moving_to_the_front_of_the_same_block)
{
    struct block *block;

    begin(0);
    fill(BLOCK_SMALL_LEN, 0);
    block = buffer.block;
    buffer_consume(&buffer, pool, 300);
    ck_assert(buffer_reserve(&buffer, pool, 300));
    ck_assert_ptr_eq(buffer.block, block);
    assert_holds(BLOCK_SMALL_LEN - 300, (uint8_t)300);
    fill(300, (uint8_t)BLOCK_SMALL_LEN);
    assert_holds(BLOCK_SMALL_LEN, (uint8_t)300);
    end();
}
END_TEST

START_TEST(room_is_made_in_a_larger_block_and_the_smaller_one_goes_back)
{
    begin(0);
    fill(400, 7);
    buffer_consume(&buffer, pool, 100);
    ck_assert(buffer_reserve(&buffer, pool, BLOCK_SMALL_LEN - 300 + 1));
    ck_assert_uint_eq(buffer.block->capacity, BLOCK_RECORD_LEN);
    ck_assert_uint_eq(pool_bytes_in_use(pool), BLOCK_RECORD_LEN);
    assert_holds(300, (uint8_t)(7 + 100));
    ck_assert(buffer_reserve(&buffer, pool, BLOCK_RECORD_LEN));
    ck_assert_uint_eq(buffer.block->capacity, BLOCK_BULK_LEN);
    assert_holds(300, (uint8_t)(7 + 100));
    end();
}
END_TEST

START_TEST(more_than_the_largest_block_is_refused_and_changes_nothing)
{
    begin(0);
    ck_assert(!buffer_reserve(&buffer, pool, BLOCK_BULK_LEN + 1));
    ck_assert(!buffer_reserve(&buffer, pool, SIZE_MAX));
    ck_assert_ptr_null(buffer.block);
    fill(10, 3);
    ck_assert(!buffer_reserve(&buffer, pool, BLOCK_BULK_LEN - 9));
    ck_assert(!buffer_reserve(&buffer, pool, SIZE_MAX));
    ck_assert(!buffer_reserve(&buffer, pool, SIZE_MAX - 5));
    assert_holds(10, 3);
    ck_assert(buffer_reserve(&buffer, pool, BLOCK_BULK_LEN - 10));
    assert_holds(10, 3);
    end();
}
END_TEST

START_TEST(growth_that_the_pool_refuses_changes_nothing)
{
    begin(BLOCK_RECORD_LEN);
    fill(200, 9);
    ck_assert(!buffer_reserve(&buffer, pool, BLOCK_SMALL_LEN));
    ck_assert(!buffer_append(&buffer, pool, bytes_of((uint8_t[BLOCK_SMALL_LEN]){0}, BLOCK_SMALL_LEN)));
    assert_holds(200, 9);
    ck_assert_uint_eq(pool_bytes_in_use(pool), BLOCK_SMALL_LEN);
    end();
}
END_TEST

START_TEST(consuming_gives_the_block_back_when_it_drains)
{
    begin(0);
    fill(20, 1);
    buffer_consume(&buffer, pool, 19);
    assert_holds(1, 20);
    ck_assert_uint_ne(pool_bytes_in_use(pool), 0);
    buffer_consume(&buffer, pool, 1);
    ck_assert_ptr_null(buffer.block);
    ck_assert_uint_eq(pool_bytes_in_use(pool), 0);
    end();
}
END_TEST

START_TEST(shrinking_moves_a_small_rest_to_the_smallest_block_that_holds_it)
{
    begin(0);
    fill(BLOCK_BULK_LEN, 0);
    buffer_shrink(&buffer, pool);
    ck_assert_uint_eq(buffer.block->capacity, BLOCK_BULK_LEN);
    buffer_consume(&buffer, pool, BLOCK_BULK_LEN - BLOCK_RECORD_LEN);
    buffer_shrink(&buffer, pool);
    ck_assert_uint_eq(buffer.block->capacity, BLOCK_RECORD_LEN);
    assert_holds(BLOCK_RECORD_LEN, (uint8_t)(BLOCK_BULK_LEN - BLOCK_RECORD_LEN));
    buffer_consume(&buffer, pool, BLOCK_RECORD_LEN - 5);
    buffer_shrink(&buffer, pool);
    ck_assert_uint_eq(buffer.block->capacity, BLOCK_SMALL_LEN);
    ck_assert_uint_eq(pool_bytes_in_use(pool), BLOCK_SMALL_LEN);
    assert_holds(5, (uint8_t)(BLOCK_BULK_LEN - 5));
    end();
}
END_TEST

START_TEST(shrinking_drops_reserved_room_that_was_never_used)
{
    begin(0);
    ck_assert(buffer_reserve(&buffer, pool, BLOCK_RECORD_LEN));
    buffer_shrink(&buffer, pool);
    ck_assert_ptr_null(buffer.block);
    end();
}
END_TEST

START_TEST(shrinking_without_room_in_the_pool_keeps_what_is_there)
{
    begin(BLOCK_RECORD_LEN);
    ck_assert(buffer_reserve(&buffer, pool, BLOCK_RECORD_LEN));
    fill(5, 42);
    buffer_shrink(&buffer, pool);
    assert_holds(5, 42);
    ck_assert_uint_eq(buffer.block->capacity, BLOCK_RECORD_LEN);
    end();
}
END_TEST

/* A long random walk against a plain array that holds the same bytes. */
START_TEST(any_mixture_of_calls_keeps_the_stream_in_order)
{
    static uint8_t model[BLOCK_BULK_LEN + 1], chunk[BLOCK_BULK_LEN];
    size_t held = 0;
    uint32_t dice = 1;

    begin(0);
    for (int step = 0; step < 20000; step++) {
        size_t len;
        dice = dice * 1664525 + 1013904223;
        len = (dice >> 8) % (dice % 16 ? 400 : 20000);
        if (dice >> 31) {
            memset(chunk, (int)(dice >> 16 & 0xff), len);
            if (held + len > BLOCK_BULK_LEN) {
                ck_assert(!buffer_append(&buffer, pool, bytes_of(chunk, len)));
            } else {
                ck_assert(buffer_append(&buffer, pool, bytes_of(chunk, len)));
                memcpy(model + held, chunk, len);
                held += len;
            }
        } else {
            len = len < held ? len : held;
            buffer_consume(&buffer, pool, len);
            held -= len;
            memmove(model, model + len, held);
        }
        if (dice % 7 == 0)
            buffer_shrink(&buffer, pool);
        ck_assert(bytes_equal(buffer_view(&buffer), bytes_of(model, held)));
        ck_assert_int_eq(buffer.block == NULL, held == 0);
    }
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        blocks_have_the_size_asked_for_and_are_counted,
        a_record_block_holds_the_largest_record,
        a_returned_block_is_handed_out_again_empty,
        the_pool_keeps_a_bounded_number_of_blocks,
        the_bound_of_the_pool_holds_over_all_sizes,
        another_bound_holds_for_what_is_taken_from_then_on,
        a_bound_below_the_smallest_block_gives_nothing,
        an_empty_buffer_holds_no_storage,
        room_in_place_moves_nothing,
        room_is_made_by_moving_to_the_front_of_the_same_block,
        room_is_made_in_a_larger_block_and_the_smaller_one_goes_back,
        more_than_the_largest_block_is_refused_and_changes_nothing,
        growth_that_the_pool_refuses_changes_nothing,
        consuming_gives_the_block_back_when_it_drains,
        shrinking_moves_a_small_rest_to_the_smallest_block_that_holds_it,
        shrinking_drops_reserved_room_that_was_never_used,
        shrinking_without_room_in_the_pool_keeps_what_is_there,
        any_mixture_of_calls_keeps_the_stream_in_order,
    };
    return check_run("buffer", tests, ARRAY_LEN(tests));
}
