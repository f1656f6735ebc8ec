/* Texts that are taken, and what they come to mean. */
#include "config/config.h"

#include "base/log.h"
#include "config/heard.h"
#include "support/alloc_fault.h"
#include "support/check_run.h"

#include <stdlib.h>

static const char small[] = "[listen web]\naddress = *:443\ncertificate = a.pem\nbackend = app\n"
                            "[backend app]\nserver = 127.0.0.1:8080\n";

/* Everything that can be written, none of it as the default has it. */
static const char full[] = "[sallyport]\n"
                           "log-format = json\n"
                           "log-level = debug\n"
                           "workers = 4\n"
                           "key-isolation = off\n"
                           "keyholders = 3\n"
                           "drain-delay = 5s\n"
                           "drain-timeout = 1m\n"
                           "resolve-interval = 2m\n"
                           "max-connections = 5000\n"
                           "memory-limit = 2g\n"
                           "ticket-key = /etc/new.key\n"
                           "ticket-key = /etc/old.key\n"
                           "ticket-key-issues = 1h\n"
                           "ticket-key-accepts = 3h\n"
                           "user = tls\n"
                           "key-user = tls-keys\n"
                           "group = 4001\n"
                           "chroot = /var/empty\n"
                           "sandbox = best-effort\n"
                           "watch-files = no\n"
                           "\n"
                           "[listen web]\n"
                           "address = 127.0.0.1:443\n"
                           "address = [::1]:443\n"
                           "address = unix:/run/sallyport/tls.sock\n"
                           "certificate = /etc/a.pem\n"
                           "certificate = /etc/b.pem\n"
                           "key = /etc/a.key\n"
                           "key = /etc/b.key\n"
                           "cert-dir = /etc/certs\n"
                           "cert-dir = /etc/more\n"
                           "backend = app\n"
                           "alpn = h2\n"
                           "alpn = http/1.1\n"
                           "unknown-sni = reject\n"
                           "# Mozilla's guidelines 6.0, of 2026-04-06\n"
                           "profile = modern\n"
                           "suites = TLS_AES_256_GCM_SHA384\n"
                           "suites = TLS_AES_128_GCM_SHA256\n"
                           "groups = secp384r1\n"
                           "pq = prefer\n"
                           "signature-algorithms = ecdsa_secp384r1_sha384\n"
                           "rsa-key-exchange = yes\n"
                           "client-certificate = required\n"
                           "client-ca = /etc/ca.pem\n"
                           "client-ca = /etc/other-ca.pem\n"
                           "client-crl = /etc/ca.crl\n"
                           "ocsp-staple = /etc/a.ocsp\n"
                           "session-tickets = 1\n"
                           "ticket-lifetime = 2h\n"
                           "dynamic-record-size = no\n"
                           "certificate-compression = no\n"
                           "on-truncation = eof\n"
                           "client-hello-timeout = 4s\n"
                           "handshake-timeout = 9s\n"
                           "idle-timeout = 0\n"
                           "trusted-source = 10.0.0.0/8\n"
                           "trusted-source = 2001:db8::1\n"
                           "\n"
                           "[listen mail]\n"
                           "address = *:993\n"
                           "certificate = development\n"
                           "backend = demo\n"
                           "alpn =\n"
                           "unknown-sni = default\n"
                           "# Mozilla's guidelines 6.0, of 2026-04-06\n"
                           "profile = intermediate\n"
                           "pq = none\n"
                           "rsa-key-exchange = no\n"
                           "client-certificate = none\n"
                           "session-tickets = 0\n"
                           "ticket-lifetime = 8h\n"
                           "dynamic-record-size = yes\n"
                           "certificate-compression = yes\n"
                           "on-truncation = reset\n"
                           "client-hello-timeout = 5s\n"
                           "handshake-timeout = 10s\n"
                           "idle-timeout = 90s\n"
                           "\n"
                           "[backend app]\n"
                           "server = 127.0.0.1:8080\n"
                           "server = unix:/run/app$$1.sock\n"
                           "connect-timeout = 1500ms\n"
                           "send-proxy = v2\n"
                           "\n"
                           "[admin]\n"
                           "address = unix:/run/sallyport/admin.sock\n"
                           "address = 127.0.0.1:9100\n"
                           "mode = 0660\n";

