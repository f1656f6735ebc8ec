#include "demo/demo.h"
#include "demo/views.h"
#include "demo/visit.h"
#include "support/alloc_fault.h"
#include "support/check_run.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static struct event_base *base;
static struct demo *demo;
static uint16_t known_port; /* the one connection that is relayed */

/* In place of the proxy's registry. */
bool handshake_view_find(uint16_t source_port, struct handshake_view *out)
{
    if (source_port != known_port)
        return false;
    *out = view_of_browser();
    return true;
}

static void start(void)
{
    signal(SIGPIPE, SIG_IGN);
    known_port = 0;
    base = event_base_new();
    demo = demo_new(base, demo_listen());
    ck_assert_ptr_nonnull(demo);
    ck_assert_uint_ne(demo_port(demo), 0);
}

static void stop(void)
{
    demo_free(demo);
    event_base_free(base);
}

static int open_known(void)
{
    int visitor = visit_open(NULL, 0, demo_port(demo));

    ck_assert_int_ge(visitor, 0);
    known_port = visit_source_port(visitor);
    return visitor;
}

/* One request on a connection of its own, answered whole; "Connection: close" is added. */
static const char *ask(const char *method, const char *path)
{
    char request[512];
    int visitor = open_known();
    const char *reply;

    snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", method, path);
    visit_say(visitor, request);
    reply = visit_hear(base, visitor, NULL, 5000);
    ck_assert(visit_was_closed());
    close(visitor);
    return reply;
}

static const char *body_of(const char *reply)
{
    const char *end = strstr(reply, "\r\n\r\n");
    ck_assert_ptr_nonnull(end);
    return end + 4;
}

static void must_hold(const char *reply, const char *text)
{
    ck_assert_msg(strstr(reply, text) != NULL, "missing: %s in: %.400s", text, reply);
}

static size_t content_length(const char *reply)
{
    const char *at = strstr(reply, "Content-Length: ");
    unsigned long len;

    ck_assert_ptr_nonnull(at);
    ck_assert_int_eq(sscanf(at, "Content-Length: %lu", &len), 1);
    return len;
}

START_TEST(the_page_shows_the_handshake_of_the_source_port)
{
    const char *reply;

    start();
    reply = ask("GET", "/");
    must_hold(reply, "HTTP/1.1 200 OK\r\n");
    must_hold(reply, "Content-Type: text/html; charset=utf-8\r\n");
    must_hold(body_of(reply), "your handshake");
    must_hold(body_of(reply), "TLS_AES_128_GCM_SHA256");
    must_hold(body_of(reply), "<svg class=\"ladder\"");
    ck_assert_uint_eq(strlen(body_of(reply)), content_length(reply));
    must_hold(ask("GET", "/?anything=else"), "HTTP/1.1 200 OK\r\n");
    stop();
}
END_TEST

START_TEST(the_same_facts_are_there_for_programs)
{
    const char *reply;

    start();
    reply = ask("GET", "/handshake.json");
    must_hold(reply, "HTTP/1.1 200 OK\r\n");
    must_hold(reply, "Content-Type: application/json\r\n");
    must_hold(body_of(reply), "\"suite\": \"TLS_AES_128_GCM_SHA256\"");
    reply = ask("GET", "/healthz");
    must_hold(reply, "HTTP/1.1 200 OK\r\n");
    ck_assert_str_eq(body_of(reply), "ok\n");
    stop();
}
END_TEST

START_TEST(a_connection_that_no_handshake_belongs_to_is_told_so)
{
    int visitor;
    const char *reply;

    start();
    visitor = visit_open(NULL, 0, demo_port(demo));
    visit_say(visitor, "GET / HTTP/1.0\r\n\r\n");
    reply = visit_hear(base, visitor, NULL, 5000);
    must_hold(reply, " 404 Not Found\r\n");
    must_hold(body_of(reply), "did not come through sallyport");
    close(visitor);
    visitor = visit_open(NULL, 0, demo_port(demo));
    visit_say(visitor, "GET /handshake.json HTTP/1.0\r\n\r\n");
    reply = visit_hear(base, visitor, NULL, 5000);
    must_hold(reply, " 404 Not Found\r\n");
    must_hold(body_of(reply), "{\"error\": \"");
    close(visitor);
    stop();
}
END_TEST

