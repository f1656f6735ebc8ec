/*
 * The remote key service, with the test as its keyholder: what is sent, and what comes of a keyholder that dies, of
 * time and of a crowd.
 */
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/proxy.h"
#include "proxy/remote_rig.h"
#include "support/check_run.h"
#include "tls/ticket_keys.h"

/* ---- how many calls the questions take (the linker puts these in front) */

ssize_t __real_send(int fd, const void *at, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *at, size_t len, int flags);
static unsigned sends;

ssize_t __wrap_send(int fd, const void *at, size_t len, int flags)
{
    sends += (flags & MSG_DONTWAIT) != 0; /* the service's; those of the rig wait */
    return __real_send(fd, at, len, flags);
}

/* ---- questions and answers */

START_TEST(the_questions_of_one_turn_leave_in_one_call_at_its_end)
{
    struct tls_key_request request = remote_request(3, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13);

    remote_start();
    remote_turn();
    sends = 0;
    for (uint64_t id = 1; id <= 5; id++)
        remote_ask(id, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13);
    ck_assert_uint_eq(sends, 0);
    remote_turn();
    ck_assert_uint_eq(sends, 1);
    ck_assert_uint_eq(remote_take_questions(), 5);
    ck_assert_mem_eq(&remote.questions[2].request, &request, sizeof request);
    ck_assert_uint_eq(key_service_waiting(remote.service), 5);
    remote_end();
}
END_TEST

START_TEST(every_question_gets_its_own_answer_in_whatever_order_they_come)
{
    remote_start();
    for (uint64_t id = 1; id <= 3; id++)
        remote_ask(id, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 3);
    remote_reply(&remote.questions[2], true);
    remote_turn();
    ck_assert_uint_eq(remote.last_id, 3);
    ck_assert_uint_eq(remote.last_answer.len, 4 + TICKET_OVERHEAD);
    remote_reply(&remote.questions[0], false);
    remote_turn();
    ck_assert_uint_eq(remote.last_id, 1);
    ck_assert_uint_eq(remote.last_answer.len, 0);
    remote_reply(&remote.questions[1], true);
    remote_turn();
    ck_assert_uint_eq(remote.last_id, 2);
    ck_assert_uint_eq(remote.answers, 3);
    ck_assert_uint_eq(remote.good_answers, 2);
    ck_assert_uint_eq(key_service_waiting(remote.service), 0);
    ck_assert_uint_eq(remote.lost, 0);
    remote_end();
}
END_TEST

/* Signatures take their time: they must not stand before the tickets in the keyholder's line. */
START_TEST(of_a_storm_only_some_are_asked_at_once_and_a_ticket_finds_room)
{
    remote_start();
    for (uint64_t id = 1; id <= 200; id++)
        remote_ask(id, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), MAX_PRIVATE_KEYS_IN_FLIGHT);
    remote_ask(201, TLS_KEY_OPEN_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1);
    ck_assert_int_eq(remote.questions[0].request.operation, TLS_KEY_OPEN_TICKET);
    remote_reply(&remote.questions[0], true);
    remote_turn();
    ck_assert_uint_eq(remote.last_id, 201);
    ck_assert_uint_eq(remote_take_questions(), 0); /* its place was no signature's */
    for (uint64_t id = 202; id <= 300; id++)
        remote_ask(id, TLS_KEY_OPEN_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), KEY_BATCH - MAX_PRIVATE_KEYS_IN_FLIGHT);
    remote_end();
}
END_TEST

START_TEST(all_of_a_storm_are_answered_once_each)
{
    size_t count;

    remote_start();
    for (uint64_t id = 1; id <= 900; id++)
        remote_ask(id, id % 3 ? TLS_KEY_OPEN_TICKET : TLS_KEY_SEAL_TICKET);
    while (key_service_waiting(remote.service) > 0) {
        remote_turn();
        count = remote_take_questions();
        for (size_t i = count; i-- > 0;)
            remote_reply(&remote.questions[i], true);
    }
    ck_assert_uint_eq(remote.answers, 900);
    for (size_t id = 1; id <= 900; id++)
        ck_assert_uint_eq(remote.answers_of[id], 1);
    remote_end();
}
END_TEST

/* ---- a keyholder that dies */

