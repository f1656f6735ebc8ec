/*
 * Ticket keys that several processes make of one secret, each by itself, at the same time.
 */
#include "tls/ticket_root.h"

#include "support/alloc_fault.h"
#include "support/check_run.h"
#include "support/test_random.h"

enum { ISSUES = 100, ACCEPTS = 250, START = 10050, SESSION_LEN = 20 };

static const uint8_t session[] = "a session, 20 bytes.", binding[TICKET_BINDING_LEN] = "a listener";
static uint8_t ticket[SESSION_LEN + TICKET_OVERHEAD], opened[sizeof ticket];
static size_t len;

static struct ticket_root some_root(int64_t now)
{
    struct ticket_root root;

    ck_assert(ticket_root_new(&root, random_system(), now, ISSUES, ACCEPTS));
    return root;
}

static struct ticket_keys *keys_of(const struct ticket_root *root)
{
    struct ticket_keys *keys = ticket_keys_from_root(random_system(), root);

    ck_assert_ptr_nonnull(keys);
    return keys;
}

static void seal(struct ticket_keys *keys, int64_t now)
{
    ck_assert(ticket_seal(keys, now, binding, bytes_of(session, SESSION_LEN), ticket, &len));
}

static enum ticket_result open_at(struct ticket_keys *keys, int64_t now)
{
    return ticket_open(keys, now, binding, BYTES_OF_ARRAY(ticket), opened, &len);
}

START_TEST(two_holders_of_one_root_open_each_others_tickets_at_any_time)
{
    struct ticket_root root = some_root(START);
    struct ticket_keys *one = keys_of(&root), *other = keys_of(&root);

    for (int64_t now = START; now < START + 20 * ISSUES; now += 30) {
        seal(one, now);
        ck_assert_int_eq(open_at(other, now), TICKET_OPENED);
        ck_assert_uint_eq(len, SESSION_LEN);
        ck_assert_mem_eq(opened, session, SESSION_LEN);
        seal(other, now);
        ck_assert_int_eq(open_at(one, now), TICKET_OPENED);
    }
    ticket_keys_free(one);
    ticket_keys_free(other);
}
END_TEST

/* One that was respawned at any time, with the root as it was at the beginning or as it is by then. */
START_TEST(a_new_holder_opens_the_tickets_of_the_old_ones_for_as_long_as_they_do)
{
    for (int64_t later = 0; later <= ACCEPTS + ISSUES; later += 10) {
        struct ticket_root root = some_root(START), advanced = root;
        struct ticket_keys *old = keys_of(&root), *respawned = keys_of(&root), *next;
        enum ticket_result result;
        seal(old, START);
        result = open_at(old, START + later);
        ck_assert_int_eq(open_at(respawned, START + later), result);
        ck_assert(ticket_root_advance(&advanced, START + later));
        next = keys_of(&advanced);
        ck_assert_int_eq(open_at(next, START + later), result);
        ck_assert_int_eq(result, later < 50 ? TICKET_OPENED : later < 200 ? TICKET_OPENED_OLD : TICKET_UNKNOWN);
        ticket_keys_free(old);
        ticket_keys_free(respawned);
        ticket_keys_free(next);
    }
}
END_TEST

/* Their clocks are read a moment apart, or one never goes back where the other one does. */
START_TEST(a_ticket_of_the_next_epoch_opens_already)
{
    struct ticket_root root = some_root(START);
    struct ticket_keys *ahead = keys_of(&root), *behind = keys_of(&root);

    seal(ahead, START + ISSUES);
    ck_assert_int_eq(open_at(behind, START), TICKET_OPENED);
    seal(ahead, START + 2 * ISSUES);
    ck_assert_int_eq(open_at(behind, START), TICKET_UNKNOWN);
    seal(behind, START);
    ck_assert_int_eq(open_at(ahead, START + 2 * ISSUES), TICKET_UNKNOWN); /* 10,000 + 250 */
    seal(behind, START + ISSUES);
    ck_assert_int_eq(open_at(ahead, START + 2 * ISSUES), TICKET_OPENED_OLD);
    ticket_keys_free(ahead);
    ticket_keys_free(behind);
}
END_TEST

START_TEST(another_root_opens_nothing)
{
    struct ticket_root root = some_root(START), stranger = some_root(START);
    struct ticket_keys *keys = keys_of(&root), *strange = keys_of(&stranger);

    seal(keys, START);
    ck_assert_int_eq(open_at(strange, START), TICKET_UNKNOWN);
    ticket_keys_free(keys);
    ticket_keys_free(strange);
}
END_TEST

