/*
 * The daemon's life in a process of its own: what it exits with, what it says, how it drains.
 */
#include "daemon/daemon.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sanitizer.h"
#include "daemon/control.h"
#include "support/check_run.h"

enum { TEXT_LEN = 1 << 12 };
static char *text; /* the configuration */
static int said;   /* what the daemon writes to standard error */
static char heard[1 << 14];
static size_t heard_len;
static pid_t pid;
static uint16_t port;
static uint64_t build_time;                          /* of the next start */
static char *const *arguments;                       /* of the next start, for USR2 */
static const char hang_file[] = "check_daemon.hang"; /* while it is there a worker that starts does nothing */

/* While it is there a worker that starts is not ours any more. */
static const char taken_over_file[] = "check_daemon.taken_over";
static enum { OURS, REFUSES, IS_DEAF } manner = OURS;

static void hang(void)
{
    for (;;)
        sleep(1); /* which filters of system calls let pass */
}

static bool ends_with(const char *path, const char *end)
{
    size_t len = strlen(path), end_len = strlen(end);

    return len >= end_len && strcmp(path + len - end_len, end) == 0;
}

/* Files that are never there, as on a network that is not, or late. */
static int open_some(const char *path, int flags, mode_t mode)
{
    static const char late[] = ".late";
    int (*next)(const char *, int, ...);
    char name[512];

    if (ends_with(path, ".never"))
        hang();
    snprintf(name, sizeof name, "%s", path);
    if (ends_with(path, late)) {
        sleep(1);
        name[strlen(name) - strlen(late)] = 0;
    }
    *(void **)&next = dlsym(RTLD_NEXT, "open"); /* as POSIX has it */
    return next(name, flags, mode);
}

/* In front of the C library's. */
int open(const char *path, int flags, ...)
{
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_some(path, flags, mode);
}

/* What a fortified call without a mode becomes. */
int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
    return open_some(path, flags, 0);
}

static void take_over(const char *how)
{
    int fd = open(taken_over_file, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

    ck_assert(write(fd, how, 1) == 1 && close(fd) == 0);
}

static void be_taken_over(void)
{
    int fd = open(taken_over_file, O_RDONLY | O_CLOEXEC);
    char how = 0;

    if (fd >= 0 && read(fd, &how, 1) == 1 && close(fd) == 0)
        manner = how == 'r' ? REFUSES : IS_DEAF;
}

/* In front of the C library's, for what a worker tells its master. */
ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    struct control_message said_now = {.type = 0};
    uint8_t frame[CONTROL_FRAME_LEN];
    bool is_ready = manner != OURS && len == sizeof frame && control_decode(bytes_of(bytes, len), NULL, 0, &said_now) &&
                    said_now.type == CONTROL_READY;
    ssize_t sent;

    if (is_ready && manner == REFUSES && said_now.generation > 1) {
        struct control_message refusal = {
            .type = CONTROL_REFUSED, .generation = said_now.generation, .exit = 78, .reason = "of the test"};
        control_encode(&refusal, frame);
        bytes = frame;
    }
    sent = sendto(fd, bytes, len, flags, NULL, 0);
    if (is_ready && manner == IS_DEAF) {
        close(fd);
        for (;;)
            (void)poll(NULL, 0, 1000); /* it goes on; for less than what a silent one has */
    }
    return sent;
}

static const char *certificate(const char *name)
{
    static char paths[2][512];
    static int next;
    const char *top = getenv("top_srcdir");

    next = !next;
    snprintf(paths[next], sizeof paths[next], "%s/tests/data/certificates/%s", top ? top : "..", name);
    return paths[next];
}

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    port = ntohs(address.sin_port);
    return fd;
}

static void free_port(void)
{
    close(listen_somewhere());
}

static void tell(void *context, const char *finding)
{
    (void)context;
    fprintf(stderr, "%s\n", finding);
}

/* A reload finds what the test wrote meanwhile: it lies in memory that both share. */
static struct config *load(void *context, struct config_findings findings)
{
    (void)context;
    return config_parse("test.conf", bytes_of_string(text), findings);
}

static _Noreturn void be_the_daemon(int fd)
{
    struct config *config;

    dup2(fd, STDERR_FILENO);
    config = load(NULL, (struct config_findings){tell, NULL});
    if (!config)
        _exit(99);
    int code = (int)daemon_run(
        config,
        (struct daemon_source){.name = "test.conf", .load = load, .arguments = arguments, .build_time = build_time});
    if (!HAS_SANITIZER && prctl(PR_GET_DUMPABLE) != 0) /* LeakSanitizer looks at the process from another one */
        _exit(98);
    exit(code); /* runs what looks for leaks, where that is built in */
}

