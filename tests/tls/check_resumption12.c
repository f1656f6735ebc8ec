/*
 * Resumption in TLS 1.2: what the short handshake still says, and what it may not go on with. What both versions have
 * in common is in check_resumption.c.
 */
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "tls/policy_types.h"
#include "tls/ticket_keys.h"

static struct rig rig;
static struct client13 client;
static struct ticket13 ticket;

static const uint8_t renegotiation_info[] = {0xff, 0x01, 0x00, 0x01, 0x00};

static void make_client(uint16_t suite)
{
    client13_init_version(&client, 11, TLS_1_2);
    client.hello.suites[0] = suite;
}

static void begin(const char *certificate)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, certificate));
    ck_assert(rig_add_tickets(&rig, 1));
    ck_assert(rig_add_rsa_exchange(&rig));
    ck_assert(rig_connect(&rig));
}

static void end(void)
{
    assert_rig_end(&rig, &client);
}

static void assert_connected(bool is_resumed)
{
    assert_rig_connected(&rig, &client);
    ck_assert(client.is_finished_verified);
    ck_assert_int_eq(tls_outcome(rig.tls)->is_resumed, is_resumed);
    ck_assert_int_eq(client.is_resumed12, is_resumed);
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    rig.received_len = 0;
    rig_pump(&rig, &client);
    ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
}

static void get_ticket(void)
{
    rig_handshake(&rig, &client);
    assert_connected(false);
    ck_assert_uint_gt(client.ticket.len, 0);
    ticket = client.ticket;
}

/* The same client again, with its ticket; rig.wire holds the coming answer alone. */
static void come_back(uint16_t suite)
{
    client13_wipe(&client);
    make_client(suite);
    client.hello.ticket = &ticket;
    rig.wire_len = 0;
    ck_assert(rig_connect(&rig));
}

static bool wire_has(struct bytes needle)
{
    return memmem(rig.wire, rig.wire_len, needle.at, needle.len) != NULL;
}

/* RFC 8446 4.1.3 MUST: the sentinel stands in every ServerHello of TLS 1.2 from who could have spoken 1.3. */
START_TEST(the_downgrade_sentinel_is_there_as_well)
{
    static const uint8_t sentinel[] = {0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0x01};
    const struct tls_suite *only12[] = {tls_suite_find(0xc02b)};

    begin("p256");
    make_client(0xc02b);
    get_ticket();
    come_back(0xc02b);
    rig_handshake(&rig, &client);
    assert_connected(true);
    ck_assert_mem_eq(client.server_random + 24, sentinel, 8);
    ck_assert(tls_policy_set_suites(rig.policy, only12, 1));
    come_back(0xc02b);
    rig_handshake(&rig, &client);
    assert_connected(true);
    ck_assert_mem_ne(client.server_random + 24, sentinel, 8);
    end();
}
END_TEST

/* RFC 5746 3.6 MUST, RFC 5746 3.7: a resumption is an initial handshake, too, as far as renegotiation goes. */
START_TEST(secure_renegotiation_is_answered_as_well)
{
    begin("p256");
    make_client(0xc02b);
    get_ticket();
    come_back(0xc02b);
    rig_handshake(&rig, &client);
    assert_connected(true);
    ck_assert(!wire_has(BYTES_OF_ARRAY(renegotiation_info)));
    come_back(0xc02b);
    client.hello.suites[1] = EMPTY_RENEGOTIATION_INFO_SCSV;
    rig_handshake(&rig, &client);
    assert_connected(true);
    ck_assert(wire_has(BYTES_OF_ARRAY(renegotiation_info)));
    come_back(0xc02b);
    client.hello.extra = BYTES_OF_ARRAY(renegotiation_info);
    rig_handshake(&rig, &client);
    assert_connected(true);
    ck_assert(wire_has(BYTES_OF_ARRAY(renegotiation_info)));
    end();
}
END_TEST

