#include "demo/flights.h"
#include "demo/views.h"
#include "support/check_run.h"
#include "tls/iana.h"

#include <string.h>

static struct flights flights;

static const struct flight_message *message(size_t index)
{
    ck_assert_uint_lt(index, flights.count);
    return &flights.messages[index];
}

static void read(struct handshake_view view)
{
    flights_read(&view, &flights);
}

/* RFC 8446 2, Figure 1: what stands in braces goes under handshake keys, in brackets under application keys. */
START_TEST(after_the_server_hello_all_but_change_cipher_spec_is_encrypted)
{
    static const enum protection expected[] = {
        PROTECTION_NONE,           /* ClientHello */
        PROTECTION_NONE,           /* ServerHello */
        PROTECTION_NONE,           /* ChangeCipherSpec */
        PROTECTION_HANDSHAKE_KEYS, /* EncryptedExtensions */
        PROTECTION_HANDSHAKE_KEYS, /* Certificate */
        PROTECTION_HANDSHAKE_KEYS, /* CertificateVerify */
        PROTECTION_HANDSHAKE_KEYS, /* Finished */
        PROTECTION_NONE,           /* ChangeCipherSpec */
        PROTECTION_HANDSHAKE_KEYS, /* Finished */
    };

    read(view_of_browser());
    ck_assert_uint_eq(flights.count, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        ck_assert_msg(message(i)->protection == expected[i], "message %zu", i);
    ck_assert(message(2)->is_filler && message(7)->is_filler && !message(3)->is_filler);
}
END_TEST

START_TEST(what_follows_a_finished_goes_under_application_keys)
{
    read(view_of_retry());
    ck_assert_str_eq(message(10)->name, "Finished");
    ck_assert_int_eq(message(10)->protection, PROTECTION_HANDSHAKE_KEYS);
    ck_assert_int_eq(message(11)->protection, PROTECTION_APPLICATION_KEYS);
    ck_assert_int_eq(message(12)->protection, PROTECTION_APPLICATION_KEYS);
    ck_assert_uint_eq(flights.connected_count, 11);
}
END_TEST

/* RFC 8446 4.1.4: a HelloRetryRequest has the type of a ServerHello and starts no encryption. */
START_TEST(the_first_server_hello_of_a_retried_handshake_is_a_hello_retry_request)
{
    read(view_of_retry());
    ck_assert_str_eq(message(1)->name, "HelloRetryRequest");
    ck_assert_int_eq(message(4)->protection, PROTECTION_NONE);
    ck_assert_str_eq(message(4)->name, "ClientHello");
    ck_assert_str_eq(message(5)->name, "ServerHello");
    ck_assert_int_eq(message(6)->protection, PROTECTION_HANDSHAKE_KEYS);
}
END_TEST

/* RFC 5246 7.1 */
START_TEST(in_tls_12_each_sides_change_cipher_spec_switches_its_own_direction)
{
    struct handshake_view view = {.outcome = {.version = TLS_1_2, .stage = TLS_STAGE_CONNECTED}};

    view_add(&view, true, "ClientHello", 200, 0);
    view_add(&view, false, "ServerHello", 80, 1);
    view_add(&view, false, "Certificate", 900, 2);
    view_add(&view, true, "ClientKeyExchange", 70, 3);
    view_add(&view, true, "ChangeCipherSpec", 1, 4);
    view_add(&view, true, "Finished", 16, 5);
    view_add(&view, false, "ChangeCipherSpec", 1, 6);
    view_add(&view, false, "Finished", 16, 7);
    read(view);
    for (size_t i = 0; i < 5; i++)
        ck_assert_int_eq(message(i)->protection, PROTECTION_NONE);
    ck_assert_int_ne(message(5)->protection, PROTECTION_NONE);
    ck_assert_int_eq(message(6)->protection, PROTECTION_NONE);
    ck_assert_int_ne(message(7)->protection, PROTECTION_NONE);
    ck_assert(!message(4)->is_filler && !message(6)->is_filler);
}
END_TEST

START_TEST(times_count_from_the_first_byte_and_are_divided_by_whose_move_it_was)
{
    read(view_of_browser());
    ck_assert_uint_eq(message(0)->at, 0);
    ck_assert_uint_eq(message(1)->at, 412);
    ck_assert_uint_eq(flights.total, 18790);
    ck_assert_uint_eq(flights.own, 1324 + 48); /* up to our Finished, and the check of the client's */
    ck_assert_uint_eq(flights.client_len, 1754 + 1 + 36);
    ck_assert_uint_eq(flights.server_len, 122 + 1 + 6 + 623 + 79 + 36);
}
END_TEST

START_TEST(what_comes_after_the_handshake_is_not_counted_to_it)
{
    read(view_of_retry());
    ck_assert_uint_eq(flights.total, 290160);
    ck_assert_uint_eq(flights.client_len, 512 + 1 + 579 + 36);
}
END_TEST

START_TEST(a_clock_that_runs_backwards_gives_zero)
{
    struct handshake_view view = {.outcome = {.version = TLS_1_3, .stage = TLS_STAGE_CONNECTED}, .connected_at = 10};

    view_add(&view, true, "ClientHello", 200, 1000);
    view_add(&view, false, "ServerHello", 80, 900);
    read(view);
    ck_assert_uint_eq(message(1)->at, 0);
    ck_assert_uint_eq(flights.total, 0);
    ck_assert_uint_eq(flights.own, 0);
}
END_TEST

START_TEST(an_empty_timeline_has_no_messages_and_no_time)
{
    read(view_of_nothing());
    ck_assert_uint_eq(flights.count, 0);
    ck_assert_uint_eq(flights.total, 0);
    ck_assert(!flights.is_complete && !flights.is_cut);
}
END_TEST

START_TEST(a_full_timeline_says_that_it_may_be_cut)
{
    read(view_of_everything());
    ck_assert_uint_eq(flights.count, MAX_TIMELINE);
    ck_assert(flights.is_cut);
    ck_assert_uint_ge(flights.total, flights.own);
    read(view_of_browser());
    ck_assert(!flights.is_cut);
}
END_TEST

START_TEST(a_count_beyond_the_array_is_not_believed)
{
    struct handshake_view view = view_of_everything();

    view.timeline.count = SIZE_MAX;
    read(view);
    ck_assert_uint_eq(flights.count, MAX_TIMELINE);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        after_the_server_hello_all_but_change_cipher_spec_is_encrypted,
        what_follows_a_finished_goes_under_application_keys,
        the_first_server_hello_of_a_retried_handshake_is_a_hello_retry_request,
        in_tls_12_each_sides_change_cipher_spec_switches_its_own_direction,
        times_count_from_the_first_byte_and_are_divided_by_whose_move_it_was,
        what_comes_after_the_handshake_is_not_counted_to_it,
        a_clock_that_runs_backwards_gives_zero,
        an_empty_timeline_has_no_messages_and_no_time,
        a_full_timeline_says_that_it_may_be_cut,
        a_count_beyond_the_array_is_not_believed,
    };
    return check_run("flights", tests, ARRAY_LEN(tests));
}
