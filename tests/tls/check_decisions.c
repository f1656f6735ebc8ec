/*
 * decision.h and who writes it: every candidate that was not taken is recorded with the reason that is true of it.
 */
#include "tls/decision.h"

#include <stdio.h>

#include "support/check_run.h"
#include "support/code_lists.h"
#include "support/data_file.h"
#include "support/rig.h"
#include "tls/negotiate.h"

static struct rig rig;
static struct decisions decisions;
static struct choice choice;
static enum why why;

/* p256, p384 and rsa2048 are of app.example, other (P-256) of other.example, wildcard (P-256) of *.wild.example. */
static void begin_with(const char *const *certificates)
{
    ck_assert(rig_init(&rig, 1));
    for (; *certificates; certificates++)
        ck_assert_msg(rig_add_certificate(&rig, *certificates), "%s", *certificates);
}
#define BEGIN_WITH(...) begin_with((const char *const[]){__VA_ARGS__, NULL})

static void end(void)
{
    rig_wipe(&rig);
}

static void allow_schemes(const char *codes)
{
    const struct tls_signature_scheme *allowed[8];
    size_t count = 0;

    for (char *next; *codes; codes = next)
        allowed[count++] = tls_signature_scheme_find((uint16_t)strtoul(codes, &next, 16));
    ck_assert(tls_policy_set_schemes(rig.policy, allowed, count));
}

static bool offer_with(const char *versions, const char *suites, const char *groups, const char *shares,
                       const char *schemes, const char *sni)
{
    static const uint8_t null_only[] = {0};
    static struct list version_list, suite_list, group_list, share_list, scheme_list;
    const struct client_hello ch = {
        .legacy_version = TLS_1_2,
        .cipher_suites = list_of(&suite_list, suites),
        .compression_methods = BYTES_OF_ARRAY(null_only),
        .supported_versions = list_of(&version_list, versions),
        .supported_groups = list_of(&group_list, groups),
        .key_shares = shares_of(&share_list, shares),
        .signature_algorithms = list_of(&scheme_list, schemes),
        .server_name = sni ? bytes_of_string(sni) : bytes_of(NULL, 0),
        .has_extended_master_secret = true,
    };

    decisions = (struct decisions){.count = 0};
    why = WHY_NONE;
    return negotiate(&ch, rig.policy, &choice, &decisions, &why);
}

static bool offer(const char *versions, const char *suites, const char *groups, const char *schemes, const char *sni)
{
    return offer_with(versions, suites, groups, groups, schemes, sni);
}

static bool offer_without_shares(const char *suites, const char *groups, const char *schemes)
{
    return offer_with("0304", suites, groups, "", schemes, NULL);
}

static bool offer13(const char *schemes, const char *sni)
{
    return offer("0304", "1301", "1d", schemes, sni);
}

static bool offer12(const char *suites, const char *groups, const char *schemes, const char *sni)
{
    return offer("0303", suites, groups, schemes, sni);
}

/* The verdict on it, and no second one; -1: it is not named. */
static int verdict_on(enum decision_subject subject, const char *name)
{
    char text[DECISION_TEXT_LEN];
    int verdict = -1;

    for (size_t i = 0; i < decisions.count; i++) {
        decision_code_text(&decisions.entries[i], rig.policy, text);
        if (decisions.entries[i].subject != subject || strcmp(text, name) != 0)
            continue;
        ck_assert_msg(verdict < 0, "%s: %s", name, decision_verdict_text((enum decision_verdict)verdict));
        verdict = decisions.entries[i].verdict;
    }
    return verdict;
}

static void expect(enum decision_subject subject, const char *name, enum decision_verdict expected)
{
    int verdict = verdict_on(subject, name);

    ck_assert_msg(verdict == (int)expected, "%s: '%s' and not '%s'", name,
                  verdict < 0 ? "nothing" : decision_verdict_text((enum decision_verdict)verdict),
                  decision_verdict_text(expected));
}

#define CERTIFICATE(name, verdict) expect(DECISION_CERTIFICATE, name, VERDICT_##verdict)
#define SCHEME(name, verdict) expect(DECISION_SIGNATURE, name, VERDICT_##verdict)
#define SUITE(name, verdict) expect(DECISION_SUITE, name, VERDICT_##verdict)

