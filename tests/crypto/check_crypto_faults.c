/*
 * What happens when memory runs out: at every single allocation of ours, and at many places within the library's.
 * Never a crash, never a success with a wrong result, never our failure taken for the peer's fault, never a leak.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/aead.h"
#include "crypto/certificate.h"
#include "crypto/hkdf.h"
#include "crypto/key_exchange.h"
#include "crypto/mlkem768.h"
#include "crypto/provider.h"
#include "support/alloc_fault.h"
#include "support/check_run.h"
#include "support/data_file.h"
#include "support/test_random.h"

/* A scenario runs whole, cleans up, and tells whether it came to its end; a wrong result ends the test inside. */
struct scenario {
    const char *name;
    bool (*run)(void);
};

static struct bytes files[16];
static const char *const file_names[] = {
    "rsa2048.key", "p256.key", "p384-sec1-with-parameters.key", "rsa2048.crt", "p256.crt", "p384.crt", "names.crt"};
enum { RSA_KEY, P256_KEY, P384_KEY, RSA_CRT, P256_CRT, P384_CRT, NAMES_CRT };

static struct {
    uint8_t signature[MAX_SIGNATURE_LEN];
    size_t len;
} good[3];
static const enum signature_id ids[] = {SIGNATURE_RSA_PSS_SHA256, SIGNATURE_ECDSA_P256_SHA256,
                                        SIGNATURE_ECDSA_P384_SHA384};
static struct private_key *private_keys[3];
static struct public_key *public_keys[3];

/* Everything that the scenarios only use is made beforehand. */
static void prepare(void)
{
    struct crypto_fault fault;

    ck_assert(crypto_start());
    for (size_t i = 0; i < ARRAY_LEN(file_names); i++) {
        char path[64];

        snprintf(path, sizeof path, "certificates/%s", file_names[i]);
        files[i] = data_file_read(path);
    }
    for (size_t i = 0; i < 3; i++) {
        struct certificate_chain *chain = certificate_chain_new(files[RSA_CRT + i], &fault);

        ck_assert(chain != NULL);
        private_keys[i] = private_key_new(files[i], random_system(), &fault);
        public_keys[i] = public_key_new(certificate_chain_spki(chain));
        ck_assert(private_keys[i] && public_keys[i]);
        ck_assert(signature_make(private_keys[i], ids[i], BYTES_OF_LITERAL("message"), random_system(),
                                 good[i].signature, &good[i].len));
        certificate_chain_free(chain);
    }
}

/* Check's own assertions allocate even when they hold, which would count and could fail here. */
#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            provider_fault_disarm();                                                                                   \
            ck_abort_msg("%s", #condition);                                                                            \
        }                                                                                                              \
    } while (0)

/*
 * Whether running out of memory is always told from a peer's fault. libcrypto does not always leave a word about it: a
 * good value may then be called a bad one. It fails closed all the same.
 */
static bool is_memory_told(void)
{
    return !crypto_provider_name(1);
}

static bool load_private_key(size_t which)
{
    struct crypto_fault fault;
    struct private_key *key = private_key_new(files[which], random_system(), &fault);

    if (!key) {
        /* The key is good: whatever went wrong, it must not be blamed. */
        MUST(strstr(fault.text, "memory") != NULL);
        return false;
    }
    MUST(memcmp(private_key_id(key), private_key_id(private_keys[which]), KEY_ID_LEN) == 0);
    private_key_free(key);
    return true;
}

static bool load_rsa_key(void)
{
    return load_private_key(RSA_KEY);
}

static bool load_p256_key(void)
{
    return load_private_key(P256_KEY);
}

static bool load_p384_key(void)
{
    return load_private_key(P384_KEY);
}

static bool load_chain(size_t which, size_t names)
{
    struct crypto_fault fault;
    struct certificate_chain *chain = certificate_chain_new(files[which], &fault);

    if (!chain) {
        MUST(strstr(fault.text, "memory") != NULL);
        return false;
    }
    MUST(certificate_chain_name_count(chain) == names);
    certificate_chain_free(chain);
    return true;
}

static bool load_rsa_chain(void)
{
    return load_chain(RSA_CRT, 1);
}

static bool load_names_chain(void)
{
    return load_chain(NAMES_CRT, 3);
}

static void hear_nothing_wrong(void *context, const char *sentence)
{
    (void)context, (void)sentence;
    MUST(false); /* the chain is good: a check that could not be made blames nobody */
}

static bool review_chain(void)
{
    struct crypto_fault fault;
    struct certificate_chain *chain = certificate_chain_new(files[P256_CRT], &fault);

    if (!chain)
        return false;
    certificate_chain_review(chain, 1781524800, hear_nothing_wrong, NULL);
    certificate_chain_free(chain);
    return true;
}