static struct heard heard;

static struct config *parse_bytes(struct bytes text)
{
    struct config *config = config_parse("f", text, heard_by(&heard));

    ck_assert_msg(config != NULL, "%s", heard.text);
    ck_assert_str_eq(heard.text, "");
    return config;
}

static struct config *parse(const char *text)
{
    return parse_bytes(bytes_of_string(text));
}

START_TEST(what_is_not_written_has_its_default)
{
    struct config *config = parse(small);
    const struct config_listen *listen = &config->listens[0];
    const struct config_backend *backend = &config->backends[0];

    ck_assert_int_eq(config->general.log_format, CONFIG_LOG_LOGFMT);
    ck_assert_int_eq(config->general.log_level, LOG_LEVEL_INFO);
    ck_assert_uint_eq(config->general.workers, 0);
    ck_assert_int_eq(config->general.has_key_isolation, true);
    ck_assert_uint_eq(config->general.keyholders, 0);
    ck_assert_uint_eq(config->general.drain_delay, 0);
    ck_assert_uint_eq(config->general.drain_timeout, 30000000);
    ck_assert_uint_eq(config->general.max_connections, 0);
    ck_assert_uint_eq(config->admin.addresses.count, 0);
    ck_assert_int_eq(config->admin.mode, 0600);
    ck_assert_uint_eq(listen->keys.count, 0);
    ck_assert_uint_eq(listen->alpn.count, 0);
    ck_assert_int_eq(listen->unknown_sni, CONFIG_UNKNOWN_SNI_DEFAULT);
    ck_assert_int_eq(listen->on_truncation, CONFIG_ON_TRUNCATION_RESET);
    ck_assert_int_eq(listen->profile, CONFIG_PROFILE_INTERMEDIATE);
    ck_assert_uint_eq(listen->suites.count + listen->groups.count + listen->signature_algorithms.count, 0);
    ck_assert_int_eq(listen->pq, CONFIG_PQ_NONE);
    ck_assert(!listen->has_rsa_key_exchange);
    ck_assert_int_eq(listen->client_certificate, CONFIG_CLIENT_CERTIFICATE_NONE);
    ck_assert_uint_eq(listen->session_tickets, 2);
    ck_assert_uint_eq(listen->ticket_lifetime, UINT64_C(8) * 3600 * 1000000);
    ck_assert(listen->has_dynamic_records);
    ck_assert(listen->has_certificate_compression);
    ck_assert_uint_eq(config->general.ticket_key_issues, UINT64_C(4) * 3600 * 1000000);
    ck_assert_uint_eq(config->general.ticket_key_accepts, UINT64_C(8) * 3600 * 1000000);
    ck_assert_uint_eq(listen->client_hello_timeout, 5000000);
    ck_assert_uint_eq(listen->handshake_timeout, 10000000);
    ck_assert_uint_eq(listen->idle_timeout, UINT64_C(3600000000));
    ck_assert_uint_eq(backend->connect_timeout, 3000000);
    ck_assert_int_eq(backend->send_proxy, CONFIG_SEND_PROXY_NONE);
    config_free(config);
}
END_TEST

