#include "demo/visit.h"
#include "demo/visitors.h"
#include "support/check_run.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { TICK = 100 }; /* milliseconds */

static struct event_base *base;
static struct evhttp *http;
static struct visitors *visitors;
static uint16_t port;

static void on_request(struct evhttp_request *request, void *context)
{
    struct evbuffer *body = evbuffer_new();

    (void)context;
    visitors_note_request(visitors, request);
    evbuffer_add_printf(body, "hello");
    evhttp_send_reply(request, HTTP_OK, "OK", body);
    evbuffer_free(body);
}

static struct bufferevent *on_accept(struct event_base *event_base, void *context)
{
    (void)event_base;
    (void)context;
    return visitors_admit(visitors);
}

static void start_ticking(size_t places, unsigned silence, unsigned tick)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    struct evconnlistener *listener;

    signal(SIGPIPE, SIG_IGN);
    base = event_base_new();
    listener = evconnlistener_new_bind(base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 16, (struct sockaddr *)&address,
                                       sizeof address);
    ck_assert_ptr_nonnull(listener);
    ck_assert_int_eq(getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &len), 0);
    port = ntohs(address.sin_port);
    visitors = visitors_new(base, listener, (struct visitor_limits){places, silence, tick});
    http = evhttp_new(base);
    ck_assert(visitors && http && evhttp_bind_listener(http, listener));
    evhttp_set_bevcb(http, on_accept, NULL);
    evhttp_set_gencb(http, on_request, NULL);
}

static void start(size_t places, unsigned silence)
{
    start_ticking(places, silence, TICK);
}

static void stop(void)
{
    evhttp_free(http);
    visitors_free(visitors);
    event_base_free(base);
}

static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

START_TEST(a_visitor_counts_until_he_leaves)
{
    int visitor;

    start_ticking(4, 60, 60 * 1000);
    visitor = visit_open(NULL, 0, port);
    visit_say(visitor, request);
    ck_assert_ptr_nonnull(strstr(visit_hear(base, visitor, "hello", 2000), "200 OK"));
    ck_assert_uint_eq(visitors_count(visitors), 1);
    close(visitor);
    visit_turn(base, 50); /* at once: the tick of this test is a minute */
    ck_assert_uint_eq(visitors_count(visitors), 0);
    stop();
}
END_TEST

START_TEST(a_visitor_who_leaves_without_a_word_is_noticed_within_two_ticks)
{
    start(4, 60);
    close(visit_open(NULL, 0, port));
    visit_turn(base, TICK / 2);
    ck_assert_uint_eq(visitors_count(visitors), 1);
    visit_turn(base, 2 * TICK);
    ck_assert_uint_eq(visitors_count(visitors), 0);
    stop();
}
END_TEST

START_TEST(a_full_house_lets_nobody_in_until_a_place_is_free)
{
    int inside[2], outside;

    start(2, 60);
    inside[0] = visit_open(NULL, 0, port);
    inside[1] = visit_open(NULL, 0, port);
    visit_turn(base, 50);
    ck_assert_uint_eq(visitors_count(visitors), 2);
    outside = visit_open(NULL, 0, port);
    visit_say(outside, request);
    ck_assert_str_eq(visit_hear(base, outside, "hello", 3 * TICK), "");
    ck_assert(!visit_was_closed());
    visit_say(inside[0], request);
    ck_assert_ptr_nonnull(strstr(visit_hear(base, inside[0], "hello", 2000), "hello"));
    close(inside[0]);
    ck_assert_ptr_nonnull(strstr(visit_hear(base, outside, "hello", 3000), "hello"));
    ck_assert_uint_eq(visitors_count(visitors), 2);
    close(inside[1]);
    close(outside);
    stop();
}
END_TEST

START_TEST(a_visitor_who_never_finishes_a_request_is_shown_out)
{
    int visitor;

    start(2, 5);
    visitor = visit_open(NULL, 0, port);
    for (int i = 0; i < 3; i++) { /* a byte now and then keeps any idle timeout away */
        visit_say(visitor, "G");
        visit_turn(base, TICK);
        ck_assert_uint_eq(visitors_count(visitors), 1);
    }
    visit_hear(base, visitor, NULL, 4000);
    ck_assert(visit_was_closed());
    visit_turn(base, 2 * TICK);
    ck_assert_uint_eq(visitors_count(visitors), 0);
    close(visitor);
    stop();
}
END_TEST

START_TEST(a_visitor_who_asks_now_and_then_may_stay)
{
    int visitor;

    start(2, 5);
    visitor = visit_open(NULL, 0, port);
    for (int i = 0; i < 4; i++) {
        visit_say(visitor, request);
        ck_assert_ptr_nonnull(strstr(visit_hear(base, visitor, "hello", 2000), "hello"));
        visit_turn(base, 2 * TICK);
    }
    close(visitor);
    stop();
}
END_TEST

/* How often the loop woke up: only for ticks, unless something spins. */
static unsigned count_turns(unsigned ticks)
{
    unsigned turns = 0, now = 0;
    struct timespec start, at;

    clock_gettime(CLOCK_MONOTONIC, &start);
    for (; now < ticks * TICK; turns++) {
        ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
        clock_gettime(CLOCK_MONOTONIC, &at);
        now = (unsigned)((at.tv_sec - start.tv_sec) * 1000 + (at.tv_nsec - start.tv_nsec) / 1000000);
    }
    return turns;
}

START_TEST(a_lack_of_descriptors_pauses_without_spinning_and_passes)
{
    struct rlimit before, none;
    int visitor;

    start(4, 60);
    visitor = visit_open(NULL, 0, port);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3; /* whatever is open stays open, nothing new opens */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    visit_say(visitor, request);
    ck_assert_str_eq(visit_hear(base, visitor, "hello", TICK), "");
    ck_assert_uint_le(count_turns(5), 5 * 3); /* a tick, the listener on again, the listener failing */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_ptr_nonnull(strstr(visit_hear(base, visitor, "hello", 3000), "hello"));
    close(visitor);
    stop();
}
END_TEST

/* A client that keeps sending while its connection is being refused must not fill our memory. */
START_TEST(what_is_read_ahead_is_bounded)
{
    struct bufferevent *bufferevent;
    size_t high = 0;

    start(1, 60);
    bufferevent = visitors_admit(visitors);
    ck_assert_ptr_nonnull(bufferevent);
    ck_assert_int_eq(bufferevent_getwatermark(bufferevent, EV_READ, NULL, &high), 0);
    ck_assert_uint_eq(high, MAX_VISITOR_INPUT);
    ck_assert_ptr_null(visitors_admit(visitors)); /* full */
    bufferevent_free(bufferevent);
    stop();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_visitor_counts_until_he_leaves,
        a_visitor_who_leaves_without_a_word_is_noticed_within_two_ticks,
        a_full_house_lets_nobody_in_until_a_place_is_free,
        a_visitor_who_never_finishes_a_request_is_shown_out,
        a_visitor_who_asks_now_and_then_may_stay,
        a_lack_of_descriptors_pauses_without_spinning_and_passes,
        what_is_read_ahead_is_bounded,
    };
    return check_run("visitors", tests, ARRAY_LEN(tests));
}
