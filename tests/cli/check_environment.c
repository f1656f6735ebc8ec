/* The environment becomes a configuration, or findings that name the variable. */
#include "cli/environment.h"

#include "cli/source.h"
#include "support/check_run.h"

#include <stdlib.h>
#include <string.h>

static struct options options;
static char findings[4096];

static void hear(void *context, const char *finding)
{
    (void)context;
    strncat(findings, finding, sizeof findings - strlen(findings) - 2);
    strcat(findings, "\n");
}

/* Nothing but what the test sets. */
static void begin(void)
{
    ck_assert_int_eq(clearenv(), 0);
    findings[0] = 0;
}

static void set(const char *name, const char *value)
{
    ck_assert_int_eq(setenv(name, value, 1), 0);
}

/* The four that a proxy needs. */
static void begin_good(void)
{
    begin();
    set("SALLYPORT_LISTEN", ":8443");
    set("SALLYPORT_BACKEND", "127.0.0.1:8080");
    set("SALLYPORT_CERT", "/tls/tls.crt");
    set("SALLYPORT_KEY", "/tls/tls.key");
}

/* What the words on the command line and the environment come to, as -T would show it; NULL: findings. */
static const char *dump_with(int argc, const char **argv)
{
    static uint8_t text[8192];
    struct writer out = writer_of(text, sizeof text - 1);
    char fault[OPTIONS_FAULT_LEN];
    struct config *config;

    ck_assert_msg(options_parse(argc, (char **)argv, &options, fault), "%s", fault);
    config = source_load(&options, (struct config_findings){hear, NULL});
    if (!config)
        return NULL;
    config_dump(config, &out);
    config_free(config);
    text[writer_view(&out).len] = 0;
    return (const char *)text;
}

static const char *dump(void)
{
    return dump_with(1, (const char *[]){"sallyport", NULL});
}

static void dump_has(const char *expected)
{
    const char *text = dump();

    ck_assert_msg(text != NULL, "%s", findings);
    ck_assert_msg(strstr(text, expected) != NULL, "%s lacks %s", text, expected);
}

static void is_refused(const char *expected)
{
    ck_assert_ptr_null(dump());
    ck_assert_str_eq(findings, expected);
}

START_TEST(four_variables_make_a_proxy)
{
    begin_good();
    dump_has("\n[listen main]\naddress = :8443\ncertificate = /tls/tls.crt\nkey = /tls/tls.key\nbackend = main\n");
    dump_has("\n[backend main]\nserver = 127.0.0.1:8080\n");
    ck_assert_str_eq(source_name(&options), "environment");
    ck_assert(!source_is_built_in(&options));
    ck_assert_str_eq(findings, "");
}
END_TEST

START_TEST(every_option_of_the_line_has_its_variable)
{
    begin_good();
    set("SALLYPORT_PROFILE", "modern");
    set("SALLYPORT_ALPN", "h2,http/1.1");
    set("SALLYPORT_SEND_PROXY", "v2");
    dump_has("profile = modern\n");
    dump_has("alpn = h2\nalpn = http/1.1\n");
    dump_has("send-proxy = v2\n");
    set("SALLYPORT_ADMIN", "unix:/run/a.sock,127.0.0.1:9100");
    dump_has("\n[admin]\naddress = unix:/run/a.sock\naddress = 127.0.0.1:9100\n");
    set("SALLYPORT_DRAIN_DELAY", "7s");
    set("SALLYPORT_DRAIN_TIMEOUT", "2h");
    dump_has("drain-delay = 7s\n");
    dump_has("drain-timeout = 2h\n");
}
END_TEST

START_TEST(a_time_is_told_with_the_variable_that_it_came_from)
{
    begin_good();
    set("SALLYPORT_DRAIN_TIMEOUT", "soon");
    is_refused("SALLYPORT_DRAIN_TIMEOUT: drain-timeout: 'soon' is no time: a number and ms, s, m, h or d\n");
}
END_TEST

/* Both are addresses, in sections of two kinds. */
START_TEST(an_address_is_told_with_the_variable_that_it_came_from)
{
    begin_good();
    set("SALLYPORT_ADMIN", "9100");
    is_refused("SALLYPORT_ADMIN: address: '9100' is a port alone, did you mean ':9100'?\n");
    begin_good();
    set("SALLYPORT_LISTEN", "8443");
    set("SALLYPORT_ADMIN", "127.0.0.1:9100");
    is_refused("SALLYPORT_LISTEN: address: '8443' is a port alone, did you mean ':8443'?\n");
}
END_TEST

START_TEST(several_values_stand_with_commas_between_them)
{
    begin_good();
    set("SALLYPORT_LISTEN", ":8443, [::1]:8444");
    set("SALLYPORT_BACKEND", "a:1,unix:/s , b:2");
    set("SALLYPORT_CERT", "a.crt,b.crt");
    set("SALLYPORT_KEY", "a.key,b.key");
    dump_has("address = :8443\naddress = [::1]:8444\ncertificate = a.crt\ncertificate = b.crt\nkey = a.key\n"
             "key = b.key\n");
    dump_has("server = a:1\nserver = unix:/s\nserver = b:2\n");
}
END_TEST

