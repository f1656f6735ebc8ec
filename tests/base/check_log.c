#include "base/log.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "support/check_run.h"
#include "support/log_syntax.h"

static const enum log_format formats[] = {LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON};

/* The log's other end: what was written since the last look is in `written`. */
static int log_pipe[2];
static uint8_t written[1 << 16];
static size_t written_len;

static void open_log(enum log_format format, enum log_level level)
{
    if (log_pipe[1] == 0) {
        ck_assert_int_eq(pipe(log_pipe), 0);
        ck_assert_int_eq(fcntl(log_pipe[0], F_SETFL, O_NONBLOCK), 0);
        ck_assert_int_eq(fcntl(log_pipe[1], F_SETFL, O_NONBLOCK), 0);
    }
    log_configure(format, level, log_pipe[1]);
}

static struct bytes read_log(void)
{
    ssize_t len = read(log_pipe[0], written, sizeof written);

    written_len = len > 0 ? (size_t)len : 0;
    return bytes_of(written, written_len);
}

static struct log_fields parsed;

/* Reads one line and parses it strictly. */
static void take_line(enum log_format format)
{
    struct bytes line = read_log();

    ck_assert_msg(log_line_parse(format, line, &parsed), "not a line: %.*s", (int)line.len, (const char *)line.at);
}

static void assert_field(const char *key, struct bytes value)
{
    const struct log_field *field = log_fields_find(&parsed, key);

    ck_assert_msg(field != NULL, "%s is missing", key);
    ck_assert_msg(bytes_equal(bytes_of(field->value, field->len), value), "%s is %.*s", key, (int)field->len,
                  (const char *)field->value);
}

static void log_one(const char *key, struct bytes value)
{
    struct log_line line;

    log_begin(&line, LOG_LEVEL_INFO, "test");
    log_bytes(&line, key, value);
    log_number(&line, "last", 7);
    log_end(&line);
}

