/* The sockets of [admin]: who may connect to them, and what becomes of their files. */
#include "admin/admin_sockets.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/heard.h"
#include "support/check_run.h"

static char directory[] = "/tmp/sallyport-admin-XXXXXX", path[64];
static struct config_address address;
static struct config_admin config;
static struct heard heard;
static struct admin_sockets sockets, next;

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/admin.sock", directory);
    address = (struct config_address){.place = {"f", 7}, .text = path, .is_unix = true, .path = path};
    config = (struct config_admin){{&address, 1}, 0600};
}

static void tear_down(void)
{
    ck_assert_int_eq(rmdir(directory), 0); /* nothing is left behind */
}

static bool open_sockets(struct admin_sockets *into, const struct admin_sockets *old)
{
    return admin_sockets_open(into, &config, old, heard_by(&heard));
}

static mode_t mode_of_file(void)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_mode & 0777;
}

START_TEST(the_file_has_the_configured_mode_whatever_the_umask_and_goes_at_the_end)
{
    set_up();
    umask(0);
    ck_assert(open_sockets(&sockets, NULL));
    ck_assert_int_eq(mode_of_file(), 0600);
    ck_assert_int_eq(umask(0), 0); /* as it was */
    admin_sockets_close(&sockets, NULL);
    umask(077);
    config.mode = 0666;
    ck_assert(open_sockets(&sockets, NULL));
    ck_assert_int_eq(mode_of_file(), 0666);
    admin_sockets_close(&sockets, NULL);
    tear_down();
}
END_TEST

START_TEST(a_file_that_nobody_answers_on_is_replaced)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int dead = socket(AF_UNIX, SOCK_STREAM, 0);

    set_up();
    snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    ck_assert_int_eq(bind(dead, (struct sockaddr *)&un, sizeof un), 0);
    close(dead);
    ck_assert(open_sockets(&sockets, NULL));
    admin_sockets_close(&sockets, NULL);
    tear_down();
}
END_TEST

START_TEST(what_somebody_answers_on_or_is_no_socket_is_left_alone_and_told)
{
    char words[256];

    set_up();
    ck_assert(open_sockets(&sockets, NULL));
    snprintf(words, sizeof words, "f:7: [admin] cannot listen on '%s': the address is in use by another process\n",
             path);
    ck_assert(!open_sockets(&next, NULL));
    ck_assert_str_eq(heard.text, words);
    ck_assert_int_eq(mode_of_file(), 0600);
    admin_sockets_close(&sockets, NULL);
    close(open(path, O_CREAT | O_WRONLY, 0644));
    ck_assert(!open_sockets(&sockets, NULL));
    ck_assert_ptr_nonnull(strstr(heard.text, "File exists"));
    ck_assert_int_eq(mode_of_file(), 0644);
    ck_assert_int_eq(unlink(path), 0);
    tear_down();
}
END_TEST

/* Not taken for an address in use: who is told that looks for a process that is not there. */
START_TEST(a_directory_that_is_not_to_be_had_is_told_as_what_it_is)
{
    char file[sizeof path];

    set_up();
    snprintf(file, sizeof file, "%s", path);
    close(open(file, O_CREAT | O_WRONLY, 0644));
    ck_assert_uint_lt(strlen(file) + 2, sizeof path);
    strcat(path, "/x");
    ck_assert(!open_sockets(&sockets, NULL));
    ck_assert_ptr_nonnull(strstr(heard.text, "Not a directory"));
    ck_assert_int_eq(unlink(file), 0);
    tear_down();
}
END_TEST

static int inode_of(int fd)
{
    struct stat status;

    ck_assert_int_eq(fstat(fd, &status), 0);
    return (int)status.st_ino;
}

/* The mode when it is in force, and not when it is refused. */
START_TEST(a_reload_goes_on_with_the_same_socket_and_file_and_then_its_mode)
{
    set_up();
    ck_assert(open_sockets(&sockets, NULL));
    config.mode = 0660;
    ck_assert(open_sockets(&next, &sockets));
    ck_assert_int_eq(inode_of(sockets.fds[0]), inode_of(next.fds[0]));
    ck_assert_int_eq(mode_of_file(), 0600);
    admin_sockets_close(&sockets, &next);
    ck_assert(admin_sockets_set_mode(&next, 0660));
    ck_assert_int_eq(mode_of_file(), 0660);
    ck_assert_int_eq(access(path, F_OK), 0);
    admin_sockets_close(&next, NULL);
    tear_down();
}
END_TEST

START_TEST(a_fault_in_one_of_several_closes_what_was_opened_but_not_what_goes_on)
{
    struct config_address both[2];

    set_up();
    ck_assert(open_sockets(&sockets, NULL));
    both[0] = address;
    both[1] =
        (struct config_address){.place = {"f", 8}, .text = "unix:/nowhere/a", .is_unix = true, .path = "/nowhere/a"};
    config.addresses = (struct config_address_list){both, 2};
    ck_assert(!open_sockets(&next, &sockets));
    ck_assert_str_eq(heard.text, "f:8: [admin] cannot listen on 'unix:/nowhere/a': No such file or directory\n");
    ck_assert_uint_eq(next.count, 0);
    ck_assert_int_eq(access(path, F_OK), 0);
    admin_sockets_close(&sockets, NULL);
    tear_down();
}
END_TEST

START_TEST(a_port_is_of_loopback_and_listens)
{
    struct socket_address own;

    set_up();
    address = (struct config_address){.place = {"f", 7}, .text = "127.0.0.1:0", .host = "127.0.0.1"};
    ck_assert(open_sockets(&sockets, NULL));
    ck_assert(address_of_socket(sockets.fds[0], &own));
    ck_assert_uint_eq(own.v4.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    ck_assert(fcntl(sockets.fds[0], F_GETFL) & O_NONBLOCK);
    ck_assert(fcntl(sockets.fds[0], F_GETFD) & FD_CLOEXEC);
    admin_sockets_close(&sockets, NULL);
    tear_down();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_file_has_the_configured_mode_whatever_the_umask_and_goes_at_the_end,
        a_file_that_nobody_answers_on_is_replaced,
        what_somebody_answers_on_or_is_no_socket_is_left_alone_and_told,
        a_directory_that_is_not_to_be_had_is_told_as_what_it_is,
        a_reload_goes_on_with_the_same_socket_and_file_and_then_its_mode,
        a_fault_in_one_of_several_closes_what_was_opened_but_not_what_goes_on,
        a_port_is_of_loopback_and_listens,
    };

    return check_run("admin_sockets", tests, ARRAY_LEN(tests));
}
