/*
 * Locked memory: what a process allocates afterwards is neither swapped nor dumped.
 */
#include "base/locked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

/* Pages that are there and locked, not only meant to be. */
static unsigned long locked_kilobytes(const void *at)
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    unsigned long start, end, kilobytes = 0;
    bool is_inside = false;
    char line[512];

    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            is_inside = start == (unsigned long)at;
        else if (is_inside)
            (void)sscanf(line, "Locked: %lu kB", &kilobytes);
    }
    fclose(maps);
    return kilobytes;
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

START_TEST(a_range_is_locked_with_its_pages_and_no_more)
{
    uint8_t *pages = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    ck_assert(locked_range(pages + 4096 + 4000, 200)); /* over the end of a page */
    ck_assert(!has_flag(pages, " lo"));
    for (int i = 1; i < 3; i++)
        ck_assert(has_flag(pages + 4096 * i, " lo") && has_flag(pages + 4096 * i, " dd"));
    ck_assert(!has_flag(pages + 4096 * 3, " lo"));
    munmap(pages, 4 * 4096);
}
END_TEST

START_TEST(a_file_is_held_without_being_seen_and_let_go)
{
    struct locked_file held = {NULL, 0};
    int fd = memfd_create("secret", MFD_CLOEXEC);
    void *at;

    ck_assert(locked_file_hold(&held, fd)); /* there is nothing in it */
    ck_assert_ptr_null(held.at);
    ck_assert_int_eq(ftruncate(fd, 3 * 4096), 0);
    ck_assert_int_eq(pwrite(fd, "secret", 6, 2 * 4096), 6);
    ck_assert(locked_file_hold(&held, fd));
    at = held.at;
    ck_assert(has_flag(at, " lo"));
    ck_assert(!has_flag(at, " rd"));
    ck_assert_uint_eq(locked_kilobytes(at), 3 * 4);
    locked_file_let_go(&held);
    ck_assert(!has_flag(at, " lo"));
    ck_assert(!locked_file_hold(&held, -1));
    close(fd);
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
    ck_assert(!locked_range(&in_data, 16 * 4096));
}
END_TEST

#else

START_TEST(a_range_is_locked_with_its_pages_and_no_more)
{
}
END_TEST

START_TEST(a_file_is_held_without_being_seen_and_let_go)
{
}
END_TEST

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
        a_range_is_locked_with_its_pages_and_no_more,
        a_file_is_held_without_being_seen_and_let_go,
        what_the_limit_does_not_allow_is_told,
    };
    return check_run("locked", tests, ARRAY_LEN(tests));
}