START_TEST(every_option_reaches_its_member)
{
    struct config *config = parse(full);
    const struct config_listen *web = &config->listens[0];
    const struct config_backend *app = &config->backends[0];

    ck_assert_int_eq(config->general.log_format, CONFIG_LOG_JSON);
    ck_assert_int_eq(config->general.log_level, LOG_LEVEL_DEBUG);
    ck_assert_uint_eq(config->general.workers, 4);
    ck_assert_int_eq(config->general.has_key_isolation, false);
    ck_assert_uint_eq(config->general.keyholders, 3);
    ck_assert_uint_eq(config->general.drain_delay, 5000000);
    ck_assert_uint_eq(config->general.drain_timeout, 60000000);
    ck_assert_uint_eq(config->general.max_connections, 5000);
    ck_assert_uint_eq(config->listen_count, 2);
    ck_assert_str_eq(web->name, "web");
    ck_assert_uint_eq(web->addresses.count, 3);
    ck_assert_str_eq(web->addresses.values[1].host, "::1");
    ck_assert_str_eq(web->addresses.values[2].path, "/run/sallyport/tls.sock");
    ck_assert_uint_eq(web->certificates.count, 2);
    ck_assert_str_eq(web->certificates.values[1].text, "/etc/b.pem");
    ck_assert_uint_eq(web->keys.count, 2);
    ck_assert_str_eq(web->keys.values[0].text, "/etc/a.key");
    ck_assert_ptr_eq(web->backend, app);
    ck_assert_uint_eq(web->alpn.count, 2);
    ck_assert_str_eq(web->alpn.values[1].text, "http/1.1");
    ck_assert_int_eq(web->unknown_sni, CONFIG_UNKNOWN_SNI_REJECT);
    ck_assert_int_eq(web->on_truncation, CONFIG_ON_TRUNCATION_EOF);
    ck_assert_int_eq(web->profile, CONFIG_PROFILE_MODERN);
    ck_assert_str_eq(web->suites.values[0].text, "TLS_AES_256_GCM_SHA384");
    ck_assert_str_eq(web->groups.values[0].text, "secp384r1");
    ck_assert_str_eq(web->signature_algorithms.values[0].text, "ecdsa_secp384r1_sha384");
    ck_assert_int_eq(web->pq, CONFIG_PQ_PREFER);
    ck_assert(web->has_rsa_key_exchange);
    ck_assert_int_eq(web->client_certificate, CONFIG_CLIENT_CERTIFICATE_REQUIRED);
    ck_assert_str_eq(web->client_cas.values[1].text, "/etc/other-ca.pem");
    ck_assert_str_eq(web->client_crls.values[0].text, "/etc/ca.crl");
    ck_assert_str_eq(web->ocsp_staples.values[0].text, "/etc/a.ocsp");
    ck_assert_uint_eq(web->session_tickets, 1);
    ck_assert_uint_eq(web->ticket_lifetime, UINT64_C(2) * 3600 * 1000000);
    ck_assert(!web->has_dynamic_records);
    ck_assert(!web->has_certificate_compression);
    ck_assert_str_eq(config->general.ticket_keys.values[1].text, "/etc/old.key");
    ck_assert_uint_eq(config->general.ticket_key_accepts, UINT64_C(3) * 3600 * 1000000);
    ck_assert_uint_eq(web->client_hello_timeout, 4000000);
    ck_assert_uint_eq(web->handshake_timeout, 9000000);
    ck_assert_uint_eq(web->idle_timeout, 0);
    ck_assert_uint_eq(config->backend_count, 1);
    ck_assert_str_eq(app->servers.values[1].path, "/run/app$1.sock");
    ck_assert_uint_eq(app->connect_timeout, 1500000);
    ck_assert_int_eq(app->send_proxy, CONFIG_SEND_PROXY_V2);
    config_free(config);
}
END_TEST

START_TEST(the_demo_backend_has_no_section)
{
    struct config *config = parse(full);

    ck_assert_str_eq(config->listens[1].backend_name.text, CONFIG_BACKEND_DEMO);
    ck_assert_ptr_null(config->listens[1].backend);
    config_free(config);
}
END_TEST

START_TEST(values_sections_and_addresses_know_their_place)
{
    struct config *config = parse(full);
    const struct config_listen *web = &config->listens[0];

    ck_assert_str_eq(web->place.file, "f");
    ck_assert_uint_eq(web->place.line, 23);
    ck_assert_uint_eq(web->addresses.values[2].place.line, 26);
    ck_assert_uint_eq(web->keys.values[1].place.line, 30);
    ck_assert_uint_eq(web->backend_name.place.line, 33);
    ck_assert_uint_eq(web->alpn.values[1].place.line, 35);
    ck_assert_uint_eq(config->backends[0].place.line, 81);
    config_free(config);
}
END_TEST

