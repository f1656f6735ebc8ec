/*
 * From the options of a listener to its policy: what each one sets, and every fault with its line.
 */
#include <unistd.h>

#include "config.h"
#include "proxy/built_policy.h"
#include "proxy/staples.h"
#include "support/data_file.h"
#include "tls/policy_types.h"

/* ---- what a list became, as hexadecimal codes with a space behind each */

static char codes[256];

static void add_code(uint16_t code)
{
    snprintf(codes + strlen(codes), sizeof codes - strlen(codes), "%04x ", code);
}

static void expect_suites(struct tls_policy *policy, const char *expected)
{
    codes[0] = 0;
    for (size_t i = 0; i < good(policy)->suite_count; i++)
        add_code(policy->suites[i]->code);
    ck_assert_str_eq(codes, expected);
    tls_policy_unref(policy);
}

static void expect_groups(struct tls_policy *policy, const char *expected)
{
    codes[0] = 0;
    for (size_t i = 0; i < good(policy)->group_count; i++)
        add_code(policy->groups[i]->code);
    ck_assert_str_eq(codes, expected);
    tls_policy_unref(policy);
}

/* Ours, and those of clients. */
static void expect_schemes(struct tls_policy *policy, const char *expected, const char *of_clients)
{
    codes[0] = 0;
    for (size_t i = 0; i < good(policy)->scheme_count; i++)
        add_code(policy->schemes[i]->code);
    ck_assert_str_eq(codes, expected);
    codes[0] = 0;
    for (size_t i = 0; i < policy->client_scheme_count; i++)
        add_code(policy->client_schemes[i]->code);
    ck_assert_str_eq(codes, of_clients);
    tls_policy_unref(policy);
}

/* ---- profiles: Mozilla's guidelines 6.0 */

#define SUITES_13 "1301 1302 1303 "
#define SCHEMES "0403 0503 0603 0804 0805 0806 0401 0501 0601 "
#define SUITES_12 "c02b c02f c02c c030 cca9 cca8 "

START_TEST(modern_is_tls_1_3_alone_intermediate_both_and_the_default)
{
    expect_suites(build("profile = modern\n"), SUITES_13);
    expect_suites(build("profile = intermediate\n"), SUITES_13 SUITES_12);
    expect_suites(build(""), SUITES_13 SUITES_12);
}
END_TEST

START_TEST(both_profiles_have_every_group_and_every_scheme_of_this_build)
{
    static const char *const profiles[] = {"profile = modern\n", "profile = intermediate\n"};

    for (size_t i = 0; i < ARRAY_LEN(profiles); i++) {
        expect_groups(build(profiles[i]), "11ec 001d 0017 0018 ");
        expect_schemes(build(profiles[i]), SCHEMES, SCHEMES);
    }
}
END_TEST

START_TEST(the_classic_rsa_exchange_comes_behind_the_suites_of_the_profile)
{
    expect_suites(build_of_rsa("rsa-key-exchange = yes\n"), SUITES_13 SUITES_12 "009c 009d ");
    expect_suites(build_of_rsa("rsa-key-exchange = no\n"), SUITES_13 SUITES_12);
}
END_TEST

START_TEST(the_classic_rsa_exchange_and_profile_modern_exclude_each_other)
{
    expect_only_fault("profile = modern\nrsa-key-exchange = yes\n",
                      "test.conf:1: ", "rsa-key-exchange = yes, which is of TLS 1.2, and profile = modern");
}
END_TEST

/* ---- lists */

START_TEST(lists_replace_those_of_the_profile_in_their_own_order_each_entry_once)
{
    expect_suites(build("suites = TLS_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256\n"
                        "suites = TLS_CHACHA20_POLY1305_SHA256\n"),
                  "1303 1301 ");
    expect_suites(build("profile = modern\nsuites = TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\n"), "c02b ");
    expect_groups(build("groups = secp384r1, x25519, secp384r1\n"), "0018 001d ");
    expect_schemes(build("signature-algorithms = ecdsa_secp384r1_sha384, ecdsa_secp256r1_sha256\n"), "0503 0403 ",
                   "0503 0403 ");
}
END_TEST

