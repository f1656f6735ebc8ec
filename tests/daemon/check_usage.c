/* Time and memory that processes take, as the master tells of them. */
#include "daemon/usage.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/master.h"
#include "support/check_run.h"

static struct master master;
static struct child worker;
static struct board_facts facts;

static void set_up(void)
{
    master = (struct master){.memory = -1, .children = {&worker}, .child_count = 1};
    worker = (struct child){.master = &master, .role = PROCESS_WORKER, .memory = -1};
    ck_assert(sight_open(&master.sight));
}

static void tear_down(void)
{
    sight_close(&master.sight);
}

static const struct board_processes *look(enum process_role role)
{
    usage_look(&master);
    ck_assert(board_read(master.sight.board, &facts));
    return &facts.processes[role];
}

static uint64_t own_time(void)
{
    struct rusage usage;

    ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* A process that computes for `milliseconds`, says a byte, and waits. */
static void start_process(unsigned milliseconds)
{
    int ends[2];
    char byte;

    ck_assert_int_eq(pipe(ends), 0);
    worker.pid = fork();
    if (worker.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (own_time() < milliseconds * 1000)
            ;
        ck_assert_int_eq(write(ends[1], "x", 1), 1);
        pause();
        _exit(0);
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
}

static void end_process(void)
{
    struct rusage usage;

    ck_assert_int_eq(kill(worker.pid, SIGKILL), 0);
    ck_assert_int_eq(wait4(worker.pid, NULL, 0, &usage), worker.pid);
    usage_ended(&worker, &usage);
    worker.pid = 0;
}

START_TEST(what_a_process_computes_is_seen_while_it_lives_and_stays_when_it_has_ended)
{
    uint64_t before;

    set_up();
    ck_assert_uint_eq(look(PROCESS_WORKER)->cpu, 0);
    start_process(50);
    before = look(PROCESS_WORKER)->cpu;
    ck_assert(before >= 50000 && before < 10000000);
    for (int i = 0; i < 10; i++) /* it waits, and nothing is told twice */
        ck_assert(look(PROCESS_WORKER)->cpu >= before && facts.processes[PROCESS_WORKER].cpu < before + 40000);
    end_process();
    ck_assert_uint_ge(look(PROCESS_WORKER)->cpu, before);
    before = look(PROCESS_WORKER)->cpu;
    start_process(30); /* the next one's time is its own */
    ck_assert_uint_ge(look(PROCESS_WORKER)->cpu, before + 30000);
    end_process();
    ck_assert_uint_eq(look(PROCESS_KEYHOLDER)->cpu, 0);
    tear_down();
}
END_TEST

START_TEST(what_one_took_before_is_on_the_board_already_where_a_binary_goes_on)
{
    set_up();
    start_process(50);
    usage_adopt(&worker);
    ck_assert_uint_lt(look(PROCESS_WORKER)->cpu, 50000);
    end_process();
    tear_down();
}
END_TEST

START_TEST(memory_is_seen_while_a_process_lives)
{
    const size_t len = 32 << 20, slack = 4 << 20; /* the kernel counts in batches */
    uint64_t before;
    void *more;
    pid_t pid;

    set_up();
    start_process(0);
    ck_assert_uint_eq(look(PROCESS_WORKER)->resident, 0);
    pid = worker.pid;
    worker.pid = getpid(); /* this process stands for it */
    usage_born(&worker);
    worker.pid = pid;
    before = look(PROCESS_WORKER)->resident;
    ck_assert_uint_gt(before, 1 << 18);
    more = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    ck_assert_ptr_ne(more, MAP_FAILED);
    ck_assert_uint_ge(look(PROCESS_WORKER)->resident, before + len - slack);
    munmap(more, len);
    end_process();
    ck_assert_int_eq(worker.memory, -1);
    ck_assert_uint_eq(look(PROCESS_WORKER)->resident, 0);
    tear_down();
}
END_TEST

START_TEST(the_master_sees_itself)
{
    set_up();
    usage_begin(&master);
    ck_assert_uint_gt(look(PROCESS_MASTER)->resident, 1 << 18);
    while (own_time() < 20000)
        ;
    ck_assert_uint_ge(look(PROCESS_MASTER)->cpu, 19000);
    close(master.memory);
    tear_down();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_a_process_computes_is_seen_while_it_lives_and_stays_when_it_has_ended,
        what_one_took_before_is_on_the_board_already_where_a_binary_goes_on,
        memory_is_seen_while_a_process_lives,
        the_master_sees_itself,
    };

    return check_run("usage", tests, ARRAY_LEN(tests));
}
