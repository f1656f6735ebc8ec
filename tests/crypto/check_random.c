#include "crypto/random.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
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

/* As madvise(2) of a kernel before 4.14, when the test says so. */
static bool is_kernel_old;

int madvise(void *at, size_t len, int advice)
{
    if (is_kernel_old && advice == MADV_WIPEONFORK) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_madvise, at, len, advice);
}

static void draw(size_t len)
{
    uint8_t out[512];

    ck_assert(random_fill(random_system(), out, len));
}

/* What is left of a portion is drawn, so that the next request is one to the kernel. */
static void use_up(void)
{
    kernel = KERNEL_ANSWERS;
    calls = 0;
    while (calls == 0)
        draw(1);
    draw(255);
    draw(256);
    ck_assert_uint_eq(calls, 1);
    calls = 0;
}

/* In a process of its own: what it answers. */
static int status_of(int (*run)(void))
{
    int status;
    pid_t child = fork();

    ck_assert(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        _exit(run());
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static int calls_of_three_requests(void)
{
    calls = 0;
    is_kernel_old = true;
    for (int i = 0; i < 3; i++)
        draw(16);
    return (int)calls;
}

/* The first of the tests: no portion exists yet. */
START_TEST(without_memory_that_a_fork_wipes_every_request_is_one_to_the_kernel)
{
    int status = status_of(calls_of_three_requests);

    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 3);
}
END_TEST

START_TEST(small_requests_share_a_call_and_no_byte_comes_twice)
{
    uint8_t out[3];

    use_up();
    for (int i = 0; i < 512 / 3; i++) {
        ck_assert(random_fill(random_system(), out, sizeof out));
        ck_assert_uint_eq(calls, 1);
        ck_assert(out[0] == 1 && out[1] == 1 && out[2] == 1);
    }
    ck_assert(random_fill(random_system(), out, sizeof out)); /* two were left, which are not enough */
    ck_assert_uint_eq(calls, 2);
    ck_assert(out[0] == 2 && out[1] == 2 && out[2] == 2);
}
END_TEST

START_TEST(a_large_request_goes_to_the_kernel_and_leaves_the_portion_alone)
{
    uint8_t large[512], small[4];

    use_up();
    draw(1);
    ck_assert(random_fill(random_system(), large, sizeof large));
    ck_assert_uint_eq(calls, 2);
    ck_assert(large[0] == 2 && large[511] == 2);
    ck_assert(random_fill(random_system(), small, sizeof small));
    ck_assert_uint_eq(calls, 2);
    ck_assert_uint_eq(small[0], 1);
}
END_TEST

static int calls_of_a_child(void)
{
    uint8_t out[16];
    bool is_new;

    calls = 40;
    is_new = random_fill(random_system(), out, sizeof out) && out[0] == 41 && out[15] == 41;
    return is_new ? (int)calls : 0;
}

START_TEST(a_child_has_nothing_of_its_parents_portion_and_asks_anew)
{
    uint8_t out[16];
    int status;

    use_up();
    draw(16);
    status = status_of(calls_of_a_child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 41);
    ck_assert(random_fill(random_system(), out, sizeof out)); /* and the parent goes on with it */
    ck_assert_uint_eq(calls, 1);
    ck_assert_uint_eq(out[0], 1);
}
END_TEST

/* The kernel gives each portion a byte of its own, of which no more may be found than are still to be handed out. */
START_TEST(what_was_handed_out_is_wiped_at_once)
{
    uint8_t *page = NULL, out[200];
    char line[256];
    FILE *maps = fopen("/proc/self/smaps", "r");
    unsigned long from = 0;

    use_up();
    calls = 0xa5 - 1;
    draw(200);
    ck_assert_ptr_nonnull(maps);
    while (!page && fgets(line, sizeof line, maps)) { /* the one mapping that is wiped on fork and not dumped */
        if (strstr(line, "VmFlags:") && strstr(line, " wf") && strstr(line, " dd"))
            page = (uint8_t *)from; /* NOLINT */
        else if (strchr(line, '-') && !strstr(line, "kB"))
            from = strtoul(line, NULL, 16);
    }
    fclose(maps);
    ck_assert_ptr_nonnull(page);
    memset(out, 0xa5, sizeof out);
    ck_assert(memmem(page, 4096, out, sizeof out)); /* 312 of them are left */
    ck_assert(!memchr(page + sizeof(size_t), 0xa5, 200));
}
END_TEST

START_TEST(random_bytes_fill_the_whole_request)
{
    uint8_t out[40] = {0};

    use_up();
    kernel = KERNEL_GIVES_LITTLE;
    ck_assert(random_fill(random_system(), out, 32));
    for (size_t i = 0; i < 32; i++)
        ck_assert_uint_eq(out[i], i / 3 + 1);
    ck_assert_uint_eq(out[32], 0);
}
END_TEST

START_TEST(an_interrupted_call_is_made_again)
{
    uint8_t out[16] = {0};

    use_up();
    kernel = KERNEL_INTERRUPTS;
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

static int draw_once(void)
{
    draw(16);
    return 0;
}

static int status_when_the_kernel(int answer)
{
    kernel = answer;
    return status_of(draw_once);
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
        without_memory_that_a_fork_wipes_every_request_is_one_to_the_kernel,
        small_requests_share_a_call_and_no_byte_comes_twice,
        a_large_request_goes_to_the_kernel_and_leaves_the_portion_alone,
        a_child_has_nothing_of_its_parents_portion_and_asks_anew,
        what_was_handed_out_is_wiped_at_once,
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
