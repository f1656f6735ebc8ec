/* X25519MLKEM768: handshakes, HelloRetryRequests for it and away from it, hellos of two segments, spoiled shares. */
#include <stdio.h>

#include "support/assert_rig.h"
#include "support/check_run.h"
#include "support/rig.h"
#include "tls/decision.h"

enum { HYBRID = 0x11ec, X25519 = 0x001d, EK_LEN = 1184, HYBRID_SHARE_LEN = EK_LEN + 32 };

static struct rig rig;
static struct client13 client;

static void set_codes(uint16_t *list, uint16_t first, uint16_t second, uint16_t third)
{
    list[0] = first;
    list[1] = second;
    list[2] = third;
    list[3] = 0;
}

/* A client as browsers are: it likes the hybrid best and sends a share of it, and one of X25519. */
static void begin_client(void)
{
    client13_init(&client, 11);
    set_codes(client.hello.groups, HYBRID, X25519, 0x0017);
    set_codes(client.hello.share_groups, HYBRID, X25519, 0);
}

static void begin(void)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    begin_client();
}

static void end(void)
{
    assert_rig_end(&rig, &client);
}

static void set_groups(uint16_t first, uint16_t second)
{
    const struct tls_group *groups[] = {tls_group_find(first), second ? tls_group_find(second) : NULL};

    ck_assert(tls_policy_set_groups(rig.policy, groups, second ? 2 : 1));
}

/* `retry`: the group of the HelloRetryRequest; 0: there is none. */
static void expect_group(uint16_t group, uint16_t retry)
{
    rig_handshake(&rig, &client);
    assert_rig_connected(&rig, &client);
    ck_assert_uint_eq(client.group, group);
    ck_assert_uint_eq(tls_outcome(rig.tls)->group->code, group);
    ck_assert_uint_eq(client.retry_group, retry);
    ck_assert(tls_outcome(rig.tls)->is_hello_retried == (retry != 0));
    client13_send_text(&client, BYTES_OF_LITERAL("ping"));
    rig_pump(&rig, &client);
    ck_assert(bytes_equal(bytes_of(rig.received, rig.received_len), BYTES_OF_LITERAL("ping")));
    end();
}

static void expect_refused(enum why why, enum alert alert)
{
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert_msg(tls_outcome(rig.tls)->why == why, "%s", why_name(tls_outcome(rig.tls)->why));
    ck_assert_uint_eq(client.alert, alert);
    end();
}

START_TEST(the_hybrid_is_what_we_like_best)
{
    begin();
    expect_group(HYBRID, 0);
    begin();
    set_codes(client.hello.groups, X25519, HYBRID, 0); /* whatever the client likes better */
    set_codes(client.hello.share_groups, X25519, HYBRID, 0);
    expect_group(HYBRID, 0);
}
END_TEST

START_TEST(a_retry_asks_for_the_hybrid_and_is_answered_with_its_share)
{
    begin();
    client.hello.share_groups[0] = 0;
    expect_group(HYBRID, HYBRID);
}
END_TEST

START_TEST(a_retry_asks_a_client_with_a_hybrid_share_for_another_group)
{
    begin();
    set_groups(X25519, 0);
    set_codes(client.hello.share_groups, HYBRID, 0, 0);
    expect_group(X25519, X25519);
}
END_TEST

START_TEST(a_share_of_x25519_is_taken_without_a_retry)
{
    begin();
    set_codes(client.hello.share_groups, X25519, 0, 0);
    expect_group(X25519, 0);
}
END_TEST

START_TEST(a_resumed_handshake_agrees_on_the_hybrid_too)
{
    static struct ticket13 ticket;

    begin();
    ck_assert(rig_add_tickets(&rig, 1));
    ck_assert(rig_connect(&rig));
    rig_handshake(&rig, &client);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_gt(client.ticket.len, 0);
    ticket = client.ticket;
    client13_wipe(&client);
    begin_client();
    client.hello.ticket = &ticket;
    rig.received_len = 0;
    ck_assert(rig_connect(&rig));
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    ck_assert(client.is_psk_accepted);
    ck_assert_uint_eq(client.group, HYBRID);
    end();
}
END_TEST

/* ---- the policy */

static void begin_with(enum tls_post_quantum post_quantum)
{
    begin();
    tls_policy_set_post_quantum(rig.policy, post_quantum);
}

static void expect_decisions(const char *expected)
{
    const struct decisions *decisions = tls_decisions(rig.tls);
    char text[512] = "";

    for (size_t i = 0; i < decisions->count; i++) {
        const struct decision *d = &decisions->entries[i];
        if (d->subject == DECISION_GROUP)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s: %s; ", tls_group_name(d->code),
                     decision_verdict_text(d->verdict));
    }
    ck_assert_str_eq(text, expected);
}

