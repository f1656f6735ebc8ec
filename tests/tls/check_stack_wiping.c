/*
 * What derives secrets in TLS 1.2 leaves none on the stack behind it. Each call runs on a stack of its own, which is
 * looked through when it has come back; what goes in and what comes out lies elsewhere.
 */
#include <stdio.h>
#include <ucontext.h>

#include "crypto/field25519.h"
#include "crypto/mlkem768.h"
#include "crypto/prf12.h"
#include "crypto/provider.h"
#include "crypto/rsa_premaster.h"
#include "crypto/x25519_base.h"
#include "support/check_run.h"
#include "tls/key_operation.h"
#include "tls/key_schedule12.h"

enum { STACK_LEN = 1 << 18, PIECE_LEN = 16, MODULUS_LEN = 256, VERSION = 0x0303 };

#if defined(__SANITIZE_ADDRESS__)
static const bool is_stack_ours = false;
#else
static const bool is_stack_ours = true;
#endif
static _Alignas(64) uint8_t stack[STACK_LEN];
static ucontext_t here, there;

/* Under 1.2 all secrets are 48 bytes or a multiple of PIECE_LEN; three pieces of one are seen wherever they lie. */
static unsigned pieces_left(const uint8_t *secret, size_t len)
{
    unsigned seen = 0;

    for (size_t at = 0; at + PIECE_LEN <= len; at += PIECE_LEN)
        seen += memmem(stack, sizeof stack, secret + at, PIECE_LEN) != NULL;
    return seen;
}

/* With the registers that run() had, which the called one saves on its stack. */
static void run_again(void (*call)(void))
{
    memset(stack, 0xa5, sizeof stack);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    there.uc_link = &here;
    makecontext(&there, call, 0);
    ck_assert_int_eq(swapcontext(&here, &there), 0);
}

static void run(void (*call)(void))
{
    ck_assert_int_eq(getcontext(&there), 0);
    run_again(call);
}

static uint8_t premaster[PREMASTER_LEN], fallback[PREMASTER_LEN], seed[64], out[MAX_KEY_ANSWER_LEN];
static struct secret master;
static struct key_block12 keys;
static bool is_ok;

static void make_inputs(void)
{
    for (size_t i = 0; i < PREMASTER_LEN; i++) {
        premaster[i] = (uint8_t)(i * 11 + 3);
        fallback[i] = (uint8_t)(i * 13 + 5);
    }
    premaster[0] = VERSION >> 8;
    premaster[1] = VERSION & 0xff;
    is_ok = false;
}

static void call_prf(void)
{
    is_ok = prf12(hash_find(HASH_SHA384), BYTES_OF_ARRAY(premaster), "master secret", BYTES_OF_ARRAY(seed), out, 96);
}

static void call_master_secret(void)
{
    is_ok = master_secret12(hash_find(HASH_SHA256), BYTES_OF_ARRAY(premaster), false, BYTES_OF_ARRAY(seed), &master);
}

static void call_key_block(void)
{
    is_ok = key_block12(hash_find(HASH_SHA256), &master, seed, seed + 32, 32, 12, &keys);
}

/* ---- the verb of the key port, with a key that decrypts to what the test says */

static enum crypto_result give_block(void *context, struct bytes in, struct random_source random, uint8_t *block)
{
    (void)context;
    (void)random;
    memset(block, 0x5a, in.len);
    block[0] = 0;
    block[1] = 2;
    block[in.len - PREMASTER_LEN - 1] = 0;
    for (size_t i = 0; i < PREMASTER_LEN; i++)
        block[in.len - PREMASTER_LEN + i] = premaster[i];
    return CRYPTO_OK;
}

static bool fill_with_fallback(void *context, uint8_t *to, size_t len)
{
    (void)context;
    for (size_t i = 0; i < len; i++)
        to[i] = fallback[i % PREMASTER_LEN];
    return true;
}

