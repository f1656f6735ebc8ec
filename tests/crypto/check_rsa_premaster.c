/*
 * The choice between the client's premaster secret and the fallback (RFC 5246 7.4.7.1, RFC 8017 7.2.2): every single
 * wrong byte of the encoding gives the fallback, whole, and nothing else does. First of the choice alone, then with
 * keys, and with ciphertexts made by arithmetic that is not the library's.
 */
#include "crypto/certificate.h"
#include "crypto/crypto.h"
#include "crypto/rsa_premaster.h"
#include "support/check_run.h"
#include "support/data_file.h"
#include "support/rsa_public.h"

enum { MAX_LEN = 512, VERSION = 0x0303 };

static uint8_t block[MAX_LEN], fallback[PREMASTER_LEN], out[PREMASTER_LEN];
static const size_t lengths[] = {PREMASTER_LEN + 11, 128, 256, 257, 512};

static void make_block(size_t len)
{
    for (size_t i = 0; i < len; i++)
        block[i] = (uint8_t)(i % 255 + 1);
    memset(fallback, 0xf0, sizeof fallback);
    block[0] = 0;
    block[1] = 2;
    block[len - PREMASTER_LEN - 1] = 0;
    block[len - PREMASTER_LEN] = VERSION >> 8;
    block[len - PREMASTER_LEN + 1] = VERSION & 0xff;
}

static bool is_taken(size_t len, uint16_t version)
{
    bool is_own, is_fallback;

    rsa_premaster_select(block, len, version, fallback, out);
    is_own = memcmp(out, block + len - PREMASTER_LEN, PREMASTER_LEN) == 0;
    is_fallback = memcmp(out, fallback, PREMASTER_LEN) == 0;
    ck_assert(is_own != is_fallback); /* never a mixture */
    return is_own;
}

START_TEST(a_right_encoding_gives_the_clients_secret)
{
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        make_block(lengths[i]);
        ck_assert(is_taken(lengths[i], VERSION));
        memset(block + lengths[i] - PREMASTER_LEN + 2, 0, PREMASTER_LEN - 2); /* zeros in the secret are no padding */
        ck_assert(is_taken(lengths[i], VERSION));
    }
}
END_TEST

/* Every value of every byte that is looked at. */
START_TEST(each_wrong_byte_gives_the_fallback)
{
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        size_t len = lengths[i], message = len - PREMASTER_LEN;

        for (size_t at = 0; at < message + 2; at++) {
            bool is_padding = at >= 2 && at < message - 1;

            for (unsigned value = 0; value < 256; value++) {
                uint8_t right;

                make_block(len);
                right = block[at];
                block[at] = (uint8_t)value;
                ck_assert_msg(is_taken(len, VERSION) == (is_padding ? value != 0 : value == right),
                              "length %zu, byte %zu is %u", len, at, value);
            }
        }
    }
}
END_TEST

/* RFC 5246 7.4.7.1: the version in the secret is that of the ClientHello, whatever was negotiated. */
START_TEST(every_other_version_gives_the_fallback)
{
    make_block(256);
    for (unsigned version = 0; version <= 0xffff; version++)
        ck_assert(is_taken(256, (uint16_t)version) == (version == VERSION));
}
END_TEST

/* ---- with a key */

static struct private_key *key;
static struct certificate_chain *chain;
static uint8_t premaster[PREMASTER_LEN], ciphertext[2 * MAX_LEN];
static size_t modulus_len;

static void load(const char *key_file, const char *certificate_file)
{
    struct bytes key_pem = data_file_read(key_file), certificate_pem = data_file_read(certificate_file);
    struct crypto_fault fault;

    key = private_key_new(key_pem, random_system(), &fault);
    chain = certificate_chain_new(certificate_pem, &fault);
    ck_assert(key && chain);
    data_file_free(key_pem);
    data_file_free(certificate_pem);
    memset(fallback, 0xf0, sizeof fallback);
    for (size_t i = 0; i < sizeof premaster; i++)
        premaster[i] = (uint8_t)(i * 5 + 1);
    premaster[0] = VERSION >> 8;
    premaster[1] = VERSION & 0xff;
}

static void unload(void)
{
    private_key_free(key);
    certificate_chain_free(chain);
}

static void pad(void)
{
    modulus_len = rsa_public_len(certificate_chain_spki(chain));
    rsa_pad_for_encryption(BYTES_OF_ARRAY(premaster), random_system(), block, modulus_len);
}

