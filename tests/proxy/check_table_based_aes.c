/*
 * What a listener offers where AES is computed from tables: crypto_aes_is_table_based() is this file's (by the linker).
 */
#include "proxy/built_policy.h"
#include "proxy/policy_review.h"
#include "tls/policy_types.h"

static bool is_table_based;

bool __wrap_crypto_aes_is_table_based(void);
bool __wrap_crypto_aes_is_table_based(void)
{
    return is_table_based;
}

/* `codes` in hex, each with a blank behind it. */
static void expect_suites(struct tls_policy *policy, const char *codes)
{
    const struct tls_suite *const *suites;
    size_t count = tls_policy_suites(good(policy), &suites), len = 0;
    char got[128] = "";

    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(got + len, sizeof got - len, "%04x ", suites[i]->code);
    ck_assert_str_eq(got, codes);
    ck_assert_int_eq(policy->has_aes_last, is_table_based);
    tls_policy_unref(policy);
}

START_TEST(a_profile_has_no_suites_of_aes_from_tables)
{
    is_table_based = true;
    expect_suites(build(""), "1303 cca9 cca8 ");
    expect_told("test.conf:1: warning: [listen web]: AES is computed from tables here");
    expect_told("name those of AES in 'suites'");
    expect_not_told("takes suites of AES");
    expect_suites(build("profile = modern\n"), "1303 ");
    expect_told("test.conf:1: warning: [listen web]: AES is computed from tables here");
}
END_TEST

START_TEST(suites_of_aes_from_tables_are_there_for_who_names_them_and_come_last)
{
    is_table_based = true;
    expect_suites(build("suites = TLS_AES_128_GCM_SHA256, TLS_CHACHA20_POLY1305_SHA256\n"), "1301 1303 ");
    expect_told("test.conf:6: warning: [listen web] takes suites of AES, which is computed from tables here");
    expect_not_told("of the profile");
    expect_suites(build("suites = TLS_CHACHA20_POLY1305_SHA256\n"), "1303 ");
    expect_not_told("tables");
}
END_TEST

/* They are all of AES: the option could mean nothing else. */
START_TEST(who_asks_for_classic_rsa_asks_for_its_suites)
{
    is_table_based = true;
    expect_suites(build_of_rsa("rsa-key-exchange = yes\n"), "1303 cca9 cca8 009c 009d ");
    expect_told("test.conf:1: warning: [listen web]: AES is computed from tables here");
    expect_told("test.conf:1: warning: [listen web] takes suites of AES, which is computed from tables here");
}
END_TEST

START_TEST(with_instructions_for_aes_nothing_is_left_out_or_told)
{
    is_table_based = false;
    expect_suites(build(""), "1301 1302 1303 c02b c02f c02c c030 cca9 cca8 ");
    expect_not_told("tables");
    expect_suites(build("suites = TLS_AES_128_GCM_SHA256\n"), "1301 ");
    expect_not_told("tables");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_profile_has_no_suites_of_aes_from_tables,
        suites_of_aes_from_tables_are_there_for_who_names_them_and_come_last,
        who_asks_for_classic_rsa_asks_for_its_suites,
        with_instructions_for_aes_nothing_is_left_out_or_told,
    };
    return check_run("table_based_aes", tests, ARRAY_LEN(tests));
}
