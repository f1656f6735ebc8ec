/*
 * policy_review.h: what is odd about a policy whose parts are all good, and what makes it good for nobody.
 */
#include "proxy/policy_review.h"

#include "proxy/built_policy.h"

/* ---- certificates */

/* `reasons` NULL: as the profile has it. */
static void expect_certificate(struct tls_policy *policy, const char *place, const char *profile, const char *reasons)
{
    char line[256];

    tls_policy_unref(good(policy));
    if (!reasons) {
        expect_not_told("Mozilla");
        return;
    }
    snprintf(line, sizeof line,
             "%swarning: certificate 'CN=app.example' is served, and is not as profile = %s (Mozilla 6.0) has it: %s\n",
             place, profile, reasons);
    expect_told(line);
    ck_assert_ptr_null(strstr(strstr(told, "Mozilla") + 1, "Mozilla")); /* one line a certificate */
}

/* Mozilla's guidelines 6.0: validity, signature and kind of key. */
START_TEST(a_certificate_that_is_not_as_its_profile_has_it_is_one_warning_with_its_line_and_served)
{
    static const struct {
        const char *certificate, *key;
        const char *modern, *intermediate; /* NULL: no warning */
    } rows[] = {
        {"days-90.crt", "p256.key", NULL, NULL},
        {"days-91.crt", "p256.key", "it is valid for 91 days and not 90 at most", NULL},
        {"days-366.crt", "p256.key", "it is valid for 366 days and not 90 at most", NULL},
        {"days-367.crt", "p256.key", "it is valid for 367 days and not 90 at most",
         "it is valid for 367 days and not 366 at most"},
        {"rsa-signed.crt", "rsa2048.key", "its key is of RSA; it is signed by sha256WithRSAEncryption", NULL},
        {"rsa-signed-sha384.crt", "rsa2048.key", "its key is of RSA; it is signed by sha384WithRSAEncryption",
         "it is signed by sha384WithRSAEncryption"},
        {"sha1.crt", "p256.key", "it is signed by ecdsa-with-SHA1; it is valid for 8036 days and not 90 at most",
         "it is signed by ecdsa-with-SHA1; it is valid for 8036 days and not 366 at most"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        expect_certificate(build_with(rows[i].certificate, rows[i].key, "profile = modern\n"),
                           "test.conf:3: ", "modern", rows[i].modern);
        expect_certificate(build_with(rows[i].certificate, rows[i].key, ""), "test.conf:3: ", "intermediate",
                           rows[i].intermediate);
    }
    expect_certificate(build_with("days-90.crt", "p256.key",
                                  "certificate = ${D}/certificates/rsa-signed-sha384.crt\n"
                                  "key = ${D}/certificates/rsa2048.key\n"),
                       "test.conf:6: ", "intermediate", "it is signed by sha384WithRSAEncryption");
}
END_TEST

/* Whoever takes it knows what it is. Nothing of it is kept: the state directory is none. */
START_TEST(the_development_certificate_is_measured_by_no_profile)
{
    ck_assert_int_eq(setenv("STATE_DIRECTORY", "/dev/null", 1), 0);
    told_forget();
    keyring = keyring_new();
    ck_assert(crypto_start());
    config = config_parse("test.conf",
                          BYTES_OF_LITERAL("[listen web]\naddress = 127.0.0.1:1\ncertificate = development\n"
                                           "profile = modern\nbackend = demo\n"),
                          findings);
    ck_assert_ptr_nonnull(config);
    tls_policy_unref(good(policy_build(&config->listens[0], disk_for(PURPOSE_SERVE), keyring, findings)));
    expect_not_told("Mozilla");
    expect_told("the development certificate cannot be kept");
}
END_TEST

/* ---- the classic RSA key exchange */

START_TEST(the_classic_rsa_exchange_is_warned_of_where_it_is_on)
{
    static const char part[] = "test.conf:1: warning: [listen web] takes the classic RSA key exchange";

    tls_policy_unref(good(build_of_rsa("rsa-key-exchange = yes\n")));
    expect_told(part);
    tls_policy_unref(good(build_of_rsa("rsa-key-exchange = yes\nsuites = AES128-GCM-SHA256\n")));
    expect_told(part);
    tls_policy_unref(good(build_of_rsa("")));
    expect_not_told("RSA key exchange");
}
END_TEST

START_TEST(the_classic_rsa_exchange_on_without_a_suite_of_its_own_is_a_warning_at_the_suites)
{
    static const char part[] = "test.conf:7: warning: [listen web] has rsa-key-exchange = yes, and 'suites' names none "
                               "of its suites: no client gets it";

    tls_policy_unref(good(build_of_rsa("rsa-key-exchange = yes\nsuites = ECDHE-RSA-AES128-GCM-SHA256\n")));
    expect_told(part);
    expect_not_told("takes the classic RSA key exchange");
    expect_not_told("to encipher keys");
    tls_policy_unref(
        good(build_of_rsa("rsa-key-exchange = yes\nsuites = ECDHE-RSA-AES128-GCM-SHA256, AES256-GCM-SHA384\n")));
    expect_not_told("names none of its suites");
    expect_told("to encipher keys");
    tls_policy_unref(good(build_of_rsa("rsa-key-exchange = yes\n")));
    expect_not_told("names none of its suites");
}
END_TEST

START_TEST(the_classic_rsa_exchange_without_a_certificate_of_rsa_is_a_warning)
{
    static const char part[] = "test.conf:1: warning: [listen web] has rsa-key-exchange = yes and no certificate with "
                               "a key of RSA";

    tls_policy_unref(good(build("rsa-key-exchange = yes\n")));
    expect_told(part);
    tls_policy_unref(good(build_of_rsa("rsa-key-exchange = yes\n")));
    expect_not_told("no certificate with a key of RSA");
}
END_TEST

static void expect_unserved(struct tls_policy *policy, const char *place, const char *name, const char *needs)
{
    char line[256];

    tls_policy_unref(good(policy));
    snprintf(line, sizeof line, "%swarning: no certificate of [listen web] can serve '%s': it needs %s\n", place, name,
             needs);
    expect_told(line);
}

START_TEST(a_named_suite_that_no_certificate_can_serve_is_a_warning_with_its_line)
{
    expect_unserved(build("suites = TLS_AES_128_GCM_SHA256\nsuites = ECDHE-RSA-AES128-GCM-SHA256\n"),
                    "test.conf:7: ", "ECDHE-RSA-AES128-GCM-SHA256", "a key of RSA");
    expect_not_told("test.conf:6: ");
    expect_unserved(build("rsa-key-exchange = yes\nsuites = TLS_RSA_WITH_AES_128_GCM_SHA256\n"),
                    "test.conf:7: ", "TLS_RSA_WITH_AES_128_GCM_SHA256", "a key of RSA");
    expect_unserved(build_of_rsa("suites = ECDHE-ECDSA-AES256-GCM-SHA384\n"),
                    "test.conf:6: ", "ECDHE-ECDSA-AES256-GCM-SHA384", "a key of ECDSA");
}
END_TEST

START_TEST(groups_of_tls_1_3_alone_beside_suites_of_1_2_are_a_warning)
{
    static const char part[] =
        "[listen web] takes TLS 1.2, and 'groups' names none for it: its ECDHE suites serve nobody";
    static const char *const fine[] = {"groups = X25519MLKEM768, x25519\n",
                                       "groups = X25519MLKEM768\nprofile = modern\n",
                                       "groups = X25519MLKEM768\npq = require\n", "pq = prefer\n", ""};
    char line[256];

    tls_policy_unref(good(build("groups = X25519MLKEM768\n")));
    snprintf(line, sizeof line, "test.conf:6: warning: %s\n", part);
    expect_told(line);
    for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
        tls_policy_unref(good(build(fine[i])));
        expect_not_told(part);
    }
}
END_TEST

