/* credential.h: which certificate of a name is chosen as time passes. */
#include "support/check_run.h"
#include "support/code_lists.h"
#include "support/rig.h"
#include "tls/credential.h"

static struct rig rig;

static void begin(const char *first, const char *second)
{
    ck_assert(rig_init(&rig, 1) && rig_add_chain(&rig, first) && rig_add_chain(&rig, second));
}

static void expect_chosen(const char *name, const char *label)
{
    struct list schemes;
    struct credential_found found;
    const struct credential_need need = {.sni = name ? bytes_of_string(name) : bytes_of(NULL, 0),
                                         .version = TLS_1_3,
                                         .exchange = EXCHANGE_ANY,
                                         .schemes = list_of(&schemes, "0403 0804 0503")};

    ck_assert(credential_choose(rig.policy, &need, &found));
    ck_assert_str_eq(tls_credential_label(found.credential), label);
}

struct row {
    const char *first, *second, *name, *chosen;
};

static void expect_all(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        begin(rows[i].first, rows[i].second);
        expect_chosen(rows[i].name, rows[i].chosen);
        rig_wipe(&rig);
    }
}

START_TEST(an_expired_certificate_never_wins_over_a_valid_one_of_the_name)
{
    static const struct row rows[] = {
        {"days-90", "p256", "app.example", "p256"},       {"p256", "days-90", "app.example", "p256"},
        {"days-90", "rsa2048", "app.example", "rsa2048"}, /* by a scheme that is less preferred */
        {"not-yet", "p256", "app.example", "p256"},       {"days-90", "p256", NULL, "p256"}, /* both are the default */
    };

    expect_all(rows, ARRAY_LEN(rows));
}
END_TEST

/* A client that looks at no dates is served, and one that does is told the truth. */
START_TEST(where_no_valid_one_bears_the_name_an_expired_one_is_better_than_a_strangers)
{
    static const struct row rows[] = {
        {"days-90", "other", "app.example", "days-90"},
        {"expired", "days-90", "app.example", "expired"}, /* the first of them */
    };

    expect_all(rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(where_no_name_decides_a_valid_one_wins_whatever_its_place)
{
    static const struct row rows[] = {
        {"days-90", "other", NULL, "other"}, /* of the same type of key, and not the first of it */
        {"days-90", "other", "nobody.example", "other"},
        {"days-90", "expired", NULL, "days-90"}, /* there is none */
        {"p256", "other", NULL, "p256"},
    };

    expect_all(rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(one_that_expires_while_it_is_served_gives_way)
{
    begin("days-90", "p256");
    rig.time = 1710000000; /* March 2024: both are valid, and the first is the first */
    expect_chosen("app.example", "days-90");
    rig.time = 1720000000; /* July */
    expect_chosen("app.example", "p256");
    tls_policy_set_time(rig.policy, NULL); /* nobody knows */
    expect_chosen("app.example", "days-90");
    rig_wipe(&rig);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_expired_certificate_never_wins_over_a_valid_one_of_the_name,
        where_no_valid_one_bears_the_name_an_expired_one_is_better_than_a_strangers,
        where_no_name_decides_a_valid_one_wins_whatever_its_place,
        one_that_expires_while_it_is_served_gives_way,
    };
    return check_run("current", tests, ARRAY_LEN(tests));
}
