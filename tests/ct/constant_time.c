/*
 * The code of ours that handles secrets, for a run under valgrind: secrets are marked undefined, and memcheck reports
 * every branch and every index that depends on one. tests/ct/constant_time.sh runs each case and judges.
 *
 *     constant_time CASE        0: the case came to its end (what valgrind saw is in its own exit status)
 *
 * Some things become public by design, and are marked defined here, not in src/: the verdict of memory_equal(), and
 * what a handshake derives from its secrets once the comparison under test is over. For that the linker puts the
 * __wrap_ functions of this file in the place of the real ones (-Wl,--wrap).
 */
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/memcheck.h>

#include "crypto/crypto.h"
#include "crypto/mlkem768.h"
#include "crypto/provider.h"
#include "crypto/rsa_premaster.h"
#include "crypto/scalar.h"
#include "crypto/sha3.h"
#include "crypto/x25519_base.h"
#include "support/must.h"
#include "support/rig.h"
#include "tls/session.h"
#include "tls/ticket_keys.h"

static void poison(const void *at, size_t len)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(at, len);
}

static void publish(const void *at, size_t len)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(at, len);
}

/* ---- in place of the real functions */

static bool is_armed; /* the next derivation is the server's, and its secret is poisoned */
static bool is_wrong; /* what it expects is not what the client sent */
static unsigned used; /* armed derivations that were asked for */

bool __real_memory_equal(const void *a, const void *b, size_t len);
bool __wrap_memory_equal(const void *a, const void *b, size_t len);
enum crypto_result __real_aead_open(struct aead *aead, const uint8_t *nonce, struct bytes aad, uint8_t *text,
                                    size_t len, const uint8_t *tag);
enum crypto_result __wrap_aead_open(struct aead *aead, const uint8_t *nonce, struct bytes aad, uint8_t *text,
                                    size_t len, const uint8_t *tag);
bool __real_psk_binder13(const struct hash_alg *hash, const struct secret *psk, const uint8_t *transcript_hash,
                         uint8_t *out);
bool __wrap_psk_binder13(const struct hash_alg *hash, const struct secret *psk, const uint8_t *transcript_hash,
                         uint8_t *out);
bool __real_finished13_verify_data(const struct hash_alg *hash, const struct secret *secret,
                                   const uint8_t *transcript_hash, uint8_t *out);
bool __wrap_finished13_verify_data(const struct hash_alg *hash, const struct secret *secret,
                                   const uint8_t *transcript_hash, uint8_t *out);
bool __real_finished12_verify_data(const struct hash_alg *hash, const struct secret *master, const char *label,
                                   const uint8_t *transcript_hash, uint8_t *out);
bool __wrap_finished12_verify_data(const struct hash_alg *hash, const struct secret *master, const char *label,
                                   const uint8_t *transcript_hash, uint8_t *out);
void __real_sha3_squeeze(struct sha3 *sponge, uint8_t *out, size_t len);
void __wrap_sha3_squeeze(struct sha3 *sponge, uint8_t *out, size_t len);

/* Equal or not is what the peer is told anyhow. */
bool __wrap_memory_equal(const void *a, const void *b, size_t len)
{
    bool is_equal = __real_memory_equal(a, b, len);

    publish(&is_equal, sizeof is_equal);
    return is_equal;
}

/* Likewise, whether a tag is right. */
enum crypto_result __wrap_aead_open(struct aead *aead, const uint8_t *nonce, struct bytes aad, uint8_t *text,
                                    size_t len, const uint8_t *tag)
{
    enum crypto_result result = __real_aead_open(aead, nonce, aad, text, len, tag);

    publish(&result, sizeof result);
    return result;
}

static bool is_keygen; /* FIPS 203 Algorithm 13: the first half of what G gives, rho, is a part of the public key */

void __wrap_sha3_squeeze(struct sha3 *sponge, uint8_t *out, size_t len)
{
    __real_sha3_squeeze(sponge, out, len);
    if (is_keygen && len == SHA3_512_LEN)
        publish(out, len / 2);
}

/* A copy, so that only the derivation under test sees undefined bytes; the length of a secret is public. */
static struct secret poisoned(const struct secret *secret)
{
    struct secret copy = *secret;

    if (is_armed)
        poison(copy.bytes, sizeof copy.bytes);
    return copy;
}

static bool derived(bool is_ok, uint8_t *out)
{
    if (is_armed) {
        used++;
        out[0] ^= is_wrong;
    }
    is_armed = false;
    return is_ok;
}

