/* What a master goes on with that executed itself anew, and what it does where the binary before counted otherwise. */
#include "daemon/sight.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check_run.h"

static struct sight sight;
static int first; /* the file of the slot 0 */
static struct board_facts facts;

static int copy_of(int fd)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

    ck_assert_int_ge(copy, 0);
    return copy;
}

static void look(void)
{
    ck_assert(board_read(sight.board, &facts));
}

/* A worker counts in the slot 1, and the master is another one from then on. */
static bool adopt(int board, int counters)
{
    int files[2] = {copy_of(first), counters};
    bool is_same;

    ck_assert(sight_adopt(&sight, board, files, 2, &is_same));
    return is_same;
}

START_TEST(what_was_counted_and_told_goes_on)
{
    struct sight before;
    struct counters *counters;

    ck_assert(sight_open(&before));
    ck_assert(counters_map_make(before.counters, 0) && counters_map_make(before.counters, 1));
    first = counters_map_fd(before.counters, 0);
    counters = counters_take(counters_map_fd(before.counters, 1));
    count_more(&counters->handshakes, 7);
    board_applied(before.board, 3, 1700000000);
    ck_assert(adopt(copy_of(board_fd(before.board)), copy_of(counters_map_fd(before.counters, 1))));
    count_one(&counters->handshakes); /* by a worker that goes on, too */
    ck_assert_uint_eq(count_read(&counters_map_look(sight.counters, 1)->handshakes), 8);
    board_set_state(sight.board, BOARD_DRAINING); /* it can be written */
    look();
    ck_assert_uint_eq(facts.generation, 3);
    ck_assert_uint_eq(facts.state, BOARD_DRAINING);
    ck_assert_uint_eq(facts.processes[BOARD_MASTER].alive, 1);
    counters_leave(counters);
    sight_close(&before);
    sight_close(&sight);
}
END_TEST

START_TEST(what_another_build_counted_is_left_alone_and_all_begins_anew)
{
    struct sight before;

    ck_assert(sight_open(&before));
    ck_assert(counters_map_make(before.counters, 0) && counters_map_make(before.counters, 1));
    first = counters_map_fd(before.counters, 0);
    board_applied(before.board, 3, 1700000000);
    ck_assert(!adopt(copy_of(board_fd(before.board)), copy_of(STDERR_FILENO)));
    look();
    ck_assert_uint_eq(facts.generation, 0);
    ck_assert_uint_eq(facts.state, BOARD_STARTING);
    ck_assert_uint_eq(facts.processes[BOARD_MASTER].alive, 1);
    sight_close(&sight);
    ck_assert(!adopt(copy_of(STDERR_FILENO), copy_of(counters_map_fd(before.counters, 1))));
    look();
    ck_assert_uint_eq(facts.processes[BOARD_MASTER].alive, 1);
    sight_close(&sight);
    sight_close(&before);
}
END_TEST

START_TEST(certificates_are_written_down_by_a_child)
{
    struct board_certificates *certificates = sight_certificates_new();
    int status;
    pid_t pid;

    ck_assert_ptr_nonnull(certificates);
    ck_assert_uint_eq(certificates->count, 0);
    pid = fork();
    if (pid == 0) {
        certificates->count = 1;
        certificates->list[0].not_after = 1800000000;
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_uint_eq(certificates->count, 1);
    ck_assert_int_eq(certificates->list[0].not_after, 1800000000);
    sight_certificates_free(certificates);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_counted_and_told_goes_on,
        what_another_build_counted_is_left_alone_and_all_begins_anew,
        certificates_are_written_down_by_a_child,
    };
    return check_run("sight", tests, ARRAY_LEN(tests));
}