/* ---- certificates and schemes */

START_TEST(of_certificates_of_one_name_the_others_are_less_preferred_or_cannot_sign)
{
    BEGIN_WITH("rsa2048", "p256", "other");
    ck_assert(offer13("0403 0804", "app.example"));
    CERTIFICATE("p256", CHOSEN);
    CERTIFICATE("rsa2048", LESS_PREFERRED);
    CERTIFICATE("other", NAME_DIFFERS);
    ck_assert(offer13("0403", "app.example"));
    CERTIFICATE("rsa2048", KEY_DIFFERS);
    ck_assert(offer13("0804", "app.example"));
    CERTIFICATE("p256", KEY_DIFFERS);
    ck_assert(offer13("0403 0804", NULL)); /* no name: none differs */
    CERTIFICATE("p256", CHOSEN);
    CERTIFICATE("rsa2048", LESS_PREFERRED);
    CERTIFICATE("other", LESS_PREFERRED);
    end();
}
END_TEST

START_TEST(aes_that_was_passed_over_for_chacha20_is_less_preferred)
{
    BEGIN_WITH("p256");
    tls_policy_set_aes_last(rig.policy, true);
    ck_assert(offer("0304", "1305 1301 1303 1302", "1d", "0403", NULL));
    SUITE("TLS_AES_128_GCM_SHA256", LESS_PREFERRED);
    SUITE("TLS_CHACHA20_POLY1305_SHA256", CHOSEN);
    ck_assert_int_eq(verdict_on(DECISION_SUITE, "TLS_AES_256_GCM_SHA384"), -1); /* came behind */
    end();
}
END_TEST

START_TEST(an_exact_name_and_a_wildcard_are_both_the_name)
{
    BEGIN_WITH("wildcard", "exact", "p256");
    ck_assert(offer13("0403", "Exact.wild.example"));
    CERTIFICATE("exact", CHOSEN);
    CERTIFICATE("wildcard", LESS_PREFERRED);
    CERTIFICATE("p256", NAME_DIFFERS);
    ck_assert(offer13("0403", "a.wild.example"));
    CERTIFICATE("wildcard", CHOSEN);
    CERTIFICATE("exact", NAME_DIFFERS);
    ck_assert(!offer12("c02b", "1d", "0403", "a.wild.example"));
    SUITE("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", NO_CURVE);
    end();
}
END_TEST

START_TEST(where_an_unknown_name_passes_the_record_says_so_and_blames_nobodys_key)
{
    BEGIN_WITH("p256", "other", "rsa2048");
    ck_assert(offer13("0403", "nobody.example"));
    CERTIFICATE("p256", AS_DEFAULT);
    CERTIFICATE("other", LESS_PREFERRED);
    CERTIFICATE("rsa2048", KEY_DIFFERS);
    ck_assert(offer13("0403", NULL)); /* no name is no unknown one */
    CERTIFICATE("p256", CHOSEN);
    ck_assert(!offer13("0503", "nobody.example")); /* not for the name */
    CERTIFICATE("p256", KEY_DIFFERS);
    CERTIFICATE("other", KEY_DIFFERS);
    end();
}
END_TEST

START_TEST(a_name_that_is_rejected_is_the_reason_of_every_certificate)
{
    BEGIN_WITH("p256", "other");
    tls_policy_set_unknown_sni(rig.policy, TLS_UNKNOWN_SNI_REJECT);
    ck_assert(!offer13("0403 0804", "nobody.example"));
    CERTIFICATE("p256", NAME_DIFFERS);
    CERTIFICATE("other", NAME_DIFFERS);
    SCHEME("ecdsa_secp256r1_sha256", NO_NAME);
    SCHEME("rsa_pss_rsae_sha256", NO_CERTIFICATE);
    SCHEME("ecdsa_secp384r1_sha384", NOT_OFFERED);
    SCHEME("rsa_pkcs1_sha256", OTHER_VERSION);
    ck_assert(!offer12("c02b c02f", "17", "0403 0804", "nobody.example"));
    SUITE("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", NO_NAME);
    SUITE("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", NO_CERTIFICATE);
    CERTIFICATE("p256", NAME_DIFFERS);
    CERTIFICATE("other", NAME_DIFFERS);
    ck_assert(!offer12("c02f", "17", "0403 0804", "nobody.example")); /* nor is there a suite for them */
    CERTIFICATE("p256", NAME_DIFFERS);
    end();
}
END_TEST