static void start(void)
{
    int ends[2];

    (void)unlink(hang_file); /* of a test that failed */
    ck_assert_int_eq(pipe(ends), 0);
    heard_len = 0;
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        be_the_daemon(ends[1]);
    close(ends[1]);
    said = ends[0];
}

/* Reads on until `part` was said; false at the end of what it says. */
static bool hears(const char *part)
{
    while (heard_len < sizeof heard - 1) {
        struct pollfd wait = {.fd = said, .events = POLLIN};
        heard[heard_len] = 0;
        if (strstr(heard, part))
            return true;
        ck_assert_msg(poll(&wait, 1, 20000) == 1, "'%s' was not said within 20 s, but:\n%s", part, heard);
        ssize_t len = read(said, heard + heard_len, sizeof heard - 1 - heard_len);
        if (len <= 0)
            return false;
        heard_len += (size_t)len;
    }
    return false;
}

static void expect_heard(const char *part)
{
    ck_assert_msg(hears(part), "'%s' was not said, but:\n%s", part, heard);
}

static void forget_heard(void)
{
    heard_len = 0;
}

static void expect_exit(int code)
{
    int status;

    while (hears("\x01")) /* never said: reads to the end */
        ;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == code, "status %x, not exit code %d:\n%s", status, code,
                  heard);
    close(said);
}

static int connect_to_it(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void configure(const char *general, const char *certificate_name, const char *key_name)
{
    snprintf(text, TEXT_LEN,
             "[sallyport]\nworkers = 1\nlog-level = debug\n%s\n[listen web]\naddress = 127.0.0.1:%u\ncertificate = "
             "%s\nkey = %s\n"
             "backend = app\n[backend app]\nserver = 127.0.0.1:1\n",
             general, port, certificate(certificate_name), certificate(key_name));
}

/* In the configuration that the next load finds. */
static void replace(const char *old, const char *fresh)
{
    char *at = strstr(text, old);
    char rest[TEXT_LEN];

    ck_assert_ptr_nonnull(at);
    snprintf(rest, sizeof rest, "%s", at + strlen(old));
    snprintf(at, (size_t)(text + TEXT_LEN - at), "%s%s", fresh, rest);
}

static void start_serving(const char *general)
{
    free_port();
    configure(general, "p256.crt", "p256.key");
    start();
    expect_heard("ready: pid ");
}

START_TEST(term_without_connections_ends_with_0_at_once)
{
    static const int stops[] = {SIGTERM, SIGINT, SIGQUIT};

    for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
        start_serving("");
        expect_heard("event=listening listener=web address=127.0.0.1:");
        ck_assert_int_eq(kill(pid, stops[i]), 0);
        expect_exit(0);
        ck_assert_ptr_nonnull(strstr(heard, "stopped"));
    }
}
END_TEST

START_TEST(a_draining_daemon_lets_its_connections_end_and_takes_no_new_ones)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client, late;

    start_serving("");
    client = connect_to_it();
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_heard("SIGTERM: stopping");
    expect_heard("no new connections, 1 go on");
    usleep(100000); /* the socket closes in the turn after */
    late = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_port = htons(port);
    ck_assert_int_ne(connect(late, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), 0);
    close(late);
    close(client);
    expect_exit(0);
}
END_TEST

START_TEST(connections_that_outlast_the_drain_timeout_are_cut_and_the_exit_code_says_so)
{
    int client;

    start_serving("drain-timeout = 1s");
    client = connect_to_it();
    expect_heard("ready");
    usleep(100000);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_heard("drain-timeout is over: ending 1 connections now");
    expect_exit(1);
    close(client);
}
END_TEST

START_TEST(a_second_term_ends_it_now)
{
    int client;

    start_serving("drain-timeout = 60s");
    client = connect_to_it();
    usleep(100000);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_heard("no new connections, 1 go on");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(1);
    close(client);
}
END_TEST

START_TEST(hup_usr1_and_pipe_do_not_end_it)
{
    start_serving("");
    ck_assert_int_eq(kill(pid, SIGHUP), 0);
    expect_heard("SIGHUP: ");
    ck_assert_int_eq(kill(pid, SIGUSR1), 0);
    expect_heard("SIGUSR1: ");
    ck_assert_int_eq(kill(pid, SIGPIPE), 0);
    close(connect_to_it());
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(0);
}
END_TEST

START_TEST(hup_while_it_starts_is_done_behind_the_start)
{
    free_port();
    configure("", "p256.crt", "p256.key");
    replace("p256.crt\n", "p256.crt.late\n");
    start();
    expect_heard("process=loader");
    ck_assert_int_eq(kill(pid, SIGHUP), 0);
    expect_heard("ready: pid ");
    expect_heard("reloaded: ");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(0);
}
END_TEST

