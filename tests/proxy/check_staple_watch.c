/*
 * An OCSP response that expires while the daemon runs is one warning, when it happens.
 */
#include <check.h>

#include "proxy/harness.h"
#include "proxy/limits.h"
#include "proxy/staple_watch.h"
#include "support/check_run.h"
#include "support/data_file.h"

enum { START = 1800000000 };

static struct harness h;
static struct staple_watch watch;
static struct tls_policy *policy;
static int64_t now;

static int64_t test_time(void *context)
{
    (void)context;
    return now;
}

static void add(const char *file, const char *label, int64_t end)
{
    struct crypto_fault fault = {""};
    struct bytes pem = data_file_read(file);
    size_t index = tls_policy_certificate_count(policy);

    ck_assert(tls_policy_add_certificate(policy, certificate_chain_new(pem, &fault), label));
    data_file_free(pem);
    if (end)
        ck_assert(tls_policy_set_staple(policy, index, BYTES_OF_LITERAL("a response"),
                                        (struct tls_staple_time){START - 3600, end}));
}

static void begin(void)
{
    ck_assert(crypto_start());
    harness_init(&h);
    harness_start(&h);
    policy = tls_policy_new(random_system(), NULL, NULL);
    ck_assert_ptr_nonnull(policy);
    now = START;
    tls_policy_set_time(policy, test_time);
}

static void end(void)
{
    staple_watch_end(&watch);
    tls_policy_unref(policy);
    harness_free(&h);
}

/* Not more than MAX_STAPLE_WATCH from now, and a second, for time() goes by ticks and may be one behind. */
static bool is_looked_again(void)
{
    struct timeval when;

    return event_pending(&watch.timer, EV_TIMEOUT, &when) && when.tv_sec <= time(NULL) + MAX_STAPLE_WATCH + 1;
}

static size_t lines(void)
{
    size_t count = 0;

    for (const char *at = harness_log(&h); (at = strstr(at, "event=staple_expired")); at++)
        count++;
    return count;
}

START_TEST(a_response_that_expires_is_told_once_with_its_certificate_and_since_when)
{
    begin();
    add("ocsp/first.crt", "first.pem", START + 1);
    add("ocsp/second.crt", "second.pem", START + 2);
    add("certificates/p256.crt", "without.pem", 0);
    ck_assert(staple_watch_begin(&watch, h.base, policy, "web"));
    ck_assert_uint_eq(lines(), 0);
    now = START + 1;
    harness_expect_log(&h, "level=warning event=staple_expired listener=web certificate=first.pem "
                           "since=\"2027-01-15 08:00:01 UTC\" detail=\"its OCSP response has expired: ");
    harness_expect_log(&h, "hint=\"put a fresh response into the file of ocsp-staple: ");
    ck_assert_uint_eq(lines(), 1);
    now = START + 2;
    harness_expect_log(&h, "certificate=second.pem since=\"2027-01-15 08:00:02 UTC\"");
    ck_assert_uint_eq(lines(), 2); /* the first is not told again */
    end();
}
END_TEST

/* Between the reading of its file and the start. */
START_TEST(a_response_that_expired_before_the_watch_is_told_at_once)
{
    begin();
    add("ocsp/first.crt", "first.pem", START);
    ck_assert(staple_watch_begin(&watch, h.base, policy, "web"));
    ck_assert_uint_eq(lines(), 1);
    end();
}
END_TEST

/* A timer stands still while the machine sleeps, and does not know of a clock that is put right. */
START_TEST(the_clock_is_looked_at_now_and_then)
{
    begin();
    add("ocsp/first.crt", "first.pem", START + 7 * 24 * 3600);
    ck_assert(staple_watch_begin(&watch, h.base, policy, "web"));
    ck_assert(is_looked_again());
    end();
}
END_TEST

static void look_now(void)
{
    event_active(&watch.timer, EV_TIMEOUT, 0);
    ck_assert_int_ge(event_base_loop(h.base, EVLOOP_NONBLOCK), 0);
}

START_TEST(also_when_all_have_expired_a_clock_that_is_put_back_is_noticed)
{
    begin();
    add("ocsp/first.crt", "first.pem", START);
    ck_assert(staple_watch_begin(&watch, h.base, policy, "web"));
    ck_assert_uint_eq(lines(), 1);
    ck_assert(is_looked_again());
    now = START - 100; /* it is sent again */
    look_now();
    ck_assert_uint_eq(lines(), 1);
    now = START;
    look_now();
    ck_assert_uint_eq(lines(), 2);
    ck_assert(is_looked_again());
    end();
}
END_TEST

START_TEST(without_responses_or_a_clock_nothing_is_watched)
{
    begin();
    add("ocsp/first.crt", "first.pem", 0);
    ck_assert(staple_watch_begin(&watch, h.base, policy, "web"));
    ck_assert(!evtimer_pending(&watch.timer, NULL));
    ck_assert(tls_policy_set_staple(policy, 0, BYTES_OF_LITERAL("a response"), (struct tls_staple_time){START, 0}));
    ck_assert(staple_watch_begin(&watch, h.base, policy, "web"));
    ck_assert(!evtimer_pending(&watch.timer, NULL));
    tls_policy_set_time(policy, NULL);
    ck_assert(staple_watch_begin(&watch, h.base, policy, "web"));
    ck_assert(!evtimer_pending(&watch.timer, NULL));
    ck_assert_uint_eq(lines(), 0);
    end();
}
END_TEST

START_TEST(a_listener_watches_its_own)
{
    struct config_listen config = {.name = "two"};
    struct listener *listener;

    begin();
    add("ocsp/first.crt", "first.pem", START);
    listener = listener_new(h.proxy, &config, tls_policy_ref(policy), backend_new_demo(1));
    ck_assert_ptr_nonnull(listener);
    ck_assert(listener_start(listener));
    harness_expect_log(&h, "event=staple_expired listener=two certificate=first.pem ");
    listener_free(listener);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_response_that_expires_is_told_once_with_its_certificate_and_since_when,
        a_response_that_expired_before_the_watch_is_told_at_once,
        the_clock_is_looked_at_now_and_then,
        also_when_all_have_expired_a_clock_that_is_put_back_is_noticed,
        without_responses_or_a_clock_nothing_is_watched,
        a_listener_watches_its_own,
    };
    return check_run("staple_watch", tests, ARRAY_LEN(tests));
}