static void expect_post_quantum(const char *options, enum tls_post_quantum expected)
{
    struct tls_policy *policy = good(build(options));

    ck_assert_int_eq(policy->post_quantum, expected);
    tls_policy_unref(policy);
}

START_TEST(pq_says_what_a_post_quantum_group_is_to_us)
{
    expect_post_quantum("", TLS_POST_QUANTUM_AS_LISTED);
    expect_post_quantum("pq = none\ngroups = x25519\n", TLS_POST_QUANTUM_AS_LISTED);
    expect_post_quantum("pq = prefer\n", TLS_POST_QUANTUM_PREFERRED);
    expect_post_quantum("pq = require\nprofile = modern\n", TLS_POST_QUANTUM_REQUIRED);
    expect_post_quantum("pq = prefer\ngroups = x25519, X25519MLKEM768\n", TLS_POST_QUANTUM_PREFERRED);
}
END_TEST

START_TEST(pq_without_a_post_quantum_group_or_tls_1_3_is_told_so)
{
    expect_only_fault("pq = prefer\ngroups = x25519\n", "test.conf:7: ",
                      "[listen web] has pq = prefer, and 'groups' names no post-quantum group: add X25519MLKEM768");
    expect_only_fault("groups = x25519, P-256\npq = require\n", "test.conf:6: ",
                      "[listen web] has pq = require, and 'groups' names no post-quantum group: add X25519MLKEM768");
    expect_only_fault("pq = require\nsuites = ECDHE-ECDSA-AES128-GCM-SHA256\n", "test.conf:7: ",
                      "[listen web] has pq = require, which is of TLS 1.3, and 'suites' names none of its suites");
}
END_TEST

START_TEST(names_of_openssl_and_of_people_mean_the_same_whatever_their_case)
{
    expect_suites(build("suites = ecdhe-ecdsa-aes128-gcm-sha256, ECDHE-ECDSA-AES256-GCM-SHA384, "
                        "ECDHE-ECDSA-CHACHA20-POLY1305, tls_aes_128_gcm_sha256\n"),
                  "c02b c02c cca9 1301 ");
    expect_suites(build_of_rsa("suites = ECDHE-RSA-AES128-GCM-SHA256, ECDHE-RSA-AES256-GCM-SHA384, "
                               "ECDHE-RSA-CHACHA20-POLY1305, AES128-GCM-SHA256, AES256-GCM-SHA384\n"
                               "rsa-key-exchange = yes\n"),
                  "c02f c030 cca8 009c 009d ");
    expect_groups(build("groups = p-384, Prime256v1, X25519, P-256\n"), "0018 0017 001d ");
    expect_groups(build("groups = X25519MLKEM768\n"), "11ec ");
    expect_groups(build("groups = x25519, x25519mlkem768\n"), "001d 11ec ");
    expect_schemes(build("signature-algorithms = ECDSA_SECP256R1_SHA256\n"), "0403 ", "0403 ");
}
END_TEST

START_TEST(an_unknown_name_is_told_with_its_line_and_the_nearest_known_one)
{
    expect_only_fault("groups = x25519\nsuites = TLS_AES_128_GCM_SHA265\n", "test.conf:7: ",
                      "there is no cipher suite 'TLS_AES_128_GCM_SHA265', did you mean 'TLS_AES_128_GCM_SHA256'?");
    expect_only_fault("suites = ECDHE-RSA-AES128-GCM-SHA265\n",
                      "test.conf:6: ", "did you mean 'ECDHE-RSA-AES128-GCM-SHA256'?");
    expect_only_fault("groups = P-384\ngroups = P-265\n",
                      "test.conf:7: ", "there is no group 'P-265', did you mean 'P-256'?");
    expect_only_fault("signature-algorithms = ecdsa_secp256r1_sha265\n", "test.conf:6: ",
                      "there is no signature scheme 'ecdsa_secp256r1_sha265', did you mean 'ecdsa_secp256r1_sha256'?");
    expect_only_fault("groups = nothing-like-it\n", "test.conf:6: ", "there is no group 'nothing-like-it'\n");
}
END_TEST