/* What is left of a root opens nothing that is too old, however the clock is turned. */
START_TEST(there_is_no_way_back_from_a_root_that_moved_on)
{
    struct ticket_root root = some_root(START), advanced = root;
    struct ticket_keys *keys = keys_of(&root), *late;

    seal(keys, START);
    ck_assert(ticket_root_advance(&advanced, START + 199));
    ck_assert_uint_eq(advanced.epoch, root.epoch);
    ck_assert_mem_eq(advanced.secret, root.secret, sizeof root.secret);
    ck_assert(ticket_root_advance(&advanced, START + 200));
    ck_assert_uint_eq(advanced.epoch, root.epoch + 1);
    ck_assert_mem_ne(advanced.secret, root.secret, sizeof root.secret);
    ck_assert(ticket_root_advance(&advanced, START)); /* the clock is turned back */
    ck_assert_uint_eq(advanced.epoch, root.epoch + 1);
    late = keys_of(&advanced);
    ck_assert_int_eq(open_at(late, START), TICKET_UNKNOWN);
    ticket_keys_free(keys);
    ticket_keys_free(late);
}
END_TEST

/* How long it lives is told with the ticket, and clients come back within it. */
START_TEST(a_ticket_opens_for_as_long_as_was_said_and_no_longer)
{
    for (uint32_t accepts = ISSUES; accepts <= 12 * ISSUES; accepts += 50) {
        struct ticket_root root;
        struct ticket_keys *keys;
        uint32_t left;
        ck_assert(ticket_root_new(&root, random_system(), START, ISSUES, accepts));
        keys = keys_of(&root);
        seal(keys, START);
        left = ticket_keys_left(keys, START);
        ck_assert_uint_eq(left, (accepts < 7 * ISSUES ? accepts : 7 * ISSUES) - START % ISSUES);
        for (int64_t now = START; now < START + left; now += 7)
            ck_assert_int_ne(open_at(keys, now), TICKET_UNKNOWN);
        ck_assert_int_ne(open_at(keys, START + left - 1), TICKET_UNKNOWN);
        ck_assert_int_eq(open_at(keys, START + left), TICKET_UNKNOWN);
        ck_assert_uint_le(ticket_keys_count(keys), MAX_TICKET_KEYS);
        ticket_keys_free(keys);
    }
}
END_TEST

START_TEST(aged_keys_are_wiped_when_told_the_time_though_nobody_seals)
{
    struct ticket_root root = some_root(START);
    struct ticket_keys *keys = keys_of(&root);

    seal(keys, START);
    ck_assert_uint_eq(ticket_keys_count(keys), 2); /* its own and the next one's */
    ck_assert_int_eq(ticket_keys_age(keys, START), START % ISSUES);
    ck_assert_int_eq(ticket_keys_drop_aged(keys, START), ACCEPTS - START % ISSUES);
    ck_assert_int_eq(ticket_keys_drop_aged(keys, START + 200), ISSUES);
    ck_assert_uint_eq(ticket_keys_count(keys), 1);
    ck_assert_int_eq(ticket_keys_drop_aged(keys, START + 300), 0);
    ck_assert_uint_eq(ticket_keys_count(keys), 0);
    ticket_keys_free(keys);
}
END_TEST

START_TEST(a_clock_that_leaps_too_far_finds_no_keys_and_one_that_leaps_far_does)
{
    int64_t far = START + (int64_t)MAX_TICKET_EPOCHS_SKIPPED * ISSUES;
    struct ticket_root root = some_root(START), same = root;
    struct ticket_keys *keys = keys_of(&root);

    ck_assert(!ticket_root_advance(&root, far + ACCEPTS + ISSUES));
    ck_assert_mem_eq(&root, &same, sizeof root);
    ck_assert(!ticket_seal(keys, far + ACCEPTS + ISSUES, binding, bytes_of(session, 1), ticket, &len));
    seal(keys, START + 100000 * ISSUES);
    ck_assert_int_eq(open_at(keys, START + 100000 * ISSUES), TICKET_OPENED);
    ticket_keys_free(keys);
}
END_TEST

/* As after a clock that was turned back by more than tickets live. */
START_TEST(before_its_first_epoch_a_root_has_no_keys)
{
    struct ticket_root root = some_root(START);
    struct ticket_keys *keys = keys_of(&root);

    ck_assert(!ticket_seal(keys, START - ISSUES, binding, bytes_of(session, 1), ticket, &len));
    seal(keys, START);
    ticket_keys_free(keys);
}
END_TEST

