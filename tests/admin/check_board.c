/* What the master tells of the whole: names that keep their place, and readers that see whole changes alone. */
#include "admin/board.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/config.h"
#include "support/check_run.h"

static struct board *board;
static struct board_facts facts;

static void set_up(void)
{
    board = board_new(1700000000);
    ck_assert_ptr_nonnull(board);
}

static void look(void)
{
    ck_assert(board_read(board, &facts));
}

static void name_listener(const char *name)
{
    struct config_listen listen = {.name = name};
    struct config config = {.listens = &listen, .listen_count = 1};

    board_add_names(board, &config);
}

START_TEST(it_begins_as_starting_and_counts_reloads_from_the_second_configuration_on)
{
    set_up();
    look();
    ck_assert_uint_eq(facts.state, BOARD_STARTING);
    ck_assert_int_eq(facts.started_at, 1700000000);
    ck_assert_uint_eq(facts.is_last_reload_good, 1);
    board_applied(board, 1, 1700000001);
    board_set_state(board, BOARD_READY);
    board_refused(board);
    look();
    ck_assert_uint_eq(facts.reloads_applied, 0);
    ck_assert_uint_eq(facts.reloads_refused, 1);
    ck_assert_uint_eq(facts.is_last_reload_good, 0);
    ck_assert_uint_eq(facts.generation, 1);
    board_applied(board, 2, 1700000009);
    look();
    ck_assert_uint_eq(facts.reloads_applied, 1);
    ck_assert_uint_eq(facts.is_last_reload_good, 1);
    ck_assert_int_eq(facts.loaded_at, 1700000009);
    ck_assert_uint_eq(facts.state, BOARD_READY);
    board_free(board);
}
END_TEST

START_TEST(a_name_keeps_its_place_and_gets_it_back)
{
    uint16_t web, mail;

    set_up();
    name_listener("web");
    name_listener("mail");
    name_listener("web");
    look();
    web = board_listener_index(&facts, "web");
    mail = board_listener_index(&facts, "mail");
    ck_assert_uint_ne(web, mail);
    ck_assert_str_eq(facts.listeners[web], "web");
    ck_assert_str_eq(facts.listeners[mail], "mail");
    ck_assert_str_eq(facts.listeners[2], "");
    ck_assert_uint_eq(board_listener_index(&facts, "other"), MAX_COUNTED_LISTENERS - 1);
    ck_assert_uint_eq(board_server_index(&facts, "demo", "demo"), 0);
    board_free(board);
}
END_TEST

/* Else a name that nobody serves is shown, and the places are used up by configurations that were refused. */
START_TEST(the_names_of_what_is_refused_are_forgotten_again)
{
    struct config_value protocols[] = {{.text = "h2"}, {.text = "http/1.1"}};
    struct config_listen listen = {.name = "web", .alpn = {protocols, 1}};
    struct config config = {.listens = &listen, .listen_count = 1};
    struct board_facts before;

    set_up();
    (void)board_add_names(board, &config);
    look();
    before = facts;
    for (int i = 0; i < 2 * MAX_COUNTED_LISTENERS; i++) {
        char name[16];
        struct board_mark mark;
        snprintf(name, sizeof name, "web%d", i);
        listen = (struct config_listen){.name = name, .alpn = {protocols, 2}};
        mark = board_add_names(board, &config);
        look();
        ck_assert_str_eq(facts.listeners[1], name);
        ck_assert_str_eq(facts.protocols[2], "http/1.1");
        board_forget_names(board, mark);
    }
    look();
    ck_assert_mem_eq(facts.protocols, before.protocols, sizeof facts.protocols);
    ck_assert_str_eq(facts.listeners[0], "web");
    ck_assert_str_eq(facts.listeners[1], "");
    ck_assert_str_eq(facts.listeners[MAX_COUNTED_LISTENERS - 1], "");
    board_free(board);
}
END_TEST

START_TEST(protocols_have_places_too_and_the_first_is_for_none)
{
    char names[2 * MAX_COUNTED_PROTOCOLS][8];
    struct config_value protocols[2 * MAX_COUNTED_PROTOCOLS] = {{.text = "h2"}, {.text = "http/1.1"}};
    struct config_listen listen = {.name = "web", .alpn = {protocols, 2}};
    struct config config = {.listens = &listen, .listen_count = 1};

    set_up();
    board_add_names(board, &config);
    board_add_names(board, &config);
    look();
    ck_assert_str_eq(facts.protocols[COUNTED_NO_PROTOCOL], "");
    ck_assert_str_eq(facts.protocols[1], "h2");
    ck_assert_str_eq(facts.protocols[2], "http/1.1");
    ck_assert_str_eq(facts.protocols[3], "");
    for (int i = 0; i < 2 * MAX_COUNTED_PROTOCOLS; i++) {
        snprintf(names[i], sizeof names[i], "p%d", i);
        protocols[i].text = names[i];
    }
    listen.alpn.count = ARRAY_LEN(protocols);
    board_add_names(board, &config);
    look();
    ck_assert_str_eq(facts.protocols[1], "h2");
    ck_assert_str_eq(facts.protocols[3], "p0");
    ck_assert_str_eq(facts.protocols[MAX_COUNTED_PROTOCOLS - 2], "p11");
    ck_assert_str_eq(facts.protocols[MAX_COUNTED_PROTOCOLS - 1], "(others)");
    board_free(board);
}
END_TEST

