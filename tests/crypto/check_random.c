#include "crypto/random.h"

#include <errno.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/provider.h"
#include "support/check_run.h"
#include "support/test_random.h"

/* getrandom(2) as the program sees it: the test decides what the kernel answers. */
static enum { KERNEL_ANSWERS, KERNEL_INTERRUPTS, KERNEL_GIVES_LITTLE, KERNEL_REFUSES, KERNEL_GIVES_NOTHING } kernel;
static unsigned calls;

ssize_t getrandom(void *out, size_t len, unsigned flags)
{
    ck_assert_uint_eq(flags, 0); /* blocking: GRND_NONBLOCK or GRND_INSECURE would hand out weak bytes early */
    calls++;
    if (kernel == KERNEL_REFUSES) {
        errno = ENOSYS;
        return -1;
    }
    if (kernel == KERNEL_GIVES_NOTHING)
        return 0;
    if (kernel == KERNEL_INTERRUPTS && calls % 2) {
        errno = EINTR;
        return -1;
    }
    if (kernel == KERNEL_GIVES_LITTLE && len > 3)
        len = 3;
    memset(out, (int)calls, len);
    return (ssize_t)len;
}

START_TEST(random_bytes_fill_the_whole_request)
{
    uint8_t out[40] = {0};

    kernel = KERNEL_GIVES_LITTLE;
    calls = 0;
    ck_assert(random_fill(random_system(), out, 32));
    for (size_t i = 0; i < 32; i++)
        ck_assert_uint_eq(out[i], i / 3 + 1);
    ck_assert_uint_eq(out[32], 0);
}
END_TEST

START_TEST(an_interrupted_call_is_made_again)
{
    uint8_t out[16] = {0};

    kernel = KERNEL_INTERRUPTS;
    calls = 0;
    ck_assert(random_fill(random_system(), out, sizeof out));
    ck_assert_uint_eq(calls, 2);
    ck_assert_uint_eq(out[15], 2);
}
END_TEST

START_TEST(no_bytes_asked_for_is_no_call)
{
    calls = 0;
    ck_assert(random_fill(random_system(), NULL, 0));
    ck_assert_uint_eq(calls, 0);
}
END_TEST

static int status_when_the_kernel(int answer)
{
    int status;
    pid_t child = fork();

    ck_assert(child >= 0);
    if (child == 0) {
        uint8_t out[16];

        signal(SIGABRT, SIG_DFL);
        kernel = answer;
        _exit(random_fill(random_system(), out, sizeof out) ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

/* reliability T27: guessable keys are worse than no service. */
START_TEST(a_kernel_that_refuses_ends_the_process)
{
    int status = status_when_the_kernel(KERNEL_REFUSES);

    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    status = status_when_the_kernel(KERNEL_GIVES_NOTHING);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

START_TEST(a_stream_depends_on_its_seed_alone_however_it_is_read)
{
    struct test_random seeds[2] = {{.drawn = 0}, {.drawn = 0}};
    struct random_stream one, two;
    uint8_t whole[500], parts[500];
    size_t at = 0;

    ck_assert(random_stream_begin(&one, test_random_source(&seeds[0])));
    ck_assert(random_stream_begin(&two, test_random_source(&seeds[1])));
    ck_assert_uint_eq(seeds[0].drawn, 32);
    ck_assert(random_fill(random_stream_source(&one), whole, sizeof whole));
    for (size_t part = 0; at < sizeof parts; part++) {
        size_t len = part % 70 < sizeof parts - at ? part % 70 : sizeof parts - at;
        ck_assert(random_fill(random_stream_source(&two), parts + at, len));
        at += len;
    }
    ck_assert_mem_eq(whole, parts, sizeof whole);
    ck_assert_uint_eq(seeds[1].drawn, 32);
    random_stream_wipe(&one);
    random_stream_wipe(&two);
}
END_TEST

START_TEST(streams_of_different_seeds_differ_and_do_not_repeat)
{
    struct test_random seed = {.drawn = 0};
    struct random_stream one, two;
    uint8_t bytes[2][4 * 32];

    ck_assert(random_stream_begin(&one, test_random_source(&seed)));
    ck_assert(random_stream_begin(&two, test_random_source(&seed)));
    ck_assert(random_fill(random_stream_source(&one), bytes[0], sizeof bytes[0]));
    ck_assert(random_fill(random_stream_source(&two), bytes[1], sizeof bytes[1]));
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < i; j++)
            ck_assert_mem_ne((uint8_t *)bytes + 32 * i, (uint8_t *)bytes + 32 * j, 32);
    }
    random_stream_wipe(&one);
    random_stream_wipe(&two);
}
END_TEST

START_TEST(a_stream_without_a_seed_does_not_begin)
{
    struct test_random refusing = {.limit = 31};
    struct random_stream stream;

    ck_assert(!random_stream_begin(&stream, test_random_source(&refusing)));
}
END_TEST

START_TEST(wiping_a_stream_leaves_zeros)
{
    static const struct random_stream zeros;
    struct test_random seed = {.drawn = 5};
    struct random_stream stream;
    uint8_t out[5];

    ck_assert(random_stream_begin(&stream, test_random_source(&seed)));
    ck_assert(random_fill(random_stream_source(&stream), out, sizeof out));
    random_stream_wipe(&stream);
    ck_assert_mem_eq(&stream, &zeros, sizeof zeros);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        random_bytes_fill_the_whole_request,
        an_interrupted_call_is_made_again,
        no_bytes_asked_for_is_no_call,
        a_kernel_that_refuses_ends_the_process,
        a_stream_depends_on_its_seed_alone_however_it_is_read,
        streams_of_different_seeds_differ_and_do_not_repeat,
        a_stream_without_a_seed_does_not_begin,
        wiping_a_stream_leaves_zeros,
    };
    return check_run("random", tests, ARRAY_LEN(tests));
}
