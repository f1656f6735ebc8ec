#include "support/returning_client.h"

struct rig rig;
struct client13 client;
struct ticket13 ticket;

void make_client(uint16_t version)
{
    client13_init_version(&client, 11, version);
    if (version == TLS_1_2)
        client.hello.suites[1] = 0xc02c;
}

void begin(uint16_t version)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_add_tickets(&rig, 2));
    ck_assert(rig_connect(&rig));
    make_client(version);
}

void end(void)
{
    assert_rig_end(&rig, &client);
}

void assert_connected(void)
{
    assert_rig_connected(&rig, &client);
}

/* A full handshake and its tickets. */
void first_handshake(uint16_t version)
{
    begin(version);
    rig_handshake(&rig, &client);
    assert_connected();
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_gt(client.ticket.len, 0);
    ticket = client.ticket;
}

/* The same client again, with its ticket. */
void come_back(uint16_t version)
{
    client13_wipe(&client);
    make_client(version);
    client.hello.ticket = &ticket;
    ck_assert(rig_connect(&rig));
}

void assert_text_flows(void)
{
    rig.received_len = 0;
    client.text_len = 0;
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    rig_pump(&rig, &client);
    ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
    rig_send(&rig, BYTES_OF_LITERAL("pong"));
    rig_drain(&rig, &client);
    ck_assert_msg(client.fault == NULL, "%s", client.fault);
    ck_assert(bytes_equal(bytes_of(client.text, client.text_len), BYTES_OF_LITERAL("pong")));
}
