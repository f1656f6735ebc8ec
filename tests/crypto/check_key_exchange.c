#include "crypto/key_exchange.h"

#include "crypto/mlkem768.h"
#include "crypto/provider.h"
#include "crypto/scalar.h"
#include "support/check_run.h"
#include "support/test_random.h"
#include "support/vectors.h"

static const struct {
    enum key_exchange_id id;
    const char *name;
    size_t client_len, server_len;
    size_t secret_len;
    size_t drawn; /* by the server: scalars, seeds of blinding, ML-KEM's m */
} groups[] = {
    {KEY_EXCHANGE_X25519, "X25519", 32, 32, 32, 64},
    {KEY_EXCHANGE_SECP256R1, "secp256r1", 65, 65, 32, 64},
    {KEY_EXCHANGE_SECP384R1, "secp384r1", 97, 97, 48, 80},
    {KEY_EXCHANGE_X25519MLKEM768, "X25519MLKEM768", 1216, 1120, 64, 96}, /* draft-ietf-tls-ecdhe-mlkem */
};

/* The server's half with the scalar of a vector, which it takes for the first random bytes. */
static enum crypto_result respond_with(const struct key_exchange_alg *alg, struct bytes scalar, struct bytes share,
                                       struct secret *shared)
{
    struct test_random random = {.first = scalar};
    uint8_t server_share[MAX_PUBLIC_SHARE_LEN], *exact = share.len ? malloc(share.len) : NULL;
    enum crypto_result result;

    if (share.len)
        memcpy(exact, share.at, share.len); /* of exactly its length, for AddressSanitizer */
    result = key_exchange_respond(alg, bytes_of(exact, share.len), test_random_source(&random), server_share, shared);
    free(exact);
    return result;
}

static void agree_with(const struct key_exchange_alg *alg, struct vector *vector)
{
    struct bytes scalar = vector_bytes(vector, "scalar"), share = vector_bytes(vector, "share");
    static const struct secret empty;
    struct secret shared;
    enum crypto_result result = respond_with(alg, scalar, share, &shared);

    if (vector_is(vector, "result", "invalid")) {
        ck_assert_msg(result == CRYPTO_BAD_INPUT, "%s is accepted", vector->name);
        ck_assert_mem_eq(&shared, &empty, sizeof empty);
        return;
    }
    ck_assert_msg(result == CRYPTO_OK, "%s is refused", vector->name);
    ck_assert_msg(bytes_equal(vector_bytes(vector, "shared"), secret_view(&shared)), "%s", vector->name);
}

/* Whoever serves a group gets every vector of it. */
static void agree_by_each_provider(enum key_exchange_id id, struct vector *vector)
{
    for (size_t i = 0; provider_at(i); i++) {
        if (provider_at(i)->key_exchanges[id])
            agree_with(provider_at(i)->key_exchanges[id], vector);
    }
}

static void agree_on_x25519(struct vector *vector)
{
    agree_by_each_provider(KEY_EXCHANGE_X25519, vector);
}

/* RFC 7748 5.2 and 6.1; small orders are refused (RFC 8446 7.4.2), values from p on are reduced (RFC 7748 5). */
START_TEST(x25519_gives_the_published_secrets)
{
    vectors_for_each("x25519.txt", agree_on_x25519);
    vectors_for_each("edge_x25519.txt", agree_on_x25519);
    vectors_for_each("wycheproof_x25519.txt", agree_on_x25519);
}
END_TEST

static void agree_on_a_curve(struct vector *vector)
{
    agree_by_each_provider(vector_is(vector, "alg", "secp256r1") ? KEY_EXCHANGE_SECP256R1 : KEY_EXCHANGE_SECP384R1,
                           vector);
}

/* RFC 8446 4.2.8.2: "Peers MUST validate each other's public value Q by ensuring that the point is a valid point". */
START_TEST(ecdh_takes_points_of_the_curve_only)
{
    vectors_for_each("edge_ecdh.txt", agree_on_a_curve);
    vectors_for_each("nist_ecdh.txt", agree_on_a_curve);
}
END_TEST

static void agree_on_p256(struct vector *vector)
{
    if (vector_is(vector, "alg", "secp256r1"))
        agree_by_each_provider(KEY_EXCHANGE_SECP256R1, vector);
}

static void agree_on_p384(struct vector *vector)
{
    if (vector_is(vector, "alg", "secp384r1"))
        agree_by_each_provider(KEY_EXCHANGE_SECP384R1, vector);
}

