#include "load.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

static const double MAX_OPENING_SECONDS = 300, MAX_COUNT_SECONDS = 600;

/* The measured window: what was so far when it began, or what came to pass in it. */
struct reading {
    struct cost server;
    double own_cpu;
    uint64_t time;
    struct counters counters;
};

void load_fail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fputs("bench_load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

uint64_t load_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint64_t time_in(double seconds)
{
    return load_now() + (uint64_t)(seconds * 1e9);
}

/* ---- samples */

void load_add_sample(struct load *load, double microseconds)
{
    if (load->sample_count == load->sample_capacity) {
        load->sample_capacity = load->sample_capacity ? load->sample_capacity * 2 : 65536;
        load->samples = realloc(load->samples, load->sample_capacity * sizeof *load->samples);
        if (!load->samples)
            load_fail("no memory");
    }
    load->samples[load->sample_count++] = microseconds;
}

static int compare_samples(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double percentile(const struct load *load, double percent)
{
    if (load->sample_count == 0)
        return 0;
    return load->samples[(size_t)(percent / 100 * (double)(load->sample_count - 1) + 0.5)];
}

/* ---- what is printed */

static struct reading read_now(const struct load *load)
{
    return (struct reading){
        .server = meter_read(load->options.server),
        .own_cpu = meter_own_cpu(),
        .time = load_now(),
        .counters = load->counters,
    };
}

static double seconds_between(const struct reading *before, const struct reading *after)
{
    return (double)(after->time - before->time) / 1e9;
}

static void print_common(const struct load *load, const struct reading *before, const struct reading *after)
{
    double seconds = seconds_between(before, after);

    printf("{\"mode\":\"%s\",\"connections\":%zu,\"version\":\"%s\",\"cipher\":\"%s\",\"group\":\"%s\","
           "\"signature\":\"%s\",\"seconds\":%.3f,\"client_busy\":%.3f,\"errors\":%" PRIu64,
           load->options.mode_name, load->options.connections, load->version, load->cipher, load->group,
           load->signature, seconds, (after->own_cpu - before->own_cpu) / (seconds * 1e6), load->counters.errors);
}

/* The server's CPU time for each of `count` units of work. */
static void print_cost(const struct reading *before, const struct reading *after, const char *unit, double count)
{
    double cpu = after->server.cpu - before->server.cpu, seconds = seconds_between(before, after);

    printf(",\"%s\":%.1f,\"per_second\":%.1f", unit, count, count / seconds);
    if (before->server.processes > 0)
        printf(",\"server_processes\":%u,\"server_busy\":%.3f,\"cpu_us\":%.3f", after->server.processes,
               cpu / (seconds * 1e6), count > 0 ? cpu / count : 0);
}

static void print_percentiles(const struct load *load)
{
    qsort(load->samples, load->sample_count, sizeof *load->samples, compare_samples);
    printf(",\"samples\":%zu,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f", load->sample_count,
           percentile(load, 50), percentile(load, 99), percentile(load, 99.9), percentile(load, 100));
}

/* ---- the modes */

static bool are_all_ready(struct load *load)
{
    if (load->counters.errors > 0)
        load_fail("a connection failed while opening");
    return load->counters.handshakes >= load->options.connections &&
           loop_count_ready(load) == load->options.connections;
}

static bool are_all_done(struct load *load)
{
    return load->starts_left == 0 && loop_count_busy(load) == 0;
}

static void open_all(struct load *load)
{
    load->starts_left = load->options.connections;
    loop_run(load, time_in(MAX_OPENING_SECONDS), are_all_ready);
    if (loop_count_ready(load) != load->options.connections)
        load_fail("only %zu of %zu connections came up", loop_count_ready(load), load->options.connections);
}

static void run_idle(struct load *load)
{
    struct reading before = read_now(load), after;
    double count = (double)load->options.connections;

    open_all(load);
    loop_run(load, time_in(load->options.settle), NULL);
    after = read_now(load);
    if (loop_count_ready(load) != load->options.connections)
        load_fail("the server let go of %zu connections", load->options.connections - loop_count_ready(load));
    print_common(load, &before, &after);
    printf(",\"pss_before\":%.0f,\"pss_after\":%.0f,\"pss_bytes\":%.0f}\n", before.server.pss, after.server.pss,
           (after.server.pss - before.server.pss) / count);
}

static void print_window(struct load *load, const struct reading *before, const struct reading *after)
{
    const struct counters *from = &before->counters, *to = &after->counters;

    print_common(load, before, after);
    switch (load->options.mode) {
    case MODE_HANDSHAKE:
        printf(",\"resumed\":%" PRIu64, to->resumed - from->resumed);
        print_cost(before, after, "handshakes", (double)(to->handshakes - from->handshakes));
        print_percentiles(load);
        break;
    case MODE_BULK:
        print_cost(before, after, "megabytes", (double)(to->bytes - from->bytes) / 1e6);
        break;
    case MODE_LATENCY:
        print_cost(before, after, "messages", (double)(to->done - from->done));
        print_percentiles(load);
        break;
    case MODE_IDLE:
        break;
    }
    printf("}\n");
}

static void begin_load(struct load *load)
{
    const struct load_options *options = &load->options;

    load->starts_left = options->mode == MODE_BULK ? options->connections : UINT64_MAX;
    if (options->mode == MODE_LATENCY)
        open_all(load); /* before the clock starts */
    load->started = 0;
    load->counters.handshakes = 0;
    load->schedule_start = load_now();
    load->window_end = UINT64_MAX;
}

static void run_timed(struct load *load)
{
    struct reading before, after;

    begin_load(load);
    loop_run(load, time_in(load->options.warmup), NULL);
    before = read_now(load);
    load->is_measuring = true;
    load->window_start = before.time;
    load->window_end = time_in(load->options.seconds); /* from here: the warm-up may have taken longer */
    loop_run(load, load->window_end, NULL);
    after = read_now(load);
    print_window(load, &before, &after);
}

static void run_counted(struct load *load)
{
    struct reading before, after;

    load->starts_left = load->options.count;
    load->is_measuring = true;
    load->schedule_start = load_now();
    before = read_now(load);
    loop_run(load, time_in(MAX_COUNT_SECONDS), are_all_done);
    after = read_now(load);
    if (!are_all_done(load))
        load_fail("%" PRIu64 " connections were not made in time", load->starts_left);
    print_window(load, &before, &after);
}

static void set_up(struct load *load)
{
    struct rlimit files;

    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (!load->options.is_plain)
        load->tls = client_new(&load->options);
    load->epoll = epoll_create1(0);
    load->units = calloc(load->options.connections, sizeof *load->units);
    if (load->epoll < 0 || !load->units)
        load_fail("no memory");
    for (size_t i = 0; i < load->options.connections; i++) {
        load->units[i].load = load;
        load->units[i].fd = -1;
    }
}

int main(int argc, char **argv)
{
    static struct load load;

    options_parse(&load.options, argc, argv);
    set_up(&load);
    if (load.options.mode == MODE_IDLE)
        run_idle(&load);
    else if (load.options.mode == MODE_HANDSHAKE && load.options.count > 0)
        run_counted(&load);
    else
        run_timed(&load);
    return 0;
}
