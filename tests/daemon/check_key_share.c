/* The token bucket of a worker at its keyholder. */
#include "daemon/key_share.h"

#include "support/check_run.h"

START_TEST(who_takes_more_than_his_share_has_none_left_until_time_has_passed)
{
    struct key_share share = key_share_new(1000);

    ck_assert(key_share_has_some(&share));
    key_share_charge(&share, KEY_SHARE_BURST);
    ck_assert(!key_share_has_some(&share));
    key_share_charge(&share, 100);
    key_share_fill(&share, 1000 + 4 * 100, 4); /* a quarter of the time is his */
    ck_assert(!key_share_has_some(&share));
    key_share_fill(&share, 1000 + 4 * 101, 4);
    ck_assert(key_share_has_some(&share));
    ck_assert_int_eq(share.balance, 1);
}
END_TEST

START_TEST(parts_of_a_microsecond_are_not_lost)
{
    struct key_share share = key_share_new(0);

    key_share_charge(&share, KEY_SHARE_BURST);
    for (uint64_t now = 1; now <= 300; now++)
        key_share_fill(&share, now, 3);
    ck_assert_int_eq(share.balance, 100);
}
END_TEST

START_TEST(neither_what_is_saved_nor_what_is_owed_grows_without_end)
{
    struct key_share share = key_share_new(0);

    key_share_fill(&share, UINT64_MAX, 1);
    ck_assert_int_eq(share.balance, KEY_SHARE_BURST);
    for (int i = 0; i < 100; i++)
        key_share_charge(&share, KEY_SHARE_BURST);
    ck_assert_int_eq(share.balance, -KEY_SHARE_BURST);
    key_share_charge(&share, UINT64_MAX);
    ck_assert_int_eq(share.balance, -KEY_SHARE_BURST);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        who_takes_more_than_his_share_has_none_left_until_time_has_passed,
        parts_of_a_microsecond_are_not_lost,
        neither_what_is_saved_nor_what_is_owed_grows_without_end,
    };
    return check_run("key_share", tests, ARRAY_LEN(tests));
}