START_TEST(what_exists_and_is_not_to_be_had_here_is_told_so_and_not_called_unknown)
{
    expect_only_fault("suites = TLS_AES_128_CCM_SHA256\n",
                      "test.conf:6: ", "no provider of this build has the cipher suite 'TLS_AES_128_CCM_SHA256'");
    expect_only_fault("groups = x25519, SecP256r1MLKEM768\n",
                      "test.conf:6: ", "no provider of this build has the group 'SecP256r1MLKEM768'");
    expect_only_fault("groups = x25519\nsignature-algorithms = ed25519\n",
                      "test.conf:7: ", "no provider of this build has the signature scheme 'ed25519'");
}
END_TEST

START_TEST(what_sallyport_does_not_speak_by_decision_is_told_so)
{
    static const char dhe[] = "exchanges keys by finite-field Diffie-Hellman (DHE), which sallyport does not speak, by "
                              "decision";
    static const char cbc[] = "encrypts with CBC, which sallyport does not speak, by decision";
    static const struct {
        const char *option, *name, *words;
    } rows[] = {
        {"suites", "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", cbc},
        {"suites", "TLS_RSA_WITH_3DES_EDE_CBC_SHA", cbc},
        {"suites", "ECDHE-RSA-AES128-SHA256", cbc},
        {"suites", "AES256-SHA", cbc},
        {"suites", "DES-CBC3-SHA", cbc},
        {"suites", "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", dhe},
        {"suites", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", dhe},
        {"suites", "DHE-RSA-CHACHA20-POLY1305", dhe},
        {"groups", "ffdhe2048", "is of finite-field Diffie-Hellman (DHE), which sallyport does not speak, by decision"},
        {"signature-algorithms", "rsa_pkcs1_sha1", "signs with SHA-1, which sallyport does not speak, by decision"},
        {"signature-algorithms", "ecdsa_sha1", "signs with SHA-1, which sallyport does not speak, by decision"},
    };
    char option[128], line[256];

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        snprintf(option, sizeof option, "%s = %s\n", rows[i].option, rows[i].name);
        snprintf(line, sizeof line, "'%s' %s\n", rows[i].name, rows[i].words);
        expect_only_fault(option, "test.conf:6: ", line);
    }
}
END_TEST

START_TEST(what_belongs_in_another_list_is_told_by_what_it_is)
{
    expect_only_fault("groups = ed25519\n", "test.conf:6: ", "'ed25519' is no group but a signature scheme\n");
    expect_only_fault("groups = ECDHE-RSA-AES128-SHA\n",
                      "test.conf:6: ", "'ECDHE-RSA-AES128-SHA' is no group but a cipher suite\n");
    expect_only_fault("suites = rsa_pkcs1_sha1\n",
                      "test.conf:6: ", "'rsa_pkcs1_sha1' is no cipher suite but a signature scheme\n");
    expect_only_fault("signature-algorithms = P-256\n",
                      "test.conf:6: ", "'P-256' is no signature scheme but a group\n");
    expect_only_fault("suites = ffdhe2048\n", "test.conf:6: ", "'ffdhe2048' is no cipher suite but a group\n");
}
END_TEST

START_TEST(every_fault_of_the_lists_is_told_each_with_its_own_line)
{
    ck_assert_ptr_null(build("suites = one, TLS_AES_128_GCM_SHA256\nsuites = two\ngroups = three\n"
                             "signature-algorithms = four\n"));
    expect_told("test.conf:6: there is no cipher suite 'one'");
    expect_told("test.conf:7: there is no cipher suite 'two'");
    expect_told("test.conf:8: there is no group 'three'");
    expect_told("test.conf:9: there is no signature scheme 'four'");
    ck_assert_uint_eq(told_count, 4);
}
END_TEST

