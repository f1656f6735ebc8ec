/*
 * From the options of a listener to its policy: what each says, and every fault in words with its file and line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "proxy/policy.h"
#include "proxy/ticket_key_files.h"
#include "support/check_run.h"

static char told[1 << 14];
static bool has_fault;

static void hear(void *context, const char *finding)
{
    size_t len = strlen(told);

    (void)context;
    snprintf(told + len, sizeof told - len, "%s\n", finding);
    has_fault = has_fault || strstr(finding, CONFIG_WARNING_PREFIX) == NULL;
}

static const struct config_findings findings = {hear, NULL};

static char scratch[] = "/tmp/check_policy_options.XXXXXX";

static const char *data_directory(void)
{
    const char *top = getenv("top_srcdir");
    return top ? top : "..";
}

/* '@' in a configuration is tests/data, '~' the scratch directory. */
static struct bytes expanded(const char *text)
{
    static char out[1 << 13];
    size_t len = 0;

    for (; *text; text++) {
        if (*text == '@')
            len += (size_t)snprintf(out + len, sizeof out - len, "%s/tests/data", data_directory());
        else if (*text == '~')
            len += (size_t)snprintf(out + len, sizeof out - len, "%s", scratch);
        else
            out[len++] = *text;
        ck_assert_uint_lt(len, sizeof out - 1);
    }
    out[len] = 0;
    return bytes_of_string(out);
}

/* [listen web] and its certificate are lines 1 to 5; what a test adds begins with line 6. */
static const char with_ecdsa[] = "[listen web]\naddress = :8443\nbackend = app\n"
                                 "certificate = @/certificates/p256.crt\nkey = @/certificates/p256.key\n";
static const char with_rsa[] = "[listen web]\naddress = :8443\nbackend = app\n"
                               "certificate = @/certificates/rsa2048-encipher.crt\nkey = @/certificates/rsa2048.key\n";

static struct config *parse(const char *listener, const char *options, const char *general)
{
    static char text[1 << 12];
    struct config *config;

    ck_assert(crypto_start());
    told[0] = 0;
    has_fault = false;
    snprintf(text, sizeof text, "%s%s\n[backend app]\nserver = 127.0.0.1:8080\n%s", listener, options, general);
    config = config_parse("f", expanded(text), findings);
    ck_assert_msg(config != NULL, "%s", told);
    return config;
}

static struct tls_policy *build(const char *listener, const char *options)
{
    struct config *config = parse(listener, options, "");
    struct keyring *keyring = keyring_new();
    struct tls_policy *policy = policy_build(&config->listens[0], keyring, findings);

    ck_assert_msg((policy == NULL) == has_fault, "%s", told);
    keyring_free(keyring);
    config_free(config);
    return policy;
}

static struct tls_policy *build_good(const char *listener, const char *options)
{
    struct tls_policy *policy = build(listener, options);

    ck_assert_msg(policy != NULL, "%s\n%s", options, told);
    return policy;
}

static void expect_fault(const char *listener, const char *options, const char *words)
{
    struct tls_policy *policy = build(listener, options);

    ck_assert_msg(policy == NULL, "accepted: %s", options);
    ck_assert_msg(strstr(told, words) != NULL, "'%s' is not in:\n%s", words, told);
}

static bool is_told(const char *listener, const char *options, const char *words)
{
    tls_policy_unref(build_good(listener, options));
    return strstr(told, words) != NULL;
}

/* ---- algorithms */

static void assert_suites(const struct tls_policy *policy, const char *names)
{
    const struct tls_suite *const *suites;
    size_t count = tls_policy_suites(policy, &suites);
    char text[1024] = "";

    for (size_t i = 0; i < count; i++) {
        strncat(text, i ? " " : "", sizeof text - strlen(text) - 1);
        strncat(text, suites[i]->name, sizeof text - strlen(text) - 1);
    }
    ck_assert_str_eq(text, names);
}

static void expect_suites(const char *options, const char *names)
{
    struct tls_policy *policy = build_good(with_ecdsa, options);

    assert_suites(policy, names);
    tls_policy_unref(policy);
}

#define SUITES_OF_13 "TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256"

