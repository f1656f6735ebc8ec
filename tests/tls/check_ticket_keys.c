#include "tls/ticket_keys.h"

#include "base/secret.h"
#include "support/alloc_fault.h"
#include "support/check_run.h"
#include "support/test_random.h"

enum { ISSUES = 100, ACCEPTS = 250, SESSION_LEN = 20, TICKET_LEN = SESSION_LEN + TICKET_OVERHEAD };

static const uint8_t session[] = "a session, 20 bytes.";
static const uint8_t binding[TICKET_BINDING_LEN] = "listener one, no client policy";
static uint8_t ticket[TICKET_LEN], opened[TICKET_LEN];
static size_t len;

static struct ticket_keys *some_keys(void)
{
    struct ticket_keys *keys = ticket_keys_new(random_system(), ISSUES, ACCEPTS);

    ck_assert(keys != NULL);
    return keys;
}

static void seal(struct ticket_keys *keys, int64_t now)
{
    ck_assert(ticket_seal(keys, now, binding, bytes_of(session, SESSION_LEN), ticket, &len));
    ck_assert_uint_eq(len, TICKET_LEN);
}

static enum ticket_result open_bytes(struct ticket_keys *keys, int64_t now, struct bytes bytes)
{
    enum ticket_result result;

    memset(opened, 0xee, sizeof opened);
    result = ticket_open(keys, now, binding, bytes, opened, &len);
    if (result == TICKET_OPENED || result == TICKET_OPENED_OLD)
        ck_assert(bytes_equal(bytes_of(opened, len), bytes_of(session, SESSION_LEN)));
    else
        ck_assert_uint_eq(len, 0);
    return result;
}

static enum ticket_result open_ticket(struct ticket_keys *keys, int64_t now)
{
    return open_bytes(keys, now, BYTES_OF_ARRAY(ticket));
}

/* ---- tickets */

START_TEST(what_was_sealed_opens_and_is_not_readable_in_between)
{
    struct ticket_keys *keys = some_keys();

    seal(keys, 1000);
    ck_assert(memmem(ticket, sizeof ticket, session, 8) == NULL);
    ck_assert_int_eq(open_ticket(keys, 1000), TICKET_OPENED);
    ck_assert(ticket_seal(keys, 1000, binding, bytes_of(NULL, 0), ticket, &len));
    ck_assert_uint_eq(len, TICKET_OVERHEAD);
    ck_assert_int_eq(ticket_open(keys, 1000, binding, bytes_of(ticket, len), opened, &len), TICKET_OPENED);
    ck_assert_uint_eq(len, 0);
    ticket_keys_free(keys);
}
END_TEST

static int compare_nonces(const void *a, const void *b)
{
    return memcmp(a, b, AEAD_NONCE_LEN);
}

START_TEST(a_hundred_thousand_nonces_are_all_different)
{
    enum { NONCES = 100 * 1000 };
    uint8_t *nonces = malloc(NONCES * AEAD_NONCE_LEN);
    struct ticket_keys *keys = some_keys();

    ck_assert(nonces != NULL);
    for (size_t i = 0; i < NONCES; i++) {
        seal(keys, 1000);
        memcpy(nonces + i * AEAD_NONCE_LEN, ticket + TICKET_KEY_NAME_LEN, AEAD_NONCE_LEN);
    }
    qsort(nonces, NONCES, AEAD_NONCE_LEN, compare_nonces);
    for (size_t i = 1; i < NONCES; i++)
        ck_assert_int_ne(compare_nonces(nonces + (i - 1) * AEAD_NONCE_LEN, nonces + i * AEAD_NONCE_LEN), 0);
    ck_assert_uint_eq(ticket_keys_count(keys), 1);
    ticket_keys_free(keys);
    free(nonces);
}
END_TEST