/* RFC 5077 3.4 MUST: the session id comes back as it was sent; one that is empty keeps no ticket from being used. */
START_TEST(a_session_id_of_any_length_comes_back_and_an_empty_one_does_no_harm)
{
    static const size_t lens[] = {0, 1, 31, 32};

    begin("p256");
    make_client(0xc02b);
    get_ticket();
    for (size_t i = 0; i < 2 * ARRAY_LEN(lens); i++) {
        if (i == ARRAY_LEN(lens))
            rig.time += DEFAULT_TICKET_KEY_ISSUES + 1; /* now a new ticket comes as well */
        come_back(0xc02b);
        client.hello.session_id_len = lens[i % ARRAY_LEN(lens)];
        rig_handshake(&rig, &client);
        assert_connected(true);
        ck_assert_uint_eq(client.session_id_echoed_len, client.hello.session_id_len);
        ck_assert_uint_eq(client.tickets, i >= ARRAY_LEN(lens));
    }
    end();
}
END_TEST

/* RFC 5077 3.4: in a full handshake nothing comes back that a client could take for a resumption. */
START_TEST(a_full_handshake_sends_no_session_id_back)
{
    begin("p256");
    make_client(0xc02b);
    get_ticket();
    come_back(0xc02b);
    ticket.bytes[ticket.len - 1] ^= 1;
    rig_handshake(&rig, &client);
    assert_connected(false);
    ck_assert_uint_eq(client.session_id_echoed_len, 0);
    end();
}
END_TEST

/* RFC 6066 3 MUST NOT: a ServerHello that resumes says nothing of the name. */
START_TEST(the_name_is_acknowledged_in_a_full_handshake_alone)
{
    begin("p256");
    make_client(0xc02b);
    get_ticket();
    ck_assert(client.has_server_name);
    come_back(0xc02b);
    rig_handshake(&rig, &client);
    assert_connected(true);
    ck_assert(!client.has_server_name);
    end();
}
END_TEST

/* RFC 5077 3.3 MUST: a NewSessionTicket comes where it was promised, if empty. RFC 5077 3.3 MUST NOT: elsewhere. */
START_TEST(a_ticket_message_comes_where_it_was_promised_and_nowhere_else)
{
    for (int can_seal = 0; can_seal < 2; can_seal++) {
        for (int takes = 0; takes < 2; takes++) {
            begin("p256");
            make_client(0xc02b);
            client.hello.has_session_ticket = takes;
            if (!can_seal) {
                ticket_keys_free(rig.tickets);
                rig.tickets = NULL;
            }
            rig_handshake(&rig, &client);
            assert_connected(false);
            ck_assert_int_eq(client.is_ticket_promised, takes);
            ck_assert_int_eq(client13_has_message(&client, NEW_SESSION_TICKET), takes);
            ck_assert_uint_eq(client.tickets, takes && can_seal);
            end();
        }
    }
}
END_TEST

/* RFC 5077 3.3 MUST: in a full handshake the server verifies the client's Finished before it sends the ticket. */
START_TEST(who_does_not_finish_gets_no_ticket)
{
    begin("p256");
    make_client(0xc02b);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    client12_send_key_exchange(&client);
    client12_send_change_cipher_spec(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_ticket_promised);
    ck_assert(!client13_has_message(&client, NEW_SESSION_TICKET));
    client.master.bytes[0] ^= 1;
    client12_send_finished(&client);
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_FINISHED_MAC);
    ck_assert(!client13_has_message(&client, NEW_SESSION_TICKET));
    end();
}
END_TEST

/* A policy that lost a suite has lost it for those with a ticket, too, above all one without forward secrecy. */
START_TEST(a_suite_that_is_not_allowed_any_more_is_not_gone_on_with)
{
    const struct tls_suite *ecdhe[] = {tls_suite_find(0xc02f), tls_suite_find(0x1301)};
    static const uint16_t suites[] = {0x009c, 0x009d, 0xc030};

    for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
        begin("rsa2048");
        make_client(suites[i]);
        get_ticket();
        come_back(suites[i]);
        rig_handshake(&rig, &client);
        assert_connected(true);
        ck_assert(tls_policy_set_suites(rig.policy, ecdhe, ARRAY_LEN(ecdhe)));
        come_back(suites[i]);
        client.hello.suites[1] = 0xc02f;
        rig_handshake(&rig, &client);
        assert_connected(false);
        ck_assert_uint_eq(tls_outcome(rig.tls)->suite->code, 0xc02f);
        come_back(suites[i]);
        rig_handshake(&rig, &client);
        ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NO_COMMON_SUITE);
        end();
    }
}
END_TEST

