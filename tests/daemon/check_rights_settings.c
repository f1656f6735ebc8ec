/* Who the processes become, as the configuration says it, and what is wrong with it. */
#include "daemon/rights_settings.h"

#include <pwd.h>
#include <unistd.h>

#include "proxy/told.h"
#include "support/check_run.h"

static struct rights_settings settings[PROCESS_ROLES];

/* With these lines in [sallyport]. */
static bool make(const char *lines)
{
    static char text[4096];
    struct config *config;
    bool is_made;

    snprintf(text, sizeof text,
             "[sallyport]\n%s\n[listen web]\naddress = 127.0.0.1:1\ncertificate = x\nbackend = demo\n", lines);
    told_forget();
    config = config_parse("test.conf", bytes_of_string(text), findings);
    if (!config)
        return false;
    is_made = rights_settings_make(&config->general, findings, settings);
    config_free(config);
    return is_made;
}

static bool is_there(const char *name)
{
    return getpwnam(name) != NULL;
}

START_TEST(without_a_word_workers_are_the_packages_user_or_nobody)
{
    uint32_t expected;

    ck_assert(make(""));
    ck_assert_int_eq(settings[PROCESS_WORKER].sandbox, CONFIG_SANDBOX_ON);
    ck_assert_str_eq(settings[PROCESS_WORKER].root, "");
    ck_assert_int_eq(settings[PROCESS_WORKER].landlock_abi, RIGHTS_ABI_OF_KERNEL);
    if (geteuid() != 0)
        return;
    expected = getpwnam(is_there("_sallyport") ? "_sallyport" : "nobody")->pw_uid;
    ck_assert_uint_eq(settings[PROCESS_WORKER].uid, expected);
    ck_assert_uint_ne(settings[PROCESS_KEYHOLDER].uid, 0);
    if (!is_there("_sallyport"))
        expect_told("test.conf: warning: user: there is no user '_sallyport'");
}
END_TEST

START_TEST(names_and_numbers_are_taken)
{
    if (geteuid() != 0)
        return;
    ck_assert(make("user = 4001\nkey-user = 4002\ngroup = 4003"));
    ck_assert_uint_eq(settings[PROCESS_WORKER].uid, 4001);
    ck_assert_uint_eq(settings[PROCESS_ADMIN].uid, 4001);
    ck_assert_uint_eq(settings[PROCESS_RESOLVER].uid, 4001);
    ck_assert_uint_eq(settings[PROCESS_KEYHOLDER].uid, 4002);
    ck_assert_uint_eq(settings[PROCESS_WORKER].gid, 4003);
    ck_assert_uint_eq(settings[PROCESS_KEYHOLDER].gid, 4003);
    ck_assert(make("user = 4001\nkey-user = nobody"));
    ck_assert_uint_eq(settings[PROCESS_WORKER].gid, 4001);
    ck_assert_uint_eq(settings[PROCESS_KEYHOLDER].uid, getpwnam("nobody")->pw_uid);
    ck_assert_uint_eq(settings[PROCESS_KEYHOLDER].gid, getpwnam("nobody")->pw_gid);
}
END_TEST

static void expect_refused(const char *lines, const char *words)
{
    ck_assert_msg(!make(lines), "%s", lines);
    ck_assert_uint_eq(told_count, 1);
    expect_told(words);
}

START_TEST(whoever_is_not_there_or_is_root_is_refused_with_the_line)
{
    if (geteuid() != 0)
        return;
    expect_refused("\nuser = no-such-user", "test.conf:3: user: there is no user 'no-such-user'");
    expect_refused("key-user = no-such-user", "test.conf:2: key-user: there is no user 'no-such-user'");
    expect_refused("user = 4001\ngroup = no-such-group", "test.conf:3: group: there is no group 'no-such-group'");
    expect_refused("user = root", "test.conf:2: user: 'root' is root");
    expect_refused("user = 0", "test.conf:2: user: '0' is root");
    expect_refused("key-user = 0", "test.conf:2: key-user: '0' is root");
    expect_refused("group = 0", "test.conf:2: group: root's");
    expect_refused("user = 4294967295", "there is no user '4294967295'");
    expect_refused("user = 42949672960001", "there is no user '42949672960001'");
    expect_refused("user = -1", "there is no user '-1'");
    expect_refused("user = 40x", "there is no user '40x'");
}
END_TEST

START_TEST(a_root_directory_is_a_path_or_empty)
{
    ck_assert(make("chroot = /proc"));
    ck_assert_str_eq(settings[PROCESS_WORKER].root, "/proc");
    expect_refused("chroot = var/empty", "test.conf:2: chroot: 'var/empty' is neither 'empty' nor an absolute path");
    expect_refused("chroot = off", "'off' is neither");
    ck_assert(make("sandbox = best-effort"));
    ck_assert_int_eq(settings[PROCESS_WORKER].sandbox, CONFIG_SANDBOX_BEST_EFFORT);
    expect_refused("sandbox = none", "test.conf:2: sandbox: 'none' is not one of on, best-effort, off");
}
END_TEST

/* Else the start would fail for ever, one second after the other, over what -t had called good. */
START_TEST(a_root_directory_that_cannot_be_one_is_refused_with_the_line)
{
    if (geteuid() != 0)
        return;
    expect_refused("user = 4001\nchroot = /nonesuch",
                   "test.conf:3: chroot: '/nonesuch' cannot be a root directory: No such file or directory");
    expect_refused("user = 4001\nchroot = /dev/null",
                   "test.conf:3: chroot: '/dev/null' cannot be a root directory: Not a");
    expect_refused("user = 4001\nchroot = /tmp", "another than root could write into it");
    ck_assert(make("chroot = /nonesuch\nsandbox = off"));
}
END_TEST

START_TEST(without_root_nobody_is_looked_up)
{
    bool is_root = geteuid() == 0;

    if (is_root)
        ck_assert_int_eq(seteuid(65534), 0);
    ck_assert(make("chroot = /nonesuch"));
    ck_assert(make("user = no-such-user"));
    expect_told("test.conf:2: warning: not started as root, so it stays who it is");
    ck_assert(make(""));
    expect_not_told("warning");
    if (is_root)
        ck_assert_int_eq(seteuid(0), 0); /* for what looks for leaks at the end */
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        without_a_word_workers_are_the_packages_user_or_nobody,       names_and_numbers_are_taken,
        whoever_is_not_there_or_is_root_is_refused_with_the_line,     a_root_directory_is_a_path_or_empty,
        a_root_directory_that_cannot_be_one_is_refused_with_the_line, without_root_nobody_is_looked_up,
    };

    return check_run("rights_settings", tests, ARRAY_LEN(tests));
}
