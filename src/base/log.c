#include "base/log.h"

#include "base/journal.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
    enum log_format format;
    enum log_level level;
    int fd;
    bool is_journal; /* each line begins with its priority */
    uint64_t lost, lost_told;
    char process[32]; /* empty: lines do not say */
    int64_t pid;
} sink = {.format = LOG_FORMAT_LOGFMT, .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO};

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};

/* Room kept at the end of every line for what closes it. */
enum { CLOSING_LEN = 32 };

void log_configure(enum log_format format, enum log_level level, int fd)
{
    sink.format = format;
    sink.level = level;
    sink.fd = fd;
    sink.is_journal = journal_reads(fd);
}

/*
 * O_NONBLOCK would be that of whoever started us, too: it belongs to what was opened, not to the descriptor. So the
 * pipe is opened once more. Where that cannot be had (no /proc, a pipe of another user) is_writable() has to do; and
 * after an upgrade in place it has been done.
 */
void log_open_anew(int fd)
{
    struct stat status;
    char path[32];
    int own;

    if (fstat(fd, &status) != 0 || !S_ISFIFO(status.st_mode) || (fcntl(fd, F_GETFL) & O_NONBLOCK))
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (own < 0)
        return;
    (void)dup2(own, fd);
    close(own);
}

const char *log_priority(enum log_level level)
{
    return sink.is_journal ? journal_prefix(level) : "";
}

void log_set_process(const char *name)
{
    snprintf(sink.process, sizeof sink.process, "%s", name);
    sink.pid = getpid();
}

uint64_t log_lost_lines(void)
{
    return sink.lost;
}

static bool is_json(void)
{
    return sink.format == LOG_FORMAT_JSON;
}

static void put(struct log_line *line, const char *text, size_t len)
{
    if (len > sizeof line->text - CLOSING_LEN - line->len) {
        line->is_cut = true;
        return;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void put_string(struct log_line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void put_key(struct log_line *line, const char *key)
{
    if (is_json()) {
        put_string(line, line->len == line->head_len ? "\"" : ",\"");
        put_string(line, key);
        put_string(line, "\":");
        return;
    }
    if (line->len != line->head_len)
        put_string(line, " ");
    put_string(line, key);
    put_string(line, "=");
}

static bool is_bare_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte != 0 && strchr("._:/+@,-[]*", byte));
}

static bool is_bare(struct bytes value)
{
    for (size_t i = 0; i < value.len; i++)
        if (!is_bare_byte(value.at[i]))
            return false;
    return value.len != 0;
}

/* Printable ASCII stands for itself, a backslash is doubled, all else is \xNN; JSON doubles every backslash again. */
static void put_escaped(struct log_line *line, uint8_t byte)
{
    char text[8];

    if (byte == '\\') {
        put_string(line, is_json() ? "\\\\\\\\" : "\\\\");
    } else if (byte == '"') {
        put_string(line, "\\\"");
    } else if (byte >= 0x20 && byte < 0x7f) {
        text[0] = (char)byte;
        put(line, text, 1);
    } else {
        int len = snprintf(text, sizeof text, is_json() ? "\\\\x%02x" : "\\x%02x", byte);
        put(line, text, (size_t)len);
    }
}

static void put_quoted(struct log_line *line, struct bytes value)
{
    size_t len = value.len < LOG_VALUE_MAX ? value.len : LOG_VALUE_MAX;

    put_string(line, "\"");
    for (size_t i = 0; i < len; i++)
        put_escaped(line, value.at[i]);
    if (len < value.len)
        put_string(line, "...");
    put_string(line, "\"");
}

/*
 * A field is whole or absent, and each is judged alone: a long one from a peer must not push out the short ones
 * behind it, which say how the connection ended.
 */
struct field_start {
    size_t len;
    bool was_cut;
};

static struct field_start begin_field(struct log_line *line, const char *key)
{
    struct field_start start = {line->len, line->is_cut};

    line->is_cut = false;
    put_key(line, key);
    return start;
}

static void end_field(struct log_line *line, struct field_start start)
{
    if (line->is_cut)
        line->len = start.len;
    line->is_cut = line->is_cut || start.was_cut;
}

void log_bytes(struct log_line *line, const char *key, struct bytes value)
{
    struct field_start start;

    if (!line->is_wanted)
        return;
    start = begin_field(line, key);
    if (!is_json() && value.len <= LOG_VALUE_MAX && is_bare(value))
        put(line, (const char *)value.at, value.len);
    else
        put_quoted(line, value);
    end_field(line, start);
}

void log_text(struct log_line *line, const char *key, const char *value)
{
    if (value)
        log_bytes(line, key, bytes_of_string(value));
}

static void put_field(struct log_line *line, const char *key, const char *text)
{
    struct field_start start;

    if (!line->is_wanted)
        return;
    start = begin_field(line, key);
    put_string(line, text);
    end_field(line, start);
}

/* A sign or a point and all digits of 2^64. */
enum { MAX_DECIMAL_LEN = 1 + 20 };

/* With at least so many digits, so that it ends before `end`: answers where it begins. printf() costs twenty times
 * that, and every line has half a dozen. */
static char *write_decimal(char *end, uint64_t value, unsigned digits)
{
    for (; value > 0 || digits > 0; value /= 10, digits -= digits > 0)
        *--end = (char)('0' + value % 10);
    return end;
}

void log_number(struct log_line *line, const char *key, int64_t value)
{
    char text[MAX_DECIMAL_LEN + 1] = "", *end = text + MAX_DECIMAL_LEN;
    char *at = write_decimal(end, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);

    if (value < 0)
        *--at = '-';
    put_field(line, key, at);
}

void log_seconds(struct log_line *line, const char *key, uint64_t microseconds)
{
    char text[MAX_DECIMAL_LEN + 1] = "", *end = text + MAX_DECIMAL_LEN;
    char *at = write_decimal(end, microseconds % 1000000, 6);

    *--at = '.';
    put_field(line, key, write_decimal(at, microseconds / 1000000, 1));
}

void log_hex(struct log_line *line, const char *key, struct bytes value)
{
    char text[2 * LOG_HEX_MAX + 4];
    size_t len = value.len < LOG_HEX_MAX ? value.len : LOG_HEX_MAX;

    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", value.at[i]);
    strcpy(text + 2 * len, len < value.len ? "..." : "");
    log_text(line, key, text);
}

static void put_time(struct log_line *line)
{
    struct timespec now;
    struct tm utc;
    char text[64];
    size_t len;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + len, sizeof text - len, ".%03ldZ", now.tv_nsec / 1000000);
    log_text(line, "ts", text);
}

