/*
 * The keyholder as its workers and its master know it, in a process of its own.
 */
#include "daemon/keyholder.h"

#include <event2/event.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/writer.h"
#include "crypto/certificate.h"
#include "daemon/keyholder_rig.h"
#include "proxy/file_bytes.h"
#include "proxy/key_batch.h"
#include "proxy/limits.h"
#include "proxy/proxy.h"
#include "proxy/test_files.h"
#include "support/check_run.h"

enum { MANY = 3000 };

static struct keyholder_rig rig;
static struct event_base *base;
static struct key_service *service;
static unsigned answers, good_answers, answers_of[MANY + 1];
static uint8_t answer_bytes[MAX_KEY_ANSWER_LEN];
static size_t answer_len;
static uint64_t answer_cost;

static void take_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context;
    answers++;
    good_answers += is_ok;
    answers_of[ticket.id]++;
    answer_len = answer.len;
    answer_cost = key_service_cost_elsewhere(service);
    if (answer.len > 0)
        memcpy(answer_bytes, answer.at, answer.len);
}

static struct ticket_root some_root(void)
{
    struct ticket_root root;

    ck_assert(ticket_root_new(&root, random_system(), time(NULL), 4 * 3600, 8 * 3600));
    return root;
}

static void start(void)
{
    struct ticket_root root = some_root();

    keyholder_rig_start(&rig, &root);
    base = event_base_new();
    service = key_service_new_remote(base, keyholder_rig_attach(&rig, 1), take_answer, NULL);
    ck_assert_ptr_nonnull(service);
}

static void end_workers(void)
{
    key_service_free(service);
    event_base_free(base);
}

static void end(void)
{
    end_workers();
    ck_assert_int_eq(keyholder_rig_end(&rig), 0);
}

static void ask(uint64_t id, const struct tls_key_request *request)
{
    ck_assert(key_service_ask(service, (struct connection_ticket){id, 0}, request, KEY_AT_ONCE));
}

static void wait_for_answers(void)
{
    while (key_service_waiting(service) > 0)
        ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
}

/* True: it was answered well. */
static bool get(const struct tls_key_request *request)
{
    unsigned before = good_answers;

    ask(1, request);
    wait_for_answers();
    return good_answers == before + 1;
}

static struct tls_key_request verify_request(const char *key, enum signature_id signature)
{
    struct tls_key_request request = {.operation = TLS_KEY_SIGN_CERTIFICATE_VERIFY_13,
                                      .signature = signature,
                                      .transcript_hash = "a transcript hash of 32 bytes...",
                                      .transcript_hash_len = 32};

    keyholder_rig_key_id(key, request.key_id);
    return request;
}

static struct tls_key_request ticket_request(enum tls_key_operation operation, struct bytes payload)
{
    struct tls_key_request request = {.operation = operation, .payload_len = payload.len};

    memcpy(request.payload, payload.at, payload.len);
    return request;
}

/* ---- what it does */

static bool verifies(const char *certificate, enum signature_id signature, struct bytes input)
{
    struct certificate_chain *chain;
    struct crypto_fault fault;
    struct file_bytes file;
    struct public_key *key;
    const char *reason;
    bool is_good;

    ck_assert(file_read(test_file(certificate), 65536, &file, &reason));
    chain = certificate_chain_new(file_view(&file), &fault);
    ck_assert_ptr_nonnull(chain);
    key = public_key_new(certificate_chain_spki(chain));
    ck_assert_ptr_nonnull(key);
    is_good = signature_check(key, signature, input, bytes_of(answer_bytes, answer_len)) == CRYPTO_OK;
    public_key_free(key);
    certificate_chain_free(chain);
    file_wipe(&file);
    return is_good;
}

START_TEST(it_tells_what_an_answer_took)
{
    struct tls_key_request request = verify_request("rsa2048.key", SIGNATURE_RSA_PSS_SHA256);
    uint64_t began, took, many = 0;

    start();
    began = proxy_now();
    for (int i = 0; i < 20; i++) {
        ck_assert(get(&request));
        many += answer_cost;
    }
    took = proxy_now() - began;
    ck_assert_uint_gt(many, 20 * 50); /* microseconds: nobody signs by RSA in 50 */
    ck_assert_uint_le(many, took);
    end();
}
END_TEST

