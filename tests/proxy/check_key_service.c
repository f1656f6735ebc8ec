/*
 * Keys that answer in a later turn, late, never, or for a connection that is gone.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proxy/file_bytes.h"
#include "proxy/harness.h"
#include "proxy/limits.h"
#include "proxy/test_files.h"
#include "support/check_run.h"

static struct harness h;

static bool nobody_came(void)
{
    for (int i = 0; i < 5; i++)
        harness_turn(&h, 1);
    return !harness_accept(&h);
}

static void hold_key(const char *name)
{
    struct file_bytes file;
    struct crypto_fault fault = {""};
    struct private_key *key;
    const char *reason;

    ck_assert(crypto_start());
    ck_assert(file_read(test_file(name), 65536, &file, &reason));
    key = private_key_new(file_view(&file), random_system(), &fault);
    ck_assert_msg(key != NULL, "%s", fault.text);
    memcpy(fake_tls_key_id, private_key_id(key), KEY_ID_LEN);
    ck_assert(keyring_add(h.keyring, key));
    file_wipe(&file);
}

START_TEST(a_key_answers_in_a_later_turn_and_the_handshake_goes_on)
{
    harness_init(&h);
    harness_start(&h);
    hold_key("p256.key");
    harness_open_client(&h);
    harness_send(&h, h.client, "Ktext", 5);
    harness_expect(&h, h.client, "S", 1);
    HARNESS_WAIT(&h, harness_accept(&h));
    harness_expect(&h, h.peer, "text", 4);
    harness_free(&h);
}
END_TEST

static struct connection_ticket asked_ticket;

/* A key service that leaves every question open: answers are the test's to give. */
static void on_no_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context, (void)is_ok, (void)answer;
    asked_ticket = ticket;
}

static struct event_base *elsewhere;

static void hold_answers_back(void)
{
    elsewhere = event_base_new();
    key_service_free(h.proxy->keys);
    h.proxy->keys = key_service_new(elsewhere, h.keyring, random_system(), on_no_answer, NULL);
    ck_assert_ptr_nonnull(h.proxy->keys);
}

static void take_question(void)
{
    HARNESS_WAIT(&h, key_service_waiting(h.proxy->keys) == 1);
    ck_assert_int_ge(event_base_loop(elsewhere, EVLOOP_ONCE), 0);
    ck_assert_uint_eq(key_service_waiting(h.proxy->keys), 0);
}

static void free_with_answers_held_back(void)
{
    harness_free(&h);
    event_base_free(elsewhere);
}

START_TEST(while_a_key_is_asked_nothing_moves_and_its_late_answer_is_taken)
{
    harness_init(&h);
    harness_start(&h);
    hold_answers_back();
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    take_question();
    ck_assert(nobody_came());
    ck_assert_int_eq(harness_end_of(h.client), HARNESS_OPEN);
    connection_answer_key(proxy_find(h.proxy, asked_ticket), true, BYTES_OF_LITERAL("signed"));
    harness_expect(&h, h.client, "S", 1);
    free_with_answers_held_back();
}
END_TEST

/* The slot is taken again by then: the id tells that it is another connection. */
START_TEST(an_answer_for_a_connection_that_is_gone_falls_to_the_floor)
{
    struct connection_ticket dead;

    harness_init(&h);
    harness_start(&h);
    hold_answers_back();
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    take_question();
    dead = asked_ticket;
    harness_reset(h.client);
    proxy_cut_connections(h.proxy);
    ck_assert_uint_eq(h.proxy->connection_count, 0);
    ck_assert_ptr_null(proxy_find(h.proxy, dead));
    h.proxy->next_slot = dead.slot;
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    take_question();
    ck_assert_uint_eq(asked_ticket.slot, dead.slot);
    ck_assert_uint_ne(asked_ticket.id, dead.id);
    ck_assert_ptr_null(proxy_find(h.proxy, dead));
    ck_assert_ptr_nonnull(proxy_find(h.proxy, asked_ticket));
    proxy_cut_connections(h.proxy); /* while it asks for a key it would not notice the client's end */
    free_with_answers_held_back();
}
END_TEST

START_TEST(the_answer_for_a_connection_that_died_waiting_is_counted_as_late)
{
    harness_init(&h);
    harness_start(&h);
    hold_key("p256.key");
    harness_open_client(&h);
    for (int i = 0; i < 50 && h.proxy->counters->key_operations == 0; i++) {
        (void)!send(h.client, "K", i == 0, MSG_NOSIGNAL);
        ck_assert_int_ge(event_base_loop(h.base, EVLOOP_ONCE), 0);
    }
    ck_assert_uint_eq(key_service_waiting(h.proxy->keys), 1);
    proxy_cut_connections(h.proxy);
    HARNESS_WAIT(&h, h.proxy->counters->key_answers_late == 1);
    harness_free(&h);
}
END_TEST