START_TEST(a_line_has_time_level_and_event_first_and_is_exact_in_logfmt)
{
    struct log_line line;
    char text[256];
    struct bytes got;

    open_log(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
    log_begin(&line, LOG_LEVEL_WARNING, "connection");
    log_text(&line, "sni", "www.example.com");
    log_text(&line, "sentence", "two words");
    log_text(&line, "empty", "");
    log_text(&line, "left_out", NULL);
    log_number(&line, "bytes", -42);
    log_seconds(&line, "time", 1234567);
    log_hex(&line, "key", BYTES_OF_LITERAL("\x00\xff\x10"));
    log_end(&line);
    got = read_log();
    memcpy(text, got.at, got.len);
    text[got.len] = 0;
    ck_assert_mem_eq(text, "ts=20", 5);
    ck_assert_str_eq(strchr(text, ' '), " level=warning event=connection sni=www.example.com sentence=\"two words\""
                                        " empty=\"\" bytes=-42 time=1.234567 key=00ff10\n");
}
END_TEST

START_TEST(a_line_is_exact_in_json)
{
    struct log_line line;
    char text[256];
    struct bytes got;

    open_log(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
    log_begin(&line, LOG_LEVEL_ERROR, "connection");
    log_text(&line, "sni", "www.example.com");
    log_text(&line, "left_out", NULL);
    log_number(&line, "bytes", INT64_MIN);
    log_seconds(&line, "time", 5);
    log_end(&line);
    got = read_log();
    memcpy(text, got.at, got.len);
    text[got.len] = 0;
    ck_assert_mem_eq(text, "{\"ts\":\"20", 9);
    ck_assert_str_eq(strchr(text, ','), ",\"level\":\"error\",\"event\":\"connection\",\"sni\":\"www.example.com\""
                                        ",\"bytes\":-9223372036854775808,\"time\":0.000005}\n");
}
END_TEST

/* The time is UTC with milliseconds, within a few seconds of now whatever TZ says. */
START_TEST(the_time_is_now_in_utc)
{
    struct tm utc = {0};
    const char *rest;
    time_t stamp, now;

    setenv("TZ", "America/St_Johns", 1);
    open_log(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
    log_message(LOG_LEVEL_INFO, "x");
    take_line(LOG_FORMAT_LOGFMT);
    parsed.fields[0].value[parsed.fields[0].len] = 0;
    ck_assert_str_eq(parsed.fields[0].key, "ts");
    ck_assert_uint_eq(parsed.fields[0].len, strlen("2000-01-01T00:00:00.000Z"));
    rest = strptime((const char *)parsed.fields[0].value, "%Y-%m-%dT%H:%M:%S.", &utc);
    ck_assert_ptr_nonnull(rest);
    ck_assert_int_eq(rest[3], 'Z');
    stamp = timegm(&utc);
    now = time(NULL);
    ck_assert(stamp <= now && now - stamp < 30);
}
END_TEST

START_TEST(no_byte_of_a_peer_breaks_or_forges_a_line)
{
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        open_log(formats[f], LOG_LEVEL_INFO);
        for (int byte = 0; byte <= 255; byte++) {
            uint8_t alone = (uint8_t)byte, inside[] = {'a', (uint8_t)byte, 'b'}, after_backslash[] = {'\\', alone};

            log_one("value", bytes_of(&alone, 1));
            take_line(formats[f]);
            ck_assert_uint_eq(parsed.count, 5);
            assert_field("value", bytes_of(&alone, 1));
            assert_field("last", BYTES_OF_LITERAL("7"));
            log_one("value", BYTES_OF_ARRAY(inside));
            take_line(formats[f]);
            ck_assert_uint_eq(parsed.count, 5);
            assert_field("value", BYTES_OF_ARRAY(inside));
            log_one("value", BYTES_OF_ARRAY(after_backslash));
            take_line(formats[f]);
            ck_assert_uint_eq(parsed.count, 5);
            assert_field("value", BYTES_OF_ARRAY(after_backslash));
        }
    }
}
END_TEST

START_TEST(a_forged_ending_stays_inside_its_value)
{
    static const char *const forgeries[] = {
        "a\nts=2026-01-01T00:00:00.000Z level=info event=connection sni=forged",
        "a\" event=forged x=\"",
        "a\",\"event\":\"forged",
        "a\"}\n{\"event\":\"forged\"}",
        "\\\" event=forged",
        "a event=forged",
        "event=forged",
        "\\x0aevent=forged",
        "\033]0;title\007\033[2J",
        "\xe2\x80\xa8\xc2\x85",
    };

    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        open_log(formats[f], LOG_LEVEL_INFO);
        for (size_t i = 0; i < ARRAY_LEN(forgeries); i++) {
            log_one("value", bytes_of_string(forgeries[i]));
            take_line(formats[f]);
            ck_assert_uint_eq(parsed.count, 5);
            assert_field("event", BYTES_OF_LITERAL("test"));
            assert_field("value", bytes_of_string(forgeries[i]));
        }
    }
}
END_TEST

START_TEST(a_long_value_is_cut_and_says_so)
{
    static uint8_t value[LOG_VALUE_MAX + 1];

    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        uint8_t expected[LOG_VALUE_MAX + 3];

        open_log(formats[f], LOG_LEVEL_INFO);
        memset(value, 'v', sizeof value);
        log_one("value", bytes_of(value, LOG_VALUE_MAX));
        take_line(formats[f]);
        assert_field("value", bytes_of(value, LOG_VALUE_MAX));
        memset(value, 0x01, sizeof value);
        log_one("value", BYTES_OF_ARRAY(value));
        take_line(formats[f]);
        memset(expected, 0x01, LOG_VALUE_MAX);
        memcpy(expected + LOG_VALUE_MAX, "...", 3);
        assert_field("value", BYTES_OF_ARRAY(expected));
        assert_field("last", BYTES_OF_LITERAL("7"));
    }
}
END_TEST

/* What a peer makes long must not take away what we have to say after it. */
START_TEST(a_field_that_does_not_fit_is_left_out_whole_and_shorter_ones_behind_it_stay)
{
    static uint8_t value[LOG_VALUE_MAX];
    struct log_line line;

    memset(value, 0xff, sizeof value);
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        struct bytes got;

        open_log(formats[f], LOG_LEVEL_INFO);
        log_begin(&line, LOG_LEVEL_INFO, "test");
        log_bytes(&line, "one", BYTES_OF_ARRAY(value));
        log_bytes(&line, "two", BYTES_OF_ARRAY(value));
        log_bytes(&line, "three", BYTES_OF_ARRAY(value));
        log_text(&line, "why", "finished_mac");
        log_number(&line, "number", 1);
        log_end(&line);
        got = read_log();
        ck_assert_uint_le(got.len, LOG_LINE_MAX);
        ck_assert(log_line_parse(formats[f], got, &parsed));
        assert_field("one", BYTES_OF_ARRAY(value));
        ck_assert_ptr_null(log_fields_find(&parsed, "three"));
        assert_field("why", BYTES_OF_LITERAL("finished_mac"));
        assert_field("number", BYTES_OF_LITERAL("1"));
        assert_field("cut", BYTES_OF_LITERAL("true"));
    }
}
END_TEST