static bool use_aead_of(enum aead_id id)
{
    static const uint8_t key[MAX_AEAD_KEY_LEN], nonce[AEAD_NONCE_LEN];
    struct aead *aead = aead_new(aead_find(id), key);
    uint8_t text[64] = "text", tag[AEAD_TAG_LEN];
    enum crypto_result result = CRYPTO_FAILED;

    if (!aead)
        return false;
    if (aead_seal(aead, nonce, bytes_of(NULL, 0), text, sizeof text, tag)) {
        result = aead_open(aead, nonce, bytes_of(NULL, 0), text, sizeof text, tag);
        MUST(result != CRYPTO_BAD_INPUT || !is_memory_told());
        if (result == CRYPTO_OK)
            MUST(strcmp((char *)text, "text") == 0);
    }
    aead_free(aead);
    return result == CRYPTO_OK;
}

static bool use_aes_gcm(void)
{
    return use_aead_of(AEAD_AES_256_GCM);
}

static bool use_chachapoly(void)
{
    return use_aead_of(AEAD_CHACHA20_POLY1305);
}

static bool derive(void)
{
    uint8_t out[100];
    struct hmac keyed;
    struct secret key;

    return hkdf_extract(hash_find(HASH_SHA384), bytes_of(NULL, 0), BYTES_OF_LITERAL("input"), &key) &&
           hmac_init(&keyed, hash_find(HASH_SHA384), secret_view(&key)) &&
           hkdf_expand(&keyed, BYTES_OF_LITERAL("info"), out, sizeof out);
}

static bool exchange_on(enum key_exchange_id id)
{
    const struct key_exchange_alg *alg = key_exchange_find(id);
    uint8_t client_share[MAX_PUBLIC_SHARE_LEN], server_share[MAX_PUBLIC_SHARE_LEN];
    struct test_random random = {.drawn = 0};
    struct key_exchange_client client;
    struct secret one, two;
    enum crypto_result result;

    if (!key_exchange_client_start(&client, alg, test_random_source(&random), client_share))
        return false;
    result = key_exchange_respond(alg, bytes_of(client_share, key_exchange_client_len(alg)),
                                  test_random_source(&random), server_share, &one);
    MUST(result != CRYPTO_BAD_INPUT || !is_memory_told());
    if (result != CRYPTO_OK) {
        MUST(one.len == 0);
        return false;
    }
    result = key_exchange_client_finish(&client, bytes_of(server_share, key_exchange_server_len(alg)), &two);
    MUST(result != CRYPTO_BAD_INPUT || !is_memory_told());
    if (result == CRYPTO_OK)
        MUST(memcmp(&one, &two, sizeof one) == 0);
    return result == CRYPTO_OK;
}

static bool exchange_on_x25519(void)
{
    return exchange_on(KEY_EXCHANGE_X25519);
}

static bool exchange_on_p256(void)
{
    return exchange_on(KEY_EXCHANGE_SECP256R1);
}

static bool exchange_on_p384(void)
{
    return exchange_on(KEY_EXCHANGE_SECP384R1);
}

static bool exchange_on_x25519mlkem768(void)
{
    return exchange_on(KEY_EXCHANGE_X25519MLKEM768);
}

/* By every provider that has it: what comes out is what our own code gives, or nothing. */
static bool encapsulate(void)
{
    static const uint8_t random[MLKEM768_KEYGEN_RANDOM_LEN] = {1}, m[MLKEM768_ENCAPS_RANDOM_LEN] = {2};
    uint8_t ek[MLKEM768_EK_LEN], dk[MLKEM768_DK_LEN], ciphertext[2][MLKEM768_CIPHERTEXT_LEN];
    uint8_t secret[2][MLKEM768_SECRET_LEN];
    bool is_whole = true;

    mlkem768_keygen(random, ek, dk);
    MUST(mlkem768_encaps(BYTES_OF_ARRAY(ek), m, ciphertext[0], secret[0]) == CRYPTO_OK);
    for (size_t i = 0; provider_at(i); i++) {
        const struct kem_alg *kem = provider_at(i)->kems[KEM_MLKEM768];
        bool is_ok;

        if (!kem || !kem->is_there())
            continue;
        is_ok = kem->encaps(BYTES_OF_ARRAY(ek), m, ciphertext[1], secret[1]) == CRYPTO_OK;
        MUST(!is_ok || memcmp(ciphertext[0], ciphertext[1], sizeof ciphertext[0]) == 0);
        MUST(!is_ok || memcmp(secret[0], secret[1], sizeof secret[0]) == 0);
        is_whole = is_whole && is_ok;
    }
    return is_whole;
}

