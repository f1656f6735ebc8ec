/*
 * The remote key service when memory fails, and what it leaves in memory: nothing of a session.
 */
#include <event2/event.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "proxy/proxy.h"
#include "proxy/remote_rig.h"
#include "support/alloc_fault.h"
#include "support/check_run.h"
#include "support/memory_scan.h"

enum { QUESTIONS = 100 }; /* the lines grow, and a part of it waits */

static unsigned taken;

static void *event_malloc(size_t len)
{
    return memory_new(len);
}

static void ask_all(uint64_t first)
{
    for (uint64_t id = first; id < first + QUESTIONS; id++) {
        struct tls_key_request request =
            remote_request(id, id % 2 ? TLS_KEY_SEAL_TICKET : TLS_KEY_SIGN_CERTIFICATE_VERIFY_13);
        taken +=
            key_service_ask(remote.service, (struct connection_ticket){id, (uint32_t)id + 7}, &request, KEY_AT_ONCE);
    }
}

static void answer_all(void)
{
    size_t count;

    do {
        remote_turn();
        alloc_fault_pause();
        count = remote_take_questions();
        for (size_t i = 0; i < count; i++)
            remote_reply(&remote.questions[i], remote.questions[i].request.operation == TLS_KEY_SEAL_TICKET);
        alloc_fault_resume();
    } while (count > 0);
}

/* The keyholder dies with questions open, and there is a next one: at the second try, when memory fails at the first.
 */
static void lose_keyholder(void)
{
    close(remote.keyholder);
    remote_turn();
    if (!key_service_set_socket(remote.service, remote_new_pair())) {
        close(remote.keyholder);
        ck_assert(key_service_set_socket(remote.service, remote_new_pair()));
    }
}

static void converse(void)
{
    ask_all(1);
    remote_turn();
    lose_keyholder();
    answer_all();
    ask_all(1 + QUESTIONS);
    answer_all();
    ck_assert_uint_eq(key_service_waiting(remote.service), 0);
    ck_assert_uint_eq(remote.answers, taken);
    for (size_t id = 1; id <= 2 * QUESTIONS; id++)
        ck_assert_uint_le(remote.answers_of[id], 1);
}

static bool is_closed(int socket)
{
    char byte;

    return recv(socket, &byte, 1, MSG_DONTWAIT) == 0;
}

/* False: there was no memory for the service. */
static bool try_with_fault(unsigned long n)
{
    int socket = remote_new_pair();
    bool is_made;

    remote.answers = taken = 0;
    memset(remote.answers_of, 0, sizeof remote.answers_of);
    alloc_fault_arm(n);
    remote.service = key_service_new_remote(remote.base, socket, remote_take_answer, NULL);
    is_made = remote.service != NULL;
    if (is_made)
        converse();
    else
        ck_assert(is_closed(remote.keyholder));
    alloc_fault_pause();
    key_service_free(remote.service);
    close(remote.keyholder);
    alloc_fault_resume();
    return is_made;
}

START_TEST(whichever_allocation_fails_every_question_that_was_taken_is_answered_once)
{
    unsigned made = 0;
    long live;

    event_set_mem_functions(event_malloc, memory_resize, memory_free);
    remote_start();
    remote_turn();
    key_service_free(remote.service);
    close(remote.keyholder);
    (void)try_with_fault(0); /* libevent's own tables grow once */
    live = alloc_fault_live();
    for (unsigned long n = 1;; n++) {
        made += try_with_fault(n);
        ck_assert_msg(alloc_fault_live() == live, "allocation %lu leaks", n);
        if (!alloc_fault_fired())
            break;
    }
    ck_assert_uint_gt(made, 4); /* and not only at the beginning */
    alloc_fault_arm(0);
    event_base_free(remote.base);
    key_batch_free(remote.batch);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) /* which keeps what was freed */

static uint8_t secret[32];
static const struct bytes secret_view_of_all = BYTES_OF_ARRAY(secret);
static struct tls_key_request secret_request;

static long places(void)
{
    return memory_scan(getpid(), &secret_view_of_all, 1);
}

static void ask_secretly(uint64_t id)
{
    secret_request = (struct tls_key_request){.operation = TLS_KEY_SEAL_TICKET, .payload_len = sizeof secret};
    memcpy(secret_request.payload, secret, sizeof secret);
    ck_assert(key_service_ask(remote.service, (struct connection_ticket){id, (uint32_t)id + 7}, &secret_request,
                              KEY_AT_ONCE));
    memory_wipe(&secret_request, sizeof secret_request);
}

START_TEST(nothing_of_a_session_stays_in_the_worker)
{
    long before;

    remote_start();
    ck_assert(random_fill(random_system(), secret, sizeof secret));
    before = places();
    ck_assert_int_ge(before, 1); /* the one that the test has */
    for (uint64_t id = 1; id <= QUESTIONS; id++)
        ask_secretly(id);
    ck_assert_int_ge(places(), before + QUESTIONS);
    remote_turn();
    lose_keyholder(); /* asked twice */
    answer_all();
    ck_assert_uint_eq(remote.good_answers, QUESTIONS);
    memory_wipe(remote.questions, sizeof remote.questions);
    ck_assert_int_eq(places(), before);
    ask_secretly(QUESTIONS + 1);
    remote_turn();
    ck_assert_int_gt(places(), before);
    remote_end(); /* with a question open */
    ck_assert_int_eq(places(), before);
}
END_TEST

#else

START_TEST(nothing_of_a_session_stays_in_the_worker)
{
}
END_TEST

#endif

int main(void)
{
    const TTest *const tests[] = {
        whichever_allocation_fails_every_question_that_was_taken_is_answered_once,
        nothing_of_a_session_stays_in_the_worker,
    };
    return check_run("key_memory", tests, ARRAY_LEN(tests));
}
