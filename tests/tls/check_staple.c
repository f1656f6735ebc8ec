/*
 * An OCSP response is sent while it is current, in both versions; what became of it is in the record.
 */
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "tls/decision.h"
#include "tls/tls_types.h"

enum { THIS_UPDATE = 1800000000, NEXT_UPDATE = THIS_UPDATE + 3600 };

static const char response[] = "a response";
static struct rig rig;
static struct client13 client;

static int staple_verdict(const struct decisions *decisions)
{
    int verdict = -1;

    for (size_t i = 0; i < decisions->count; i++) {
        if (decisions->entries[i].subject != DECISION_STAPLE)
            continue;
        ck_assert_int_eq(verdict, -1); /* once at most */
        verdict = decisions->entries[i].verdict;
    }
    return verdict;
}

/* A handshake at `now` with a client that asks; `has_clock` says whether the policy knows the time at all. */
static void expect(uint16_t version, struct tls_staple_time time, int64_t now, bool has_clock, int verdict)
{
    bool is_sent = verdict == VERDICT_CHOSEN;

    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert(tls_policy_set_staple(rig.policy, 0, bytes_of_string(response), time));
    rig.time = now;
    if (!has_clock)
        tls_policy_set_time(rig.policy, NULL);
    ck_assert(rig_connect(&rig));
    client13_init_version(&client, 11, version);
    client.hello.extra = BYTES_OF_LITERAL("\x00\x05\x00\x05\x01\x00\x00\x00\x00"); /* status_request */
    rig_handshake(&rig, &client);
    assert_rig_connected(&rig, &client);
    ck_assert_uint_eq(tls_outcome(rig.tls)->version, version);
    ck_assert_uint_eq(client.status_len, is_sent ? sizeof response - 1 : 0);
    if (version == TLS_1_2)
        ck_assert(client13_has_message(&client, CERTIFICATE_STATUS) == is_sent);
    ck_assert_int_eq(staple_verdict(tls_decisions(rig.tls)), verdict);
    assert_rig_end(&rig, &client);
}

/* RFC 6960 3.2 (5), (6): thisUpdate is not in the future, nextUpdate is after now. */
START_TEST(a_response_is_sent_from_this_update_on_and_before_next_update)
{
    static const struct tls_staple_time an_hour = {THIS_UPDATE, NEXT_UPDATE};
    static const uint16_t versions[] = {TLS_1_2, TLS_1_3};

    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        expect(versions[i], an_hour, THIS_UPDATE - 1, true, VERDICT_NOT_CURRENT);
        expect(versions[i], an_hour, THIS_UPDATE, true, VERDICT_CHOSEN);
        expect(versions[i], an_hour, NEXT_UPDATE - 1, true, VERDICT_CHOSEN);
        expect(versions[i], an_hour, NEXT_UPDATE, true, VERDICT_NOT_CURRENT);
    }
}
END_TEST

/* RFC 6960 2.4: without nextUpdate it has no end of its own. */
START_TEST(a_response_without_next_update_does_not_expire)
{
    static const struct tls_staple_time endless = {THIS_UPDATE, 0};

    expect(TLS_1_3, endless, THIS_UPDATE + INT64_C(1000000000), true, VERDICT_CHOSEN);
    expect(TLS_1_3, endless, THIS_UPDATE - 1, true, VERDICT_NOT_CURRENT);
}
END_TEST

START_TEST(without_a_clock_no_response_is_sent)
{
    expect(TLS_1_3, (struct tls_staple_time){0, 0}, THIS_UPDATE, false, VERDICT_NOT_CURRENT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_response_is_sent_from_this_update_on_and_before_next_update,
        a_response_without_next_update_does_not_expire,
        without_a_clock_no_response_is_sent,
    };
    return check_run("staple", tests, ARRAY_LEN(tests));
}
