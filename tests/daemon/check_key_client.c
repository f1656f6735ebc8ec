/*
 * A worker at its keyholder, when memory fails, and what its questions leave behind.
 */
#include "daemon/key_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "support/alloc_fault.h"
#include "support/check_run.h"
#include "support/memory_scan.h"

static struct key_client *client;
static struct key_batch *incoming, *outgoing;
static struct key_holder holder;
static int worker; /* its end */
static struct tls_key_request request;

static int new_pair(void)
{
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    worker = ends[0];
    return ends[1];
}

static void begin(void)
{
    struct keyring *keyring = keyring_new();

    ck_assert(crypto_start());
    incoming = key_batch_new();
    outgoing = key_batch_new();
    ck_assert(keyring && incoming && outgoing);
    keyring_set_tickets(keyring, ticket_keys_new(random_system(), 1000, 1000));
    key_holder_init(&holder, keyring, random_system());
}

static void end(void)
{
    keyring_free((struct keyring *)holder.tls.keyring);
    key_batch_free(incoming);
    key_batch_free(outgoing);
    close(worker);
}

static void send_questions(unsigned count, struct bytes session)
{
    size_t len;

    for (unsigned i = 1; i <= count; i++) {
        uint8_t *out = key_batch_space(outgoing);
        request = (struct tls_key_request){.operation = TLS_KEY_SEAL_TICKET, .payload_len = session.len};
        memcpy(request.payload, session.at, session.len);
        ck_assert(out && key_wire_write_question(i, &request, out, &len));
        key_batch_commit(outgoing, len);
    }
    memory_wipe(&request, sizeof request);
    ck_assert_int_eq(key_batch_send(outgoing, worker), KEY_BATCH_DONE);
}

static void answer_all(void)
{
    while (client->lines[KEY_HASTE_TICKETS].count > 0)
        key_client_answer(client, KEY_HASTE_TICKETS, &holder);
    ck_assert_int_eq(key_client_send(client), KEY_CLIENT_FINE);
}

START_TEST(a_full_batch_is_read_answered_and_sent_and_then_there_is_room_again)
{
    begin();
    client = key_client_new(new_pair(), 1);
    ck_assert_ptr_nonnull(client);
    send_questions(KEY_BATCH, BYTES_OF_LITERAL("a session"));
    ck_assert_int_eq(key_client_receive(client, incoming), KEY_CLIENT_FINE);
    ck_assert_uint_eq(key_client_room(client), 0);
    key_client_answer(client, KEY_HASTE_TICKETS, &holder);
    ck_assert_uint_eq(key_client_room(client), 0); /* before the reply has left */
    answer_all();
    ck_assert_uint_eq(key_client_room(client), KEY_BATCH);
    ck_assert_int_eq(key_batch_receive(incoming, worker, KEY_BATCH), KEY_BATCH_DONE);
    ck_assert_uint_eq(key_batch_count(incoming), KEY_BATCH);
    key_client_free(client);
    end();
}
END_TEST

START_TEST(a_failed_allocation_is_told_and_leaks_nothing)
{
    begin();
    for (unsigned long n = 1;; n++) {
        enum key_client_state state = KEY_CLIENT_NO_MEMORY;
        long live = alloc_fault_live();
        int socket = new_pair();
        char byte;
        alloc_fault_arm(n);
        client = key_client_new(socket, 1);
        if (client) {
            send_questions(KEY_BATCH, BYTES_OF_LITERAL("a session"));
            state = key_client_receive(client, incoming);
        }
        key_client_free(client);
        ck_assert_int_eq(state, alloc_fault_fired() ? KEY_CLIENT_NO_MEMORY : KEY_CLIENT_FINE);
        ck_assert_int_eq(alloc_fault_live(), live);
        ck_assert_int_le(recv(worker, &byte, 1, MSG_DONTWAIT), 0); /* closed in any case */
        if (!alloc_fault_fired())
            break;
        close(worker);
        ck_assert_uint_lt(n, 100);
    }
    end();
}
END_TEST

#if !HAS_SANITIZER /* which keeps what was freed */

static uint8_t secret[32];

START_TEST(nothing_of_a_session_stays_in_the_keyholder)
{
    const struct bytes view = BYTES_OF_ARRAY(secret);
    long before;

    begin();
    client = key_client_new(new_pair(), 1);
    ck_assert_ptr_nonnull(client);
    ck_assert(random_fill(random_system(), secret, sizeof secret));
    before = memory_scan(getpid(), &view, 1);
    ck_assert_int_ge(before, 1);
    send_questions(30, view);
    ck_assert_int_eq(memory_scan(getpid(), &view, 1), before);
    ck_assert_int_eq(key_client_receive(client, incoming), KEY_CLIENT_FINE);
    ck_assert_int_ge(memory_scan(getpid(), &view, 1), before + 30);
    answer_all();
    ck_assert_int_eq(memory_scan(getpid(), &view, 1), before);
    send_questions(1, view);
    ck_assert_int_eq(key_client_receive(client, incoming), KEY_CLIENT_FINE);
    key_client_free(client); /* with a question open */
    ck_assert_int_eq(memory_scan(getpid(), &view, 1), before);
    end();
}
END_TEST

#else

START_TEST(nothing_of_a_session_stays_in_the_keyholder)
{
}
END_TEST

#endif

int main(void)
{
    const TTest *const tests[] = {
        a_full_batch_is_read_answered_and_sent_and_then_there_is_room_again,
        a_failed_allocation_is_told_and_leaks_nothing,
        nothing_of_a_session_stays_in_the_keyholder,
    };
    return check_run("key_client", tests, ARRAY_LEN(tests));
}
