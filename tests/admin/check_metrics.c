/*
 * What /metrics says of the counters of several processes.
 *
 * After a change it prints the block to paste into man/sallyport.8.
 */
#include "admin/metrics.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "crypto/crypto.h"
#include "support/check_run.h"

static struct board *board;
static struct counters_map *map;
static struct counters *first, *second;
static char text[1 << 20], block[1 << 16];

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
    struct config_value protocols[2] = {{.text = "h2"}, {.text = "http/1.1"}};
    struct config_listen listens[2] = {{.name = "web", .alpn = {protocols, 2}}, {.name = "mail"}};
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

START_TEST(protocols_are_those_that_are_configured_none_or_another)
{
    set_up();
    count_more(&first->listeners[0].protocols[COUNTED_NO_PROTOCOL], 3);
    count_more(&second->listeners[0].protocols[2], 4);
    count_more(&second->listeners[0].protocols[MAX_COUNTED_PROTOCOLS - 1], 5);
    print();
    expect("sallyport_negotiated_total{listener=\"web\",kind=\"alpn\",name=\"none\"} 3");
    expect("sallyport_negotiated_total{listener=\"web\",kind=\"alpn\",name=\"http/1.1\"} 4");
    expect("sallyport_negotiated_total{listener=\"web\",kind=\"alpn\",name=\"other\"} 5");
    expect_none("name=\"h2\"");
    tear_down();
}
END_TEST

START_TEST(what_clients_offer_is_shown_also_where_nobody_does)
{
    set_up();
    count_more(&first->listeners[1].hellos, 9);
    count_more(&second->listeners[1].offered_groups[0], 2);
    print();
    expect("sallyport_hellos_total{listener=\"mail\"} 9");
    expect("sallyport_hello_offers_total{listener=\"mail\",group=\"X25519MLKEM768\"} 2");
    expect("sallyport_hello_offers_total{listener=\"mail\",group=\"x25519\"} 0");
    tear_down();
}
END_TEST

START_TEST(alerts_have_names_and_those_without_come_to_one)
{
    set_up();
    count_more(&first->alerts[48], 2); /* RFC 8446 6.2: unknown_ca */
    count_more(&first->alerts[7], 3);
    count_more(&second->alerts[250], 4);
    print();
    expect("sallyport_alerts_received_total{alert=\"unknown_ca\"} 2");
    expect("sallyport_alerts_received_total{alert=\"other\"} 7");
    tear_down();
}
END_TEST

/* Whoever tried last knows. */
START_TEST(a_server_is_up_where_the_last_attempt_of_any_process_succeeded)
{
    set_up();
    print();
    expect_none("sallyport_backend_up{");
    count_set(&first->servers[0].worked_at, 1000);
    count_set(&second->servers[0].failed_at, 2000);
    print();
    expect("sallyport_backend_up{backend=\"demo\",server=\"demo\"} 0");
    count_set(&second->servers[0].worked_at, 2001);
    print();
    expect("sallyport_backend_up{backend=\"demo\",server=\"demo\"} 1");
    tear_down();
}
END_TEST

START_TEST(time_that_was_computed_is_in_seconds)
{
    set_up();
    count_more(&first->cpu[COUNTED_PROTOCOL_WORK], 1500000);
    count_more(&second->cpu[COUNTED_PROTOCOL_WORK], 250);
    board_process_took(board, BOARD_KEYHOLDER, 1000000);
    board_process_took(board, BOARD_KEYHOLDER, 2);
    board_process_holds(board, BOARD_WORKER, 4096);
    print();
    expect("sallyport_handshake_cpu_seconds_total{op=\"handshake\"} 1.50025");
    expect("sallyport_handshake_cpu_seconds_total{op=\"key_operation\"} 0.0");
    expect("process_cpu_seconds_total{role=\"keyholder\"} 1.000002");
    expect("process_resident_memory_bytes{role=\"worker\"} 4096");
    expect_none("process_resident_memory_bytes{role=\"keyholder\"}");
    tear_down();
}
END_TEST

static struct board_certificates what_expires(void)
{
    struct board_certificates certificates = {.count = 1, .crl_count = 1};

    snprintf(certificates.list[0].listener, MAX_BOARD_NAME_LEN, "web");
    snprintf(certificates.list[0].file, MAX_BOARD_FILE_LEN, "a.crt");
    certificates.list[0].not_after = 1900000000;
    certificates.list[0].staple_not_after = 1800000000;
    snprintf(certificates.crls[0].listener, MAX_BOARD_NAME_LEN, "mail");
    certificates.crls[0].not_after = 1750000000;
    return certificates;
}

START_TEST(what_expires_is_shown_with_its_end)
{
    static struct board_certificates certificates;

    set_up();
    certificates = what_expires();
    board_set_certificates(board, &certificates);
    print();
    expect("sallyport_certificate_not_after_timestamp_seconds{listener=\"web\",certificate=\"a.crt\",name=\"\","
           "serial=\"\"} 1900000000");
    expect("sallyport_ocsp_staple_not_after_timestamp_seconds{listener=\"web\",certificate=\"a.crt\",name=\"\","
           "serial=\"\"} 1800000000");
    expect("sallyport_crl_not_after_timestamp_seconds{listener=\"mail\"} 1750000000");
    board_applied(board, 2, 1700000009);
    print();
    expect_none("sallyport_crl_not_after_timestamp_seconds{");
    tear_down();
}
END_TEST

static long age_shown(void)
{
    const char *at = strstr(text, "\nsallyport_ticket_key_age_seconds ");

    return at ? strtol(strchr(at, ' '), NULL, 10) : -1;
}