START_TEST(a_profile_gives_the_suites_of_mozillas_guidelines)
{
    static const char intermediate[] =
        SUITES_OF_13 " TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
                     " TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
                     " TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";

    expect_suites("profile = modern", SUITES_OF_13);
    expect_suites("profile = intermediate", intermediate);
    expect_suites("", intermediate);
}
END_TEST

START_TEST(the_classic_rsa_exchange_adds_its_suites_behind_the_profiles)
{
    struct tls_policy *policy = build_good(with_rsa, "rsa-key-exchange = yes");
    const struct tls_suite *const *suites;
    size_t count = tls_policy_suites(policy, &suites);

    ck_assert_uint_ge(count, 2);
    ck_assert_str_eq(suites[count - 2]->name, "TLS_RSA_WITH_AES_128_GCM_SHA256");
    ck_assert_str_eq(suites[count - 1]->name, "TLS_RSA_WITH_AES_256_GCM_SHA384");
    ck_assert(strstr(told, "f:1: warning: [listen web] takes the classic RSA key exchange") != NULL);
    tls_policy_unref(policy);
}
END_TEST

START_TEST(a_list_of_suites_replaces_the_profiles_by_the_names_of_iana_and_of_openssl)
{
    expect_suites("suites = TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256");
    expect_suites("suites = tls_aes_256_gcm_sha384, ECDHE-ECDSA-AES128-GCM-SHA256 TLS_AES_256_GCM_SHA384",
                  "TLS_AES_256_GCM_SHA384 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
}
END_TEST

START_TEST(a_name_that_is_unknown_gets_the_nearest_and_one_that_nobody_here_has_is_told_so)
{
    static const struct {
        const char *options, *words;
    } cases[] = {
        {"suites = TLS_AES_128_GCM_SHA255",
         "f:6: there is no cipher suite 'TLS_AES_128_GCM_SHA255', did you mean 'TLS_AES_128_GCM_SHA256'?"},
        {"suites = TLS_RSA_WITH_AES_128_CBC_SHA",
         "f:6: no provider of this build has the cipher suite 'TLS_RSA_WITH_AES_128_CBC_SHA'"},
        {"profile = modern\nsuites = TLS_AES_128_GCM_SHA256, nonsense", "f:7: there is no cipher suite 'nonsense'"},
        {"suites = AES128-GCM-SHA256",
         "f:6: 'AES128-GCM-SHA256' is a suite of the classic RSA key exchange, which has no forward secrecy"},
        {"groups = x25519, secp521r1", "f:6: no provider of this build has the group 'secp521r1'"},
        {"groups = x25518", "f:6: there is no group 'x25518', did you mean 'x25519'?"},
        {"signature-algorithms = ed25519", "f:6: no provider of this build has the signature scheme 'ed25519'"},
        {"signature-algorithms = ecdsa_secp256r1_sha255", "did you mean 'ecdsa_secp256r1_sha256'?"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        expect_fault(with_ecdsa, cases[i].options, cases[i].words);
}
END_TEST

START_TEST(every_fault_of_the_lists_is_told_at_once)
{
    expect_fault(with_ecdsa, "suites = one\ngroups = two\nsignature-algorithms = three", "f:6: there is no");
    ck_assert_msg(strstr(told, "f:7: there is no") && strstr(told, "f:8: there is no"), "%s", told);
}
END_TEST

START_TEST(a_suite_that_no_certificate_can_serve_is_a_warning)
{
    static const char words[] = "f:6: warning: suite 'ECDHE-RSA-AES128-GCM-SHA256' needs a certificate with a key of "
                                "RSA, and [listen web] has none";

    ck_assert_msg(is_told(with_ecdsa, "suites = TLS_AES_128_GCM_SHA256, ECDHE-RSA-AES128-GCM-SHA256", words), "%s",
                  told);
    ck_assert_msg(is_told(with_rsa, "suites = ECDHE-ECDSA-AES128-GCM-SHA256", "a key of ECDSA"), "%s", told);
    ck_assert(!is_told(with_rsa, "suites = TLS_AES_128_GCM_SHA256, ECDHE-RSA-AES128-GCM-SHA256", "needs a cert"));
    ck_assert(!is_told(with_ecdsa, "profile = intermediate", "needs a cert"));
}
END_TEST

START_TEST(the_classic_exchange_without_a_suite_of_it_is_a_warning)
{
    static const char words[] = "f:7: warning: [listen web] has rsa-key-exchange = yes, but 'suites' names no suite";

    ck_assert(is_told(with_rsa, "rsa-key-exchange = yes\nsuites = TLS_AES_128_GCM_SHA256", words));
    ck_assert(!is_told(with_rsa, "rsa-key-exchange = yes\nsuites = AES128-GCM-SHA256", words));
    ck_assert(!is_told(with_rsa, "rsa-key-exchange = yes", "names no suite"));
    ck_assert(is_told(with_ecdsa, "rsa-key-exchange = yes", "no certificate with a key of RSA"));
}
END_TEST

START_TEST(a_certificate_outside_the_profile_is_a_warning)
{
    ck_assert(is_told(with_rsa, "profile = modern", "f:4: warning: certificate 'CN="));
    ck_assert(!is_told(with_rsa, "profile = intermediate", "does not know"));
}
END_TEST

/* ---- client certificates: what cannot be read or used ends the start, nobody is let in unchecked */

#define TRUST "@/client_trust/"

START_TEST(a_listener_that_asks_for_certificates_reads_its_cas_and_crls)
{
    tls_policy_unref(build_good(with_ecdsa, "client-certificate = required\nclient-ca = " TRUST "root.crt"));
    tls_policy_unref(build_good(with_ecdsa, "client-certificate = optional\nclient-ca = " TRUST
                                            "root.crt\nclient-ca = " TRUST "other-root.crt\nclient-crl = " TRUST
                                            "root.crl\nclient-crl = " TRUST "intermediate.crl"));
}
END_TEST

START_TEST(a_ca_or_crl_that_cannot_be_used_ends_the_start)
{
    static const struct {
        const char *options, *words;
    } cases[] = {
        {"client-ca = ~/nowhere", "f:7: client-ca '~/nowhere': No such file or directory"},
        {"client-ca = ~/empty", "f:7: client-ca '~/empty': "},
        {"client-ca = ~/garbage", "f:7: client-ca '~/garbage': "},
        {"client-ca = " TRUST "alice.key", "f:7: client-ca '" TRUST "alice.key': "},
        {"client-ca = " TRUST "root.crt\nclient-crl = ~/nowhere", "f:8: client-crl '~/nowhere': No such file"},
        {"client-ca = " TRUST "root.crt\nclient-crl = ~/empty", "f:8: client-crl '~/empty': "},
        {"client-ca = " TRUST "root.crt\nclient-crl = ~/garbage", "f:8: client-crl '~/garbage': "},
        {"client-ca = " TRUST "root.crt\nclient-crl = " TRUST "root.crt", "f:8: client-crl '"},
    };
    char options[512], words[512];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes text = expanded(cases[i].words);
        snprintf(words, sizeof words, "%.*s", (int)text.len, (const char *)text.at);
        snprintf(options, sizeof options, "client-certificate = required\n%s", cases[i].options);
        expect_fault(with_ecdsa, options, words);
    }
}
END_TEST

START_TEST(cas_that_nobody_is_looked_up_in_are_a_warning)
{
    ck_assert(is_told(with_ecdsa, "client-ca = " TRUST "root.crt", "f:6: warning: [listen web] asks nobody"));
}
END_TEST

/* ---- staples */

START_TEST(a_staple_of_another_certificate_ends_the_start)
{
    expect_fault(with_ecdsa, "ocsp-staple = @/ocsp/good-sha1.der", "f:6: ocsp-staple '");
    ck_assert_msg(strstr(told, "it speaks of none of the certificates of this listener") != NULL, "%s", told);
}
END_TEST

START_TEST(a_staple_that_is_none_is_told_with_its_place)
{
    tls_policy_unref(build(with_ecdsa, "ocsp-staple = ~/garbage"));
    ck_assert_msg(strstr(told, "f:6: ") && strstr(told, "ocsp-staple '"), "%s", told);
}
END_TEST

/* ---- ticket keys from files */

static struct ticket_keys *read_ticket_keys(const char *general)
{
    struct config *config = parse(with_ecdsa, "", general);
    struct ticket_keys *keys = ticket_keys_from_config(&config->general, findings);

    ck_assert_msg((keys == NULL) == has_fault, "%s", told);
    config_free(config);
    return keys;
}

/* Before the tests run: there is nothing to assert with yet. */
static void write_file(const char *name, mode_t mode, const void *bytes, size_t len)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", scratch, name);
    file = fopen(path, "w");
    if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0 || chmod(path, mode) != 0)
        abort();
}

