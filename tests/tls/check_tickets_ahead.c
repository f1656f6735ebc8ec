/*
 * RFC 8446 4.6.1: tickets that are sealed while the client's Finished is on its way, and sent behind it.
 */
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "support/client_identity.h"
#include "support/rig.h"
#include "tls/policy_types.h"

static struct rig rig;
static struct client13 client;
static struct ticket13 ticket;

static void connect_client(const struct ticket13 *with)
{
    client13_wipe(&client);
    client13_init_version(&client, 11, TLS_1_3);
    client.hello.ticket = with;
    ck_assert(rig_connect(&rig));
}

/* Our flight is with the client, and no ticket is sealed. */
static void begin(enum tls_client_certificate mode)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_add_tickets(&rig, 2));
    if (mode != TLS_CLIENT_CERTIFICATE_NONE)
        tls_policy_set_client_certificates(rig.policy, mode, client_identity_trust("root", NULL));
    rig.is_sealing_held = true;
    connect_client(NULL);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_done);
}

static void end(void)
{
    assert_rig_end(&rig, &client);
}

static bool is_sealing_wanted(void)
{
    const struct tls_key_request *wanted = tls_key_wanted(rig.tls);

    return wanted && wanted->operation == TLS_KEY_SEAL_TICKET;
}

static void finish(void)
{
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    assert_rig_connected(&rig, &client);
}

static void take_tickets(unsigned count)
{
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_eq(client.tickets, count);
    ticket = client.ticket;
}

static void take_what_is_sealed_now(void)
{
    rig.is_sealing_held = false;
    rig_pump(&rig, &client);
    take_tickets(2);
}

static void expect_resumption(void)
{
    rig.is_sealing_held = false;
    connect_client(&ticket);
    rig_handshake(&rig, &client);
    assert_rig_connected(&rig, &client);
    ck_assert(tls_outcome(rig.tls)->is_resumed);
}

START_TEST(they_are_sealed_before_the_clients_finished_and_sent_after_it)
{
    struct iovec span;

    begin(TLS_CLIENT_CERTIFICATE_NONE);
    for (int i = 0; i < 2; i++) {
        ck_assert(is_sealing_wanted());
        ck_assert(tls_key_may_wait(rig.tls));
        ck_assert(tls_ready(rig.tls) & TLS_WIRE_IN);
        ck_assert(rig_answer_key(&rig));
    }
    ck_assert(tls_key_wanted(rig.tls) == NULL);
    ck_assert(!(tls_ready(rig.tls) & TLS_TICKETS));
    tls_send_tickets(rig.tls);
    ck_assert_int_eq(tls_wire_view(rig.tls, &span, 1), 0);
    finish();
    ck_assert(tls_ready(rig.tls) & TLS_TICKETS);
    take_tickets(2);
    expect_resumption(); /* the transcript that they were made of was the right one */
    end();
}
END_TEST

START_TEST(a_finished_that_comes_first_does_not_wait_for_them)
{
    begin(TLS_CLIENT_CERTIFICATE_NONE);
    finish();
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    rig_pump(&rig, &client);
    ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
    ck_assert(is_sealing_wanted());
    take_what_is_sealed_now();
    expect_resumption();
    end();
}
END_TEST

START_TEST(a_resumed_client_has_its_ticket_sealed_ahead_too)
{
    begin(TLS_CLIENT_CERTIFICATE_NONE);
    finish();
    take_what_is_sealed_now();
    rig.is_sealing_held = true;
    connect_client(&ticket);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_psk_accepted);
    ck_assert(is_sealing_wanted());
    ck_assert(rig_answer_key(&rig));
    finish();
    take_tickets(1);
    expect_resumption();
    end();
}
END_TEST

START_TEST(a_wrong_finished_gets_none)
{
    struct bytes honest;
    uint8_t forged[64];

    begin(TLS_CLIENT_CERTIFICATE_NONE);
    ck_assert(rig_answer_key(&rig));
    honest = client13_make_finished(&client);
    memcpy(forged, honest.at, honest.len);
    forged[honest.len - 1] ^= 1;
    client13_put_record(&client, CONTENT_HANDSHAKE, bytes_of(forged, honest.len));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_FINISHED_MAC);
    ck_assert(tls_key_wanted(rig.tls) == NULL);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_eq(client.tickets, 0);
    end();
}
END_TEST

/* What the client proves is not in the transcript yet, and who it is belongs into the ticket. */
START_TEST(where_a_client_certificate_is_asked_for_they_wait_for_the_finished)
{
    begin(TLS_CLIENT_CERTIFICATE_OPTIONAL);
    ck_assert(tls_key_wanted(rig.tls) == NULL);
    finish();
    ck_assert(is_sealing_wanted());
    take_what_is_sealed_now();
    expect_resumption();
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        they_are_sealed_before_the_clients_finished_and_sent_after_it,
        a_finished_that_comes_first_does_not_wait_for_them,
        a_resumed_client_has_its_ticket_sealed_ahead_too,
        a_wrong_finished_gets_none,
        where_a_client_certificate_is_asked_for_they_wait_for_the_finished,
    };

    return check_run("tickets_ahead", tests, ARRAY_LEN(tests));
}