START_TEST(it_signs_what_tls_13_signs_and_nothing_else)
{
    struct tls_key_request request = verify_request("p256.key", SIGNATURE_ECDSA_P256_SHA256);
    uint8_t input[MAX_CERTIFICATE_VERIFY_INPUT];
    size_t len;

    start();
    ck_assert(get(&request));
    ck_assert(tls_certificate_verify_input(TLS_SERVER_CERTIFICATE_VERIFY, bytes_of(request.transcript_hash, 32), input,
                                           &len));
    ck_assert(verifies("p256.crt", SIGNATURE_ECDSA_P256_SHA256, bytes_of(input, len)));
    ck_assert(!verifies("p256.crt", SIGNATURE_ECDSA_P256_SHA256, bytes_of(request.transcript_hash, 32)));
    request = verify_request("rsa2048.key", SIGNATURE_RSA_PSS_SHA256);
    ck_assert(get(&request));
    ck_assert(verifies("rsa2048.crt", SIGNATURE_RSA_PSS_SHA256, bytes_of(input, len)));
    end();
}
END_TEST

START_TEST(it_signs_ecdh_parameters_of_tls_12_and_no_other_text)
{
    static const uint8_t params[] = {3, 0, 29, 4, 'p', 'o', 'i', 't'};
    struct tls_key_request request = verify_request("p256.key", SIGNATURE_ECDSA_SHA256);
    uint8_t input[64 + sizeof params];

    start();
    request.operation = TLS_KEY_SIGN_SERVER_KEY_EXCHANGE_12;
    request.payload_len = sizeof params;
    memcpy(request.payload, params, sizeof params);
    memset(request.client_random, 1, 32);
    memset(request.server_random, 2, 32);
    ck_assert(get(&request));
    memset(input, 1, 32);
    memset(input + 32, 2, 32);
    memcpy(input + 64, params, sizeof params);
    ck_assert(verifies("p256.crt", SIGNATURE_ECDSA_SHA256, BYTES_OF_ARRAY(input)));
    request.payload[0] = 'x';
    ck_assert(!get(&request));
    end();
}
END_TEST

START_TEST(it_derives_a_master_secret_of_whatever_a_client_sent_and_never_says_whether_it_was_one)
{
    struct tls_key_request request = verify_request("rsa2048.key", 0);

    start();
    request.operation = TLS_KEY_DERIVE_MASTER_SECRET_12;
    request.client_version = 0x0303;
    request.seed_len = 64;
    request.payload_len = 256;
    memset(request.payload, 7, 256);
    ck_assert(get(&request));
    ck_assert_uint_eq(answer_len, MASTER_SECRET_LEN);
    end();
}
END_TEST

START_TEST(tickets_that_one_keyholder_sealed_open_at_another_and_at_the_one_that_replaces_it)
{
    struct tls_key_request request = ticket_request(TLS_KEY_SEAL_TICKET, BYTES_OF_LITERAL("a session"));
    struct ticket_root root = some_root();
    struct keyholder_rig other;

    keyholder_rig_start(&rig, &root);
    keyholder_rig_start(&other, &root);
    base = event_base_new();
    service = key_service_new_remote(base, keyholder_rig_attach(&rig, 1), take_answer, NULL);
    ck_assert(get(&request));
    request = ticket_request(TLS_KEY_OPEN_TICKET, bytes_of(answer_bytes + 4, answer_len - 4));
    ck_assert(key_service_set_socket(service, keyholder_rig_attach(&other, 1)));
    ck_assert(get(&request));
    ck_assert_uint_eq(answer_len, 1 + 9);
    ck_assert_int_eq(answer_bytes[0], TICKET_OPENED);
    ck_assert_mem_eq(answer_bytes + 1, "a session", 9);
    keyholder_rig_kill(&rig);
    keyholder_rig_start(&rig, &root);
    ck_assert(key_service_set_socket(service, keyholder_rig_attach(&rig, 1)));
    ck_assert(get(&request));
    ck_assert_int_eq(answer_bytes[0], TICKET_OPENED);
    ck_assert_int_eq(keyholder_rig_end(&other), 0);
    end();
}
END_TEST