START_TEST(ticket_keys_come_from_files_or_are_made)
{
    ticket_keys_free(read_ticket_keys(""));
    ticket_keys_free(read_ticket_keys("[sallyport]\nticket-key = ~/first\nticket-key = ~/second\n"));
    ck_assert_str_eq(told, "");
    ticket_keys_free(read_ticket_keys("[sallyport]\nticket-key = ~/open\n"));
    ck_assert_msg(strstr(told, "f:10: warning: ticket-key '") && strstr(told, "every user of this machine"), "%s",
                  told);
}
END_TEST

/* Reliability T13. The file at fault is named, and the line that names it: not the first of the list. */
START_TEST(a_ticket_key_that_cannot_be_used_is_told_with_its_own_file_and_line)
{
    static const struct {
        const char *second, *words;
    } cases[] = {
        {"~/nowhere", "f:11: ticket-key '~/nowhere': No such file or directory"},
        {"~/short", "f:11: ticket-key '~/short': a ticket key file has exactly 48 bytes"},
        {"~/zero", "f:11: ticket-key '~/zero': all bytes of a ticket key are equal"},
        {"~/first", "f:11: ticket-key '~/first': two ticket keys have the same name"},
    };
    char general[256], words[256];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes text = expanded(cases[i].words);
        snprintf(words, sizeof words, "%.*s", (int)text.len, (const char *)text.at);
        snprintf(general, sizeof general, "[sallyport]\nticket-key = ~/first\nticket-key = %s\n", cases[i].second);
        ck_assert_ptr_null(read_ticket_keys(general));
        ck_assert_msg(strstr(told, words) != NULL, "'%s' is not in:\n%s", words, told);
    }
}
END_TEST

