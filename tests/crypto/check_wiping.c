/*
 * What is given back to the C library holds nothing of a key any more. This program has base/alloc.c's functions
 * itself, and looks through every piece of memory that is freed or outgrown.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/certificate.h"
#include "crypto/pem.h"
#include "support/check_run.h"
#include "support/data_file.h"

enum { MAX_WANTED = 8, WANTED_LEN = 8 };

/* Pieces of secrets that must not be seen, and how often they were. */
static struct bytes wanted[MAX_WANTED];
static size_t wanted_count;
static unsigned looked_through, seen;

/* In front of every piece: its length. As long as any alignment asks for. */
struct header {
    _Alignas(max_align_t) size_t len;
};

static void look_through(const void *at)
{
    const struct header *header = (const struct header *)at - 1;

    looked_through++;
    for (size_t i = 0; i < wanted_count; i++)
        seen += header->len >= wanted[i].len && memmem(at, header->len, wanted[i].at, wanted[i].len) != NULL;
}

void *memory_new(size_t len)
{
    struct header *header = calloc(1, sizeof *header + len);

    if (!header)
        return NULL;
    header->len = len;
    return header + 1;
}

void *memory_new_array(size_t count, size_t len)
{
    return memory_new(count * len);
}

void *memory_copy(const void *from, size_t len)
{
    void *copy = memory_new(len);

    if (copy && len)
        memcpy(copy, from, len);
    return copy;
}

char *memory_copy_string(const char *text)
{
    return memory_copy(text, strlen(text) + 1);
}

void *memory_resize(void *at, size_t len)
{
    size_t held = at ? ((struct header *)at - 1)->len : 0;
    void *larger = memory_new(len);

    if (!larger)
        return NULL;
    if (at)
        memcpy(larger, at, held < len ? held : len);
    memory_free(at);
    return larger;
}

bool memory_keeps(void)
{
    return false;
}

void memory_free(void *at)
{
    if (!at)
        return;
    look_through(at);
    free((struct header *)at - 1);
}

static void watch_for(struct bytes secret)
{
    for (size_t at = 0; at + WANTED_LEN <= secret.len && wanted_count < MAX_WANTED; at += secret.len / 2 - WANTED_LEN)
        wanted[wanted_count++] = bytes_of(secret.at + at, WANTED_LEN);
}

/* Pieces of the secret of a key file: the DER is decoded here, its end (public in SEC1) left out. */
static void watch_for_key(struct bytes pem, uint8_t *storage, size_t capacity)
{
    struct pem_reader reader = pem_reader_of(pem);
    struct writer w = writer_of(storage, capacity);
    struct pem_block block;

    ck_assert_int_eq(pem_next(&reader, &block), PEM_BLOCK);
    ck_assert(pem_decode(&block, &w));
    watch_for(bytes_of(storage + 36, 28)); /* within the scalar of a P-256 key in PKCS#8, or RSA's modulus */
    if (writer_view(&w).len > 600)
        wanted_count = 0, watch_for(bytes_of(storage + 320, 500)); /* within d, p and q of an RSA key */
}

START_TEST(the_watch_sees_a_secret_that_is_left)
{
    static const uint8_t secret[32] = "this is a secret of 32 bytes....";
    uint8_t *memory = memory_new(100);

    watch_for(BYTES_OF_ARRAY(secret));
    memcpy(memory + 50, secret, sizeof secret);
    memory_free(memory);
    ck_assert_uint_gt(seen, 0);
}
END_TEST

static void load_and_use(const char *name, enum signature_id id)
{
    struct bytes pem = data_file_read(name);
    uint8_t storage[4096], signature[MAX_SIGNATURE_LEN];
    struct crypto_fault fault;
    struct private_key *key;
    size_t len;

    wanted_count = 0;
    watch_for_key(pem, storage, sizeof storage);
    ck_assert_uint_gt(wanted_count, 0);
    key = private_key_new(pem, random_system(), &fault);
    ck_assert(key != NULL);
    ck_assert(signature_make(key, id, BYTES_OF_LITERAL("m"), random_system(), signature, &len));
    private_key_free(key);
    data_file_free(pem);
}

START_TEST(nothing_of_a_key_is_left_in_freed_memory)
{
    load_and_use("certificates/p256.key", SIGNATURE_ECDSA_P256_SHA256);
    load_and_use("certificates/rsa2048.key", SIGNATURE_RSA_PSS_SHA256);
    ck_assert_uint_ge(looked_through, 4);
    ck_assert_uint_eq(seen, 0);
}
END_TEST

START_TEST(nothing_of_a_refused_key_is_left_in_freed_memory)
{
    struct bytes pem = data_file_read("certificates/p256.key");
    uint8_t storage[4096], *twice = malloc(2 * pem.len);
    struct crypto_fault fault;

    watch_for_key(pem, storage, sizeof storage);
    memcpy(twice, pem.at, pem.len);
    twice[pem.len - 40] = '='; /* in the last line of base64 */
    ck_assert(private_key_new(bytes_of(twice, pem.len), random_system(), &fault) == NULL);
    ck_assert_uint_ge(looked_through, 1);
    ck_assert_uint_eq(seen, 0);
    free(twice);
    data_file_free(pem);
}
END_TEST

START_TEST(nothing_of_a_record_key_is_left_in_freed_memory)
{
    static const uint8_t key[MAX_AEAD_KEY_LEN] = "this is a secret of 32 bytes....";

    looked_through = 0;
    watch_for(BYTES_OF_ARRAY(key));
    for (enum aead_id id = AEAD_AES_128_GCM; id <= AEAD_CHACHA20_POLY1305; id++)
        aead_free(aead_new(aead_find(id), key));
    ck_assert_uint_eq(looked_through, 3);
    ck_assert_uint_eq(seen, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        the_watch_sees_a_secret_that_is_left,
        nothing_of_a_key_is_left_in_freed_memory,
        nothing_of_a_refused_key_is_left_in_freed_memory,
        nothing_of_a_record_key_is_left_in_freed_memory,
    };
    return crypto_start() ? check_run("wiping", tests, ARRAY_LEN(tests)) : 1;
}