START_TEST(a_suite_of_the_classic_rsa_exchange_needs_the_option_that_switches_it_on)
{
    static const char part[] = "it needs 'rsa-key-exchange = yes'";

    expect_only_fault("suites = TLS_AES_128_GCM_SHA256\nsuites = AES128-GCM-SHA256\n", "test.conf:7: ", part);
    expect_only_fault("suites = TLS_RSA_WITH_AES_256_GCM_SHA384\n", "test.conf:6: ", part);
}
END_TEST

/* ---- protocols */

START_TEST(a_protocol_that_is_named_twice_is_a_fault_with_its_line_and_the_first_one)
{
    expect_only_fault("alpn = h2, h2, http/1.1\n", "test.conf:6: ", "alpn 'h2' is named twice, first in line 6");
    expect_only_fault("alpn = h2\nalpn = http/1.1 h2\n", "test.conf:7: ", "alpn 'h2' is named twice, first in line 6");
    tls_policy_unref(good(build("alpn = h2, H2\nalpn = h2c\n"))); /* RFC 7301 3.1: names are octets */
}
END_TEST

/* ---- whom clients are: what cannot be read or used lets nobody in */

#define ASKS "client-certificate = required\n"
#define ROOT "client-ca = ${D}/client_trust/root.crt\n"
#define ROOT_CRL "client-crl = ${D}/client_trust/root.crl\n"

static void expect_empty_is_a_fault(const char *before, const char *key, const char *place)
{
    char path[] = "/tmp/sallyport-test-empty-XXXXXX", options[256];
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    snprintf(options, sizeof options, "%s%s = %s\n", before, key, path);
    expect_only_fault(options, place, "empty");
    close(fd);
    unlink(path);
}

START_TEST(a_client_ca_that_cannot_be_used_fails_closed_with_its_line)
{
    static const char *const cases[][2] = {
        {"client_trust/missing.crt", "/client_trust/missing.crt': No such file or directory"},
        {"client_trust/alice.crt", "/client_trust/alice.crt': the certificate in line 1 is no CA"},
        {"client_trust/root.crl", "/client_trust/root.crl': no CA certificate found"},
        {"client_trust/alice.key", "/client_trust/alice.key': no CA certificate found"},
        {"ocsp/both.der", "/ocsp/both.der': the file is not PEM"},
    };
    char options[256];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(options, sizeof options, ASKS ROOT "client-ca = ${D}/%s\n", cases[i][0]);
        expect_only_fault(options, "test.conf:8: client-ca '", cases[i][1]);
    }
    expect_empty_is_a_fault(ASKS, "client-ca", "test.conf:7: client-ca '");
    expect_only_fault("client-certificate = optional\nclient-ca = ${D}/client_trust/missing.crt\n",
                      "test.conf:7: client-ca '", "No such file or directory");
}
END_TEST

START_TEST(a_client_crl_that_cannot_be_used_fails_closed_with_its_line)
{
    expect_only_fault(ASKS ROOT ROOT_CRL "client-crl = ${D}/client_trust/missing.crl\n", "test.conf:9: client-crl '",
                      "/client_trust/missing.crl': No such file or directory");
    expect_empty_is_a_fault(ASKS ROOT, "client-crl", "test.conf:8: client-crl '");
    expect_only_fault(ASKS ROOT "client-crl = ${D}/client_trust/root.crt\n" ROOT_CRL, "test.conf:8: client-crl '",
                      "/client_trust/root.crt': no CRL found");
}
END_TEST

static void expect_faults(struct tls_policy *policy, const char *const *parts, size_t count)
{
    ck_assert_ptr_null(policy);
    for (size_t i = 0; i < count; i++)
        expect_told(parts[i]);
    ck_assert_msg(told_count == count, "%s", told);
}