START_TEST(a_ticket_key_is_as_old_as_its_epoch_or_its_file)
{
    long now = (long)time(NULL), age;

    set_up();
    print();
    ck_assert_int_eq(age_shown(), -1);
    board_set_ticket_keys(board, 3600, 0);
    print();
    age = age_shown();
    ck_assert(age >= 0 && age < 3600 && labs(age - now % 3600) <= 5);
    board_set_ticket_keys(board, 0, now - 90000);
    print();
    age = age_shown();
    ck_assert(age >= 90000 && age < 90005);
    board_set_ticket_keys(board, 0, now + 90000); /* a file of tomorrow */
    print();
    ck_assert_int_eq(age_shown(), -1);
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

/* ---- the manual */

/* The names of a sample's labels, as the manual has them: "; listener, state". */
static void add_labels(FILE *out, const char *sample)
{
    const char *separator = "; ", *brace = sample + strcspn(sample, "{ \n");
    char line[1024], *rest = line;

    snprintf(line, sizeof line, "%.*s", *brace == '{' ? (int)strcspn(brace, "}\n") : 0, brace);
    for (char *name; (name = strsep(&rest, "{,"));) {
        size_t len = strcspn(name, "=");
        if (name[len] != '=' || (len == 2 && memcmp(name, "le", 2) == 0))
            continue;
        fprintf(out, "%s%.*s", separator, (int)len, name);
        separator = ", ";
    }
}

/* Names and help hold hyphens only, which the manual has as such. */
static void add_escaped(FILE *out, const char *words, size_t len)
{
    for (size_t i = 0; i < len; i++)
        fprintf(out, words[i] == '-' ? "\\-" : "%c", words[i]);
}

/* What the manual has to say of all families of the page, in their order. */
static void make_block(void)
{
    FILE *out = fmemopen(block, sizeof block, "w");
    const char *help, *type, *sample;

    for (const char *at = strstr(text, "# HELP "); at; at = strstr(sample, "# HELP ")) {
        at += strlen("# HELP ");
        help = at + strcspn(at, " ") + 1;
        type = strstr(help, "# TYPE ") + strlen("# TYPE ");
        type += strcspn(type, " ") + 1;
        sample = strchr(type, '\n') + 1;
        ck_assert_msg(*sample != '#', "no sample of %.60s", at);
        fprintf(out, ".TP\n.BR %.*s \" (%.*s", (int)(help - 1 - at), at, (int)strcspn(type, "\n"), type);
        add_labels(out, sample);
        fprintf(out, ")\"\n");
        add_escaped(out, help, strcspn(help, "\n"));
        fprintf(out, "\n");
    }
    fclose(out);
}

/* A sample of every family. */
static void print_everything(void)
{
    static struct board_certificates certificates;

    certificates = what_expires();
    set_up();
    for (size_t i = 0; i < sizeof *first / sizeof(uint64_t); i++)
        count_set((uint64_t *)first + i, 1);
    board_set_certificates(board, &certificates);
    board_set_ticket_keys(board, 3600, 0);
    board_process_holds(board, BOARD_MASTER, 1);
    print();
    tear_down();
}

static char manual[1 << 18];

static void read_manual(void)
{
    const char *srcdir = getenv("srcdir");
    char path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/man/sallyport.8", srcdir ? srcdir : ".");
    file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s", path);
    ck_assert_uint_lt(fread(manual, 1, sizeof manual - 1, file), sizeof manual - 1);
    fclose(file);
}

START_TEST(the_manual_names_every_metric_with_its_type_labels_and_meaning_and_no_other)
{
    size_t count = 0, named = 0;

    read_manual();
    print_everything();
    make_block();
    if (!strstr(manual, block)) {
        printf("%s", block);
        fflush(stdout);
    }
    ck_assert_msg(strstr(manual, block) != NULL, "man/sallyport.8 lacks the lines above");
    for (const char *at = text; (at = strstr(at, "# TYPE ")); at++)
        count++;
    for (const char *at = manual; (at = strstr(at, "\n.BR sallyport_")); at++)
        named++;
    for (const char *at = manual; (at = strstr(at, "\n.BR process_")); at++)
        named++;
    ck_assert_uint_eq(named, count);
}
END_TEST

/* "master, worker or admin": those of the page, in its order. */
static void join_roles(char *out, size_t size)
{
    static const char sample[] = "\nsallyport_processes{role=\"";
    const char *separator = "";
    size_t len = 0;

    for (const char *at = strstr(text, sample), *next; at; at = next) {
        at += strlen(sample);
        next = strstr(at, sample);
        len += (size_t)snprintf(out + len, size - len, "%s%.*s", separator, (int)strcspn(at, "\""), at);
        separator = strstr(next ? next + 1 : "", sample) ? ", " : " or ";
        ck_assert_uint_lt(len, size);
    }
}

START_TEST(the_manual_names_every_role)
{
    char roles[128] = "", sentence[256];

    read_manual();
    print_everything();
    join_roles(roles, sizeof roles);
    snprintf(sentence, sizeof sentence, ".I role\nis %s, and\n", roles);
    ck_assert_msg(strstr(manual, sentence) != NULL, "man/sallyport.8 lacks \"%s\"", sentence);
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
        protocols_are_those_that_are_configured_none_or_another,
        what_clients_offer_is_shown_also_where_nobody_does,
        alerts_have_names_and_those_without_come_to_one,
        a_server_is_up_where_the_last_attempt_of_any_process_succeeded,
        time_that_was_computed_is_in_seconds,
        what_expires_is_shown_with_its_end,
        a_ticket_key_is_as_old_as_its_epoch_or_its_file,
        the_board_is_shown,
        every_row_with_a_help_is_a_metric,
        the_manual_names_every_metric_with_its_type_labels_and_meaning_and_no_other,
        the_manual_names_every_role,
    };

    return check_run("metrics", tests, ARRAY_LEN(tests));
}