START_TEST(a_ticket_with_any_bit_flipped_does_not_open)
{
    struct ticket_keys *keys = some_keys();

    seal(keys, 1000);
    for (size_t bit = 0; bit < 8 * TICKET_LEN; bit++) {
        ticket[bit / 8] ^= (uint8_t)(1U << bit % 8);
        ck_assert_int_eq(open_ticket(keys, 1000), bit < 8 * TICKET_KEY_NAME_LEN ? TICKET_UNKNOWN : TICKET_INVALID);
        for (size_t i = 0; i < SESSION_LEN && bit >= 8 * TICKET_KEY_NAME_LEN; i++)
            ck_assert_uint_eq(opened[i], 0); /* unauthenticated text is not handed out */
        ticket[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ck_assert_int_eq(open_ticket(keys, 1000), TICKET_OPENED);
    ticket_keys_free(keys);
}
END_TEST

START_TEST(a_ticket_cut_at_any_length_or_prolonged_does_not_open)
{
    struct ticket_keys *keys = some_keys();
    uint8_t longer[TICKET_LEN + 1] = {0}, out[TICKET_LEN + 1];

    seal(keys, 1000);
    for (size_t i = 0; i < TICKET_LEN; i++) {
        uint8_t *exact = malloc(i + 1); /* so that a sanitizer sees reading beyond */
        enum ticket_result expected = i < TICKET_OVERHEAD ? TICKET_UNKNOWN : TICKET_INVALID;

        ck_assert(exact != NULL);
        memcpy(exact + 1, ticket, i);
        ck_assert_int_eq(open_bytes(keys, 1000, bytes_of(exact + 1, i)), expected);
        free(exact);
    }
    memcpy(longer, ticket, TICKET_LEN);
    ck_assert_int_eq(ticket_open(keys, 1000, binding, BYTES_OF_ARRAY(longer), out, &len), TICKET_INVALID);
    ck_assert_int_eq(open_bytes(keys, 1000, bytes_of(NULL, 0)), TICKET_UNKNOWN);
    ticket_keys_free(keys);
}
END_TEST

START_TEST(a_ticket_with_another_binding_does_not_open)
{
    struct ticket_keys *keys = some_keys();
    uint8_t other[TICKET_BINDING_LEN];

    seal(keys, 1000);
    for (size_t i = 0; i < TICKET_BINDING_LEN; i++) {
        memcpy(other, binding, sizeof other);
        other[i] ^= 1;
        ck_assert_int_eq(ticket_open(keys, 1000, other, BYTES_OF_ARRAY(ticket), opened, &len), TICKET_INVALID);
    }
    ticket_keys_free(keys);
}
END_TEST

START_TEST(keys_of_one_process_do_not_open_what_those_of_another_sealed)
{
    struct ticket_keys *keys = some_keys(), *others = some_keys();

    seal(keys, 1000);
    ck_assert_int_eq(open_ticket(others, 1000), TICKET_UNKNOWN);
    seal(others, 1000);
    ck_assert_int_eq(open_ticket(keys, 1000), TICKET_UNKNOWN);
    ticket_keys_free(keys);
    ticket_keys_free(others);
}
END_TEST

/* T13: keys that were all zero before the first rotation let anybody open tickets. */
START_TEST(no_ticket_is_ever_sealed_with_a_key_of_zeros)
{
    static const uint8_t zero[32] = {0};
    struct ticket_keys *keys = some_keys();
    struct aead *aead = aead_new(aead_find(AEAD_AES_256_GCM), zero);
    uint8_t aad[TICKET_KEY_NAME_LEN + TICKET_BINDING_LEN];

    ck_assert(aead != NULL);
    memcpy(aad + TICKET_KEY_NAME_LEN, binding, sizeof binding);
    for (int64_t now = 0; now < 5 * ISSUES; now += ISSUES / 2) {
        seal(keys, now);
        memcpy(aad, ticket, TICKET_KEY_NAME_LEN);
        ck_assert_int_eq(aead_open(aead, ticket + TICKET_KEY_NAME_LEN, BYTES_OF_ARRAY(aad),
                                   ticket + TICKET_KEY_NAME_LEN + AEAD_NONCE_LEN, SESSION_LEN,
                                   ticket + TICKET_LEN - AEAD_TAG_LEN),
                         CRYPTO_BAD_INPUT);
    }
    aead_free(aead);
    ticket_keys_free(keys);
}
END_TEST

/* ---- rotation */

START_TEST(a_key_seals_while_it_is_young_and_opens_until_it_is_too_old)
{
    struct ticket_keys *keys = some_keys();
    uint8_t name[TICKET_KEY_NAME_LEN];

    ck_assert_uint_eq(ticket_keys_count(keys), 0);
    ck_assert_int_eq(ticket_keys_age(keys, 1000), 0);
    seal(keys, 1000);
    memcpy(name, ticket, sizeof name);
    seal(keys, 1000 + ISSUES - 1);
    ck_assert(memcmp(name, ticket, sizeof name) == 0);
    ck_assert_int_eq(ticket_keys_age(keys, 1000 + ISSUES - 1), ISSUES - 1);
    ck_assert_int_eq(open_ticket(keys, 1000 + ISSUES - 1), TICKET_OPENED);
    ck_assert_int_eq(open_ticket(keys, 1000 + ISSUES), TICKET_OPENED_OLD);
    ck_assert_int_eq(open_ticket(keys, 1000 + ACCEPTS - 1), TICKET_OPENED_OLD);
    ck_assert_uint_eq(ticket_keys_count(keys), 1);
    ck_assert_int_eq(open_ticket(keys, 1000 + ACCEPTS), TICKET_UNKNOWN);
    ck_assert_uint_eq(ticket_keys_count(keys), 0);
    ticket_keys_free(keys);
}
END_TEST

START_TEST(after_a_rotation_the_old_ticket_opens_as_old_and_after_two_not_any_more)
{
    struct ticket_keys *keys = ticket_keys_new(random_system(), ISSUES, 2 * ISSUES);
    uint8_t old[TICKET_LEN];

    ck_assert(keys != NULL);
    seal(keys, 1000);
    memcpy(old, ticket, sizeof old);
    seal(keys, 1000 + ISSUES);
    ck_assert(memcmp(old, ticket, TICKET_KEY_NAME_LEN) != 0);
    ck_assert_uint_eq(ticket_keys_count(keys), 2);
    ck_assert_int_eq(ticket_keys_age(keys, 1000 + ISSUES), 0);
    ck_assert_int_eq(open_ticket(keys, 1000 + ISSUES), TICKET_OPENED);
    ck_assert_int_eq(open_bytes(keys, 1000 + ISSUES, BYTES_OF_ARRAY(old)), TICKET_OPENED_OLD);
    seal(keys, 1000 + 2 * ISSUES);
    ck_assert_uint_eq(ticket_keys_count(keys), 2);
    ck_assert_int_eq(open_bytes(keys, 1000 + 2 * ISSUES, BYTES_OF_ARRAY(old)), TICKET_UNKNOWN);
    ticket_keys_free(keys);
}
END_TEST

/* So that a key does not wait for the next ticket to be wiped (T15). */
START_TEST(an_aged_key_is_wiped_when_told_the_time)
{
    struct ticket_keys *keys = ticket_keys_new(random_system(), ISSUES, ACCEPTS);

    ck_assert(keys != NULL);
    ck_assert_int_eq(ticket_keys_drop_aged(keys, 1000), 0); /* there is none */
    seal(keys, 1000);
    ck_assert_int_eq(ticket_keys_drop_aged(keys, 1000), ACCEPTS);
    seal(keys, 1000 + ISSUES);
    ck_assert_int_eq(ticket_keys_drop_aged(keys, 1000 + ACCEPTS - 1), 1);
    ck_assert_uint_eq(ticket_keys_count(keys), 2);
    ck_assert_int_eq(ticket_keys_drop_aged(keys, 1000 + ACCEPTS), ISSUES);
    ck_assert_uint_eq(ticket_keys_count(keys), 1);
    ck_assert_int_eq(ticket_keys_drop_aged(keys, 1000 + ISSUES + ACCEPTS), 0);
    ck_assert_uint_eq(ticket_keys_count(keys), 0);
    ticket_keys_free(keys);
}
END_TEST

START_TEST(there_are_never_more_keys_than_the_most)
{
    struct ticket_keys *keys = ticket_keys_new(random_system(), 1, 1000);
    uint8_t first[TICKET_LEN];

    ck_assert(keys != NULL);
    for (int64_t now = 0; now < 3 * MAX_TICKET_KEYS; now++) {
        seal(keys, now);
        if (now == 0)
            memcpy(first, ticket, sizeof first);
        ck_assert_uint_eq(ticket_keys_count(keys), now < MAX_TICKET_KEYS ? now + 1 : MAX_TICKET_KEYS);
        ck_assert_int_eq(open_bytes(keys, now, BYTES_OF_ARRAY(first)), now == 0                ? TICKET_OPENED
                                                                       : now < MAX_TICKET_KEYS ? TICKET_OPENED_OLD
                                                                                               : TICKET_UNKNOWN);
    }
    ticket_keys_free(keys);
}
END_TEST

START_TEST(how_long_a_ticket_can_be_opened_is_known_when_it_is_sealed)
{
    static const uint8_t file[TICKET_KEY_FILE_LEN] = "name............key.................";
    const struct bytes files[] = {BYTES_OF_ARRAY(file)};
    struct ticket_keys_fault fault;
    struct ticket_keys *keys = some_keys(), *fixed = ticket_keys_from_files(random_system(), files, 1, &fault);

    ck_assert_uint_eq(ticket_keys_left(keys, 1000), 0); /* there is none */
    seal(keys, 1000);
    ck_assert_uint_eq(ticket_keys_left(keys, 1000), ACCEPTS);
    ck_assert_uint_eq(ticket_keys_left(keys, 1000 + ISSUES - 1), ACCEPTS - ISSUES + 1);
    ck_assert_int_eq(open_ticket(keys, 1000 + ACCEPTS - 1), TICKET_OPENED_OLD);
    ck_assert_int_eq(open_ticket(keys, 1000 + ACCEPTS), TICKET_UNKNOWN);
    ck_assert(fixed != NULL);
    ck_assert_uint_eq(ticket_keys_left(fixed, 1000), UINT32_MAX);
    ticket_keys_free(keys);
    ticket_keys_free(fixed);
}
END_TEST

/* With so many keys that the oldest make room before their time. */
START_TEST(a_key_that_newer_ones_push_out_promises_no_more_than_until_then)
{
    struct ticket_keys *keys = ticket_keys_new(random_system(), 10, 1000);
    uint8_t first[TICKET_LEN];
    int64_t left;

    ck_assert(keys != NULL);
    seal(keys, 0);
    memcpy(first, ticket, sizeof first);
    left = ticket_keys_left(keys, 0);
    for (int64_t now = 0; now < left; now++) {
        seal(keys, now);
        ck_assert(open_bytes(keys, now, BYTES_OF_ARRAY(first)) != TICKET_UNKNOWN);
    }
    seal(keys, left);
    ck_assert_int_eq(open_bytes(keys, left, BYTES_OF_ARRAY(first)), TICKET_UNKNOWN);
    ticket_keys_free(keys);
}
END_TEST

/* ---- what fails */

START_TEST(without_random_bytes_there_is_no_ticket)
{
    struct test_random random = {.limit = TICKET_KEY_FILE_LEN + AEAD_NONCE_LEN - 1};
    struct ticket_keys *keys = ticket_keys_new(test_random_source(&random), ISSUES, ACCEPTS);
    uint8_t zero[TICKET_LEN] = {0};

    ck_assert(keys != NULL);
    memset(ticket, 1, sizeof ticket);
    ck_assert(!ticket_seal(keys, 1000, binding, bytes_of(session, SESSION_LEN), ticket, &len)); /* no nonce */
    ck_assert_uint_eq(len, 0);
    ck_assert(memcmp(ticket, zero, sizeof zero) == 0);
    random.limit = random.drawn + 1;
    ck_assert(!ticket_seal(keys, 1000 + ISSUES, binding, bytes_of(session, SESSION_LEN), ticket, &len)); /* no key */
    ck_assert_uint_eq(ticket_keys_count(keys), 1);
    random.limit = 0;
    seal(keys, 1000 + ISSUES);
    ticket_keys_free(keys);
}
END_TEST

static bool fill_with_zeros(void *context, uint8_t *out, size_t count)
{
    (void)context;
    memset(out, 0, count);
    return true;
}

START_TEST(a_source_that_gives_the_same_byte_over_and_over_makes_no_key)
{
    struct ticket_keys *keys = ticket_keys_new((struct random_source){fill_with_zeros, NULL}, ISSUES, ACCEPTS);

    ck_assert(keys != NULL);
    ck_assert(!ticket_seal(keys, 1000, binding, bytes_of(session, SESSION_LEN), ticket, &len));
    ck_assert_uint_eq(ticket_keys_count(keys), 0);
    ticket_keys_free(keys);
}
END_TEST

START_TEST(a_failed_allocation_means_no_ticket_and_no_leak)
{
    static const uint8_t file[TICKET_KEY_FILE_LEN] = "name............key.................";
    const struct bytes files[] = {BYTES_OF_ARRAY(file)};
    unsigned long n = 1;

    for (bool is_over = false; !is_over; n++) {
        struct ticket_keys *keys, *fixed;
        struct ticket_keys_fault fault = {NULL, 0};
        bool is_sealed;

        alloc_fault_arm(n);
        keys = ticket_keys_new(random_system(), ISSUES, ACCEPTS);
        fixed = ticket_keys_from_files(random_system(), files, 1, &fault);
        is_sealed = keys && ticket_seal(keys, 1000, binding, bytes_of(session, SESSION_LEN), ticket, &len);
        is_over = !alloc_fault_fired();
        ck_assert(is_over == (is_sealed && fixed));
        ck_assert((fixed == NULL) == (fault.text != NULL));
        if (fault.text)
            ck_assert_str_eq(fault.text, "out of memory");
        ticket_keys_free(keys);
        ticket_keys_free(fixed);
        alloc_fault_arm(0);
        ck_assert_int_eq(alloc_fault_live(), 0);
    }
    ck_assert_uint_ge(n, 5);
}
END_TEST

/* ---- files */

static uint8_t file_bytes[MAX_TICKET_KEYS + 1][TICKET_KEY_FILE_LEN];
static struct bytes files[MAX_TICKET_KEYS + 1];

static void make_files(void)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        ck_assert(random_fill(random_system(), file_bytes[i], TICKET_KEY_FILE_LEN));
        files[i] = BYTES_OF_ARRAY(file_bytes[i]);
    }
}