/* What one version writes the next one reads, and both make the same keys: this is for good. */
START_TEST(a_root_makes_the_keys_that_it_always_made)
{
    /* by another HKDF: Python's hmac and hashlib */
    static const uint8_t name_and_key[TICKET_KEY_FILE_LEN] = {
        0x1e, 0x31, 0xb6, 0xaa, 0x0f, 0xa4, 0x91, 0xb7, 0xb4, 0x07, 0xf9, 0x88, 0x88, 0x75, 0x12, 0xa7,
        0xa7, 0x41, 0x05, 0x7f, 0x41, 0x70, 0x43, 0xff, 0x44, 0x94, 0xf6, 0xaf, 0xe4, 0x09, 0xd7, 0x6e,
        0x67, 0x8e, 0xa3, 0x11, 0xf6, 0x30, 0xaf, 0x57, 0xfd, 0x22, 0x5a, 0xe7, 0x15, 0x46, 0x70, 0x63,
    };
    struct ticket_root root = {.epoch = 7, .issues = 100, .accepts = 200}, again;
    uint8_t bytes[TICKET_ROOT_LEN], key[TICKET_KEY_FILE_LEN];

    for (size_t i = 0; i < sizeof root.secret; i++)
        root.secret[i] = (uint8_t)i;
    ticket_root_write(&root, bytes);
    ck_assert(ticket_root_read(BYTES_OF_ARRAY(bytes), &again));
    ck_assert_mem_eq(&again, &root, sizeof root);
    ck_assert(ticket_root_step(&again) && ticket_root_key(&again, key));
    ck_assert_uint_eq(again.epoch, 8);
    ck_assert_mem_eq(key, name_and_key, sizeof key);
}
END_TEST

START_TEST(bytes_that_are_no_root_are_refused)
{
    struct ticket_root root = some_root(START);
    uint8_t bytes[TICKET_ROOT_LEN + 1] = {0};

    ticket_root_write(&root, bytes);
    ck_assert(ticket_root_read(bytes_of(bytes, TICKET_ROOT_LEN), &root));
    ck_assert(!ticket_root_read(bytes_of(bytes, TICKET_ROOT_LEN - 1), &root));
    ck_assert(!ticket_root_read(bytes_of(bytes, TICKET_ROOT_LEN + 1), &root));
    root.issues = ACCEPTS + 1;
    ticket_root_write(&root, bytes);
    ck_assert(!ticket_root_read(bytes_of(bytes, TICKET_ROOT_LEN), &root));
    root.issues = 0;
    ticket_root_write(&root, bytes);
    ck_assert(!ticket_root_read(bytes_of(bytes, TICKET_ROOT_LEN), &root));
}
END_TEST

START_TEST(without_random_bytes_there_is_no_root)
{
    struct test_random random = {.limit = 31};
    struct ticket_root root;

    ck_assert(!ticket_root_new(&root, test_random_source(&random), START, ISSUES, ACCEPTS));
}
END_TEST

/* Whichever allocation fails: no ticket at worst, no leak, and once there is memory the keys are those of the root. */
START_TEST(a_failed_allocation_costs_a_ticket_and_not_the_keys)
{
    struct ticket_root root = some_root(START);
    struct ticket_keys *reference = keys_of(&root);

    seal(reference, START + ISSUES); /* so that it has all its keys */
    for (unsigned long n = 1;; n++) {
        long live = alloc_fault_live();
        struct ticket_keys *keys;
        bool has_fired;
        alloc_fault_arm(n);
        keys = ticket_keys_from_root(random_system(), &root);
        if (keys)
            (void)!ticket_seal(keys, START, binding, bytes_of(session, SESSION_LEN), ticket, &len);
        has_fired = alloc_fault_fired();
        alloc_fault_arm(0);
        if (keys) {
            seal(keys, START + ISSUES);
            ck_assert_int_eq(open_at(reference, START + ISSUES), TICKET_OPENED);
        }
        ticket_keys_free(keys);
        ck_assert_int_eq(alloc_fault_live(), live);
        if (!has_fired)
            break;
        ck_assert_uint_lt(n, 100);
    }
    ticket_keys_free(reference);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        two_holders_of_one_root_open_each_others_tickets_at_any_time,
        a_new_holder_opens_the_tickets_of_the_old_ones_for_as_long_as_they_do,
        a_ticket_of_the_next_epoch_opens_already,
        another_root_opens_nothing,
        there_is_no_way_back_from_a_root_that_moved_on,
        a_ticket_opens_for_as_long_as_was_said_and_no_longer,
        aged_keys_are_wiped_when_told_the_time_though_nobody_seals,
        a_clock_that_leaps_too_far_finds_no_keys_and_one_that_leaps_far_does,
        before_its_first_epoch_a_root_has_no_keys,
        a_root_makes_the_keys_that_it_always_made,
        bytes_that_are_no_root_are_refused,
        without_random_bytes_there_is_no_root,
        a_failed_allocation_costs_a_ticket_and_not_the_keys,
    };
    return crypto_start() ? check_run("ticket_root", tests, ARRAY_LEN(tests)) : 1;
}