START_TEST(what_finds_no_place_shares_the_last_one)
{
    char name[32];

    set_up();
    for (int i = 0; i < 2 * MAX_COUNTED_LISTENERS; i++) {
        snprintf(name, sizeof name, "l%d", i);
        name_listener(name);
    }
    look();
    ck_assert_uint_eq(board_listener_index(&facts, "l0"), 0);
    ck_assert_uint_eq(board_listener_index(&facts, "l62"), 62);
    ck_assert_uint_eq(board_listener_index(&facts, "l63"), 63);
    ck_assert_uint_eq(board_listener_index(&facts, "l100"), 63);
    ck_assert_str_eq(facts.listeners[63], "(others)");
    board_free(board);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_cut_and_found_all_the_same)
{
    char name[2 * MAX_BOARD_NAME_LEN];

    memset(name, 'a', sizeof name);
    name[sizeof name - 1] = 0;
    set_up();
    name_listener("b");
    name_listener(name);
    name_listener(name);
    look();
    ck_assert_uint_eq(board_listener_index(&facts, name), 1);
    ck_assert_uint_eq(strlen(facts.listeners[1]), MAX_BOARD_NAME_LEN - 1);
    ck_assert_str_eq(facts.listeners[2], "");
    board_free(board);
}
END_TEST

START_TEST(slots_are_given_out_once_and_again_when_their_process_is_gone)
{
    size_t slot;

    set_up();
    ck_assert(board_take_slot(board, 2, &slot) && slot == 0);
    ck_assert(board_take_slot(board, 2, &slot) && slot == 1);
    ck_assert(!board_take_slot(board, 2, &slot));
    board_leave_slot(board, 0);
    look();
    ck_assert_uint_eq(facts.slot_count, 2); /* what was counted in the first is still there to be summed up */
    ck_assert_uint_eq(facts.is_slot_live[0], 0);
    ck_assert(board_take_slot(board, 2, &slot) && slot == 0);
    board_free(board);
}
END_TEST

START_TEST(processes_are_counted_by_how_they_ended)
{
    const struct board_processes *workers = &facts.processes[BOARD_WORKER];

    set_up();
    board_process_started(board, BOARD_WORKER);
    board_process_started(board, BOARD_WORKER);
    board_process_ended(board, BOARD_WORKER, BOARD_PROCESS_CRASHED);
    board_process_ended(board, BOARD_WORKER, BOARD_PROCESS_TOLD);
    board_process_ended(board, BOARD_WORKER, BOARD_PROCESS_TOLD); /* one too many is no reason for 2^64 of them */
    look();
    ck_assert_uint_eq(workers->alive, 0);
    ck_assert_uint_eq(workers->started, 2);
    ck_assert_uint_eq(workers->crashed, 1);
    board_free(board);
}
END_TEST

/* It is the kernel that keeps them from it, since Linux 5.1. */
START_TEST(nobody_else_can_write_on_it)
{
    void *at;

    set_up();
    at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, board_fd(board), 0);
    ck_assert_ptr_eq(at, MAP_FAILED);
    ck_assert_int_ne(ftruncate(board_fd(board), 0), 0);
    ck_assert_int_lt(pwrite(board_fd(board), "x", 1, 0), 0);
    board_set_state(board, BOARD_DRAINING); /* its maker can */
    look();
    ck_assert_uint_eq(facts.state, BOARD_DRAINING);
    board_free(board);
}
END_TEST

START_TEST(what_is_no_board_is_refused)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    ck_assert_ptr_null(board_open(fd));
    ck_assert_int_eq(errno, EPROTO);
    ck_assert_int_eq(ftruncate(fd, 4096), 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
    ck_assert_ptr_null(board_open(fd));
    close(fd);
}
END_TEST