static const struct key_alg fake_rsa = {.kind = KEY_KIND_RSA, .name = "RSA", .raw_private = give_block};
static const struct private_key fake_key = {.alg = &fake_rsa, .bits = 8 * MODULUS_LEN};

static const struct private_key *find_fake(const void *keyring, const uint8_t key_id[KEY_ID_LEN])
{
    (void)keyring;
    (void)key_id;
    return &fake_key;
}

static void call_key_port(void)
{
    static const struct tls_key_holder holder = {.find = find_fake, .random = {fill_with_fallback, NULL}};
    static struct tls_key_request request;
    static size_t len;

    request = (struct tls_key_request){.operation = TLS_KEY_DERIVE_MASTER_SECRET_12,
                                       .client_version = VERSION,
                                       .prf_hash = HASH_SHA256,
                                       .seed_len = 64,
                                       .payload_len = MODULUS_LEN};
    is_ok = tls_key_perform(&request, &holder, out, &len) && len == MASTER_SECRET_LEN;
}

/* Alone, as what runs behind it in the key port writes over its stack. */
static void call_open(void)
{
    static uint8_t ciphertext[MODULUS_LEN];

    is_ok = rsa_premaster_open(&fake_key, BYTES_OF_ARRAY(ciphertext), VERSION, fallback,
                               (struct random_source){fill_with_fallback, NULL}, out);
}

static void assert_nothing_left(void)
{
    ck_assert(is_ok);
    ck_assert_uint_eq(pieces_left(premaster, sizeof premaster), 0);
    ck_assert_uint_eq(pieces_left(fallback, sizeof fallback), 0);
}

static void call_careless(void)
{
    volatile uint8_t copy[PREMASTER_LEN];

    for (size_t i = 0; i < sizeof copy; i++)
        copy[i] = premaster[i];
    is_ok = copy[0] == premaster[0];
}

START_TEST(the_look_sees_what_is_left)
{
    make_inputs();
    run(call_careless);
    ck_assert(is_ok);
    ck_assert_uint_eq(pieces_left(premaster, sizeof premaster), 3);
}
END_TEST

START_TEST(the_prf_leaves_neither_secret_nor_output)
{
    make_inputs();
    run(call_prf);
    assert_nothing_left();
    ck_assert_uint_eq(pieces_left(out, 96), 0);
}
END_TEST

START_TEST(the_master_secret_and_its_keys_are_not_left)
{
    make_inputs();
    run(call_master_secret);
    assert_nothing_left();
    ck_assert_uint_eq(pieces_left(master.bytes, master.len), 0);
    is_ok = false;
    run(call_key_block);
    assert_nothing_left();
    ck_assert_uint_eq(pieces_left(master.bytes, master.len), 0);
    ck_assert_uint_eq(pieces_left(keys.client_key, 32) + pieces_left(keys.server_key, 32), 0);
}
END_TEST

START_TEST(the_block_that_held_the_premaster_is_not_left)
{
    make_inputs();
    run(call_open);
    ck_assert_mem_eq(out, premaster, PREMASTER_LEN);
    assert_nothing_left();
}
END_TEST

START_TEST(the_key_port_leaves_neither_premaster_nor_fallback_nor_master_secret)
{
    make_inputs();
    run(call_key_port);
    assert_nothing_left();
    ck_assert_uint_eq(pieces_left(out, MASTER_SECRET_LEN), 0);
    premaster[1] ^= 1; /* the fallback is taken */
    is_ok = false;
    run(call_key_port);
    assert_nothing_left();
    ck_assert_uint_eq(pieces_left(out, MASTER_SECRET_LEN), 0);
}
END_TEST

/* ---- ML-KEM-768: whatever the secret was, what stands on the stack behind it is the same, byte for byte */