/* A share off its curve is the client's fault or a failure of ours, never good. */
static bool refuse_share(void)
{
    const struct key_exchange_alg *alg = key_exchange_find(KEY_EXCHANGE_SECP256R1);
    uint8_t share[65] = {4, 1, 2, 3}, answer[MAX_PUBLIC_SHARE_LEN];
    struct secret shared;
    enum crypto_result result = key_exchange_respond(alg, BYTES_OF_ARRAY(share), random_system(), answer, &shared);

    MUST(result != CRYPTO_OK);
    return result == CRYPTO_BAD_INPUT;
}

/* What comes out must verify; that it does is asked of the library undisturbed. */
static bool sign_with(size_t which)
{
    uint8_t out[MAX_SIGNATURE_LEN];
    bool ok;
    size_t len;

    ok = signature_make(private_keys[which], ids[which], BYTES_OF_LITERAL("message"), random_system(), out, &len);
    provider_fault_disarm();
    if (ok)
        MUST(signature_check(public_keys[which], ids[which], BYTES_OF_LITERAL("message"), bytes_of(out, len)) ==
             CRYPTO_OK);
    else
        MUST(len == 0);
    return ok;
}

static bool sign_with_rsa(void)
{
    return sign_with(0);
}

static bool sign_with_p256(void)
{
    return sign_with(1);
}

static bool sign_with_p384(void)
{
    return sign_with(2);
}

static bool check_with(size_t which)
{
    enum crypto_result right = signature_check(public_keys[which], ids[which], BYTES_OF_LITERAL("message"),
                                               bytes_of(good[which].signature, good[which].len));
    enum crypto_result wrong = signature_check(public_keys[which], ids[which], BYTES_OF_LITERAL("another"),
                                               bytes_of(good[which].signature, good[which].len));

    MUST(right != CRYPTO_BAD_INPUT || !is_memory_told());
    MUST(wrong != CRYPTO_OK);
    return right == CRYPTO_OK && wrong == CRYPTO_BAD_INPUT;
}

static bool check_with_rsa(void)
{
    return check_with(0);
}

static bool check_with_p256(void)
{
    return check_with(1);
}

static bool check_with_p384(void)
{
    return check_with(2);
}

static bool make_development_certificate(void)
{
    static const char *const names[] = {"localhost"};
    char *certificate, *key;

    if (!certificate_make_development(names, 1, 1781524800, 90, random_system(), &certificate, &key)) {
        MUST(!certificate && !key);
        return false;
    }
    memory_free(certificate);
    memory_free(key);
    return true;
}

static const struct scenario scenarios[] = {
    {"load an RSA key", load_rsa_key},
    {"load a P-256 key", load_p256_key},
    {"load a P-384 key", load_p384_key},
    {"load an RSA chain", load_rsa_chain},
    {"load a chain with names", load_names_chain},
    {"review a chain", review_chain},
    {"AES-GCM", use_aes_gcm},
    {"ChaCha20-Poly1305", use_chachapoly},
    {"HKDF", derive},
    {"X25519", exchange_on_x25519},
    {"ECDH P-256", exchange_on_p256},
    {"ECDH P-384", exchange_on_p384},
    {"X25519MLKEM768", exchange_on_x25519mlkem768},
    {"ML-KEM-768 of providers", encapsulate},
    {"refuse a share", refuse_share},
    {"sign with RSA", sign_with_rsa},
    {"sign with P-256", sign_with_p256},
    {"sign with P-384", sign_with_p384},
    {"check with RSA", check_with_rsa},
    {"check with P-256", check_with_p256},
    {"check with P-384", check_with_p384},
    {"the development certificate", make_development_certificate},
};

START_TEST(every_failing_allocation_of_ours_is_answered)
{
    unsigned fired = 0;
    long live;

    prepare();
    live = alloc_fault_live();
    for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
        for (unsigned long n = 1;; n++) {
            bool came_through;

            alloc_fault_arm(n);
            came_through = scenarios[i].run();
            ck_assert_msg(alloc_fault_live() == live, "%s, allocation %lu: a leak", scenarios[i].name, n);
            if (!alloc_fault_fired()) {
                ck_assert_msg(came_through, "%s fails undisturbed", scenarios[i].name);
                break;
            }
            ck_assert_msg(!came_through, "%s, allocation %lu: not noticed", scenarios[i].name, n);
            fired++;
        }
        alloc_fault_arm(0);
    }
    ck_assert_uint_gt(fired, 20);
}
END_TEST

