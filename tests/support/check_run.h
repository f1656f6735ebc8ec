/*
 * check_run.h: the main() of a unit test, given the list of its tests.
 *
 *     int main(void)
 *     {
 *         const TTest *const tests[] = {a_sentence_that_holds, another_one};
 *         return check_run("reader", tests, ARRAY_LEN(tests));
 *     }
 */
#ifndef SUPPORT_CHECK_RUN_H
#define SUPPORT_CHECK_RUN_H

#include <check.h>
#include <stdlib.h>

#include "base/attributes.h"

/* Every test gets the same time, in seconds; sanitizers are slow and the machine may be busy. */
enum { TEST_TIMEOUT_SECONDS = 180 };

/* `loops` run once for each _i from 0 to `rounds` - 1. */
static inline int check_run_loops(const char *name, const TTest *const *tests, size_t count, const TTest *const *loops,
                                  size_t loop_count, int rounds)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner;
    int failed;

    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    for (size_t i = 0; i < loop_count; i++)
        tcase_add_loop_test(tcase, loops[i], 0, rounds);
    tcase_set_timeout(tcase, TEST_TIMEOUT_SECONDS);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    if (srunner_ntests_run(runner) != (int)count + (int)loop_count * rounds)
        failed++; /* a test that did not run has not passed */
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static inline int check_run(const char *name, const TTest *const *tests, size_t count)
{
    return check_run_loops(name, tests, count, NULL, 0, 0);
}

#endif