START_TEST(what_a_dead_keyholder_has_not_answered_is_asked_of_the_next_one)
{
    unsigned again = 0;

    remote_start();
    for (uint64_t id = 1; id <= 100; id++)
        remote_ask(id, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), KEY_BATCH);
    remote_reply(&remote.questions[10], true);
    remote_turn();
    ck_assert_uint_eq(remote.answers, 1);
    close(remote.keyholder);
    remote_turn();
    ck_assert_uint_eq(remote.lost, 1);
    ck_assert_uint_eq(key_service_waiting(remote.service), 99);
    remote_ask(101, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert(key_service_set_socket(remote.service, remote_new_pair()));
    while (key_service_waiting(remote.service) > 0) {
        remote_turn();
        for (size_t count = remote_take_questions(); count-- > 0; again++)
            remote_reply(&remote.questions[count], true);
    }
    ck_assert_uint_eq(again, 100);
    for (size_t id = 1; id <= 101; id++)
        ck_assert_uint_eq(remote.answers_of[id], 1);
    remote_end();
}
END_TEST

START_TEST(another_keyholder_takes_over_from_one_that_lives)
{
    int old;

    remote_start();
    remote_ask(1, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1);
    old = remote.keyholder;
    ck_assert(key_service_set_socket(remote.service, remote_new_pair()));
    ck_assert_int_eq(send(old, "x", 1, MSG_NOSIGNAL), -1);
    close(old);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1);
    ck_assert_uint_eq(remote.lost, 0); /* it was no loss */
    remote_end();
}
END_TEST

/* ---- time */

START_TEST(what_waits_too_long_fails_with_and_without_a_keyholder)
{
    uint64_t end_of_patience;

    remote_start();
    for (uint64_t id = 1; id <= KEY_BATCH + 10; id++)
        remote_ask(id, TLS_KEY_SEAL_TICKET);
    end_of_patience = proxy_now() + KEY_SILENCE_TIMEOUT;
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), KEY_BATCH);
    while (key_service_waiting(remote.service) > 0) {
        ck_assert_int_ge(event_base_loop(remote.base, EVLOOP_ONCE), 0);
        ck_assert(remote.answers == 0 || proxy_now() >= end_of_patience);
    }
    ck_assert_uint_lt(proxy_now(), end_of_patience + KEY_WAIT_TIMEOUT / 2);
    ck_assert_uint_eq(remote.answers, KEY_BATCH + 10);
    ck_assert_uint_eq(remote.good_answers, 0);
    remote_reply(&remote.questions[5], true); /* late, and no violation */
    remote_ask(KEY_BATCH + 11, TLS_KEY_SEAL_TICKET);
    remote_turn();
    remote_turn();
    ck_assert_uint_eq(remote.lost, 0);
    ck_assert_uint_eq(remote_take_questions(), 1); /* in the place that the late one made free */
    ck_assert_uint_eq(remote.answers, KEY_BATCH + 10);
    close(remote.keyholder);
    remote_turn();
    ck_assert(key_service_set_socket(remote.service, remote_new_pair()));
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1); /* what was given up is not asked again */
    ck_assert_uint_eq(remote.questions[0].request.payload[0], KEY_BATCH + 11);
    remote_end();
}
END_TEST

static void turn_for(uint64_t wait)
{
    uint64_t end = proxy_now() + wait;

    while (proxy_now() < end) {
        remote_turn();
        usleep(10 * 1000);
    }
}

START_TEST(one_that_waits_while_others_are_answered_fails_sooner)
{
    uint64_t began = proxy_now();
    size_t others = 0;

    remote_start();
    remote_ask(1, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1);
    while (remote.answers == others) {
        remote_ask(2 + others++, TLS_KEY_SEAL_TICKET);
        remote_turn();
        ck_assert_uint_eq(remote_take_questions(), 1);
        remote_reply(&remote.questions[0], true);
        turn_for(200 * 1000);
    }
    ck_assert_uint_eq(remote.good_answers, others);
    ck_assert_uint_gt(proxy_now() - began, KEY_WAIT_TIMEOUT);
    ck_assert_uint_lt(proxy_now() - began, KEY_SILENCE_TIMEOUT / 2);
    remote_end();
}
END_TEST

START_TEST(those_who_waited_in_a_silence_are_answered_behind_it)
{
    remote_start();
    remote_ask(1, TLS_KEY_SEAL_TICKET);
    remote_ask(2, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 2);
    turn_for(KEY_WAIT_TIMEOUT + KEY_WAIT_TIMEOUT / 2);
    ck_assert_uint_eq(remote.answers, 0);
    remote_reply(&remote.questions[0], true);
    turn_for(KEY_WAIT_TIMEOUT / 4);
    ck_assert_uint_eq(remote.answers, 1);
    remote_reply(&remote.questions[1], true);
    turn_for(KEY_WAIT_TIMEOUT / 16);
    ck_assert_uint_eq(remote.good_answers, 2);
    remote_end();
}
END_TEST

