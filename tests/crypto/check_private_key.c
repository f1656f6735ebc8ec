#include <stdio.h>

#include "crypto/certificate.h"
#include "crypto/der.h"
#include "crypto/pem.h"
#include "crypto/provider.h"
#include "support/check_run.h"
#include "support/data_file.h"

static struct private_key *load(const char *name, struct crypto_fault *fault)
{
    char path[128];
    struct private_key *key;
    struct bytes pem;

    snprintf(path, sizeof path, "certificates/%s", name);
    pem = data_file_read(path);
    key = private_key_new(pem, random_system(), fault);
    data_file_free(pem);
    return key;
}

static void refuse(const char *name, const char *words)
{
    struct crypto_fault fault;

    ck_assert_msg(load(name, &fault) == NULL, "%s is taken", name);
    ck_assert_msg(strstr(fault.text, words) != NULL, "%s: %s", name, fault.text);
}

static void refuse_text(const char *text, const char *words)
{
    struct crypto_fault fault;

    ck_assert(private_key_new(bytes_of_string(text), random_system(), &fault) == NULL);
    ck_assert_msg(strstr(fault.text, words) != NULL, "%s", fault.text);
}

static const struct {
    const char *file;
    const char *certificate;
    enum key_kind kind;
    unsigned bits;
} readable[] = {
    {"rsa2048.key", "rsa2048.crt", KEY_KIND_RSA, 2048},
    {"rsa2048-pkcs1.key", "rsa2048.crt", KEY_KIND_RSA, 2048},
    {"rsa3072.key", "rsa3072.crt", KEY_KIND_RSA, 3072},
    {"p256.key", "p256.crt", KEY_KIND_ECDSA_P256, 256},
    {"p256-sec1.key", "p256.crt", KEY_KIND_ECDSA_P256, 256},
    {"p256-sec1-no-public.key", "p256.crt", KEY_KIND_ECDSA_P256, 256},
    {"p256-together.pem", "p256.crt", KEY_KIND_ECDSA_P256, 256},
    {"p384.key", "p384.crt", KEY_KIND_ECDSA_P384, 384},
    {"p384-sec1-with-parameters.key", "p384.crt", KEY_KIND_ECDSA_P384, 384},
};

START_TEST(every_form_of_a_key_is_read_and_has_the_id_of_its_certificate)
{
    for (size_t i = 0; i < ARRAY_LEN(readable); i++) {
        struct crypto_fault fault = {"untouched"};
        struct private_key *key = load(readable[i].file, &fault);
        struct certificate_chain *chain;
        uint8_t digest[KEY_ID_LEN];
        struct bytes pem;
        char path[128];

        ck_assert_msg(key != NULL, "%s: %s", readable[i].file, fault.text);
        ck_assert_str_eq(fault.text, "");
        ck_assert_int_eq(private_key_kind(key), readable[i].kind);
        ck_assert_uint_eq(private_key_bits(key), readable[i].bits);
        snprintf(path, sizeof path, "certificates/%s", readable[i].certificate);
        pem = data_file_read(path);
        chain = certificate_chain_new(pem, &fault);
        ck_assert(chain != NULL);
        ck_assert_mem_eq(private_key_id(key), certificate_chain_key_id(chain), KEY_ID_LEN);
        ck_assert(hash_once(hash_find(HASH_SHA256), certificate_chain_spki(chain), digest));
        ck_assert_mem_eq(private_key_id(key), digest, KEY_ID_LEN);
        certificate_chain_free(chain);
        data_file_free(pem);
        private_key_free(key);
    }
}
END_TEST

START_TEST(different_keys_have_different_ids)
{
    struct crypto_fault fault;
    struct private_key *one = load("p256.key", &fault), *two = load("other.key", &fault);

    ck_assert(one && two);
    ck_assert_mem_ne(private_key_id(one), private_key_id(two), KEY_ID_LEN);
    private_key_free(one);
    private_key_free(two);
}
END_TEST

