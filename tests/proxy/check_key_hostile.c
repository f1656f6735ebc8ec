/*
 * The remote key service and a hostile keyholder: whatever it sends, it gets no more than its socket closed.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/remote_rig.h"
#include "support/check_run.h"

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
    struct key_reply reply = {number, TLS_KEY_SEAL_TICKET, true, 0, BYTES_OF_ARRAY(sealed)};
    size_t len;

    ck_assert(key_wire_write_reply(&reply, out, &len));
    ck_assert_uint_eq(len, MAX_KEY_MESSAGE_LEN);
    return len;
}

static size_t bad_reply(int row, uint8_t *out)
{
    const struct question *asked = &remote.questions[0];
    struct question changed;

    switch (row) {
    case 0: /* of a question that was never asked */
        changed = stray(asked, asked->number + KEY_BATCH, TLS_KEY_SEAL_TICKET);
        return remote_write_reply(&changed, true, out);
    case 1: /* of a place where there is none */
        changed = stray(asked, asked->number + 1, TLS_KEY_SEAL_TICKET);
        return remote_write_reply(&changed, true, out);
    case 2:
        changed = stray(asked, 0, TLS_KEY_SEAL_TICKET);
        return remote_write_reply(&changed, false, out);
    case 3: /* to another question than was asked */
        changed = stray(asked, asked->number, TLS_KEY_OPEN_TICKET);
        return remote_write_reply(&changed, true, out);
    case 4: /* a second time */
        remote_reply(asked, true);
        return remote_write_reply(asked, true, out);
    case 5: /* cut */
        return remote_write_reply(asked, true, out) - 1;
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

    remote_start();
    remote_ask(1, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1);
    if (_i == 4)
        remote_ask(2, TLS_KEY_SEAL_TICKET);
    len = bad_reply(_i, out);
    ck_assert_int_gt(remote_send_messages(out, len, 1), 0);
    remote_turn();
    remote_turn();
    ck_assert_uint_eq(remote.lost, 1);
    ck_assert_uint_eq(remote.answers, _i == 4);
    ck_assert_int_eq(remote_send_messages(out, 1, 1), -1); /* nobody is there */
    close(remote.keyholder);
    ck_assert(key_service_set_socket(remote.service, remote_new_pair()));
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1);
    ck_assert_uint_eq(remote.questions[0].request.payload[0], _i == 4 ? 2 : 1);
    remote_reply(&remote.questions[0], true);
    remote_turn();
    ck_assert_uint_eq(remote.good_answers, _i == 4 ? 2 : 1);
    ck_assert_uint_eq(key_service_waiting(remote.service), 0);
    remote_end();
}
END_TEST

/* Cut to what fits it would be eight good replies. */
START_TEST(a_datagram_that_is_longer_than_one_can_be_is_a_violation)
{
    uint8_t out[MAX_KEY_MESSAGE_LEN];
    size_t len;

    remote_start();
    for (uint64_t id = 1; id <= 9; id++)
        remote_ask(id, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 9);
    len = write_longest_reply(remote.questions[0].number, out);
    ck_assert_int_gt(remote_send_messages(out, len, 9), MAX_KEY_DATAGRAM_LEN);
    remote_turn();
    ck_assert_uint_eq(remote.lost, 1);
    ck_assert_uint_eq(remote.answers, 0);
    remote_end();
}
END_TEST

START_TEST(a_descriptor_sent_along_is_a_violation_and_is_not_kept)
{
    _Alignas(struct cmsghdr) char rights[CMSG_SPACE(sizeof(int))] = {0};
    uint8_t out[2 + MAX_KEY_MESSAGE_LEN] = {0};
    struct iovec span = {out, 0};
    struct msghdr header = {.msg_iov = &span, .msg_iovlen = 1, .msg_control = rights, .msg_controllen = sizeof rights};
    struct cmsghdr *part = CMSG_FIRSTHDR(&header);
    int next = dup(0), after;

    close(next);
    remote_start();
    remote_ask(1, TLS_KEY_SEAL_TICKET);
    remote_turn();
    ck_assert_uint_eq(remote_take_questions(), 1);
    out[1] = (uint8_t)remote_write_reply(&remote.questions[0], true, out + 2);
    span.iov_len = 2 + out[1];
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(part), &remote.keyholder, sizeof remote.keyholder);
    after = dup(0);
    close(after);
    ck_assert_int_gt(sendmsg(remote.keyholder, &header, 0), 0);
    remote_turn();
    ck_assert_uint_eq(remote.lost, 1);
    ck_assert_uint_eq(remote.answers, 0);
    next = dup(0);
    ck_assert_int_lt(next, after); /* the service's own, which it closed, and no other is open */
    close(next);
    remote_end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_datagram_that_is_longer_than_one_can_be_is_a_violation,
        a_descriptor_sent_along_is_a_violation_and_is_not_kept,
    };
    const TTest *const loops[] = {
        what_is_no_reply_to_a_question_costs_the_keyholder_its_socket_and_the_question_is_asked_again,
    };
    return check_run_loops("key_hostile", tests, ARRAY_LEN(tests), loops, ARRAY_LEN(loops), BAD_REPLIES);
}