/* ---- tickets of TLS 1.3 are sealed after the handshake, while the connection is relayed */

static void establish_with_a_ticket_asked_for(void)
{
    harness_init(&h);
    harness_start(&h);
    hold_answers_back();
    harness_open_client(&h);
    harness_send(&h, h.client, "Q", 1);
    harness_expect(&h, h.client, "S", 1);
    HARNESS_WAIT(&h, harness_accept(&h));
    take_question();
}

/* Text behind which a client leaves would leave its tickets to nobody. */
START_TEST(while_a_ticket_is_sealed_the_client_is_heard_and_the_first_text_for_it_waits)
{
    establish_with_a_ticket_asked_for();
    for (int i = 0; i < 3; i++) {
        harness_send(&h, h.client, "ping", 4);
        harness_expect(&h, h.peer, "ping", 4);
    }
    harness_send(&h, h.peer, "pong", 4);
    for (int i = 0; i < 5; i++)
        harness_turn(&h, 1);
    ck_assert_int_eq(harness_end_of(h.client), HARNESS_OPEN); /* and no byte came */
    ck_assert_uint_eq(h.proxy->counters->key_operations, 1);
    ck_assert_uint_eq(key_service_waiting(h.proxy->keys), 0);
    connection_answer_key(proxy_find(h.proxy, asked_ticket), true, BYTES_OF_LITERAL("sealed"));
    harness_expect(&h, h.client, "\x16\x16pong", 6);
    harness_send(&h, h.peer, "pong", 4);
    harness_expect(&h, h.client, "pong", 4);
    free_with_answers_held_back();
}
END_TEST

START_TEST(but_not_long_where_nobody_seals_it)
{
    uint64_t since;

    establish_with_a_ticket_asked_for();
    harness_send(&h, h.peer, "pong", 4);
    since = proxy_now();
    harness_expect(&h, h.client, "pong", 4);
    ck_assert_uint_ge(proxy_now() - since, MAX_TICKET_DELAY / 2);
    connection_answer_key(proxy_find(h.proxy, asked_ticket), true, BYTES_OF_LITERAL("sealed"));
    harness_send(&h, h.peer, "pong", 4);
    harness_expect(&h, h.client, "\x16\x16pong", 6);
    free_with_answers_held_back();
}
END_TEST

START_TEST(tickets_that_cannot_be_sealed_cost_the_connection_nothing)
{
    establish_with_a_ticket_asked_for();
    connection_answer_key(proxy_find(h.proxy, asked_ticket), false, bytes_of(NULL, 0));
    ck_assert_uint_eq(h.proxy->counters->key_operations_failed, 1);
    harness_send(&h, h.peer, "pong", 4);
    harness_expect(&h, h.client, "pong", 4);
    harness_send(&h, h.client, "ping", 4);
    harness_expect(&h, h.peer, "ping", 4);
    ck_assert_uint_eq(h.proxy->counters->tickets_issued, 0);
    free_with_answers_held_back();
}
END_TEST

/* A ticket is no reason to keep a connection: its answer comes too late and is dropped. */
START_TEST(a_client_may_leave_while_its_ticket_is_being_sealed)
{
    establish_with_a_ticket_asked_for();
    close(h.client);
    h.client = -1;
    HARNESS_WAIT(&h, h.proxy->connection_count == 0);
    ck_assert_ptr_null(proxy_find(h.proxy, asked_ticket));
    free_with_answers_held_back();
}
END_TEST

START_TEST(a_key_that_is_unknown_fails_the_handshake)
{
    static const uint8_t internal_error[] = {FAKE_ALERT, 80};

    harness_init(&h);
    harness_start(&h);
    harness_open_client(&h);
    harness_send(&h, h.client, "K", 1);
    harness_expect(&h, h.client, internal_error, 2);
    close(h.client);
    h.client = -1;
    harness_expect_log(&h, "reason=key_operation");
    ck_assert_uint_eq(h.proxy->counters->key_operations, 1);
    ck_assert_uint_eq(h.proxy->counters->key_operations_failed, 1);
    ck_assert_uint_eq(h.proxy->counters->keys[TLS_KEY_SIGN_CERTIFICATE_VERIFY_13].failed, 1);
    ck_assert_uint_eq(h.proxy->counters->keys[TLS_KEY_SIGN_CERTIFICATE_VERIFY_13].done, 0);
    harness_free(&h);
}
END_TEST