static struct ticket_keys *keys_of(const struct bytes *from, size_t count)
{
    struct ticket_keys_fault fault = {"not touched", 0};
    struct ticket_keys *keys = ticket_keys_from_files(random_system(), from, count, &fault);

    ck_assert(keys != NULL);
    ck_assert(fault.text == NULL);
    return keys;
}

static void assert_refused(size_t count, const char *words)
{
    struct ticket_keys_fault fault = {NULL, 0};

    ck_assert(ticket_keys_from_files(random_system(), files, count, &fault) == NULL);
    ck_assert(fault.text != NULL);
    ck_assert_msg(strstr(fault.text, words) != NULL, "\"%s\" does not say \"%s\"", fault.text, words);
}

START_TEST(of_files_the_first_key_seals_and_all_open_at_any_time)
{
    struct ticket_keys *all, *second;

    make_files();
    all = keys_of(files, MAX_TICKET_KEYS);
    second = keys_of(files + 1, 1);
    ck_assert_uint_eq(ticket_keys_count(all), MAX_TICKET_KEYS);
    seal(all, 0);
    ck_assert(memcmp(ticket, file_bytes[0], TICKET_KEY_NAME_LEN) == 0);
    ck_assert_int_eq(open_ticket(all, INT64_C(1) << 40), TICKET_OPENED);
    ck_assert_int_eq(ticket_keys_age(all, 5), 0);
    ck_assert_int_eq(open_ticket(second, 0), TICKET_UNKNOWN);
    seal(second, 0);
    ck_assert_int_eq(open_ticket(all, INT64_C(1) << 40), TICKET_OPENED_OLD);
    ck_assert_int_eq(open_ticket(second, 0), TICKET_OPENED);
    ck_assert_uint_eq(ticket_keys_count(all), MAX_TICKET_KEYS);
    ticket_keys_free(all);
    ticket_keys_free(second);
}
END_TEST

