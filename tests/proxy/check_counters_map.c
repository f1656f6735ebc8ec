/* Counters in memory that processes share: one writes, others read, and nobody's totals are lost. */
#include "proxy/counters_map.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check_run.h"

static struct counters_map *map;

/* Of which the slots 1 and 2 were used. */
static void set_up(void)
{
    map = counters_map_new();
    ck_assert_ptr_nonnull(map);
    ck_assert(counters_map_make(map, 1) && counters_map_make(map, 2));
}

static uint64_t shed_of(size_t slot)
{
    return count_read(&counters_map_look(map, slot)->shed);
}

/* A process that takes the slot, counts `shed` up by `count`, leaves a gauge behind and is killed. */
static void count_and_be_killed(size_t slot, unsigned count)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct counters *counters = counters_take(counters_map_fd(map, slot));
        for (unsigned i = 0; counters && i < count; i++)
            count_one(&counters->shed);
        if (counters)
            count_one(&counters->gauges.relayed[7]);
        raise(SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
}

START_TEST(the_next_writer_goes_on_where_a_killed_one_stopped)
{
    set_up();
    count_and_be_killed(2, 5);
    ck_assert_uint_eq(shed_of(2), 5);
    ck_assert_uint_eq(count_read(&counters_map_look(map, 2)->gauges.relayed[7]), 1);
    ck_assert(counters_map_make(map, 2)); /* which leaves the one that is there alone */
    count_and_be_killed(2, 3);
    ck_assert_uint_eq(shed_of(2), 8);
    ck_assert_uint_eq(count_read(&counters_map_look(map, 2)->gauges.relayed[7]), 1); /* its own, not both */
    ck_assert_uint_eq(shed_of(1), 0);
    counters_map_free(map);
}
END_TEST

START_TEST(a_slot_that_is_not_there_is_nobodys)
{
    set_up();
    ck_assert_ptr_null(counters_map_look(map, 0));
    ck_assert_int_eq(counters_map_fd(map, 0), -1);
    ck_assert_int_eq(counters_map_open_to_read(map, 0), -1);
    ck_assert(counters_map_make(map, MAX_COUNTER_SLOTS - 1));
    ck_assert(!counters_map_make(map, MAX_COUNTER_SLOTS));
    ck_assert_ptr_null(counters_map_look(map, MAX_COUNTER_SLOTS));
    ck_assert_int_eq(counters_map_fd(map, MAX_COUNTER_SLOTS), -1);
    ck_assert(!counters_map_add(map, 2, counters_map_open_to_read(map, 1))); /* it has one */
    counters_map_free(map);
}
END_TEST

static void *map_for(int fd, int protection)
{
    void *at = mmap(NULL, 4096, protection, MAP_SHARED, fd, 0);

    return at == MAP_FAILED ? NULL : at;
}

/* Whoever has one reaches no other: they are files of their own. */
START_TEST(what_a_writer_does_to_its_file_is_seen_in_its_slot_alone)
{
    struct counters *counters;

    set_up();
    counters = counters_take(counters_map_fd(map, 1));
    memset(counters, 0xff, sizeof *counters);
    ck_assert_uint_eq(shed_of(1), UINT64_MAX);
    ck_assert_uint_eq(shed_of(2), 0);
    counters_leave(counters);
    counters_map_free(map);
}
END_TEST

START_TEST(a_reader_sees_what_is_counted_and_cannot_write_it)
{
    struct counters_map *reader = counters_map_new();
    struct counters *counters;
    void *at;
    int fd;

    set_up();
    fd = counters_map_open_to_read(map, 2);
    ck_assert_int_ge(fd, 0);
    ck_assert_ptr_null(counters_take(fd));
    ck_assert_int_eq(pwrite(fd, "x", 1, 4096), -1);
    ck_assert_ptr_null(map_for(fd, PROT_READ | PROT_WRITE));
    at = map_for(fd, PROT_READ);
    ck_assert_ptr_nonnull(at);
    ck_assert_int_ne(mprotect(at, 4096, PROT_READ | PROT_WRITE), 0);
    munmap(at, 4096);
    ck_assert(counters_map_add(reader, 2, fd));
    counters = counters_take(counters_map_fd(map, 2));
    count_one(&counters->shed);
    ck_assert_uint_eq(count_read(&counters_map_look(reader, 2)->shed), 1);
    counters_leave(counters);
    counters_map_free(reader);
    counters_map_free(map);
}
END_TEST

/* A reader whose file shrinks under it dies by SIGBUS. */
START_TEST(nobody_can_shrink_or_grow_it)
{
    set_up();
    ck_assert_int_ne(ftruncate(counters_map_fd(map, 1), 4096), 0);
    ck_assert_int_ne(ftruncate(counters_map_fd(map, 1), 1 << 30), 0);
    counters_map_free(map);
}
END_TEST

static void refused(int fd)
{
    ck_assert_ptr_null(counters_take(fd));
    ck_assert_int_eq(errno, EPROTO);
    ck_assert(!counters_map_add(map, 0, fd));
    ck_assert_int_eq(errno, EPROTO);
}

/* The bytes of a good one in a file without its seals. */
START_TEST(what_is_no_file_of_this_build_is_refused)
{
    uint8_t head[64];
    struct stat status;
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    set_up();
    ck_assert_int_eq(pread(counters_map_fd(map, 1), head, sizeof head, 0), sizeof head);
    ck_assert_int_eq(fstat(counters_map_fd(map, 1), &status), 0);
    ck_assert_int_eq(ftruncate(fd, status.st_size), 0);
    ck_assert_int_eq(pwrite(fd, head, sizeof head, 0), sizeof head);
    refused(dup(fd));
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    ck_assert(counters_map_add(map, 3, dup(fd))); /* sealed it is as good as any */
    head[16] ^= 1; /* another length of a slot, number of rows or of reasons is another build */
    ck_assert_int_eq(pwrite(fd, head, sizeof head, 0), sizeof head);
    refused(fd);
    refused(open("/dev/null", O_RDONLY | O_CLOEXEC));
    counters_map_free(map);
}
END_TEST

START_TEST(a_file_that_is_too_short_is_refused)
{
    uint8_t head[64];
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    set_up();
    ck_assert_int_eq(pread(counters_map_fd(map, 1), head, sizeof head, 0), sizeof head);
    ck_assert_int_eq(pwrite(fd, head, sizeof head, 0), sizeof head);
    ck_assert_int_eq(ftruncate(fd, 8192), 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    refused(fd);
    counters_map_free(map);
}
END_TEST

START_TEST(what_was_never_counted_takes_no_memory)
{
    struct counters *counters;
    struct stat status;

    set_up();
    counters = counters_take(counters_map_fd(map, 1));
    count_one(&counters->listeners[3].accepted);
    ck_assert_int_eq(fstat(counters_map_fd(map, 1), &status), 0);
    ck_assert_int_gt(status.st_size, 32 << 10);
    ck_assert_int_lt(status.st_blocks * 512, 32 << 10);
    counters_leave(counters);
    counters_map_free(map);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_next_writer_goes_on_where_a_killed_one_stopped,
        a_slot_that_is_not_there_is_nobodys,
        what_a_writer_does_to_its_file_is_seen_in_its_slot_alone,
        a_reader_sees_what_is_counted_and_cannot_write_it,
        nobody_can_shrink_or_grow_it,
        what_is_no_file_of_this_build_is_refused,
        a_file_that_is_too_short_is_refused,
        what_was_never_counted_takes_no_memory,
    };

    return check_run("counters_map", tests, ARRAY_LEN(tests));
}