/* ---- the queue by itself */

static size_t answers, good_answers;
static uint64_t last_id, answer_ids[16];

static void count_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context, (void)answer;
    if (answers < ARRAY_LEN(answer_ids))
        answer_ids[answers] = ticket.id;
    answers++;
    good_answers += is_ok;
    last_id = ticket.id;
}

static struct key_service *lone_service(struct event_base *base)
{
    struct key_service *service;

    harness_init(&h);
    h.keyring = keyring_new();
    hold_key("p256.key");
    answers = good_answers = 0;
    service = key_service_new(base, h.keyring, random_system(), count_answer, NULL);
    ck_assert_ptr_nonnull(service);
    return service;
}

static void ask(struct key_service *service, uint64_t id)
{
    struct tls_key_request request = {.operation = TLS_KEY_SIGN_CERTIFICATE_VERIFY_13};

    memcpy(request.key_id, fake_tls_key_id, KEY_ID_LEN);
    ck_assert(key_service_ask(service, (struct connection_ticket){id, 0}, &request, KEY_AT_ONCE));
}

/* Reliability D02: signatures must not starve the relays. */
START_TEST(no_turn_of_the_loop_answers_more_than_a_few_and_none_is_answered_at_once)
{
    struct event_base *base = event_base_new();
    struct key_service *service = lone_service(base);

    for (uint64_t id = 1; id <= 7; id++)
        ask(service, id);
    ck_assert_uint_eq(answers, 0);
    for (size_t turn = 1; turn <= 4; turn++) {
        ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
        ck_assert_uint_eq(answers, turn < 4 ? turn * MAX_KEY_OPERATIONS_PER_TURN : 7);
    }
    ck_assert_uint_eq(good_answers, 7);
    ck_assert_uint_eq(last_id, 7); /* in the order of the questions */
    key_service_free(service);
    event_base_free(base);
}
END_TEST

static void ask_for_a_ticket(struct key_service *service, uint64_t id, enum tls_key_operation operation)
{
    struct tls_key_request request = {.operation = operation};

    ck_assert(key_service_ask(service, (struct connection_ticket){id, 0}, &request, KEY_AT_ONCE));
}

static uint64_t next_answer(struct event_base *base)
{
    size_t before = answers;

    while (answers == before)
        ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
    return answer_ids[before];
}

/* Else a busy server's clients would be gone before their tickets are sealed, and all would come back in full. */
START_TEST(tickets_do_not_wait_behind_signatures)
{
    struct event_base *base = event_base_new();
    struct key_service *service = lone_service(base);

    for (uint64_t id = 1; id <= 5; id++)
        ask(service, id);
    ask_for_a_ticket(service, 6, TLS_KEY_SEAL_TICKET);
    ask_for_a_ticket(service, 7, TLS_KEY_OPEN_TICKET);
    ck_assert_uint_eq(key_service_waiting(service), 7);
    ck_assert_uint_eq(next_answer(base), 6);
    ck_assert_uint_eq(answers, 2 + MAX_KEY_OPERATIONS_PER_TURN); /* and signatures go on in the same turn */
    for (size_t i = 1; i < answers; i++)
        ck_assert_uint_eq(answer_ids[i], i == 1 ? 7 : i - 1);
    key_service_free(service);
    event_base_free(base);
}
END_TEST

/* T15: a server that nobody comes to any more does not keep the keys of its last tickets. */
START_TEST(an_aged_ticket_key_is_wiped_though_nobody_asks)
{
    struct event_base *base = event_base_new();
    struct key_service *service = lone_service(base);
    struct ticket_keys *tickets = ticket_keys_new(random_system(), 2, 2);
    uint64_t end = proxy_now() + HARNESS_PATIENCE_MS * 1000;
    uint8_t binding[TICKET_BINDING_LEN] = {0}, out[TICKET_OVERHEAD];
    size_t len;

    key_service_free(service);
    ck_assert_ptr_nonnull(tickets);
    ck_assert(ticket_seal(tickets, time(NULL), binding, bytes_of(NULL, 0), out, &len)); /* the fake engine does not */
    keyring_set_tickets(h.keyring, tickets);
    service = key_service_new(base, h.keyring, random_system(), count_answer, NULL);
    ck_assert_ptr_nonnull(service);
    ask_for_a_ticket(service, 1, TLS_KEY_SEAL_TICKET);
    ck_assert_uint_eq(next_answer(base), 1);
    ck_assert_uint_eq(ticket_keys_count(tickets), 1);
    while (ticket_keys_count(tickets) > 0 && proxy_now() < end)
        ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0); /* 1 would say that it waits for nothing */
    ck_assert_uint_eq(ticket_keys_count(tickets), 0);
    ck_assert_int_eq(event_base_loop(base, EVLOOP_NONBLOCK), 1); /* and no timer is left */
    key_service_free(service);
    event_base_free(base);
}
END_TEST

