/*
 * What a client is told of the life of its ticket is true: to the second before its end it resumes, then no more.
 */
#include "support/assert_rig.h"
#include "support/check_run.h"
#include "support/rig.h"
#include "tls/ticket_keys.h"

enum { HOUR = 3600, WEEK = 7 * 24 * HOUR, ISSUES = 4 * HOUR, ACCEPTS = 8 * HOUR };

static const uint16_t versions[] = {TLS_1_3, TLS_1_2};
static struct rig rig;
static struct client13 client;
static struct ticket13 ticket;

static void begin(struct ticket_keys *keys, uint32_t lifetime)
{
    ck_assert(rig_init(&rig, 7));
    ck_assert(rig_add_certificate(&rig, "p256"));
    ck_assert_ptr_nonnull(keys);
    rig.tickets = keys;
    ck_assert(tls_policy_set_tickets(rig.policy, BYTES_OF_LITERAL("web"), 2, lifetime));
    client13_init(&client, 11);
}

static void end(void)
{
    assert_rig_end(&rig, &client);
}

static struct ticket_keys *own_keys(void)
{
    return ticket_keys_new(random_system(), ISSUES, ACCEPTS);
}

static struct ticket_keys *keys_of_a_file(void)
{
    static const uint8_t file[TICKET_KEY_FILE_LEN] = "name............key.................";
    const struct bytes files[] = {BYTES_OF_ARRAY(file)};
    struct ticket_keys_fault fault;

    return ticket_keys_from_files(random_system(), files, 1, &fault);
}

static void shake_hands(uint16_t version, const struct ticket13 *with)
{
    client13_wipe(&client);
    client13_init_version(&client, 11, version);
    client.hello.ticket = with;
    ck_assert(rig_connect(&rig));
    rig_handshake(&rig, &client);
    assert_rig_connected(&rig, &client);
}

/* A full handshake now: the lifetime of the ticket that it brings. */
static uint32_t told_lifetime(uint16_t version)
{
    shake_hands(version, NULL);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_gt(client.ticket.len, 0);
    ticket = client.ticket;
    return client.ticket.lifetime;
}

/* The same, where the clock is put on (or back) by `seconds` while the ticket is being sealed. */
static uint32_t told_lifetime_after(uint16_t version, int64_t seconds)
{
    const struct tls_key_request *wanted;

    client13_wipe(&client);
    client13_init_version(&client, 11, version);
    ck_assert(rig_connect(&rig));
    rig.is_sealing_held = true;
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    client13_send_finished(&client);
    rig_pump(&rig, &client);
    wanted = tls_key_wanted(rig.tls);
    ck_assert_ptr_nonnull(wanted);
    ck_assert_int_eq(wanted->operation, TLS_KEY_SEAL_TICKET);
    rig.time += seconds;
    rig.is_sealing_held = false;
    rig_pump(&rig, &client);
    assert_rig_connected(&rig, &client);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    ck_assert_uint_gt(client.ticket.len, 0);
    ticket = client.ticket;
    return client.ticket.lifetime;
}

/* The ticket, all but one second of `lifetime` from now and that second later. */
static void expect_end_after(uint16_t version, uint32_t lifetime)
{
    rig.time += lifetime - 1;
    shake_hands(version, &ticket);
    ck_assert(tls_outcome(rig.tls)->is_resumed);
    rig.time++;
    shake_hands(version, &ticket);
    ck_assert(!tls_outcome(rig.tls)->is_resumed);
}

START_TEST(a_ticket_is_promised_no_longer_than_the_key_that_sealed_it_opens)
{
    uint16_t version = versions[_i];

    begin(own_keys(), WEEK);
    ck_assert_uint_eq(told_lifetime(version), ACCEPTS);
    rig.time += ISSUES; /* the next key */
    ck_assert_uint_eq(told_lifetime(version), ACCEPTS);
    rig.time += 3 * HOUR;
    ck_assert_uint_eq(told_lifetime(version), ACCEPTS - 3 * HOUR);
    expect_end_after(version, ACCEPTS - 3 * HOUR);
    end();
}
END_TEST

START_TEST(a_ticket_is_promised_no_longer_than_its_session_lasts)
{
    uint16_t version = versions[_i];

    begin(own_keys(), HOUR);
    ck_assert_uint_eq(told_lifetime(version), HOUR);
    expect_end_after(version, HOUR);
    end();
}
END_TEST

START_TEST(keys_from_files_do_not_age)
{
    uint16_t version = versions[_i];

    begin(keys_of_a_file(), WEEK);
    ck_assert_uint_eq(told_lifetime(version), WEEK);
    expect_end_after(version, WEEK);
    end();
}
END_TEST

START_TEST(what_the_key_service_took_is_gone_from_the_promise)
{
    uint16_t version = versions[_i];

    begin(keys_of_a_file(), HOUR);
    ck_assert_uint_eq(told_lifetime_after(version, 10), HOUR - 10);
    expect_end_after(version, HOUR - 10);
    end();
}
END_TEST

/* RFC 8446 4.6.1 MUST NOT: more than 604800 seconds. */
START_TEST(a_clock_that_is_put_back_makes_no_promise_longer)
{
    uint16_t version = versions[_i];

    begin(keys_of_a_file(), WEEK);
    ck_assert_uint_eq(told_lifetime_after(version, -HOUR), WEEK);
    ck_assert(tls_policy_set_tickets(rig.policy, BYTES_OF_LITERAL("web"), 2, HOUR));
    ck_assert_uint_eq(told_lifetime_after(version, -HOUR), HOUR);
    end();
}
END_TEST

int main(void)
{
    const TTest *const loops[] = {
        a_ticket_is_promised_no_longer_than_the_key_that_sealed_it_opens,
        a_ticket_is_promised_no_longer_than_its_session_lasts,
        keys_from_files_do_not_age,
        what_the_key_service_took_is_gone_from_the_promise,
        a_clock_that_is_put_back_makes_no_promise_longer,
    };
    if (!crypto_start()) /* ticket keys are made before the rig is */
        return 1;
    return check_run_loops("ticket_lifetime", NULL, 0, loops, ARRAY_LEN(loops), (int)ARRAY_LEN(versions));
}