bool log_is_on(enum log_level level)
{
    return level <= sink.level;
}

void log_begin(struct log_line *line, enum log_level level, const char *event)
{
    line->is_wanted = log_is_on(level);
    line->is_cut = false;
    line->len = 0;
    if (!line->is_wanted)
        return;
    put_string(line, log_priority(level));
    if (is_json())
        put_string(line, "{");
    line->head_len = line->len;
    put_time(line);
    log_text(line, "level", level_names[level]);
    log_text(line, "event", event);
}

/*
 * A reader that stopped costs lines, never the service. A pipe that polls writable has room for one line, which another
 * process may take before ours is written: then O_NONBLOCK of log_open_anew() gives the line up. A socket that polls
 * writable has three quarters of its room left (unix_writable() of Linux).
 */
static bool is_writable(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};

    return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT);
}

void log_end(struct log_line *line)
{
    const char *closing;

    if (!line->is_wanted)
        return;
    if (sink.process[0]) {
        log_text(line, "process", sink.process);
        log_number(line, "pid", sink.pid);
    }
    if (sink.lost > sink.lost_told) {
        log_number(line, "lines_lost_before", (int64_t)(sink.lost - sink.lost_told));
        sink.lost_told = sink.lost;
    }
    if (is_json())
        closing = line->is_cut ? ",\"cut\":true}\n" : "}\n";
    else
        closing = line->is_cut ? " cut=true\n" : "\n";
    memcpy(line->text + line->len, closing, strlen(closing)); /* CLOSING_LEN is kept free for it */
    line->len += strlen(closing);
    if (!is_writable(sink.fd) || write(sink.fd, line->text, line->len) != (ssize_t)line->len)
        sink.lost++;
}

void log_message(enum log_level level, const char *format, ...)
{
    struct log_line line;
    char text[LOG_VALUE_MAX + 2]; /* one byte more than a value may have: then log_text() says it was cut */
    va_list args;

    if (!log_is_on(level))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    log_begin(&line, level, "message");
    log_text(&line, "msg", text);
    log_end(&line);
}