/* Up to PLACES places a scenario, evenly spread: mbedTLS allocates up to thousands of times in one of them. */
enum { PLACES = 60 };

static void disturb(const struct scenario *scenario)
{
    unsigned long count, step;
    bool came_through;

    (void)!scenario->run(); /* the C library keeps what it made for its first gmtime_r() */
    provider_fault_arm(~0UL);
    came_through = scenario->run();
    provider_fault_disarm();
    ck_assert_msg(came_through, "%s fails undisturbed", scenario->name);
    count = provider_fault_count();
    ck_assert_msg(provider_fault_live() == 0, "%s leaks undisturbed", scenario->name);
    step = count / PLACES + 1;
    for (unsigned long n = 1; n <= count; n += step) {
        provider_fault_arm(n);
        (void)!scenario->run(); /* it may come through: some of the library's allocations are not needed */
        provider_fault_disarm();
    }
}

START_TEST(failing_allocations_of_the_library_are_answered)
{
    if (!provider_fault_works())
        return;
    prepare();
    for (size_t i = 0; i < ARRAY_LEN(scenarios); i++)
        disturb(&scenarios[i]);
}
END_TEST

/* The count of live allocations, apart: a scenario that disarms by itself, or keeps a cache, cannot be counted. */
START_TEST(failing_allocations_of_the_library_leave_no_leak)
{
    if (!provider_fault_works())
        return;
    prepare();
    for (size_t i = 0; i < ARRAY_LEN(scenarios); i++) {
        unsigned long count, step;

        if (scenarios[i].run == sign_with_rsa || scenarios[i].run == sign_with_p256 ||
            scenarios[i].run == sign_with_p384)
            continue; /* the blinding values stay in the key, and sign_with() disarms */
        (void)!scenarios[i].run();
        provider_fault_arm(~0UL);
        (void)!scenarios[i].run();
        provider_fault_disarm();
        count = provider_fault_count();
        step = count / 20 + 1;
        for (unsigned long n = 1; n <= count; n += step) {
            provider_fault_arm(n); /* once for what the library keeps to describe its last errors */
            (void)!scenarios[i].run();
            provider_fault_disarm();
            provider_fault_arm(n);
            (void)!scenarios[i].run();
            provider_fault_disarm();
            ck_assert_msg(provider_fault_live() == 0, "%s, allocation %lu: a leak of %ld", scenarios[i].name, n,
                          provider_fault_live());
        }
    }
}
END_TEST

/* libcrypto remembers for good that its own start failed: the process has to end, as the program does then. */
static bool may_start_again(void)
{
    return !crypto_provider_name(1);
}

static void start_without_memory(unsigned long n)
{
    bool has_started;

    provider_fault_arm(n);
    has_started = crypto_start();
    provider_fault_disarm();
    if (!has_started && !may_start_again())
        return;
    ck_assert(crypto_start());
    ck_assert(exchange_on_p256());
    ck_assert(exchange_on_p384());
}

static void end_after(unsigned milliseconds)
{
    const struct itimerval soon = {.it_value = {.tv_usec = 1000 * (suseconds_t)milliseconds}};

    (void)signal(SIGALRM, SIG_DFL);
    (void)setitimer(ITIMER_REAL, &soon, NULL);
}

/* Each in a process of its own. libcrypto 3.5 may wait for ever for a lock that its failed start holds. */
START_TEST(a_start_without_memory_fails_and_may_be_tried_again)
{
    unsigned step = may_start_again() ? 7 : 31;

    if (!provider_fault_works())
        return;
    for (unsigned long n = 1; n < 20000; n += n < 200 ? step : 50 * step) {
        pid_t child = fork();
        int status = 0;

        ck_assert_int_ge(child, 0);
        if (child == 0) {
            if (!may_start_again())
                end_after(150);
            start_without_memory(n);
            _exit(0);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (!may_start_again() && WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
            continue;
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "allocation %lu: status %d", n, status);
    }
}
END_TEST

START_TEST(a_second_start_keeps_nothing_new)
{
    bool has_started;

    if (!provider_fault_works())
        return;
    ck_assert(crypto_start());
    provider_fault_arm(~0UL);
    has_started = crypto_start();
    provider_fault_disarm();
    ck_assert(has_started);
    ck_assert_int_eq(provider_fault_live(), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_failing_allocation_of_ours_is_answered,
        failing_allocations_of_the_library_are_answered,
        failing_allocations_of_the_library_leave_no_leak,
        a_start_without_memory_fails_and_may_be_tried_again,
        a_second_start_keeps_nothing_new,
    };
    return check_run("crypto_faults", tests, ARRAY_LEN(tests));
}
