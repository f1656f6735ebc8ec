/*
 * What one master leaves to the next, there and back, and what is none of it; and the sockets of a service manager.
 */
#include "daemon/upgrade_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "daemon/activation.h"
#include "support/check_run.h"

static uint8_t storage[4096];

static struct state_socket sockets[] = {
    {.address = {.v4 = {.sin_family = AF_INET, .sin_port = 0xbb01}, .len = sizeof(struct sockaddr_in)},
     .listen = 1,
     .fd = 9},
    {.address = {.un = {.sun_family = AF_UNIX, .sun_path = "/run/a"},
                 .len = offsetof(struct sockaddr_un, sun_path) + 7},
     .listen = 0,
     .is_passed = 1,
     .fd = 11,
     .name = "web"},
};

static struct upgrade_state example(void)
{
    struct upgrade_state state = {
        .last_number = 7,
        .current = 6,
        .public = 20,
        .secret = 21,
        .earlier_secret = -1,
        .board = 22,
        .counters = {23, 25},
        .counters_count = 2,
        .admin = {.count = 1,
                  .fds = {24},
                  .addresses = {{.un = {.sun_family = AF_UNIX, .sun_path = "/run/b"},
                                 .len = offsetof(struct sockaddr_un, sun_path) + 7}}},
        .worker_count = 2,
        .keyholder_count = 1,
        .is_filtered = 1,
        .sockets = sockets,
        .socket_count = ARRAY_LEN(sockets),
        .children = {{.role = PROCESS_WORKER,
                      .number = 1,
                      .serving = 6,
                      .is_confined = 1,
                      .words_due = 2,
                      .asks = 5,
                      .is_asking_in_vain = 1,
                      .key_wire = 9,
                      .slot = 3,
                      .pid = 100,
                      .control = 30},
                     {.role = PROCESS_WORKER,
                      .number = 2,
                      .serving = 5,
                      .drain_timeout = 86400000000,
                      .is_leaving = 1,
                      .slot = -1,
                      .pid = 101,
                      .control = -1},
                     {.role = PROCESS_KEYHOLDER,
                      .number = 1,
                      .generation = 6,
                      .serving = 6,
                      .pings = 3,
                      .pid = 102,
                      .control = 32}},
        .child_count = 3,
    };

    ck_assert(ticket_root_new(&state.tickets, random_system(), 1000000, 60, 120));
    return state;
}

static struct bytes written(const struct upgrade_state *state)
{
    struct writer w = writer_of(storage, sizeof storage);

    upgrade_state_write(state, &w);
    ck_assert(writer_ok(&w));
    return writer_view(&w);
}

START_TEST(all_of_it_comes_back)
{
    struct upgrade_state state = example(), read;

    ck_assert(upgrade_state_read(written(&state), &read));
    ck_assert_uint_eq(read.last_number, 7);
    ck_assert_uint_eq(read.current, 6);
    ck_assert_int_eq(read.public, 20);
    ck_assert_int_eq(read.earlier_secret, -1);
    ck_assert_uint_eq(read.keyholder_count, 1);
    ck_assert_uint_eq(read.is_filtered, 1);
    ck_assert_mem_eq(read.tickets.secret, state.tickets.secret, sizeof read.tickets.secret);
    ck_assert_uint_eq(read.socket_count, 2);
    ck_assert_int_eq(read.sockets[1].fd, 11);
    ck_assert_str_eq(read.sockets[1].name, "web");
    ck_assert_uint_eq(read.sockets[0].is_passed, 0);
    ck_assert_uint_eq(read.sockets[1].is_passed, 1);
    ck_assert_str_eq(read.sockets[1].address.un.sun_path, "/run/a");
    ck_assert_uint_eq(read.sockets[0].address.v4.sin_port, 0xbb01);
    ck_assert_int_eq(read.board, 22);
    ck_assert_uint_eq(read.counters_count, 2);
    ck_assert_int_eq(read.counters[0], 23);
    ck_assert_int_eq(read.counters[1], 25);
    ck_assert_uint_eq(read.admin.count, 1);
    ck_assert_int_eq(read.admin.fds[0], 24);
    ck_assert_str_eq(read.admin.addresses[0].un.sun_path, "/run/b");
    ck_assert_uint_eq(read.child_count, 3);
    ck_assert_int_eq(read.children[0].slot, 3);
    ck_assert_uint_eq(read.children[0].is_confined, 1);
    ck_assert_uint_eq(read.children[0].words_due, 2);
    ck_assert_uint_eq(read.children[0].asks, 5);
    ck_assert_uint_eq(read.children[0].is_asking_in_vain, 1);
    ck_assert_uint_eq(read.children[0].key_wire, 9);
    ck_assert_int_eq(read.children[1].slot, -1);
    ck_assert_int_eq(read.children[1].control, -1);
    ck_assert_uint_eq(read.children[1].is_leaving, 1);
    ck_assert_uint_eq(read.children[1].drain_timeout, 86400000000);
    ck_assert_uint_eq(read.children[1].is_asking_in_vain, 0);
    ck_assert_uint_eq(read.children[2].generation, 6);
    ck_assert_uint_eq(read.children[2].pings, 3);
    upgrade_state_free(&read);
}
END_TEST