START_TEST(preferred_it_is_asked_for_although_a_share_of_another_group_came)
{
    begin_with(TLS_POST_QUANTUM_PREFERRED);
    set_codes(client.hello.share_groups, X25519, 0, 0);
    expect_group(HYBRID, HYBRID);
    begin_with(TLS_POST_QUANTUM_PREFERRED);
    expect_group(HYBRID, 0); /* its share came */
    begin_with(TLS_POST_QUANTUM_PREFERRED);
    set_groups(X25519, HYBRID); /* whatever its place */
    expect_group(HYBRID, 0);
    begin_with(TLS_POST_QUANTUM_PREFERRED);
    client.hello.share_groups[0] = 0;
    expect_group(HYBRID, HYBRID);
}
END_TEST

START_TEST(preferred_it_is_not_forced_on_a_client_that_does_not_know_it)
{
    begin_with(TLS_POST_QUANTUM_PREFERRED);
    set_codes(client.hello.groups, X25519, 0x0017, 0);
    set_codes(client.hello.share_groups, X25519, 0, 0);
    expect_group(X25519, 0);
    begin_with(TLS_POST_QUANTUM_PREFERRED);
    set_codes(client.hello.groups, X25519, 0x0017, 0);
    client.hello.share_groups[0] = 0;
    expect_group(X25519, X25519);
}
END_TEST

START_TEST(required_it_is_asked_for_and_who_does_not_know_it_is_refused)
{
    begin_with(TLS_POST_QUANTUM_REQUIRED);
    expect_group(HYBRID, 0);
    begin_with(TLS_POST_QUANTUM_REQUIRED);
    set_codes(client.hello.share_groups, X25519, 0, 0);
    expect_group(HYBRID, HYBRID);
    begin_with(TLS_POST_QUANTUM_REQUIRED);
    set_codes(client.hello.groups, X25519, 0x0017, 0);
    set_codes(client.hello.share_groups, X25519, 0, 0);
    expect_refused(WHY_NO_POST_QUANTUM, ALERT_HANDSHAKE_FAILURE);
}
END_TEST

START_TEST(required_it_leaves_no_room_for_tls_1_2)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init_version(&client, 11, TLS_1_2);
    tls_policy_set_post_quantum(rig.policy, TLS_POST_QUANTUM_REQUIRED);
    expect_refused(WHY_NO_POST_QUANTUM, ALERT_HANDSHAKE_FAILURE);
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(rig_connect(&rig));
    client13_init_version(&client, 11, TLS_1_2);
    tls_policy_set_post_quantum(rig.policy, TLS_POST_QUANTUM_PREFERRED);
    rig_handshake(&rig, &client);
    assert_rig_connected(&rig, &client);
    end();
}
END_TEST

START_TEST(the_record_tells_what_became_of_each_group)
{
    begin_with(TLS_POST_QUANTUM_PREFERRED);
    set_groups(X25519, HYBRID);
    set_codes(client.hello.share_groups, X25519, 0, 0);
    client13_send_hello(&client);
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    expect_decisions("X25519MLKEM768: no key share came for it; X25519MLKEM768: asked for with a HelloRetryRequest; ");
    end();
    begin_with(TLS_POST_QUANTUM_PREFERRED);
    set_codes(client.hello.groups, X25519, 0x0017, 0);
    set_codes(client.hello.share_groups, X25519, 0, 0);
    client13_send_hello(&client);
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    expect_decisions("X25519MLKEM768: not offered by the client; x25519: chosen; ");
    end();
    begin();
    set_codes(client.hello.share_groups, X25519, 0, 0);
    client13_send_hello(&client);
    rig_feed(&rig, bytes_of(client.out, client.out_len));
    expect_decisions("X25519MLKEM768: no key share came for it; x25519: chosen; ");
    end();
}
END_TEST

/* ---- such a hello fills two segments, and what is in front of us may cut it into records too */

static uint8_t hello[4096], answer[8192];
static size_t hello_len, answer_len;

static void make_hello(void)
{
    struct bytes message;

    begin();
    message = client13_make_hello(&client);
    hello_len = message.len;
    ck_assert(hello_len > 1400 && hello_len < sizeof hello);
    memcpy(hello, message.at, hello_len);
    answer_len = 0;
}

/* The records in client.out, of which `at` bytes come first. The answer must be that of the first time. */
static void feed_cut_at(size_t at)
{
    struct bytes wire = bytes_of(client.out, client.out_len);

    rig.wire_len = 0;
    rig.random = (struct test_random){.state = 7};
    ck_assert(rig_connect(&rig));
    rig_feed(&rig, bytes_of(wire.at, at));
    ck_assert_uint_eq(tls_ready(rig.tls) & (TLS_WIRE_OUT | TLS_KEY | TLS_OVER), 0);
    rig_feed(&rig, bytes_of(wire.at + at, wire.len - at));
    ck_assert(rig_answer_key(&rig));
    rig_drain(&rig, NULL);
    if (answer_len == 0) {
        answer_len = rig.wire_len;
        ck_assert(answer_len > 1000 && answer_len < sizeof answer);
        memcpy(answer, rig.wire, answer_len);
    }
    ck_assert(bytes_equal(bytes_of(rig.wire, rig.wire_len), bytes_of(answer, answer_len)));
}