START_TEST(an_encrypted_key_is_refused_with_the_way_out)
{
    refuse("p256-encrypted.key", "the key is encrypted; sallyport reads only unencrypted keys: decrypt it with "
                                 "`openssl pkey`");
    refuse("rsa2048-encrypted-pkcs1.key", "the key is encrypted");
}
END_TEST

START_TEST(keys_that_we_cannot_use_are_refused_by_their_name)
{
    refuse("ed25519.key", "Ed25519 keys are not supported; sallyport uses RSA, ECDSA P-256 and ECDSA P-384");
    refuse("rsa-pss.key", "RSASSA-PSS keys are not supported");
    refuse("p521.key", "the key is on the curve P-521 (secp521r1); sallyport uses P-256 and P-384");
    refuse("secp256k1.key", "the curve secp256k1");
    refuse("p256-explicit-curve.key", "does not name its curve");
    refuse("rsa1024.key", "the RSA key has 1024 bits; 2048 are the least");
    refuse_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "OpenSSH");
    refuse_text("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n",
                "line 1 is of an unknown form");
}
END_TEST

START_TEST(a_file_that_is_no_key_is_refused_in_words)
{
    refuse("two-keys.key", "the file has two keys, in lines 1 and 6");
    refuse("p256-der.key", "not PEM: it looks like DER");
    refuse("p256.crt", "no private key found");
    refuse_text("", "the file is empty");
    refuse_text("hello\n", "no private key found");
    refuse_text("-----BEGIN PRIVATE KEY-----\nAAAA\n", "the PEM block in line 1 does not end");
    refuse_text("\n\n-----BEGIN PRIVATE KEY-----\nAA*A\n-----END PRIVATE KEY-----\n",
                "line 3 is damaged: it is not base64");
    refuse_text("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "the key is damaged");
    refuse_text("-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----\n", "the EC key is damaged");
    refuse_text("-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n", "the RSA key is damaged");
}
END_TEST

START_TEST(a_key_whose_numbers_do_not_belong_together_is_refused)
{
    refuse("p256-mixed.key", "its numbers do not belong together");
    refuse("rsa2048-flipped-dp.key", "its numbers do not belong together");
}
END_TEST

/* RFC 8017 3.2: each of the eight numbers, with one bit of its middle flipped, fits the others no more. */
START_TEST(every_number_of_an_rsa_key_is_held_against_the_others)
{
    struct bytes pem = data_file_read("certificates/rsa2048-pkcs1.key");
    struct pem_reader reader = pem_reader_of(pem);
    uint8_t storage[2048], text[4096];
    struct writer der = writer_of(storage, sizeof storage);
    struct pem_block block;

    ck_assert(pem_next(&reader, &block) == PEM_BLOCK && pem_decode(&block, &der));
    for (int which = 0; which < 8; which++) {
        struct reader r = reader_of(writer_view(&der)), numbers;
        struct writer w = writer_of(text, sizeof text);
        struct bytes number;
        struct crypto_fault fault;
        uint8_t version;
        size_t middle;

        ck_assert(der_enter(&r, DER_SEQUENCE, &numbers) && der_read_small(&numbers, &version));
        for (int i = 0; i <= which; i++)
            ck_assert(der_read_unsigned(&numbers, &number));
        middle = (size_t)(number.at - storage) + number.len / 2;
        storage[middle] ^= 0x10;
        pem_encode(&w, "RSA PRIVATE KEY", writer_view(&der));
        ck_assert(private_key_new(writer_view(&w), random_system(), &fault) == NULL);
        ck_assert_msg(strstr(fault.text, "its numbers do not belong together") != NULL, "%d: %s", which, fault.text);
        storage[middle] ^= 0x10;
    }
    data_file_free(pem);
}
END_TEST

/* Base64 in memory to change: every single bit of a key's DER that is flipped gives a refusal or another id. */
static void flip_bits(const char *name, size_t step)
{
    char path[128];
    struct crypto_fault fault;
    struct private_key *key = load(name, &fault);
    uint8_t id[KEY_ID_LEN];
    struct bytes pem;
    char *text;

    ck_assert(key != NULL);
    memcpy(id, private_key_id(key), KEY_ID_LEN);
    private_key_free(key);
    snprintf(path, sizeof path, "certificates/%s", name);
    pem = data_file_read(path);
    text = malloc(pem.len + 1);
    for (size_t at = 40; at + 40 < pem.len; at += step) {
        memcpy(text, pem.at, pem.len + 1);
        if (text[at] == '\n' || text[at] == '=')
            continue;
        text[at] = text[at] == 'A' ? 'B' : 'A';
        key = private_key_new(bytes_of(text, pem.len), random_system(), &fault);
        if (key) /* the change hit a byte that says nothing, or it is another good key */
            ck_assert(strcmp(fault.text, "") == 0);
        else
            ck_assert(fault.text[0] != 0);
        private_key_free(key);
    }
    free(text);
    data_file_free(pem);
}

START_TEST(damage_anywhere_in_a_key_is_survived)
{
    flip_bits("p256.key", 1);
    flip_bits("p384-sec1-with-parameters.key", 1);
    flip_bits("rsa2048.key", 13);
}
END_TEST

START_TEST(a_key_cut_anywhere_is_refused)
{
    struct bytes pem = data_file_read("certificates/p256.key");

    for (size_t len = 0; len + 1 < pem.len; len++) { /* the last byte is the newline behind the END line */
        struct crypto_fault fault;
        uint8_t *exact = malloc(len + 1);

        memcpy(exact, pem.at, len);
        ck_assert_msg(private_key_new(bytes_of(exact, len), random_system(), &fault) == NULL, "%zu bytes", len);
        ck_assert(fault.text[0] != 0);
        free(exact);
    }
    data_file_free(pem);
}
END_TEST

/* A scalar of zero, and the order of the curve, are no keys (RFC 5915 3, SEC 1 3.2.1). */
START_TEST(a_secret_outside_its_range_is_refused)
{
    refuse_text("-----BEGIN EC PRIVATE KEY-----\n"
                "MDECAQEEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAoGCCqGSM49AwEH\n"
                "-----END EC PRIVATE KEY-----\n",
                "its numbers do not belong together");
    refuse_text("-----BEGIN EC PRIVATE KEY-----\n"
                "MDECAQEEIP////8AAAAA//////////+85vqtpxeehPO5ysL8YyVRoAoGCCqGSM49AwEH\n"
                "-----END EC PRIVATE KEY-----\n",
                "its numbers do not belong together");
}
END_TEST

/* RFC 5915 3: privateKey has as many bytes as the order of the curve. */
START_TEST(a_secret_of_another_length_is_refused)
{
    static const uint8_t after[] = {0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

    for (uint8_t len = 30; len <= 34; len++) {
        uint8_t der[80] = {0x30, (uint8_t)(3 + 2 + len + sizeof after), 2, 1, 1, 4, len}, text[256];
        struct writer w = writer_of(text, sizeof text);
        struct crypto_fault fault;
        struct private_key *key;

        der[7 + len - 1] = 5; /* the number 5, with more or fewer zeros before it */
        memcpy(der + 7 + len, after, sizeof after);
        pem_encode(&w, "EC PRIVATE KEY", bytes_of(der, 7 + len + sizeof after));
        key = private_key_new(writer_view(&w), random_system(), &fault);
        ck_assert_int_eq(key != NULL, len == 32);
        if (!key)
            ck_assert_str_eq(fault.text, "the EC key is damaged: its secret has the wrong length");
        private_key_free(key);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_form_of_a_key_is_read_and_has_the_id_of_its_certificate,
        different_keys_have_different_ids,
        an_encrypted_key_is_refused_with_the_way_out,
        keys_that_we_cannot_use_are_refused_by_their_name,
        a_file_that_is_no_key_is_refused_in_words,
        a_key_whose_numbers_do_not_belong_together_is_refused,
        every_number_of_an_rsa_key_is_held_against_the_others,
        damage_anywhere_in_a_key_is_survived,
        a_key_cut_anywhere_is_refused,
        a_secret_outside_its_range_is_refused,
        a_secret_of_another_length_is_refused,
    };
    return crypto_start() ? check_run("private_key", tests, ARRAY_LEN(tests)) : 1;
}
