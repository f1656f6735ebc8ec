/*
 * The life of a resolver, with all of its rights given up, as its master sees it.
 */
#include "daemon/resolver.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/rights_child.h"
#include "support/check_run.h"

static int control;
static pid_t pid;

static bool hears(struct control_message *message)
{
    struct pollfd wait = {.fd = control, .events = POLLIN};

    return poll(&wait, 1, 20000) == 1 && control_receive(control, message) == CONTROL_GOT;
}

static void begin(void)
{
    struct control_message start = {.type = CONTROL_START, .rights = strict_settings()}, confined;
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        _exit((int)resolver_run(ends[1]));
    }
    close(ends[1]);
    control = ends[0];
    ck_assert(control_send(control, &start));
    ck_assert(hears(&confined));
    ck_assert_int_eq(confined.type, CONTROL_CONFINED);
    ck_assert(confined.is_dropped);
    ck_assert_int_eq(confined.report.role, PROCESS_RESOLVER);
}

static int end(void)
{
    int status;

    close(control);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void ask(uint32_t request, const char *host)
{
    struct control_message question = {.type = CONTROL_RESOLVE, .request = request};

    snprintf(question.host, sizeof question.host, "%s", host);
    ck_assert(control_send(control, &question));
}

START_TEST(it_answers_what_it_is_asked_and_ends_with_its_master)
{
    struct control_message answer;

    begin();
    ask(7, "localhost");
    ck_assert(hears(&answer));
    ck_assert_int_eq(answer.type, CONTROL_RESOLVED);
    ck_assert_uint_eq(answer.request, 7);
    ck_assert_int_eq(answer.fault, HOST_OK);
    ck_assert_uint_ge(answer.addresses.count, 1);
    ask(8, "no!name");
    ck_assert(hears(&answer));
    ck_assert_uint_eq(answer.request, 8);
    ck_assert_int_ne(answer.fault, HOST_OK);
    ck_assert_int_eq(end(), DAEMON_EXIT_OK);
}
END_TEST

START_TEST(many_are_answered_at_a_time_each_once_and_again)
{
    struct control_message answer;
    char host[32];

    begin();
    for (int round = 0; round < 3; round++) {
        bool is_there[MAX_LOOKUPS] = {false};
        for (uint32_t i = 0; i < MAX_LOOKUPS; i++) {
            snprintf(host, sizeof host, "192.0.2.%u", i);
            ask(i + 1, host);
        }
        for (size_t i = 0; i < MAX_LOOKUPS; i++) {
            ck_assert(hears(&answer));
            ck_assert_uint_le(answer.request, MAX_LOOKUPS);
            ck_assert(!is_there[answer.request - 1]);
            ck_assert_uint_eq(answer.addresses.items[0].bytes[3], answer.request - 1);
            is_there[answer.request - 1] = true;
        }
    }
    ck_assert_int_eq(end(), DAEMON_EXIT_OK);
}
END_TEST

START_TEST(it_says_that_it_is_alive_while_names_are_looked_up)
{
    struct control_message answer;
    bool is_alive = false;

    begin();
    ask(7, "localhost");
    ck_assert(control_send(control, &(struct control_message){.type = CONTROL_PING}));
    for (int i = 0; i < 2; i++) {
        ck_assert(hears(&answer));
        is_alive = is_alive || answer.type == CONTROL_ALIVE;
    }
    ck_assert(is_alive);
    ck_assert_int_eq(end(), DAEMON_EXIT_OK);
}
END_TEST

START_TEST(a_master_that_says_what_makes_no_sense_is_left)
{
    struct control_message answer;

    begin();
    ck_assert(control_send(control, &(struct control_message){.type = CONTROL_DRAIN}));
    ck_assert(!hears(&answer));
    ck_assert_int_eq(end(), DAEMON_EXIT_OK);
    begin();
    ck_assert_int_eq(send(control, "what", 4, 0), 4);
    ck_assert(!hears(&answer));
    ck_assert_int_eq(end(), DAEMON_EXIT_OK);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        it_answers_what_it_is_asked_and_ends_with_its_master,
        many_are_answered_at_a_time_each_once_and_again,
        it_says_that_it_is_alive_while_names_are_looked_up,
        a_master_that_says_what_makes_no_sense_is_left,
    };
    return check_run("resolver", tests, ARRAY_LEN(tests));
}
