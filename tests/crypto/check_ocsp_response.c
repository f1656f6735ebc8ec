#include "crypto/ocsp_response.h"

#include <stdio.h>

#include "crypto/certificate_chain.h"
#include "crypto/hash.h"
#include "support/check_run.h"
#include "support/data_file.h"

static struct ocsp_response response;
static struct crypto_fault fault;
static struct bytes der; /* of `response`, which looks into it */

static void load(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "ocsp/%s.der", name);
    data_file_free(der);
    der = data_file_read(path);
    ck_assert_msg(ocsp_response_read(der, &response, &fault), "%s: %s", name, fault.text);
    ck_assert_str_eq(fault.text, "");
}

static struct certificate_chain *chain_of(const char *name)
{
    struct bytes pem;
    struct certificate_chain *chain;
    char path[128];

    snprintf(path, sizeof path, "ocsp/%s.crt", name);
    pem = data_file_read(path);
    chain = certificate_chain_new(pem, &fault);
    ck_assert_msg(chain != NULL, "%s: %s", name, fault.text);
    data_file_free(pem);
    return chain;
}

/* In words, why `name` does no good for the chain, a day after it was made; "" when it does. */
static const char *why_not(const char *name, const char *chain_name)
{
    struct certificate_chain *chain = chain_of(chain_name);
    bool is_useful;

    load(name);
    is_useful = ocsp_response_is_useful(&response, chain, response.singles[0].this_update + 86400, &fault);
    ck_assert(is_useful == (fault.text[0] == 0));
    certificate_chain_free(chain);
    return fault.text;
}

static void assert_unreadable(struct bytes bytes, const char *words)
{
    ck_assert(!ocsp_response_read(bytes, &response, &fault));
    ck_assert_msg(strstr(fault.text, words) != NULL, "\"%s\" does not say \"%s\"", fault.text, words);
}

START_TEST(a_good_response_is_of_use_to_the_certificate_it_is_for)
{
    ck_assert_str_eq(why_not("good-sha1", "first"), "");
    ck_assert_str_eq(why_not("good-sha1", "first-chain"), "");
    ck_assert_str_eq(why_not("good-sha256", "first"), "");
    ck_assert_str_eq(why_not("good-sha256", "first-chain"), "");
    ck_assert_uint_eq(response.count, 1);
    ck_assert_int_eq(response.singles[0].next_update - response.singles[0].this_update, INT64_C(7000) * 86400);
    ck_assert(bytes_equal(response.singles[0].serial, BYTES_OF_LITERAL("\x10\x01")));
    ck_assert_str_eq(why_not("no-next-update", "first"), "");
    ck_assert_int_eq(response.singles[0].next_update, 0);
}
END_TEST

START_TEST(of_several_the_one_for_the_certificate_counts)
{
    struct certificate_chain *first = chain_of("first"), *second = chain_of("second");

    load("both");
    ck_assert_uint_eq(response.count, 2);
    ck_assert_ptr_eq(ocsp_response_find(&response, second), &response.singles[0]);
    ck_assert_ptr_eq(ocsp_response_find(&response, first), &response.singles[1]);
    certificate_chain_free(first);
    certificate_chain_free(second);
}
END_TEST

START_TEST(a_response_that_does_harm_is_told_in_words)
{
    ck_assert_str_eq(why_not("revoked", "first"), "the response says revoked");
    ck_assert_str_eq(why_not("unknown", "first"), "the response says unknown");
    ck_assert_str_eq(why_not("second", "first"), "the response is for another certificate");
    ck_assert_str_eq(why_not("good-sha1", "second"), "the response is for another certificate");
}
END_TEST

START_TEST(a_response_counts_from_its_update_to_the_next)
{
    struct certificate_chain *chain = chain_of("first");
    const struct ocsp_single *single = &response.singles[0];

    load("good-sha256");
    ck_assert(ocsp_response_is_useful(&response, chain, single->this_update, &fault));
    ck_assert(!ocsp_response_is_useful(&response, chain, single->this_update - 1, &fault));
    ck_assert_str_eq(fault.text, "the response is not valid yet");
    ck_assert(ocsp_response_is_useful(&response, chain, single->next_update - 1, &fault));
    ck_assert(!ocsp_response_is_useful(&response, chain, single->next_update, &fault));
    ck_assert_str_eq(fault.text, "the response has expired");
    certificate_chain_free(chain);
}
END_TEST

/* RFC 6960 4.1.1: a serial number is its issuer's own, and most responders name the issuer by SHA-1. */
START_TEST(a_response_of_another_ca_for_the_same_serial_number_is_not_for_us)
{
    static const char *const others[] = {"other-name-sha1", "other-name-sha512", "other-key-sha1"};
    struct certificate_chain *alone = chain_of("first"), *whole = chain_of("first-chain");

    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        load(others[i]);
        ck_assert(bytes_equal(response.singles[0].serial, BYTES_OF_LITERAL("\x10\x01")));
        ck_assert_msg(!ocsp_response_is_for(&response, whole), "%s", others[i]);
    }
    load("other-name-sha1");
    ck_assert(!ocsp_response_is_for(&response, alone));
    load("other-key-sha1");
    ck_assert(ocsp_response_is_for(&response, alone)); /* the key of its issuer is not known */
    certificate_chain_free(alone);
    certificate_chain_free(whole);
}
END_TEST

