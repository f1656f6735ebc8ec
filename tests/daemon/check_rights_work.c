/*
 * What each process is there for, done by one that has given up its rights: a keyholder signs, a worker agrees on keys,
 * the admin process answers HTTP, the resolver resolves. The traffic of a worker: tests/e2e/rights.sh.
 */
#include "daemon/rights.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/certificate.h"
#include "crypto/key_exchange.h"
#include "crypto/rsa_premaster.h"
#include "crypto/signature.h"
#include "daemon/rights_child.h"
#include "support/check_run.h"
#include "support/data_file.h"

static struct rights_settings settings;

/* ---- memory and ends, the same for all */

/* Small and big, grown and given back: brk, mmap, mremap, munmap, madvise, a trimmed heap. */
static int use_memory(void *context)
{
    uint8_t *big = NULL;
    (void)context;

    for (size_t len = 16; len < 64 << 20; len *= 4) {
        uint8_t *more = realloc(big, len);
        if (!more)
            return 1;
        memset(more, 0xa5, len);
        big = more;
    }
    free(big);
    return 0;
}

static int give_up(void *context)
{
    (void)context;
    abort();
}

START_TEST(memory_is_had_and_an_abort_is_an_abort)
{
    for (int role = 0; role < PROCESS_ROLES; role++) {
        ck_assert_int_eq(child_with_rights((enum process_role)role, &settings, use_memory, NULL), 0);
        ck_assert_int_eq(child_with_rights((enum process_role)role, &settings, give_up, NULL), -SIGABRT);
    }
}
END_TEST

/* ---- keyholder */

enum { QUESTIONS = 4, ANSWER_LEN = 1200 };

struct keyholder {
    struct bytes pem;
    int fd;
};

static bool use_key(const struct private_key *key)
{
    uint8_t signature[MAX_SIGNATURE_LEN], fallback[PREMASTER_LEN] = {0}, premaster[PREMASTER_LEN], cipher[256] = {1};
    unsigned made = 0;
    size_t len;

    for (int id = 0; id < SIGNATURE_IDS; id++)
        if (signature_fits_key((enum signature_id)id, private_key_kind(key), private_key_bits(key)))
            made += signature_make(key, (enum signature_id)id, bytes_of_string("to be signed"), random_system(),
                                   signature, &len);
    if (private_key_kind(key) == KEY_KIND_RSA &&
        !rsa_premaster_open(key, bytes_of(cipher, sizeof cipher), 0x0303, fallback, random_system(), premaster))
        return false;
    return made > 0;
}

/* Takes all that waits by one call, and answers one by one. */
static bool answer_all(int fd)
{
    static uint8_t room[QUESTIONS][ANSWER_LEN];
    struct iovec spans[QUESTIONS];
    struct mmsghdr messages[QUESTIONS] = {0};
    int count, sent = 0;

    for (int i = 0; i < QUESTIONS; i++) {
        spans[i] = (struct iovec){room[i], sizeof room[i]};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &spans[i], .msg_iovlen = 1};
    }
    count = recvmmsg(fd, messages, QUESTIONS, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++)
        sent += send(fd, room[i], messages[i].msg_len, MSG_DONTWAIT) > 0;
    return count == QUESTIONS && sent == QUESTIONS;
}

static bool lock_arena(void)
{
    void *arena = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return arena != MAP_FAILED && madvise(arena, 1 << 16, MADV_DONTDUMP) == 0 &&
           madvise(arena, 1 << 16, MADV_WIPEONFORK) == 0 && mprotect(arena, 4096, PROT_NONE) == 0 &&
           mlock((uint8_t *)arena + 4096, 4096) == 0 && munlock((uint8_t *)arena + 4096, 4096) == 0 &&
           munmap(arena, 1 << 16) == 0;
}

static int hold_keys(void *context)
{
    const struct keyholder *keyholder = context;
    struct crypto_fault fault;
    struct private_key *key = private_key_new(keyholder->pem, random_system(), &fault);

    if (!key || !use_key(key))
        return 1;
    private_key_free(key);
    return !lock_arena() ? 2 : answer_all(keyholder->fd) ? 0 : 3;
}

START_TEST(a_keyholder_reads_keys_signs_opens_and_answers)
{
    static const char *const names[] = {"certificates/p256.key", "certificates/p384.key", "certificates/rsa2048.key",
                                        "certificates/rsa3072.key"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct keyholder keyholder = {data_file_read(names[i]), -1};
        int ends[2];
        char answer[16];
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
        keyholder.fd = ends[1];
        for (int question = 0; question < QUESTIONS; question++)
            ck_assert_int_eq(write(ends[0], "question", 8), 8);
        ck_assert_int_eq(child_with_rights(PROCESS_KEYHOLDER, &settings, hold_keys, &keyholder), 0);
        for (int question = 0; question < QUESTIONS; question++)
            ck_assert_int_eq(recv(ends[0], answer, sizeof answer, MSG_DONTWAIT), 8);
        close(ends[0]);
        close(ends[1]);
        data_file_free(keyholder.pem);
    }
}
END_TEST

/* ---- worker */