START_TEST(without_a_root_there_is_none_afterwards)
{
    struct upgrade_state state = example(), read;

    state.tickets = (struct ticket_root){.issues = 0};
    ck_assert(upgrade_state_read(written(&state), &read));
    ck_assert_uint_eq(read.tickets.issues, 0);
    upgrade_state_free(&read);
}
END_TEST

static bool is_read(struct bytes bytes)
{
    struct upgrade_state read;
    bool is_ok = upgrade_state_read(bytes, &read);

    upgrade_state_free(&read);
    return is_ok;
}

START_TEST(another_version_and_every_cut_are_refused)
{
    struct upgrade_state state = example();
    struct bytes all = written(&state);

    for (size_t len = 0; len < all.len; len++)
        ck_assert_msg(!is_read(bytes_of(all.at, len)), "cut after %zu", len);
    ck_assert(is_read(all));
    storage[all.len] = 0;
    ck_assert(!is_read(bytes_of(all.at, all.len + 1)));
    storage[3]++;
    ck_assert(!is_read(all));
}
END_TEST

START_TEST(the_seed_of_the_fuzzer_is_of_this_form)
{
    const char *top = getenv("top_srcdir");
    char path[512];
    FILE *file;
    size_t len;

    snprintf(path, sizeof path, "%s/tests/data/corpus/control/state", top ? top : "..");
    file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    len = fread(storage, 1, sizeof storage, file);
    fclose(file);
    ck_assert(is_read(bytes_of(storage, len)));
}
END_TEST

/* ---- a service manager's sockets, in a process of its own: they are 3, 4, 5 */

static int listening_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0)
        _exit(90);
    return fd;
}

static void set_environment(long pid, const char *names)
{
    char text[32];

    snprintf(text, sizeof text, "%ld", pid);
    (void)!setenv("LISTEN_PID", text, 1);
    (void)!setenv("LISTEN_FDS", "3", 1);
    (void)!setenv("LISTEN_FDNAMES", names, 1);
}

static int take_in_child(void)
{
    struct listen_sockets *passed;
    int first = listening_socket(), second = listening_socket();

    if (dup2(first, 103) < 0 || dup2(second, 104) < 0 || dup2(103, 3) < 0 || dup2(STDERR_FILENO, 4) < 0 ||
        dup2(104, 5) < 0)
        return 91;
    set_environment((long)getpid() + 1, "web:none:mail");
    if (activation_take()) /* meant for another process */
        return 92;
    if (getenv("LISTEN_FDS"))
        return 93;
    set_environment((long)getpid(), "web:none:mail");
    passed = activation_take();
    if (!passed || passed->count != 2)
        return 94;
    if (passed->sockets[0].fd != 3 || strcmp(passed->sockets[0].name, "web") != 0)
        return 95;
    if (passed->sockets[1].fd != 5 || strcmp(passed->sockets[1].name, "mail") != 0)
        return 96;
    listen_sockets_free(passed);
    return 0;
}

START_TEST(sockets_of_the_service_manager_have_the_names_that_it_gave_them)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(take_in_child());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        all_of_it_comes_back,
        without_a_root_there_is_none_afterwards,
        another_version_and_every_cut_are_refused,
        the_seed_of_the_fuzzer_is_of_this_form,
        sockets_of_the_service_manager_have_the_names_that_it_gave_them,
    };
    return check_run("upgrade", tests, ARRAY_LEN(tests));
}
