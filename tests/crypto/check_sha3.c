#include "crypto/sha3.h"

#include "crypto/sha3x4.h"
#include "support/check_run.h"
#include "support/vectors.h"

static const struct {
    const char *name;
    enum sha3_function function;
} functions[] = {{"sha3-256", SHA3_256}, {"sha3-512", SHA3_512}, {"shake128", SHAKE128}, {"shake256", SHAKE256}};
enum { MAX_OUTPUT_LEN = 1000 };

static void output_of(enum sha3_function function, struct bytes message, uint8_t *out, size_t len)
{
    struct sha3 sponge;

    sha3_init(&sponge, function);
    sha3_absorb(&sponge, message);
    sha3_squeeze(&sponge, out, len);
}

static void output_of_vector(struct vector *vector)
{
    struct bytes message = vector_bytes(vector, "message"), output = vector_bytes(vector, "output");
    uint8_t out[MAX_OUTPUT_LEN];
    unsigned done = 0;

    ck_assert_uint_le(output.len, sizeof out);
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        if (!vector_is(vector, "alg", functions[i].name))
            continue;
        output_of(functions[i].function, message, out, output.len);
        ck_assert_msg(bytes_equal(output, bytes_of(out, output.len)), "%s", vector->name);
        done++;
    }
    ck_assert_uint_eq(done, 1);
}

START_TEST(sponges_give_the_published_output)
{
    vectors_for_each("sha3.txt", output_of_vector);
}
END_TEST

START_TEST(a_message_may_come_in_pieces)
{
    uint8_t message[400], whole[64], out[64];

    for (size_t i = 0; i < sizeof message; i++)
        message[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        output_of(functions[i].function, BYTES_OF_ARRAY(message), whole, sizeof whole);
        for (size_t cut = 0; cut <= sizeof message; cut++) {
            struct sha3 sponge;

            sha3_init(&sponge, functions[i].function);
            sha3_absorb(&sponge, bytes_of(message, cut));
            sha3_absorb(&sponge, bytes_of(NULL, 0));
            sha3_absorb(&sponge, bytes_of(message + cut, sizeof message - cut));
            sha3_squeeze(&sponge, out, sizeof out);
            ck_assert_mem_eq(whole, out, sizeof out);
        }
    }
}
END_TEST

START_TEST(output_may_be_taken_in_pieces)
{
    uint8_t whole[400], out[sizeof whole];

    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        output_of(functions[i].function, BYTES_OF_LITERAL("text"), whole, sizeof whole);
        for (size_t cut = 0; cut <= sizeof whole; cut++) {
            struct sha3 sponge;

            sha3_init(&sponge, functions[i].function);
            sha3_absorb(&sponge, BYTES_OF_LITERAL("text"));
            sha3_squeeze(&sponge, out, cut);
            sha3_squeeze(&sponge, out + cut, sizeof out - cut);
            ck_assert_mem_eq(whole, out, sizeof out);
        }
    }
}
END_TEST

/* ---- four at a time */

enum { BLOCKS = 3 };

static void expect_as_alone(const struct sha3x4 *begun, enum sha3_function function, const struct bytes *messages)
{
    uint8_t blocks[SHA3X4_MAX][SHA3_MAX_RATE], alone[BLOCKS * SHA3_MAX_RATE];
    struct sha3x4 sponges = *begun;

    for (size_t n = 0; n < BLOCKS; n++) {
        sha3x4_squeeze(&sponges, blocks);
        for (size_t i = 0; i < sponges.count; i++) {
            output_of(function, messages[i], alone, BLOCKS * sponges.rate);
            ck_assert_mem_eq(blocks[i], alone + n * sponges.rate, sponges.rate);
        }
    }
}

/* With the processor's wide vectors, where it has them, and without. */
START_TEST(four_messages_at_a_time_give_what_each_gives_alone)
{
    static const size_t lengths[] = {0, 1, 7, 8, 33, 34, 71};
    uint8_t text[SHA3X4_MAX][71];
    struct bytes messages[SHA3X4_MAX];
    struct sha3x4 sponges;

    for (size_t i = 0; i < sizeof text; i++)
        text[i / 71][i % 71] = (uint8_t)(i * 13 + 1);
    for (size_t f = 0; f < ARRAY_LEN(functions); f++) {
        for (size_t len = 0; len < ARRAY_LEN(lengths); len++) {
            for (size_t count = 1; count <= SHA3X4_MAX; count++) {
                for (size_t i = 0; i < count; i++)
                    messages[i] = bytes_of(text[i], lengths[(len + i) % ARRAY_LEN(lengths)]);
                sha3x4_begin(&sponges, functions[f].function, messages, count);
                expect_as_alone(&sponges, functions[f].function, messages);
                sponges.is_wide = false;
                expect_as_alone(&sponges, functions[f].function, messages);
            }
        }
    }
}
END_TEST

START_TEST(wiping_leaves_zeros)
{
    static const uint8_t zeros[sizeof(struct sha3x4)];
    struct bytes secret = BYTES_OF_LITERAL("secret");
    struct sha3x4 four;
    struct sha3 sponge;

    sha3_init(&sponge, SHAKE256);
    sha3_absorb(&sponge, BYTES_OF_LITERAL("secret"));
    sha3_wipe(&sponge);
    ck_assert_mem_eq(&sponge, zeros, sizeof sponge);
    sha3x4_begin(&four, SHAKE256, &secret, 1);
    sha3x4_wipe(&four);
    ck_assert_mem_eq(&four, zeros, sizeof four);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        sponges_give_the_published_output,
        a_message_may_come_in_pieces,
        output_may_be_taken_in_pieces,
        four_messages_at_a_time_give_what_each_gives_alone,
        wiping_leaves_zeros,
    };
    return check_run("sha3", tests, ARRAY_LEN(tests));
}