/* Whatever it is, 48 bytes come out, and they are one of the two secrets. True for the client's. */
static bool opens(size_t len)
{
    bool is_own;

    memset(out, 0xee, sizeof out);
    ck_assert(rsa_premaster_open(key, bytes_of(ciphertext, len), VERSION, fallback, random_system(), out));
    is_own = memcmp(out, premaster, sizeof out) == 0;
    ck_assert(is_own != (memcmp(out, fallback, sizeof out) == 0));
    return is_own;
}

static bool encrypts_and_opens(void)
{
    rsa_public(certificate_chain_spki(chain), block, ciphertext);
    return opens(modulus_len);
}

START_TEST(what_the_client_encrypted_comes_out)
{
    static const char *const files[][2] = {
        {"certificates/rsa2048.key", "certificates/rsa2048.crt"},
        {"certificates/rsa3072.key", "certificates/rsa3072.crt"},
    };

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        load(files[i][0], files[i][1]);
        for (int n = 0; n < 3; n++) {
            pad();
            ck_assert(encrypts_and_opens());
        }
        unload();
    }
}
END_TEST

/* Each byte in front of the secret and its version: what is there anyhow is changed, what is padding becomes zero. */
START_TEST(a_byte_spoiled_before_encryption_gives_the_fallback)
{
    load("certificates/rsa2048.key", "certificates/rsa2048.crt");
    pad();
    for (size_t at = 0; at < modulus_len - PREMASTER_LEN + 2; at++) {
        bool is_padding = at >= 2 && at < modulus_len - PREMASTER_LEN - 1;
        uint8_t right = block[at];

        block[at] = is_padding ? 0 : (uint8_t)(right ^ 1);
        ck_assert_msg(!encrypts_and_opens(), "byte %zu", at);
        block[at] = right;
    }
    ck_assert(encrypts_and_opens());
    unload();
}
END_TEST

START_TEST(a_ciphertext_of_another_length_gives_the_fallback)
{
    load("certificates/rsa2048.key", "certificates/rsa2048.crt");
    pad();
    ck_assert(encrypts_and_opens());
    for (size_t len = 0; len <= 2 * modulus_len; len += len < 3 || (len > 250 && len < 260) ? 1 : 31)
        ck_assert_msg(len == modulus_len || !opens(len), "%zu bytes", len);
    memmove(ciphertext + 1, ciphertext, modulus_len); /* the same number, with a zero in front */
    ciphertext[0] = 0;
    ck_assert(!opens(modulus_len + 1));
    unload();
}
END_TEST

/* RFC 8017 5.1.2: the ciphertext representative is below n. Zero and one are, and nothing that a client would send. */
START_TEST(a_number_that_is_no_ciphertext_gives_the_fallback)
{
    struct bytes modulus;

    load("certificates/rsa2048.key", "certificates/rsa2048.crt");
    pad();
    memset(ciphertext, 0xff, modulus_len);
    ck_assert(!opens(modulus_len));
    modulus = rsa_public_modulus(certificate_chain_spki(chain));
    memcpy(ciphertext, modulus.at, modulus_len);
    ck_assert(!opens(modulus_len)); /* n */
    ciphertext[modulus_len - 1] ^= 1;
    ck_assert(!opens(modulus_len)); /* n - 1, as n is odd */
    memset(ciphertext, 0, modulus_len);
    ck_assert(!opens(modulus_len));
    ciphertext[modulus_len - 1] = 1;
    ck_assert(!opens(modulus_len));
    unload();
}
END_TEST

/* The fallback is the caller's, who draws it anew (RFC 5246 7.4.7.1): two failures have nothing in common. */
START_TEST(another_fallback_gives_another_secret)
{
    load("certificates/rsa2048.key", "certificates/rsa2048.crt");
    pad();
    block[1] = 1;
    ck_assert(!encrypts_and_opens());
    memset(fallback, 0x0f, sizeof fallback);
    ck_assert(!opens(modulus_len));
    unload();
}
END_TEST

START_TEST(a_key_that_is_not_rsa_opens_nothing)
{
    load("certificates/p256.key", "certificates/p256.crt");
    ck_assert(!rsa_premaster_open(key, bytes_of(ciphertext, 256), VERSION, fallback, random_system(), out));
    unload();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_right_encoding_gives_the_clients_secret,
        each_wrong_byte_gives_the_fallback,
        every_other_version_gives_the_fallback,
        what_the_client_encrypted_comes_out,
        a_byte_spoiled_before_encryption_gives_the_fallback,
        a_ciphertext_of_another_length_gives_the_fallback,
        a_number_that_is_no_ciphertext_gives_the_fallback,
        another_fallback_gives_another_secret,
        a_key_that_is_not_rsa_opens_nothing,
    };
    return crypto_start() ? check_run("rsa_premaster", tests, ARRAY_LEN(tests)) : 1;
}