bool __wrap_psk_binder13(const struct hash_alg *hash, const struct secret *psk, const uint8_t *transcript_hash,
                         uint8_t *out)
{
    struct secret copy = poisoned(psk);

    return derived(__real_psk_binder13(hash, &copy, transcript_hash, out), out);
}

bool __wrap_finished13_verify_data(const struct hash_alg *hash, const struct secret *secret,
                                   const uint8_t *transcript_hash, uint8_t *out)
{
    struct secret copy = poisoned(secret);

    return derived(__real_finished13_verify_data(hash, &copy, transcript_hash, out), out);
}

bool __wrap_finished12_verify_data(const struct hash_alg *hash, const struct secret *master, const char *label,
                                   const uint8_t *transcript_hash, uint8_t *out)
{
    struct secret copy = poisoned(master);

    return derived(__real_finished12_verify_data(hash, &copy, label, transcript_hash, out), out);
}

/* ---- comparisons */

static void case_memory_equal(void)
{
    uint8_t a[48] = {1}, b[48] = {1};
    bool is_equal;

    poison(a, sizeof a);
    is_equal = memory_equal(a, b, sizeof a);
    must(is_equal);
    b[7] ^= 1;
    is_equal = memory_equal(a, b, sizeof a);
    must(!is_equal);
}

/* Scalars of our key shares. Whether one is drawn again is all that may be seen. */
static void case_scalar(void)
{
    static const struct {
        uint8_t first, last;
        bool is_valid;
    } rows[] = {{0x80, 0x01, true}, {0x00, 0x01, true}, {0x00, 0x00, false}, {0xff, 0x50, true}, {0xff, 0x52, false}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t order[32] = {0xff, [31] = 0x51}, scalar[32] = {rows[i].first, [31] = rows[i].last};
        bool is_valid;

        poison(scalar, sizeof scalar);
        is_valid = scalar_is_in_range(scalar, order, sizeof scalar);
        publish(&is_valid, sizeof is_valid);
        must(is_valid == rows[i].is_valid);
    }
}

/* ---- handshakes: the real handlers, with the poison on what they compare with */

static struct rig rig;
static struct client13 client;
static struct ticket13 ticket;

static void begin(uint16_t version)
{
    must(rig_init(&rig, 7));
    must(rig_add_certificate(&rig, "p256"));
    must(rig_add_tickets(&rig, 2));
    must(rig_connect(&rig));
    client13_init_version(&client, 11, version);
}

static void end(void)
{
    client13_wipe(&client);
    rig_wipe(&rig);
}

static void verify_finished(uint16_t version, bool is_right)
{
    begin(version);
    client13_send_hello(&client);
    rig_pump(&rig, &client);
    client13_send_finished(&client);
    used = 0;
    is_armed = true;
    is_wrong = !is_right;
    rig_pump(&rig, &client);
    must(used == 1);
    must(tls_outcome(rig.tls)->why == (is_right ? WHY_NONE : WHY_FINISHED_MAC));
    end();
}

static void case_finished12(void)
{
    verify_finished(TLS_1_2, true);
    verify_finished(TLS_1_2, false);
}

static void case_finished13(void)
{
    verify_finished(TLS_1_3, true);
    verify_finished(TLS_1_3, false);
}

static void verify_binder(bool is_right)
{
    begin(TLS_1_3);
    rig_handshake(&rig, &client);
    tls_send_tickets(rig.tls);
    rig_drain(&rig, &client);
    must(client.ticket.len > 0);
    ticket = client.ticket;
    client13_wipe(&client);
    client13_init_version(&client, 11, TLS_1_3);
    client.hello.ticket = &ticket;
    must(rig_connect(&rig));
    client13_send_hello(&client);
    used = 0;
    is_armed = true;
    is_wrong = !is_right;
    rig_pump(&rig, &client);
    must(used == 1);
    must(tls_outcome(rig.tls)->why == (is_right ? WHY_NONE : WHY_PSK_BINDER));
    end();
}

static void case_binder(void)
{
    verify_binder(true);
    verify_binder(false);
}

/* ---- tickets: the key of a file, what it seals and what it opens; the name in front of it is public */

