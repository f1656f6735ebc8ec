/*
 * The remote key service, with the test as its keyholder: what is sent, what comes of replies good and bad, and of a
 * keyholder that dies.
 */
#include <event2/event.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/key_batch.h"
#include "proxy/limits.h"
#include "proxy/proxy.h"
#include "support/check_run.h"
#include "tls/ticket_keys.h"

enum { MOST = 4 * MAX_KEY_QUEUE };

static struct event_base *base;
static struct key_service *service;
static int keyholder; /* our end */
static struct key_batch *batch;
static unsigned answers, good_answers, lost, answers_of[MOST + 1];
static uint64_t last_id;
static struct bytes last_answer;
static uint8_t last_bytes[MAX_KEY_ANSWER_LEN];

/* ---- how many calls the questions take (the linker puts these in front) */

int __real_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags);
static unsigned sends;

int __wrap_sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    sends++;
    ck_assert(flags & MSG_DONTWAIT);
    return __real_sendmmsg(fd, messages, count, flags);
}

/* ---- both ends */

static void take_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context;
    ck_assert_uint_eq(ticket.slot, (uint32_t)ticket.id + 7);
    answers++;
    good_answers += is_ok;
    answers_of[ticket.id]++;
    last_id = ticket.id;
    memcpy(last_bytes, answer.at ? answer.at : last_bytes, answer.len);
    last_answer = bytes_of(last_bytes, answer.len);
}

static void on_lost(void *context)
{
    ck_assert_ptr_eq(context, &lost);
    lost++;
}

static int new_pair(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    keyholder = ends[0];
    return ends[1];
}

static void begin(int socket, key_answer *answer)
{
    base = event_base_new();
    batch = key_batch_new();
    service = key_service_new_remote(base, socket, answer, NULL);
    ck_assert(base && batch && service);
    key_service_when_lost(service, on_lost, &lost);
}

static void start(void)
{
    begin(new_pair(), take_answer);
}

static void end(void)
{
    key_service_free(service);
    event_base_free(base);
    key_batch_free(batch);
    close(keyholder);
}

static struct tls_key_request request_for(uint64_t id, enum tls_key_operation operation)
{
    struct tls_key_request request = {.operation = operation};

    if (operation == TLS_KEY_SIGN_CERTIFICATE_VERIFY_13) {
        request.key_id[0] = (uint8_t)id;
        request.transcript_hash_len = 32;
    } else {
        request.payload_len = 8;
        memcpy(request.payload, &id, sizeof id);
    }
    return request;
}

static void ask(uint64_t id, enum tls_key_operation operation)
{
    struct tls_key_request request = request_for(id, operation);
    unsigned before = answers;

    ck_assert(key_service_ask(service, (struct connection_ticket){id, (uint32_t)id + 7}, &request));
    ck_assert_uint_eq(answers, before); /* never at once */
}

