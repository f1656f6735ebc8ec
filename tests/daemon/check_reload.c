/* A reload that is asked for while there is no room, or while something else goes on: it is not forgotten. */
#include <sys/resource.h>
#include <unistd.h>

#include "daemon/master_rig.h"
#include "support/check_run.h"

static struct deployment current;
static struct rlimit before;

static void tell(void *context, const char *finding)
{
    (void)context;
    fprintf(stderr, "%s\n", finding);
}

static struct config *parse(bool is_watching)
{
    char text[512];
    struct config *config;

    snprintf(text, sizeof text,
             "[sallyport]\nwatch-files = %s\n[listen web]\naddress = 127.0.0.1:1\ncertificate = /nowhere/a\n"
             "key = /nowhere/a\nbackend = app\n[backend app]\nserver = 127.0.0.1:2\n",
             is_watching ? "yes" : "no");
    config = config_parse("test.conf", bytes_of_string(text), (struct config_findings){tell, NULL});
    ck_assert_ptr_nonnull(config);
    return config;
}

/* A master that serves, to whom no descriptor is left. */
static void set_up(bool is_watching)
{
    struct rlimit none;

    rig_begin();
    rig_master.notify.fd = -1;
    rig_master.base = event_base_new();
    rig_master.sight.board = board_new(0);
    ck_assert(rig_master.base && rig_master.sight.board);
    rig_master.timer = evtimer_new(rig_master.base, NULL, NULL);
    ck_assert_ptr_nonnull(rig_master.timer);
    current = (struct deployment){.number = 1, .config = parse(is_watching)};
    rig_master.current = &current;
    renewal_follow(&rig_master);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void tear_down(void)
{
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    renewal_free(&rig_master.renewal);
    config_free(current.config);
    event_free(rig_master.timer);
    event_base_free(rig_master.base);
    board_free(rig_master.sight.board);
    rig_end();
}

static bool is_timer_set(void)
{
    return evtimer_pending(rig_master.timer, NULL);
}

START_TEST(one_that_waits_begins_though_there_was_no_room_for_another)
{
    set_up(false);
    rig_master.is_reload_wanted = true;
    ck_assert(master_set_timer(&rig_master, 1000));
    reload_begin(&rig_master, parse(false));
    ck_assert_ptr_null(rig_master.next);
    ck_assert_uint_eq(rig_lines("there is no room for a generation"), 2); /* why, and what comes of it */
    ck_assert(is_timer_set());
    tear_down();
}
END_TEST

START_TEST(where_none_waits_none_begins)
{
    set_up(false);
    reload_begin(&rig_master, parse(false));
    ck_assert(!is_timer_set());
    tear_down();
}
END_TEST

/* What was refused is tried again after a second, which without a descriptor is told at once. */
static size_t count_renewals(bool is_reload_wanted)
{
    static const struct timeval while_it_begins = {1, 300 * 1000};
    size_t count;

    set_up(true);
    renewal_refused(&rig_master, (struct reload_order){.is_renewal = true}, NULL, "of the test");
    rig_master.is_reload_wanted = is_reload_wanted;
    ck_assert_int_eq(event_base_loopexit(rig_master.base, &while_it_begins), 0);
    ck_assert_int_eq(event_base_dispatch(rig_master.base), 0);
    count = rig_lines("out of memory or descriptors");
    tear_down();
    return count;
}

START_TEST(a_renewal_lets_a_reload_that_waits_go_first)
{
    ck_assert_uint_eq(count_renewals(false), 1);
    ck_assert_uint_eq(count_renewals(true), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        one_that_waits_begins_though_there_was_no_room_for_another,
        where_none_waits_none_begins,
        a_renewal_lets_a_reload_that_waits_go_first,
    };

    return check_run("reload", tests, ARRAY_LEN(tests));
}
