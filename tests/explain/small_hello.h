/*
 * small_hello.h: a ClientHello of 60 bytes in one record, in `stream`; nothing looks inside it. And what a file leads
 * to.
 */
#ifndef EXPLAIN_SMALL_HELLO_H
#define EXPLAIN_SMALL_HELLO_H

#include "base/writer.h"
#include "explain/capture.h"
#include "support/check_run.h"

enum { BODY_LEN = 60, STREAM_LEN = 5 + 4 + BODY_LEN };
static uint8_t stream[STREAM_LEN];

static inline void begin(void)
{
    struct writer w = writer_of(stream, sizeof stream);

    write_u8(&w, 22);
    write_u16(&w, 0x0301);
    write_u16(&w, 4 + BODY_LEN);
    write_u8(&w, 1);
    write_u24(&w, BODY_LEN);
    for (int i = 0; i < BODY_LEN; i++)
        write_u8(&w, (uint8_t)i);
    ck_assert(writer_ok(&w) && w.len == sizeof stream);
}

static inline void end(void)
{
}

static struct capture capture;

static inline void found(struct bytes file, enum capture_form form)
{
    capture_read(file, &capture);
    ck_assert_int_eq(capture.form, form);
    ck_assert_int_eq(capture.end, HELLO_WHOLE);
    ck_assert_uint_eq(capture.hello.len, BODY_LEN);
    ck_assert_mem_eq(capture.hello.body, stream + 9, BODY_LEN);
}

static inline void nothing(struct bytes file)
{
    capture_read(file, &capture);
    ck_assert_int_eq(capture.end, HELLO_NONE);
}

struct looped_test {
    const TTest *test;
    int rounds;
};

/* Each test begins with a fresh `stream`. */
static inline int run_looped(const char *name, const struct looped_test *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed, expected = 0;

    tcase_add_checked_fixture(tcase, begin, end);
    for (size_t i = 0; i < count; i++) {
        tcase_add_loop_test(tcase, tests[i].test, 0, tests[i].rounds);
        expected += tests[i].rounds;
    }
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner) + (srunner_ntests_run(runner) != expected);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