/* ---- max_fragment_length */

enum { WHOLE = 0, SIZE_LIMIT = 5 };

/* max_fragment_length of that code; SIZE_LIMIT: of code 1, with a record_size_limit, beside which it counts for
 * nothing.
 */
static struct bytes extension_of(int code)
{
    static uint8_t length[] = {0x00, 0x01, 0x00, 0x01, 0};

    length[4] = (uint8_t)code;
    return code == SIZE_LIMIT ? BYTES_OF_LITERAL("\x00\x01\x00\x01\x01\x00\x1c\x00\x02\x10\x00")
           : code == WHOLE    ? bytes_of(NULL, 0)
                              : BYTES_OF_ARRAY(length);
}

static void assert_record_limit(size_t limit, size_t client_limit)
{
    static const uint8_t text[MAX_PLAINTEXT_LEN + 1];

    rig.wire_len = 0;
    rig_send(&rig, BYTES_OF_ARRAY(text));
    rig_drain(&rig, &client);
    ck_assert_uint_eq(rig.wire[3] << 8 | rig.wire[4], EXPLICIT_NONCE_LEN + limit + 16);
    client13_put_record(&client, CONTENT_APPLICATION_DATA, bytes_of(text, client_limit));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
    client13_put_record(&client, CONTENT_APPLICATION_DATA, bytes_of(text, client_limit + 1));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_PLAINTEXT_TOO_LONG);
}

/*
 * RFC 6066 4: "The negotiated length applies for the duration of the session including session resumptions." Who
 * wants another one gets another session.
 */
START_TEST(max_fragment_length_lasts_as_long_as_the_session)
{
    static const size_t limits[] = {MAX_PLAINTEXT_LEN, 512, 1024, 2048, 4096, 4096};

    for (int then = WHOLE; then <= SIZE_LIMIT; then++) {
        for (int now = WHOLE; now <= SIZE_LIMIT; now++) {
            bool is_same = then % SIZE_LIMIT == now % SIZE_LIMIT; /* a size limit is no matter of the session */

            begin("p256");
            make_client(0xc02b);
            client.hello.extra = extension_of(then);
            get_ticket();
            come_back(0xc02b);
            client.hello.extra = extension_of(now);
            rig_handshake(&rig, &client);
            assert_connected(is_same);
            ck_assert(now == WHOLE || now == SIZE_LIMIT || wire_has(extension_of(now)));
            assert_record_limit(limits[now], now == SIZE_LIMIT ? MAX_PLAINTEXT_LEN : limits[now]);
            end();
        }
    }
}
END_TEST

/* RFC 8446 4.2: in TLS 1.3 extensions are negotiated anew, whatever they were in the session of the PSK. */
START_TEST(in_tls13_max_fragment_length_is_negotiated_anew)
{
    begin("p256");
    client13_init_version(&client, 11, TLS_1_3);
    client.hello.extra = extension_of(1);
    rig_handshake(&rig, &client);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_gt(client.ticket.len, 0);
    ticket = client.ticket;
    client13_wipe(&client);
    client13_init_version(&client, 11, TLS_1_3);
    client.hello.ticket = &ticket;
    client.hello.extra = extension_of(2);
    ck_assert(rig_connect(&rig));
    rig_handshake(&rig, &client);
    assert_rig_connected(&rig, &client);
    ck_assert(tls_outcome(rig.tls)->is_resumed);
    ck_assert_uint_eq(rig.tls->record_limit, 1024);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_downgrade_sentinel_is_there_as_well,
        secure_renegotiation_is_answered_as_well,
        a_session_id_of_any_length_comes_back_and_an_empty_one_does_no_harm,
        a_full_handshake_sends_no_session_id_back,
        the_name_is_acknowledged_in_a_full_handshake_alone,
        a_ticket_message_comes_where_it_was_promised_and_nowhere_else,
        who_does_not_finish_gets_no_ticket,
        a_suite_that_is_not_allowed_any_more_is_not_gone_on_with,
        max_fragment_length_lasts_as_long_as_the_session,
        in_tls13_max_fragment_length_is_negotiated_anew,
    };

    return check_run("resumption12", tests, ARRAY_LEN(tests));
}
