/* The negotiation of TLS 1.2 as a table: which suite, and what the record says of those that were not taken. */
#include "support/check_run.h"
#include "support/code_lists.h"
#include "support/rig.h"
#include "tls/decision.h"
#include "tls/policy_types.h"

static struct rig rig;
static struct choice choice;
static struct decisions decisions;
static enum why why;
static bool is_without_ems;

static bool offer(const char *suites, const char *groups)
{
    static const uint8_t null_only[] = {0};
    static const struct offered_session no_ticket;
    static struct list suite_list, group_list, scheme_list;
    const struct client_hello ch = {
        .legacy_version = TLS_1_2,
        .cipher_suites = list_of(&suite_list, suites),
        .compression_methods = BYTES_OF_ARRAY(null_only),
        .supported_groups = list_of(&group_list, groups),
        .signature_algorithms = list_of(&scheme_list, "0403 0503 0804 0401"),
        .has_extended_master_secret = !is_without_ems,
    };

    why = WHY_NONE;
    decisions.count = 0;
    return negotiate12(&ch, rig.policy, &no_ticket, &choice, &decisions, &why);
}

static int verdict_of(uint16_t suite)
{
    int verdict = -1;

    for (size_t i = 0; i < decisions.count; i++) {
        if (decisions.entries[i].subject != DECISION_SUITE || decisions.entries[i].code != suite)
            continue;
        ck_assert_int_eq(verdict, -1); /* once at most */
        verdict = decisions.entries[i].verdict;
    }
    return verdict;
}

static void begin(const char *certificate)
{
    ck_assert(rig_init(&rig, 1));
    ck_assert(rig_add_certificate(&rig, certificate));
    ck_assert(rig_add_rsa_exchange(&rig));
}

/* An old client's own order must not cost it the forward secrecy it could have. */
START_TEST(a_suite_with_forward_secrecy_goes_before_classic_rsa_whatever_the_order)
{
    static const char *const orders[] = {"009c 009d c02f", "009c c02f 009d", "c02f 009c 009d"};

    begin("rsa2048");
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        ck_assert(offer(orders[i], "1d 17"));
        ck_assert_uint_eq(choice.suite->code, 0xc02f);
        ck_assert_ptr_nonnull(choice.group);
        ck_assert_int_eq(verdict_of(0xc02f), VERDICT_CHOSEN);
        ck_assert_int_eq(verdict_of(0x009c), i < 2 ? VERDICT_NO_FORWARD_SECRECY : -1);
    }
    rig_wipe(&rig);
}
END_TEST

START_TEST(among_suites_with_forward_secrecy_the_order_is_the_clients)
{
    begin("rsa2048");
    ck_assert(offer("009c c030 c02f", "17"));
    ck_assert_uint_eq(choice.suite->code, 0xc030);
    ck_assert_int_eq(verdict_of(0xc02f), -1); /* came behind */
    rig_wipe(&rig);
}
END_TEST

/* RFC 8422 5.1 MUST NOT: negotiate a suite of ECC without a curve in common. */
START_TEST(classic_rsa_is_taken_when_nothing_better_fits_and_the_record_says_why)
{
    static const struct {
        const char *suites, *groups;
        uint16_t chosen, other;
        enum decision_verdict verdict;
    } rows[] = {
        {"009d 009c", "17", 0x009d, 0xc02f, 0},
        {"009c c02f", "19", 0x009c, 0xc02f, VERDICT_NO_CURVE}, /* secp521r1 alone */
        {"c02f 009c", "19", 0x009c, 0xc02f, VERDICT_NO_CURVE},
        {"009c c02b", "17", 0x009c, 0xc02b, VERDICT_NO_CERTIFICATE}, /* the certificate is one of RSA */
        {"c02b 009c", "17", 0x009c, 0xc02b, VERDICT_NO_CERTIFICATE},
    };

    begin("rsa2048");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert(offer(rows[i].suites, rows[i].groups));
        ck_assert_uint_eq(choice.suite->code, rows[i].chosen);
        ck_assert_ptr_null(choice.group);
        ck_assert_int_eq(verdict_of(rows[i].chosen), VERDICT_CHOSEN);
        ck_assert_int_eq(verdict_of(rows[i].other), rows[i].verdict ? (int)rows[i].verdict : -1);
    }
    rig_wipe(&rig);
}
END_TEST

START_TEST(nothing_that_fits_is_refused_for_the_reason_of_the_last_candidate)
{
    begin("p256");
    ck_assert(!offer("009c", "17")); /* no key to decrypt with */
    ck_assert_int_eq(verdict_of(0x009c), VERDICT_NO_CERTIFICATE);
    ck_assert(!offer("c02b", "19"));
    ck_assert_str_eq(why_name(why), why_name(WHY_NO_COMMON_GROUP));
    ck_assert(!offer("002f 0035", "17"));
    ck_assert_str_eq(why_name(why), why_name(WHY_NO_COMMON_SUITE));
    rig_wipe(&rig);
}
END_TEST

/* AES that comes last is still before the classic RSA exchange, and what was passed over is recorded with its reason.
 */
