/* Texts that are refused, and the exact words in which they are. */
#include "config/config.h"

#include "config/heard.h"
#include "support/check_run.h"

#include <stdlib.h>

/* Lines 1 to 6 of a text that is fine, so that the lines under test begin at 7. */
#define FINE                                                                                                           \
    "[backend app]\nserver = 127.0.0.1:8080\n[listen web]\naddress = *:443\ncertificate = a.pem\nbackend = app\n"

struct row {
    const char *text;
    const char *findings;
};

static const struct row line_rows[] = {
    {FINE " log-level = debug\n", "f:7: the line begins with a blank; sections and keys begin in the first column\n"},
    {FINE "\tkey = b\n", "f:7: the line begins with a blank; sections and keys begin in the first column\n"},
    {FINE "  [sallyport]\n", "f:7: the line begins with a blank; sections and keys begin in the first column\n"},
    {FINE "key\n", "f:7: this is not 'key = value'\n"},
    {FINE "key: b\n", "f:7: this is not 'key = value'\n"},
    {FINE "key: b = c\n", "f:7: this is not 'key = value'\n"},
    {FINE "= b\n", "f:7: there is no key before '='\n"},
    {FINE "key =\n", "f:7: the value of 'key' is empty\n"},
    {FINE "suites =\n", "f:7: the value of 'suites' is empty\n"},
    {FINE "groups = ; none\n", "f:7: the value of 'groups' is empty\n"},
    {FINE "signature-algorithms =\n", "f:7: the value of 'signature-algorithms' is empty\n"},
    {FINE "suites = ${SALLYPORT_TEST_UNSET:-}\n", "f:7: the value of 'suites' is empty\n"},
    {FINE "suites = , ,\n", "f:7: the value of 'suites' has an empty name beside a comma\n"},
    {FINE "alpn = ,\n", "f:7: the value of 'alpn' has an empty name beside a comma\n"},
    {FINE "alpn = ,h2\n", "f:7: the value of 'alpn' has an empty name beside a comma\n"},
    {FINE "alpn = h2 ,\n", "f:7: the value of 'alpn' has an empty name beside a comma\n"},
    {FINE "alpn = h2\nalpn = h2,\t, h3\n", "f:8: the value of 'alpn' has an empty name beside a comma\n"},
    {FINE "key = # none\n", "f:7: the value of 'key' is empty\n"},
    {FINE "key = ; none\n", "f:7: the value of 'key' is empty\n"},
    {FINE "key = \"b\"\n", "f:7: the value begins with a quote; values are written without\n"},
    {FINE "key =\"b\"\n", "f:7: the value begins with a quote; values are written without\n"},
    {FINE "key = 'b'\n", "f:7: the value begins with a quote; values are written without\n"},
    {FINE "key = a\033b\n", "f:7: byte 8 of the line is the control character 0x1b\n"},
    {FINE "key = a\177b\n", "f:7: byte 8 of the line is the control character 0x7f\n"},
    {FINE "key = a\rb\n", "f:7: byte 8 of the line is the control character 0x0d\n"},
    {FINE "# comment \001\n", "f:7: byte 11 of the line is the control character 0x01\n"},
    {FINE "[sallyport\nlog-level = debug\n", "f:7: the section has no closing ']'\n"},
    {FINE "[sallyport # ]\n", "f:7: the section has no closing ']'\n"},
    {FINE "[sallyport] log-level = debug\n", "f:7: there is text behind the section's ']'\n"},
    {FINE "[sallyport]]\n", "f:7: there is text behind the section's ']'\n"},
    {FINE "[]\n", "f:7: a section is [kind] or [kind name]\n"},
    {FINE "[  ]\n", "f:7: a section is [kind] or [kind name]\n"},
    {FINE "[listen a b]\n", "f:7: a section is [kind] or [kind name]\n"},
    {FINE "[listen 4567890123456789012345678901234567890123456]\n",
     "f:7: the section's name is too long: 49 bytes between the brackets\n"},
};

