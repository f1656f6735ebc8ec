/*
 * Backends behind unix sockets, as the master connects to them: to which paths, for how long, how often, and how it
 * never waits.
 */
#include "daemon/unix_backends.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/check_run.h"

enum { SECOND = 1000 * 1000 };

static char directory[] = "/tmp/sallyport-unix.XXXXXX";
static struct unix_backends backends;

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

static void end(void)
{
    unix_backends_free(&backends);
    ck_assert_int_eq(rmdir(directory), 0);
}

static struct sockaddr_un path_of(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", directory, name);
    return address;
}

static int listen_at(const char *name, int backlog)
{
    struct sockaddr_un address = path_of(name);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, backlog), 0);
    return fd;
}

static void stop_listening(int fd, const char *name)
{
    close(fd);
    ck_assert_int_eq(unlink(path_of(name).sun_path), 0);
}

static void tell(void *context, const char *finding)
{
    (void)context;
    fprintf(stderr, "%s\n", finding);
}

static struct config *config_of(const char *server)
{
    char text[512];
    struct config *config;

    snprintf(text, sizeof text,
             "[listen a]\naddress = 127.0.0.1:1\ncertificate = development\nbackend = b\n"
             "[backend b]\nserver = 127.0.0.1:2\nserver = unix:%s/%s\n",
             directory, server);
    config = config_parse("test", bytes_of_string(text), (struct config_findings){tell, NULL});
    ck_assert_ptr_nonnull(config);
    return config;
}

static void add(const char *server)
{
    struct config *config = config_of(server);

    ck_assert(unix_backends_add(&backends, config));
    config_free(config);
}

static void keep(const char *server, uint64_t now)
{
    struct config *config = config_of(server);

    unix_backends_keep(&backends, config, now);
    config_free(config);
}

static int connect_at(const char *name, uint64_t now)
{
    int fd, error = unix_backends_connect(&backends, path_of(name).sun_path, now, &fd);

    ck_assert_int_eq(error == 0, fd >= 0);
    if (fd >= 0)
        close(fd);
    return error;
}

START_TEST(what_a_configuration_names_is_connected_to_and_nothing_else)
{
    int named, other;

    begin();
    named = listen_at("named", 8);
    other = listen_at("other", 8);
    ck_assert_int_eq(connect_at("named", 1), EACCES);
    add("named");
    ck_assert_int_eq(connect_at("named", 1), 0);
    ck_assert_int_eq(connect_at("other", 1), EACCES);
    ck_assert_int_eq(connect_at("name", 1), EACCES);
    ck_assert_int_eq(connect_at("named/", 1), EACCES);
    ck_assert_int_eq(connect_at("./named", 1), EACCES);
    stop_listening(named, "named");
    stop_listening(other, "other");
    end();
}
END_TEST

START_TEST(nobody_there_and_no_room_in_the_queue_are_errors_at_once)
{
    int full, fds[8], count = 0, error = 0;

    begin();
    add("full");
    ck_assert_int_eq(connect_at("full", 1), ENOENT);
    full = listen_at("full", 0);
    while (count < 8 && error == 0)
        error = unix_backends_connect(&backends, path_of("full").sun_path, 1, &fds[count++]);
    ck_assert_int_eq(error, EAGAIN);
    for (int i = 0; i + 1 < count; i++)
        close(fds[i]);
    close(full);
    ck_assert_int_eq(connect_at("full", 1), ECONNREFUSED);
    ck_assert_int_eq(unlink(path_of("full").sun_path), 0);
    end();
}
END_TEST

START_TEST(what_is_named_no_longer_is_connected_to_for_two_minutes_and_then_forgotten)
{
    int before, after;

    begin();
    before = listen_at("before", 8);
    after = listen_at("after", 8);
    add("before");
    add("after");
    keep("after", SECOND);
    ck_assert_int_eq(connect_at("before", SECOND), 0);
    ck_assert_int_eq(connect_at("before", UINT64_C(120) * SECOND), 0);
    ck_assert_int_eq(connect_at("before", UINT64_C(121) * SECOND), EACCES);
    ck_assert_int_eq(connect_at("after", UINT64_C(121) * SECOND), 0);
    keep("after", UINT64_C(121) * SECOND);
    ck_assert_uint_eq(backends.count, 1);
    stop_listening(before, "before");
    stop_listening(after, "after");
    end();
}
END_TEST

START_TEST(what_is_named_again_stays)
{
    int fd;

    begin();
    fd = listen_at("again", 8);
    add("again");
    keep("other", SECOND);
    keep("again", 2 * SECOND);
    ck_assert_int_eq(connect_at("again", UINT64_C(1000) * SECOND), 0);
    keep("other", SECOND);
    add("again");
    ck_assert_int_eq(connect_at("again", UINT64_C(1000) * SECOND), 0);
    stop_listening(fd, "again");
    end();
}
END_TEST

START_TEST(who_asks_too_often_within_a_second_is_noticed)
{
    struct unix_quota quota = {0, 0};

    for (int i = 0; i < MAX_UNIX_CONNECTS; i++)
        ck_assert(unix_quota_take(&quota, 5 * SECOND + (uint64_t)i));
    ck_assert(!unix_quota_take(&quota, 6 * SECOND - 1));
    ck_assert(unix_quota_take(&quota, 6 * SECOND));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_a_configuration_names_is_connected_to_and_nothing_else,
        nobody_there_and_no_room_in_the_queue_are_errors_at_once,
        what_is_named_no_longer_is_connected_to_for_two_minutes_and_then_forgotten,
        what_is_named_again_stays,
        who_asks_too_often_within_a_second_is_noticed,
    };
    return check_run("unix_backends", tests, ARRAY_LEN(tests));
}
