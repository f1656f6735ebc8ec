/*
 * The map against the figure of RFC 8446 Appendix A.2, and every state against every message that is not for it.
 */
#include "support/check_run.h"
#include "support/rig.h"
#include "tls/handshake.h"

/*
 * Appendix A.2, server, read off the figure: what moves it on in each state, and where to. Early data is left out;
 * RECVD_CH..NEGOTIATED pass at once, but for the waits for the key port that are ours.
 */
struct edge {
    enum handshake_state from;
    uint16_t message;
    uint32_t to;
    bool ends_record;
};

static const struct edge start_figure[] = {
    /* whatever the first flight of either version leaves us waiting for */
    {WAIT_CH, CLIENT_HELLO,
     TO(WAIT_CH2) | TO(WAIT_KEY_OPERATION) | TO(WAIT_CERT) | TO(WAIT_FINISHED) | TO(WAIT_CKE) | TO(WAIT_CCS), true},
};

static const struct edge figure13[] = {
    {WAIT_CH2, CLIENT_HELLO, TO(WAIT_KEY_OPERATION) | TO(WAIT_FINISHED), true},
    {WAIT_CERT, CERTIFICATE, TO(WAIT_CV) | TO(WAIT_FINISHED), false}, /* "no cert" or "cert" */
    {WAIT_CV, CERTIFICATE_VERIFY, TO(WAIT_FINISHED), false},
    {WAIT_FINISHED, FINISHED, TO(CONNECTED), true},
    {CONNECTED, KEY_UPDATE, TO(CONNECTED), true}, /* RFC 8446 4.6.3 */
};

/* RFC 5246 Figures 1 and 2; a resumed handshake begins with the client's ChangeCipherSpec. */
static const struct edge figure12[] = {
    {WAIT_CERT, CERTIFICATE, TO(WAIT_CKE), false},
    {WAIT_CKE, CLIENT_KEY_EXCHANGE, TO(WAIT_KEY_OPERATION) | TO(WAIT_CV) | TO(WAIT_CCS), false},
    {WAIT_CV, CERTIFICATE_VERIFY, TO(WAIT_KEY_OPERATION) | TO(WAIT_CCS), false},
    {WAIT_CCS, CHANGE_CIPHER_SPEC, TO(WAIT_FINISHED), false},
    {WAIT_FINISHED, FINISHED, TO(WAIT_KEY_OPERATION) | TO(CONNECTED), true},
    {CONNECTED, CLIENT_HELLO, 0, false}, /* refused, with an alert of its own */
};

static const struct edge *find_edge(const struct edge *figure, size_t count, int state, int type)
{
    for (size_t i = 0; i < count; i++)
        if ((int)figure[i].from == state && figure[i].message == type)
            return &figure[i];
    return NULL;
}

static void compare(const struct handshake_row *map, const struct edge *figure, size_t count)
{
    size_t rows = 0;

    for (int state = 0; state < HANDSHAKE_STATES; state++) {
        for (int type = 0; type <= CHANGE_CIPHER_SPEC; type++) {
            const struct handshake_row *row = handshake_row_find(map, (enum handshake_state)state, (uint16_t)type);
            const struct edge *edge = find_edge(figure, count, state, type);

            ck_assert_msg((row != NULL) == (edge != NULL), "state %d, message %d", state, type);
            if (!row)
                continue;
            rows++;
            ck_assert_uint_eq(row->to, edge->to);
            /* RFC 8446 5.1 MUST: what immediately precedes a key change ends its record */
            ck_assert((row->flags & ENDS_RECORD) || !edge->ends_record);
        }
    }
    ck_assert_uint_eq(rows, count);
}

START_TEST(the_maps_are_the_figures)
{
    compare(start_map, start_figure, ARRAY_LEN(start_figure));
    compare(server13_map, figure13, ARRAY_LEN(figure13));
    compare(server12_map, figure12, ARRAY_LEN(figure12));
}
END_TEST

/* ---- every state x every other message */

static struct rig rig;
static struct client13 client;

enum { V13 = TLS_1_3, V12 = TLS_1_2 };

static void begin(uint16_t version)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);
    if (version == TLS_1_3)
        return;
    client.hello.versions[0] = TLS_1_2;
    client.hello.versions[1] = 0;
    client.hello.suites[0] = 0xc02b;
    client.hello.has_extended_master_secret = true;
}

static void feed_client(void)
{
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    client.out_len = 0;
}

/* Client certificates are asked for without a trust: nobody shows one here. */
static void ask_for_certificate(void)
{
    tls_policy_set_client_certificates(rig.policy, TLS_CLIENT_CERTIFICATE_OPTIONAL, NULL);
}