START_TEST(the_name_and_the_text_may_go_once_it_is_parsed)
{
    char *name = strdup("short-lived"), *text = strdup(small);
    struct config *config = config_parse(name, bytes_of_string(text), heard_by(&heard));

    memset(name, 'x', strlen(name));
    memset(text, 'x', strlen(text));
    free(name);
    free(text);
    ck_assert_ptr_nonnull(config);
    ck_assert_str_eq(config->listens[0].certificates.values[0].text, "a.pem");
    ck_assert_str_eq(config->listens[0].place.file, "short-lived");
    config_free(config);
}
END_TEST

START_TEST(comments_blank_lines_and_line_ends_are_as_one_writes_them)
{
    struct config *config = parse("\xef\xbb\xbf# first\r\n; second\r\n   # indented\n\t\n\r\n[listen  web ]  # here\n"
                                  "address=*:443\naddress\t= *:444   ; there\r\ncertificate = a#b;c\nbackend =demo");

    ck_assert_str_eq(config->listens[0].name, "web");
    ck_assert_uint_eq(config->listens[0].addresses.count, 2);
    ck_assert_uint_eq(config->listens[0].addresses.values[1].port, 444);
    ck_assert_uint_eq(config->listens[0].addresses.values[1].place.line, 8);
    ck_assert_str_eq(config->listens[0].certificates.values[0].text, "a#b;c");
    ck_assert_str_eq(config->listens[0].backend_name.text, "demo");
    config_free(config);
}
END_TEST

START_TEST(a_value_may_contain_what_separates_keys_from_values)
{
    struct config *config = parse("[listen a]\naddress = *:443\ncertificate = a=b:c = d.pem\nbackend = demo\n");

    ck_assert_str_eq(config->listens[0].certificates.values[0].text, "a=b:c = d.pem");
    config_free(config);
}
END_TEST