START_TEST(without_a_keyholder_questions_wait_and_then_fail)
{
    remote_begin(-1, remote_take_answer);
    remote_ask(1, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(key_service_waiting(remote.service), 1);
    while (key_service_waiting(remote.service) > 0)
        ck_assert_int_ge(event_base_loop(remote.base, EVLOOP_ONCE), 0);
    ck_assert_uint_eq(remote.answers, 1);
    ck_assert_uint_eq(remote.good_answers, 0);
    ck_assert_int_eq(event_base_loop(remote.base, EVLOOP_NONBLOCK), 1); /* and no timer is left */
    (void)remote_new_pair();
    remote_end();
}
END_TEST

/* ---- a crowd */

static void ask_patiently(uint64_t id)
{
    struct tls_key_request request = remote_request(id, TLS_KEY_SEAL_TICKET);

    ck_assert(
        key_service_ask(remote.service, (struct connection_ticket){id, (uint32_t)id + 7}, &request, KEY_MAY_WAIT));
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 0);
}

START_TEST(a_question_that_may_wait_goes_along_with_one_that_may_not)
{
    remote_start();
    remote_turn(); /* a new socket is asked at once */
    ask_patiently(1);
    ask_patiently(2);
    remote_ask(3, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 3);
    ask_patiently(4);
    for (size_t i = 0; i < 3; i++)
        remote_reply(&remote.questions[i], true);
    remote_turn();
    ck_assert_uint_eq(remote.good_answers, 3);
    ck_assert_uint_eq(remote_take_questions(), 0); /* answers are no reason to send it */
    key_service_hurry(remote.service);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1);
    remote_end();
}
END_TEST

START_TEST(patience_has_an_end)
{
    uint64_t asked_at = proxy_now();

    remote_start();
    remote_turn(); /* a new socket is asked at once */
    ask_patiently(1);
    while (remote_take_questions() == 0)
        ck_assert_int_ge(event_base_loop(remote.base, EVLOOP_ONCE), 0);
    ck_assert_uint_ge(proxy_now() - asked_at, KEY_PATIENCE / 2);
    remote.last_wait = 1;
    remote_reply(&remote.questions[0], true);
    remote_turn();
    ck_assert_uint_eq(remote.last_wait, 0); /* that it could wait says nothing of how busy anybody is */
    remote_end();
}
END_TEST

/* Else who is held before his key exchange would wait for tickets that nobody hurries. */
START_TEST(what_may_wait_is_not_among_the_questions_of_private_keys)
{
    remote_start();
    remote_turn(); /* a new socket is asked at once */
    ask_patiently(1);
    ck_assert_uint_eq(key_service_waiting(remote.service), 1);
    ck_assert_uint_eq(key_service_private_keys_waiting(remote.service), 0);
    remote_ask(2, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13);
    ck_assert_uint_eq(key_service_private_keys_waiting(remote.service), 1);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 2);
    ck_assert_uint_eq(key_service_private_keys_waiting(remote.service), 1);
    remote_reply(&remote.questions[1], true);
    remote_turn();
    ck_assert_uint_eq(key_service_private_keys_waiting(remote.service), 0);
    remote_end();
}
END_TEST

static void ask_again(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    remote_take_answer(context, ticket, is_ok, answer);
    if (!is_ok && ticket.id <= 2 * MAX_KEY_QUEUE)
        remote_ask(ticket.id + 2 * MAX_KEY_QUEUE, TLS_KEY_OPEN_TICKET);
}

START_TEST(who_is_pushed_out_may_ask_again_and_everybody_gets_one_answer)
{
    remote_begin(remote_new_pair(), ask_again);
    for (uint64_t id = 1; id <= 2 * MAX_KEY_QUEUE; id++)
        remote_ask(id, TLS_KEY_OPEN_TICKET);
    while (key_service_waiting(remote.service) > 0) {
        remote_turn();
        for (size_t count = remote_take_questions(); count-- > 0;)
            remote_reply(&remote.questions[count], true);
    }
    for (size_t id = 1; id <= 2 * MAX_KEY_QUEUE; id++)
        ck_assert_msg(remote.answers_of[id] == 1, "%zu was answered %u times", id, remote.answers_of[id]);
    for (size_t id = 2 * MAX_KEY_QUEUE + 1; id <= REMOTE_MOST; id++)
        ck_assert_uint_le(remote.answers_of[id], 1);
    ck_assert_uint_ge(remote.answers - remote.good_answers, MAX_KEY_QUEUE);
    remote_end();
}
END_TEST

