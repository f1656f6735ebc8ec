/*
 * Resumption in both versions: what a ticket is good for, and above all what it is not good for.
 */
#include "support/check_run.h"
#include "support/returning_client.h"
#include "tls/policy_types.h"
#include "tls/resumption.h"
#include "tls/ticket_keys.h"

static bool resumes(uint16_t version)
{
    come_back(version);
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(tls_outcome(rig.tls)->is_resumed == (client.is_psk_accepted || client.is_resumed12));
    return tls_outcome(rig.tls)->is_resumed;
}

static const uint16_t versions[] = {TLS_1_3, TLS_1_2};

START_TEST(a_ticket_brings_the_session_back)
{
    uint16_t version = versions[_i];

    first_handshake(version);
    ck_assert(resumes(version));
    assert_text_flows();
    ck_assert(tls_outcome(rig.tls)->credential == NULL);
    ck_assert(!client13_has_message(&client, CERTIFICATE));
    ck_assert(resumes(version)); /* one key op for the ticket, none for a signature, as often as the client likes */
    end();
}
END_TEST

START_TEST(a_resumed_handshake_works_however_it_is_cut)
{
    for (uint64_t seed = 0; seed < 12; seed++) {
        first_handshake(versions[_i]);
        rig.cut = seed == 0 ? (struct cut){1, 0} : (struct cut){0, seed};
        ck_assert(resumes(versions[_i]));
        assert_text_flows();
        end();
    }
}
END_TEST

/*
 * RFC 8446 4.6.1: as many as the policy says, in the same write as the first text and in front of it: a client that
 * read its answer and finds a ticket behind it takes the connection for dead (curl 8.14).
 */
START_TEST(tickets_of_13_travel_with_the_first_text)
{
    size_t before;

    begin(TLS_1_3);
    rig_handshake(&rig, &client);
    ck_assert_uint_eq(client.tickets, 0);
    ck_assert(tls_ready(rig.tls) & TLS_TICKETS);
    before = rig.wire_len;
    rig_send(&rig, BYTES_OF_LITERAL("pong"));
    ck_assert(!(tls_ready(rig.tls) & TLS_TICKETS));
    rig_drain(&rig, &client);
    ck_assert_uint_gt(rig.wire_len, before);
    ck_assert_uint_eq(client.text_len, 4);
    ck_assert_uint_eq(client.tickets, 2);
    ck_assert_uint_eq(client.tickets_behind_text, 0);
    ck_assert_uint_eq(tls_outcome(rig.tls)->tickets_sent, 2);
    ck_assert(rig.tls->issue == NULL); /* and nothing is left of them */
    ck_assert_uint_eq(client.ticket.lifetime, 8 * 3600);
    end();
}
END_TEST

/* As much of `text` as the engine takes at once. */
static size_t send_some(struct bytes text)
{
    struct iovec spans[4];
    int count = tls_plain_space(rig.tls, spans, ARRAY_LEN(spans));
    size_t sent = 0;

    ck_assert_int_gt(count, 0);
    for (int i = 0; i < count && sent < text.len; i++) {
        size_t len = text.len - sent < spans[i].iov_len ? text.len - sent : spans[i].iov_len;
        memcpy(spans[i].iov_base, text.at + sent, len);
        sent += len;
    }
    tls_plain_commit(rig.tls, sent);
    rig_drain(&rig, &client);
    return sent;
}

/* However large the first text and its records; a look at the backend that brought nothing leaves them waiting. */
START_TEST(tickets_of_13_stand_in_front_of_a_text_of_any_length)
{
    static const size_t lens[] = {1, 1360, 1361, MAX_PLAINTEXT_LEN, 3 * MAX_PLAINTEXT_LEN};
    static uint8_t text[3 * MAX_PLAINTEXT_LEN];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < 2 * ARRAY_LEN(lens); i++) {
        size_t len = lens[i / 2];

        begin(TLS_1_3);
        tls_policy_set_dynamic_records(rig.policy, i % 2 == 0);
        rig_handshake(&rig, &client);
        ck_assert_uint_eq(send_some(bytes_of(text, 0)), 0);
        ck_assert(tls_ready(rig.tls) & TLS_TICKETS);
        ck_assert_uint_eq(client.tickets, 0);
        for (size_t sent = 0; sent < len;)
            sent += send_some(bytes_of(text + sent, len - sent));
        assert_connected();
        ck_assert_uint_eq(client.tickets, 2);
        ck_assert_uint_eq(client.tickets_behind_text, 0);
        ck_assert_uint_eq(client.text_len, len);
        ck_assert_mem_eq(client.text, text, len);
        ticket = client.ticket;
        ck_assert(resumes(TLS_1_3));
        end();
    }
}
END_TEST