static const struct row section_rows[] = {
    {"key = value\n" FINE, "f:1: 'key' stands before the first section\n"},
    {FINE "[sallyprot]\nlog-level = x\n", "f:7: unknown section [sallyprot], did you mean 'sallyport'?\n"},
    {FINE "[Listen b]\n", "f:7: unknown section [Listen], did you mean 'listen'?\n"},
    {FINE "[frontend]\n", "f:7: unknown section [frontend]\n"},
    {FINE "[listen]\n", "f:7: [listen] needs a name: [listen NAME]\n"},
    {FINE "[sallyport main]\n", "f:7: [sallyport] takes no name\n"},
    {FINE "[backend a/b]\n", "f:7: the name 'a/b' may contain letters, digits, '-', '_' and '.' only\n"},
    {FINE "[backend h\xc3\xa9]\n", "f:7: the name 'h\xc3\xa9' may contain letters, digits, '-', '_' and '.' only\n"},
    {FINE "[backend demo]\n", "f:7: [backend demo] is built in, choose another name\n"},
    {FINE "[listen web]\naddress = x\n", "f:7: [listen web] is already in line 3\n"},
    {FINE "[sallyport]\n[sallyport]\n", "f:8: [sallyport] is already in line 7\n"},
    {"", "f: there is no [listen NAME]\n"},
    {"\xef\xbb\xbf", "f: there is no [listen NAME]\n"},
    {"# nothing\n\n", "f: there is no [listen NAME]\n"},
    {"[sallyport]\n", "f: there is no [listen NAME]\n"},
};

static const struct row key_rows[] = {
    {FINE "adress = *:444\n", "f:7: unknown key 'adress', did you mean 'address'?\n"},
    {FINE "log level = x\n", "f:7: unknown key 'log level'\n"},
    {FINE "[sallyport]\nlog level = x\n", "f:8: unknown key 'log level', did you mean 'log-level'?\n"},
    {FINE "frobnicate = yes\n", "f:7: unknown key 'frobnicate'\n"},
    {FINE "curves = x\n", "f:7: unknown key 'curves', did you mean 'groups'?\n"},
    {FINE "sigalgs = x\n", "f:7: unknown key 'sigalgs', did you mean 'signature-algorithms'?\n"},
    {FINE "ciphers = x\n", "f:7: unknown key 'ciphers', did you mean 'suites'?\n"},
    {FINE "cipher-suites = x\n", "f:7: unknown key 'cipher-suites', did you mean 'suites'?\n"},
    {FINE "ssl_protocols = x\n", "f:7: unknown key 'ssl_protocols', did you mean 'profile'?\n"},
    {FINE "client-cert = x\n", "f:7: unknown key 'client-cert', did you mean 'client-certificate'?\n"},
    {FINE "client-cer = x\n", "f:7: unknown key 'client-cer', did you mean 'client-ca'?\n"},
    {FINE "[sallyport]\nciphers = x\n", "f:8: unknown key 'ciphers'\n"},
    {FINE "server = 127.0.0.1:1\n", "f:7: 'server' belongs in [backend NAME], not in [listen NAME]\n"},
    {FINE "log-level = debug\n", "f:7: 'log-level' belongs in [sallyport], not in [listen NAME]\n"},
    {FINE "[sallyport]\nkey = a\n", "f:8: 'key' belongs in [listen NAME], not in [sallyport]\n"},
    {FINE "backend = app\n", "f:7: 'backend' is already in line 6\n"},
    {FINE "idle-timeout = 1h\nidle-timeout = 2h\n", "f:8: 'idle-timeout' is already in line 7\n"},
    {FINE "[listen b]\naddress = *:444\n",
     "f:7: [listen b] has no 'backend'\nf:7: [listen b] has no 'certificate' and no 'cert-dir'\n"},
    {FINE "[backend b]\n", "f:7: [backend b] has no 'server'\n"},
    /* What seems to be missing may stand in the line that was refused. */
    {FINE "[backend b]\nsevrer = a:1\n", "f:8: unknown key 'sevrer', did you mean 'server'?\n"},
    {FINE "[backend b]\n server = a:1\n",
     "f:8: the line begins with a blank; sections and keys begin in the first column\n"},
    {FINE "[backend b]\n[backend\n", "f:8: the section has no closing ']'\nf:7: [backend b] has no 'server'\n"},
};

