#include "daemon/key_client.h"

#include <unistd.h>

#include "base/alloc.h"
#include "proxy/limits.h"
#include "proxy/proxy.h"

struct key_client *key_client_new(int fd, uint32_t worker)
{
    struct key_client *client = memory_new(sizeof *client);
    struct key_batch *replies = client ? key_batch_new() : NULL;

    if (!replies) {
        memory_free(client);
        close(fd);
        return NULL;
    }
    client->fd = fd;
    client->worker = worker;
    client->replies = replies;
    client->share = key_share_new(proxy_now());
    return client;
}

void key_client_free(struct key_client *client)
{
    if (!client)
        return;
    close(client->fd);
    key_batch_free(client->replies);
    for (size_t i = 0; i < KEY_HASTES; i++)
        key_line_free(&client->lines[i]);
    memory_free(client);
}

/* A question that was read finds room for its reply. */
size_t key_client_room(const struct key_client *client)
{
    return KEY_BATCH - key_batch_count(client->replies) - client->lines[KEY_HASTE_TICKETS].count -
           client->lines[KEY_HASTE_PRIVATE_KEYS].count;
}

bool key_client_has_replies(const struct key_client *client)
{
    return key_batch_count(client->replies) > 0;
}

/* ---- questions */

static enum key_client_state take_question(struct key_client *client, struct bytes message)
{
    struct tls_key_request request;
    struct key_question *question;
    uint64_t number;

    if (!key_wire_read_question(message, &number, &request))
        return KEY_CLIENT_VIOLATED;
    question = key_line_add(&client->lines[key_haste_of(request.operation)]);
    if (question) {
        question->ticket = (struct connection_ticket){.id = number};
        tls_key_request_copy(&question->request, &request);
        question->asked_at = proxy_now();
    }
    tls_key_request_wipe(&request);
    return question ? KEY_CLIENT_FINE : KEY_CLIENT_NO_MEMORY;
}

static enum key_client_state take_questions(struct key_client *client, const struct key_batch *incoming)
{
    enum key_client_state state = KEY_CLIENT_FINE;

    for (size_t i = 0; i < key_batch_count(incoming) && state == KEY_CLIENT_FINE; i++)
        state = take_question(client, key_batch_view(incoming, i));
    return state;
}

enum key_client_state key_client_receive(struct key_client *client, struct key_batch *incoming)
{
    enum key_client_state state = KEY_CLIENT_FINE;

    switch (key_batch_receive(incoming, client->fd, key_client_room(client))) {
    case KEY_BATCH_DONE:
        state = take_questions(client, incoming);
        break;
    case KEY_BATCH_WOULD_BLOCK:
        break;
    case KEY_BATCH_ENDED:
        state = KEY_CLIENT_GONE;
        break;
    case KEY_BATCH_VIOLATED:
        state = KEY_CLIENT_VIOLATED;
        break;
    }
    key_batch_clear(incoming);
    return state;
}

/* ---- replies */

static void put_reply(struct key_batch *replies, struct key_reply reply)
{
    uint8_t *message = key_batch_space(replies);
    size_t len;

    if (message && key_wire_write_reply(&reply, message, &len))
        key_batch_commit(replies, len);
}

/* One whose worker has given it up by now is worth no signature. */
void key_client_answer(struct key_client *client, enum key_haste haste, struct key_holder *holder)
{
    const struct key_question *question = key_line_oldest(&client->lines[haste]);
    struct key_reply reply = {.number = question->ticket.id, .operation = question->request.operation};
    uint8_t out[MAX_KEY_ANSWER_LEN];
    uint64_t began = proxy_spent();
    size_t len = 0;

    reply.is_ok = proxy_now() - question->asked_at <= KEY_WAIT_TIMEOUT &&
                  tls_key_perform(&question->request, &holder->tls, out, &len);
    reply.answer = bytes_of(out, reply.is_ok ? len : 0);
    reply.cost = (uint32_t)(proxy_spent() - began);
    put_reply(client->replies, reply);
    memory_wipe(out, len);
    key_line_remove_oldest(&client->lines[haste]);
    key_share_charge(&client->share, reply.cost);
}

enum key_client_state key_client_send(struct key_client *client)
{
    switch (key_batch_send(client->replies, client->fd)) {
    case KEY_BATCH_DONE:
    case KEY_BATCH_WOULD_BLOCK:
        return KEY_CLIENT_FINE;
    case KEY_BATCH_ENDED:
    case KEY_BATCH_VIOLATED:
        break;
    }
    return KEY_CLIENT_GONE;
}