START_TEST(tickets_of_13_leave_before_a_close_notify)
{
    begin(TLS_1_3);
    rig_handshake(&rig, &client);
    tls_close(rig.tls);
    rig_drain(&rig, &client);
    ck_assert(client.has_close_notify);
    ck_assert_uint_eq(client.tickets, 2);
    end();
}
END_TEST

START_TEST(a_resumed_client_of_13_gets_one_new_ticket)
{
    first_handshake(TLS_1_3);
    ck_assert(resumes(TLS_1_3));
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_eq(client.tickets, 1);
    ticket = client.ticket;
    ck_assert(resumes(TLS_1_3));
    end();
}
END_TEST

/* RFC 8446 4.2.9: who does not take psk_dhe_ke can do nothing with our tickets. */
START_TEST(a_client_without_psk_dhe_ke_gets_no_ticket)
{
    begin(TLS_1_3);
    client.hello.omit = OMIT_PSK_MODES;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!(tls_ready(rig.tls) & (TLS_TICKETS | TLS_KEY)));
    end();
}
END_TEST

START_TEST(resumption_can_be_switched_off)
{
    first_handshake(versions[_i]);
    ck_assert(rig_add_tickets(&rig, 0));
    ck_assert(!resumes(versions[_i]));
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_eq(client.tickets, 0);
    end();
}
END_TEST

/* RFC 8446 4.2.11 MUST: a binder that does not verify aborts the handshake. */
START_TEST(a_wrong_binder_is_refused_with_decrypt_error)
{
    first_handshake(TLS_1_3);
    come_back(TLS_1_3);
    client.hello.is_binder_wrong = true;
    rig_handshake(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_PSK_BINDER);
    ck_assert_uint_eq(client.alert, ALERT_DECRYPT_ERROR);
    end();
}
END_TEST

/* RFC 8446 4.2.11.2: with a HelloRetryRequest the binder covers both hellos. */
START_TEST(a_ticket_survives_a_hello_retry_request)
{
    first_handshake(TLS_1_3);
    come_back(TLS_1_3);
    client.hello.share_groups[0] = 0;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(tls_outcome(rig.tls)->is_hello_retried);
    ck_assert(tls_outcome(rig.tls)->is_resumed);
    assert_text_flows();
    end();
}
END_TEST

/* What none of ours is as long as is not asked for, in either hello; and nothing is kept of the first. */
START_TEST(a_ticket_too_long_to_ask_for_survives_a_hello_retry_request)
{
    static const size_t lens[] = {MAX_KEY_PAYLOAD_LEN, MAX_KEY_PAYLOAD_LEN + 1};

    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        first_handshake(TLS_1_3);
        come_back(TLS_1_3);
        ticket.len = lens[i];
        client.hello.share_groups[0] = 0;
        rig_handshake(&rig, &client);
        assert_connected();
        ck_assert(tls_outcome(rig.tls)->is_hello_retried);
        ck_assert(!tls_outcome(rig.tls)->is_resumed);
        end();
    }
}
END_TEST

/* RFC 8446 4.2.11: the PSK goes with its hash; with another one the handshake is a full one. */
START_TEST(a_suite_with_another_hash_means_a_full_handshake)
{
    first_handshake(TLS_1_3); /* of SHA-256 */
    come_back(TLS_1_3);
    client.hello.suites[0] = 0x1302;
    client.hello.suites[1] = 0;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    end();
}
END_TEST

/* RFC 5246 7.4.1.3: the suite of the session must be among those offered. */
START_TEST(in_12_a_suite_that_is_not_offered_any_more_means_a_full_handshake)
{
    first_handshake(TLS_1_2);
    come_back(TLS_1_2);
    client.hello.suites[0] = 0xc02c;
    client.hello.suites[1] = 0;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    end();
}
END_TEST

/* RFC 7627 5.3 MUST: the four cells of "extended master secret then / now". */
START_TEST(without_extended_master_secret_nothing_is_resumed)
{
    begin(TLS_1_2);
    client.hello.has_extended_master_secret = false;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!client.has_extended_master_secret);
    ck_assert_uint_eq(client.tickets, 0); /* never any more: no ticket */
    ck_assert(!client.is_ticket_promised);
    end();

    first_handshake(TLS_1_2);
    come_back(TLS_1_2);
    client.hello.has_extended_master_secret = false;
    rig_handshake(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_RESUMED_WITHOUT_EMS);
    ck_assert_uint_eq(client.alert, ALERT_HANDSHAKE_FAILURE);
    end();
}
END_TEST