static const struct row value_rows[] = {
    {FINE "[sallyport]\nlog-format = jsn\n",
     "f:8: log-format: 'jsn' is not one of logfmt, json, did you mean 'json'?\n"},
    {FINE "[sallyport]\nlog-level = loud\n",
     "f:8: log-level: 'loud' is not one of error, warning, notice, info, debug\n"},
    {FINE "[sallyport]\ndrain-timeout = 30\n", "f:8: drain-timeout: '30' has no unit: 30s would be seconds\n"},
    {FINE "[sallyport]\nworkers = 0\n", "f:8: workers: '0' is out of range: 1 to 64, or auto\n"},
    {FINE "[sallyport]\nworkers = some\n", "f:8: workers: 'some' is no number\n"},
    {FINE "[sallyport]\ndrain-timeout = 25h\n", "f:8: drain-timeout: '25h' is out of range: 1ms to 1d, or 0\n"},
    {FINE "[sallyport]\nmax-connections = many\n", "f:8: max-connections: 'many' is no number\n"},
    {FINE "[sallyport]\nmemory-limit = 1m\n", "f:8: memory-limit: '1m' is out of range: 16m to 1024g, or 0\n"},
    {FINE "trusted-source = 10.0.0.1/8\n",
     "f:7: trusted-source: '10.0.0.1/8' has bits behind its prefix: did you mean 10.0.0.0/8?\n"},
    {FINE "trusted-sorce = 10.0.0.0/8\n", "f:7: unknown key 'trusted-sorce', did you mean 'trusted-source'?\n"},
    {FINE "handshake-timeout = 0\n", "f:7: handshake-timeout: '0' is out of range: 10ms to 10m\n"},
    {FINE "address = 444\n", "f:7: address: '444' is a port alone, did you mean ':444'?\n"},
    {FINE "[backend b]\nserver = *:80\n", "f:8: server: '*:80' has no host to connect to: host:port\n"},
    {FINE "[backend b]\nsend-proxy = v3\n",
     "f:8: send-proxy: 'v3' is not one of none, v1, v2, did you mean 'v1'?\nf:7: [backend b] has no 'server'\n"},
    {FINE "key = ${SALLYPORT_TEST_UNSET}\n",
     "f:7: the environment has no SALLYPORT_TEST_UNSET; ${SALLYPORT_TEST_UNSET:-default} would say what to use then\n"},
    {FINE "key = ${SALLYPORT_TEST_UNSET:-}\n", "f:7: the value of 'key' is empty\n"},
    {FINE "key = pa$word\n", "f:7: a '$' begins ${NAME}; a dollar sign itself is written '$$'\n"},
    /* What a variable brings in obeys the rules of what is written. */
    {FINE "key = ${SALLYPORT_TEST_COMMENT}\n",
     "f:7: the value of 'key' contains a '#' or ';' that would begin a comment\n"},
    {FINE "key = ${SALLYPORT_TEST_NEWLINE}\n", "f:7: the value of 'key' contains a control character\n"},
    {FINE "key = ${SALLYPORT_TEST_BLANK}\n", "f:7: the value of 'key' begins or ends with a blank\n"},
    {FINE "key = ${SALLYPORT_TEST_QUOTE}\n",
     "f:7: the value of 'key' begins with a quote; values are written without\n"},
    {FINE "key = ${SALLYPORT_TEST_LONG}\n", "f:7: the value of 'key' is too long: a line has at most 198 bytes\n"},
};