static void case_ticket_key(void)
{
    static const uint8_t binding[TICKET_BINDING_LEN] = "x", other[TICKET_BINDING_LEN] = "y";
    struct test_random random = {.state = 5};
    uint8_t file[TICKET_KEY_FILE_LEN], sealed[64 + TICKET_OVERHEAD], opened[sizeof sealed], text[64] = {3};
    struct bytes files[] = {BYTES_OF_ARRAY(file)};
    struct ticket_keys_fault fault;
    struct ticket_keys *keys;
    size_t len, opened_len;

    for (size_t i = 0; i < sizeof file; i++)
        file[i] = (uint8_t)(i * 7);
    poison(file + TICKET_KEY_NAME_LEN, sizeof file - TICKET_KEY_NAME_LEN);
    poison(text, sizeof text);
    keys = ticket_keys_from_files(test_random_source(&random), files, 1, &fault);
    must(keys != NULL);
    must(ticket_seal(keys, 0, binding, BYTES_OF_ARRAY(text), sealed, &len));
    publish(sealed, len); /* it travels */
    must(ticket_open(keys, 0, binding, bytes_of(sealed, len), opened, &opened_len) == TICKET_OPENED);
    must(opened_len == sizeof text);
    must(ticket_open(keys, 0, other, bytes_of(sealed, len), opened, &opened_len) == TICKET_INVALID);
    sealed[len - 1] ^= 1;
    must(ticket_open(keys, 0, binding, bytes_of(sealed, len), opened, &opened_len) == TICKET_INVALID);
    sealed[0] ^= 1;
    must(ticket_open(keys, 0, binding, bytes_of(sealed, len), opened, &opened_len) == TICKET_UNKNOWN);
    ticket_keys_free(keys);
}

/* The form of a session is public, the secret in it is not. */
static void case_session(void)
{
    struct session session = {.version = TLS_1_3, .suite = 0x1301, .secret = {.len = 32}}, read;
    uint8_t text[MAX_SESSION_LEN];
    size_t len;

    poison(session.secret.bytes, session.secret.len);
    must(session_write(&session, text, &len));
    must(session_read(bytes_of(text, len), &read));
    must(read.secret.len == 32);
    session_wipe(&read);
}

/* ---- the classic RSA key exchange: whatever the private operation gives, up to the master secret */

enum { MODULUS_LEN = 256, VERSION = 0x0303 };
static uint8_t block[MODULUS_LEN];

static void make_block(void)
{
    memset(block, 0x5a, sizeof block);
    block[0] = 0;
    block[1] = 2;
    block[MODULUS_LEN - PREMASTER_LEN - 1] = 0;
    block[MODULUS_LEN - PREMASTER_LEN] = VERSION >> 8;
    block[MODULUS_LEN - PREMASTER_LEN + 1] = VERSION & 0xff;
}

static enum crypto_result give_block(void *context, struct bytes in, struct random_source random, uint8_t *out)
{
    (void)context;
    (void)random;
    must(in.len == MODULUS_LEN);
    memcpy(out, block, sizeof block);
    poison(out, sizeof block);
    return CRYPTO_OK;
}

static bool fill_poisoned(void *context, uint8_t *out, size_t len)
{
    (void)context;
    memset(out, 0x77, len);
    poison(out, len);
    return true;
}

static const struct key_alg fake_rsa = {.name = "RSA", .raw_private = give_block};
static const struct private_key fake_key = {.alg = &fake_rsa, .bits = 8 * MODULUS_LEN};

static const struct private_key *find_fake(const void *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    (void)keyring;
    (void)key_id;
    return &fake_key;
}

static void derive_master(void)
{
    static const struct tls_key_holder holder = {.find = find_fake, .random = {fill_poisoned, NULL}};
    static struct tls_key_request request;
    static uint8_t out[MAX_KEY_ANSWER_LEN];
    uint8_t undefined = 0;
    size_t len;

    request = (struct tls_key_request){.operation = TLS_KEY_DERIVE_MASTER_SECRET_12,
                                       .client_version = VERSION,
                                       .prf_hash = HASH_SHA256,
                                       .seed_len = 64,
                                       .payload_len = MODULUS_LEN};
    must(tls_key_perform(&request, &holder, out, &len));
    must(len == MASTER_SECRET_LEN);
    (void)VALGRIND_GET_VBITS(out, &undefined, sizeof undefined);
    must(undefined == 0xff || !RUNNING_ON_VALGRIND); /* the poison arrived */
}

/* Good, then wrong in each of the places that are looked at, and somewhere in the padding. */
static void case_premaster(void)
{
    static const size_t places[] = {
        0, 1, MODULUS_LEN - PREMASTER_LEN - 1, MODULUS_LEN - PREMASTER_LEN, MODULUS_LEN - PREMASTER_LEN + 1, 100};

    make_block();
    derive_master();
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        make_block();
        block[places[i]] = block[places[i]] == 0x5a ? 0 : 0x5a;
        derive_master();
    }
}

/* ---- X25519 with the base point */