/* ---- what a ticket is bound to (reliability X01) */

/* RFC 6066 3 MUST NOT: resume when the server_name extension contains a different name. */
START_TEST(a_ticket_is_good_for_its_name_alone)
{
    first_handshake(versions[_i]);
    come_back(versions[_i]);
    client.hello.sni = "other.example";
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    client13_wipe(&client);
    come_back(versions[_i]);
    client.hello.sni = NULL;
    rig_handshake(&rig, &client);
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    client13_wipe(&client);
    come_back(versions[_i]);
    client.hello.sni = "APP.example"; /* RFC 4343: the case does not matter */
    rig_handshake(&rig, &client);
    ck_assert(tls_outcome(rig.tls)->is_resumed);
    end();
}
END_TEST

/* The same ticket keys, another policy. */
static void change_policy(const char *certificate, const char *listener, enum tls_client_certificate mode)
{
    struct tls_policy *old = rig.policy;

    rig.policy = tls_policy_new(old->random, old->now, old->now_context);
    ck_assert(rig.policy != NULL);
    tls_policy_set_time(rig.policy, old->time);
    tls_policy_set_client_certificates(rig.policy, mode, NULL);
    ck_assert(tls_policy_set_tickets(rig.policy, bytes_of_string(listener), 2, 8 * 3600));
    ck_assert(rig_add_certificate(&rig, certificate));
    tls_policy_unref(old);
}

START_TEST(a_renewed_certificate_ends_no_resumption)
{
    first_handshake(versions[_i]);
    change_policy("p384", "web", TLS_CLIENT_CERTIFICATE_NONE);
    ck_assert(resumes(versions[_i]));
    end();
}
END_TEST

START_TEST(a_ticket_is_good_for_its_listener_alone)
{
    first_handshake(versions[_i]);
    change_policy("p256", "intranet", TLS_CLIENT_CERTIFICATE_NONE);
    ck_assert(!resumes(versions[_i]));
    change_policy("p256", "web", TLS_CLIENT_CERTIFICATE_NONE);
    ck_assert(resumes(versions[_i]));
    end();
}
END_TEST

/* CVE-2025-23419: a ticket from where no certificate is asked for must not open where one is. */
START_TEST(a_ticket_is_good_for_its_client_certificate_policy_alone)
{
    first_handshake(versions[_i]);
    change_policy("p256", "web", TLS_CLIENT_CERTIFICATE_OPTIONAL);
    ck_assert(!resumes(versions[_i]));
    change_policy("p256", "web", TLS_CLIENT_CERTIFICATE_REQUIRED);
    come_back(versions[_i]);
    rig_handshake(&rig, &client);
    ck_assert(!tls_is_connected(rig.tls));
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    end();
}
END_TEST

/* CVE-2026-34873: a ticket of one version must be none of the other's. */
START_TEST(a_ticket_of_one_version_does_nothing_in_the_other)
{
    first_handshake(TLS_1_3);
    ticket.version = TLS_1_2;
    ticket.suite = 0xc02b;
    come_back(TLS_1_2);
    client.hello.session_id_len = 0; /* the full handshake echoes nothing */
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    end();
}
END_TEST

/* ---- time */

START_TEST(a_ticket_expires)
{
    first_handshake(versions[_i]);
    rig.time += 8 * 3600 - 1;
    ck_assert(resumes(versions[_i]));
    rig.time += 1;
    ck_assert(!resumes(versions[_i]));
    end();
}
END_TEST

START_TEST(a_ticket_of_a_key_that_no_longer_seals_is_replaced)
{
    first_handshake(TLS_1_2);
    ck_assert(resumes(TLS_1_2));
    ck_assert_uint_eq(client.tickets, 0); /* the old one is as good as a new one */
    rig.time += DEFAULT_TICKET_KEY_ISSUES + 1;
    ck_assert(resumes(TLS_1_2));
    ck_assert_uint_eq(client.tickets, 1);
    end();
}
END_TEST

START_TEST(a_session_is_not_renewed_for_ever)
{
    int rounds = 0;

    first_handshake(TLS_1_3);
    do {
        rig.time += 3 * 3600;
        if (!resumes(TLS_1_3))
            break;
        tls_send_tickets(rig.tls);
        rig_drain(&rig, &client);
        if (client.ticket.len > 0)
            ticket = client.ticket;
    } while (++rounds < 200);
    ck_assert_int_ge(rounds, 2);
    ck_assert_int_le(rounds,
                     MAX_TICKET_LIFETIME / (3 * 3600)); /* RFC 8446 4.6.1 MUST NOT: 7 days from the full handshake */
    end();
}
END_TEST

