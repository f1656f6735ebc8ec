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

static void set_up(void)
{
    map = counters_map_new(4);
    ck_assert_ptr_nonnull(map);
}

/* A process that takes the slot, counts `shed` up by `count`, leaves a gauge behind and is killed. */
static void count_and_be_killed(size_t slot, unsigned count)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct counters_map *own = counters_map_open(counters_map_fd(map), COUNTERS_MAP_WRITE);
        struct counters *counters = own ? counters_map_take(own, slot) : NULL;
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
    ck_assert_uint_eq(count_read(&counters_map_look(map, 2)->shed), 5);
    ck_assert_uint_eq(count_read(&counters_map_look(map, 2)->gauges.relayed[7]), 1);
    count_and_be_killed(2, 3);
    ck_assert_uint_eq(count_read(&counters_map_look(map, 2)->shed), 8);
    ck_assert_uint_eq(count_read(&counters_map_look(map, 2)->gauges.relayed[7]), 1); /* its own, not both */
    ck_assert_uint_eq(count_read(&counters_map_look(map, 1)->shed), 0);
    counters_map_free(map);
}
END_TEST

START_TEST(a_slot_that_is_not_there_is_nobodys)
{
    set_up();
    ck_assert_uint_eq(counters_map_slots(map), 4);
    ck_assert_ptr_nonnull(counters_map_take(map, 3));
    ck_assert_ptr_null(counters_map_take(map, 4));
    ck_assert_ptr_null(counters_map_look(map, 4));
    ck_assert_ptr_null(counters_map_new(0));
    ck_assert_ptr_null(counters_map_new(MAX_COUNTER_SLOTS + 1));
    counters_map_free(map);
}
END_TEST

START_TEST(a_reader_cannot_take_a_slot)
{
    struct counters_map *reader;

    set_up();
    reader = counters_map_open(counters_map_fd(map), COUNTERS_MAP_READ);
    ck_assert_ptr_nonnull(reader);
    ck_assert_ptr_null(counters_map_take(reader, 0));
    ck_assert_ptr_nonnull(counters_map_look(reader, 0));
    counters_map_free(reader);
    counters_map_free(map);
}
END_TEST

/* A reader whose file shrinks under it dies by SIGBUS. */
START_TEST(nobody_can_shrink_or_grow_it)
{
    set_up();
    ck_assert_int_ne(ftruncate(counters_map_fd(map), 4096), 0);
    ck_assert_int_ne(ftruncate(counters_map_fd(map), 1 << 30), 0);
    counters_map_free(map);
}
END_TEST

static void refused(int fd)
{
    ck_assert_ptr_null(counters_map_open(fd, COUNTERS_MAP_READ));
    ck_assert_int_eq(errno, EPROTO);
    close(fd);
}

/* The bytes of a good one in a file without its seals. */
START_TEST(what_is_no_map_of_this_build_is_refused)
{
    uint8_t head[64];
    struct stat status;
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    set_up();
    ck_assert_int_eq(pread(counters_map_fd(map), head, sizeof head, 0), sizeof head);
    ck_assert_int_eq(fstat(counters_map_fd(map), &status), 0);
    ck_assert_int_eq(ftruncate(fd, status.st_size), 0);
    ck_assert_int_eq(pwrite(fd, head, sizeof head, 0), sizeof head);
    refused(dup(fd));
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    counters_map_free(counters_map_open(fd, COUNTERS_MAP_READ)); /* sealed it is as good as any */
    head[16] ^= 1; /* another length of a slot, number of rows or of reasons is another build */
    ck_assert_int_eq(pwrite(fd, head, sizeof head, 0), sizeof head);
    refused(fd);
    refused(open("/dev/null", O_RDONLY | O_CLOEXEC));
    counters_map_free(map);
}
END_TEST

START_TEST(a_length_that_does_not_fit_the_number_of_slots_is_refused)
{
    uint8_t head[64];
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    set_up();
    ck_assert_int_eq(pread(counters_map_fd(map), head, sizeof head, 0), sizeof head);
    ck_assert_int_eq(pwrite(fd, head, sizeof head, 0), sizeof head);
    ck_assert_int_eq(ftruncate(fd, 8192), 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    refused(fd);
    counters_map_free(map);
}
END_TEST

START_TEST(what_was_never_counted_takes_no_memory)
{
    struct stat status;

    map = counters_map_new(MAX_COUNTER_SLOTS);
    ck_assert_ptr_nonnull(map);
    count_one(&counters_map_take(map, 0)->shed);
    count_one(&counters_map_take(map, 200)->listeners[3].accepted);
    ck_assert_int_eq(fstat(counters_map_fd(map), &status), 0);
    ck_assert_int_gt(status.st_size, 10 << 20);
    ck_assert_int_lt(status.st_blocks * 512, 128 << 10);
    counters_map_free(map);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_next_writer_goes_on_where_a_killed_one_stopped,
        a_slot_that_is_not_there_is_nobodys,
        a_reader_cannot_take_a_slot,
        nobody_can_shrink_or_grow_it,
        what_is_no_map_of_this_build_is_refused,
        a_length_that_does_not_fit_the_number_of_slots_is_refused,
        what_was_never_counted_takes_no_memory,
    };

    return check_run("counters_map", tests, ARRAY_LEN(tests));
}