#define UNOPENED "tickets would be sealed that nobody opens\n"

static const struct row relation_rows[] = {
    {"[listen a]\naddress = *:1\ncertificate = a\nbackend = ap\n[backend app]\nserver = a:1\n",
     "f:4: there is no [backend ap], did you mean 'app'?\n"},
    {"[listen a]\naddress = *:1\ncertificate = a\nbackend = dmo\n",
     "f:4: there is no [backend dmo], did you mean 'demo'?\n"},
    {"[listen a]\naddress = *:1\ncertificate = a\nbackend = web\n", "f:4: there is no [backend web]\n"},
    {FINE "[sallyport]\nmax-connections = 10000\nmemory-limit = 128m\n",
     "f:9: memory-limit (128m) does not carry max-connections (10000) even when all are idle: that takes 161m\n"},
    {FINE "address = *:443\n", "f:7: address: '*:443' is already taken by '*:443' in line 4\n"},
    {FINE "[listen b]\naddress = :443\ncertificate = b\nbackend = app\n",
     "f:8: address: ':443' is already taken by '*:443' in line 4\n"},
    {FINE "[admin]\naddress = *:9100\n", "f:8: [admin] address: '*:9100' is not of this machine alone: unix:/path, "
                                         "127.0.0.1:port or [::1]:port\n"},
    {FINE "[admin]\naddress = 192.0.2.1:9100\n", "f:8: [admin] address: '192.0.2.1:9100' is not of this machine alone: "
                                                 "unix:/path, 127.0.0.1:port or [::1]:port\n"},
    {FINE "[admin]\naddress = localhost:9100\n", "f:8: [admin] address: 'localhost:9100' is not of this machine alone: "
                                                 "unix:/path, 127.0.0.1:port or [::1]:port\n"},
    {FINE "[admin]\naddress = [::2]:9100\n", "f:8: [admin] address: '[::2]:9100' is not of this machine alone: "
                                             "unix:/path, 127.0.0.1:port or [::1]:port\n"},
    {FINE "[admin]\naddress = 0.0.0.0:9100\n", "f:8: [admin] address: '0.0.0.0:9100' is not of this machine alone: "
                                               "unix:/path, 127.0.0.1:port or [::1]:port\n"},
    {FINE "[admin]\naddress = unix:/a\naddress = unix:/a\n",
     "f:9: address: 'unix:/a' is already taken by 'unix:/a' in line 8\n"},
    {FINE "[admin]\naddress = 127.0.0.1:443\n",
     "f:8: address: '127.0.0.1:443' is already taken by '*:443' in line 4\n"},
    {FINE "[admin a]\n", "f:7: [admin] takes no name\n"},
    {FINE "[admin]\nmode = 0700\n", "f:8: mode: '0700' is not one of 0600, 0660, 0666, did you mean '0600'?\n"},
    {FINE "[listen b]\naddress = [::1]:443\ncertificate = b\nbackend = app\n",
     "f:8: address: '[::1]:443' is already taken by '*:443' in line 4\n"},
    {FINE "certificate = development\n", "f:7: certificate: 'development' stands alone or not at all\n"},
    {FINE "certificate = development\nkey = k\n", "f:7: certificate: 'development' stands alone or not at all\n"
                                                  "f:8: key: 'development' brings its own key\n"},
    {"[listen a]\naddress = *:1\ncertificate = development\nkey = k\nbackend = demo\n",
     "f:4: key: 'development' brings its own key\n"},
    {FINE "[sallyport]\nticket-key-issues = 9h\n", "f:8: ticket-key-issues (9h) is longer than ticket-key-accepts (8h, "
                                                   "the default): " UNOPENED},
    {FINE "[sallyport]\n\nticket-key-accepts = 90m\n", "f:9: ticket-key-issues (4h, the default) is longer than "
                                                       "ticket-key-accepts (90m): " UNOPENED},
    {"[sallyport]\nticket-key-accepts = 1s\nticket-key-issues = 1m\n" FINE,
     "f:3: ticket-key-issues (1m) is longer than ticket-key-accepts (1s): " UNOPENED},
    {FINE "[sallyport]\nticket-key-accepts = soon\n",
     "f:8: ticket-key-accepts: 'soon' is no time: a number and ms, s, m, h or d\n"},
};

