/*
 * What the paths of a configuration say, by whatever way they lead there, and that a change of it is noticed: once,
 * soon, and not for the neighbours' sake.
 */
#include "daemon/watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/files_seen.h"
#include "proxy/proxy.h"
#include "support/check_run.h"

static char top[] = "/tmp/sallyport-watch-XXXXXX";
static struct event_base *base;
static struct watch *watch;
static struct files_seen *seen;
static struct config *config;
static unsigned told;

/* ---- a directory of its own for each test */

static void remove_all(const char *path)
{
    char below[PATH_MAX];
    const struct dirent *entry;
    DIR *dir = opendir(path);

    while (dir && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (unlink(below) != 0)
            remove_all(below);
    }
    if (dir)
        closedir(dir);
    (void)!rmdir(path);
}

static void begin(void)
{
    strcpy(top + strlen(top) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    told = 0;
}

static void end(void)
{
    files_seen_free(seen);
    watch_free(watch);
    config_free(config);
    if (base)
        event_base_free(base);
    seen = NULL;
    watch = NULL;
    config = NULL;
    base = NULL;
    remove_all(top);
}

/* "a/b" -> its path; one of four buffers in turn. */
static const char *at(const char *name)
{
    static char paths[4][PATH_MAX];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, PATH_MAX, "%s/%s", top, name);
    return path;
}