static void turn(void)
{
    ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

/* A question as it came. */
static struct question {
    uint64_t number;
    struct tls_key_request request;
} questions[KEY_BATCH];

static size_t take_questions(void)
{
    size_t count = 0;

    if (key_batch_receive(batch, keyholder, KEY_BATCH) == KEY_BATCH_DONE)
        count = key_batch_count(batch);
    for (size_t i = 0; i < count; i++)
        ck_assert(key_wire_read_question(key_batch_view(batch, i), &questions[i].number, &questions[i].request));
    key_batch_clear(batch);
    return count;
}

static size_t write_reply(const struct question *question, bool is_ok, uint8_t *out)
{
    struct key_reply reply = {question->number, question->request.operation, is_ok, bytes_of(NULL, 0)};
    uint8_t answer[4 + TICKET_OVERHEAD] = {0};
    size_t len;

    if (is_ok)
        reply.answer = bytes_of(answer, question->request.operation == TLS_KEY_OPEN_TICKET ? 1 : sizeof answer);
    ck_assert(key_wire_write_reply(&reply, out, &len));
    return len;
}

static void reply_to(const struct question *question, bool is_ok)
{
    uint8_t out[MAX_KEY_MESSAGE_LEN];
    size_t len = write_reply(question, is_ok, out);

    ck_assert_int_eq(send(keyholder, out, len, 0), (ssize_t)len);
}

/* ---- questions and answers */

START_TEST(the_questions_of_one_turn_leave_in_one_call_at_its_end)
{
    struct tls_key_request request = request_for(3, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13);

    start();
    turn();
    sends = 0;
    for (uint64_t id = 1; id <= 5; id++)
        ask(id, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13);
    ck_assert_uint_eq(sends, 0);
    turn();
    ck_assert_uint_eq(sends, 1);
    ck_assert_uint_eq(take_questions(), 5);
    ck_assert_mem_eq(&questions[2].request, &request, sizeof request);
    ck_assert_uint_eq(key_service_waiting(service), 5);
    end();
}
END_TEST

START_TEST(every_question_gets_its_own_answer_in_whatever_order_they_come)
{
    start();
    for (uint64_t id = 1; id <= 3; id++)
        ask(id, TLS_KEY_SEAL_TICKET);
    turn();
    ck_assert_uint_eq(take_questions(), 3);
    reply_to(&questions[2], true);
    turn();
    ck_assert_uint_eq(last_id, 3);
    ck_assert_uint_eq(last_answer.len, 4 + TICKET_OVERHEAD);
    reply_to(&questions[0], false);
    turn();
    ck_assert_uint_eq(last_id, 1);
    ck_assert_uint_eq(last_answer.len, 0);
    reply_to(&questions[1], true);
    turn();
    ck_assert_uint_eq(last_id, 2);
    ck_assert_uint_eq(answers, 3);
    ck_assert_uint_eq(good_answers, 2);
    ck_assert_uint_eq(key_service_waiting(service), 0);
    ck_assert_uint_eq(lost, 0);
    end();
}
END_TEST

/* Signatures take their time: they must not stand before the tickets in the keyholder's line. */
START_TEST(of_a_storm_only_some_are_asked_at_once_and_a_ticket_finds_room)
{
    start();
    for (uint64_t id = 1; id <= 200; id++)
        ask(id, TLS_KEY_SIGN_CERTIFICATE_VERIFY_13);
    turn();
    ck_assert_uint_eq(take_questions(), MAX_PRIVATE_KEYS_IN_FLIGHT);
    ask(201, TLS_KEY_OPEN_TICKET);
    turn();
    ck_assert_uint_eq(take_questions(), 1);
    ck_assert_int_eq(questions[0].request.operation, TLS_KEY_OPEN_TICKET);
    reply_to(&questions[0], true);
    turn();
    ck_assert_uint_eq(last_id, 201);
    ck_assert_uint_eq(take_questions(), 0); /* its place was no signature's */
    for (uint64_t id = 202; id <= 300; id++)
        ask(id, TLS_KEY_OPEN_TICKET);
    turn();
    ck_assert_uint_eq(take_questions(), KEY_BATCH - MAX_PRIVATE_KEYS_IN_FLIGHT);
    end();
}
END_TEST

START_TEST(all_of_a_storm_are_answered_once_each)
{
    size_t count;

    start();
    for (uint64_t id = 1; id <= 900; id++)
        ask(id, id % 3 ? TLS_KEY_OPEN_TICKET : TLS_KEY_SEAL_TICKET);
    while (key_service_waiting(service) > 0) {
        turn();
        count = take_questions();
        for (size_t i = count; i-- > 0;)
            reply_to(&questions[i], true);
    }
    ck_assert_uint_eq(answers, 900);
    for (size_t id = 1; id <= 900; id++)
        ck_assert_uint_eq(answers_of[id], 1);
    end();
}
END_TEST

/* ---- a hostile keyholder */

static struct question stray(const struct question *question, uint64_t number, enum tls_key_operation operation)
{
    struct question changed = *question;

    changed.number = number;
    changed.request.operation = operation;
    return changed;
}

static size_t write_longest_reply(uint64_t number, uint8_t *out)
{
    static const uint8_t sealed[MAX_KEY_ANSWER_LEN];
    struct key_reply reply = {number, TLS_KEY_SEAL_TICKET, true, BYTES_OF_ARRAY(sealed)};
    size_t len;

    ck_assert(key_wire_write_reply(&reply, out, &len));
    ck_assert_uint_eq(len, MAX_KEY_MESSAGE_LEN);
    return len;
}

static size_t bad_reply(int row, uint8_t *out)
{
    const struct question *asked = &questions[0];
    struct question changed;

    switch (row) {
    case 0: /* of a question that was never asked */
        changed = stray(asked, asked->number + KEY_BATCH, TLS_KEY_SEAL_TICKET);
        return write_reply(&changed, true, out);
    case 1: /* of a place where there is none */
        changed = stray(asked, asked->number + 1, TLS_KEY_SEAL_TICKET);
        return write_reply(&changed, true, out);
    case 2:
        changed = stray(asked, 0, TLS_KEY_SEAL_TICKET);
        return write_reply(&changed, false, out);
    case 3: /* to another question than was asked */
        changed = stray(asked, asked->number, TLS_KEY_OPEN_TICKET);
        return write_reply(&changed, true, out);
    case 4: /* a second time */
        reply_to(asked, true);
        return write_reply(asked, true, out);
    case 5: /* cut */
        return write_reply(asked, true, out) - 1;
    case 6: /* the longest reply, and a byte */
        return write_longest_reply(asked->number, out) + 1;
    default:
        memset(out, 0xff, 20);
        return 20;
    }
}

enum { BAD_REPLIES = 8 };

START_TEST(what_is_no_reply_to_a_question_costs_the_keyholder_its_socket_and_the_question_is_asked_again)
{
    uint8_t out[MAX_KEY_MESSAGE_LEN + 1];
    size_t len;

    start();
    ask(1, TLS_KEY_SEAL_TICKET);
    turn();
    ck_assert_uint_eq(take_questions(), 1);
    if (_i == 4)
        ask(2, TLS_KEY_SEAL_TICKET);
    len = bad_reply(_i, out);
    ck_assert_int_eq(send(keyholder, out, len, 0), (ssize_t)len);
    turn();
    turn();
    ck_assert_uint_eq(lost, 1);
    ck_assert_uint_eq(answers, _i == 4);
    ck_assert_int_eq(send(keyholder, out, 1, MSG_NOSIGNAL), -1); /* nobody is there */
    close(keyholder);
    ck_assert(key_service_set_socket(service, new_pair()));
    turn();
    ck_assert_uint_eq(take_questions(), 1);
    ck_assert_uint_eq(questions[0].request.payload[0], _i == 4 ? 2 : 1);
    reply_to(&questions[0], true);
    turn();
    ck_assert_uint_eq(good_answers, _i == 4 ? 2 : 1);
    ck_assert_uint_eq(key_service_waiting(service), 0);
    end();
}
END_TEST

START_TEST(a_descriptor_sent_along_is_a_violation_and_is_not_kept)
{
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof(int))] = {0};
    uint8_t out[MAX_KEY_MESSAGE_LEN];
    struct iovec span = {out, 0};
    struct msghdr header = {.msg_iov = &span, .msg_iovlen = 1, .msg_control = rights, .msg_controllen = sizeof rights};
    struct cmsghdr *part = CMSG_FIRSTHDR(&header);
    int next = dup(0), after;

    close(next);
    start();
    ask(1, TLS_KEY_SEAL_TICKET);
    turn();
    ck_assert_uint_eq(take_questions(), 1);
    span.iov_len = write_reply(&questions[0], true, out);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(part), &keyholder, sizeof keyholder);
    after = dup(0);
    close(after);
    ck_assert_int_gt(sendmsg(keyholder, &header, 0), 0);
    turn();
    ck_assert_uint_eq(lost, 1);
    ck_assert_uint_eq(answers, 0);
    next = dup(0);
    ck_assert_int_lt(next, after); /* the service's own, which it closed, and no other is open */
    close(next);
    end();
}
END_TEST

