#include "config/config.h"

#include "config/heard.h"
#include "support/alloc_fault.h"
#include "support/check_run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char small[] = "[listen web]\naddress = *:443\ncertificate = a.pem\nbackend = demo\n";

static struct heard heard;
static char directory[64];

/* Every test runs in a directory of its own, so that findings name relative paths. */
static void enter_directory(void)
{
    strcpy(directory, "/tmp/check_load.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

static void leave_directory(void)
{
    unlink("f");
    rmdir("f");
    ck_assert_int_eq(chdir("/"), 0);
    rmdir(directory);
}

static void write_file(const char *text, size_t len)
{
    FILE *file = fopen("f", "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

static void is_refused(const char *expected)
{
    ck_assert_ptr_null(config_load("f", heard_by(&heard)));
    ck_assert_str_eq(heard.text, expected);
}

START_TEST(a_file_is_read_and_named_in_findings)
{
    struct config *config;

    enter_directory();
    write_file(small, strlen(small));
    config = config_load("f", heard_by(&heard));
    ck_assert_ptr_nonnull(config);
    ck_assert_str_eq(config->listens[0].place.file, "f");
    config_free(config);
    write_file("[x]", 3);
    is_refused("f:1: unknown section [x]\n");
    leave_directory();
}
END_TEST

START_TEST(what_is_not_a_readable_regular_file_is_refused_in_words)
{
    enter_directory();
    is_refused("f: cannot be read: No such file or directory\n");
    ck_assert_int_eq(mkdir("f", 0700), 0);
    is_refused("f: is a directory\n");
    rmdir("f");
    ck_assert_int_eq(mkfifo("f", 0600), 0);
    is_refused("f: is not a regular file\n"); /* and did not wait for a writer */
    unlink("f");
    ck_assert_int_eq(symlink("f", "f"), 0);
    is_refused("f: cannot be read: Too many levels of symbolic links\n");
    unlink("f");
    ck_assert_int_eq(symlink("/dev/zero", "f"), 0);
    is_refused("f: is not a regular file\n");
    leave_directory();
}
END_TEST

/* Files of /proc have no size before they are read, and some cannot be. */
START_TEST(what_shows_in_reading_only_is_told_as_well)
{
    char text[8];
    FILE *symbols = fopen("/proc/kallsyms", "r");
    bool is_large = symbols && fseek(symbols, 1024 * 1024 + 1, SEEK_SET) == 0 && fread(text, 1, 1, symbols) == 1;

    if (symbols)
        fclose(symbols);
    if (is_large) {
        ck_assert_ptr_null(config_load("/proc/kallsyms", heard_by(&heard)));
        ck_assert_str_eq(heard.text, "/proc/kallsyms: is larger than 1 MiB\n");
    }
    ck_assert_ptr_null(config_load("/proc/self/mem", heard_by(&heard)));
    ck_assert_ptr_nonnull(strstr(heard.text, "/proc/self/mem: cannot be read: "));
}
END_TEST

START_TEST(a_file_is_read_also_where_standard_input_is_closed)
{
    struct config *config;

    enter_directory();
    write_file(small, strlen(small));
    close(STDIN_FILENO);
    config = config_load("f", heard_by(&heard));
    ck_assert_msg(config != NULL, "%s", heard.text);
    config_free(config);
    leave_directory();
}
END_TEST

/* The superuser may read everything: then there is nothing to see. */
START_TEST(a_file_without_permission_is_refused_in_words)
{
    enter_directory();
    write_file(small, strlen(small));
    ck_assert_int_eq(chmod("f", 0), 0);
    if (geteuid() == 0) {
        ck_assert_int_eq(chmod(directory, 0755), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    }
    is_refused("f: cannot be read: Permission denied\n");
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
    leave_directory();
}
END_TEST

START_TEST(an_empty_file_is_refused_as_one_without_listen)
{
    enter_directory();
    write_file("", 0);
    is_refused("f: there is no [listen NAME]\n");
    leave_directory();
}
END_TEST

START_TEST(a_file_of_one_mebibyte_is_taken_and_a_larger_one_refused)
{
    size_t len = 1024 * 1024;
    char *text = malloc(len + 1);
    struct config *config;

    enter_directory();
    memset(text, '#', len + 1);
    memcpy(text, small, strlen(small));
    write_file(text, len);
    config = config_load("f", heard_by(&heard));
    ck_assert_msg(config != NULL, "%s", heard.text);
    config_free(config);
    write_file(text, len + 1);
    is_refused("f: is larger than 1 MiB\n");
    leave_directory();
    free(text);
}
END_TEST

START_TEST(a_failed_allocation_is_told)
{
    unsigned long live = alloc_fault_live();

    enter_directory();
    write_file(small, strlen(small));
    alloc_fault_arm(1);
    is_refused("f: out of memory\n");
    alloc_fault_arm(0);
    ck_assert_uint_eq(alloc_fault_live(), live);
    leave_directory();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_file_is_read_and_named_in_findings,
        what_is_not_a_readable_regular_file_is_refused_in_words,
        what_shows_in_reading_only_is_told_as_well,
        a_file_is_read_also_where_standard_input_is_closed,
        a_file_without_permission_is_refused_in_words,
        an_empty_file_is_refused_as_one_without_listen,
        a_file_of_one_mebibyte_is_taken_and_a_larger_one_refused,
        a_failed_allocation_is_told,
    };
    return check_run("load", tests, ARRAY_LEN(tests));
}