#define PUSHED_OUT "at most 8 keys are held, so newer ones push it out before that\n"
#define OUTLIVES "[listen web] has a ticket-lifetime longer than "
#define ENDS ", which ends its tickets first\n"

static const struct row warning_rows[] = {
    {FINE "[backend spare]\nserver = a:1\n", "f:7: warning: no [listen NAME] uses [backend spare]\n"},
    {FINE "client-hello-timeout = 11s\n",
     "f:3: warning: [listen web] has a client-hello-timeout longer than its handshake-timeout, which ends it first\n"},
    {FINE "client-hello-timeout = 10s\n", ""},
    {FINE "[sallyport]\nmemory-limit = 1g\nmax-connections = 10000\n",
     "f:8: warning: memory-limit (1g) carries 6553 connections that all transfer at once, max-connections is 10000: "
     "past "
     "that, new ones are let go\n"},
    {FINE "[sallyport]\nmemory-limit = 1g\nmax-connections = 6000\n", ""},
    {FINE "[sallyport]\nmax-connections = 100000\n", ""},
    {FINE "ticket-lifetime = 7d\n", "f:3: warning: " OUTLIVES "ticket-key-accepts" ENDS},
    {FINE "ticket-lifetime = 8h\n", ""},
    {FINE "ticket-lifetime = 7d\nsession-tickets = 0\n", ""},
    {FINE "ticket-lifetime = 7d\n[sallyport]\nticket-key = f\n", ""},
    {FINE "[admin]\naddress = 127.255.0.9:9100\naddress = [::1]:9100\naddress = unix:/a\n", ""},
    {FINE "ticket-lifetime = 32h\n[sallyport]\nticket-key-accepts = 32h\n", ""}, /* 8 keys of 4 hours are held */
    {FINE "[sallyport]\nticket-key-accepts = 33h\n", "f:8: warning: ticket-key-accepts (33h) is longer than 8 times "
                                                     "ticket-key-issues (4h, the default): " PUSHED_OUT},
    {FINE "[sallyport]\nticket-key-issues = 59m\n",
     "f:8: warning: ticket-key-accepts (8h, the default) is longer than "
     "8 times ticket-key-issues (59m): " PUSHED_OUT "f:3: warning: " OUTLIVES "8 times ticket-key-issues" ENDS},
    {FINE "[sallyport]\nticket-key-issues = 1h\nticket-key-accepts = 9h\n",
     "f:9: warning: ticket-key-accepts (9h) is longer than 8 times ticket-key-issues (1h): " PUSHED_OUT},
    {FINE "[sallyport]\nticket-key = f\nticket-key-accepts = 33h\n", ""},
    {FINE "ticket-lifetime = 33h\n[sallyport]\nticket-key-accepts = 32h\n",
     "f:3: warning: " OUTLIVES "ticket-key-accepts" ENDS},
    {FINE "ticket-lifetime = 33h\n[sallyport]\nticket-key-accepts = 7d\n",
     "f:9: warning: ticket-key-accepts (7d) is longer than 8 times ticket-key-issues (4h, the default): " PUSHED_OUT
     "f:3: warning: " OUTLIVES "8 times ticket-key-issues" ENDS},
};

static struct heard heard;

static struct config *parse(const char *text)
{
    setenv("SALLYPORT_TEST_COMMENT", "a #b", 1);
    setenv("SALLYPORT_TEST_NEWLINE", "a\nb", 1);
    setenv("SALLYPORT_TEST_BLANK", "a ", 1);
    setenv("SALLYPORT_TEST_QUOTE", "\"a\"", 1);
    setenv("SALLYPORT_TEST_LONG",
           "/a/path/of/193/bytes/with/the/key/is/199/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
           1);
    return config_parse("f", bytes_of_string(text), heard_by(&heard));
}

