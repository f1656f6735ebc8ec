/*
 * The map against the figure of RFC 8446 Appendix A.2, and every state against every message that is not for it.
 */
#include "support/check_run.h"
#include "support/rig.h"
#include "tls/handshake.h"

/* Appendix A.2, server, read off the figure: what moves it on in each state, and where to. Early data and client
 * certificates are left out; RECVD_CH..NEGOTIATED pass at once, but for the wait for the key that is ours. */
static const struct edge {
    enum handshake_state from;
    uint8_t message;
    uint32_t to;
} figure[] = {
    {WAIT_CH, CLIENT_HELLO, TO(WAIT_CH2) | TO(WAIT_KEY_OPERATION)},
    {WAIT_CH2, CLIENT_HELLO, TO(WAIT_KEY_OPERATION)},
    {WAIT_FINISHED, FINISHED, TO(CONNECTED)},
    {CONNECTED, KEY_UPDATE, TO(CONNECTED)}, /* RFC 8446 4.6.3 */
};

static const struct handshake_row *find(enum handshake_state state, uint8_t type)
{
    return handshake_row_find(state == WAIT_CH ? start_map : server13_map, state, type);
}

START_TEST(the_map_is_the_figure)
{
    size_t rows = 0;

    for (int state = 0; state < HANDSHAKE_STATES; state++) {
        for (int type = 0; type < 256; type++) {
            const struct handshake_row *row = find((enum handshake_state)state, (uint8_t)type);
            const struct edge *edge = NULL;

            for (size_t i = 0; i < ARRAY_LEN(figure); i++)
                if ((int)figure[i].from == state && figure[i].message == type)
                    edge = &figure[i];
            ck_assert_msg((row != NULL) == (edge != NULL), "state %d, message %d", state, type);
            if (!row)
                continue;
            rows++;
            ck_assert_uint_eq(row->to, edge->to);
            ck_assert_uint_gt(row->max_len, 0);
            /* RFC 8446 5.1 MUST: all of these immediately precede a key change */
            ck_assert(row->flags & ENDS_RECORD);
        }
    }
    ck_assert_uint_eq(rows, ARRAY_LEN(figure));
}
END_TEST

/* ---- every state x every other message */

static struct rig rig;
static struct client13 client;

static void bring_to(enum handshake_state state)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);
    if (state == WAIT_CH2) {
        client.hello.share_groups[0] = 0;
        client13_send_hello(&client);
        rig_feed(&rig, bytes_of(client.out, client.out_len));
        client.out_len = 0;
    } else if (state == WAIT_FINISHED) {
        client13_send_hello(&client);
        rig_pump(&rig, &client);
    } else if (state == CONNECTED) {
        rig_handshake(&rig, &client);
    }
    ck_assert_int_eq(rig.tls->state, state);
}

static void refuse_everything_else(enum handshake_state state)
{
    for (int type = 0; type < 256; type++) {
        uint8_t header[] = {(uint8_t)type, 0, 0, 0};

        if (find(state, (uint8_t)type))
            continue;
        bring_to(state);
        client13_put_record(&client, CONTENT_HANDSHAKE, BYTES_OF_ARRAY(header));
        rig_feed(&rig, bytes_of(client.out, client.out_len));
        ck_assert_msg(tls_outcome(rig.tls)->why == WHY_UNEXPECTED_HANDSHAKE, "state %d, message %d: %s", state, type,
                      why_name(tls_outcome(rig.tls)->why));
        ck_assert_uint_eq(rig.received_before_finished, 0);
        client13_wipe(&client);
        rig_wipe(&rig);
    }
}

/* RFC 8446 4 MUST: a message out of order is unexpected_message. */
START_TEST(in_wait_ch_every_other_message_is_refused)
{
    refuse_everything_else(WAIT_CH);
}
END_TEST
START_TEST(in_wait_ch2_every_other_message_is_refused)
{
    refuse_everything_else(WAIT_CH2);
}
END_TEST
START_TEST(in_wait_finished_every_other_message_is_refused)
{
    refuse_everything_else(WAIT_FINISHED);
}
END_TEST
START_TEST(in_connected_every_other_message_is_refused)
{
    refuse_everything_else(CONNECTED);
}
END_TEST

/* The right message is still refused when it does not end its record (RFC 8446 5.1 MUST). */
START_TEST(a_finished_with_bytes_behind_it_is_refused)
{
    struct bytes honest;
    uint8_t more[128];

    bring_to(WAIT_FINISHED);
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
    const TTest *const tests[] = {
        the_map_is_the_figure,
        in_wait_ch_every_other_message_is_refused,
        in_wait_ch2_every_other_message_is_refused,
        in_wait_finished_every_other_message_is_refused,
        in_connected_every_other_message_is_refused,
        a_finished_with_bytes_behind_it_is_refused,
    };

    return check_run("map", tests, ARRAY_LEN(tests));
}