/* ---- what comes back and was never ours */

START_TEST(a_changed_ticket_means_a_full_handshake)
{
    first_handshake(versions[_i]);
    for (size_t i = 0; i < ticket.len; i += 7) {
        ticket.bytes[i] ^= 0x40;
        ck_assert(!resumes(versions[_i]));
        ticket.bytes[i] ^= 0x40;
    }
    ck_assert(resumes(versions[_i]));
    end();
}
END_TEST

START_TEST(a_ticket_of_any_length_means_a_full_handshake)
{
    size_t lens[] = {1, 16, 43, 44, 45, 500, 2047, 2048, 2049, 4000};

    first_handshake(versions[_i]);
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        ticket.len = lens[i];
        ck_assert(!resumes(versions[_i]));
    }
    end();
}
END_TEST

/* The key port that fails a ticket costs the client no connection. */
START_TEST(a_key_port_that_opens_nothing_means_a_full_handshake)
{
    first_handshake(versions[_i]);
    come_back(versions[_i]);
    rig.is_key_held = true;
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(tls_ready(rig.tls) & TLS_KEY);
    ck_assert_int_eq(tls_key_wanted(rig.tls)->operation, TLS_KEY_OPEN_TICKET);
    tls_key_done(rig.tls, false, bytes_of(NULL, 0));
    ck_assert(tls_ready(rig.tls) & TLS_KEY); /* the signature */
    rig.is_key_held = false;
    rig_pump(&rig, &client);
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    assert_connected();
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    end();
}
END_TEST

START_TEST(a_key_port_that_seals_nothing_means_no_ticket)
{
    begin(versions[_i]);
    ticket_keys_free(rig.tickets);
    rig.tickets = NULL;
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert_uint_eq(client.ticket.len, 0);
    ck_assert_uint_eq(client.tickets, 0);
    ck_assert_uint_eq(tls_outcome(rig.tls)->tickets_sent, 0);
    assert_text_flows();
    end();
}
END_TEST

/* ALPN is negotiated afresh. */
START_TEST(alpn_is_chosen_anew)
{
    first_handshake(versions[_i]);
    ck_assert(tls_policy_add_alpn(rig.policy, BYTES_OF_LITERAL("h2")));
    come_back(versions[_i]);
    client.hello.alpn = "h2";
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(tls_outcome(rig.tls)->is_resumed);
    ck_assert_str_eq(client.alpn, "h2");
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tickets_of_13_travel_with_the_first_text,
        tickets_of_13_stand_in_front_of_a_text_of_any_length,
        tickets_of_13_leave_before_a_close_notify,
        a_resumed_client_of_13_gets_one_new_ticket,
        a_client_without_psk_dhe_ke_gets_no_ticket,
        a_wrong_binder_is_refused_with_decrypt_error,
        a_ticket_survives_a_hello_retry_request,
        a_ticket_too_long_to_ask_for_survives_a_hello_retry_request,
        a_suite_with_another_hash_means_a_full_handshake,
        in_12_a_suite_that_is_not_offered_any_more_means_a_full_handshake,
        without_extended_master_secret_nothing_is_resumed,
        a_ticket_of_one_version_does_nothing_in_the_other,
        a_ticket_of_a_key_that_no_longer_seals_is_replaced,
        a_session_is_not_renewed_for_ever,
    };
    const TTest *const loops[] = {
        a_ticket_brings_the_session_back,
        a_resumed_handshake_works_however_it_is_cut,
        resumption_can_be_switched_off,
        a_ticket_is_good_for_its_name_alone,
        a_renewed_certificate_ends_no_resumption,
        a_ticket_is_good_for_its_listener_alone,
        a_ticket_is_good_for_its_client_certificate_policy_alone,
        a_ticket_expires,
        a_changed_ticket_means_a_full_handshake,
        a_ticket_of_any_length_means_a_full_handshake,
        a_key_port_that_opens_nothing_means_a_full_handshake,
        a_key_port_that_seals_nothing_means_no_ticket,
        alpn_is_chosen_anew,
    };

    return check_run_loops("resumption", tests, ARRAY_LEN(tests), loops, ARRAY_LEN(loops), (int)ARRAY_LEN(versions));
}
