/* The key port: while a request is out nothing is read and nothing leaves, whatever comes of it. */
#include "support/check_run.h"
#include "support/rig.h"

static struct rig rig;
static struct client13 client;

/* The ClientHello is in, the signature is awaited, and `behind` came with the hello in one read. */
static void begin_waiting(struct bytes behind)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init(&client, 11);
    rig.is_key_held = true;
    client13_send_hello(&client);
    client13_put(&client, behind);
    rig_pump(&rig, &client);
    ck_assert_uint_eq(tls_ready(rig.tls), TLS_KEY);
}

static void end(void)
{
    client13_wipe(&client);
    rig_wipe(&rig);
}

START_TEST(what_came_with_the_hello_is_not_looked_at_before_the_answer)
{
    struct iovec span;

    begin_waiting(BYTES_OF_LITERAL("\x14\x03\x03\x00\x01\x02")); /* a ChangeCipherSpec that is malformed */
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
    ck_assert_int_eq(tls_wire_space(rig.tls, &span, 1), 0);
    ck_assert_int_eq(tls_wire_view(rig.tls, &span, 1), 0);
    ck_assert(rig_answer_key(&rig));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CCS_MALFORMED);
    rig_drain(&rig, &client);
    ck_assert(client.is_done); /* our flight was whole before */
    end();
}
END_TEST

START_TEST(an_empty_or_oversized_answer_fails_the_handshake)
{
    static const uint8_t answer[MAX_SIGNATURE_LEN + 1] = {1};

    begin_waiting(bytes_of(NULL, 0));
    tls_key_done(rig.tls, true, bytes_of(answer, 0));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_KEY_OPERATION);
    end();
    begin_waiting(bytes_of(NULL, 0));
    tls_key_done(rig.tls, true, BYTES_OF_ARRAY(answer));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_KEY_OPERATION);
    end();
    begin_waiting(bytes_of(NULL, 0));
    tls_key_done(rig.tls, true, bytes_of(answer, MAX_SIGNATURE_LEN)); /* as long as one can be */
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_NONE);
    end();
}
END_TEST

START_TEST(an_answer_after_the_end_falls_to_the_floor)
{
    begin_waiting(bytes_of(NULL, 0));
    tls_abort(rig.tls, WHY_TIMEOUT_HANDSHAKE);
    ck_assert(!(tls_ready(rig.tls) & TLS_KEY));
    ck_assert(tls_key_wanted(rig.tls) == NULL);
    tls_key_done(rig.tls, true, BYTES_OF_LITERAL("late"));
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_TIMEOUT_HANDSHAKE);
    ck_assert(!tls_is_connected(rig.tls));
    end();
}
END_TEST

START_TEST(a_client_that_leaves_while_the_key_is_awaited_is_cut_off)
{
    begin_waiting(bytes_of(NULL, 0));
    tls_wire_end(rig.tls);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_CUT_OFF);
    ck_assert(rig.tls->handshake == NULL); /* the secrets go at once, not with the connection */
    end();
}
END_TEST

START_TEST(closing_during_the_handshake_ends_it)
{
    begin_waiting(bytes_of(NULL, 0));
    tls_close(rig.tls);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_SHUTDOWN);
    ck_assert(tls_ready(rig.tls) & TLS_OVER);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        what_came_with_the_hello_is_not_looked_at_before_the_answer,
        an_empty_or_oversized_answer_fails_the_handshake,
        an_answer_after_the_end_falls_to_the_floor,
        a_client_that_leaves_while_the_key_is_awaited_is_cut_off,
        closing_during_the_handshake_ends_it,
    };

    return check_run("key_port", tests, ARRAY_LEN(tests));
}