/* That of line 9 is good. */
START_TEST(a_fault_of_a_client_ca_hides_none_of_a_client_crl)
{
    static const char *const parts[] = {
        "test.conf:7: client-ca '/dev/null': ",
        "test.conf:8: client-crl '/dev/null': ",
        "test.conf:10: client-crl '",
    };

    expect_faults(build(ASKS "client-ca = /dev/null\nclient-crl = /dev/null\n" ROOT_CRL
                             "client-crl = ${D}/client_trust/root.crt\n"),
                  parts, ARRAY_LEN(parts));
    expect_told("/client_trust/root.crt': no CRL found");
}
END_TEST

/* ---- staples, alpn and signatures beside other faults */

START_TEST(a_fault_of_one_part_hides_none_of_another)
{
    static const char *const of_certificate[] = {
        "test.conf:3: certificate '",
        "test.conf:6: ocsp-staple '/dev/null': ",
        "test.conf:8: alpn 'h2' is named twice",
        "test.conf:9: client-ca '/dev/null': ",
    };
    static const char *const of_list[] = {
        "test.conf:6: there is no group 'none'",
        "test.conf:7: ocsp-staple '",
    };
    static const char *const of_protocol[] = {
        "test.conf:6: alpn 'h2' is named twice",
        "test.conf:7: no certificate of [listen web] can sign",
    };

    expect_faults(build_with("missing.crt", "p256.key",
                             "ocsp-staple = /dev/null\nocsp-staple = ${D}/ocsp/both.der\nalpn = h2, h2\n"
                             "client-ca = /dev/null\n" ASKS),
                  of_certificate, ARRAY_LEN(of_certificate));
    expect_not_told("speaks of none"); /* nobody knows */
    expect_faults(build("groups = none\nocsp-staple = ${D}/ocsp/good-sha1.der\n"), of_list, ARRAY_LEN(of_list));
    expect_told("speaks of none of the certificates");
    expect_faults(build("alpn = h2 h2\nsignature-algorithms = rsa_pkcs1_sha256\n"), of_protocol,
                  ARRAY_LEN(of_protocol));
}
END_TEST

START_TEST(to_ask_for_certificates_and_believe_nobody_is_a_fault)
{
    expect_only_fault(ASKS, "test.conf:1: ", "asks for client certificates: add 'client-ca = FILE'");
    expect_only_fault(ASKS ROOT_CRL, "test.conf:1: ", "asks for client certificates: add 'client-ca = FILE'");
}
END_TEST

START_TEST(cas_for_whom_nobody_asks_are_a_warning_with_their_line)
{
    struct tls_policy *policy = good(build(ROOT));

    expect_told("test.conf:6: warning: [listen web] asks nobody for a certificate");
    ck_assert_int_eq(policy->client_certificate, TLS_CLIENT_CERTIFICATE_NONE);
    tls_policy_unref(policy);
    tls_policy_unref(good(build("client-crl = ${D}/client_trust/root.crl\n")));
    expect_told("test.conf:6: warning: [listen web] asks nobody for a certificate");
}
END_TEST

START_TEST(each_mode_reaches_the_engine_with_the_trust_it_needs)
{
    static const struct {
        const char *options;
        enum tls_client_certificate mode;
    } cases[] = {
        {ASKS ROOT ROOT_CRL, TLS_CLIENT_CERTIFICATE_REQUIRED},
        {ASKS ROOT "client-ca = ${D}/client_trust/other-root.crt\n" ROOT_CRL
                   "client-crl = ${D}/client_trust/intermediate.crl\n",
         TLS_CLIENT_CERTIFICATE_REQUIRED},
        {"client-certificate = optional\n" ROOT, TLS_CLIENT_CERTIFICATE_OPTIONAL},
        {"client-certificate = none\n", TLS_CLIENT_CERTIFICATE_NONE},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tls_policy *policy = good(build(cases[i].options));

        ck_assert_int_eq(policy->client_certificate, cases[i].mode);
        ck_assert_int_eq(policy->client_trust != NULL, cases[i].mode != TLS_CLIENT_CERTIFICATE_NONE);
        expect_not_told("asks nobody");
        tls_policy_unref(policy);
    }
}
END_TEST