/* ---- a keyholder that dies */

START_TEST(what_a_dead_keyholder_has_not_answered_is_asked_of_the_next_one)
{
    unsigned again = 0;

    start();
    for (uint64_t id = 1; id <= 100; id++)
        ask(id, TLS_KEY_SEAL_TICKET);
    turn();
    ck_assert_uint_eq(take_questions(), KEY_BATCH);
    reply_to(&questions[10], true);
    turn();
    ck_assert_uint_eq(answers, 1);
    close(keyholder);
    turn();
    ck_assert_uint_eq(lost, 1);
    ck_assert_uint_eq(key_service_waiting(service), 99);
    ask(101, TLS_KEY_SEAL_TICKET);
    turn();
    ck_assert(key_service_set_socket(service, new_pair()));
    while (key_service_waiting(service) > 0) {
        turn();
        for (size_t count = take_questions(); count-- > 0; again++)
            reply_to(&questions[count], true);
    }
    ck_assert_uint_eq(again, 100);
    for (size_t id = 1; id <= 101; id++)
        ck_assert_uint_eq(answers_of[id], 1);
    end();
}
END_TEST

START_TEST(another_keyholder_takes_over_from_one_that_lives)
{
    int old;

    start();
    ask(1, TLS_KEY_SEAL_TICKET);
    turn();
    ck_assert_uint_eq(take_questions(), 1);
    old = keyholder;
    ck_assert(key_service_set_socket(service, new_pair()));
    ck_assert_int_eq(send(old, "x", 1, MSG_NOSIGNAL), -1);
    close(old);
    turn();
    ck_assert_uint_eq(take_questions(), 1);
    ck_assert_uint_eq(lost, 0); /* it was no loss */
    end();
}
END_TEST

