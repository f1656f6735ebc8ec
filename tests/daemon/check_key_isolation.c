/*
 * What lies in whose memory: a worker that serves has no key, its keyholder has them all.
 *
 * Both are processes of their own, and the test reads the keys when they run already, so that no copy of the test's
 * comes with them.
 */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sanitizer.h"
#include "base/secret.h"
#include "base/writer.h"
#include "crypto/certificate.h"
#include "crypto/pem.h"
#include "daemon/keyholder_rig.h"
#include "proxy/file_bytes.h"
#include "proxy/key_service.h"
#include "proxy/test_files.h"
#include "support/check_run.h"
#include "support/memory_scan.h"

enum { ROUNDS = 200 };

static unsigned good_answers;

static void take_answer(void *context, struct connection_ticket ticket, bool is_ok, struct bytes answer)
{
    (void)context, (void)ticket, (void)answer;
    good_answers += is_ok;
}

static struct tls_key_request some_request(unsigned round, const uint8_t *key_id)
{
    struct tls_key_request request = {.operation = round % 2 ? TLS_KEY_SEAL_TICKET : TLS_KEY_SIGN_CERTIFICATE_VERIFY_13,
                                      .signature = SIGNATURE_ECDSA_P256_SHA256,
                                      .payload_len = round % 2 ? 100 : 0,
                                      .transcript_hash_len = round % 2 ? 0 : 32};

    memcpy(request.key_id, key_id, KEY_ID_LEN);
    return request;
}

/* Asks for signatures and tickets, says whether all went well, and goes on living. */
static _Noreturn void work(int keyholder, int told, const uint8_t *key_id)
{
    struct event_base *base = event_base_new();
    struct key_service *service = key_service_new_remote(base, keyholder, take_answer, NULL);
    bool is_ok = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && service;

    for (unsigned round = 0; is_ok && round < ROUNDS; round++) {
        struct tls_key_request request = some_request(round, key_id);
        is_ok = key_service_ask(service, (struct connection_ticket){round + 1, 0}, &request, KEY_AT_ONCE);
        while (is_ok && key_service_waiting(service) > 0)
            is_ok = event_base_loop(base, EVLOOP_ONCE) == 0;
    }
    is_ok = is_ok && good_answers == ROUNDS;
    if (write(told, &is_ok, sizeof is_ok) != sizeof is_ok)
        _exit(1);
    for (;;)
        pause();
}

/* The scalar of an ECDSA key as PKCS#8 has it: 32 bytes behind 04 20. */
static struct bytes scalar_of(struct bytes der)
{
    const uint8_t *mark = memmem(der.at, der.len, "\x02\x01\x01\x04\x20", 5);

    ck_assert_ptr_nonnull(mark);
    return bytes_of(mark + 5, 32);
}

/* One prime of an RSA key: the fourth number of its RSAPrivateKey, of 128 bytes and a zero before them. */
static struct bytes prime_of(struct bytes der)
{
    const uint8_t *mark = memmem(der.at, der.len, "\x02\x81\x81\x00", 4);

    ck_assert_ptr_nonnull(mark);
    return bytes_of(mark + 4, 128);
}

static struct bytes decode(const char *name, uint8_t *storage, size_t len)
{
    struct file_bytes file;
    struct pem_reader pem;
    struct pem_block block;
    struct writer w = writer_of(storage, len);
    const char *reason;

    ck_assert(file_read(test_file(name), 65536, &file, &reason));
    pem = pem_reader_of(file_view(&file));
    ck_assert_int_eq(pem_next(&pem, &block), PEM_BLOCK);
    ck_assert(pem_decode(&block, &w));
    file_wipe(&file);
    return writer_view(&w);
}

static void key_id_of(const char *certificate, uint8_t id[KEY_ID_LEN])
{
    struct certificate_chain *chain;
    struct crypto_fault fault;
    struct file_bytes file;
    const char *reason;

    ck_assert(file_read(test_file(certificate), 65536, &file, &reason));
    chain = certificate_chain_new(file_view(&file), &fault);
    ck_assert_ptr_nonnull(chain);
    memcpy(id, certificate_chain_key_id(chain), KEY_ID_LEN);
    certificate_chain_free(chain);
    file_wipe(&file);
}

static pid_t worker;
static int told[2];

