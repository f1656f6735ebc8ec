#include "base/journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "support/check_run.h"

static int log_pipe[2];

/* JOURNAL_STREAM as systemd writes it for `fd`, with `behind` behind it. */
static void name_stream_of(int fd, const char *behind)
{
    struct stat status;
    char text[128];

    ck_assert_int_eq(fstat(fd, &status), 0);
    snprintf(text, sizeof text, "%llu:%llu%s", (unsigned long long)status.st_dev, (unsigned long long)status.st_ino,
             behind);
    ck_assert_int_eq(setenv("JOURNAL_STREAM", text, 1), 0);
}

static void open_pipe(void)
{
    ck_assert_int_eq(pipe(log_pipe), 0);
    ck_assert_int_eq(fcntl(log_pipe[0], F_SETFL, O_NONBLOCK), 0);
}

/* What was written since the last look, as a string. */
static const char *read_log(void)
{
    static char text[2 * LOG_LINE_MAX];
    ssize_t len = read(log_pipe[0], text, sizeof text - 1);

    text[len > 0 ? len : 0] = 0;
    return text;
}

START_TEST(the_journal_reads_the_descriptor_that_the_environment_names_and_no_other)
{
    int other = open("/dev/null", O_RDWR);

    open_pipe();
    name_stream_of(log_pipe[1], "");
    ck_assert(journal_reads(log_pipe[1]));
    ck_assert(!journal_reads(other));
    ck_assert(!journal_reads(-1));
    unsetenv("JOURNAL_STREAM");
    ck_assert(!journal_reads(log_pipe[1]));
}
END_TEST

START_TEST(a_name_that_is_no_device_and_inode_names_nothing)
{
    static const char *const broken[] = {"", ":", "1", "1:", ":1", "x:y", "1:x", "-1:-1"};

    open_pipe();
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        ck_assert_int_eq(setenv("JOURNAL_STREAM", broken[i], 1), 0);
        ck_assert_msg(!journal_reads(log_pipe[1]), "%s", broken[i]);
    }
    name_stream_of(log_pipe[1], "0");
    ck_assert(!journal_reads(log_pipe[1]));
    name_stream_of(log_pipe[1], " ");
    ck_assert(!journal_reads(log_pipe[1]));
}
END_TEST

static const struct {
    enum log_level level;
    int priority;
} rows[] = {
    {LOG_LEVEL_ERROR, LOG_ERR}, {LOG_LEVEL_WARNING, LOG_WARNING}, {LOG_LEVEL_NOTICE, LOG_NOTICE},
    {LOG_LEVEL_INFO, LOG_INFO}, {LOG_LEVEL_DEBUG, LOG_DEBUG},
};

START_TEST(each_level_has_its_priority_of_syslog_in_front_of_the_line)
{
    static const char *const first_fields[] = {[LOG_FORMAT_LOGFMT] = "ts=20", [LOG_FORMAT_JSON] = "{\"ts\":\"20"};

    open_pipe();
    name_stream_of(log_pipe[1], "");
    for (size_t f = 0; f < ARRAY_LEN(first_fields); f++) {
        log_configure((enum log_format)f, LOG_LEVEL_DEBUG, log_pipe[1]);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            char expected[32];
            snprintf(expected, sizeof expected, "<%d>%s", rows[i].priority, first_fields[f]);
            log_message(rows[i].level, "x");
            ck_assert_str_eq(strndupa(read_log(), strlen(expected)), expected);
            ck_assert_int_eq(strncmp(log_priority(rows[i].level), expected, 3), 0);
        }
    }
}
END_TEST

/* A file, a pipe to another program, a container's log driver: nobody takes the priority off there. */
START_TEST(without_the_journal_a_line_has_no_priority)
{
    open_pipe();
    name_stream_of(log_pipe[1], "");
    log_configure(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, log_pipe[1]);
    unsetenv("JOURNAL_STREAM");
    log_configure(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, log_pipe[1]);
    log_message(LOG_LEVEL_ERROR, "x");
    ck_assert_int_eq(strncmp(read_log(), "ts=20", 5), 0);
    ck_assert_str_eq(log_priority(LOG_LEVEL_ERROR), "");
}
END_TEST

/* The longest line: the priority takes its room from the fields, and the closing still fits. */
START_TEST(a_full_line_is_whole_with_its_priority)
{
    char value[LOG_VALUE_MAX];
    struct log_line line;
    const char *got;

    open_pipe();
    name_stream_of(log_pipe[1], "");
    memset(value, '\n', sizeof value);
    log_configure(LOG_FORMAT_JSON, LOG_LEVEL_INFO, log_pipe[1]);
    log_begin(&line, LOG_LEVEL_INFO, "test");
    for (int i = 0; i < 20; i++)
        log_bytes(&line, "value", bytes_of(value, 300));
    log_end(&line);
    got = read_log();
    ck_assert_uint_le(strlen(got), LOG_LINE_MAX);
    ck_assert_int_eq(strncmp(got, "<6>{\"ts\":", 9), 0);
    ck_assert_str_eq(got + strlen(got) - strlen(",\"cut\":true}\n"), ",\"cut\":true}\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_journal_reads_the_descriptor_that_the_environment_names_and_no_other,
        a_name_that_is_no_device_and_inode_names_nothing,
        each_level_has_its_priority_of_syslog_in_front_of_the_line,
        without_the_journal_a_line_has_no_priority,
        a_full_line_is_whole_with_its_priority,
    };
    return check_run("journal", tests, ARRAY_LEN(tests));
}