/* A test for each curve, so that each has its time on a loaded machine. */
START_TEST(ecdh_on_p256_is_as_published)
{
    vectors_for_each("wycheproof_ecdh.txt", agree_on_p256);
}
END_TEST

START_TEST(ecdh_on_p384_is_as_published)
{
    vectors_for_each("wycheproof_ecdh.txt", agree_on_p384);
}
END_TEST

/* RFC 7748 5.2: the scalar becomes the point and the result the scalar. */
START_TEST(x25519_iterated_gives_the_published_results)
{
    static const uint8_t after_one[32] = {0x42, 0x2c, 0x8e, 0x7a, 0x62, 0x27, 0xd7, 0xbc, 0xa1, 0x35, 0x0b,
                                          0x3e, 0x2b, 0xb7, 0x27, 0x9f, 0x78, 0x97, 0xb8, 0x7b, 0xb6, 0x85,
                                          0x4b, 0x78, 0x3c, 0x60, 0xe8, 0x03, 0x11, 0xae, 0x30, 0x79};
    static const uint8_t after_thousand[32] = {0x68, 0x4c, 0xf5, 0x9b, 0xa8, 0x33, 0x09, 0x55, 0x28, 0x00, 0xef,
                                               0x56, 0x6f, 0x2f, 0x4d, 0x3c, 0x1c, 0x38, 0x87, 0xc4, 0x93, 0x60,
                                               0xe3, 0x87, 0x5f, 0x2e, 0xb9, 0x4d, 0x99, 0x53, 0x2c, 0x51};
    const struct key_exchange_alg *alg = key_exchange_find(KEY_EXCHANGE_X25519);
    struct random_source random = random_system();
    uint8_t k[32] = {9}, u[32] = {9}, own[32], result[32];

    for (int round = 1; round <= 1000; round++) {
        ck_assert(alg->make_share(alg, k, random, own));
        ck_assert_int_eq(alg->agree(alg, k, own, u, random, result), CRYPTO_OK);
        memcpy(u, k, sizeof u);
        memcpy(k, result, sizeof k);
        if (round == 1)
            ck_assert_mem_eq(k, after_one, sizeof k);
    }
    ck_assert_mem_eq(k, after_thousand, sizeof k);
}
END_TEST

START_TEST(both_sides_come_to_the_same_secret)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        const struct key_exchange_alg *alg = key_exchange_find(groups[i].id);

        for (int round = 0; round < 20; round++) {
            uint8_t client_share[MAX_PUBLIC_SHARE_LEN], server_share[MAX_PUBLIC_SHARE_LEN];
            struct key_exchange_client client;
            struct secret one, two;

            ck_assert(key_exchange_client_start(&client, alg, random_system(), client_share));
            ck_assert_int_eq(key_exchange_respond(alg, bytes_of(client_share, groups[i].client_len), random_system(),
                                                  server_share, &one),
                             CRYPTO_OK);
            ck_assert_int_eq(key_exchange_client_finish(&client, bytes_of(server_share, groups[i].server_len), &two),
                             CRYPTO_OK);
            ck_assert_uint_eq(one.len, groups[i].secret_len);
            ck_assert_mem_eq(&one, &two, sizeof one);
            ck_assert_uint_eq(client.private_value.len + client.kem_seed.len, 0);
        }
    }
}
END_TEST

START_TEST(the_same_random_bytes_give_the_same_share_and_every_exchange_draws_as_many)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        const struct key_exchange_alg *alg = key_exchange_find(groups[i].id);
        uint8_t share[MAX_PUBLIC_SHARE_LEN], answers[2][MAX_PUBLIC_SHARE_LEN];
        struct test_random random[2] = {{.drawn = 0}, {.drawn = 0}};
        struct key_exchange_client client;
        struct secret shared[2];

        ck_assert(key_exchange_client_start(&client, alg, random_system(), share));
        secret_wipe(&client.private_value);
        for (int n = 0; n < 2; n++)
            ck_assert_int_eq(key_exchange_respond(alg, bytes_of(share, groups[i].client_len),
                                                  test_random_source(&random[n]), answers[n], &shared[n]),
                             CRYPTO_OK);
        ck_assert_mem_eq(answers[0], answers[1], groups[i].server_len);
        ck_assert_mem_eq(&shared[0], &shared[1], sizeof shared[0]);
        ck_assert_uint_eq(random[0].drawn, groups[i].drawn);
        ck_assert_uint_eq(random[1].drawn, random[0].drawn);
    }
}
END_TEST