START_TEST(a_scheme_in_front_of_the_one_chosen_is_passed_over_for_what_is_true_of_it)
{
    BEGIN_WITH("rsa2048", "other");
    ck_assert(offer13("0403 0503 0804", "app.example"));
    SCHEME("ecdsa_secp256r1_sha256", NO_NAME); /* that of other.example makes it */
    SCHEME("ecdsa_secp384r1_sha384", NO_CERTIFICATE);
    SCHEME("rsa_pss_rsae_sha256", CHOSEN);
    ck_assert_int_eq(verdict_on(DECISION_SIGNATURE, "rsa_pss_rsae_sha384"), -1); /* behind it */
    ck_assert(offer13("0403 0804", NULL));
    SCHEME("ecdsa_secp256r1_sha256", LESS_PREFERRED); /* the default goes first */
    end();
}
END_TEST

START_TEST(where_our_list_leaves_out_what_the_client_takes_the_list_is_to_blame)
{
    BEGIN_WITH("p256", "rsa2048");
    allow_schemes("0401"); /* signs nothing in TLS 1.3 */
    ck_assert(!offer13("0403 0804", "app.example"));
    ck_assert_str_eq(why_name(why), why_name(WHY_NO_COMMON_SCHEME));
    CERTIFICATE("p256", SCHEME_NOT_ALLOWED);
    CERTIFICATE("rsa2048", SCHEME_NOT_ALLOWED);
    ck_assert(!offer13("0403", "app.example"));
    CERTIFICATE("rsa2048", KEY_DIFFERS);
    ck_assert(offer12("c02b c02f", "17", "0403 0401", "app.example"));
    SUITE("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", SCHEME_NOT_ALLOWED);
    SUITE("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", CHOSEN);
    ck_assert(!offer12("c02b", "17", "0403 0401", "app.example"));
    SUITE("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", SCHEME_NOT_ALLOWED);
    CERTIFICATE("p256", SCHEME_NOT_ALLOWED);
    CERTIFICATE("rsa2048", NO_SUITE);
    end();
}
END_TEST

/* ---- TLS 1.2, where the suite says what the key must be */

START_TEST(the_suite_that_was_chosen_is_why_another_kind_of_key_was_not)
{
    BEGIN_WITH("p256", "rsa2048");
    allow_schemes("0804 0403");
    ck_assert(offer12("c02b c02f", "17", "0403 0804", "app.example"));
    CERTIFICATE("p256", CHOSEN);
    CERTIFICATE("rsa2048", KIND_DIFFERS);
    SCHEME("rsa_pss_rsae_sha256", OTHER_SUITE);
    SCHEME("ecdsa_secp256r1_sha256", CHOSEN);
    end();
}
END_TEST

/* RFC 8422 5.1: the curve of the certificate is one of those that the client names. */
START_TEST(a_curve_that_the_client_does_not_name_is_the_reason_of_its_certificate)
{
    BEGIN_WITH("p384", "p256");
    ck_assert(offer12("c02b", "17", "0403", "app.example"));
    CERTIFICATE("p256", CHOSEN);
    CERTIFICATE("p384", CURVE_DIFFERS);
    ck_assert(!offer12("c02b", "1d", "0403", "app.example"));
    SUITE("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", NO_CURVE);
    CERTIFICATE("p256", CURVE_DIFFERS);
    end();
}
END_TEST

START_TEST(a_suite_whose_certificates_cannot_sign_for_this_client_says_so)
{
    BEGIN_WITH("p256");
    ck_assert(!offer12("c02b", "17", "0804", "app.example"));
    SUITE("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", NO_SCHEME);
    CERTIFICATE("p256", KEY_DIFFERS);
    end();
}
END_TEST