START_TEST(what_cannot_be_done_is_answered_and_no_violation)
{
    struct tls_key_request unknown = verify_request("p256.key", SIGNATURE_ECDSA_P256_SHA256);
    struct tls_key_request unfit = verify_request("p256.key", SIGNATURE_RSA_PSS_SHA256);

    start();
    unknown.key_id[5] ^= 1;
    ck_assert(!get(&unknown));
    ck_assert(!get(&unfit));
    ck_assert_uint_eq(answers, 2);
    ck_assert(!keyholder_rig_has_report(&rig));
    end();
}
END_TEST

/* ---- hostile workers */

enum { MANY_LEN = 2 * MAX_KEY_DATAGRAM_LEN };

/* A datagram of so many questions; where the last one begins. */
static size_t write_questions(unsigned count, uint8_t *out, size_t *last)
{
    struct tls_key_request request = ticket_request(TLS_KEY_SEAL_TICKET, BYTES_OF_LITERAL("a session"));
    struct writer w = writer_of(out, MANY_LEN);
    uint8_t message[MAX_KEY_MESSAGE_LEN];
    size_t len;

    for (unsigned i = 0; i < count; i++) {
        ck_assert(key_wire_write_question(i + 1, &request, message, &len));
        write_u16(&w, (uint16_t)len);
        *last = w.len;
        write_bytes(&w, bytes_of(message, len));
    }
    ck_assert(writer_ok(&w));
    return w.len;
}

static size_t bad_datagram(int row, uint8_t *out)
{
    size_t last, len = write_questions(row < 6 ? 2 : KEY_BATCH + 1, out, &last);

    switch (row) {
    case 0:
        return len - 1;
    case 1:
        return len + 1;
    case 2:
        return 1;
    case 3:
        out[last + 8] = TLS_KEY_OPERATIONS; /* a raw signature, say */
        return len;
    case 4: /* longer than one is read */
        memset(out + len, 0, MANY_LEN - len);
        return MANY_LEN;
    case 5:
        memset(out, 0xff, 64);
        return 64;
    default: /* more than a worker may have open */
        return len;
    }
}

enum { BAD_DATAGRAMS = 7 };

static bool is_closed(int socket)
{
    struct pollfd event = {.fd = socket, .events = POLLIN};
    char byte;

    return poll(&event, 1, 20000) == 1 && recv(socket, &byte, 1, 0) <= 0;
}

START_TEST(what_is_no_question_costs_the_worker_its_socket_and_the_master_hears_of_it)
{
    struct tls_key_request request = ticket_request(TLS_KEY_SEAL_TICKET, BYTES_OF_LITERAL("a session"));
    static uint8_t out[MANY_LEN];
    struct keyholder_report report;
    size_t len = bad_datagram(_i, out);
    int hostile;

    start();
    hostile = keyholder_rig_attach(&rig, 4711);
    ck_assert_int_eq(send(hostile, out, len, 0), (ssize_t)len);
    report = keyholder_rig_report(&rig);
    ck_assert_uint_eq(report.type, KEYHOLDER_WORKER_VIOLATED);
    ck_assert_uint_eq(report.worker, 4711);
    ck_assert(is_closed(hostile));
    close(hostile);
    ck_assert(get(&request)); /* the others do not notice */
    end();
}
END_TEST

START_TEST(a_descriptor_beside_a_question_is_a_violation_and_is_not_kept)
{
    struct keyholder_rig socket = {.control = -1};
    static uint8_t out[MANY_LEN];
    size_t last, len = write_questions(1, out, &last);
    int ends[2];
    char byte;

    start();
    ck_assert_int_eq(pipe(ends), 0);
    socket.control = keyholder_rig_attach(&rig, 4711);
    keyholder_rig_order(&socket, out, len, &ends[1], 1);
    ck_assert_uint_eq(keyholder_rig_report(&rig).worker, 4711);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0); /* nobody else has the other end */
    close(ends[0]);
    close(socket.control);
    end();
}
END_TEST