START_TEST(a_share_of_another_length_is_refused)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        const struct key_exchange_alg *alg = key_exchange_find(groups[i].id);
        uint8_t share[MAX_PUBLIC_SHARE_LEN + 2] = {0}, answer[MAX_PUBLIC_SHARE_LEN];
        struct key_exchange_client client;
        struct secret shared;

        ck_assert(key_exchange_client_start(&client, alg, random_system(), share));
        for (size_t len = 0; len <= groups[i].client_len + 2; len++) {
            enum crypto_result expected = len == groups[i].client_len ? CRYPTO_OK : CRYPTO_BAD_INPUT;
            uint8_t *exact = len ? malloc(len) : NULL;

            if (len)
                memcpy(exact, share, len);
            ck_assert_int_eq(key_exchange_respond(alg, bytes_of(exact, len), random_system(), answer, &shared),
                             expected);
            free(exact);
        }
    }
}
END_TEST

/* FIPS 186-4 B.4.2: scalars lie in [1, n-1]; what is drawn outside is drawn again. */
START_TEST(scalars_outside_their_range_are_drawn_again)
{
    static const uint8_t second[48] = {[47] = 5};
    uint8_t draws[3 * 48];

    for (enum key_exchange_id id = KEY_EXCHANGE_SECP256R1; id <= KEY_EXCHANGE_SECP384R1; id++) {
        const struct key_exchange_alg *alg = key_exchange_find(id);
        size_t len = alg->scalar_len;
        struct test_random random = {.first = bytes_of(draws, 3 * len)};
        struct key_exchange_client client;
        uint8_t share[MAX_PUBLIC_SHARE_LEN];

        memset(draws, 0, len);                                      /* zero, */
        memcpy(draws + len, alg->order, len);                       /* the order itself, */
        memcpy(draws + 2 * len, second + sizeof second - len, len); /* and then 5 */
        ck_assert(key_exchange_client_start(&client, alg, test_random_source(&random), share));
        ck_assert_mem_eq(client.private_value.bytes, second + sizeof second - len, len);
        ck_assert_uint_eq(random.drawn, 3 * len + 32);
    }
}
END_TEST

START_TEST(a_scalar_is_in_range_from_one_to_the_order_less_one)
{
    for (enum key_exchange_id id = KEY_EXCHANGE_SECP256R1; id <= KEY_EXCHANGE_SECP384R1; id++) {
        const struct key_exchange_alg *alg = key_exchange_find(id);
        size_t len = alg->scalar_len;
        uint8_t scalar[48] = {0};

        for (size_t at = 0; at < len; at++) { /* one bit anywhere is enough, as no bit is as much as the order */
            scalar[at] = 1;
            ck_assert(scalar_is_in_range(scalar, alg->order, len));
            scalar[at] = 0;
        }
        for (size_t at = 0; at < len; at++) { /* and each byte of the order decides when those before it are its */
            memcpy(scalar, alg->order, len);
            scalar[at]--;
            ck_assert(scalar_is_in_range(scalar, alg->order, len) == (alg->order[at] != 0));
            scalar[at] += 2;
            ck_assert(scalar_is_in_range(scalar, alg->order, len) == (alg->order[at] == 0xff));
        }
    }
}
END_TEST

static bool fill_with_ones(void *context, uint8_t *out, size_t len)
{
    (void)context;
    memset(out, 0xff, len);
    return true;
}

START_TEST(a_broken_random_source_ends_in_failure_not_in_a_loop)
{
    struct random_source ones = {fill_with_ones, NULL};
    const struct key_exchange_alg *alg = key_exchange_find(KEY_EXCHANGE_SECP256R1);
    struct key_exchange_client client;
    uint8_t share[MAX_PUBLIC_SHARE_LEN];

    ck_assert(!key_exchange_client_start(&client, alg, ones, share));
    ck_assert_uint_eq(client.private_value.len, 0);
}
END_TEST

START_TEST(a_random_source_that_ends_is_our_failure_not_the_peers)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        const struct key_exchange_alg *alg = key_exchange_find(groups[i].id);
        uint8_t share[MAX_PUBLIC_SHARE_LEN], answer[MAX_PUBLIC_SHARE_LEN];
        struct key_exchange_client client;
        struct secret shared;

        ck_assert(key_exchange_client_start(&client, alg, random_system(), share));
        for (size_t limit = 1; limit < groups[i].drawn; limit += 7) {
            struct test_random random = {.limit = limit};

            ck_assert_int_eq(key_exchange_respond(alg, bytes_of(share, groups[i].client_len),
                                                  test_random_source(&random), answer, &shared),
                             CRYPTO_FAILED);
            ck_assert_uint_eq(shared.len, 0);
        }
    }
}
END_TEST

