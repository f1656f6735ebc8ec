#include "support/rsa_public.h"

#include <string.h>

#include "crypto/key_der.h"
#include "support/must.h"

enum { MAX_WORDS = MAX_RSA_BITS / 32 };

/* The least significant word first. */
struct number {
    uint32_t words[MAX_WORDS];
    size_t count; /* of the modulus, for all numbers */
};

static struct number number_of(struct bytes big_endian, size_t count)
{
    struct number out = {.count = count};

    must(big_endian.len <= 4 * count);
    for (size_t i = 0; i < big_endian.len; i++)
        out.words[i / 4] |= (uint32_t)big_endian.at[big_endian.len - 1 - i] << 8 * (i % 4);
    return out;
}

static bool is_below(const struct number *a, const struct number *b)
{
    for (size_t i = a->count; i-- > 0;)
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i];
    return false;
}

/* a = a + b modulo n, both below it; b may be a. */
static void add(struct number *a, const struct number *b, const struct number *n)
{
    uint64_t carry = 0;

    for (size_t i = 0; i < n->count; i++) {
        carry += (uint64_t)a->words[i] + b->words[i];
        a->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (!carry && is_below(a, n))
        return;
    carry = 1;
    for (size_t i = 0; i < n->count; i++) {
        carry += (uint64_t)a->words[i] + (uint32_t)~n->words[i];
        a->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

static struct number multiply(const struct number *a, const struct number *b, const struct number *n)
{
    struct number out = {.count = n->count};

    for (size_t bit = 32 * n->count; bit-- > 0;) {
        add(&out, &out, n);
        if (b->words[bit / 32] >> bit % 32 & 1)
            add(&out, a, n);
    }
    return out;
}

static struct number power(const struct number *base, struct bytes exponent, const struct number *n)
{
    struct number out = {.words = {1}, .count = n->count};
    bool has_begun = false;

    for (size_t bit = 8 * exponent.len; bit-- > 0;) {
        bool is_set = exponent.at[exponent.len - 1 - bit / 8] >> bit % 8 & 1;

        if (has_begun)
            out = multiply(&out, &out, n);
        if (is_set)
            out = has_begun ? multiply(&out, base, n) : *base;
        has_begun |= is_set;
    }
    return out;
}

static struct key_material read_key(struct bytes spki)
{
    struct key_material material = {.bits = 0};
    struct crypto_fault fault;

    must(key_read_spki(spki, &material, &fault) && material.kind == KEY_KIND_RSA);
    return material;
}

struct bytes rsa_public_modulus(struct bytes spki)
{
    return read_key(spki).n;
}

size_t rsa_public_len(struct bytes spki)
{
    return rsa_public_modulus(spki).len;
}

void rsa_public(struct bytes spki, const uint8_t *in, uint8_t *out)
{
    struct key_material key = read_key(spki);
    size_t len = key.n.len, count = (len + 3) / 4;
    struct number n = number_of(key.n, count), base = number_of(bytes_of(in, len), count), result;

    must(is_below(&base, &n));
    result = power(&base, key.e, &n);
    for (size_t i = 0; i < len; i++)
        out[len - 1 - i] = (uint8_t)(result.words[i / 4] >> 8 * (i % 4));
}

void rsa_pad_for_encryption(struct bytes message, struct random_source random, uint8_t *block, size_t len)
{
    size_t padding_len = len - 3 - message.len;

    must(message.len + 11 <= len);
    block[0] = 0;
    block[1] = 2;
    must(random_fill(random, block + 2, padding_len));
    for (size_t i = 0; i < padding_len; i++)
        block[2 + i] |= 1; /* any bytes but zeros */
    block[2 + padding_len] = 0;
    memcpy(block + 3 + padding_len, message.at, message.len);
}