/* Fields of every length up to the end of the line: the closing must fit behind each. */
START_TEST(a_line_filled_to_any_length_is_still_a_line)
{
    static uint8_t filler[LOG_VALUE_MAX];
    struct log_line line;

    memset(filler, ' ', sizeof filler);
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        open_log(formats[f], LOG_LEVEL_INFO);
        for (size_t last = 0; last <= LOG_VALUE_MAX; last++) {
            struct bytes got;

            log_begin(&line, LOG_LEVEL_INFO, "test");
            for (int i = 0; i < 7; i++)
                log_bytes(&line, "filler", BYTES_OF_ARRAY(filler));
            log_bytes(&line, "last", bytes_of(filler, last));
            log_number(&line, "n", 1);
            log_end(&line);
            got = read_log();
            ck_assert_uint_le(got.len, LOG_LINE_MAX);
            ck_assert(log_line_parse(formats[f], got, &parsed));
            ck_assert_uint_ge(parsed.count, 10);
        }
    }
}
END_TEST

START_TEST(hex_is_cut_after_64_bytes_and_says_so)
{
    uint8_t value[65], expected[2 * 64 + 3];

    memset(value, 0xab, sizeof value);
    for (size_t i = 0; i < 64; i++)
        memcpy(expected + 2 * i, "ab", 2);
    memcpy(expected + 2 * 64, "...", 3);
    for (size_t len = 64; len <= 65; len++) {
        struct log_line line;

        open_log(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
        log_begin(&line, LOG_LEVEL_INFO, "test");
        log_hex(&line, "value", bytes_of(value, len));
        log_end(&line);
        take_line(LOG_FORMAT_LOGFMT);
        assert_field("value", bytes_of(expected, len == 64 ? 128 : sizeof expected));
    }
}
END_TEST

START_TEST(a_message_is_one_field_however_it_is_formatted)
{
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        open_log(formats[f], LOG_LEVEL_INFO);
        log_message(LOG_LEVEL_NOTICE, "%s:%d: \"%s\"", "a\nb", 12, "x=y");
        take_line(formats[f]);
        ck_assert_uint_eq(parsed.count, 4);
        assert_field("level", BYTES_OF_LITERAL("notice"));
        assert_field("event", BYTES_OF_LITERAL("message"));
        assert_field("msg", BYTES_OF_LITERAL("a\nb:12: \"x=y\""));
    }
}
END_TEST

START_TEST(a_long_message_is_cut_and_says_so)
{
    char text[2 * LOG_VALUE_MAX + 1], expected[LOG_VALUE_MAX + 4];

    memset(text, 'm', sizeof text - 1);
    text[sizeof text - 1] = 0;
    memset(expected, 'm', LOG_VALUE_MAX);
    memcpy(expected + LOG_VALUE_MAX, "...", 4);
    open_log(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
    log_message(LOG_LEVEL_INFO, "%s", text);
    take_line(LOG_FORMAT_LOGFMT);
    assert_field("msg", bytes_of_string(expected));
}
END_TEST

START_TEST(lines_above_the_level_are_dropped)
{
    for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        for (int at = LOG_LEVEL_ERROR; at <= LOG_LEVEL_DEBUG; at++) {
            struct log_line line;

            open_log(LOG_FORMAT_LOGFMT, (enum log_level)level);
            log_begin(&line, (enum log_level)at, "test");
            log_number(&line, "n", 1);
            log_seconds(&line, "t", 1);
            log_hex(&line, "h", BYTES_OF_LITERAL("x"));
            log_end(&line);
            ck_assert_int_eq(read_log().len != 0, at <= level);
            log_message((enum log_level)at, "x");
            ck_assert_int_eq(read_log().len != 0, at <= level);
        }
    }
}
END_TEST

START_TEST(lines_that_could_not_be_written_are_counted)
{
    uint64_t lost = log_lost_lines();

    open_log(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO);
    log_message(LOG_LEVEL_INFO, "fits");
    ck_assert_uint_eq(log_lost_lines(), lost);
    for (int i = 0; i < 4096 && log_lost_lines() == lost; i++)
        log_message(LOG_LEVEL_INFO, "until the pipe is full");
    ck_assert_uint_eq(log_lost_lines(), lost + 1);
    log_configure(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, -1);
    log_message(LOG_LEVEL_INFO, "nowhere");
    ck_assert_uint_eq(log_lost_lines(), lost + 2);
}
END_TEST

/* ---- several processes that write to one pipe */

static int pipe_to_fill = -1;

int __real_poll(struct pollfd *fds, nfds_t count, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

/* Somebody else's lines, of a page each, come between our poll(2) and our write(2). */
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
    static const char page[4096];
    int result = __real_poll(fds, count, timeout);

    while (pipe_to_fill >= 0 && write(pipe_to_fill, page, sizeof page) > 0)
        ;
    return result;
}