static int agree(void *context)
{
    static const enum key_exchange_id ids[] = {KEY_EXCHANGE_X25519, KEY_EXCHANGE_SECP256R1, KEY_EXCHANGE_SECP384R1,
                                               KEY_EXCHANGE_X25519MLKEM768};
    static uint8_t client_share[MAX_PUBLIC_SHARE_LEN], server_share[MAX_PUBLIC_SHARE_LEN];
    (void)context;

    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        const struct key_exchange_alg *alg = key_exchange_find(ids[i]);
        struct key_exchange_client client;
        struct secret ours, theirs;
        if (!key_exchange_client_start(&client, alg, random_system(), client_share) ||
            key_exchange_respond(alg, bytes_of(client_share, key_exchange_client_len(alg)), random_system(),
                                 server_share, &ours) != CRYPTO_OK ||
            key_exchange_client_finish(&client, bytes_of(server_share, key_exchange_server_len(alg)), &theirs) !=
                CRYPTO_OK)
            return (int)i + 1;
    }
    return 0;
}

/* Parsed there too, for a new configuration comes while it runs. */
static int parse_certificate(void *context)
{
    struct bytes *pem = context;
    struct crypto_fault fault;
    struct certificate_chain *chain = certificate_chain_new(*pem, &fault);

    if (!chain)
        return 1;
    certificate_chain_free(chain);
    return 0;
}

START_TEST(a_worker_agrees_on_keys_and_reads_certificates)
{
    struct bytes pem = data_file_read("certificates/rsa2048.crt");

    ck_assert_int_eq(child_with_rights(PROCESS_WORKER, &settings, agree, NULL), 0);
    ck_assert_int_eq(child_with_rights(PROCESS_WORKER, &settings, parse_certificate, &pem), 0);
    data_file_free(pem);
}
END_TEST

static int connect_to(void *context)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    return connect(fd, context, sizeof(struct sockaddr_in)) == 0 || errno == EINPROGRESS ? 0 : errno;
}

static int listen_somewhere(struct sockaddr_in *address)
{
    socklen_t len = sizeof *address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    ck_assert_int_eq(bind(fd, (struct sockaddr *)address, len), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, &len), 0);
    return fd;
}

START_TEST(a_worker_connects_to_backends)
{
    struct sockaddr_in address;
    int fd = listen_somewhere(&address);

    ck_assert_int_eq(child_with_rights(PROCESS_WORKER, &settings, connect_to, &address), 0);
    close(fd);
}
END_TEST

/* ---- admin */

struct admin {
    struct event_base *base;
    struct evhttp *http;
};

static void on_request(struct evhttp_request *request, void *context)
{
    struct event_base *base = context;

    evhttp_send_reply(request, 200, "OK", NULL);
    event_base_loopexit(base, &(struct timeval){0, 100000});
}

static int serve(void *context)
{
    struct admin *admin = context;

    return event_base_dispatch(admin->base) < 0;
}

static _Noreturn void ask_over_http(const struct sockaddr *address, socklen_t len)
{
    static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
    char answer[256] = "";
    int fd = socket(address->sa_family, SOCK_STREAM, 0);

    if (connect(fd, address, len) != 0 || write(fd, request, sizeof request - 1) < 0 ||
        read(fd, answer, sizeof answer - 1) <= 0 || !strstr(answer, " 200 OK"))
        _exit(1);
    _exit(0);
}

static void serve_once(int fd, const struct sockaddr *address, socklen_t len)
{
    struct admin admin = {event_base_new(), NULL};
    int status;
    pid_t client;

    ck_assert_ptr_nonnull(admin.http = evhttp_new(admin.base));
    ck_assert_int_eq(evhttp_accept_socket(admin.http, fd), 0);
    evhttp_set_gencb(admin.http, on_request, admin.base);
    client = fork();
    if (client == 0)
        ask_over_http(address, len);
    /* An event base is its process's own, so this one forks first and drops then, as the program does. */
    ck_assert_int_eq(event_reinit(admin.base), 0);
    ck_assert_int_eq(child_with_rights(PROCESS_ADMIN, &settings, serve, &admin), 0);
    ck_assert_int_eq(waitpid(client, &status, 0), client);
    ck_assert_int_eq(status, 0);
    evhttp_free(admin.http);
    event_base_free(admin.base);
}

START_TEST(the_admin_process_answers_http_on_a_socket_that_it_was_given)
{
    struct sockaddr_in address;
    int fd = listen_somewhere(&address);

    serve_once(fd, (struct sockaddr *)&address, sizeof address);
}
END_TEST

START_TEST(the_admin_process_answers_http_on_a_unix_socket)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/sallyport-admin.%d", (int)getpid());
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    serve_once(fd, (struct sockaddr *)&address, sizeof address);
    ck_assert_int_eq(unlink(address.sun_path), 0);
}
END_TEST

/* ---- resolver */

static int resolve(void *context)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found = NULL;
    (void)context;

    if (getaddrinfo("localhost", "443", &hints, &found) != 0 || !found)
        return 1;
    freeaddrinfo(found);
    return getaddrinfo("sallyport.invalid", "443", &hints, &found) != 0 ? 0 : 2;
}

START_TEST(the_resolver_resolves_what_the_system_knows_and_survives_what_it_does_not)
{
    ck_assert_int_eq(child_with_rights(PROCESS_RESOLVER, &settings, resolve, NULL), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        memory_is_had_and_an_abort_is_an_abort,
        a_keyholder_reads_keys_signs_opens_and_answers,
        a_worker_agrees_on_keys_and_reads_certificates,
        a_worker_connects_to_backends,
        the_admin_process_answers_http_on_a_socket_that_it_was_given,
        the_admin_process_answers_http_on_a_unix_socket,
        the_resolver_resolves_what_the_system_knows_and_survives_what_it_does_not,
    };

    settings = strict_settings();
    if (!rights_harden() || !crypto_start())
        return EXIT_FAILURE;
    return check_run("rights_work", tests, ARRAY_LEN(tests));
}
