#include "crypto/x25519_base.h"

#include <stdlib.h>

#include "crypto/field25519.h"
#include "crypto/provider.h"
#include "support/check_run.h"

enum { LEN = 32 };

/* Every provider says the same; what it computes does not depend on this code. */
static void expect_as_the_providers(const uint8_t scalar[LEN])
{
    uint8_t own[LEN], theirs[LEN];
    const struct provider *provider;

    x25519_base(scalar, own);
    for (size_t i = 0; (provider = provider_at(i)); i++) {
        const struct key_exchange_alg *alg = provider->key_exchanges[KEY_EXCHANGE_X25519];
        if (!alg)
            continue;
        ck_assert(alg->make_share(alg, scalar, random_system(), theirs));
        ck_assert_mem_eq(own, theirs, LEN);
    }
}

START_TEST(random_scalars_give_what_the_providers_give)
{
    uint8_t scalar[LEN];

    for (int i = 0; i < 300; i++) {
        ck_assert(random_fill(random_system(), scalar, LEN));
        expect_as_the_providers(scalar);
    }
}
END_TEST

/* Every digit of every value at every place, and the carries that run from one to the next. */
START_TEST(scalars_of_one_byte_over_and_over_give_what_the_providers_give)
{
    uint8_t scalar[LEN];

    for (int value = 0; value < 256; value += 1 + value % 3) {
        memset(scalar, value, LEN);
        expect_as_the_providers(scalar);
    }
}
END_TEST

START_TEST(scalars_of_a_single_bit_give_what_the_providers_give)
{
    for (int bit = 0; bit < 8 * LEN; bit += 5) {
        uint8_t scalar[LEN] = {0};

        scalar[bit / 8] = (uint8_t)(1 << bit % 8);
        expect_as_the_providers(scalar);
    }
}
END_TEST

/* RFC 7748 6.1 */
START_TEST(the_keys_of_the_rfc_come_out)
{
    static const uint8_t alice[LEN] = {0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
                                       0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
                                       0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a};
    static const uint8_t her_public[LEN] = {0x85, 0x20, 0xf0, 0x09, 0x89, 0x30, 0xa7, 0x54, 0x74, 0x8b, 0x7d,
                                            0xdc, 0xb4, 0x3e, 0xf7, 0x5a, 0x0d, 0xbf, 0x3a, 0x0d, 0x26, 0x38,
                                            0x1a, 0xf4, 0xeb, 0xa4, 0xa9, 0x8e, 0xaa, 0x9b, 0x4e, 0x6a};
    uint8_t share[LEN];

    x25519_base(alice, share);
    ck_assert_mem_eq(share, her_public, LEN);
}
END_TEST

/* ---- the field */

static void expect_written(const uint8_t in[LEN], uint8_t lowest)
{
    uint8_t expected[LEN] = {lowest}, out[LEN];
    struct field a;

    field_read(&a, in);
    field_write(&a, out);
    ck_assert_mem_eq(out, expected, LEN);
}

START_TEST(a_number_is_written_as_the_smallest_of_its_class)
{
    uint8_t around_p[LEN];

    memset(around_p, 0xff, LEN);
    around_p[LEN - 1] = 0x7f;
    for (int above = 0; above < 19; above++) { /* p = 2^255 - 19 up to 2^255 - 1 */
        around_p[0] = (uint8_t)(0xed + above);
        expect_written(around_p, (uint8_t)above);
    }
}
END_TEST

START_TEST(a_number_below_the_modulus_is_written_as_it_was_read)
{
    uint8_t in[LEN], out[LEN];
    struct field a;

    memset(in, 0xff, LEN);
    in[0] = 0xec; /* p - 1 */
    in[LEN - 1] = 0x7f;
    for (int i = LEN - 1; i >= 0; in[i--] = 0) {
        field_read(&a, in);
        field_write(&a, out);
        ck_assert_mem_eq(out, in, LEN);
    }
}
END_TEST

/* At the limits that field25519.h promises: limbs of 2^54 - 1 in, and (2^54 - 1)(1 + 2^51 + ...) is known otherwise. */
START_TEST(the_largest_limbs_do_not_overflow)
{
    const uint64_t largest = ((uint64_t)1 << 54) - 1;
    struct field a = {{largest, largest, largest, largest, largest}}, tight, product, square, expected;
    uint8_t left[LEN], right[LEN], bytes[LEN];
    static const struct field one = {{1}};

    field_multiply(&tight, &a, &one);
    field_multiply(&product, &a, &a);
    field_square(&square, &a);
    field_multiply(&expected, &tight, &tight);
    field_write(&product, left);
    field_write(&expected, right);
    ck_assert_mem_eq(left, right, LEN);
    field_write(&square, left);
    ck_assert_mem_eq(left, right, LEN);
    field_write(&tight, bytes);
    field_read(&tight, bytes);
    field_square(&expected, &tight);
    field_write(&expected, right);
    ck_assert_mem_eq(left, right, LEN);
}
END_TEST

START_TEST(a_number_times_its_inverse_is_one)
{
    static const uint8_t one[LEN] = {1};
    uint8_t bytes[LEN];
    struct field a, inverse;

    for (int i = 0; i < 50; i++) {
        ck_assert(random_fill(random_system(), bytes, LEN));
        field_read(&a, bytes);
        field_invert(&inverse, &a);
        field_multiply(&a, &a, &inverse);
        field_write(&a, bytes);
        ck_assert_mem_eq(bytes, one, LEN);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        random_scalars_give_what_the_providers_give,
        scalars_of_one_byte_over_and_over_give_what_the_providers_give,
        scalars_of_a_single_bit_give_what_the_providers_give,
        the_keys_of_the_rfc_come_out,
        a_number_is_written_as_the_smallest_of_its_class,
        a_number_below_the_modulus_is_written_as_it_was_read,
        the_largest_limbs_do_not_overflow,
        a_number_times_its_inverse_is_one,
    };

    if (!crypto_start())
        return EXIT_FAILURE;
    if (!X25519_BASE_IS_OURS)
        return 77; /* automake: skipped */
    return check_run("x25519_base", tests, ARRAY_LEN(tests));
}