START_TEST(a_busy_port_is_one_clear_line_and_exit_code_1)
{
    int busy = listen_somewhere();

    configure("", "p256.crt", "p256.key");
    start();
    expect_exit(1);
    ck_assert_ptr_nonnull(strstr(heard, "test.conf:6: cannot listen on 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(heard, "the address is in use by another process"));
    ck_assert_ptr_null(strstr(heard, "event=listening"));
    close(busy);
}
END_TEST

START_TEST(a_fault_in_a_certificate_is_exit_code_78_and_nothing_is_bound)
{
    free_port();
    configure("", "p256.crt", "rsa2048.key");
    start();
    expect_exit(78);
    ck_assert_ptr_nonnull(strstr(heard, "test.conf:8: key '"));
    ck_assert_ptr_nonnull(strstr(heard, "does not belong to certificate"));
    ck_assert_ptr_null(strstr(heard, "event=listening"));
}
END_TEST

START_TEST(the_faults_of_all_listeners_are_told_and_none_is_half_started)
{
    free_port();
    snprintf(text, TEXT_LEN,
             "[listen good]\naddress = 127.0.0.1:%u\ncertificate = %s\nkey = %s\nbackend = app\n"
             "[listen one]\naddress = 127.0.0.1:1\ncertificate = /no/one.crt\nbackend = app\n"
             "[listen two]\naddress = 127.0.0.1:2\ncertificate = /no/two.crt\nbackend = app\n"
             "[backend app]\nserver = no.such.invalid:80\n",
             port, certificate("p256.crt"), certificate("p256.key"));
    start();
    expect_exit(78);
    ck_assert_ptr_nonnull(strstr(heard, "/no/one.crt"));
    ck_assert_ptr_nonnull(strstr(heard, "/no/two.crt"));
    ck_assert_ptr_nonnull(strstr(heard, "server 'no.such.invalid:80' gets nothing until its name resolves"));
    ck_assert_ptr_null(strstr(heard, "event=listening"));
}
END_TEST

START_TEST(a_server_whose_name_does_not_resolve_does_not_stop_the_start)
{
    free_port();
    snprintf(text, TEXT_LEN,
             "[listen web]\naddress = 127.0.0.1:%u\ncertificate = %s\nkey = %s\nbackend = app\n"
             "[backend app]\nserver = no.such.invalid:80\n",
             port, certificate("p256.crt"), certificate("p256.key"));
    start();
    expect_heard("test.conf:7: warning: server 'no.such.invalid:80' gets nothing until its name resolves");
    expect_heard("ready: ");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(0);
}
END_TEST

START_TEST(a_name_to_listen_on_is_resolved_and_one_that_is_not_there_ends_the_start)
{
    free_port();
    snprintf(text, TEXT_LEN,
             "[listen web]\naddress = localhost:%u\ncertificate = %s\nkey = %s\nbackend = demo\n"
             "[listen two]\naddress = no.such.invalid:%u\ncertificate = %s\nkey = %s\nbackend = demo\n",
             port, certificate("p256.crt"), certificate("p256.key"), port, certificate("p256.crt"),
             certificate("p256.key"));
    start();
    expect_exit(1);
    ck_assert_ptr_nonnull(strstr(heard, "test.conf:7: address 'no.such.invalid:"));
    ck_assert_ptr_null(strstr(heard, "address 'localhost:"));
}
END_TEST

/* One line at the end sums up what happened. */
START_TEST(the_counters_are_told_at_the_end)
{
    start_serving("");
    close(connect_to_it());
    usleep(100000);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(0);
    ck_assert_ptr_nonnull(strstr(heard, "event=counters accepted=1 silent=1"));
}
END_TEST

/* ---- nobody is waited for without an end */

START_TEST(a_configuration_that_is_not_loaded_in_time_is_given_up)
{
    build_time = 1000000;
    free_port();
    configure("", "p256.crt", "p256.key");
    replace("p256.crt\n", "p256.crt.never\n");
    start();
    expect_heard("nothing is served: it takes longer than 1 s to load");
    expect_exit(1);
}
END_TEST

START_TEST(a_reload_that_is_not_loaded_in_time_is_refused)
{
    build_time = 1000000;
    start_serving("");
    replace("p256.crt\n", "p256.crt.never\n");
    ck_assert_int_eq(kill(pid, SIGHUP), 0);
    expect_heard("reload refused: it takes longer than 1 s to load; generation 1 goes on");
    replace("p256.crt.never\n", "p256.crt\n");
    ck_assert_int_eq(kill(pid, SIGHUP), 0);
    expect_heard("reloaded: ");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(0);
}
END_TEST

/* What follows `words` in what was said. */
static long number_after(const char *words)
{
    const char *at = strstr(heard, words);

    ck_assert_ptr_nonnull(at);
    return strtol(at + strlen(words), NULL, 10);
}

START_TEST(a_process_that_never_builds_is_killed_and_replaced)
{
    build_time = 1000000;
    start_serving("");
    close(open(hang_file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    close(connect_to_it());
    expect_heard("process=worker-1 pid=");
    ck_assert_int_eq(kill((pid_t)number_after("process=worker-1 pid="), SIGKILL), 0);
    expect_heard("does not come to an end with what it builds: killing it");
    expect_heard("worker 1 ends again and again");
    ck_assert_int_eq(unlink(hang_file), 0);
    forget_heard();
    close(connect_to_it());
    expect_heard("event=handshake_failed");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(0);
}
END_TEST

/* The loader could build it, and another worker can. */
START_TEST(a_worker_that_refuses_what_was_loaded_is_replaced_and_stops_no_reload)
{
    take_over("r");
    start_serving("");
    ck_assert_int_eq(unlink(taken_over_file), 0);
    ck_assert_int_eq(kill(pid, SIGHUP), 0);
    expect_heard("worker 1 refuses: of the test");
    expect_heard("refuses what others can build: another one takes its place");
    expect_heard("reloaded: ");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(0);
}
END_TEST

START_TEST(a_worker_that_closes_its_control_socket_is_ended_and_replaced)
{
    take_over("d");
    start_serving("");
    ck_assert_int_eq(unlink(taken_over_file), 0);
    expect_heard("has closed its control socket and goes on: killing it");
    expect_heard("worker 1 is back as pid ");
    ck_assert_int_eq(kill(pid, SIGHUP), 0);
    expect_heard("reloaded: ");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(0);
}
END_TEST

START_TEST(a_new_binary_that_hangs_in_its_check_is_killed_and_the_old_one_goes_on)
{
    static char name[] = "check_daemon", hang[] = "--hang", *hanging[] = {name, hang, NULL};

    build_time = 1000000;
    arguments = hanging;
    start_serving("");
    ck_assert_int_eq(kill(pid, SIGUSR2), 0);
    expect_heard("SIGUSR2: checking /");
    ck_assert_int_eq(kill(pid, SIGHUP), 0); /* has to wait */
    expect_heard("SIGUSR2: the new binary takes longer than 1 s to check its configuration: killing it");
    expect_heard("was ended by SIGKILL while it checked its configuration; nothing has changed");
    expect_heard("reloaded: ");
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    expect_exit(0);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        term_without_connections_ends_with_0_at_once,
        a_draining_daemon_lets_its_connections_end_and_takes_no_new_ones,
        connections_that_outlast_the_drain_timeout_are_cut_and_the_exit_code_says_so,
        a_second_term_ends_it_now,
        hup_usr1_and_pipe_do_not_end_it,
        hup_while_it_starts_is_done_behind_the_start,
        a_busy_port_is_one_clear_line_and_exit_code_1,
        a_fault_in_a_certificate_is_exit_code_78_and_nothing_is_bound,
        the_faults_of_all_listeners_are_told_and_none_is_half_started,
        a_server_whose_name_does_not_resolve_does_not_stop_the_start,
        a_name_to_listen_on_is_resolved_and_one_that_is_not_there_ends_the_start,
        the_counters_are_told_at_the_end,
        a_configuration_that_is_not_loaded_in_time_is_given_up,
        a_reload_that_is_not_loaded_in_time_is_refused,
        a_process_that_never_builds_is_killed_and_replaced,
        a_worker_that_refuses_what_was_loaded_is_replaced_and_stops_no_reload,
        a_worker_that_closes_its_control_socket_is_ended_and_replaced,
        a_new_binary_that_hangs_in_its_check_is_killed_and_the_old_one_goes_on,
    };
    if (argc > 1 && strcmp(argv[1], "--hang") == 0)
        hang();
    if (argc == 3 && strcmp(argv[2], "worker") == 0 && access(hang_file, F_OK) == 0)
        hang();
    if (argc == 3 && strcmp(argv[2], "worker") == 0)
        be_taken_over();
    if (argc == 3 && strcmp(argv[1], "--process") == 0)
        return daemon_is_child(argv[2]) ? (int)daemon_run_child(argv[2]) : 97;
    text = mmap(NULL, TEXT_LEN, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (text == MAP_FAILED)
        return 99;
    return check_run("daemon", tests, ARRAY_LEN(tests));
}