static void make_scratch(void)
{
    uint8_t key[49];

    if (!mkdtemp(scratch))
        abort();
    for (size_t i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i * 11);
    write_file("first", 0600, key, 48);
    write_file("open", 0644, key, 48);
    write_file("short", 0600, key, 47);
    key[0]++;
    write_file("second", 0600, key, 48);
    key[0]++;
    memset(key + 16, 0, 32);
    write_file("zero", 0600, key, 48);
    write_file("empty", 0600, "", 0);
    write_file("garbage", 0600, "no certificate, no list, nothing", 32);
}

static void remove_scratch(void)
{
    static const char *const names[] = {"first", "second", "open", "short", "zero", "empty", "garbage"};
    char path[128];

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof path, "%s/%s", scratch, names[i]);
        unlink(path);
    }
    rmdir(scratch);
}

int main(void)
{
    const TTest *const tests[] = {
        a_profile_gives_the_suites_of_mozillas_guidelines,
        the_classic_rsa_exchange_adds_its_suites_behind_the_profiles,
        a_list_of_suites_replaces_the_profiles_by_the_names_of_iana_and_of_openssl,
        a_name_that_is_unknown_gets_the_nearest_and_one_that_nobody_here_has_is_told_so,
        every_fault_of_the_lists_is_told_at_once,
        a_suite_that_no_certificate_can_serve_is_a_warning,
        the_classic_exchange_without_a_suite_of_it_is_a_warning,
        a_certificate_outside_the_profile_is_a_warning,
        a_listener_that_asks_for_certificates_reads_its_cas_and_crls,
        a_ca_or_crl_that_cannot_be_used_ends_the_start,
        cas_that_nobody_is_looked_up_in_are_a_warning,
        a_staple_of_another_certificate_ends_the_start,
        a_staple_that_is_none_is_told_with_its_place,
        ticket_keys_come_from_files_or_are_made,
        a_ticket_key_that_cannot_be_used_is_told_with_its_own_file_and_line,
    };
    int status;

    make_scratch();
    status = check_run("policy_options", tests, ARRAY_LEN(tests));
    remove_scratch();
    return status;
}
