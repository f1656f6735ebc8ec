/* What /metrics says of the counters of several processes. */
#include "admin/metrics.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <unistd.h>

#include "config/config.h"
#include "crypto/crypto.h"
#include "support/check_run.h"

static struct board *board;
static struct counters_map *map;
static struct counters *first, *second;
static char text[1 << 18];

static struct counters *join(void)
{
    struct counters *counters;
    size_t slot;

    ck_assert(board_take_slot(board, 4, &slot) && counters_map_make(map, slot));
    counters = counters_take(counters_map_fd(map, slot));
    ck_assert_ptr_nonnull(counters);
    return counters;
}

static void set_up(void)
{
    struct config_listen listens[2] = {{.name = "web"}, {.name = "mail"}};
    struct config config = {.listens = listens, .listen_count = 2};

    ck_assert(crypto_start());
    board = board_new(1700000000);
    map = counters_map_new();
    board_add_names(board, &config);
    first = join();
    second = join();
    board_process_started(board, BOARD_WORKER);
    board_process_started(board, BOARD_WORKER);
}

static void tear_down(void)
{
    counters_leave(first);
    counters_leave(second);
    counters_map_free(map);
    board_free(board);
}

static void print(void)
{
    static struct board_facts facts;
    struct evbuffer *out = evbuffer_new();
    int len;

    ck_assert(board_read(board, &facts));
    ck_assert(metrics_print(&facts, map, out));
    len = evbuffer_remove(out, text, sizeof text - 1);
    ck_assert_int_gt(len, 0);
    ck_assert_int_lt(len, (int)sizeof text - 1);
    text[len] = 0;
    evbuffer_free(out);
}

/* A whole line. */
static void expect(const char *line)
{
    char whole[512];

    snprintf(whole, sizeof whole, "\n%s\n", line);
    ck_assert_msg(strstr(text, whole) != NULL, "no line: %s", line);
}

static void expect_none(const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "there: %s", part);
}

START_TEST(totals_are_the_sum_of_all_slots_also_of_those_whose_process_is_gone)
{
    set_up();
    count_more(&first->shed, 3);
    count_more(&second->shed, 4);
    count_more(&second->listeners[1].handshakes[COUNTED_TLS_1_2][COUNTED_RESUMED], 5);
    board_leave_slot(board, 0);
    print();
    expect("sallyport_shed_total 7");
    expect("sallyport_handshakes_total{listener=\"mail\",version=\"TLSv1.2\",resumed=\"true\"} 5");
    expect("sallyport_handshakes_total{listener=\"web\",version=\"TLSv1.2\",resumed=\"true\"} 0");
    tear_down();
}
END_TEST

START_TEST(gauges_are_those_of_living_processes_alone)
{
    set_up();
    count_more(&first->gauges.connections[0][2], 30);
    count_more(&second->gauges.connections[0][2], 4);
    count_more(&first->gauges.relayed[0], 30);
    count_more(&second->gauges.relayed[0], 4);
    print();
    expect("sallyport_connections{listener=\"web\",state=\"relaying\"} 34");
    board_leave_slot(board, 0);
    print();
    expect("sallyport_connections{listener=\"web\",state=\"relaying\"} 4");
    expect("sallyport_backend_connections{backend=\"demo\",server=\"demo\"} 4");
    tear_down();
}
END_TEST

START_TEST(failures_are_shown_by_stage_and_reason_once_they_happened)
{
    set_up();
    print();
    expect_none("sallyport_handshake_failures_total{");
    expect("# TYPE sallyport_handshake_failures_total counter");
    count_one(&first->listeners[0].failures[TLS_STAGE_CLIENT_HELLO][WHY_NO_COMMON_VERSION]);
    count_one(&second->listeners[0].failures[TLS_STAGE_CLIENT_HELLO][WHY_NO_COMMON_VERSION]);
    print();
    expect(
        "sallyport_handshake_failures_total{listener=\"web\",stage=\"client_hello\",reason=\"no_common_version\"} 2");
    tear_down();
}
END_TEST

START_TEST(histograms_are_summed_bucket_by_bucket)
{
    set_up();
    histogram_add(&first->listeners[0].handshake[COUNTED_FULL], 400);
    histogram_add(&second->listeners[0].handshake[COUNTED_FULL], 700);
    print();
    expect("sallyport_handshake_duration_seconds_bucket{listener=\"web\",resumed=\"false\",le=\"0.0005\"} 1");
    expect("sallyport_handshake_duration_seconds_bucket{listener=\"web\",resumed=\"false\",le=\"0.001\"} 2");
    expect("sallyport_handshake_duration_seconds_sum{listener=\"web\",resumed=\"false\"} 0.0011");
    expect("sallyport_handshake_duration_seconds_count{listener=\"web\",resumed=\"false\"} 2");
    tear_down();
}
END_TEST

START_TEST(what_was_negotiated_has_the_names_of_the_registries)
{
    set_up();
    count_one(&first->listeners[0].suites[0]);
    count_one(&first->listeners[0].groups[1]);
    count_one(&first->listeners[0].schemes[3]);
    print();
    expect("sallyport_negotiated_total{listener=\"web\",kind=\"suite\",name=\"TLS_AES_128_GCM_SHA256\"} 1");
    expect("sallyport_negotiated_total{listener=\"web\",kind=\"group\",name=\"x25519\"} 1");
    expect("sallyport_negotiated_total{listener=\"web\",kind=\"signature\",name=\"rsa_pss_rsae_sha256\"} 1");
    tear_down();
}
END_TEST

START_TEST(the_board_is_shown)
{
    set_up();
    board_applied(board, 1, 1700000001);
    board_refused(board);
    board_process_ended(board, BOARD_WORKER, BOARD_PROCESS_CRASHED);
    print();
    expect("process_start_time_seconds 1700000000");
    expect("sallyport_ready 0");
    expect("sallyport_config_generation 1");
    expect("sallyport_config_reloads_total{result=\"refused\"} 1");
    expect("sallyport_config_last_reload_successful 0");
    expect("sallyport_config_last_reload_success_timestamp_seconds 1700000001");
    expect("sallyport_processes{role=\"worker\"} 1");
    expect("sallyport_processes_started_total{role=\"worker\"} 2");
    expect("sallyport_processes_crashed_total{role=\"worker\"} 1");
    board_set_state(board, BOARD_READY);
    print();
    expect("sallyport_ready 1");
    tear_down();
}
END_TEST

/* A row of counters.def that is shown is shown under its name, one that is not is shown by listener or server. */
START_TEST(every_row_with_a_help_is_a_metric)
{
    struct counters_row row;
    char line[128];
    size_t count = 0;

    set_up();
    for (size_t i = 0; counters_row_at(i, &row); i++, count++)
        count_more((uint64_t *)(void *)((uint8_t *)first + row.offset), i + 1);
    print();
    for (size_t i = 0; counters_row_at(i, &row); i++) {
        snprintf(line, sizeof line, "sallyport_%s_total %zu", row.name, i + 1);
        expect(line);
        ck_assert_int_eq(row.help[strlen(row.help) - 1], '.');
    }
    ck_assert_uint_gt(count, 10);
    tear_down();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        totals_are_the_sum_of_all_slots_also_of_those_whose_process_is_gone,
        gauges_are_those_of_living_processes_alone,
        failures_are_shown_by_stage_and_reason_once_they_happened,
        histograms_are_summed_bucket_by_bucket,
        what_was_negotiated_has_the_names_of_the_registries,
        the_board_is_shown,
        every_row_with_a_help_is_a_metric,
    };

    return check_run("metrics", tests, ARRAY_LEN(tests));
}