START_TEST(a_certificate_that_only_lacks_a_group_is_not_blamed)
{
    BEGIN_WITH("rsa2048", "p256");
    ck_assert(!offer12("c02f", "19", "0804", "app.example"));
    ck_assert_str_eq(why_name(why), why_name(WHY_NO_COMMON_GROUP));
    ck_assert_int_eq(verdict_on(DECISION_CERTIFICATE, "rsa2048"), -1);
    CERTIFICATE("p256", NO_SUITE);
    end();
}
END_TEST

START_TEST(the_classic_rsa_exchange_needs_a_key_of_rsa_and_no_scheme)
{
    BEGIN_WITH("p256", "rsa2048");
    ck_assert(rig_add_rsa_exchange(&rig));
    ck_assert(offer12("009c", "17", "0403", "app.example"));
    CERTIFICATE("p256", KIND_DIFFERS);
    CERTIFICATE("rsa2048", CHOSEN);
    tls_policy_set_unknown_sni(rig.policy, TLS_UNKNOWN_SNI_REJECT);
    ck_assert(!offer12("009c", "17", "0403", "nobody.example"));
    SUITE("TLS_RSA_WITH_AES_128_GCM_SHA256", NO_NAME);
    CERTIFICATE("rsa2048", NAME_DIFFERS);
    end();
}
END_TEST

/* ---- thousands of certificates */

static void add_many(const char *file, size_t count)
{
    struct crypto_fault fault = {""};
    struct bytes pem = data_file_read(file);

    for (size_t i = 0; i < count; i++)
        ck_assert(tls_policy_add_certificate(rig.policy, certificate_chain_new(pem, &fault), file));
    data_file_free(pem);
}

static size_t count_of(enum decision_subject subject)
{
    size_t count = 0;

    for (size_t i = 0; i < decisions.count; i++)
        count += decisions.entries[i].subject == subject;
    return count;
}

START_TEST(every_certificate_is_told_or_counted_and_the_one_chosen_is_told_wherever_it_stands)
{
    BEGIN_WITH("rsa2048");
    add_many("certificates/other.crt", 40);
    ck_assert(rig_add_certificate(&rig, "p256"));
    add_many("certificates/other.crt", 10);
    ck_assert(offer13("0403", "app.example"));
    CERTIFICATE("rsa2048", KEY_DIFFERS);
    CERTIFICATE("p256", CHOSEN);
    ck_assert_uint_eq(count_of(DECISION_CERTIFICATE), MAX_REJECTED + 1);
    ck_assert_uint_eq(decisions.left_out[DECISION_CERTIFICATE], 52 - MAX_REJECTED - 1);
    ck_assert(offer13("0804", "app.example"));
    CERTIFICATE("rsa2048", CHOSEN);
    ck_assert_uint_eq(count_of(DECISION_CERTIFICATE) + decisions.left_out[DECISION_CERTIFICATE], 52);
    ck_assert(!offer13("0603", "app.example"));
    CERTIFICATE("rsa2048", KEY_DIFFERS);
    ck_assert_uint_eq(count_of(DECISION_CERTIFICATE), MAX_REJECTED);
    ck_assert_uint_eq(decisions.left_out[DECISION_CERTIFICATE], 52 - MAX_REJECTED);
    ck_assert(!offer12("c030", "19", "0804", "app.example"));
    ck_assert_uint_eq(count_of(DECISION_CERTIFICATE), MAX_REJECTED);
    ck_assert_uint_ge(decisions.left_out[DECISION_CERTIFICATE], 52 - MAX_REJECTED - 1);
    end();
}
END_TEST

START_TEST(of_thousands_that_only_lack_a_group_none_is_blamed)
{
    BEGIN_WITH("rsa2048");
    add_many("certificates/rsa2048.crt", 100);
    ck_assert(!offer12("c02f", "19", "0804", NULL));
    ck_assert_uint_eq(count_of(DECISION_CERTIFICATE) + decisions.left_out[DECISION_CERTIFICATE], 0);
    add_many("certificates/other.crt", 1);
    ck_assert(!offer12("c02f", "19", "0804", NULL));
    ck_assert_uint_gt(count_of(DECISION_CERTIFICATE) + decisions.left_out[DECISION_CERTIFICATE], 0);
    end();
}
END_TEST