START_TEST(aes_that_comes_last_stands_between_chacha20_and_classic_rsa)
{
    static const struct {
        const char *suites, *groups;
        uint16_t chosen, other;
        int verdict;
    } rows[] = {
        {"c02f cca8", "17", 0xcca8, 0xc02f, VERDICT_LESS_PREFERRED},
        {"009c c02f cca8", "17", 0xcca8, 0x009c, VERDICT_NO_FORWARD_SECRECY},
        {"cca8 c02f", "17", 0xcca8, 0xc02f, -1},
        {"009c c02f", "17", 0xc02f, 0x009c, VERDICT_NO_FORWARD_SECRECY},
        {"c02f cca9 009c", "17", 0xc02f, 0xcca9, VERDICT_NO_CERTIFICATE}, /* the certificate is one of RSA */
        {"009c cca8", "19", 0x009c, 0xcca8, VERDICT_NO_CURVE},            /* secp521r1 alone */
    };

    begin("rsa2048");
    tls_policy_set_aes_last(rig.policy, true);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert(offer(rows[i].suites, rows[i].groups));
        ck_assert_msg(choice.suite->code == rows[i].chosen, "row %zu: %04x", i, choice.suite->code);
        ck_assert_int_eq(verdict_of(rows[i].chosen), VERDICT_CHOSEN);
        ck_assert_msg(verdict_of(rows[i].other) == rows[i].verdict, "row %zu", i);
    }
    rig_wipe(&rig);
}
END_TEST

/* RFC 8422 5.1 MUST: the curve of our certificate is one of those that the client names, as is that of the exchange. */
START_TEST(a_certificate_of_a_curve_that_is_not_offered_is_not_used)
{
    static const struct {
        const char *certificate, *groups;
        bool is_used;
    } rows[] = {
        {"p256", "1d 17", true}, {"p256", "1d", false}, {"p256", "1d 18", false}, {"p384", "1d 18", true},
        {"p384", "17", false},   {"p384", "1d", false}, {"rsa2048", "1d", true},  {"rsa2048", "18", true},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(rows[i].certificate);
        ck_assert_msg(offer("c02b c02f", rows[i].groups) == rows[i].is_used, "%s, %s", rows[i].certificate,
                      rows[i].groups);
        if (!rows[i].is_used)
            ck_assert_int_eq(why, WHY_NO_COMMON_SCHEME);
        rig_wipe(&rig);
    }
}
END_TEST

/* Where one of two certificates fits, it is taken. */
START_TEST(of_two_certificates_the_one_of_an_offered_curve_is_used)
{
    begin("p256");
    ck_assert(rig_add_certificate(&rig, "p384"));
    ck_assert(offer("c02b", "18"));
    ck_assert_uint_eq(choice.credential->index, 1);
    ck_assert(offer("c02b", "17"));
    ck_assert_uint_eq(choice.credential->index, 0);
    rig_wipe(&rig);
}
END_TEST

/* The suite goes by the certificate, which clients would refuse: even the classic RSA exchange is better than that. */
START_TEST(a_suite_whose_certificate_has_expired_comes_last)
{
    ck_assert(rig_init(&rig, 1) && rig_add_chain(&rig, "days-90") && rig_add_rsa_exchange(&rig));
    ck_assert(offer("c02b 009c", "17"));
    ck_assert_uint_eq(choice.suite->code, 0xc02b); /* there is no other */
    ck_assert(rig_add_certificate(&rig, "rsa2048"));
    ck_assert(offer("c02b c02f", "17"));
    ck_assert_uint_eq(choice.suite->code, 0xc02f);
    ck_assert_int_eq(verdict_of(0xc02b), VERDICT_NO_CURRENT_CERTIFICATE);
    ck_assert(offer("c02b 009c", "17"));
    ck_assert_uint_eq(choice.suite->code, 0x009c);
    rig.time = 1710000000; /* March 2024: it has not */
    ck_assert(offer("c02b c02f", "17"));
    ck_assert_uint_eq(choice.suite->code, 0xc02b);
    rig_wipe(&rig);
}
END_TEST

/* RFC 7627 1: without the extended master secret what authenticates a client can be passed on, and one that is optional
 * counts as much. */
START_TEST(who_may_show_a_certificate_needs_the_extended_master_secret)
{
    static const struct {
        enum tls_client_certificate mode;
        bool is_without_ems, is_taken;
    } rows[] = {
        {TLS_CLIENT_CERTIFICATE_NONE, true, true},      {TLS_CLIENT_CERTIFICATE_NONE, false, true},
        {TLS_CLIENT_CERTIFICATE_OPTIONAL, true, false}, {TLS_CLIENT_CERTIFICATE_OPTIONAL, false, true},
        {TLS_CLIENT_CERTIFICATE_REQUIRED, true, false}, {TLS_CLIENT_CERTIFICATE_REQUIRED, false, true},
    };

    begin("p256");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        tls_policy_set_client_certificates(rig.policy, rows[i].mode, NULL);
        is_without_ems = rows[i].is_without_ems;
        ck_assert_msg(offer("c02b", "17") == rows[i].is_taken, "row %zu: %s", i, why_name(why));
        if (!rows[i].is_taken)
            ck_assert_int_eq(why, WHY_CLIENT_CERTIFICATE_WITHOUT_EMS);
    }
    is_without_ems = false;
    rig_wipe(&rig);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_suite_with_forward_secrecy_goes_before_classic_rsa_whatever_the_order,
        among_suites_with_forward_secrecy_the_order_is_the_clients,
        aes_that_comes_last_stands_between_chacha20_and_classic_rsa,
        classic_rsa_is_taken_when_nothing_better_fits_and_the_record_says_why,
        nothing_that_fits_is_refused_for_the_reason_of_the_last_candidate,
        a_certificate_of_a_curve_that_is_not_offered_is_not_used,
        of_two_certificates_the_one_of_an_offered_curve_is_used,
        a_suite_whose_certificate_has_expired_comes_last,
        who_may_show_a_certificate_needs_the_extended_master_secret,
    };
    return check_run("negotiate12", tests, ARRAY_LEN(tests));
}