/* What a fortified call of it may become. */
int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t len);
int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t len)
{
    ck_assert_uint_le(count, len / sizeof *fds);
    return __wrap_poll(fds, count, timeout);
}

static int open_again(int fd)
{
    char path[32];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_WRONLY | O_NONBLOCK);
}

START_TEST(a_line_whose_place_in_the_pipe_another_took_is_lost_and_not_waited_for)
{
    uint64_t lost = log_lost_lines();
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    log_open_anew(ends[1]);
    log_configure(LOG_FORMAT_LOGFMT, LOG_LEVEL_INFO, ends[1]);
    log_message(LOG_LEVEL_INFO, "fits");
    ck_assert_uint_eq(log_lost_lines(), lost);
    pipe_to_fill = open_again(ends[1]);
    ck_assert_int_ge(pipe_to_fill, 0);
    alarm(20); /* who waits in write(2) dies of it */
    log_message(LOG_LEVEL_INFO, "comes too late");
    alarm(0);
    ck_assert_uint_eq(log_lost_lines(), lost + 1);
}
END_TEST

START_TEST(a_pipe_that_is_opened_anew_stays_as_it_was_for_whoever_shares_it)
{
    int ends[2], shared;

    ck_assert_int_eq(pipe(ends), 0);
    shared = dup(ends[1]);
    log_open_anew(ends[1]);
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY | O_NONBLOCK);
    ck_assert_int_eq(fcntl(shared, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_WRONLY);
    ck_assert_int_eq(fcntl(ends[1], F_GETFD), 0); /* the processes that are started have it, too */
    ck_assert_int_eq(write(ends[1], "same", 4), 4);
    ck_assert_int_eq(read(ends[0], written, sizeof written), 4);
}
END_TEST

START_TEST(only_a_pipe_is_opened_anew)
{
    int file = open("/dev/null", O_RDWR);

    log_open_anew(file);
    log_open_anew(-1);
    ck_assert_int_eq(fcntl(file, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
    close(file);
}
END_TEST

/* The reader of the tests itself: it must refuse what a forged or broken line would look like. */
START_TEST(the_strict_reader_refuses_broken_lines)
{
    static const char *const broken[] = {
        "a=1",        "a=1\nb=2\n", "a=1 \n",     "a=1  b=2\n", "a=\n", "a=\"x\n",      "a=\"\x01\"\n", "a=\"\\n\"\n",
        "a=\"\\x0\"", "A=1\n",      "a=\"x\"y\n", "a=x=y\n",    "=1\n", "a=\"\x7f\"\n", "\n",           "",
    };
    static const char *const broken_json[] = {
        "{\"a\":1}",    "{\"a\":1}\n\n", "{\"a\":01}\n",     "{\"a\":1.}\n", "{\"a\":\"\\x41\"}\n", "{\"a\":x}\n",
        "{\"a\":1,}\n", "{a:1}\n",       "{\"a\":\"\n\"}\n", "{\"a\":-}\n",  "{\"a\":\"\\\\y\"}\n", "{}\n",
    };

    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        ck_assert_msg(!log_line_parse(LOG_FORMAT_LOGFMT, bytes_of_string(broken[i]), &parsed), "%s", broken[i]);
    for (size_t i = 0; i < ARRAY_LEN(broken_json); i++)
        ck_assert_msg(!log_line_parse(LOG_FORMAT_JSON, bytes_of_string(broken_json[i]), &parsed), "%s", broken_json[i]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_line_has_time_level_and_event_first_and_is_exact_in_logfmt,
        a_line_is_exact_in_json,
        the_time_is_now_in_utc,
        no_byte_of_a_peer_breaks_or_forges_a_line,
        a_forged_ending_stays_inside_its_value,
        a_long_value_is_cut_and_says_so,
        a_field_that_does_not_fit_is_left_out_whole_and_shorter_ones_behind_it_stay,
        a_line_filled_to_any_length_is_still_a_line,
        hex_is_cut_after_64_bytes_and_says_so,
        a_message_is_one_field_however_it_is_formatted,
        a_long_message_is_cut_and_says_so,
        lines_above_the_level_are_dropped,
        lines_that_could_not_be_written_are_counted,
        a_line_whose_place_in_the_pipe_another_took_is_lost_and_not_waited_for,
        a_pipe_that_is_opened_anew_stays_as_it_was_for_whoever_shares_it,
        only_a_pipe_is_opened_anew,
        the_strict_reader_refuses_broken_lines,
    };
    return check_run("log", tests, ARRAY_LEN(tests));
}