START_TEST(of_two_certificates_one_that_can_serve_it_is_enough)
{
    tls_policy_unref(good(build("certificate = ${D}/certificates/rsa2048.crt\nkey = ${D}/certificates/rsa2048.key\n"
                                "suites = ECDHE-RSA-AES128-GCM-SHA256, ECDHE-ECDSA-AES128-GCM-SHA256\n")));
    expect_not_told("can serve");
}
END_TEST

START_TEST(what_a_profile_brings_for_the_other_kind_of_certificate_is_no_warning)
{
    tls_policy_unref(good(build("")));
    expect_not_told("can serve");
    tls_policy_unref(good(build_of_rsa("profile = intermediate\n")));
    expect_not_told("can serve");
}
END_TEST

/* RFC 8446 4.2.3: PKCS #1 v1.5 signs nothing in TLS 1.3, and the curve of ECDSA is bound to the hash there. */
START_TEST(a_named_suite_whose_certificate_has_no_scheme_to_sign_by_is_a_warning_too)
{
    static const char scheme[] = "a scheme among signature-algorithms that its key can sign by";

    expect_unserved(build_of_rsa("signature-algorithms = rsa_pkcs1_sha256\n"
                                 "suites = TLS_AES_128_GCM_SHA256, ECDHE-RSA-AES128-GCM-SHA256\n"),
                    "test.conf:7: ", "TLS_AES_128_GCM_SHA256", scheme);
    expect_not_told("serve 'ECDHE-RSA");
    expect_unserved(build("signature-algorithms = ecdsa_secp384r1_sha384\n"
                          "suites = ECDHE-ECDSA-AES128-GCM-SHA256, TLS_AES_128_GCM_SHA256\n"),
                    "test.conf:7: ", "TLS_AES_128_GCM_SHA256", scheme);
    expect_not_told("serve 'ECDHE-ECDSA");
    tls_policy_unref(good(build_of_rsa("signature-algorithms = ecdsa_secp256r1_sha256\nrsa-key-exchange = yes\n"
                                       "suites = AES128-GCM-SHA256\n")));
    expect_not_told("can serve"); /* nothing is signed there */
    expect_not_told("can sign");
}
END_TEST