START_TEST(files_that_are_no_keys_are_refused_with_words)
{
    make_files();
    assert_refused(0, "no ticket key");
    assert_refused(MAX_TICKET_KEYS + 1, "more than 8");
    for (size_t i = 0; i < TICKET_KEY_FILE_LEN; i++) {
        files[1].len = i;
        assert_refused(2, "48 bytes");
    }
    files[1].len = TICKET_KEY_FILE_LEN + 1;
    assert_refused(2, "48 bytes");
    files[1].len = TICKET_KEY_FILE_LEN;
    memcpy(file_bytes[2], file_bytes[0], TICKET_KEY_NAME_LEN);
    assert_refused(3, "same name");
    for (unsigned byte = 0; byte < 256; byte++) {
        memset(file_bytes[1] + TICKET_KEY_NAME_LEN, (int)byte, TICKET_KEY_FILE_LEN - TICKET_KEY_NAME_LEN);
        assert_refused(2, "equal");
    }
    file_bytes[1][TICKET_KEY_FILE_LEN - 1] ^= 1;
    ticket_keys_free(keys_of(files, 2));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_was_sealed_opens_and_is_not_readable_in_between,
        a_hundred_thousand_nonces_are_all_different,
        a_ticket_with_any_bit_flipped_does_not_open,
        a_ticket_cut_at_any_length_or_prolonged_does_not_open,
        a_ticket_with_another_binding_does_not_open,
        keys_of_one_process_do_not_open_what_those_of_another_sealed,
        no_ticket_is_ever_sealed_with_a_key_of_zeros,
        a_key_seals_while_it_is_young_and_opens_until_it_is_too_old,
        after_a_rotation_the_old_ticket_opens_as_old_and_after_two_not_any_more,
        an_aged_key_is_wiped_when_told_the_time,
        there_are_never_more_keys_than_the_most,
        how_long_a_ticket_can_be_opened_is_known_when_it_is_sealed,
        a_key_that_newer_ones_push_out_promises_no_more_than_until_then,
        without_random_bytes_there_is_no_ticket,
        a_source_that_gives_the_same_byte_over_and_over_makes_no_key,
        a_failed_allocation_means_no_ticket_and_no_leak,
        of_files_the_first_key_seals_and_all_open_at_any_time,
        files_that_are_no_keys_are_refused_with_words,
    };
    return crypto_start() ? check_run("ticket_keys", tests, ARRAY_LEN(tests)) : 1;
}