static void bring_to(enum handshake_state state, uint16_t version)
{
    begin(version);
    if (state == WAIT_CERT)
        ask_for_certificate();
    if (state == WAIT_CH2) {
        client.hello.share_groups[0] = 0;
        client13_send_hello(&client);
        feed_client();
    } else if (state == CONNECTED) {
        rig_handshake(&rig, &client);
    } else if (state != WAIT_CH) {
        client13_send_hello(&client);
        rig_pump(&rig, &client);
    }
    if (version == TLS_1_2 && (state == WAIT_CCS || state == WAIT_FINISHED)) {
        client12_send_key_exchange(&client);
        if (state == WAIT_FINISHED)
            client12_send_change_cipher_spec(&client);
        feed_client();
    }
    if (state == WAIT_CV)
        rig.tls->state = WAIT_CV; /* where a certificate would have led */
    ck_assert_int_eq(rig.tls->state, state);
}

static const struct handshake_row *map_of(enum handshake_state state, uint16_t version)
{
    if (state == WAIT_CH)
        return start_map;
    return version == TLS_1_3 ? server13_map : server12_map;
}

static void refuse_everything_else(enum handshake_state state, uint16_t version)
{
    for (int type = 0; type < 256; type++) {
        uint8_t header[] = {(uint8_t)type, 0, 0, 0};

        if (handshake_row_find(map_of(state, version), state, (uint16_t)type))
            continue;
        bring_to(state, version);
        client13_put_record(&client, CONTENT_HANDSHAKE, BYTES_OF_ARRAY(header));
        feed_client();
        ck_assert_msg(tls_outcome(rig.tls)->why == WHY_UNEXPECTED_HANDSHAKE, "state %d, message %d: %s", state, type,
                      why_name(tls_outcome(rig.tls)->why));
        ck_assert_uint_eq(rig.received_before_finished, 0);
        client13_wipe(&client);
        rig_wipe(&rig);
    }
}

static const struct {
    enum handshake_state state;
    uint16_t version;
} places[] = {
    {WAIT_CH, V13},   {WAIT_CH2, V13}, {WAIT_CERT, V13}, {WAIT_CV, V13},  {WAIT_FINISHED, V13}, {CONNECTED, V13},
    {WAIT_CERT, V12}, {WAIT_CKE, V12}, {WAIT_CV, V12},   {WAIT_CCS, V12}, {WAIT_FINISHED, V12}, {CONNECTED, V12},
};

/* RFC 8446 4 MUST, RFC 5246 7.4: a message out of order is unexpected_message. */
START_TEST(in_every_state_every_other_message_is_refused)
{
    refuse_everything_else(places[_i].state, places[_i].version);
}
END_TEST

/* RFC 5246 7.1: a ChangeCipherSpec has one place; early it would put keys in force that anybody can know. */
START_TEST(in_tls12_a_change_cipher_spec_has_one_place)
{
    if (places[_i].version != V12 || places[_i].state == WAIT_CCS)
        return;
    bring_to(places[_i].state, V12);
    client13_put_record(&client, CONTENT_CHANGE_CIPHER_SPEC, BYTES_OF_LITERAL("\x01"));
    feed_client();
    ck_assert_msg(tls_outcome(rig.tls)->why == WHY_CCS_UNEXPECTED, "%d: %s", _i, why_name(tls_outcome(rig.tls)->why));
    client13_wipe(&client);
    rig_wipe(&rig);
}
END_TEST

/* Nor does application data, before both Finished are there. */
START_TEST(in_every_state_of_the_handshake_application_data_is_refused)
{
    enum why why;

    if (places[_i].state == CONNECTED || places[_i].state == WAIT_CH)
        return;
    bring_to(places[_i].state, places[_i].version);
    client13_put_record(&client, CONTENT_APPLICATION_DATA, BYTES_OF_LITERAL("GET /"));
    feed_client();
    why = tls_outcome(rig.tls)->why;
    ck_assert_msg(why == WHY_DATA_BEFORE_FINISHED, "%d: %s", _i, why_name(why));
    ck_assert_uint_eq(rig.received_len, 0);
    client13_wipe(&client);
    rig_wipe(&rig);
}
END_TEST

/* The right message is still refused when it does not end its record (RFC 8446 5.1 MUST). */
START_TEST(a_finished_with_bytes_behind_it_is_refused)
{
    struct bytes honest;
    uint8_t more[128];

    bring_to(WAIT_FINISHED, V13);
    honest = client13_make_finished(&client);
    memcpy(more, honest.at, honest.len);
    memcpy(more + honest.len, "\x18\0\0\1\0", 5); /* a KeyUpdate under the old key */
    client13_put_record(&client, CONTENT_HANDSHAKE, bytes_of(more, honest.len + 5));
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_ACROSS_KEY_CHANGE);
    client13_wipe(&client);
    rig_wipe(&rig);
}
END_TEST

int main(void)
{
    const TTest *const loops[] = {
        in_every_state_every_other_message_is_refused,
        in_tls12_a_change_cipher_spec_has_one_place,
        in_every_state_of_the_handshake_application_data_is_refused,
    };
    const TTest *const tests[] = {
        the_maps_are_the_figures,
        a_finished_with_bytes_behind_it_is_refused,
    };

    return check_run_loops("map", tests, ARRAY_LEN(tests), loops, ARRAY_LEN(loops), (int)ARRAY_LEN(places));
}
