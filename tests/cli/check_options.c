/* argv becomes options, or the sentence that says what is wrong with it. */
#include "cli/options.h"

#include "cli/source.h"
#include "support/check_run.h"

#include <string.h>

enum { MAX_WORDS = 32 };

static struct options options;
static char fault[OPTIONS_FAULT_LEN];
static char findings[4096];

static void hear(void *context, const char *finding)
{
    (void)context;
    strncat(findings, finding, sizeof findings - strlen(findings) - 2);
    strcat(findings, "\n");
}

static bool parse_words(int argc, const char **argv)
{
    fault[0] = 0;
    return options_parse(argc, (char **)argv, &options, fault);
}

/* The words of a command line, apart from the program's name. */
static bool parse(const char *line)
{
    static char copy[8192];
    const char *argv[MAX_WORDS + 2] = {"sallyport"};
    char *rest = NULL;
    int argc = 1;

    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    return parse_words(argc, argv);
}

static void is_verb(const char *line, enum cli_verb verb)
{
    ck_assert_msg(parse(line), "%s: %s", line, fault);
    ck_assert_int_eq(options.verb, verb);
}

static void is_refused(const char *line, const char *expected)
{
    ck_assert_msg(!parse(line), "%s", line);
    ck_assert_str_eq(fault, expected);
}

/* The text that `line` stands for, as -T would show it. */
static const char *dump_of(const char *line)
{
    static uint8_t text[8192];
    struct writer out = writer_of(text, sizeof text - 1);
    struct config *config;

    ck_assert_msg(parse(line), "%s: %s", line, fault);
    findings[0] = 0;
    config = source_load(&options, (struct config_findings){hear, NULL});
    if (!config)
        return NULL;
    config_dump(config, &out);
    config_free(config);
    text[writer_view(&out).len] = 0;
    return (const char *)text;
}

static void dump_has(const char *line, const char *expected)
{
    const char *text = dump_of(line);

    ck_assert_msg(text != NULL, "%s: %s", line, findings);
    ck_assert_msg(strstr(text, expected) != NULL, "%s lacks %s", text, expected);
}

START_TEST(short_and_long_options_choose_the_verb)
{
    is_verb("", VERB_RUN);
    is_verb("-c f", VERB_RUN);
    ck_assert_str_eq(options.config_file, "f");
    is_verb("--config=f -t", VERB_CHECK);
    ck_assert_str_eq(options.config_file, "f");
    is_verb("--check", VERB_CHECK);
    is_verb("-t -t", VERB_CHECK);
    is_verb("-T", VERB_DUMP);
    is_verb("--dump -c f", VERB_DUMP);
    is_verb("-V", VERB_VERSION);
    is_verb("--version", VERB_VERSION);
    is_verb("-h", VERB_HELP);
    is_verb("--help", VERB_HELP);
}
END_TEST

START_TEST(help_and_version_go_before_every_other_verb)
{
    is_verb("-t -h", VERB_HELP);
    is_verb("-h -T -t", VERB_HELP);
    is_verb("-V -t", VERB_VERSION);
    is_verb("-b a:1 -h", VERB_HELP);
}
END_TEST

START_TEST(options_that_contradict_each_other_are_refused)
{
    is_refused("-t -T", "-t and -T do not go together");
    is_refused("-q -d", "-q and -d do not go together");
    is_refused("-c a -c b", "there can be one -c only");
    is_refused("-c a -f :1", "-c and the options that stand for a file do not go together");
}
END_TEST

START_TEST(an_unknown_option_is_refused_with_the_nearest_known_one)
{
    is_refused("--confg f", "unknown option '--confg', did you mean '--config'?");
    is_refused("--sendproxy=v2", "unknown option '--sendproxy', did you mean '--send-proxy'?");
    is_refused("--frobnicate", "unknown option '--frobnicate'");
    is_refused("-x", "unknown option '-x'");
    is_refused("-tx", "unknown option '-x'");
    is_refused("--c", "unknown option '--c'"); /* several begin so */
}
END_TEST

START_TEST(a_value_missing_or_too_much_is_refused)
{
    is_refused("-c", "-c needs a value: FILE");
    is_refused("--cert", "--cert needs a value: FILE");
    is_refused("--help=me", "--help takes no value");
    is_refused("--check=f", "--check takes no value");
    is_refused("f", "'f' is no option");
    is_refused("-t f", "'f' is no option");
    is_refused("-- -t", "'-t' is no option");
}
END_TEST

START_TEST(explain_takes_a_file_and_a_listener)
{
    ck_assert(parse("explain -c conf --listener web hello.pcap"));
    ck_assert_int_eq(options.verb, VERB_EXPLAIN);
    ck_assert_str_eq(options.file, "hello.pcap");
    ck_assert_str_eq(options.listener, "web");
    ck_assert_str_eq(options.config_file, "conf");
    ck_assert(parse("explain -f :8443 -"));
    ck_assert_str_eq(options.file, "-");
    ck_assert_ptr_null(options.listener);
    ck_assert(parse("explain -h"));
    ck_assert_int_eq(options.verb, VERB_HELP);
    is_refused("explain", "explain needs a file, or - for standard input");
    is_refused("explain a b", "'b' is no option");
    is_refused("explain -t a", "-t and -T do not go with explain");
    is_refused("explain --listener a --listener b f", "there can be one --listener only");
    is_refused("--listener a", "--listener goes with explain alone");
    is_refused("-c f explain", "'explain' is no option");
}
END_TEST

