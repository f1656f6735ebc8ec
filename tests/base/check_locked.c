/*
 * Locked memory: what a process allocates afterwards is neither swapped nor dumped.
 */
#include "base/locked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support/check_run.h"

#if !defined(__SANITIZE_ADDRESS__)

/* "VmFlags: rd wr mr lo dd" of the mapping that has the address in it (proc_pid_smaps(5)). */
static bool has_flag(const void *at, const char *flag)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    unsigned long start, end, address = (unsigned long)at;
    bool is_inside = false, is_found = false;
    char line[512];

    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            is_inside = start <= address && address < end;
        else if (is_inside && strncmp(line, "VmFlags:", 8) == 0)
            is_found = strstr(line, flag) != NULL;
    }
    fclose(maps);
    return is_found;
}

static uint8_t in_data = 1;

START_TEST(what_is_allocated_afterwards_is_locked_and_not_dumped_whatever_its_size)
{
    static const size_t sizes[] = {16, 5000, 200 * 1000, 1000 * 1000};
    struct locked_memory memory;
    struct rlimit limit;
    uint8_t on_stack = 1;

    ck_assert_int_eq(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    if (geteuid() != 0 && limit.rlim_cur < 8 * 1024 * 1024)
        return; /* as in some containers; the test below is for them */
    ck_assert(locked_reserve(2 * 1024 * 1024));
    ck_assert(!has_flag(&in_data, " lo"));
    memory = locked_apply();
    ck_assert_int_eq(memory.error, 0);
    ck_assert_uint_eq(memory.unlocked, 0);
    ck_assert_uint_ge(memory.locked, 2 * 1024 * 1024);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        void *piece = calloc(1, sizes[i]);
        ck_assert_msg(has_flag(piece, " lo") && has_flag(piece, " dd"), "%zu bytes are not locked", sizes[i]);
        free(piece);
    }
    ck_assert(has_flag(&in_data, " lo") && has_flag(&in_data, " dd"));
    ck_assert(has_flag(&on_stack, " lo") && has_flag(&on_stack, " dd"));
}
END_TEST

/* As in a container whose limit nobody raised: it is said, and the dump is without it all the same. */
START_TEST(what_the_limit_does_not_allow_is_told)
{
    static const struct rlimit little = {4096, 4096};
    struct locked_memory memory;

    if (geteuid() == 0)
        ck_assert_int_eq(setuid(65534), 0); /* whom the limit does not bind */
    ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &little), 0);
    ck_assert(locked_reserve(1024 * 1024));
    memory = locked_apply();
    ck_assert_int_ne(memory.error, 0);
    ck_assert_uint_ge(memory.unlocked, 1024 * 1024);
}
END_TEST

#else

START_TEST(what_is_allocated_afterwards_is_locked_and_not_dumped_whatever_its_size)
{
}
END_TEST

START_TEST(what_the_limit_does_not_allow_is_told)
{
    ck_assert_int_ne(locked_apply().error, 0);
}
END_TEST

#endif

int main(void)
{
    const TTest *const tests[] = {
        what_is_allocated_afterwards_is_locked_and_not_dumped_whatever_its_size,
        what_the_limit_does_not_allow_is_told,
    };
    return check_run("locked", tests, ARRAY_LEN(tests));
}