/* Where no name decides one of each type of key speaks for all of it, also when it was added last. */
START_TEST(what_the_last_certificate_can_do_is_seen)
{
    BEGIN_WITH("rsa2048");
    add_many("certificates/rsa2048.crt", 40);
    ck_assert(rig_add_certificate(&rig, "other"));
    ck_assert(offer13("0403 0804", NULL));
    SCHEME("ecdsa_secp256r1_sha256", LESS_PREFERRED); /* the default goes first */
    ck_assert(offer13("0403 0804", "app.example"));
    SCHEME("ecdsa_secp256r1_sha256", NO_NAME);
    ck_assert(offer13("0403", NULL));
    CERTIFICATE("other", CHOSEN);
    ck_assert(!offer12("c02b", "17", "0403", "app.example"));
    SUITE("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", NO_NAME);
    ck_assert(!offer12("c02b", "1d", "0403", NULL));
    SUITE("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", NO_CURVE);
    ck_assert(!offer12("c02b", "17", "0804", "other.example"));
    SUITE("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", NO_SCHEME);
    end();
}
END_TEST

/* ---- suites */

/* RFC 5746 3.3, RFC 7507 2: signals. RFC 7507 3: the second refuses nobody whose version is our highest. */
START_TEST(signalling_values_are_no_candidates)
{
    static const char *const names[] = {"TLS_EMPTY_RENEGOTIATION_INFO_SCSV", "TLS_FALLBACK_SCSV"};

    BEGIN_WITH("p256");
    ck_assert(offer("0304", "00ff 5600 002f 1301", "1d", "0403", NULL));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        ck_assert_int_eq(verdict_on(DECISION_SUITE, names[i]), -1);
    SUITE("TLS_RSA_WITH_AES_128_CBC_SHA", UNKNOWN);
    ck_assert(offer12("00ff 002f c02b", "17", "0403", NULL));
    ck_assert_int_eq(verdict_on(DECISION_SUITE, names[0]), -1);
    SUITE("TLS_RSA_WITH_AES_128_CBC_SHA", UNKNOWN);
    end();
}
END_TEST

/* ---- the record itself */

/* Of `record`, where it stands behind all that stood there: -1: nowhere. */
static int place_of(const struct decisions *record, enum decision_subject subject, enum decision_verdict verdict)
{
    for (int i = record->count - 1; i >= 0; i--)
        if (record->entries[i].subject == subject && record->entries[i].verdict == verdict)
            return i;
    return -1;
}

START_TEST(what_finds_no_room_is_counted_and_what_was_chosen_finds_some)
{
    struct decisions record = {.count = 0};

    for (int i = 0; i < 200; i++)
        decide(&record, DECISION_SUITE, VERDICT_UNKNOWN, (uint16_t)(0x7700 + i));
    ck_assert(decisions_are_full(&record, DECISION_SUITE));
    decide(&record, DECISION_SUITE, VERDICT_CHOSEN, 0x1301);
    ck_assert_uint_eq(record.count, MAX_REJECTED + 1);
    ck_assert_uint_eq(record.left_out[DECISION_SUITE], 200 - MAX_REJECTED);
    ck_assert_uint_eq(record.entries[MAX_REJECTED].code, 0x1301);
    decisions_leave_out(&record, DECISION_SUITE, 10);
    ck_assert_uint_eq(record.left_out[DECISION_SUITE], 210 - MAX_REJECTED);
    decisions_leave_out(&record, DECISION_SUITE, 100000);
    ck_assert_uint_eq(record.left_out[DECISION_SUITE], UINT16_MAX);
    ck_assert(decisions_are_full(NULL, DECISION_SUITE));
    ck_assert(!decisions_are_full(&(struct decisions){.count = 0}, DECISION_SUITE));
}
END_TEST

START_TEST(no_subject_pushes_out_another)
{
    struct decisions record = {.count = 0};

    for (int i = 0; i < 200; i++)
        decide(&record, DECISION_SUITE, VERDICT_UNKNOWN, (uint16_t)(0x7700 + i));
    ck_assert(!decisions_are_full(&record, DECISION_GROUP));
    decide(&record, DECISION_GROUP, VERDICT_NO_SHARE, 0x1d);
    decide(&record, DECISION_SIGNATURE, VERDICT_NOT_OFFERED, 0x0403);
    ck_assert_int_ge(place_of(&record, DECISION_GROUP, VERDICT_NO_SHARE), 0);
    ck_assert_int_ge(place_of(&record, DECISION_SIGNATURE, VERDICT_NOT_OFFERED), 0);
    ck_assert_uint_eq(record.left_out[DECISION_GROUP], 0);
}
END_TEST