/* Two loopback addresses can use one port at the same time: the port alone is no proof. */
START_TEST(another_loopback_address_with_the_same_port_sees_nothing)
{
    int known, other;

    start();
    known = open_known();
    other = visit_open("127.0.0.2", known_port, demo_port(demo));
    ck_assert_int_ge(other, 0);
    visit_say(other, "GET / HTTP/1.0\r\n\r\n");
    must_hold(visit_hear(base, other, NULL, 5000), " 404 Not Found\r\n");
    visit_say(known, "GET / HTTP/1.0\r\n\r\n");
    must_hold(visit_hear(base, known, NULL, 5000), " 200 OK\r\n");
    close(known);
    close(other);
    stop();
}
END_TEST

START_TEST(it_listens_on_127_0_0_1_and_nowhere_else)
{
    struct sockaddr_in there = {.sin_family = AF_INET};
    int visitor = socket(AF_INET, SOCK_STREAM, 0);

    start();
    there.sin_port = htons(demo_port(demo));
    ck_assert_int_eq(inet_pton(AF_INET, "127.0.0.2", &there.sin_addr), 1);
    ck_assert_int_ne(connect(visitor, (struct sockaddr *)&there, sizeof there), 0);
    close(visitor);
    stop();
}
END_TEST

START_TEST(other_paths_are_a_page_that_says_404_and_does_not_repeat_them)
{
    static const char *const paths[] = {"/favicon.ico", "/index.html", "//", "/handshake.json/", "/../etc/passwd",
                                        "/%00",         "/%2f",        "*",  "http://x/y",       "/<script>needle"};

    start();
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        const char *reply = ask("GET", paths[i]);

        ck_assert_msg(strstr(reply, "HTTP/1.1 40") == reply, "%s: %.80s", paths[i], reply);
        ck_assert_ptr_null(strstr(reply, "needle"));
    }
    must_hold(ask("GET", "/favicon.ico"), "HTTP/1.1 404 Not Found\r\n");
    must_hold(ask("GET", "/favicon.ico"), "This is sallyport&#39;s demo backend.");
    stop();
}
END_TEST

/* RFC 9110 9.3.2 MUST NOT send content in the response to HEAD. */
START_TEST(head_is_answered_like_get_without_the_content)
{
    static const char *const paths[] = {"/", "/handshake.json", "/healthz", "/nothing"};

    start();
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        size_t len = strlen(body_of(ask("GET", paths[i])));
        const char *reply = ask("HEAD", paths[i]);

        ck_assert_str_eq(body_of(reply), "");
        ck_assert_uint_eq(content_length(reply), len);
        must_hold(reply, "Content-Type: ");
    }
    stop();
}
END_TEST

/* RFC 9110 15.5.6 MUST generate an Allow header field in a 405. */
START_TEST(other_methods_are_refused_with_what_is_allowed)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"};

    start();
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        const char *reply = ask(methods[i], "/");

        must_hold(reply, "HTTP/1.1 405 Method Not Allowed\r\n");
        must_hold(reply, "Allow: GET, HEAD\r\n");
    }
    ck_assert_ptr_nonnull(strstr(ask("BREW", "/"), "HTTP/1.1 "));
    stop();
}
END_TEST

START_TEST(every_answer_carries_the_security_headers)
{
    static const char *const requests[][2] = {
        {"GET", "/"},        {"HEAD", "/"},       {"GET", "/handshake.json"},
        {"GET", "/healthz"}, {"GET", "/nothing"}, {"POST", "/"},
    };

    start();
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        const char *reply = ask(requests[i][0], requests[i][1]);

        must_hold(reply, "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; ");
        must_hold(reply, "X-Content-Type-Options: nosniff\r\n");
        must_hold(reply, "Cache-Control: no-store\r\n");
        must_hold(reply, "Referrer-Policy: no-referrer\r\n");
    }
    stop();
}
END_TEST