#define OTHER_KIND "certificate = ${D}/certificates/rsa2048.crt\nkey = ${D}/certificates/rsa2048.key\n"

START_TEST(signature_algorithms_by_which_no_certificate_can_sign_in_any_version_are_a_fault)
{
    static const char part[] = "no certificate of [listen web] can sign by one of these signature-algorithms: no "
                               "handshake could succeed";

    expect_only_fault("alpn = h2\nsignature-algorithms = rsa_pkcs1_sha256\n", "test.conf:7: ", part);
    expect_only_fault("signature-algorithms = rsa_pss_rsae_sha256\nsuites = TLS_AES_128_GCM_SHA256\n",
                      "test.conf:6: ", part);
    expect_only_fault("profile = modern\nsignature-algorithms = ecdsa_secp384r1_sha384\n", "test.conf:7: ", part);
    ck_assert_ptr_null(build_of_rsa("profile = modern\nsignature-algorithms = rsa_pkcs1_sha256\n"));
    expect_told("test.conf:7: no certificate");
    expect_told(part);
    /* the suites are for the other kind of key: what is left cannot sign */
    expect_only_fault(OTHER_KIND "signature-algorithms = rsa_pss_rsae_sha256\nsuites = ECDHE-ECDSA-AES128-GCM-SHA256\n",
                      "test.conf:8: ", part);
}
END_TEST

