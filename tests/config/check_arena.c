#include "config/arena.h"

#include "support/alloc_fault.h"
#include "support/check_run.h"

#include <string.h>

START_TEST(what_was_taken_is_zeroed_aligned_and_given_back_at_once)
{
    struct arena arena = {NULL};
    unsigned long live = alloc_fault_live();

    for (size_t len = 0; len < 100; len++) {
        uint8_t *at = arena_new(&arena, len, 1);
        ck_assert_ptr_nonnull(at);
        ck_assert_uint_eq((uintptr_t)at % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < len; i++)
            ck_assert_uint_eq(at[i], 0);
    }
    ck_assert_uint_eq(alloc_fault_live(), live + 100);
    arena_free(&arena);
    ck_assert_uint_eq(alloc_fault_live(), live);
    arena_free(&arena);
}
END_TEST

START_TEST(a_copy_ends_with_a_zero_byte)
{
    struct arena arena = {NULL};

    ck_assert_str_eq(arena_copy(&arena, BYTES_OF_LITERAL("text")), "text");
    ck_assert_str_eq(arena_copy(&arena, bytes_of(NULL, 0)), "");
    arena_free(&arena);
}
END_TEST

START_TEST(a_product_that_does_not_fit_is_refused)
{
    struct arena arena = {NULL};

    ck_assert_ptr_null(arena_new(&arena, SIZE_MAX / 8 + 1, 8)); /* wraps to 0 */
    ck_assert_ptr_null(arena_new(&arena, SIZE_MAX / 8 + 2, 8)); /* wraps to 8 */
    ck_assert_ptr_null(arena_new(&arena, SIZE_MAX, 1));         /* wraps with what is put before it */
    ck_assert_ptr_null(arena_new(&arena, 1, SIZE_MAX));
    ck_assert_ptr_nonnull(arena_new(&arena, 0, SIZE_MAX));
    ck_assert_ptr_nonnull(arena_new(&arena, SIZE_MAX, 0));
    arena_free(&arena);
}
END_TEST

START_TEST(a_failed_allocation_leaves_the_arena_as_it_was)
{
    struct arena arena = {NULL};
    struct arena_piece *before;

    ck_assert_ptr_nonnull(arena_new(&arena, 1, 1));
    before = arena.newest;
    alloc_fault_arm(1);
    ck_assert_ptr_null(arena_new(&arena, 1, 1));
    alloc_fault_arm(1);
    ck_assert_ptr_null(arena_copy(&arena, BYTES_OF_LITERAL("text")));
    alloc_fault_arm(0);
    ck_assert_ptr_eq(arena.newest, before);
    arena_free(&arena);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_taken_is_zeroed_aligned_and_given_back_at_once,
        a_copy_ends_with_a_zero_byte,
        a_product_that_does_not_fit_is_refused,
        a_failed_allocation_leaves_the_arena_as_it_was,
    };
    return check_run("arena", tests, ARRAY_LEN(tests));
}