/* ---- time */

START_TEST(what_waits_too_long_fails_with_and_without_a_keyholder)
{
    uint64_t end_of_patience;

    start();
    for (uint64_t id = 1; id <= KEY_BATCH + 10; id++)
        ask(id, TLS_KEY_SEAL_TICKET);
    end_of_patience = proxy_now() + KEY_WAIT_TIMEOUT;
    turn();
    ck_assert_uint_eq(take_questions(), KEY_BATCH);
    while (key_service_waiting(service) > 0) {
        ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
        ck_assert(answers == 0 || proxy_now() >= end_of_patience);
    }
    ck_assert_uint_lt(proxy_now(), end_of_patience + KEY_WAIT_TIMEOUT / 2);
    ck_assert_uint_eq(answers, KEY_BATCH + 10);
    ck_assert_uint_eq(good_answers, 0);
    reply_to(&questions[5], true); /* late, and no violation */
    ask(KEY_BATCH + 11, TLS_KEY_SEAL_TICKET);
    turn();
    turn();
    ck_assert_uint_eq(lost, 0);
    ck_assert_uint_eq(take_questions(), 1); /* in the place that the late one made free */
    ck_assert_uint_eq(answers, KEY_BATCH + 10);
    close(keyholder);
    turn();
    ck_assert(key_service_set_socket(service, new_pair()));
    turn();
    ck_assert_uint_eq(take_questions(), 1); /* what was given up is not asked again */
    ck_assert_uint_eq(questions[0].request.payload[0], KEY_BATCH + 11);
    end();
}
END_TEST

START_TEST(without_a_keyholder_questions_wait_and_then_fail)
{
    begin(-1, take_answer);
    ask(1, TLS_KEY_SEAL_TICKET);
    turn();
    ck_assert_uint_eq(key_service_waiting(service), 1);
    while (key_service_waiting(service) > 0)
        ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
    ck_assert_uint_eq(answers, 1);
    ck_assert_uint_eq(good_answers, 0);
    ck_assert_int_eq(event_base_loop(base, EVLOOP_NONBLOCK), 1); /* and no timer is left */
    (void)new_pair();
    end();
}
END_TEST

/* ---- a crowd */

static void ask_again(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    take_answer(context, ticket, is_ok, answer);
    if (!is_ok && ticket.id <= 2 * MAX_KEY_QUEUE)
        ask(ticket.id + 2 * MAX_KEY_QUEUE, TLS_KEY_OPEN_TICKET);
}