static bool is_undefined(const uint8_t *at)
{
    uint8_t undefined = 0;

    (void)VALGRIND_GET_VBITS(at, &undefined, sizeof undefined);
    return undefined != 0 || !RUNNING_ON_VALGRIND;
}

static void case_x25519_base(void)
{
    uint8_t scalar[32] = {1, 2, 3}, share[32] = {0};

    if (!X25519_BASE_IS_OURS)
        return;
    poison(scalar, sizeof scalar);
    x25519_base(scalar, share);
    must(is_undefined(share) && is_undefined(share + sizeof share - 1));
}

/* ---- ML-KEM-768 */

struct kem {
    uint8_t ek[MLKEM768_EK_LEN], dk[MLKEM768_DK_LEN], ciphertext[MLKEM768_CIPHERTEXT_LEN], secret[MLKEM768_SECRET_LEN];
};

static void encapsulate(struct kem *kem, bool is_poisoned)
{
    uint8_t m[MLKEM768_ENCAPS_RANDOM_LEN] = {7};

    if (is_poisoned)
        poison(m, sizeof m);
    must(mlkem768_encaps(BYTES_OF_ARRAY(kem->ek), m, kem->ciphertext, kem->secret) == CRYPTO_OK);
}

static struct kem make_kem(bool is_poisoned)
{
    uint8_t random[MLKEM768_KEYGEN_RANDOM_LEN] = {1};
    struct kem kem;

    if (is_poisoned)
        poison(random, sizeof random);
    is_keygen = is_poisoned;
    mlkem768_keygen(random, kem.ek, kem.dk);
    is_keygen = false;
    return kem;
}

static void case_mlkem_keygen(void)
{
    struct kem kem = make_kem(true);

    must(is_undefined(kem.dk) && is_undefined(kem.ek));
}

static void case_mlkem_encaps(void)
{
    struct kem kem = make_kem(false);

    encapsulate(&kem, true);
    must(is_undefined(kem.ciphertext) && is_undefined(kem.ciphertext + sizeof kem.ciphertext - 1));
    must(is_undefined(kem.secret));
}

/* A ciphertext of ours, and one that is rejected: the vector s and the seed z of the key are secret. */
static void case_mlkem_decaps(void)
{
    enum { VECTOR_LEN = 1152, Z_LEN = 32 };
    struct kem kem = make_kem(false);

    encapsulate(&kem, false);
    poison(kem.dk, VECTOR_LEN);
    poison(kem.dk + sizeof kem.dk - Z_LEN, Z_LEN);
    for (int i = 0; i < 2; i++) {
        kem.ciphertext[5] ^= (uint8_t)i;
        must(mlkem768_decaps(BYTES_OF_ARRAY(kem.dk), BYTES_OF_ARRAY(kem.ciphertext), kem.secret) == CRYPTO_OK);
        must(is_undefined(kem.secret));
    }
}

/* ---- controls: these leak, and a check that does not see it is worth nothing */

static void case_leaks_by_a_branch(void)
{
    volatile uint8_t a[16] = {1}, b[16] = {1};

    poison((const void *)a, sizeof a);
    for (size_t i = 0; i < sizeof a; i++)
        if (a[i] != b[i])
            return;
}

static void case_leaks_by_an_index(void)
{
    static const volatile uint8_t table[256] = {1};
    volatile uint8_t secret = 5, out;

    poison((const void *)&secret, sizeof secret);
    out = table[secret];
    (void)out;
}

/* How long a division takes depends on its numbers. Memcheck cannot tell, but the machine code can be searched. */
static void case_leaks_by_a_division(void)
{
    volatile unsigned secret = 5, divisor = 3329, out;

    out = secret / divisor;
    (void)out;
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {
    {"memory_equal", case_memory_equal},
    {"scalar", case_scalar},
    {"finished12", case_finished12},
    {"finished13", case_finished13},
    {"binder", case_binder},
    {"ticket_key", case_ticket_key},
    {"session", case_session},
    {"premaster", case_premaster},
    {"x25519_base", case_x25519_base},
    {"mlkem_keygen", case_mlkem_keygen},
    {"mlkem_encaps", case_mlkem_encaps},
    {"mlkem_decaps", case_mlkem_decaps},
    {"leaks_by_a_branch", case_leaks_by_a_branch},
    {"leaks_by_an_index", case_leaks_by_an_index},
    {"leaks_by_a_division", case_leaks_by_a_division},
};

int main(int argc, char **argv)
{
    must(argc == 2 && crypto_start());
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (strcmp(cases[i].name, argv[1]) == 0) {
            cases[i].run();
            return EXIT_SUCCESS;
        }
    }
    return EXIT_FAILURE;
}