/* What is decided of each subject, and twice after a HelloRetryRequest, however much is rejected in front of it. */
START_TEST(both_of_two_choices_find_room_whatever_is_rejected)
{
    static const enum decision_verdict choices[] = {VERDICT_CHOSEN, VERDICT_AS_DEFAULT, VERDICT_RETRIED, VERDICT_ASKED};
    struct decisions record;

    for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
        record = (struct decisions){.count = 0};
        for (int subject = 0; subject < DECISION_SUBJECT_COUNT; subject++)
            for (int n = 0; n < 200; n++)
                decide(&record, (enum decision_subject)subject, VERDICT_UNKNOWN, 0x7777);
        for (int hello = 0; hello < 2; hello++)
            for (int subject = 0; subject < DECISION_SUBJECT_COUNT; subject++) {
                decide(&record, (enum decision_subject)subject, choices[i], 0x7777);
                ck_assert(decision_is_choice(&record.entries[record.count - 1]));
                ck_assert_uint_eq(record.entries[record.count - 1].subject, subject);
            }
        ck_assert_uint_eq(record.count, MAX_DECISIONS);
    }
}
END_TEST

/* More than there are places: else a ClientHello of those would have a record of nothing else. */
START_TEST(a_retry_is_told_behind_any_number_of_suites)
{
    enum { UNKNOWN = 120 };
    char suites[UNKNOWN * 5 + 5], *at = suites;

    BEGIN_WITH("p256");
    for (int i = 0; i < UNKNOWN; i++)
        at += sprintf(at, "%04x ", 0x7700 + i);
    strcpy(at, "1301");
    ck_assert(offer("0304", suites, "17", "0403", NULL));
    expect(DECISION_GROUP, "secp256r1", VERDICT_CHOSEN);
    expect(DECISION_GROUP, "x25519", VERDICT_NOT_OFFERED);
    ck_assert(offer_without_shares(suites, "17 1d", "0403"));
    ck_assert(choice.needs_retry);
    ck_assert_int_ge(place_of(&decisions, DECISION_GROUP, VERDICT_NO_SHARE), 0);
    ck_assert_int_ge(place_of(&decisions, DECISION_GROUP, VERDICT_RETRIED), 0);
    SUITE("TLS_AES_128_GCM_SHA256", CHOSEN);
    SCHEME("ecdsa_secp256r1_sha256", CHOSEN);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        of_certificates_of_one_name_the_others_are_less_preferred_or_cannot_sign,
        aes_that_was_passed_over_for_chacha20_is_less_preferred,
        an_exact_name_and_a_wildcard_are_both_the_name,
        where_an_unknown_name_passes_the_record_says_so_and_blames_nobodys_key,
        a_name_that_is_rejected_is_the_reason_of_every_certificate,
        a_scheme_in_front_of_the_one_chosen_is_passed_over_for_what_is_true_of_it,
        where_our_list_leaves_out_what_the_client_takes_the_list_is_to_blame,
        the_suite_that_was_chosen_is_why_another_kind_of_key_was_not,
        a_curve_that_the_client_does_not_name_is_the_reason_of_its_certificate,
        a_suite_whose_certificates_cannot_sign_for_this_client_says_so,
        a_certificate_that_only_lacks_a_group_is_not_blamed,
        the_classic_rsa_exchange_needs_a_key_of_rsa_and_no_scheme,
        every_certificate_is_told_or_counted_and_the_one_chosen_is_told_wherever_it_stands,
        of_thousands_that_only_lack_a_group_none_is_blamed,
        what_the_last_certificate_can_do_is_seen,
        signalling_values_are_no_candidates,
        what_finds_no_room_is_counted_and_what_was_chosen_finds_some,
        no_subject_pushes_out_another,
        both_of_two_choices_find_room_whatever_is_rejected,
        a_retry_is_told_behind_any_number_of_suites,
    };

    return check_run("decisions", tests, ARRAY_LEN(tests));
}
