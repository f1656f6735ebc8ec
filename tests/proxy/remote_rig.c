#include "proxy/remote_rig.h"

#include <check.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/writer.h"
#include "tls/ticket_keys.h"

struct remote_rig remote;

void remote_take_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context;
    ck_assert_uint_eq(ticket.slot, (uint32_t)ticket.id + 7);
    remote.answers++;
    remote.good_answers += is_ok;
    remote.answers_of[ticket.id]++;
    remote.last_id = ticket.id;
    remote.last_cost = key_service_cost(remote.service);
    remote.last_cost_elsewhere = key_service_cost_elsewhere(remote.service);
    remote.last_wait = key_service_wait(remote.service);
    memcpy(remote.last_bytes, answer.at ? answer.at : remote.last_bytes, answer.len);
    remote.last_answer = bytes_of(remote.last_bytes, answer.len);
}

static void on_lost(void *context)
{
    ck_assert_ptr_eq(context, &remote.lost);
    remote.lost++;
}

int remote_new_pair(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    remote.keyholder = ends[0];
    return ends[1];
}

void remote_begin(int socket, key_answer *answer)
{
    remote.base = event_base_new();
    remote.batch = key_batch_new();
    remote.service = key_service_new_remote(remote.base, socket, answer, NULL);
    ck_assert(remote.base && remote.batch && remote.service);
    key_service_when_lost(remote.service, on_lost, &remote.lost);
}

void remote_start(void)
{
    remote_begin(remote_new_pair(), remote_take_answer);
}

void remote_end(void)
{
    key_service_free(remote.service);
    event_base_free(remote.base);
    key_batch_free(remote.batch);
    close(remote.keyholder);
}

struct tls_key_request remote_request(uint64_t id, enum tls_key_operation operation)
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

void remote_ask(uint64_t id, enum tls_key_operation operation)
{
    struct tls_key_request request = remote_request(id, operation);
    unsigned before = remote.answers;

    ck_assert(key_service_ask(remote.service, (struct connection_ticket){id, (uint32_t)id + 7}, &request, KEY_AT_ONCE));
    ck_assert_uint_eq(remote.answers, before); /* never at once */
}

void remote_turn(void)
{
    ck_assert_int_ge(event_base_loop(remote.base, EVLOOP_NONBLOCK), 0);
}

size_t remote_take_questions(void)
{
    size_t count = 0;

    if (key_batch_receive(remote.batch, remote.keyholder, KEY_BATCH) == KEY_BATCH_DONE)
        count = key_batch_count(remote.batch);
    for (size_t i = 0; i < count; i++)
        ck_assert(key_wire_read_question(key_batch_view(remote.batch, i), &remote.questions[i].number,
                                         &remote.questions[i].request));
    key_batch_clear(remote.batch);
    return count;
}

size_t remote_write_reply(const struct question *question, bool is_ok, uint8_t *out)
{
    struct key_reply reply = {question->number, question->request.operation, is_ok, remote.reply_cost,
                              bytes_of(NULL, 0)};
    uint8_t answer[4 + TICKET_OVERHEAD] = {0};
    size_t len;

    if (is_ok)
        reply.answer = bytes_of(answer, question->request.operation == TLS_KEY_OPEN_TICKET ? 1 : sizeof answer);
    ck_assert(key_wire_write_reply(&reply, out, &len));
    return len;
}

/* As one datagram: `messages` of `len` bytes each, the same one. */
ssize_t remote_send_messages(const uint8_t *message, size_t len, size_t messages)
{
    static uint8_t datagram[10 * (2 + MAX_KEY_MESSAGE_LEN + 1)];
    struct writer w = writer_of(datagram, sizeof datagram);

    for (size_t i = 0; i < messages; i++) {
        write_u16(&w, (uint16_t)len);
        write_bytes(&w, bytes_of(message, len));
    }
    ck_assert(writer_ok(&w));
    return send(remote.keyholder, datagram, w.len, MSG_NOSIGNAL);
}

void remote_reply(const struct question *question, bool is_ok)
{
    uint8_t out[MAX_KEY_MESSAGE_LEN];
    size_t len = remote_write_reply(question, is_ok, out);

    ck_assert_int_gt(remote_send_messages(out, len, 1), 0);
}