START_TEST(a_hello_in_two_segments_is_answered_the_same_wherever_it_is_cut)
{
    make_hello();
    client13_put_plain_record(&client, CONTENT_HANDSHAKE, bytes_of(hello, hello_len));
    for (size_t at = 1; at < client.out_len; at++)
        feed_cut_at(at);
    end();
}
END_TEST

/* RFC 8446 5.1: a message may be split over records at any boundary. */
START_TEST(a_hello_in_two_records_is_answered_the_same_wherever_it_is_split)
{
    make_hello();
    for (size_t at = 1; at < hello_len; at++) {
        client.out_len = 0;
        client13_put_plain_record(&client, CONTENT_HANDSHAKE, bytes_of(hello, at));
        client13_put_plain_record(&client, CONTENT_HANDSHAKE, bytes_of(hello + at, hello_len - at));
        feed_cut_at(RECORD_HEADER_LEN + at);
    }
    end();
}
END_TEST

START_TEST(the_conversation_is_the_same_however_it_is_cut)
{
    struct cut cuts[] = {{.fixed = 0}, {.fixed = 1}, {.random = 3}, {.fixed = 1440}};

    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        begin();
        rig.cut = cuts[i];
        client.hello.share_groups[0] = 0; /* with a retry, whose answer is long */
        expect_group(HYBRID, HYBRID);
    }
}
END_TEST

/* ---- spoiled shares; draft-ietf-tls-ecdhe-mlkem 4.2 MUST: abort with illegal_parameter */

static void send_spoiled(void (*spoil)(uint8_t *share))
{
    static const uint8_t start[] = {0x11, 0xec, HYBRID_SHARE_LEN >> 8, HYBRID_SHARE_LEN & 0xff};
    uint8_t *share;

    make_hello();
    share = memmem(hello, hello_len, start, sizeof start);
    ck_assert_ptr_nonnull(share);
    spoil(share + sizeof start);
    client13_put_plain_record(&client, CONTENT_HANDSHAKE, bytes_of(hello, hello_len));
    rig_pump(&rig, &client);
    ck_assert_int_eq(tls_outcome(rig.tls)->why, WHY_KEY_SHARE_INVALID);
    ck_assert_uint_eq(client.alert, ALERT_ILLEGAL_PARAMETER);
    end();
}

static void spoil_a_number(uint8_t *share)
{
    share[0] = 0x01; /* 3329, which is q */
    share[1] = (uint8_t)((share[1] & 0xf0) | 0x0d);
}

static void spoil_the_last_number(uint8_t *share)
{
    share[1150] |= 0xf0;
    share[1151] = 0xff;
}

static void spoil_the_point(uint8_t *share)
{
    memset(share + EK_LEN, 0, 32);
}

START_TEST(a_spoiled_share_is_refused)
{
    send_spoiled(spoil_a_number);
    send_spoiled(spoil_the_last_number);
    send_spoiled(spoil_the_point);
}
END_TEST

/* RFC 8446 4.2.8, draft-ietf-tls-ecdhe-mlkem 4.1: a share is of one length. */
static void send_share_of(size_t len)
{
    uint8_t extension[HYBRID_SHARE_LEN + 64] = {0};
    struct writer w = writer_of(extension, sizeof extension);
    struct vector_mark outer, list, share;

    begin();
    client.hello.omit |= OMIT_KEY_SHARE;
    write_u16(&w, EXTENSION_KEY_SHARE);
    outer = write_vec16_begin(&w);
    list = write_vec16_begin(&w);
    write_u16(&w, HYBRID);
    share = write_vec16_begin(&w);
    ck_assert_ptr_nonnull(write_space(&w, len));
    write_vec_end(&w, share);
    write_vec_end(&w, list);
    write_vec_end(&w, outer);
    client.hello.extra = writer_view(&w);
    expect_refused(WHY_KEY_SHARE_INVALID, ALERT_ILLEGAL_PARAMETER);
}

START_TEST(a_share_of_another_length_is_refused)
{
    static const size_t lengths[] = {1, 32, EK_LEN, HYBRID_SHARE_LEN - 1, HYBRID_SHARE_LEN + 1};

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++)
        send_share_of(lengths[i]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_hybrid_is_what_we_like_best,
        a_retry_asks_for_the_hybrid_and_is_answered_with_its_share,
        a_retry_asks_a_client_with_a_hybrid_share_for_another_group,
        a_share_of_x25519_is_taken_without_a_retry,
        a_resumed_handshake_agrees_on_the_hybrid_too,
        preferred_it_is_asked_for_although_a_share_of_another_group_came,
        preferred_it_is_not_forced_on_a_client_that_does_not_know_it,
        required_it_is_asked_for_and_who_does_not_know_it_is_refused,
        required_it_leaves_no_room_for_tls_1_2,
        the_record_tells_what_became_of_each_group,
        a_hello_in_two_segments_is_answered_the_same_wherever_it_is_cut,
        a_hello_in_two_records_is_answered_the_same_wherever_it_is_split,
        the_conversation_is_the_same_however_it_is_cut,
        a_spoiled_share_is_refused,
        a_share_of_another_length_is_refused,
    };

    return check_run("post_quantum", tests, ARRAY_LEN(tests));
}
