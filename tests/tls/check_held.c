/*
 * Full handshakes that are held or refused while there is no time for all of them (row D02 of the catalogue of faults).
 */
#include "support/check_run.h"
#include "support/returning_client.h"
#include "tls/policy_types.h"
#include "tls/resumption.h"
#include "tls/ticket_keys.h"

static const uint16_t versions[] = {TLS_1_3, TLS_1_2};

/* Reliability D02: in a flood resumptions go on, and what is refused costs no key exchange. */
START_TEST(while_full_handshakes_are_refused_sessions_are_resumed)
{
    uint16_t version = versions[_i];

    first_handshake(version);
    come_back(version);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_REFUSED);
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(tls_outcome(rig.tls)->is_resumed);
    assert_text_flows();
    end();
}
END_TEST

START_TEST(while_full_handshakes_are_refused_one_ends_before_its_key_exchange)
{
    begin(versions[_i]);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_REFUSED);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_OVERLOADED_SOURCE);
    ck_assert_int_eq(tls_outcome(rig.tls)->stage, TLS_STAGE_CLIENT_HELLO); /* no key was asked for */
    ck_assert_int_eq(client.alert, ALERT_INTERNAL_ERROR);
    end();
}
END_TEST

/* A ticket that opens and does not fit buys no full handshake. */
START_TEST(while_full_handshakes_are_refused_a_ticket_for_another_suite_does_not_help)
{
    first_handshake(TLS_1_3);
    come_back(TLS_1_3);
    client.hello.suites[0] = 0x1302;
    client.hello.suites[1] = 0;
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_REFUSED);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_OVERLOADED_SOURCE);
    end();
}
END_TEST

START_TEST(what_is_past_its_hello_when_full_handshakes_are_refused_goes_on)
{
    begin(versions[_i]);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_REFUSED);
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    assert_connected();
    end();
}
END_TEST

/* Held before any key is touched; then it goes on as if it never had been. */
START_TEST(a_full_handshake_that_is_held_goes_on_when_it_is_taken)
{
    begin(versions[_i]);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_HELD);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert_uint_eq(tls_ready(rig.tls), TLS_HELD);
    ck_assert_int_eq(tls_outcome(rig.tls)->stage, TLS_STAGE_CLIENT_HELLO);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_TAKEN);
    rig_pump(&rig, &client);
    ck_assert(client.is_done && !client.fault);
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    assert_connected();
    assert_text_flows();
    end();
}
END_TEST

START_TEST(a_full_handshake_that_is_held_may_be_refused)
{
    begin(versions[_i]);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_HELD);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_REFUSED);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_OVERLOADED_SOURCE);
    ck_assert_int_eq(client.alert, ALERT_INTERNAL_ERROR);
    ck_assert(!(tls_ready(rig.tls) & TLS_HELD));
    end();
}
END_TEST

/* Freed while it is held, it leaves nothing behind: rig_wipe() and the sanitizers see to that. */
START_TEST(a_full_handshake_that_is_held_may_end)
{
    begin(versions[_i]);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_HELD);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    tls_wire_end(rig.tls);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CUT_OFF);
    ck_assert(!(tls_ready(rig.tls) & TLS_HELD));
    end();
}
END_TEST

START_TEST(while_full_handshakes_are_held_sessions_are_resumed)
{
    first_handshake(versions[_i]);
    come_back(versions[_i]);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_HELD);
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(tls_outcome(rig.tls)->is_resumed);
    end();
}
END_TEST

/* The ticket is tried first, and what was kept for that is kept on. */
START_TEST(a_handshake_whose_ticket_does_not_open_is_held_like_a_full_one)
{
    first_handshake(versions[_i]);
    ticket.bytes[ticket.len / 2] ^= 1;
    come_back(versions[_i]);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_HELD);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert_uint_eq(tls_ready(rig.tls), TLS_HELD);
    tls_set_full_handshakes(rig.tls, TLS_FULL_HANDSHAKES_TAKEN);
    rig_pump(&rig, &client);
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    assert_connected();
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        while_full_handshakes_are_refused_a_ticket_for_another_suite_does_not_help,
    };
    const TTest *const loops[] = {
        while_full_handshakes_are_refused_sessions_are_resumed,
        while_full_handshakes_are_refused_one_ends_before_its_key_exchange,
        what_is_past_its_hello_when_full_handshakes_are_refused_goes_on,
        a_full_handshake_that_is_held_goes_on_when_it_is_taken,
        a_full_handshake_that_is_held_may_be_refused,
        a_full_handshake_that_is_held_may_end,
        while_full_handshakes_are_held_sessions_are_resumed,
        a_handshake_whose_ticket_does_not_open_is_held_like_a_full_one,
    };

    return check_run_loops("held", tests, ARRAY_LEN(tests), loops, ARRAY_LEN(loops), (int)ARRAY_LEN(versions));
}