/* It asks and asks, and takes no answer. */
static size_t flood(int socket)
{
    static uint8_t out[MANY_LEN];
    size_t sent = 0, last, len = write_questions(1, out, &last);

    while (sent < 100000) {
        if (send(socket, out, len, MSG_DONTWAIT) < 0) {
            struct pollfd event = {.fd = socket, .events = POLLOUT};
            if (poll(&event, 1, 300) != 1)
                return sent;
            continue;
        }
        sent++;
    }
    return sent;
}

START_TEST(a_worker_that_takes_no_answers_is_not_served_without_end_and_holds_nobody_up)
{
    struct tls_key_request request = ticket_request(TLS_KEY_SEAL_TICKET, BYTES_OF_LITERAL("a session"));
    int hostile;

    start();
    hostile = keyholder_rig_attach(&rig, 2);
    ck_assert_uint_lt(flood(hostile), 5000); /* two sockets full, and a batch */
    ck_assert(get(&request));
    ck_assert(!keyholder_rig_has_report(&rig));
    close(hostile);
    ck_assert(get(&request));
    end();
}
END_TEST

START_TEST(a_ticket_does_not_wait_behind_signatures)
{
    struct tls_key_request signature = verify_request("rsa2048.key", SIGNATURE_RSA_PSS_SHA256);
    struct tls_key_request ticket = ticket_request(TLS_KEY_SEAL_TICKET, BYTES_OF_LITERAL("a session"));

    start();
    for (uint64_t id = 2; id <= 101; id++)
        ask(id, &signature);
    ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
    ask(1, &ticket);
    while (answers_of[1] == 0)
        ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
    ck_assert_uint_lt(answers, 20);
    end();
}
END_TEST

/* ---- life and death */

START_TEST(questions_outlive_the_keyholder_and_the_next_one_answers_them)
{
    struct tls_key_request request = verify_request("rsa2048.key", SIGNATURE_RSA_PSS_SHA256);
    struct ticket_root root = some_root();

    start();
    for (uint64_t id = 1; id <= 100; id++)
        ask(id, &request);
    while (answers < 20)
        ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
    keyholder_rig_kill(&rig);
    ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0); /* sees it */
    keyholder_rig_start(&rig, &root);
    ck_assert(key_service_set_socket(service, keyholder_rig_attach(&rig, 1)));
    wait_for_answers();
    ck_assert_uint_eq(good_answers, 100);
    for (size_t id = 1; id <= 100; id++)
        ck_assert_uint_eq(answers_of[id], 1);
    end();
}
END_TEST

START_TEST(it_ends_when_its_master_and_the_last_worker_are_gone_and_not_before)
{
    struct tls_key_request request = ticket_request(TLS_KEY_SEAL_TICKET, BYTES_OF_LITERAL("a session"));
    int status;

    start();
    close(rig.control);
    ck_assert(get(&request));
    usleep(50 * 1000);
    ck_assert_int_eq(waitpid(rig.pid, &status, WNOHANG), 0);
    ck_assert(get(&request));
    end_workers();
    ck_assert_int_eq(keyholder_rig_wait(&rig), 0);
}
END_TEST

START_TEST(what_was_asked_before_it_was_attached_is_answered)
{
    struct tls_key_request request = ticket_request(TLS_KEY_SEAL_TICKET, BYTES_OF_LITERAL("a session"));
    struct keyholder_order order = {KEYHOLDER_ATTACH, 1};
    struct ticket_root root = some_root();
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    base = event_base_new();
    service = key_service_new_remote(base, ends[0], take_answer, NULL);
    ask(1, &request);
    ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
    keyholder_rig_start(&rig, &root);
    keyholder_rig_order(&rig, &order, sizeof order, &ends[1], 1);
    close(ends[1]);
    wait_for_answers();
    ck_assert_uint_eq(good_answers, 1);
    end();
}
END_TEST

