/*
 * measure_keyholder.c: what it costs to ask a keyholder and not the own process: `measure_keyholder [WORK [ROUNDS]]`.
 *
 * Connections that are always in a handshake ask what a full handshake of TLS 1.3 asks, a signature and two tickets,
 * and do so many microseconds of other work (WORK, 300) for it in between. Printed is the CPU time of one handshake,
 * the other work left out, in the worker and in the keyholder: of the cheapest of ROUNDS (20), for a machine that has
 * other things to do makes the others dearer.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "daemon/keyholder_rig.h"
#include "proxy/file_bytes.h"
#include "proxy/key_service.h"
#include "proxy/proxy.h"
#include "proxy/test_files.h"
#include "support/must.h"

enum { STEPS = 3, MOST_CONNECTIONS = 64, TICKET_LEN = 140, HANDSHAKES = 200 };

static struct key_service *service;
static unsigned work, steps[MOST_CONNECTIONS];
static size_t done, busy;
static uint8_t key_id[KEY_ID_LEN];
static enum signature_id signature;

static double cpu_of(clockid_t clock)
{
    struct timespec now;

    must(clock_gettime(clock, &now) == 0);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static uint64_t spins; /* that take about work / STEPS microseconds */
static double worked;  /* microseconds that the work of one handshake takes in truth, at its cheapest */

static void do_other_work(void)
{
    for (uint64_t i = 0; i < spins; i++)
        __asm__ volatile("" : : : "memory");
}

static double cost_of_work(unsigned tries)
{
    double best = 1e9;

    for (unsigned i = 0; i < tries; i++) {
        double before = cpu_of(CLOCK_PROCESS_CPUTIME_ID), spent;
        for (size_t step = 0; step < (size_t)HANDSHAKES * STEPS; step++)
            do_other_work();
        spent = cpu_of(CLOCK_PROCESS_CPUTIME_ID) - before;
        best = spent < best ? spent : best;
    }
    return best / HANDSHAKES;
}

static void calibrate(unsigned rounds)
{
    spins = 10 * 1000;
    spins = (uint64_t)((double)spins * work / cost_of_work(rounds));
    worked = cost_of_work(rounds);
}

/* A ticket rides along with a signature; where none is asked for, the first text has come and hurries it. */
static void ask(uint32_t connection)
{
    struct tls_key_request request = {
        .operation = TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, .signature = signature, .transcript_hash_len = 32};
    bool is_ticket = steps[connection] > 0;

    memcpy(request.key_id, key_id, KEY_ID_LEN);
    if (is_ticket)
        request = (struct tls_key_request){.operation = TLS_KEY_SEAL_TICKET, .payload_len = TICKET_LEN};
    must(key_service_ask(service, (struct connection_ticket){connection + 1, connection}, &request,
                         is_ticket ? KEY_MAY_WAIT : KEY_AT_ONCE));
    if (is_ticket && key_service_private_keys_waiting(service) == 0)
        key_service_hurry(service);
}

static void take_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context, (void)answer;
    must(is_ok);
    do_other_work();
    if (++steps[ticket.slot] == STEPS) {
        steps[ticket.slot] = 0;
        done++;
        if (done + busy > HANDSHAKES) {
            busy--;
            return;
        }
    }
    ask(ticket.slot);
}

struct cost {
    double worker, keyholder; /* microseconds of one handshake */
};

static struct cost run(struct event_base *base, size_t connections, const clockid_t *keyholder)
{
    double worker_before = cpu_of(CLOCK_PROCESS_CPUTIME_ID), keyholder_before = keyholder ? cpu_of(*keyholder) : 0;

    done = 0;
    busy = connections;
    for (uint32_t i = 0; i < connections; i++)
        ask(i);
    while (key_service_waiting(service) > 0)
        must(event_base_loop(base, EVLOOP_ONCE) >= 0);
    return (struct cost){(cpu_of(CLOCK_PROCESS_CPUTIME_ID) - worker_before) / HANDSHAKES - worked,
                         keyholder ? (cpu_of(*keyholder) - keyholder_before) / HANDSHAKES : 0};
}

static struct cost cheapest(struct event_base *base, size_t connections, const clockid_t *keyholder, unsigned rounds)
{
    struct cost best = run(base, connections, keyholder);

    for (unsigned i = 1; i < rounds; i++) {
        struct cost cost = run(base, connections, keyholder);
        if (cost.worker + cost.keyholder < best.worker + best.keyholder)
            best = cost;
    }
    return best;
}

static struct ticket_root some_root(void)
{
    struct ticket_root root;

    must(ticket_root_new(&root, random_system(), time(NULL), 4 * 3600, 8 * 3600));
    return root;
}

static struct cost measure_local(const char *name, size_t connections, unsigned rounds)
{
    struct event_base *base = event_base_new();
    struct ticket_root root = some_root();
    struct keyring *keyring = keyring_new();
    struct file_bytes file;
    struct crypto_fault fault;
    const char *reason;
    struct cost cost;

    must(keyring && file_read(test_file(name), 65536, &file, &reason));
    must(keyring_add(keyring, private_key_new(file_view(&file), random_system(), &fault)));
    file_wipe(&file);
    keyring_set_tickets(keyring, ticket_keys_from_root(random_system(), &root));
    service = key_service_new(base, keyring, random_system(), take_answer, NULL);
    must(service);
    cost = cheapest(base, connections, NULL, rounds);
    key_service_free(service);
    keyring_free(keyring);
    event_base_free(base);
    return cost;
}

static struct cost measure_remote(size_t connections, unsigned rounds)
{
    struct event_base *base = event_base_new();
    struct ticket_root root = some_root();
    struct keyholder_rig rig;
    clockid_t clock;
    struct cost cost;

    keyholder_rig_start(&rig, &root);
    must(clock_getcpuclockid(rig.pid, &clock) == 0);
    service = key_service_new_remote(base, keyholder_rig_attach(&rig, 1), take_answer, NULL);
    must(service);
    (void)run(base, connections, &clock); /* it has read its keys */
    cost = cheapest(base, connections, &clock, rounds);
    key_service_free(service);
    must(keyholder_rig_end(&rig) == 0);
    event_base_free(base);
    return cost;
}

static void compare(const char *name, enum signature_id algorithm, unsigned rounds)
{
    static const size_t connections[] = {1, 4, 32};

    keyholder_rig_key_id(name, key_id);
    signature = algorithm;
    for (size_t i = 0; i < ARRAY_LEN(connections); i++) {
        struct cost local = measure_local(name, connections[i], rounds);
        struct cost remote = measure_remote(connections[i], rounds);
        printf("%-12s %11zu %10.1f %10.1f %10.1f %+10.1f\n", name, connections[i], local.worker, remote.worker,
               remote.keyholder, remote.worker + remote.keyholder - local.worker);
    }
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 20;

    work = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 300;
    must(crypto_start());
    calibrate(rounds);
    setlinebuf(stdout);
    printf("CPU us of a handshake beside %u of other work\n%-12s %11s %10s %10s %10s %10s\n", work, "key",
           "connections", "in process", "worker", "keyholder", "isolation");
    compare("p256.key", SIGNATURE_ECDSA_P256_SHA256, rounds);
    compare("rsa2048.key", SIGNATURE_RSA_PSS_SHA256, rounds);
    return 0;
}