/* The socket takes a few: the rest waits until there is room, and nobody waits for the socket. */
START_TEST(a_socket_that_is_full_holds_nothing_up_and_loses_nothing)
{
    struct tls_key_request request = remote_request(1, TLS_KEY_SEAL_TICKET);
    int socket = remote_new_pair(), little = MAX_KEY_DATAGRAM_LEN; /* one such, and a little more */
    unsigned rounds = 0;
    size_t count;

    ck_assert_int_eq(setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &little, sizeof little), 0);
    remote_begin(socket, remote_take_answer);
    request.payload_len = MAX_KEY_PAYLOAD_LEN;
    for (uint64_t id = 1; id <= 300; id++)
        ck_assert(
            key_service_ask(remote.service, (struct connection_ticket){id, (uint32_t)id + 7}, &request, KEY_AT_ONCE));
    while (key_service_waiting(remote.service) > 0) {
        remote_turn();
        count = remote_take_questions();
        ck_assert_uint_lt(count, KEY_BATCH / 2);
        for (size_t i = 0; i < count; i++)
            remote_reply(&remote.questions[i], true);
        ck_assert_uint_lt(rounds++, 10000);
    }
    for (size_t id = 1; id <= 300; id++)
        ck_assert_uint_eq(remote.answers_of[id], 1);
    ck_assert_uint_eq(remote.lost, 0);
    remote_end();
}
END_TEST

/* Each reply moves a handshake on: the relays run in between. */
static void take_time(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    uint64_t until = proxy_now() + HANDSHAKE_TURN / 2;

    while (proxy_now() < until)
        ;
    remote_take_answer(context, ticket, is_ok, answer);
}

START_TEST(replies_that_lead_to_much_work_are_handed_out_over_several_turns)
{
    remote_begin(remote_new_pair(), take_time);
    for (uint64_t id = 1; id <= 20; id++)
        remote_ask(id, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 20);
    for (size_t i = 0; i < 20; i++)
        remote_reply(&remote.questions[i], true);
    ck_assert_int_ge(event_base_loop(remote.base, EVLOOP_ONCE), 0);
    ck_assert_uint_ge(remote.answers, 1);
    ck_assert_uint_le(remote.answers, 4);
    while (key_service_waiting(remote.service) > 0)
        remote_turn();
    ck_assert_uint_eq(remote.good_answers, 20);
    remote_end();
}
END_TEST

/* An answer that comes after `wait`, and says that it took `cost` there. */
static void ask_and_answer(uint64_t id, enum tls_key_operation operation, useconds_t wait, uint32_t cost)
{
    remote_ask(id, operation);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1);
    usleep(wait);
    remote.reply_cost = cost;
    remote_reply(&remote.questions[0], true);
    remote_turn();
    ck_assert_uint_eq(remote.last_id, id);
    ck_assert_uint_eq(remote.last_cost, 0);
    ck_assert_uint_ge(remote.last_wait, wait);
}

START_TEST(what_an_answer_took_there_comes_with_it)
{
    uint64_t began;

    remote_start();
    ask_and_answer(1, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, 5000, 4321);
    ck_assert_uint_eq(remote.last_cost_elsewhere, 4321);
    ask_and_answer(2, TLS_KEY_OPEN_TICKET, 50, 12);
    ck_assert_uint_eq(remote.last_cost_elsewhere, 12);
    began = proxy_now();
    ask_and_answer(3, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, 1000, UINT32_MAX); /* no more than could be */
    ck_assert_uint_ge(remote.last_cost_elsewhere, 1000);
    ck_assert_uint_le(remote.last_cost_elsewhere, proxy_now() - began);
    remote_end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_questions_of_one_turn_leave_in_one_call_at_its_end,
        every_question_gets_its_own_answer_in_whatever_order_they_come,
        of_a_storm_only_some_are_asked_at_once_and_a_ticket_finds_room,
        all_of_a_storm_are_answered_once_each,
        what_a_dead_keyholder_has_not_answered_is_asked_of_the_next_one,
        another_keyholder_takes_over_from_one_that_lives,
        what_waits_too_long_fails_with_and_without_a_keyholder,
        one_that_waits_while_others_are_answered_fails_sooner,
        those_who_waited_in_a_silence_are_answered_behind_it,
        without_a_keyholder_questions_wait_and_then_fail,
        a_question_that_may_wait_goes_along_with_one_that_may_not,
        patience_has_an_end,
        what_may_wait_is_not_among_the_questions_of_private_keys,
        who_is_pushed_out_may_ask_again_and_everybody_gets_one_answer,
        a_socket_that_is_full_holds_nothing_up_and_loses_nothing,
        replies_that_lead_to_much_work_are_handed_out_over_several_turns,
        what_an_answer_took_there_comes_with_it,
    };
    return check_run("key_remote", tests, ARRAY_LEN(tests));
}
