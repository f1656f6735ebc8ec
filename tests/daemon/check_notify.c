/*
 * What the service manager hears, word for word.
 */
#include "daemon/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check_run.h"

static int manager;
static char heard[1024];
static struct notify notify;

/* In no file system: nothing has to be cleaned away. */
static void be_the_manager(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char name[64];
    int len = snprintf(name, sizeof name, "@sallyport-test-%ld", (long)getpid());

    memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_eq(
        bind(manager, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)),
        0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static const char *hear(void)
{
    ssize_t len = recv(manager, heard, sizeof heard - 1, 0);

    heard[len > 0 ? len : 0] = 0;
    return heard;
}

START_TEST(each_state_is_one_message)
{
    be_the_manager();
    notify_open(&notify);
    notify_ready(&notify, "serving");
    ck_assert_str_eq(hear(), "READY=1\nSTATUS=serving");
    notify_reloading(&notify, 1234567);
    ck_assert_str_eq(hear(), "RELOADING=1\nMONOTONIC_USEC=1234567\nSTATUS=reloading");
    notify_stopping(&notify, "draining", UINT64_C(90000) * 1000 * 1000);
    ck_assert_str_eq(hear(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=90000000000\nSTATUS=draining");
    notify_status(&notify, "still there");
    ck_assert_str_eq(hear(), "STATUS=still there");
    notify_alive(&notify);
    ck_assert_str_eq(hear(), "WATCHDOG=1");
    notify_close(&notify);
    notify_alive(&notify);
    ck_assert_str_eq(hear(), "");
}
END_TEST

START_TEST(without_a_manager_nothing_is_sent)
{
    static const char *const names[] = {"", "relative", "/", "@"};

    ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
    notify_open(&notify);
    ck_assert_int_eq(notify.fd, -1);
    notify_ready(&notify, "nobody hears it");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        notify_open(&notify);
        ck_assert_int_eq(notify.fd, -1);
    }
}
END_TEST

START_TEST(a_manager_that_does_not_read_is_not_waited_for)
{
    be_the_manager();
    notify_open(&notify);
    for (int i = 0; i < 10000; i++)
        notify_alive(&notify);
    notify_close(&notify);
}
END_TEST

START_TEST(the_watchdog_is_for_the_process_that_it_names)
{
    char own[32];

    be_the_manager();
    ck_assert_int_eq(setenv("WATCHDOG_USEC", "10000000", 1), 0);
    notify_open(&notify);
    ck_assert_uint_eq(notify.watchdog, 10000000);
    notify_close(&notify);
    ck_assert_int_eq(setenv("WATCHDOG_PID", "1", 1), 0);
    notify_open(&notify);
    ck_assert_uint_eq(notify.watchdog, 0);
    notify_close(&notify);
    snprintf(own, sizeof own, "%ld", (long)getpid());
    ck_assert_int_eq(setenv("WATCHDOG_PID", own, 1), 0);
    notify_open(&notify);
    ck_assert_uint_eq(notify.watchdog, 10000000);
    notify_close(&notify);
    ck_assert_int_eq(setenv("WATCHDOG_USEC", "soon", 1), 0);
    notify_open(&notify);
    ck_assert_uint_eq(notify.watchdog, 0);
    notify_close(&notify);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_state_is_one_message,
        without_a_manager_nothing_is_sent,
        a_manager_that_does_not_read_is_not_waited_for,
        the_watchdog_is_for_the_process_that_it_names,
    };
    return check_run("notify", tests, ARRAY_LEN(tests));
}
