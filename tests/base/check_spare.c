/* Memory that is kept for the next taker. This program has base/alloc.c's functions itself, and counts. */
#include "base/spare.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "support/check_run.h"

enum { LEN = 1000, MANY = 2000 };

static unsigned made, freed;
static bool keeps = true, has_memory = true;

bool memory_keeps(void)
{
    return keeps;
}

void *memory_new(size_t len)
{
    made += has_memory;
    return has_memory ? calloc(1, len) : NULL;
}

void memory_free(void *at)
{
    freed += at != NULL;
    free(at);
}

static bool is_zero(const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (at[i] != 0)
            return false;
    return true;
}

static uint8_t *take(size_t len)
{
    uint8_t *at = spare_take(len);

    ck_assert_ptr_nonnull(at);
    return at;
}

START_TEST(what_was_given_back_is_taken_next_and_zero_again)
{
    uint8_t *at = take(LEN), *again;

    ck_assert(is_zero(at, LEN));
    memset(at, 0xee, LEN);
    spare_give(at, LEN);
    made = freed = 0;
    again = take(LEN);
    ck_assert_ptr_eq(again, at);
    ck_assert(is_zero(again, LEN));
    ck_assert_uint_eq(made + freed, 0);
    spare_give(again, LEN);
}
END_TEST

/* But for the two words that keep it in its place. */
START_TEST(nothing_of_the_contents_is_left_while_it_is_kept)
{
    uint8_t *at = take(LEN);

    memset(at, 0xee, LEN);
    spare_give(at, LEN);
    ck_assert(is_zero(at + 2 * sizeof(void *), LEN - 2 * sizeof(void *)));
    ck_assert(!memchr(at, 0xee, 8)); /* a link or none, both without a byte of it */
}
END_TEST

START_TEST(each_size_gets_its_own)
{
    for (size_t len = 0; len < 20 * 1024; len = len * 3 / 2 + 1) {
        uint8_t *at = take(len), *larger = take(len + 100);

        memset(at, 0xee, len);
        memset(larger, 0xee, len + 100);
        spare_give(at, len);
        spare_give(larger, len + 100);
        at = take(len);
        larger = take(len + 100);
        ck_assert(is_zero(at, len) && is_zero(larger, len + 100));
        memset(larger, 0xee, len + 100); /* all of it is ours */
        memset(at, 0xee, len);
        spare_give(larger, len + 100);
        spare_give(at, len);
    }
}
END_TEST

START_TEST(what_is_kept_is_bounded)
{
    static uint8_t *all[MANY];
    static const size_t lengths[] = {48, 5000};

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        for (size_t j = 0; j < MANY; j++)
            all[j] = take(lengths[i]);
        freed = 0;
        for (size_t j = 0; j < MANY; j++)
            spare_give(all[j], lengths[i]);
        ck_assert_uint_ge(freed, MANY - 64);
        ck_assert_uint_lt(freed, MANY);
    }
    for (size_t len = 1000; len < 16000; len += 16) /* many sizes, one each: half a megabyte in all */
        all[(len - 1000) / 16] = take(len);
    freed = 0;
    for (size_t len = 1000; len < 16000; len += 16)
        spare_give(all[(len - 1000) / 16], len);
    ck_assert_uint_gt(freed, 800);
}
END_TEST

START_TEST(where_memory_is_not_kept_all_of_it_goes_back)
{
    uint8_t *at;

    keeps = false;
    made = freed = 0;
    at = take(LEN);
    spare_give(at, LEN);
    at = take(LEN);
    spare_give(at, LEN);
    ck_assert_uint_eq(made, 2);
    ck_assert_uint_eq(freed, 2);
}
END_TEST

START_TEST(without_memory_nothing_is_taken_and_nothing_given)
{
    has_memory = false;
    ck_assert_ptr_null(spare_take(777));
    ck_assert_ptr_null(spare_take(64 * 1024));
    spare_give(NULL, 777);
    ck_assert_ptr_null(spare_take(777));
}
END_TEST

START_TEST(giving_the_same_twice_ends_the_process)
{
    int status;
    pid_t child = fork();

    ck_assert(child >= 0);
    if (child == 0) {
        void *at = take(LEN), *other = take(LEN);

        signal(SIGABRT, SIG_DFL);
        spare_give(at, LEN);
        spare_give(other, LEN);
        spare_give(at, LEN);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_given_back_is_taken_next_and_zero_again,
        nothing_of_the_contents_is_left_while_it_is_kept,
        each_size_gets_its_own,
        what_is_kept_is_bounded,
        where_memory_is_not_kept_all_of_it_goes_back,
        without_memory_nothing_is_taken_and_nothing_given,
        giving_the_same_twice_ends_the_process,
    };
    return check_run("spare", tests, ARRAY_LEN(tests));
}
