/* Lines of the text format 0.0.4, to the letter. */
#include "admin/exposition.h"

#include <event2/buffer.h>
#include <string.h>

#include "support/check_run.h"

static struct evbuffer *out;
static struct exposition exposition;

static void set_up(void)
{
    out = evbuffer_new();
    exposition = exposition_to(out);
}

static void expect(const char *text)
{
    size_t len = evbuffer_get_length(out);
    const char *got = len ? (const char *)evbuffer_pullup(out, -1) : "";

    ck_assert(exposition_ok(&exposition));
    ck_assert_msg(len == strlen(text) && memcmp(got, text, len) == 0, "%.*s", (int)len, got);
    evbuffer_free(out);
}

START_TEST(a_family_begins_with_help_and_type_and_samples_follow)
{
    set_up();
    exposition_family(&exposition, "a_total", METRIC_COUNTER, "What it is.");
    exposition_value(&exposition, NO_LABELS, UINT64_MAX);
    exposition_value(&exposition, LABELS({"x", "1"}, {"y", "two"}), 0);
    exposition_family(&exposition, "b", METRIC_GAUGE, "Another.");
    exposition_time(&exposition, LABELS({"x", ""}), -1);
    expect("# HELP a_total What it is.\n# TYPE a_total counter\na_total 18446744073709551615\n"
           "a_total{x=\"1\",y=\"two\"} 0\n# HELP b Another.\n# TYPE b gauge\nb{x=\"\"} -1\n");
}
END_TEST

START_TEST(no_label_ends_its_quotes_or_its_line_or_breaks_utf_8)
{
    set_up();
    exposition_family(&exposition, "a", METRIC_GAUGE, "h");
    exposition_value(&exposition, LABELS({"x", "a\"b\\c\nd\re\x1b\xff\xc3\xa4"}), 1);
    expect("# HELP a h\n# TYPE a gauge\n"
           "a{x=\"a\\\"b\\\\c\\nd\\\\x0de\\\\x1b\\\\xff\\\\xc3\\\\xa4\"} 1\n");
}
END_TEST

START_TEST(a_label_of_any_length_stays_within_bounds)
{
    char value[1000];

    memset(value, 0xff, sizeof value);
    value[sizeof value - 1] = 0;
    set_up();
    exposition_family(&exposition, "a", METRIC_GAUGE, "h");
    exposition_value(&exposition, LABELS({"x", value}), 1);
    ck_assert(exposition_ok(&exposition));
    ck_assert_uint_eq(evbuffer_get_length(out), strlen("# HELP a h\n# TYPE a gauge\na{x=\"\"} 1\n") + 5 * 256);
    evbuffer_free(out);
}
END_TEST

START_TEST(the_buckets_of_a_histogram_are_summed_up_and_in_seconds)
{
    struct histogram histogram = {.sum = 0};

    set_up();
    histogram_add(&histogram, 400);
    histogram_add(&histogram, 2000000);
    histogram_add(&histogram, 11000000);
    exposition_family(&exposition, "d_seconds", METRIC_HISTOGRAM, "h");
    exposition_histogram(&exposition, LABELS({"x", "y"}), &histogram);
    expect("# HELP d_seconds h\n# TYPE d_seconds histogram\n"
           "d_seconds_bucket{x=\"y\",le=\"0.0005\"} 1\nd_seconds_bucket{x=\"y\",le=\"0.001\"} 1\n"
           "d_seconds_bucket{x=\"y\",le=\"0.0025\"} 1\nd_seconds_bucket{x=\"y\",le=\"0.005\"} 1\n"
           "d_seconds_bucket{x=\"y\",le=\"0.01\"} 1\nd_seconds_bucket{x=\"y\",le=\"0.025\"} 1\n"
           "d_seconds_bucket{x=\"y\",le=\"0.05\"} 1\nd_seconds_bucket{x=\"y\",le=\"0.1\"} 1\n"
           "d_seconds_bucket{x=\"y\",le=\"0.25\"} 1\nd_seconds_bucket{x=\"y\",le=\"0.5\"} 1\n"
           "d_seconds_bucket{x=\"y\",le=\"1.0\"} 1\nd_seconds_bucket{x=\"y\",le=\"2.5\"} 2\n"
           "d_seconds_bucket{x=\"y\",le=\"5.0\"} 2\nd_seconds_bucket{x=\"y\",le=\"10.0\"} 2\n"
           "d_seconds_bucket{x=\"y\",le=\"+Inf\"} 3\nd_seconds_sum{x=\"y\"} 13.0004\nd_seconds_count{x=\"y\"} 3\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_family_begins_with_help_and_type_and_samples_follow,
        no_label_ends_its_quotes_or_its_line_or_breaks_utf_8,
        a_label_of_any_length_stays_within_bounds,
        the_buckets_of_a_histogram_are_summed_up_and_in_seconds,
    };

    return check_run("exposition", tests, ARRAY_LEN(tests));
}