static void all_are_refused(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(parse(rows[i].text) == NULL, "taken: %s", rows[i].text);
        ck_assert_str_eq(heard.text, rows[i].findings);
    }
}

START_TEST(a_line_that_inih_would_misread_is_refused)
{
    all_are_refused(line_rows, ARRAY_LEN(line_rows));
}
END_TEST

START_TEST(an_unknown_nameless_or_second_section_is_refused)
{
    all_are_refused(section_rows, ARRAY_LEN(section_rows));
}
END_TEST

START_TEST(an_unknown_missing_or_second_key_is_refused)
{
    all_are_refused(key_rows, ARRAY_LEN(key_rows));
}
END_TEST

START_TEST(a_value_of_the_wrong_form_or_range_is_refused)
{
    all_are_refused(value_rows, ARRAY_LEN(value_rows));
}
END_TEST

START_TEST(names_that_do_not_exist_and_addresses_used_twice_are_refused)
{
    all_are_refused(relation_rows, ARRAY_LEN(relation_rows));
}
END_TEST

START_TEST(what_is_odd_but_usable_is_a_warning)
{
    for (size_t i = 0; i < ARRAY_LEN(warning_rows); i++) {
        struct config *config = parse(warning_rows[i].text);
        ck_assert_ptr_nonnull(config);
        ck_assert_str_eq(heard.text, warning_rows[i].findings);
        config_free(config);
    }
}
END_TEST

START_TEST(every_error_is_told_not_only_the_first)
{
    ck_assert_ptr_null(parse("x = 1\n[listen a]\naddress = 1\nadress = 2\n[bakend]\n[backend b]\nserver = :1\n"));
    ck_assert_str_eq(heard.text, "f:1: 'x' stands before the first section\n"
                                 "f:4: unknown key 'adress', did you mean 'address'?\n"
                                 "f:5: unknown section [bakend], did you mean 'backend'?\n"
                                 "f:3: address: '1' is a port alone, did you mean ':1'?\n"
                                 "f:7: server: ':1' has no host to connect to: host:port\n");
}
END_TEST

START_TEST(a_zero_byte_is_refused)
{
    static const char text[] = FINE "key = a\0b\n";

    ck_assert_ptr_null(config_parse("f", bytes_of(text, sizeof text - 1), heard_by(&heard)));
    ck_assert_str_eq(heard.text, "f:7: byte 8 of the line is the control character 0x00\n");
}
END_TEST

/* inih hands on longer ones cut. */
START_TEST(a_line_of_198_bytes_is_taken_whole_and_one_of_199_refused)
{
    char text[1024] = FINE "key = ";
    size_t begin = strlen(FINE);
    struct config *config;

    memset(text + begin + 6, 'k', 192);
    strcpy(text + begin + 198, "\r\n");
    config = parse(text);
    ck_assert_ptr_nonnull(config);
    ck_assert_uint_eq(strlen(config->listens[0].keys.values[0].text), 192);
    config_free(config);
    strcpy(text + begin + 198, " # a comment is not counted, however long it may be\n");
    config = parse(text);
    ck_assert_ptr_nonnull(config);
    config_free(config);
    strcpy(text + begin + 198, "k\n");
    ck_assert_ptr_null(parse(text));
    ck_assert_str_eq(heard.text, "f:7: the line is too long: at most 198 bytes\n");
}
END_TEST

/* inih cuts them there, so that two that differ behind would be one. */
START_TEST(a_section_title_of_49_bytes_is_taken_whole)
{
    static const char text[] = FINE "[backend a1234567890123456789012345678901234567890]\nserver = a:1\n"
                                    "[backend b1234567890123456789012345678901234567890]\nserver = b:1\n";
    struct config *config = parse(text);

    ck_assert_msg(config != NULL, "%s", heard.text);
    ck_assert_uint_eq(config->backend_count, 3);
    ck_assert_str_eq(config->backends[1].name, "a1234567890123456789012345678901234567890");
    ck_assert_str_eq(config->backends[1].servers.values[0].host, "a");
    config_free(config);
}
END_TEST

