/* Which bucket a duration falls into. */
#include "proxy/histogram.h"

#include "support/check_run.h"

START_TEST(a_bound_belongs_to_the_bucket_it_ends)
{
    for (int i = 0; i < HISTOGRAM_BOUNDS; i++) {
        struct histogram at = {.sum = 0}, above = {.sum = 0};
        histogram_add(&at, histogram_bounds[i]);
        histogram_add(&above, histogram_bounds[i] + 1);
        ck_assert_uint_eq(at.buckets[i], 1);
        ck_assert_uint_eq(above.buckets[i + 1], 1);
    }
}
END_TEST

START_TEST(bounds_ascend)
{
    for (int i = 1; i < HISTOGRAM_BOUNDS; i++)
        ck_assert_uint_lt(histogram_bounds[i - 1], histogram_bounds[i]);
}
END_TEST

START_TEST(the_sum_is_of_all_and_the_last_bucket_takes_any_length)
{
    struct histogram histogram = {.sum = 0};

    histogram_add(&histogram, 0);
    histogram_add(&histogram, 3);
    histogram_add(&histogram, UINT64_C(1) << 40);
    ck_assert_uint_eq(histogram.buckets[0], 2);
    ck_assert_uint_eq(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
    ck_assert_uint_eq(histogram.sum, 3 + (UINT64_C(1) << 40));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_bound_belongs_to_the_bucket_it_ends,
        bounds_ascend,
        the_sum_is_of_all_and_the_last_bucket_takes_any_length,
    };

    return check_run("histogram", tests, ARRAY_LEN(tests));
}
