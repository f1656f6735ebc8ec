#include "base/alloc.h"

#include <stdint.h>
#include <string.h>

#include "support/check_run.h"

START_TEST(new_memory_is_zero)
{
    static const uint8_t zero[4096];

    for (size_t len = 0; len <= sizeof zero; len = len * 2 + 1) {
        uint8_t *at = memory_new(len);
        ck_assert_ptr_nonnull(at);
        ck_assert_mem_eq(at, zero, len);
        memset(at, 0xff, len); /* all of it is ours, and the next one may get this storage */
        memory_free(at);
    }
}
END_TEST

START_TEST(an_array_has_room_for_all_its_elements)
{
    uint64_t *at = memory_new_array(33, sizeof *at);

    ck_assert_ptr_nonnull(at);
    for (size_t i = 0; i < 33; i++) {
        ck_assert_uint_eq(at[i], 0);
        at[i] = UINT64_MAX;
    }
    memory_free(at);
}
END_TEST

/* The sizes come through volatile: the compiler knows calloc() and would refuse or fold what it can compute. */
START_TEST(an_array_whose_size_overflows_is_refused)
{
    volatile size_t half = SIZE_MAX / 2 + 1, huge = SIZE_MAX;

    ck_assert_ptr_null(memory_new_array(half, 2));
    ck_assert_ptr_null(memory_new_array(2, half));
    ck_assert_ptr_null(memory_new_array(huge, huge));
}
END_TEST

START_TEST(nothing_is_memory_too_so_that_null_always_means_failure)
{
    void *none[] = {memory_new(0), memory_new_array(0, 8), memory_new_array(8, 0), memory_copy("", 0),
                    memory_resize(NULL, 0)};

    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        ck_assert_ptr_nonnull(none[i]);
        memory_free(none[i]);
    }
    memory_free(NULL);
}
END_TEST

START_TEST(resizing_keeps_the_contents)
{
    char *at = memory_copy_string("sallyport"), *larger, *smaller;

    ck_assert_ptr_nonnull(at);
    larger = memory_resize(at, 100000);
    ck_assert_ptr_nonnull(larger);
    ck_assert_str_eq(larger, "sallyport");
    smaller = memory_resize(larger, 5);
    ck_assert_ptr_nonnull(smaller);
    ck_assert_mem_eq(smaller, "sally", 5);
    smaller = memory_resize(smaller, 0);
    ck_assert_ptr_nonnull(smaller);
    memory_free(smaller);
}
END_TEST

START_TEST(copies_are_equal_and_separate)
{
    char text[] = "first";
    char *string = memory_copy_string(text), *bytes = memory_copy(text, 3);

    ck_assert_ptr_nonnull(string);
    ck_assert_ptr_nonnull(bytes);
    text[0] = 'X';
    ck_assert_str_eq(string, "first");
    ck_assert_mem_eq(bytes, "fir", 3);
    memory_free(string);
    memory_free(bytes);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        new_memory_is_zero,
        an_array_has_room_for_all_its_elements,
        an_array_whose_size_overflows_is_refused,
        nothing_is_memory_too_so_that_null_always_means_failure,
        resizing_keeps_the_contents,
        copies_are_equal_and_separate,
    };
    return check_run("alloc", tests, ARRAY_LEN(tests));
}