START_TEST(one_line_options_need_what_they_belong_to)
{
    is_refused("-b a:1", "-b, --cert, --key, --profile, --alpn and --send-proxy need -f");
    is_refused("--cert a", "-b, --cert, --key, --profile, --alpn and --send-proxy need -f");
    is_refused("-f :1 --key a", "--key needs --cert");
    is_refused("-f :1 --send-proxy v2", "--send-proxy needs -b");
}
END_TEST

START_TEST(a_line_stands_for_a_listener_and_a_backend)
{
    static const char full[] = "-f :8443 -f [::1]:8444 -b 127.0.0.1:8080 -b unix:/s --cert a.pem --cert b.pem "
                               "--key k --profile modern --alpn h2,http/1.1 --send-proxy v2";

    dump_has(full, "\n[listen main]\naddress = :8443\naddress = [::1]:8444\ncertificate = a.pem\ncertificate = b.pem\n"
                   "key = k\nbackend = main\nalpn = h2\nalpn = http/1.1\nunknown-sni = default\n");
    dump_has(full, "\n[backend main]\nserver = 127.0.0.1:8080\nserver = unix:/s\nconnect-timeout = 3s\n"
                   "send-proxy = v2\n");
    ck_assert_str_eq(source_name(&options), "command line");
}
END_TEST

START_TEST(what_a_line_leaves_out_is_built_in)
{
    dump_has("-f :8443", "address = :8443\ncertificate = development\nbackend = demo\n");
    ck_assert_ptr_null(strstr(dump_of("-f :8443"), "[backend"));
    dump_has("-f :8443 -b a:1", "certificate = development\nbackend = main\n");
    dump_has("-f :8443 --cert a", "certificate = a\nbackend = demo\n");
    ck_assert(!source_is_built_in(&options));
}
END_TEST

START_TEST(a_value_of_the_line_means_itself)
{
    dump_has("-f :1 --cert ${HOME}/$x#y", "certificate = $${HOME}/$$x#y\n");
}
END_TEST

START_TEST(a_value_that_no_line_can_hold_is_refused)
{
    const char *argv[] = {"sallyport", "-f", ":1", "--cert", "a #b", NULL};
    char long_name[300];

    ck_assert(!parse_words(5, argv));
    ck_assert_str_eq(fault, "--cert: 'a #b' contains a '#' or ';' that would begin a comment");
    argv[4] = "a\nkey = b";
    ck_assert(!parse_words(5, argv));
    argv[4] = "";
    ck_assert(!parse_words(5, argv));
    ck_assert_str_eq(fault, "--cert: '' is empty");
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    argv[4] = long_name;
    ck_assert(!parse_words(5, argv));
    ck_assert_ptr_nonnull(strstr(fault, "is too long"));
}
END_TEST

START_TEST(a_line_too_long_to_hold_is_refused)
{
    enum { WORDS = 2 * 200 };
    const char *argv[WORDS + 2] = {"sallyport"};
    char path[120];

    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    for (int i = 1; i < WORDS; i += 2) {
        argv[i] = "--cert";
        argv[i + 1] = path;
    }
    ck_assert(!parse_words(WORDS + 1, argv));
    ck_assert_ptr_nonnull(strstr(fault, "is one too many"));
}
END_TEST

START_TEST(faults_of_the_line_are_told_as_those_of_a_file)
{
    ck_assert_ptr_null(dump_of("-f 8443 -b :80"));
    ck_assert_str_eq(findings, "command line: address: '8443' is a port alone, did you mean ':8443'?\n"
                               "command line: server: ':80' has no host to connect to: host:port\n");
}
END_TEST

START_TEST(without_a_file_and_a_line_the_demonstration_is_on_loopback)
{
    dump_has("", "[listen development]\naddress = 127.0.0.1:8443\ncertificate = development\nbackend = demo\n"
                 "alpn = http/1.1\n");
    ck_assert(source_is_built_in(&options));
    ck_assert_str_eq(source_name(&options), "built in");
}
END_TEST

START_TEST(quiet_and_debug_go_before_the_configuration)
{
    dump_has("-q", "log-level = warning\n");
    dump_has("-d", "log-level = debug\n");
    dump_has("", "log-level = info\n");
}
END_TEST

START_TEST(the_usage_names_every_option)
{
    static const char *const names[] = {
        "-c, --config FILE", "-t, --check",          "-T, --dump",       "-V, --version", "-h, --help", "-q, --quiet",
        "-d, --debug",       "-f, --listen ADDRESS", "-b, --backend",    "  --cert FILE", "--key FILE", "--alpn NAMES",
        "--send-proxy WORD", "--profile WORD",       "SALLYPORT_LISTEN", "Exit status:"};
    char text[8192];
    FILE *out = fmemopen(text, sizeof text, "w");

    options_print_usage(out);
    ck_assert_int_eq(fclose(out), 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        ck_assert_msg(strstr(text, names[i]) != NULL, "%s", names[i]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        short_and_long_options_choose_the_verb,
        help_and_version_go_before_every_other_verb,
        options_that_contradict_each_other_are_refused,
        an_unknown_option_is_refused_with_the_nearest_known_one,
        a_value_missing_or_too_much_is_refused,
        explain_takes_a_file_and_a_listener,
        one_line_options_need_what_they_belong_to,
        a_line_stands_for_a_listener_and_a_backend,
        what_a_line_leaves_out_is_built_in,
        a_value_of_the_line_means_itself,
        a_value_that_no_line_can_hold_is_refused,
        a_line_too_long_to_hold_is_refused,
        faults_of_the_line_are_told_as_those_of_a_file,
        without_a_file_and_a_line_the_demonstration_is_on_loopback,
        quiet_and_debug_go_before_the_configuration,
        the_usage_names_every_option,
    };
    return check_run("options", tests, ARRAY_LEN(tests));
}
