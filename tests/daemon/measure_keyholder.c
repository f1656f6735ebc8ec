/*
 * measure_keyholder.c: what it costs to ask a keyholder and not the own process: `measure_keyholder [WORK
 * [HANDSHAKES]]`.
 *
 * Connections that are always in a handshake ask what a full handshake of TLS 1.3 asks, a signature and two tickets,
 * and do so many microseconds of other work (WORK, 150) for it in between. Printed is the CPU time of one handshake,
 * the other work left out, in the worker and in the keyholder.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/alloc.h"
#include "daemon/keyholder_rig.h"
#include "proxy/file_bytes.h"
#include "proxy/key_service.h"
#include "proxy/proxy.h"
#include "proxy/test_files.h"
#include "support/must.h"

enum { STEPS = 3, MOST_CONNECTIONS = 64, TICKET_LEN = 140 };

static struct key_service *service;
static unsigned work, steps[MOST_CONNECTIONS];
static size_t done, wanted, busy;
static uint8_t key_id[KEY_ID_LEN];
static enum signature_id signature;

static double cpu_of(int who)
{
    struct rusage usage;

    must(getrusage(who, &usage) == 0);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static uint64_t cpu_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void do_other_work(void)
{
    uint64_t until = cpu_now() + work / STEPS;

    while (cpu_now() < until)
        ;
}

static void ask(uint32_t connection)
{
    struct tls_key_request request = {
        .operation = TLS_KEY_SIGN_CERTIFICATE_VERIFY_13, .signature = signature, .transcript_hash_len = 32};

    memcpy(request.key_id, key_id, KEY_ID_LEN);
    if (steps[connection] > 0)
        request = (struct tls_key_request){.operation = TLS_KEY_SEAL_TICKET, .payload_len = TICKET_LEN};
    must(key_service_ask(service, (struct connection_ticket){connection + 1, connection}, &request));
}

static void take_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context, (void)answer;
    must(is_ok);
    do_other_work();
    if (++steps[ticket.slot] == STEPS) {
        steps[ticket.slot] = 0;
        done++;
        if (done + busy > wanted) {
            busy--;
            return;
        }
    }
    ask(ticket.slot);
}

/* CPU time in microseconds of all handshakes. */
static double run(struct event_base *base, size_t connections, size_t handshakes)
{
    double before = cpu_of(RUSAGE_SELF);

    done = 0;
    wanted = handshakes;
    busy = connections;
    for (uint32_t i = 0; i < connections; i++)
        ask(i);
    while (key_service_waiting(service) > 0)
        must(event_base_loop(base, EVLOOP_ONCE) >= 0);
    return cpu_of(RUSAGE_SELF) - before - (double)(done * work);
}

static struct ticket_root some_root(void)
{
    struct ticket_root root;

    must(ticket_root_new(&root, random_system(), time(NULL), 4 * 3600, 8 * 3600));
    return root;
}

static double measure_local(const char *name, size_t connections, size_t handshakes)
{
    struct event_base *base = event_base_new();
    struct ticket_root root = some_root();
    struct keyring *keyring = keyring_new();
    struct file_bytes file;
    struct crypto_fault fault;
    const char *reason;
    double cost;

    must(keyring && file_read(test_file(name), 65536, &file, &reason));
    must(keyring_add(keyring, private_key_new(file_view(&file), random_system(), &fault)));
    file_wipe(&file);
    keyring_set_tickets(keyring, ticket_keys_from_root(random_system(), &root));
    service = key_service_new(base, keyring, random_system(), take_answer, NULL);
    must(service);
    cost = run(base, connections, handshakes);
    key_service_free(service);
    keyring_free(keyring);
    event_base_free(base);
    return cost;
}

/* The keyholder's time is that of a child that has ended. */
static double measure_remote(size_t connections, size_t handshakes, double *keyholder)
{
    struct event_base *base = event_base_new();
    struct ticket_root root = some_root();
    double before = cpu_of(RUSAGE_CHILDREN), cost;
    struct keyholder_rig rig;

    keyholder_rig_start(&rig, &root);
    service = key_service_new_remote(base, keyholder_rig_attach(&rig, 1), take_answer, NULL);
    must(service);
    cost = run(base, connections, handshakes);
    key_service_free(service);
    must(keyholder_rig_end(&rig) == 0);
    *keyholder = cpu_of(RUSAGE_CHILDREN) - before;
    event_base_free(base);
    return cost;
}

static void compare(const char *name, size_t connections, size_t handshakes)
{
    double keyholder = 0, local = measure_local(name, connections, handshakes);
    double worker = measure_remote(connections, handshakes, &keyholder), all = (double)handshakes;

    printf("%-12s %11zu %10.1f %10.1f %10.1f %+10.1f\n", name, connections, local / all, worker / all, keyholder / all,
           (worker + keyholder - local) / all);
}

int main(int argc, char **argv)
{
    static const size_t connections[] = {1, 4, 16, 64};
    size_t handshakes = argc > 2 ? strtoul(argv[2], NULL, 10) : 20000;

    work = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 150;
    must(crypto_start());
    printf("CPU us of a handshake beside %u of other work\n%-12s %11s %10s %10s %10s %10s\n", work, "key",
           "connections", "in process", "worker", "keyholder", "isolation");
    keyholder_rig_key_id("p256.key", key_id);
    signature = SIGNATURE_ECDSA_P256_SHA256;
    for (size_t i = 0; i < sizeof connections / sizeof *connections; i++)
        compare("p256.key", connections[i], handshakes);
    keyholder_rig_key_id("rsa2048.key", key_id);
    signature = SIGNATURE_RSA_PSS_SHA256;
    for (size_t i = 0; i < sizeof connections / sizeof *connections; i++)
        compare("rsa2048.key", connections[i], handshakes / 5);
    return 0;
}