START_TEST(both_hashes_of_the_issuer_are_compared_under_the_hash_that_is_named)
{
    static const uint8_t oid_sha384[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
    struct certificate_chain *alone = chain_of("first"), *whole = chain_of("first-chain");
    struct ocsp_single *single = &response.singles[0];
    const struct certificate *issuer = &whole->certificates[1];
    /* Of P-256 the last 65 bytes of a SubjectPublicKeyInfo are the value of the key. */
    const struct bytes key = bytes_of(issuer->spki.at + issuer->spki.len - 65, 65);
    uint8_t name_hash[48], key_hash[48];

    load("good-sha256");
    ck_assert(ocsp_response_is_for(&response, whole));
    single->hash_oid = BYTES_OF_ARRAY(oid_sha384);
    ck_assert(!ocsp_response_is_for(&response, whole));
    ck_assert(hash_once(hash_find(HASH_SHA384), issuer->subject, name_hash));
    ck_assert(hash_once(hash_find(HASH_SHA384), key, key_hash));
    single->issuer_name_hash = BYTES_OF_ARRAY(name_hash);
    single->issuer_key_hash = BYTES_OF_ARRAY(key_hash);
    ck_assert(ocsp_response_is_for(&response, whole));
    key_hash[0] ^= 1;
    ck_assert(!ocsp_response_is_for(&response, whole));
    ck_assert(ocsp_response_is_for(&response, alone));
    name_hash[0] ^= 1;
    ck_assert(!ocsp_response_is_for(&response, alone));
    certificate_chain_free(alone);
    certificate_chain_free(whole);
}
END_TEST

START_TEST(a_hash_that_is_not_known_is_no_match)
{
    struct certificate_chain *chain = chain_of("first");

    load("good-sha1");
    ck_assert(ocsp_response_is_for(&response, chain));
    response.singles[0].hash_oid = BYTES_OF_LITERAL("\x2a\x03");
    response.singles[0].issuer_name_hash = bytes_of(NULL, 0);
    ck_assert(!ocsp_response_is_for(&response, chain));
    certificate_chain_free(chain);
}
END_TEST

START_TEST(what_is_no_successful_response_is_refused_in_words)
{
    uint8_t status[] = {0x30, 0x03, 0x0a, 0x01, 0x03};
    struct bytes pem = data_file_read("ocsp/first.crt"), later = data_file_read("ocsp/try-later.der");

    assert_unreadable(later, "it is no successful response (tryLater)");
    status[4] = 6;
    assert_unreadable(BYTES_OF_ARRAY(status), "(unauthorized)");
    status[4] = 4;
    assert_unreadable(BYTES_OF_ARRAY(status), "(an unknown status)");
    status[4] = 0;
    assert_unreadable(BYTES_OF_ARRAY(status), "no DER of an OCSP response");
    assert_unreadable(pem, "it is PEM");
    assert_unreadable(bytes_of(NULL, 0), "the file is empty");
    data_file_free(pem);
    data_file_free(later);
}
END_TEST

START_TEST(cut_anywhere_it_is_refused_and_with_any_bit_flipped_nothing_breaks)
{
    struct certificate_chain *chain = chain_of("first-chain");
    unsigned refused = 0;
    uint8_t *copy;

    load("both");
    copy = malloc(der.len);
    ck_assert(copy != NULL);
    for (size_t len = 0; len < der.len; len++) {
        uint8_t *exact = malloc(len + 1); /* so that a sanitizer sees reading beyond */

        ck_assert(exact != NULL);
        memcpy(exact + 1, der.at, len);
        ck_assert(!ocsp_response_read(bytes_of(exact + 1, len), &response, &fault));
        ck_assert_str_ne(fault.text, "");
        free(exact);
    }
    ck_assert(!ocsp_response_read(bytes_of(der.at, der.len + 1), &response, &fault)); /* the NUL behind it */
    memcpy(copy, der.at, der.len);
    for (size_t bit = 0; bit < 8 * der.len; bit++) {
        bool is_read;

        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
        is_read = ocsp_response_read(bytes_of(copy, der.len), &response, &fault);
        ck_assert(is_read == (fault.text[0] == 0));
        refused += !is_read;
        if (is_read) { /* then nobody but the signature knows */
            ck_assert_uint_ge(response.count, 1);
            if (ocsp_response_is_useful(&response, chain, 0, &fault))
                ck_assert(ocsp_response_is_for(&response, chain));
        }
        copy[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    ck_assert_uint_gt(refused, der.len / 2); /* of what is not a hash, a number or a signature */
    free(copy);
    certificate_chain_free(chain);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_good_response_is_of_use_to_the_certificate_it_is_for,
        of_several_the_one_for_the_certificate_counts,
        a_response_that_does_harm_is_told_in_words,
        a_response_counts_from_its_update_to_the_next,
        a_response_of_another_ca_for_the_same_serial_number_is_not_for_us,
        both_hashes_of_the_issuer_are_compared_under_the_hash_that_is_named,
        a_hash_that_is_not_known_is_no_match,
        what_is_no_successful_response_is_refused_in_words,
        cut_anywhere_it_is_refused_and_with_any_bit_flipped_nothing_breaks,
    };
    return crypto_start() ? check_run("ocsp_response", tests, ARRAY_LEN(tests)) : 1;
}