static void put(const char *name, const char *text)
{
    int fd = open(at(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void make(const char *name)
{
    ck_assert_int_eq(mkdir(at(name), 0700), 0);
}

static void link_to(const char *name, const char *target)
{
    ck_assert_int_eq(symlink(target, at(name)), 0);
}

/* As certbot and Kubernetes do it: a new link takes the place of the old one. */
static void relink(const char *name, const char *target)
{
    ck_assert_int_eq(symlink(target, at("fresh-link")), 0);
    ck_assert_int_eq(rename(at("fresh-link"), at(name)), 0);
}

static void overhear(void *context, const char *finding)
{
    (void)context, (void)finding;
}

static void configure(const char *options)
{
    char text[4096];

    ck_assert_int_eq(setenv("T", top, 1), 0);
    snprintf(text, sizeof text, "[listen web]\naddress = 127.0.0.1:1\nbackend = demo\n%s", options);
    config = config_parse("test.conf", bytes_of_string(text), (struct config_findings){overhear, NULL});
    ck_assert_ptr_nonnull(config);
}

/* The path that says something else than at the last call; NULL: none. */
static const char *difference(void)
{
    static char path[PATH_MAX];
    struct files_seen *now = files_seen_new(config);
    const char *different;

    ck_assert_ptr_nonnull(now);
    different = seen ? files_seen_difference(seen, now) : NULL;
    if (different)
        snprintf(path, sizeof path, "%s", different);
    files_seen_free(seen);
    seen = now;
    return different ? path : NULL;
}

static void expect_different(const char *name)
{
    const char *path = difference();

    ck_assert_ptr_nonnull(path);
    ck_assert_str_eq(path, at(name));
}

static void expect_same(void)
{
    const char *path = difference();

    ck_assert_msg(!path, "%s", path);
}

static bool is_followed(const char *name)
{
    for (size_t i = 0; i < seen->directory_count; i++)
        if (strcmp(seen->directories[i], at(name)) == 0)
            return true;
    return false;
}

static void make_certbot(void)
{
    make("archive");
    make("archive/x");
    make("live");
    make("live/x");
    put("archive/x/fullchain1.pem", "1");
    put("archive/x/fullchain2.pem", "2");
    link_to("live/x/fullchain.pem", "../../archive/x/fullchain1.pem");
    configure("certificate = ${T}/live/x/fullchain.pem\n");
}

static void make_kubernetes(void)
{
    make("..2026_01");
    make("..2026_02");
    put("..2026_01/tls.crt", "1");
    put("..2026_02/tls.crt", "2");
    link_to("..data", "..2026_01");
    link_to("tls.crt", "..data/tls.crt");
    configure("certificate = ${T}/tls.crt\n");
}

/* ---- what the paths say */

START_TEST(a_file_that_is_written_renamed_or_gone_says_something_else)
{
    begin();
    put("a.pem", "1");
    put("b.pem", "1");
    configure("certificate = ${T}/a.pem\nkey = ${T}/b.pem\n");
    expect_same();
    expect_same();
    put("b.pem", "22");
    expect_different("b.pem");
    put("c.pem", "1");
    expect_same(); /* no business of ours */
    ck_assert_int_eq(rename(at("c.pem"), at("a.pem")), 0);
    expect_different("a.pem");
    ck_assert_int_eq(unlink(at("a.pem")), 0);
    expect_different("a.pem");
    expect_same();
    put("a.pem", "1");
    expect_different("a.pem");
    ck_assert_int_eq(chmod(at("a.pem"), 0640), 0);
    expect_different("a.pem");
    end();
}
END_TEST

START_TEST(every_kind_of_file_counts_and_the_word_development_does_not)
{
    static const char *const names[] = {"ticket", "ca", "crl", "staple"};

    begin();
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        put(names[i], "1");
    configure("certificate = development\nclient-certificate = optional\nclient-ca = ${T}/ca\nclient-crl = ${T}/crl\n"
              "ocsp-staple = ${T}/staple\n[sallyport]\nticket-key = ${T}/ticket\n");
    expect_same();
    ck_assert_uint_eq(seen->count, 4);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        put(names[i], "22");
        expect_different(names[i]);
    }
    end();
}
END_TEST

START_TEST(a_link_that_is_exchanged_says_something_else_and_each_directory_of_the_way_is_followed)
{
    begin();
    make_certbot();
    expect_same();
    ck_assert(is_followed("live/x") && is_followed("live/x/../../archive/x"));
    relink("live/x/fullchain.pem", "../../archive/x/fullchain2.pem");
    expect_different("live/x/fullchain.pem");
    end();

    begin();
    make_kubernetes();
    expect_same();
    ck_assert(is_followed("..2026_01"));
    relink("..data", "..2026_02");
    expect_different("tls.crt");
    ck_assert(is_followed("..2026_02"));
    expect_same();
    end();
}
END_TEST

START_TEST(links_without_an_end_and_paths_that_lead_nowhere_do_no_harm)
{
    begin();
    link_to("a", "b");
    link_to("b", "a");
    link_to("gone", "nowhere/at/all");
    configure("certificate = ${T}/a\nkey = ${T}/gone\ncertificate = ${T}/no/such/file\ncertificate = relative\n");
    expect_same();
    ck_assert_uint_eq(seen->count, 4);
    for (size_t i = 0; i < seen->count; i++)
        ck_assert_int_ne(seen->files[i].error, 0);
    make("nowhere");
    make("nowhere/at");
    put("nowhere/at/all", "1");
    expect_different("gone");
    end();
}
END_TEST

START_TEST(of_a_directory_all_that_may_be_a_certificate_or_key_counts_one_level_deep)
{
    begin();
    make("d");
    make("d/x");
    make("d/x/deeper");
    make("d/.hidden");
    configure("cert-dir = ${T}/d\n");
    expect_same();
    put("d/a.pem", "1");
    expect_different("d/a.pem");
    put("d/x/tls.key", "1");
    expect_different("d/x/tls.key");
    put("d/README", "1");
    put("d/a.pem~", "1");
    put("d/.hidden/b.pem", "1");
    put("d/.c.pem", "1");
    put("d/x/deeper/d.pem", "1");
    expect_same();
    make("d/y"); /* what comes into it will be seen */
    expect_same();
    ck_assert(is_followed("d") && is_followed("d/x") && is_followed("d/y"));
    ck_assert_int_eq(unlink(at("d/x/tls.key")), 0);
    expect_different("d/x/tls.key");
    remove_all(at("d"));
    ck_assert_ptr_nonnull(difference());
    end();
}
END_TEST

/* ---- noticing */

static void hear(void *context)
{
    (void)context;
    told++;
}

static void watch_with(uint64_t quiet, uint64_t longest, uint64_t period)
{
    base = event_base_new();
    watch = watch_new(base, (struct watch_times){quiet * 1000, longest * 1000, period * 1000}, hear, NULL);
    ck_assert_ptr_nonnull(watch);
}

static void follow(void)
{
    (void)difference();
    watch_follow(watch, seen->directories, seen->directory_count);
}

static void run_for(unsigned milliseconds)
{
    struct timeval wait = {milliseconds / 1000, milliseconds % 1000 * 1000};

    event_base_loopexit(base, &wait);
    event_base_dispatch(base);
}

/* What is new is told of once: it could have changed before it was followed. */
static void settle(void)
{
    follow();
    run_for(150);
    told = 0;
}

START_TEST(many_changes_at_once_are_told_once_and_those_of_neighbours_mean_nothing)
{
    begin();
    watch_with(50, 1000, 100000);
    put("a.pem", "1");
    configure("certificate = ${T}/a.pem\n");
    settle();
    for (int i = 0; i < 20; i++) {
        put("a.pem", "2");
        run_for(5);
    }
    run_for(400);
    ck_assert_uint_eq(told, 1);
    expect_different("a.pem");
    put("other.pem", "1");
    run_for(300);
    ck_assert_uint_eq(told, 2);
    expect_same();
    run_for(300);
    ck_assert_uint_eq(told, 2); /* and then it is quiet */
    end();
}
END_TEST

START_TEST(changes_that_never_end_are_told_of_all_the_same)
{
    begin();
    watch_with(100, 300, 100000);
    put("a.pem", "1");
    configure("certificate = ${T}/a.pem\n");
    settle();
    for (int i = 0; i < 16; i++) {
        put("a.pem", "2");
        run_for(50); /* never quiet for a hundred */
    }
    ck_assert_uint_ge(told, 1);
    end();
}
END_TEST

START_TEST(exchanged_links_are_noticed_and_so_is_what_they_lead_to_then)
{
    begin();
    watch_with(20, 1000, 100000);
    make_kubernetes();
    settle();
    relink("..data", "..2026_02");
    run_for(150);
    ck_assert_uint_eq(told, 1);
    expect_different("tls.crt");
    settle();
    put("..2026_02/tls.crt", "3");
    run_for(150);
    ck_assert_uint_eq(told, 1);
    expect_different("tls.crt");
    settle();
    put("..2026_01/tls.crt", "4"); /* nothing leads there any more */
    run_for(150);
    ck_assert_uint_eq(told, 0);
    end();
}
END_TEST

START_TEST(a_path_that_is_made_bit_by_bit_is_noticed_bit_by_bit)
{
    begin();
    watch_with(20, 1000, 100000);
    configure("certificate = ${T}/x/y/a.pem\n");
    settle();
    make("x");
    run_for(150);
    ck_assert_uint_ge(told, 1);
    settle();
    make("x/y");
    run_for(150);
    ck_assert_uint_ge(told, 1);
    settle();
    put("x/y/a.pem", "1");
    run_for(150);
    ck_assert_uint_ge(told, 1);
    expect_different("x/y/a.pem");
    settle();
    ck_assert_int_eq(rename(at("x/y"), at("x/z")), 0);
    run_for(150);
    ck_assert_uint_ge(told, 1);
    end();
}
END_TEST

START_TEST(without_a_single_change_it_is_told_every_period)
{
    begin();
    watch_with(20, 1000, 50);
    configure("certificate = ${T}/a.pem\n");
    run_for(300);
    ck_assert_uint_ge(told, 3);
    end();
}
END_TEST

static size_t count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* The kernel's own list of what the descriptor watches. */
static size_t count_watches(void)
{
    size_t count = 0;
    char path[64], line[512];

    for (int fd = 3; fd < 64; fd++) {
        FILE *file;
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
        file = fopen(path, "re");
        while (file && fgets(line, sizeof line, file))
            count += strncmp(line, "inotify ", 8) == 0;
        if (file)
            fclose(file);
    }
    return count;
}

START_TEST(a_hundred_exchanges_leave_nothing_behind)
{
    char name[32];
    size_t descriptors, watches;

    begin();
    watch_with(1, 10, 100000);
    make_kubernetes();
    settle();
    descriptors = count_descriptors();
    watches = count_watches();
    ck_assert_uint_gt(watches, 0);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "..made_%d", i);
        make(name);
        snprintf(name, sizeof name, "..made_%d/tls.crt", i);
        put(name, "1");
        snprintf(name, sizeof name, "..made_%d", i);
        relink("..data", name);
        follow();
        run_for(2);
    }
    ck_assert_uint_eq(count_descriptors(), descriptors);
    ck_assert_uint_eq(count_watches(), watches);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_file_that_is_written_renamed_or_gone_says_something_else,
        every_kind_of_file_counts_and_the_word_development_does_not,
        a_link_that_is_exchanged_says_something_else_and_each_directory_of_the_way_is_followed,
        links_without_an_end_and_paths_that_lead_nowhere_do_no_harm,
        of_a_directory_all_that_may_be_a_certificate_or_key_counts_one_level_deep,
        many_changes_at_once_are_told_once_and_those_of_neighbours_mean_nothing,
        changes_that_never_end_are_told_of_all_the_same,
        exchanged_links_are_noticed_and_so_is_what_they_lead_to_then,
        a_path_that_is_made_bit_by_bit_is_noticed_bit_by_bit,
        without_a_single_change_it_is_told_every_period,
        a_hundred_exchanges_leave_nothing_behind,
    };
    return check_run("watch", tests, ARRAY_LEN(tests));
}