static uint8_t ek[MLKEM768_EK_LEN], dk[MLKEM768_DK_LEN], ciphertext[MLKEM768_CIPHERTEXT_LEN];
static uint8_t kem_random[MLKEM768_KEYGEN_RANDOM_LEN], kem_secret[MLKEM768_SECRET_LEN];

static void call_keygen(void)
{
    mlkem768_keygen(kem_random, ek, dk);
    is_ok = true;
}

static void call_encaps(void)
{
    is_ok = mlkem768_encaps(BYTES_OF_ARRAY(ek), kem_random, ciphertext, kem_secret) == CRYPTO_OK;
}

static void call_decaps(void)
{
    is_ok = mlkem768_decaps(BYTES_OF_ARRAY(dk), BYTES_OF_ARRAY(ciphertext), kem_secret) == CRYPTO_OK;
}

static void expect_same_stack(void (*call)(void), uint8_t *secret)
{
    static uint8_t first[STACK_LEN];

    is_ok = false;
    run(call);
    ck_assert(is_ok);
    memcpy(first, stack, sizeof first);
    secret[0] ^= 0x15;
    run_again(call);
    ck_assert(is_ok);
    ck_assert(memcmp(first, stack, sizeof first) == 0);
    ck_assert(stack[0] == 0xa5 && memmem(stack, sizeof stack, "\0\0\0\0\0\0\0\0", 8)); /* it ran there, and wiped */
}

START_TEST(ml_kem_leaves_nothing_that_its_secrets_decide)
{
    for (size_t i = 0; i < sizeof kem_random; i++)
        kem_random[i] = (uint8_t)(i * 7 + 1);
    run(call_keygen);
    ck_assert_uint_eq(pieces_left(dk, 1152) + pieces_left(kem_random, sizeof kem_random), 0);
    expect_same_stack(call_keygen, kem_random + 32); /* z; another d is another public key */
    expect_same_stack(call_encaps, kem_random);
    expect_same_stack(call_decaps, dk);                 /* the vector s, so that the ciphertext is rejected */
    expect_same_stack(call_decaps, dk + sizeof dk - 1); /* z */
}
END_TEST

/* ---- X25519 with the base point */

static uint8_t scalar[32], share[32];
static struct field number, inverse;

static void call_x25519_base(void)
{
    x25519_base(scalar, share);
}

static void call_invert(void)
{
    field_invert(&inverse, &number);
}

/* The powers on the way to an inverse give the number away, and that of a point a part of its scalar. */
START_TEST(a_share_of_x25519_leaves_neither_its_scalar_nor_powers_of_the_point)
{
    struct field power;

    if (!X25519_BASE_IS_OURS)
        return;
    for (size_t i = 0; i < sizeof scalar; i++)
        scalar[i] = (uint8_t)(i * 5 + 3);
    run(call_x25519_base);
    ck_assert_uint_eq(pieces_left(scalar, sizeof scalar), 0);
    field_read(&number, share);
    run(call_invert);
    field_square(&power, &number);
    for (int i = 0; i < 4; i++) { /* of 2, 3, 6 and 12 */
        ck_assert_uint_eq(pieces_left((const uint8_t *)&power, sizeof power), 0);
        if (i == 0)
            field_multiply(&power, &power, &number);
        else
            field_square(&power, &power);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_look_sees_what_is_left,
        the_prf_leaves_neither_secret_nor_output,
        the_master_secret_and_its_keys_are_not_left,
        the_block_that_held_the_premaster_is_not_left,
        the_key_port_leaves_neither_premaster_nor_fallback_nor_master_secret,
        ml_kem_leaves_nothing_that_its_secrets_decide,
        a_share_of_x25519_leaves_neither_its_scalar_nor_powers_of_the_point,
    };
    if (!is_stack_ours) {
        puts("skipped: AddressSanitizer moves what stands on the stack to places of its own");
        return 77;
    }
    return crypto_start() ? check_run("stack_wiping", tests, ARRAY_LEN(tests)) : 1;
}
