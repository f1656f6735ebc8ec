/*
 * Every allocation of ours and of libevent fails once: the connection may be lost, never the process, never a byte
 * of storage, and never a byte to the backend that the client did not send.
 */
#include <check.h>
#include <errno.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/crypto.h"
#include "proxy/harness.h"
#include "proxy/policy.h"
#include "proxy/file_bytes.h"
#include "proxy/test_files.h"
#include "support/alloc_fault.h"
#include "proxy/disk.h"
#include "support/check_run.h"

static struct harness h;

/* libevent gets its memory from us too. */
static void *event_malloc(size_t len)
{
    return memory_new(len);
}

static void look(void)
{
    alloc_fault_resume();
    ck_assert_int_ge(event_base_loop(h.base, EVLOOP_NONBLOCK), 0);
    alloc_fault_pause();
}

static void hold_key(void)
{
    struct file_bytes file;
    struct crypto_fault fault = {""};
    struct private_key *key;
    const char *reason;

    ck_assert(file_read(test_file("p256.key"), 65536, &file, &reason));
    key = private_key_new(file_view(&file), random_system(), &fault);
    ck_assert_ptr_nonnull(key);
    memcpy(fake_tls_key_id, private_key_id(key), KEY_ID_LEN);
    ck_assert(keyring_add(h.keyring, key));
    file_wipe(&file);
}

/* Reads what is there and says whether it is what it should be, as far as it goes. */
static size_t take(int fd, const char *expected, size_t at)
{
    char got[64];
    ssize_t len = fd >= 0 ? recv(fd, got, sizeof got, 0) : -1;

    for (ssize_t i = 0; i < len; i++) {
        if (fd == h.client && got[i] == FAKE_ALERT)
            return at; /* told that it went wrong */
        ck_assert_uint_lt(at + (size_t)i, strlen(expected));
        ck_assert_int_eq(got[i], expected[at + (size_t)i]);
    }
    return len > 0 ? at + (size_t)len : at;
}

static void expected_text(char *text, size_t size)
{
    struct socket_address client, server;

    ck_assert(address_of_socket(h.client, &client));
    ck_assert(address_of_socket(listener_socket(h.listener, 0), &server));
    snprintf(text, size, "PROXY TCP4 127.0.0.1 127.0.0.1 %u %u\r\nquestion", ntohs(client.v4.sin_port),
             ntohs(server.v4.sin_port));
}

enum { BRIEFLY = 20 * 1000, AMPLY = 5 * 1000 * 1000 }; /* microseconds */

/*
 * One connection with everything: key, backend with a PROXY header, text both ways, the end. True: all of it went in as
 * many microseconds: where memory was refused it may never end.
 */
static bool converse(uint64_t patience)
{
    char up[128];
    size_t at_peer = 0, at_client = 0;
    uint64_t end = proxy_now() + patience;

    expected_text(up, sizeof up);
    (void)!send(h.client, "Kquestion\x04", 10, MSG_NOSIGNAL);
    while (proxy_now() < end && at_client < 8) {
        look();
        if (h.peer < 0 && harness_accept(&h))
            (void)!send(h.peer, "answer", 6, MSG_NOSIGNAL);
        at_peer = take(h.peer, up, at_peer);
        if (at_peer == strlen(up) && h.peer >= 0)
            (void)!shutdown(h.peer, SHUT_WR);
        at_client = take(h.client, "Sanswer\x04", at_client);
        if (h.proxy->counters->accepted > 0 && h.proxy->connection_count == 0)
            break;
    }
    return at_client == 8 && at_peer == strlen(up);
}

static void start(void)
{
    harness_init(&h);
    h.backend.send_proxy = CONFIG_SEND_PROXY_V1;
    h.settings.linger_timeout = 1000;
    harness_start(&h);
    hold_key();
}

/* Whether the allocation `n` was there to fail. */
static bool survives(unsigned long n, uint64_t patience, bool *is_good)
{
    long live = alloc_fault_live();
    bool has_fired;

    alloc_fault_arm(0);
    start();
    harness_open_client(&h);
    alloc_fault_arm(n);
    alloc_fault_pause();
    *is_good = converse(patience);
    alloc_fault_resume();
    has_fired = alloc_fault_fired();
    alloc_fault_arm(0);
    harness_free(&h);
    ck_assert_msg(alloc_fault_live() == live, "allocation %lu: %ld kept", n, alloc_fault_live() - live);
    return has_fired;
}

/* When none was there, and not all of it went either, it was for want of time: a busy machine. */
START_TEST(whichever_allocation_fails_the_proxy_serves_on_and_keeps_nothing)
{
    unsigned long n = 1;
    bool is_good;

    ck_assert(crypto_start());
    event_set_mem_functions(event_malloc, memory_resize, memory_free);
    while (survives(n, BRIEFLY, &is_good) || (!is_good && survives(n, AMPLY, &is_good)))
        n++;
    ck_assert(is_good);
    ck_assert_uint_ge(n, 8);
}
END_TEST

static size_t told;

static void hear(void *context, const char *finding)
{
    (void)context, (void)finding;
    told++;
}

START_TEST(whichever_allocation_fails_a_policy_is_whole_or_not_there_and_says_why)
{
    static struct config_value certificates[2], keys[2], protocol = {"h2", {"t", 5}};
    struct config_listen listen = {
        .name = "web", .certificates = {certificates, 2}, .keys = {keys, 2}, .alpn = {&protocol, 1}};
    static char paths[4][TEST_PATH_LEN];
    static const char *const names[] = {"p256.crt", "rsa2048.crt", "rsa2048.key", "p256.key"};
    struct tls_policy *policy = NULL;
    unsigned long n = 1;

    ck_assert(crypto_start());
    for (int i = 0; i < 4; i++) {
        snprintf(paths[i], TEST_PATH_LEN, "%s", test_file(names[i]));
        (i < 2 ? certificates : keys)[i % 2] = (struct config_value){paths[i], {"t", (unsigned)i + 1}};
    }
    for (bool has_fired = true; has_fired; n++) {
        long live = alloc_fault_live();
        struct keyring *keyring = keyring_new();
        ck_assert_ptr_nonnull(keyring);
        told = 0;
        alloc_fault_arm(n);
        policy = policy_build(&listen, disk_for(PURPOSE_SERVE), keyring, (struct config_findings){hear, NULL});
        has_fired = alloc_fault_fired();
        alloc_fault_arm(0);
        ck_assert_msg(policy != NULL || told > 0, "allocation %lu failed without a word", n);
        ck_assert(policy == NULL || tls_policy_certificate_count(policy) == 2);
        tls_policy_unref(policy);
        keyring_free(keyring);
        ck_assert_msg(alloc_fault_live() == live, "allocation %lu: %ld kept", n, alloc_fault_live() - live);
    }
    ck_assert_ptr_nonnull(policy);
    ck_assert_uint_gt(n, 20);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        whichever_allocation_fails_the_proxy_serves_on_and_keeps_nothing,
        whichever_allocation_fails_a_policy_is_whole_or_not_there_and_says_why,
    };
    return check_run("memory", tests, ARRAY_LEN(tests));
}
