#include "crypto/client_cache.h"

#include "support/alloc_fault.h"
#include "support/check_run.h"

static struct client_cache cache;

/* Entries of one number share a set. */
static struct client_cache_entry entry_of(uint8_t set, uint8_t number)
{
    struct client_cache_entry entry = {.digest = {set, number}, .from = 100, .until = 200};

    entry.identity.fingerprint[0] = number;
    return entry;
}

static void keep(uint8_t set, uint8_t number)
{
    struct client_cache_entry entry = entry_of(set, number);
    client_cache_keep(&cache, &entry);
}

static bool is_there_at(uint8_t set, uint8_t number, int64_t now)
{
    struct client_cache_entry wanted = entry_of(set, number);
    const struct client_cache_entry *found = client_cache_find(&cache, wanted.digest, now);

    ck_assert(!found || found->identity.fingerprint[0] == number);
    return found != NULL;
}

static bool is_there(uint8_t set, uint8_t number)
{
    return is_there_at(set, number, 150);
}

START_TEST(what_was_kept_is_found_and_nothing_else)
{
    ck_assert(!is_there(7, 1));
    keep(7, 1);
    ck_assert(is_there(7, 1));
    ck_assert(!is_there(7, 2));
    ck_assert(!is_there(8, 1));
    ck_assert_uint_eq(cache.hits, 1);
    client_cache_wipe(&cache);
    ck_assert(!is_there(7, 1));
}
END_TEST

START_TEST(it_is_found_in_its_time_alone)
{
    keep(0, 1);
    ck_assert(!is_there_at(0, 1, 99));
    ck_assert(is_there_at(0, 1, 100));
    ck_assert(is_there_at(0, 1, 200));
    ck_assert(!is_there_at(0, 1, 201));
    client_cache_wipe(&cache);
}
END_TEST

/* Two services whose digests begin alike must not drive each other out by turns. */
START_TEST(of_one_set_the_one_not_asked_for_longest_makes_room)
{
    for (uint8_t i = 1; i <= CLIENT_CACHE_WAYS; i++)
        keep(255, i);
    for (uint8_t i = 1; i <= CLIENT_CACHE_WAYS; i++)
        ck_assert(is_there(255, i));
    ck_assert(is_there(255, 1)); /* now 2 was not asked for longest */
    keep(255, 9);
    ck_assert(!is_there(255, 2));
    ck_assert(is_there(255, 1));
    ck_assert(is_there(255, 9));
    for (uint8_t i = 3; i <= CLIENT_CACHE_WAYS; i++)
        ck_assert(is_there(255, i));
    client_cache_wipe(&cache);
}
END_TEST

START_TEST(what_is_kept_anew_takes_its_own_place)
{
    struct client_cache_entry later = entry_of(3, 1);

    keep(3, 1);
    keep(3, 2);
    later.from = 300;
    later.until = 400;
    client_cache_keep(&cache, &later);
    ck_assert(!is_there(3, 1));
    ck_assert(is_there_at(3, 1, 350));
    ck_assert(is_there(3, 2));
    ck_assert_ptr_null(cache.sets[3][2]);
    client_cache_wipe(&cache);
}
END_TEST

START_TEST(without_memory_nothing_is_kept)
{
    alloc_fault_arm(1);
    keep(5, 1);
    ck_assert(alloc_fault_fired());
    alloc_fault_arm(0);
    ck_assert(!is_there(5, 1));
    keep(5, 1);
    ck_assert(is_there(5, 1));
    client_cache_wipe(&cache);
    ck_assert_int_eq(alloc_fault_live(), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {
        what_was_kept_is_found_and_nothing_else,
        it_is_found_in_its_time_alone,
        of_one_set_the_one_not_asked_for_longest_makes_room,
        what_is_kept_anew_takes_its_own_place,
        without_memory_nothing_is_kept,
    };
    return check_run("client_cache", tests, ARRAY_LEN(tests));
}