/* Length, type and number of descriptors. */
static const struct order_row {
    size_t len;
    uint32_t type;
    size_t fds;
} bad_orders[] = {
    {sizeof(struct keyholder_order), KEYHOLDER_ATTACH, 0},
    {sizeof(struct keyholder_order), KEYHOLDER_ATTACH, 2},
    {sizeof(struct keyholder_order), KEYHOLDER_ATTACH, 3},
    {sizeof(struct keyholder_order), 99, 1},
    {sizeof(struct keyholder_order), 99, 0},
    {sizeof(struct keyholder_order), KEYHOLDER_PING, 1},
    {sizeof(struct keyholder_order) - 1, KEYHOLDER_ATTACH, 1},
    {sizeof(struct keyholder_order) + 1, KEYHOLDER_ATTACH, 1},
};

START_TEST(an_order_that_is_none_ends_it_with_a_failure)
{
    const struct order_row *row = &bad_orders[_i % (int)ARRAY_LEN(bad_orders)]; /* the loop is longer than the table */
    uint8_t text[sizeof(struct keyholder_order) + 1] = {0};
    struct keyholder_order order = {row->type, 1};
    int fds[3] = {0, 0, 0};

    start();
    memcpy(text, &order, sizeof order);
    keyholder_rig_order(&rig, text, row->len, fds, row->fds);
    ck_assert_int_eq(WEXITSTATUS(keyholder_rig_wait(&rig)), DAEMON_EXIT_FAILURE);
    close(rig.control);
    end_workers();
}
END_TEST

START_TEST(a_ping_is_answered)
{
    struct keyholder_order order = {KEYHOLDER_PING, 0};

    start();
    for (int i = 0; i < 3; i++) {
        keyholder_rig_order(&rig, &order, sizeof order, NULL, 0);
        ck_assert_uint_eq(keyholder_rig_report(&rig).type, KEYHOLDER_ALIVE);
    }
    end();
}
END_TEST

START_TEST(one_worker_too_many_is_refused_and_there_is_room_again_when_one_goes)
{
    static int sockets[KEYHOLDER_MAX_WORKERS];
    struct keyholder_report report;

    start();
    for (uint32_t i = 1; i < KEYHOLDER_MAX_WORKERS; i++)
        sockets[i] = keyholder_rig_attach(&rig, 100 + i);
    sockets[0] = keyholder_rig_attach(&rig, 7);
    report = keyholder_rig_report(&rig);
    ck_assert_uint_eq(report.type, KEYHOLDER_WORKER_REFUSED);
    ck_assert_uint_eq(report.worker, 7);
    ck_assert(is_closed(sockets[0]));
    close(sockets[0]);
    close(sockets[1]);
    sockets[0] = keyholder_rig_attach(&rig, 8);
    ck_assert(!keyholder_rig_has_report(&rig));
    close(sockets[0]);
    for (uint32_t i = 2; i < KEYHOLDER_MAX_WORKERS; i++)
        close(sockets[i]);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        it_tells_what_an_answer_took,
        it_signs_what_tls_13_signs_and_nothing_else,
        it_signs_ecdh_parameters_of_tls_12_and_no_other_text,
        it_derives_a_master_secret_of_whatever_a_client_sent_and_never_says_whether_it_was_one,
        tickets_that_one_keyholder_sealed_open_at_another_and_at_the_one_that_replaces_it,
        what_cannot_be_done_is_answered_and_no_violation,
        a_descriptor_beside_a_question_is_a_violation_and_is_not_kept,
        a_worker_that_takes_no_answers_is_not_served_without_end_and_holds_nobody_up,
        a_ticket_does_not_wait_behind_signatures,
        questions_outlive_the_keyholder_and_the_next_one_answers_them,
        it_ends_when_its_master_and_the_last_worker_are_gone_and_not_before,
        what_was_asked_before_it_was_attached_is_answered,
        a_ping_is_answered,
        one_worker_too_many_is_refused_and_there_is_room_again_when_one_goes,
    };
    const TTest *const loops[] = {
        what_is_no_question_costs_the_worker_its_socket_and_the_master_hears_of_it,
        an_order_that_is_none_ends_it_with_a_failure,
    };
    if (!crypto_start())
        return EXIT_FAILURE;
    return check_run_loops("keyholder", tests, ARRAY_LEN(tests), loops, ARRAY_LEN(loops), BAD_DATAGRAMS);
}