static unsigned with_leading_zeros;

static void agree_with_leading_zeros(struct vector *vector)
{
    if (!strstr(vector->name, "leading-zero"))
        return;
    ck_assert_uint_eq(vector_bytes(vector, "shared").at[0], 0);
    agree_on_a_curve(vector);
    with_leading_zeros++;
}

/*
 * mbedTLS before 3.6.7 writes behind a buffer shorter than the field when the secret has leading zeros (reproduced
 * on 2.28.3), and hands out fewer bytes: ours are as long as the field (RFC 8446 7.4.2). AddressSanitizer watches.
 */
START_TEST(secrets_with_leading_zeros_keep_their_length)
{
    vectors_for_each("edge_ecdh.txt", agree_with_leading_zeros);
    ck_assert_uint_ge(with_leading_zeros, 8);
}
END_TEST

static enum crypto_result agree_on_zero(const struct key_exchange_alg *alg, const uint8_t *scalar,
                                        const uint8_t *own_share, const uint8_t *peer_share,
                                        struct random_source blinding, uint8_t *secret)
{
    (void)scalar, (void)own_share, (void)peer_share, (void)blinding;
    memset(secret, 0, alg->secret_len);
    return CRYPTO_OK;
}

/* RFC 8446 7.4.2: "implementations MUST check whether the computed Diffie-Hellman shared secret is the all-zero
 * value and abort if so". mbedTLS refuses the points that lead there; another provider need not. */
START_TEST(an_all_zero_secret_is_refused_whatever_the_provider_says)
{
    struct key_exchange_alg alg = *key_exchange_find(KEY_EXCHANGE_X25519);
    uint8_t share[32] = {9}, answer[32];
    struct secret shared;

    alg.agree = agree_on_zero;
    ck_assert_int_eq(key_exchange_respond(&alg, BYTES_OF_ARRAY(share), random_system(), answer, &shared),
                     CRYPTO_BAD_INPUT);
    ck_assert_uint_eq(shared.len, 0);
}
END_TEST

/* ---- the hybrid, draft-ietf-tls-ecdhe-mlkem 4: ML-KEM's part, then X25519's */

enum { EK_LEN = 1184, CIPHERTEXT_LEN = 1088, POINT_LEN = 32, KEM_SECRET_LEN = 32 };

struct hybrid_exchange {
    uint8_t client_share[EK_LEN + POINT_LEN], server_share[CIPHERTEXT_LEN + POINT_LEN];
    struct key_exchange_client client;
    struct secret shared;
};

static struct hybrid_exchange exchange_hybrid(void)
{
    const struct key_exchange_alg *alg = key_exchange_find(KEY_EXCHANGE_X25519MLKEM768);
    struct hybrid_exchange e;

    ck_assert(key_exchange_client_start(&e.client, alg, random_system(), e.client_share));
    ck_assert_int_eq(
        key_exchange_respond(alg, BYTES_OF_ARRAY(e.client_share), random_system(), e.server_share, &e.shared),
        CRYPTO_OK);
    return e;
}

START_TEST(the_parts_of_the_hybrid_are_those_of_ml_kem_and_x25519)
{
    struct hybrid_exchange e = exchange_hybrid();
    const struct key_exchange_alg *x25519 = key_exchange_find(KEY_EXCHANGE_X25519);
    uint8_t ek[EK_LEN], dk[MLKEM768_DK_LEN], secret[KEM_SECRET_LEN], point[POINT_LEN];

    mlkem768_keygen(e.client.kem_seed.bytes, ek, dk);
    ck_assert_mem_eq(ek, e.client_share, sizeof ek);
    ck_assert_int_eq(mlkem768_decaps(BYTES_OF_ARRAY(dk), bytes_of(e.server_share, CIPHERTEXT_LEN), secret), CRYPTO_OK);
    ck_assert_mem_eq(secret, e.shared.bytes, sizeof secret);
    ck_assert(x25519->make_share(x25519, e.client.private_value.bytes, random_system(), point));
    ck_assert_mem_eq(point, e.client_share + EK_LEN, sizeof point);
    ck_assert_int_eq(x25519->agree(x25519, e.client.private_value.bytes, point, e.server_share + CIPHERTEXT_LEN,
                                   random_system(), secret),
                     CRYPTO_OK);
    ck_assert_mem_eq(secret, e.shared.bytes + KEM_SECRET_LEN, sizeof secret);
}
END_TEST