/* However many tickets are asked for, the relays run in between and a signature is made in each turn. */
START_TEST(tickets_do_not_starve_signatures)
{
    struct event_base *base = event_base_new();
    struct key_service *service = lone_service(base);

    ask(service, 1);
    for (uint64_t id = 2; id <= MAX_TICKET_OPERATIONS_PER_TURN + 2; id++)
        ask_for_a_ticket(service, id, TLS_KEY_SEAL_TICKET);
    ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
    ck_assert_uint_eq(answers, MAX_TICKET_OPERATIONS_PER_TURN + 1);
    ck_assert_uint_eq(last_id, 1);
    key_service_free(service);
    event_base_free(base);
}
END_TEST

START_TEST(a_full_queue_lets_its_oldest_question_fail_and_takes_the_new_one)
{
    struct event_base *base = event_base_new();
    struct key_service *service = lone_service(base);

    for (uint64_t id = 1; id <= MAX_KEY_QUEUE; id++)
        ask(service, id);
    ask(service, MAX_KEY_QUEUE + 1);
    ck_assert_uint_eq(answers, 0); /* never while somebody asks */
    ck_assert_uint_eq(key_service_waiting(service), MAX_KEY_QUEUE + 1);
    ck_assert_uint_eq(next_answer(base), 1);
    ck_assert_uint_eq(good_answers, answers - 1);
    while (key_service_waiting(service) > 0)
        ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
    ck_assert_uint_eq(good_answers, MAX_KEY_QUEUE);
    ck_assert_uint_eq(last_id, MAX_KEY_QUEUE + 1);
    key_service_free(service);
    event_base_free(base);
}
END_TEST

static struct key_service *asked_again;
static unsigned answers_of[4 * MAX_KEY_QUEUE + 1];

/* As a connection does whose ticket was not opened: it offers the next one at once. */
static void ask_again(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context, (void)answer;
    answers_of[ticket.id]++;
    if (!is_ok && ticket.id <= 2 * MAX_KEY_QUEUE)
        ask_for_a_ticket(asked_again, ticket.id + 2 * MAX_KEY_QUEUE, TLS_KEY_OPEN_TICKET);
}

START_TEST(who_is_pushed_out_may_ask_again_and_everybody_gets_one_answer)
{
    struct event_base *base = event_base_new();
    size_t again = 0;

    key_service_free(lone_service(base));
    asked_again = key_service_new(base, h.keyring, random_system(), ask_again, NULL);
    ck_assert_ptr_nonnull(asked_again);
    for (uint64_t id = 1; id <= 2 * MAX_KEY_QUEUE; id++)
        ask_for_a_ticket(asked_again, id, TLS_KEY_OPEN_TICKET);
    while (key_service_waiting(asked_again) > 0)
        ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
    for (size_t id = 1; id <= 2 * MAX_KEY_QUEUE; id++)
        ck_assert_msg(answers_of[id] == 1, "%zu was answered %u times", id, answers_of[id]);
    for (size_t id = 2 * MAX_KEY_QUEUE + 1; id < ARRAY_LEN(answers_of); id++) {
        ck_assert_uint_le(answers_of[id], 1);
        again += answers_of[id];
    }
    ck_assert_uint_ge(again, MAX_KEY_QUEUE);
    key_service_free(asked_again);
    event_base_free(base);
}
END_TEST

/* Its client has most likely left: the time is better spent on one that is still there. */
START_TEST(a_question_that_waited_too_long_fails_without_a_signature)
{
    struct event_base *base = event_base_new();
    struct key_service *service = lone_service(base);

    ask(service, 1);
    usleep(KEY_WAIT_TIMEOUT + 10 * 1000);
    ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
    ck_assert_uint_eq(answers, 1);
    ck_assert_uint_eq(good_answers, 0);
    key_service_free(service);
    event_base_free(base);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) /* whose heap is elsewhere */

/* And what was mapped for large pieces of it. */
static bool heap_holds(const uint8_t *secret, size_t len)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    bool is_found = false;
    unsigned long from, to;

    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof line, maps))
        if (strstr(line, "rw-p") && !strstr(line, "[stack]") && sscanf(line, "%lx-%lx", &from, &to) == 2)
            is_found = is_found || memmem((const void *)from, to - from, secret, len) != NULL; /* NOLINT */
    fclose(maps);
    return is_found;
}