START_TEST(a_value_of_a_variable_means_itself)
{
    begin_good();
    set("SALLYPORT_CERT", "${HOME}/$x#y");
    dump_has("certificate = $${HOME}/$$x#y\n");
}
END_TEST

/* A container that lost half of its variables must not serve a page of its own to the world. */
START_TEST(what_is_forgotten_is_told_and_nothing_is_made_up)
{
    begin();
    set("SALLYPORT_KEY", "k");
    is_refused("SALLYPORT_LISTEN: is not set; ':8443' is a usual one\n"
               "SALLYPORT_BACKEND: is not set; 'demo' is the built-in demonstration\n"
               "SALLYPORT_CERT: is not set; 'development' makes a self-signed one\n");
    begin_good();
    set("SALLYPORT_CERT", ""); /* compose files hand on what they were not given as empty */
    is_refused("SALLYPORT_CERT: is not set; 'development' makes a self-signed one\n");
}
END_TEST

START_TEST(what_is_built_in_is_to_be_had_by_its_name)
{
    begin();
    set("SALLYPORT_LISTEN", "127.0.0.1:8443");
    set("SALLYPORT_CERT", "development");
    set("SALLYPORT_BACKEND", "demo");
    dump_has("certificate = development\nbackend = demo\n");
    set("SALLYPORT_SEND_PROXY", "v1");
    is_refused("SALLYPORT_SEND_PROXY: needs a backend to tell\n");
}
END_TEST

START_TEST(a_faulty_value_is_told_with_its_variable)
{
    begin_good();
    set("SALLYPORT_LISTEN", "8443");
    set("SALLYPORT_BACKEND", "a:1,:80");
    set("SALLYPORT_PROFILE", "moderm");
    is_refused("SALLYPORT_LISTEN: address: '8443' is a port alone, did you mean ':8443'?\n"
               "SALLYPORT_PROFILE: profile: 'moderm' is not one of modern, intermediate, did you mean 'modern'?\n"
               "SALLYPORT_BACKEND: server: ':80' has no host to connect to: host:port\n");
    begin_good();
    set("SALLYPORT_CERT", "a #b,,c");
    is_refused("SALLYPORT_CERT: 'a #b' contains a '#' or ';' that would begin a comment\n"
               "SALLYPORT_CERT: '' is empty\n");
}
END_TEST

/* What is found later, in a file that a value names, is told with the place of the value. */
START_TEST(a_place_is_the_variable)
{
    struct config *config;

    begin_good();
    config = environment_load((struct config_findings){hear, NULL});
    ck_assert_ptr_nonnull(config);
    config_complain((struct config_findings){hear, NULL}, &config->listens[0].keys.values[0].place, "lost");
    config_warn((struct config_findings){hear, NULL}, &config->listens[0].place, "odd");
    ck_assert_str_eq(findings, "SALLYPORT_KEY: lost\nenvironment: warning: odd\n");
    config_free(config);
}
END_TEST

START_TEST(a_misspelt_variable_is_told_with_the_one_that_was_meant)
{
    begin_good();
    set("SALLYPORT_BACKENDS", "a:1");
    set("SALLYPORT_ROOTS", "unlike any");
    is_refused("SALLYPORT_BACKENDS: unknown variable, did you mean SALLYPORT_BACKEND?\n");
    begin();
    set("SALLYPORT_LISTN", ":1");
    ck_assert(environment_is_used());
}
END_TEST

START_TEST(what_kubernetes_sets_for_a_service_of_that_name_is_not_ours)
{
    begin();
    set("SALLYPORT_PORT", "tcp://10.0.0.1:443");
    set("SALLYPORT_PORT_443_TCP_ADDR", "10.0.0.1");
    set("SALLYPORT_SERVICE_HOST", "10.0.0.1");
    set("SALLYPORT", "x");
    ck_assert(!environment_is_used());
    dump_has("[listen development]\n");
}
END_TEST

START_TEST(a_file_or_a_line_goes_before_the_environment)
{
    const char *text;

    begin_good();
    text = dump_with(3, (const char *[]){"sallyport", "-f", ":1", NULL});
    ck_assert_ptr_nonnull(text);
    ck_assert_ptr_nonnull(strstr(text, "address = :1\n"));
    ck_assert_ptr_null(strstr(text, "8443"));
    ck_assert_ptr_null(dump_with(3, (const char *[]){"sallyport", "-c", "/nowhere", NULL}));
    ck_assert_str_eq(findings, "/nowhere: cannot be read: No such file or directory\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        four_variables_make_a_proxy,
        every_option_of_the_line_has_its_variable,
        a_time_is_told_with_the_variable_that_it_came_from,
        an_address_is_told_with_the_variable_that_it_came_from,
        several_values_stand_with_commas_between_them,
        a_value_of_a_variable_means_itself,
        what_is_forgotten_is_told_and_nothing_is_made_up,
        what_is_built_in_is_to_be_had_by_its_name,
        a_faulty_value_is_told_with_its_variable,
        a_place_is_the_variable,
        a_misspelt_variable_is_told_with_the_one_that_was_meant,
        what_kubernetes_sets_for_a_service_of_that_name_is_not_ours,
        a_file_or_a_line_goes_before_the_environment,
    };
    return check_run("environment", tests, ARRAY_LEN(tests));
}