START_TEST(after_a_hundred_errors_no_more_are_told)
{
    char text[4000] = "";

    for (int i = 0; i < 300; i++)
        strcat(text, "x = 1\n");
    ck_assert_ptr_null(parse(text));
    ck_assert_uint_eq(heard.count, 101);
    ck_assert_ptr_nonnull(strstr(heard.text, "f:100: 'x' stands before the first section\n"
                                             "f: 100 errors told, looking no further\n"));
}
END_TEST

static char *repeat(const char *begin, const char *before, const char *after, unsigned count)
{
    size_t capacity = strlen(begin) + count * 64 + 1, len;
    char *text = malloc(capacity);

    len = (size_t)snprintf(text, capacity, "%s", begin);
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, capacity - len, "%s%u%s", before, i, after);
    return text;
}

START_TEST(sections_and_options_are_bounded)
{
    char *sections = repeat("", "[backend b", "]\nserver = a:1\n", 1001);
    char *options = repeat(FINE, "key = k", "\n", 9999);

    ck_assert_ptr_null(parse(sections));
    ck_assert_ptr_nonnull(strstr(heard.text, "f:2001: more than 1000 sections\n"));
    ck_assert_ptr_null(parse(options));
    ck_assert_str_eq(heard.text, "f:10003: more than 10000 options\n");
    free(sections);
    free(options);
}
END_TEST

START_TEST(a_finding_about_the_command_line_has_no_line_number)
{
    struct config_findings findings = heard_by(&heard);

    ck_assert_ptr_null(config_parse(CONFIG_NAME_COMMAND_LINE, BYTES_OF_LITERAL("[x]\n"), findings));
    ck_assert_str_eq(heard.text, "command line: unknown section [x]\n");
}
END_TEST

START_TEST(a_finding_is_one_printable_line_of_bounded_length)
{
    struct config_findings findings = heard_by(&heard);
    struct config_place place = {"f", 3};
    char longest[5000];

    config_complain(findings, &place, "'%s'", "a\nb\033[2J");
    ck_assert_str_eq(heard.text, "f:3: 'a?b?[2J'\n");
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    findings = heard_by(&heard);
    place.file = longest;
    config_complain(findings, &place, "%s", longest);
    ck_assert_uint_lt(strlen(heard.text), 2000);
}
END_TEST

START_TEST(another_layer_tells_as_the_parser_does)
{
    struct config_findings findings = heard_by(&heard);

    config_complain(findings, &(struct config_place){"f", 3}, "no such %s", "thing");
    config_warn(findings, &(struct config_place){"f", 0}, "old %s", "thing");
    ck_assert_str_eq(heard.text, "f:3: no such thing\nf: warning: old thing\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_line_that_inih_would_misread_is_refused,
        an_unknown_nameless_or_second_section_is_refused,
        an_unknown_missing_or_second_key_is_refused,
        a_value_of_the_wrong_form_or_range_is_refused,
        names_that_do_not_exist_and_addresses_used_twice_are_refused,
        what_is_odd_but_usable_is_a_warning,
        every_error_is_told_not_only_the_first,
        a_zero_byte_is_refused,
        a_line_of_198_bytes_is_taken_whole_and_one_of_199_refused,
        a_section_title_of_49_bytes_is_taken_whole,
        after_a_hundred_errors_no_more_are_told,
        sections_and_options_are_bounded,
        a_finding_about_the_command_line_has_no_line_number,
        a_finding_is_one_printable_line_of_bounded_length,
        another_layer_tells_as_the_parser_does,
    };
    return check_run("findings", tests, ARRAY_LEN(tests));
}