START_TEST(a_connection_serves_one_request_after_another)
{
    int visitor;

    start();
    visitor = open_known();
    for (int i = 0; i < 3; i++) {
        visit_say(visitor, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        must_hold(visit_hear(base, visitor, "\r\n\r\nok\n", 5000), "200 OK");
    }
    visit_say(visitor, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD / HTTP/1.1\r\nHost: x\r\n\r\n"
                       "GET /handshake.json HTTP/1.1\r\nHost: x\r\n\r\n"); /* and three at once */
    must_hold(visit_hear(base, visitor, "\"offered\"", 5000), "\r\n\r\nok\n");
    close(visitor);
    stop();
}
END_TEST

START_TEST(a_request_that_comes_byte_by_byte_is_served)
{
    static const char request[] = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    int visitor;

    start();
    visitor = open_known();
    for (const char *c = request; *c; c++) {
        char one[2] = {*c, 0};
        visit_say(visitor, one);
        visit_turn(base, 1);
    }
    ck_assert_str_eq(body_of(visit_hear(base, visitor, NULL, 5000)), "ok\n");
    close(visitor);
    stop();
}
END_TEST

static void flood(const char *first_line, const char *again, size_t times)
{
    int visitor = open_known();

    visit_say(visitor, first_line);
    for (size_t i = 0; i < times; i++) {
        if (send(visitor, again, strlen(again), MSG_NOSIGNAL) < 0)
            break; /* closed already, or its buffer is full: both are a bound */
        visit_turn(base, 1);
    }
    ck_assert_ptr_null(strstr(visit_hear(base, visitor, NULL, 5000), "200 OK"));
    ck_assert(visit_was_closed());
    close(visitor);
}

START_TEST(headers_and_bodies_beyond_their_limits_are_refused_and_the_connection_closed)
{
    char line[1024];

    start();
    memset(line, 'a', sizeof line - 1);
    line[sizeof line - 1] = 0;
    flood("GET /", line, 40);
    flood("GET / HTTP/1.1\r\nA: ", line, 40);
    flood("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n", line, 40);
    must_hold(ask("GET", "/healthz"), "200 OK"); /* and it goes on serving others */
    stop();
}
END_TEST

START_TEST(what_is_no_http_at_all_is_refused)
{
    static const char *const garbage[] = {"\x16\x03\x01\x02\x01\x01\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                                          "hello\r\n\r\n", "\r\n\r\n\r\n"};

    start();
    for (size_t i = 0; i < ARRAY_LEN(garbage); i++) {
        int visitor = open_known();
        const char *reply;

        visit_say(visitor, garbage[i]);
        shutdown(visitor, SHUT_WR);
        reply = visit_hear(base, visitor, NULL, 5000);
        ck_assert(visit_was_closed());
        ck_assert_ptr_null(strstr(reply, "200 OK"));
        close(visitor);
    }
    must_hold(ask("GET", "/healthz"), "200 OK");
    stop();
}
END_TEST

static size_t open_descriptors(void)
{
    size_t count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

START_TEST(an_ended_connection_gives_its_descriptor_back_at_once)
{
    size_t before;

    start();
    must_hold(ask("GET", "/healthz"), "200 OK");
    visit_turn(base, 20);
    before = open_descriptors();
    for (int i = 0; i < 5; i++)
        must_hold(ask("GET", "/healthz"), "200 OK");
    visit_turn(base, 20);
    ck_assert_uint_eq(open_descriptors(), before);
    stop();
}
END_TEST

START_TEST(it_can_be_freed_with_connections_open)
{
    int visitors[3];

    start();
    for (size_t i = 0; i < ARRAY_LEN(visitors); i++)
        visitors[i] = open_known();
    visit_say(visitors[1], "GET /");
    visit_say(visitors[2], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    visit_turn(base, 20);
    stop();
    for (size_t i = 0; i < ARRAY_LEN(visitors); i++)
        close(visitors[i]);
    demo_free(NULL);
}
END_TEST

START_TEST(every_allocation_of_ours_may_fail)
{
    unsigned long n;
    long live;

    start();
    demo_free(demo);
    live = alloc_fault_live();
    for (n = 1;; n++) {
        alloc_fault_arm(n);
        demo = demo_new(base, demo_listen());
        if (!alloc_fault_fired())
            break;
        ck_assert_ptr_null(demo);
        ck_assert_int_eq(alloc_fault_live(), live);
    }
    ck_assert_uint_gt(n, 3);
    ck_assert_ptr_nonnull(demo);
    alloc_fault_arm(1);
    must_hold(ask("GET", "/"), " 500 ");
    ck_assert(alloc_fault_fired());
    must_hold(ask("GET", "/"), " 200 OK");
    stop();
    ck_assert_int_eq(alloc_fault_live(), live);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_page_shows_the_handshake_of_the_source_port,
        the_same_facts_are_there_for_programs,
        a_connection_that_no_handshake_belongs_to_is_told_so,
        another_loopback_address_with_the_same_port_sees_nothing,
        it_listens_on_127_0_0_1_and_nowhere_else,
        other_paths_are_a_page_that_says_404_and_does_not_repeat_them,
        head_is_answered_like_get_without_the_content,
        other_methods_are_refused_with_what_is_allowed,
        every_answer_carries_the_security_headers,
        a_connection_serves_one_request_after_another,
        a_request_that_comes_byte_by_byte_is_served,
        headers_and_bodies_beyond_their_limits_are_refused_and_the_connection_closed,
        what_is_no_http_at_all_is_refused,
        an_ended_connection_gives_its_descriptor_back_at_once,
        it_can_be_freed_with_connections_open,
        every_allocation_of_ours_may_fail,
    };
    return check_run("demo", tests, ARRAY_LEN(tests));
}