/* Before there is a key anywhere; its questions wait in the socket, whose other end this is. */
static int start_worker(void)
{
    uint8_t key_id[KEY_ID_LEN];
    int ends[2];

    key_id_of("p256.crt", key_id);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    ck_assert_int_eq(pipe(told), 0);
    worker = fork();
    ck_assert_int_ge(worker, 0);
    if (worker == 0)
        work(ends[0], told[1], key_id);
    close(ends[0]);
    close(told[1]);
    return ends[1];
}

static void wait_for_worker(void)
{
    bool is_ok = false;

    ck_assert_int_eq(read(told[0], &is_ok, sizeof is_ok), sizeof is_ok);
    ck_assert(is_ok);
    close(told[0]);
}

/* As much as is asserted of it: in some containers next to nothing may be locked. */
static bool may_lock(void)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
    return geteuid() == 0 || limit.rlim_cur >= 8 * 1024 * 1024;
}

/* Kilobytes, as the kernel counts them. */
static long locked_memory_of(pid_t pid)
{
    char path[64], line[256];
    long locked = -1;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%ld/status", (long)pid);
    status = fopen(path, "re");
    ck_assert_ptr_nonnull(status);
    while (fgets(line, sizeof line, status))
        if (sscanf(line, "VmLck: %ld", &locked) == 1)
            break;
    fclose(status);
    return locked;
}

START_TEST(a_worker_that_serves_has_no_key_in_its_memory_and_its_keyholder_has)
{
    uint8_t ecdsa[2048], rsa[4096], ticket_key[TICKET_KEY_FILE_LEN];
    struct keyholder_order order = {KEYHOLDER_ATTACH, 1};
    int socket = start_worker();
    struct keyholder_rig rig;
    struct ticket_root root;
    struct bytes secrets[3];

    ck_assert(ticket_root_new(&root, random_system(), time(NULL), 4 * 3600, 8 * 3600));
    keyholder_rig_start(&rig, &root);
    keyholder_rig_order(&rig, &order, sizeof order, &socket, 1);
    close(socket);
    wait_for_worker();
    secrets[0] = scalar_of(decode("p256.key", ecdsa, sizeof ecdsa));
    secrets[1] = prime_of(decode("rsa2048.key", rsa, sizeof rsa));
    ck_assert(ticket_root_key(&root, ticket_key));
    secrets[2] = bytes_of(ticket_key + TICKET_KEY_NAME_LEN, 32);
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        ck_assert_msg(memory_scan(worker, &secrets[i], 1) == 0, "the worker has secret %zu", i);
        ck_assert_msg(memory_scan(rig.pid, &secrets[i], 1) > 0, "the control does not find secret %zu", i);
    }
    if (may_lock())
        ck_assert_int_ge(locked_memory_of(rig.pid), 2048);
    ck_assert_int_eq(kill(worker, SIGKILL), 0);
    ck_assert_int_eq(waitpid(worker, NULL, 0), worker);
    ck_assert_int_eq(keyholder_rig_end(&rig), 0);
}
END_TEST

/* What is found across the border of two reads, and backwards. */
START_TEST(the_scan_finds_a_secret_wherever_it_lies)
{
    enum { PLACES = 3 * 1024 * 1024 };
    uint8_t secret[40], *memory = calloc(1, PLACES + sizeof secret);
    struct bytes view = BYTES_OF_ARRAY(secret);

    ck_assert_ptr_nonnull(memory);
    for (size_t at = 0; at <= PLACES; at += 4999) {
        struct bytes half = bytes_of(memory + at, sizeof secret);
        ck_assert(random_fill(random_system(), secret, sizeof secret));
        for (size_t i = 0; i < half.len; i++)
            memory[at + i] = at % 2 ? secret[i] : secret[half.len - 1 - i];
        ck_assert_int_ge(memory_scan(getpid(), &view, 1), 2); /* there, and where it was made */
        memory_wipe(memory + at, half.len);
        if (at > 20 * 4999 && at < PLACES - 40 * 4999)
            at += 10 * 4999;
    }
    free(memory);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_worker_that_serves_has_no_key_in_its_memory_and_its_keyholder_has,
        the_scan_finds_a_secret_wherever_it_lies,
    };
    if (HAS_SANITIZER) {
        puts("skipped: AddressSanitizer keeps what was freed, and maps terabytes to look through");
        return 77;
    }
    return crypto_start() ? check_run("key_isolation", tests, ARRAY_LEN(tests)) : EXIT_FAILURE;
}