START_TEST(a_crl_that_makes_clients_unbelievable_is_a_warning)
{
    tls_policy_unref(good(build(ASKS ROOT "client-crl = ${D}/client_trust/root-stale.crl\n")));
    expect_told("warning: client-crl: the CRL of 'CN=root, O=Example' is out of date: no client of it is believed");
    tls_policy_unref(good(build(ASKS ROOT ROOT_CRL)));
    expect_not_told("the CRL of");
}
END_TEST

/* ---- staples */

START_TEST(a_staple_that_cannot_be_used_is_a_fault_with_its_line)
{
    static const char *const cases[][2] = {
        {"ocsp/missing.der", "/ocsp/missing.der': No such file or directory"},
        {"ocsp/first.crt", "/ocsp/first.crt': it is PEM, and a response is given in DER"},
        {"ocsp/try-later.der", "/ocsp/try-later.der': it is no successful response (tryLater)"},
        {"certificates/p256-der.key", "/certificates/p256-der.key': it is no DER of an OCSP response"},
        {"ocsp/good-sha1.der", "/ocsp/good-sha1.der': it speaks of none of the certificates of this listener"},
    };
    char options[256];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(options, sizeof options, "alpn = h2\nocsp-staple = ${D}/%s\n", cases[i][0]);
        expect_only_fault(options, "test.conf:7: ocsp-staple '", cases[i][1]);
    }
}
END_TEST

/* Without its key, which nobody has any more: the certificate that the responses of tests/data/ocsp speak of. */
static struct tls_policy *policy_of_first(void)
{
    struct bytes pem = data_file_read("ocsp/first-chain.crt");
    struct tls_policy *policy = tls_policy_new(random_system(), policy_now, NULL);
    struct crypto_fault fault = {""};

    ck_assert_ptr_nonnull(policy);
    ck_assert(tls_policy_add_certificate(policy, certificate_chain_new(pem, &fault), "first"));
    data_file_free(pem);
    return policy;
}

/* How long the staple that is served is; 0: there is none. */
static size_t staple_of_first(const char *name)
{
    char path[4096];
    struct config_value value = {path, {"test.conf", 7}};
    struct config_listen listen = {.name = "web", .ocsp_staples = {&value, 1}};
    struct tls_policy *policy = policy_of_first();
    size_t len;

    snprintf(path, sizeof path, "%s", data_file_path(name));
    told_forget();
    ck_assert_msg(staples_set(policy, &listen, disk_for(PURPOSE_LOOK), 1800000000, findings), "%s", told);
    len = policy->credentials->staple_len;
    tls_policy_unref(policy);
    return len;
}

START_TEST(a_staple_finds_its_certificate_and_one_that_is_not_good_is_a_warning_and_not_served)
{
    ck_assert(crypto_start());
    ck_assert_uint_gt(staple_of_first("ocsp/good-sha1.der"), 0);
    ck_assert_uint_gt(staple_of_first("ocsp/both.der"), 0);
    ck_assert_str_eq(told, "");
    ck_assert_uint_eq(staple_of_first("ocsp/revoked.der"), 0);
    expect_told("test.conf:7: warning: ocsp-staple '");
    expect_told("/ocsp/revoked.der' is not served: the response says revoked");
    ck_assert_uint_eq(staple_of_first("ocsp/unknown.der"), 0);
    expect_told("/ocsp/unknown.der' is not served: the response says unknown");
}
END_TEST

/* ---- certificate compression (RFC 8879) */

static size_t compressed_bodies(const char *options)
{
    struct tls_policy *policy = good(build(options));
    size_t count = 0;

    for (size_t i = 0; i < MAX_POLICY_COMPRESSORS; i++)
        count += policy->credentials->encoded[0].compressed[i].at != NULL;
    tls_policy_unref(policy);
    return count;
}

