/* What healthcheck makes of an answer, or of none. */
#include "admin/ask.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/check_run.h"

static int status;
static char words[MAX_ASK_WORDS_LEN];

static bool parse(const char *reply)
{
    return ask_parse_reply(bytes_of_string(reply), &status, words);
}

START_TEST(a_reply_is_its_status_and_the_first_line_of_its_body)
{
    ck_assert(parse("HTTP/1.1 200 OK\r\nA: b\r\n\r\nready\nmore\n"));
    ck_assert_int_eq(status, 200);
    ck_assert_str_eq(words, "ready");
    ck_assert(parse("HTTP/1.0 503 \r\n\r\ndraining"));
    ck_assert_int_eq(status, 503);
    ck_assert_str_eq(words, "draining");
    ck_assert(parse("HTTP/1.1 200"));
    ck_assert_str_eq(words, "");
}
END_TEST

START_TEST(what_is_no_reply_is_none)
{
    static const char *const wrong[] = {
        "",
        "HTTP/1.1",
        "HTTP/1.1 20",
        "HTTP/1.1 2x0 OK",
        "HTTP/1.2 200 OK",
        "HTTP/2 200 OK",
        "http/1.1 200 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1 099 OK",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "\x15\x03\x01\x00\x02\x02\x46",
    };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert_msg(!parse(wrong[i]), "%s", wrong[i]);
}
END_TEST

START_TEST(words_are_of_one_line_and_printable_and_fit)
{
    char reply[1024];

    ck_assert(parse("HTTP/1.1 200 OK\r\n\r\na\x1b[31mb"));
    ck_assert_str_eq(words, "a");
    memset(reply, 'x', sizeof reply - 1);
    reply[sizeof reply - 1] = 0;
    memcpy(reply, "HTTP/1.1 200 OK\r\n\r\n", 19);
    ck_assert(parse(reply));
    ck_assert_uint_eq(strlen(words), MAX_ASK_WORDS_LEN - 1);
}
END_TEST

/* ---- peers */

enum peer { PEER_ANSWERS, PEER_REFUSES, PEER_HANGS_UP, PEER_IS_SILENT, PEER_NEVER_ACCEPTS };

static struct socket_address where;
static pid_t peer_pid;

static void answer(int fd, enum peer peer)
{
    static const char good[] = "HTTP/1.0 200 OK\r\n\r\nok\n", bad[] = "HTTP/1.0 503 No\r\n\r\nstarting\n";
    char request[256];

    if (peer == PEER_IS_SILENT)
        pause();
    if (peer == PEER_HANGS_UP)
        return;
    (void)!recv(fd, request, sizeof request, 0);
    if (peer == PEER_ANSWERS)
        (void)!send(fd, good, sizeof good - 1, MSG_NOSIGNAL);
    else
        (void)!send(fd, bad, sizeof bad - 1, MSG_NOSIGNAL);
}

static void begin(enum peer peer)
{
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(fd, (struct sockaddr *)&any, sizeof any), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert(address_of_socket(fd, &where));
    peer_pid = fork();
    if (peer_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (peer == PEER_NEVER_ACCEPTS)
            pause();
        answer(accept(fd, NULL, NULL), peer);
        _exit(0);
    }
    close(fd);
}

static void end(void)
{
    kill(peer_pid, SIGKILL);
    ck_assert_int_eq(waitpid(peer_pid, NULL, 0), peer_pid);
}

START_TEST(a_good_answer_is_good_and_any_other_is_not)
{
    struct ask_answer got;

    begin(PEER_ANSWERS);
    got = ask_admin(&where, "/healthz");
    end();
    ck_assert(got.is_good);
    ck_assert_str_eq(got.words, "ok");
    begin(PEER_REFUSES);
    got = ask_admin(&where, "/readyz");
    end();
    ck_assert(!got.is_good);
    ck_assert_str_eq(got.words, "starting");
    begin(PEER_HANGS_UP);
    got = ask_admin(&where, "/readyz");
    end();
    ck_assert(!got.is_good);
    got = ask_admin(&where, "/readyz"); /* nobody is there any more */
    ck_assert(!got.is_good);
    ck_assert_str_eq(got.words, "Connection refused");
}
END_TEST

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

START_TEST(silence_is_waited_for_no_longer_than_the_timeout)
{
    double began = seconds();
    struct ask_answer got;

    begin(PEER_IS_SILENT);
    got = ask_admin(&where, "/healthz");
    end();
    ck_assert(!got.is_good);
    ck_assert_str_eq(got.words, "Connection timed out");
    ck_assert_double_gt(seconds() - began, 0.9 * (double)ASK_TIMEOUT / 1000);
    ck_assert_double_lt(seconds() - began, 3.0 * (double)ASK_TIMEOUT / 1000);
}
END_TEST

START_TEST(a_listener_is_good_when_it_hangs_up_on_who_says_nothing)
{
    struct ask_answer got;

    begin(PEER_HANGS_UP);
    got = ask_listener(&where);
    end();
    ck_assert(got.is_good);
    begin(PEER_NEVER_ACCEPTS); /* the kernel takes the connection in, nobody else does */
    got = ask_listener(&where);
    end();
    ck_assert(!got.is_good);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_reply_is_its_status_and_the_first_line_of_its_body, what_is_no_reply_is_none,
        words_are_of_one_line_and_printable_and_fit,          a_good_answer_is_good_and_any_other_is_not,
        silence_is_waited_for_no_longer_than_the_timeout,     a_listener_is_good_when_it_hangs_up_on_who_says_nothing,
    };

    return check_run("ask", tests, ARRAY_LEN(tests));
}