static void expect_refused(struct bytes client_share)
{
    uint8_t server_share[MAX_PUBLIC_SHARE_LEN];
    struct secret shared;

    ck_assert_int_eq(key_exchange_respond(key_exchange_find(KEY_EXCHANGE_X25519MLKEM768), client_share, random_system(),
                                          server_share, &shared),
                     CRYPTO_BAD_INPUT);
    ck_assert_uint_eq(shared.len, 0);
}

/* The MUSTs of 4.2: the modulus check of FIPS 203 7.2, and of RFC 8446 7.4.2 that X25519's secret is not all-zero. */
START_TEST(either_part_of_a_hybrid_share_may_spoil_it)
{
    struct hybrid_exchange e = exchange_hybrid();

    memset(e.client_share + EK_LEN, 0, POINT_LEN);
    expect_refused(BYTES_OF_ARRAY(e.client_share));
    e = exchange_hybrid();
    memset(e.client_share + 300, 0xff, 3);
    expect_refused(BYTES_OF_ARRAY(e.client_share));
}
END_TEST

START_TEST(a_hybrid_answer_is_checked_by_the_client_too)
{
    for (size_t len = 0; len <= sizeof((struct hybrid_exchange *)0)->server_share; len += 28) {
        struct hybrid_exchange e = exchange_hybrid();
        bool is_whole = len == sizeof e.server_share;
        struct secret shared;

        ck_assert_int_eq(key_exchange_client_finish(&e.client, bytes_of(e.server_share, len), &shared),
                         is_whole ? CRYPTO_OK : CRYPTO_BAD_INPUT);
        ck_assert_uint_eq(shared.len, is_whole ? e.shared.len : 0);
        ck_assert_uint_eq(e.client.private_value.len + e.client.kem_seed.len, 0);
    }
}
END_TEST

START_TEST(groups_tell_their_lengths_and_name)
{
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        const struct key_exchange_alg *alg = key_exchange_find(groups[i].id);

        ck_assert_uint_eq(key_exchange_client_len(alg), groups[i].client_len);
        ck_assert_uint_eq(key_exchange_server_len(alg), groups[i].server_len);
        ck_assert_str_eq(key_exchange_name(alg), groups[i].name);
    }
}
END_TEST

START_TEST(providers_agree_with_each_other)
{
    unsigned compared = 0;

    for (size_t a = 0; provider_at(a); a++) {
        for (size_t b = 0; provider_at(b); b++) {
            for (size_t i = 0; i < KEY_EXCHANGE_COUNT; i++) {
                const struct key_exchange_alg *one = provider_at(a)->key_exchanges[i];
                const struct key_exchange_alg *two = provider_at(b)->key_exchanges[i];
                uint8_t client_share[MAX_PUBLIC_SHARE_LEN], server_share[MAX_PUBLIC_SHARE_LEN];
                struct key_exchange_client client;
                struct secret first, second;

                if (!one || !two)
                    continue;
                ck_assert(key_exchange_client_start(&client, one, random_system(), client_share));
                ck_assert_int_eq(key_exchange_respond(two, bytes_of(client_share, groups[i].client_len),
                                                      random_system(), server_share, &first),
                                 CRYPTO_OK);
                ck_assert_int_eq(
                    key_exchange_client_finish(&client, bytes_of(server_share, groups[i].server_len), &second),
                    CRYPTO_OK);
                ck_assert_mem_eq(&first, &second, sizeof first);
                compared++;
            }
        }
    }
    ck_assert_uint_ge(compared, KEY_EXCHANGE_COUNT);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        x25519_gives_the_published_secrets,
        ecdh_takes_points_of_the_curve_only,
        ecdh_on_p256_is_as_published,
        ecdh_on_p384_is_as_published,
        x25519_iterated_gives_the_published_results,
        both_sides_come_to_the_same_secret,
        the_same_random_bytes_give_the_same_share_and_every_exchange_draws_as_many,
        a_share_of_another_length_is_refused,
        scalars_outside_their_range_are_drawn_again,
        a_scalar_is_in_range_from_one_to_the_order_less_one,
        a_broken_random_source_ends_in_failure_not_in_a_loop,
        a_random_source_that_ends_is_our_failure_not_the_peers,
        secrets_with_leading_zeros_keep_their_length,
        an_all_zero_secret_is_refused_whatever_the_provider_says,
        the_parts_of_the_hybrid_are_those_of_ml_kem_and_x25519,
        either_part_of_a_hybrid_share_may_spoil_it,
        a_hybrid_answer_is_checked_by_the_client_too,
        groups_tell_their_lengths_and_name,
        providers_agree_with_each_other,
    };
    return crypto_start() ? check_run("key_exchange", tests, ARRAY_LEN(tests)) : 1;
}