START_TEST(a_version_in_which_no_certificate_can_sign_is_a_warning)
{
    static const char part[] = "test.conf:6: warning: no certificate of [listen web] can sign by one of these "
                               "signature-algorithms in TLSv1.3: no handshake of that version succeeds";

    tls_policy_unref(good(build("signature-algorithms = ecdsa_secp384r1_sha384\n")));
    expect_told(part);
    expect_not_told("TLSv1.2:");
    expect_not_told("shown to nobody");
    tls_policy_unref(good(build_of_rsa("signature-algorithms = rsa_pkcs1_sha256\n")));
    expect_told(part);
    tls_policy_unref(good(build_of_rsa("signature-algorithms = rsa_pss_rsae_sha256\n")));
    expect_not_told("can sign");
    tls_policy_unref(good(build_of_rsa("signature-algorithms = rsa_pkcs1_sha256\n"
                                       "suites = ECDHE-RSA-AES128-GCM-SHA256\n"))); /* there is no TLS 1.3 */
    expect_not_told("can sign");
    tls_policy_unref(good(build(OTHER_KIND "signature-algorithms = ecdsa_secp256r1_sha256\n"
                                           "suites = TLS_AES_128_GCM_SHA256, ECDHE-RSA-AES128-GCM-SHA256\n")));
    expect_told("test.conf:8: warning: no certificate of [listen web] can sign by one of these signature-algorithms in "
                "TLSv1.2: ");
    expect_not_told("TLSv1.3:");
}
END_TEST

START_TEST(a_certificate_that_can_sign_by_none_of_the_schemes_is_a_warning)
{
    tls_policy_unref(good(build(OTHER_KIND "signature-algorithms = ecdsa_secp256r1_sha256\n")));
    expect_told("test.conf:8: warning: certificate 'CN=app.example' can sign by none of these signature-algorithms: it "
                "is shown to nobody");
    expect_not_told("no certificate of");
    tls_policy_unref(good(build(OTHER_KIND "signature-algorithms = ecdsa_secp256r1_sha256, rsa_pkcs1_sha256\n")));
    expect_not_told("can sign"); /* that of RSA can in TLS 1.2 */
    tls_policy_unref(good(build(OTHER_KIND)));
    expect_not_told("can sign");
}
END_TEST

START_TEST(profile_modern_with_a_suite_of_tls_1_2_is_a_warning_with_the_line_of_the_first)
{
    static const char options[] = "profile = modern\nsuites = TLS_AES_128_GCM_SHA256\n"
                                  "suites = ECDHE-ECDSA-AES128-GCM-SHA256, ECDHE-ECDSA-AES256-GCM-SHA384\n";

    tls_policy_unref(good(build(options)));
    expect_told("test.conf:8: warning: [listen web] has profile = modern, which is TLS 1.3 alone, and takes TLS 1.2 "
                "too: 'ECDHE-ECDSA-AES128-GCM-SHA256' is a suite of it");
    expect_not_told("'ECDHE-ECDSA-AES256-GCM-SHA384'");
    tls_policy_unref(good(build("profile = modern\nsuites = TLS_AES_128_GCM_SHA256\n")));
    expect_not_told("TLS 1.3 alone");
    tls_policy_unref(good(build("suites = ECDHE-ECDSA-AES128-GCM-SHA256\n")));
    expect_not_told("TLS 1.3 alone");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_certificate_that_is_not_as_its_profile_has_it_is_one_warning_with_its_line_and_served,
        the_development_certificate_is_measured_by_no_profile,
        the_classic_rsa_exchange_is_warned_of_where_it_is_on,
        the_classic_rsa_exchange_on_without_a_suite_of_its_own_is_a_warning_at_the_suites,
        the_classic_rsa_exchange_without_a_certificate_of_rsa_is_a_warning,
        a_named_suite_that_no_certificate_can_serve_is_a_warning_with_its_line,
        groups_of_tls_1_3_alone_beside_suites_of_1_2_are_a_warning,
        of_two_certificates_one_that_can_serve_it_is_enough,
        what_a_profile_brings_for_the_other_kind_of_certificate_is_no_warning,
        a_named_suite_whose_certificate_has_no_scheme_to_sign_by_is_a_warning_too,
        signature_algorithms_by_which_no_certificate_can_sign_in_any_version_are_a_fault,
        a_version_in_which_no_certificate_can_sign_is_a_warning,
        a_certificate_that_can_sign_by_none_of_the_schemes_is_a_warning,
        profile_modern_with_a_suite_of_tls_1_2_is_a_warning_with_the_line_of_the_first,
    };

    return check_run("policy_review", tests, ARRAY_LEN(tests));
}