START_TEST(certificates_are_compressed_at_load_with_what_this_build_has_unless_switched_off)
{
    size_t built_in = 0;

#ifdef HAVE_BROTLI
    built_in++;
#endif
#ifdef HAVE_ZLIB
    built_in++;
#endif
    ck_assert_uint_eq(compressed_bodies(""), built_in);
    ck_assert_uint_eq(compressed_bodies("certificate-compression = yes\n"), built_in);
    ck_assert_uint_eq(compressed_bodies("certificate-compression = no\n"), 0);
}
END_TEST

/* ---- keys that no provider has */

START_TEST(a_certificate_or_key_of_ed25519_is_a_fault_that_says_what_can_be_used)
{
    static const char part[] = "Ed25519 keys are not supported; sallyport uses RSA, ECDSA P-256 and ECDSA P-384";

    ck_assert_ptr_null(build_with("ed25519.crt", "ed25519.key", ""));
    expect_told("test.conf:3: certificate '");
    expect_told("test.conf:4: key '");
    expect_told(part);
    ck_assert_uint_eq(told_count, 2);
    ck_assert_ptr_null(build_with("p256.crt", "ed25519.key", ""));
    expect_told("test.conf:4: key '");
    expect_told(part);
    ck_assert_uint_eq(told_count, 1);
}
END_TEST

/* ---- tickets */

START_TEST(tickets_are_as_many_and_as_long_lived_as_configured)
{
    struct tls_policy *policy = good(build("session-tickets = 1\nticket-lifetime = 90s\n"));

    ck_assert_uint_eq(policy->ticket_count, 1);
    ck_assert_uint_eq(policy->ticket_lifetime, 90);
    tls_policy_unref(policy);
    policy = good(build("session-tickets = 0\n"));
    ck_assert_uint_eq(policy->ticket_count, 0);
    tls_policy_unref(policy);
    expect_only_fault("session-tickets = 3\n", "test.conf:6: ", "session-tickets");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        modern_is_tls_1_3_alone_intermediate_both_and_the_default,
        both_profiles_have_every_group_and_every_scheme_of_this_build,
        the_classic_rsa_exchange_comes_behind_the_suites_of_the_profile,
        the_classic_rsa_exchange_and_profile_modern_exclude_each_other,
        lists_replace_those_of_the_profile_in_their_own_order_each_entry_once,
        pq_says_what_a_post_quantum_group_is_to_us,
        pq_without_a_post_quantum_group_or_tls_1_3_is_told_so,
        names_of_openssl_and_of_people_mean_the_same_whatever_their_case,
        an_unknown_name_is_told_with_its_line_and_the_nearest_known_one,
        what_exists_and_is_not_to_be_had_here_is_told_so_and_not_called_unknown,
        what_sallyport_does_not_speak_by_decision_is_told_so,
        what_belongs_in_another_list_is_told_by_what_it_is,
        every_fault_of_the_lists_is_told_each_with_its_own_line,
        a_suite_of_the_classic_rsa_exchange_needs_the_option_that_switches_it_on,
        a_protocol_that_is_named_twice_is_a_fault_with_its_line_and_the_first_one,
        a_client_ca_that_cannot_be_used_fails_closed_with_its_line,
        a_client_crl_that_cannot_be_used_fails_closed_with_its_line,
        a_fault_of_a_client_ca_hides_none_of_a_client_crl,
        a_fault_of_one_part_hides_none_of_another,
        to_ask_for_certificates_and_believe_nobody_is_a_fault,
        cas_for_whom_nobody_asks_are_a_warning_with_their_line,
        each_mode_reaches_the_engine_with_the_trust_it_needs,
        a_crl_that_makes_clients_unbelievable_is_a_warning,
        a_staple_that_cannot_be_used_is_a_fault_with_its_line,
        a_staple_finds_its_certificate_and_one_that_is_not_good_is_a_warning_and_not_served,
        certificates_are_compressed_at_load_with_what_this_build_has_unless_switched_off,
        a_certificate_or_key_of_ed25519_is_a_fault_that_says_what_can_be_used,
        tickets_are_as_many_and_as_long_lived_as_configured,
    };

    return check_run("policy_options", tests, ARRAY_LEN(tests));
}
