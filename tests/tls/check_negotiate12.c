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
        .signature_algorithms = list_of(&scheme_list, "0403 0804 0401"),
        .has_extended_master_secret = true,
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

int main(void)
{
    const TTest *const tests[] = {
        a_suite_with_forward_secrecy_goes_before_classic_rsa_whatever_the_order,
        among_suites_with_forward_secrecy_the_order_is_the_clients,
        classic_rsa_is_taken_when_nothing_better_fits_and_the_record_says_why,
        nothing_that_fits_is_refused_for_the_reason_of_the_last_candidate,
    };
    return check_run("negotiate12", tests, ARRAY_LEN(tests));
}