/* As a master that executed itself anew goes on; the one before it writes no more. */
START_TEST(a_writer_that_comes_after_another_goes_on_with_all_that_was_there)
{
    struct board *next;

    set_up();
    name_listener("a");
    board_applied(board, 7, 1700000009);
    board_process_started(board, BOARD_WORKER);
    next = board_new_after(board_fd(board));
    ck_assert_ptr_nonnull(next);
    board_free(board);
    board = next;
    board_refused(board);
    name_listener("b");
    look();
    ck_assert_int_eq(facts.started_at, 1700000000);
    ck_assert_uint_eq(facts.generation, 7);
    ck_assert_uint_eq(facts.reloads_refused, 1);
    ck_assert_uint_eq(facts.processes[BOARD_WORKER].alive, 1);
    ck_assert_uint_eq(board_listener_index(&facts, "b"), 1);
    board_free(board);
    ck_assert_ptr_null(board_new_after(STDERR_FILENO));
    ck_assert_int_eq(errno, EPROTO);
}
END_TEST

/* They are written down by the process that loads them, which is believed as little as any other. */
START_TEST(certificates_are_put_up_as_they_are_and_taken_down_by_the_next_configuration)
{
    static struct board_certificates certificates;

    set_up();
    certificates.count = 2;
    certificates.list[1].not_after = 1800000000;
    memset(certificates.list[1].name, 'n', sizeof certificates.list[1].name); /* without an end */
    board_set_certificates(board, &certificates);
    look();
    ck_assert_uint_eq(facts.certificates.count, 2);
    ck_assert_int_eq(facts.certificates.list[1].not_after, 1800000000);
    ck_assert_uint_eq(strlen(facts.certificates.list[1].name), MAX_BOARD_FILE_LEN - 1);
    certificates.count = certificates.crl_count = UINT64_MAX;
    memset(certificates.crls[1].listener, 'l', sizeof certificates.crls[1].listener);
    board_set_certificates(board, &certificates);
    look();
    ck_assert_uint_eq(facts.certificates.count, MAX_BOARD_CERTIFICATES);
    ck_assert_uint_eq(facts.certificates.crl_count, MAX_BOARD_CRLS);
    ck_assert_uint_eq(strlen(facts.certificates.crls[1].listener), MAX_BOARD_NAME_LEN - 1);
    board_applied(board, 2, 1700000009);
    look();
    ck_assert_uint_eq(facts.certificates.count + facts.certificates.crl_count, 0);
    board_free(board);
}
END_TEST

enum { LOOKS = 5000 };

/* The two facts always say the same; only a reader between the two sees them differ. */
static void change_for_ever(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint64_t i = 1;; i++) {
        board_begin(board);
        board_applied(board, i, (int64_t)i);
        board_end(board);
        usleep((useconds_t)(i % 1000));
    }
}

START_TEST(a_reader_in_another_process_sees_whole_changes_alone)
{
    struct board *reader;
    pid_t writer;
    unsigned seen = 0;
    uint64_t last = 0;

    set_up();
    writer = fork();
    if (writer == 0)
        change_for_ever();
    reader = board_open(board_fd(board));
    ck_assert_ptr_nonnull(reader);
    for (int i = 0; i < LOOKS; i++) {
        if (!board_read(reader, &facts))
            continue;
        ck_assert_int_eq(facts.loaded_at, (int64_t)facts.generation);
        ck_assert_uint_ge(facts.generation, last);
        seen += facts.generation != last;
        last = facts.generation;
    }
    kill(writer, SIGKILL);
    ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
    ck_assert_uint_gt(seen, 10);
    board_free(reader);
    board_free(board);
}
END_TEST

START_TEST(a_writer_that_stopped_in_the_middle_makes_nobody_wait)
{
    set_up();
    board_begin(board);
    ck_assert(!board_read(board, &facts));
    board_begin(board); /* they nest */
    board_end(board);
    ck_assert(!board_read(board, &facts));
    board_end(board);
    ck_assert(board_read(board, &facts));
    board_free(board);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        it_begins_as_starting_and_counts_reloads_from_the_second_configuration_on,
        a_name_keeps_its_place_and_gets_it_back,
        the_names_of_what_is_refused_are_forgotten_again,
        protocols_have_places_too_and_the_first_is_for_none,
        what_finds_no_place_shares_the_last_one,
        a_name_that_is_too_long_is_cut_and_found_all_the_same,
        slots_are_given_out_once_and_again_when_their_process_is_gone,
        processes_are_counted_by_how_they_ended,
        nobody_else_can_write_on_it,
        a_writer_that_comes_after_another_goes_on_with_all_that_was_there,
        certificates_are_put_up_as_they_are_and_taken_down_by_the_next_configuration,
        what_is_no_board_is_refused,
        a_reader_in_another_process_sees_whole_changes_alone,
        a_writer_that_stopped_in_the_middle_makes_nobody_wait,
    };

    return check_run("board", tests, ARRAY_LEN(tests));
}