START_TEST(who_is_pushed_out_may_ask_again_and_everybody_gets_one_answer)
{
    begin(new_pair(), ask_again);
    for (uint64_t id = 1; id <= 2 * MAX_KEY_QUEUE; id++)
        ask(id, TLS_KEY_OPEN_TICKET);
    while (key_service_waiting(service) > 0) {
        turn();
        for (size_t count = take_questions(); count-- > 0;)
            reply_to(&questions[count], true);
    }
    for (size_t id = 1; id <= 2 * MAX_KEY_QUEUE; id++)
        ck_assert_msg(answers_of[id] == 1, "%zu was answered %u times", id, answers_of[id]);
    for (size_t id = 2 * MAX_KEY_QUEUE + 1; id <= MOST; id++)
        ck_assert_uint_le(answers_of[id], 1);
    ck_assert_uint_ge(answers - good_answers, MAX_KEY_QUEUE);
    end();
}
END_TEST

/* The socket takes a few: the rest waits until there is room, and nobody waits for the socket. */
START_TEST(a_socket_that_is_full_holds_nothing_up_and_loses_nothing)
{
    int socket = new_pair(), little = 1;
    unsigned rounds = 0;
    size_t count;

    ck_assert_int_eq(setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &little, sizeof little), 0);
    begin(socket, take_answer);
    for (uint64_t id = 1; id <= 300; id++)
        ask(id, TLS_KEY_SEAL_TICKET);
    while (key_service_waiting(service) > 0) {
        turn();
        count = take_questions();
        ck_assert_uint_lt(count, KEY_BATCH / 2);
        for (size_t i = 0; i < count; i++)
            reply_to(&questions[i], true);
        ck_assert_uint_lt(rounds++, 10000);
    }
    for (size_t id = 1; id <= 300; id++)
        ck_assert_uint_eq(answers_of[id], 1);
    ck_assert_uint_eq(lost, 0);
    end();
}
END_TEST

/* Each reply moves a handshake on: the relays run in between. */
static void take_time(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    uint64_t until = proxy_now() + HANDSHAKE_TURN / 2;

    while (proxy_now() < until)
        ;
    take_answer(context, ticket, is_ok, answer);
}

START_TEST(replies_that_lead_to_much_work_are_handed_out_over_several_turns)
{
    begin(new_pair(), take_time);
    for (uint64_t id = 1; id <= 20; id++)
        ask(id, TLS_KEY_SEAL_TICKET);
    turn();
    ck_assert_uint_eq(take_questions(), 20);
    for (size_t i = 0; i < 20; i++)
        reply_to(&questions[i], true);
    ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
    ck_assert_uint_ge(answers, 1);
    ck_assert_uint_le(answers, 4);
    while (key_service_waiting(service) > 0)
        turn();
    ck_assert_uint_eq(good_answers, 20);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_questions_of_one_turn_leave_in_one_call_at_its_end,
        every_question_gets_its_own_answer_in_whatever_order_they_come,
        of_a_storm_only_some_are_asked_at_once_and_a_ticket_finds_room,
        all_of_a_storm_are_answered_once_each,
        a_descriptor_sent_along_is_a_violation_and_is_not_kept,
        what_a_dead_keyholder_has_not_answered_is_asked_of_the_next_one,
        another_keyholder_takes_over_from_one_that_lives,
        what_waits_too_long_fails_with_and_without_a_keyholder,
        without_a_keyholder_questions_wait_and_then_fail,
        who_is_pushed_out_may_ask_again_and_everybody_gets_one_answer,
        a_socket_that_is_full_holds_nothing_up_and_loses_nothing,
        replies_that_lead_to_much_work_are_handed_out_over_several_turns,
    };
    const TTest *const loops[] = {
        what_is_no_reply_to_a_question_costs_the_keyholder_its_socket_and_the_question_is_asked_again,
    };
    return check_run_loops("key_remote", tests, ARRAY_LEN(tests), loops, ARRAY_LEN(loops), BAD_REPLIES);
}
