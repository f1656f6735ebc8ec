/*
 * fuzz_key_request.c: what a hostile worker sends to the keyholder. A question that is read is written again byte for
 * byte, and answered within bounds: by a reply that the worker's side reads.
 */
#include "proxy/key_wire.h"
#include "support/must.h"
#include "support/rig.h"
#include "tls/ticket_keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rig rig; /* for its keys: an ECDSA one and an RSA one */

static const struct private_key *find_key(const void *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    (void)keyring;
    return key_id[0] < 2 ? rig.keys[key_id[0]] : NULL;
}

static int64_t find_time(void *context)
{
    (void)context;
    return 1000;
}

static void start(void)
{
    must(rig_init(&rig, 1) && rig_add_certificate(&rig, "p256") && rig_add_certificate(&rig, "rsa2048"));
    rig.tickets = ticket_keys_new(random_system(), 100, 100);
    must(rig.tickets);
}

static void answer(uint64_t number, const struct tls_key_request *request)
{
    struct tls_key_holder holder = {find_key, NULL, rig.tickets, random_system(), find_time, NULL};
    uint8_t out[MAX_KEY_ANSWER_LEN], message[MAX_KEY_MESSAGE_LEN];
    struct key_reply reply = {number, request->operation, false, 0, bytes_of(NULL, 0)}, again;
    size_t len;

    reply.is_ok = tls_key_perform(request, &holder, out, &len);
    must(len <= sizeof out && (reply.is_ok || len == 0));
    reply.answer = bytes_of(out, len);
    must(key_wire_write_reply(&reply, message, &len) && key_wire_read_reply(bytes_of(message, len), &again));
    must(again.number == number && bytes_equal(again.answer, reply.answer));
}

/* As a datagram: the messages and their lengths are all there is in it. */
static void split(struct bytes datagram)
{
    struct bytes messages[MAX_KEY_MESSAGES];
    size_t count = 0, len = 0;

    if (!key_wire_split(datagram, messages, &count))
        return;
    for (size_t i = 0; i < count; i++)
        len += 2 + messages[i].len;
    must(len == datagram.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tls_key_request request;
    uint8_t out[MAX_KEY_MESSAGE_LEN];
    uint64_t number;
    size_t len;

    if (!rig.pool)
        start();
    split(bytes_of(data, size));
    if (!key_wire_read_question(bytes_of(data, size), &number, &request))
        return 0;
    must(key_wire_write_question(number, &request, out, &len) && bytes_equal(bytes_of(data, size), bytes_of(out, len)));
    answer(number, &request);
    return 0;
}