START_TEST(protocols_are_listed_in_one_line_or_several)
{
    struct config *config = parse("[listen a]\naddress = *:1\ncertificate = a\nbackend = demo\n"
                                  "alpn = h2,http/1.1 ,\t acme-tls/1\nalpn =\nalpn = imap\n");
    static const char *const expected[] = {"h2", "http/1.1", "acme-tls/1", "imap"};

    ck_assert_uint_eq(config->listens[0].alpn.count, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        ck_assert_str_eq(config->listens[0].alpn.values[i].text, expected[i]);
    config_free(config);
}
END_TEST

START_TEST(variables_are_filled_in_and_obey_the_same_rules)
{
    struct config *config;

    setenv("SALLYPORT_TEST_HOST", "[::1]:80", 1);
    setenv("SALLYPORT_TEST_ALPN", "h2 http/1.1", 1);
    unsetenv("SALLYPORT_TEST_UNSET");
    config = parse("[listen a]\naddress = ${SALLYPORT_TEST_HOST}80\ncertificate = ${SALLYPORT_TEST_UNSET:-a;b}\n"
                   "backend = demo\nalpn = ${SALLYPORT_TEST_ALPN}\nalpn = ${SALLYPORT_TEST_UNSET:-}\n");
    ck_assert_uint_eq(config->listens[0].addresses.values[0].port, 8080);
    ck_assert_str_eq(config->listens[0].certificates.values[0].text, "a;b");
    ck_assert_uint_eq(config->listens[0].alpn.count, 2);
    config_free(config);
}
END_TEST

static size_t dump(const struct config *config, uint8_t *out, size_t capacity)
{
    struct writer writer = writer_of(out, capacity);

    config_dump(config, &writer);
    ck_assert(writer_ok(&writer));
    return writer_view(&writer).len;
}

START_TEST(a_dump_of_everything_is_what_was_written)
{
    struct config *config = parse(full);
    uint8_t text[8192];
    size_t len = dump(config, text, sizeof text - 1);

    text[len] = 0;
    ck_assert_str_eq((char *)text, full);
    config_free(config);
}
END_TEST

START_TEST(a_dump_shows_defaults_and_means_the_same_when_read)
{
    struct config *config = parse(small), *again;
    uint8_t first[8192], second[8192];
    size_t first_len = dump(config, first, sizeof first), second_len;

    again = parse_bytes(bytes_of(first, first_len));
    second_len = dump(again, second, sizeof second);
    ck_assert(bytes_equal(bytes_of(first, first_len), bytes_of(second, second_len)));
    ck_assert_ptr_nonnull(memmem(first, first_len, "idle-timeout = 1h\n", 18));
    ck_assert_ptr_nonnull(memmem(first, first_len, "connect-timeout = 3s\n", 21));
    config_free(config);
    config_free(again);
}
END_TEST

START_TEST(a_dump_that_does_not_fit_says_so)
{
    struct config *config = parse(small);
    uint8_t text[64];
    struct writer writer = writer_of(text, sizeof text);

    config_dump(config, &writer);
    ck_assert(!writer_ok(&writer));
    config_free(config);
}
END_TEST

START_TEST(a_written_line_is_read_as_that_very_value_or_not_written)
{
    static const char *const wrong[] = {"a #b", "#b", "a\nb", "a\tb ;c", "'a", "\"a", " a", "a ", "a\tb\177"};
    uint8_t text[512];
    struct writer writer = writer_of(text, sizeof text);
    const char *fault;
    char longest[193 + 1];

    ck_assert(config_write_line(&writer, "key", "a$b\tc#d;e", &fault));
    ck_assert(bytes_equal(writer_view(&writer), BYTES_OF_LITERAL("key = a$$b\tc#d;e\n")));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert_msg(!config_write_line(&writer, "key", wrong[i], &fault) && fault, "%s", wrong[i]);
    memset(longest, 'x', 193);
    longest[193] = 0;
    ck_assert(!config_write_line(&writer, "key", longest, &fault));
    longest[192] = 0;
    ck_assert(config_write_line(&writer, "key", longest, &fault));
    longest[191] = '$';
    ck_assert(!config_write_line(&writer, "key", longest, &fault)); /* doubled, it is one too long */
    ck_assert_uint_eq(writer_view(&writer).len, 17 + 199);
}
END_TEST

/* Every allocation of parsing fails once: an answer, no leak, and the words say why. */
START_TEST(any_failed_allocation_refuses_the_configuration_and_leaks_nothing)
{
    unsigned long live = alloc_fault_live(), total;
    struct config *config;

    alloc_fault_arm(0);
    config = parse(full);
    total = alloc_fault_count();
    config_free(config);
    ck_assert_uint_gt(total, 50);
    for (unsigned long n = 1; n <= total; n++) {
        alloc_fault_arm(n);
        config = config_parse("f", bytes_of_string(full), heard_by(&heard));
        ck_assert_ptr_null(config);
        ck_assert_str_eq(heard.text, "f: out of memory\n");
        ck_assert_uint_eq(alloc_fault_live(), live);
    }
    alloc_fault_arm(0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_is_not_written_has_its_default,
        every_option_reaches_its_member,
        the_demo_backend_has_no_section,
        values_sections_and_addresses_know_their_place,
        the_name_and_the_text_may_go_once_it_is_parsed,
        comments_blank_lines_and_line_ends_are_as_one_writes_them,
        a_value_may_contain_what_separates_keys_from_values,
        protocols_are_listed_in_one_line_or_several,
        variables_are_filled_in_and_obey_the_same_rules,
        a_dump_of_everything_is_what_was_written,
        a_dump_shows_defaults_and_means_the_same_when_read,
        a_dump_that_does_not_fit_says_so,
        a_written_line_is_read_as_that_very_value_or_not_written,
        any_failed_allocation_refuses_the_configuration_and_leaks_nothing,
    };
    return check_run("config", tests, ARRAY_LEN(tests));
}