/* T15: a ticket's question holds the session's secret. */
START_TEST(nothing_of_a_session_stays_in_the_heap)
{
    enum { QUESTIONS = 40 }; /* the ring moves in between */
    struct event_base *base = event_base_new();
    struct key_service *service = lone_service(base);
    struct tls_key_request request = {.operation = TLS_KEY_SEAL_TICKET, .payload_len = 32};

    ck_assert(random_fill(random_system(), request.payload, request.payload_len));
    for (uint64_t id = 1; id <= QUESTIONS; id++) {
        ck_assert(key_service_ask(service, (struct connection_ticket){id, 0}, &request, KEY_AT_ONCE));
        ck_assert(heap_holds(request.payload, request.payload_len));
    }
    while (key_service_waiting(service) > 0)
        ck_assert_int_ge(event_base_loop(base, EVLOOP_ONCE), 0);
    ck_assert(!heap_holds(request.payload, request.payload_len));
    ck_assert(key_service_ask(service, (struct connection_ticket){1, 0}, &request, KEY_AT_ONCE));
    ck_assert(heap_holds(request.payload, request.payload_len));
    key_service_free(service); /* with a question open */
    ck_assert(!heap_holds(request.payload, request.payload_len));
    event_base_free(base);
}
END_TEST

static bool is_memory_out;

static void *allocate(size_t len)
{
    return is_memory_out ? NULL : malloc(len);
}

static void *reallocate(void *at, size_t len)
{
    return is_memory_out ? NULL : realloc(at, len);
}

/* libevent has no memory for the timer, so the question is not taken. */
START_TEST(nor_does_that_of_a_question_that_was_not_taken)
{
    struct tls_key_request request = {.operation = TLS_KEY_SEAL_TICKET, .payload_len = 32};
    struct key_service *service;
    struct event_base *base;

    event_set_mem_functions(allocate, reallocate, free);
    base = event_base_new();
    service = lone_service(base);
    ck_assert(random_fill(random_system(), request.payload, request.payload_len));
    is_memory_out = true;
    ck_assert(!key_service_ask(service, (struct connection_ticket){1, 0}, &request, KEY_AT_ONCE));
    is_memory_out = false;
    ck_assert_uint_eq(key_service_waiting(service), 0);
    ck_assert(!heap_holds(request.payload, request.payload_len));
    ck_assert(key_service_ask(service, (struct connection_ticket){2, 0}, &request, KEY_AT_ONCE));
    ck_assert(heap_holds(request.payload, request.payload_len));
    ck_assert_uint_eq(next_answer(base), 2);
    ck_assert(!heap_holds(request.payload, request.payload_len));
    key_service_free(service);
    event_base_free(base);
}
END_TEST

#else

START_TEST(nothing_of_a_session_stays_in_the_heap)
{
}
END_TEST

START_TEST(nor_does_that_of_a_question_that_was_not_taken)
{
}
END_TEST

#endif

int main(void)
{
    const TTest *const tests[] = {
        a_key_answers_in_a_later_turn_and_the_handshake_goes_on,
        while_a_key_is_asked_nothing_moves_and_its_late_answer_is_taken,
        an_answer_for_a_connection_that_is_gone_falls_to_the_floor,
        the_answer_for_a_connection_that_died_waiting_is_counted_as_late,
        while_a_ticket_is_sealed_the_client_is_heard_and_the_first_text_for_it_waits,
        but_not_long_where_nobody_seals_it,
        tickets_that_cannot_be_sealed_cost_the_connection_nothing,
        a_client_may_leave_while_its_ticket_is_being_sealed,
        a_key_that_is_unknown_fails_the_handshake,
        no_turn_of_the_loop_answers_more_than_a_few_and_none_is_answered_at_once,
        tickets_do_not_wait_behind_signatures,
        an_aged_ticket_key_is_wiped_though_nobody_asks,
        tickets_do_not_starve_signatures,
        a_full_queue_lets_its_oldest_question_fail_and_takes_the_new_one,
        who_is_pushed_out_may_ask_again_and_everybody_gets_one_answer,
        a_question_that_waited_too_long_fails_without_a_signature,
        nothing_of_a_session_stays_in_the_heap,
        nor_does_that_of_a_question_that_was_not_taken,
    };
    return check_run("key_service", tests, ARRAY_LEN(tests));
}
