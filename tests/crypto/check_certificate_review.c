#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/certificate.h"
#include "crypto/pem.h"
#include "support/check_run.h"
#include "support/data_file.h"
#include "support/test_random.h"

/* Noon of 2026-06-15: within the validity of most test certificates. */
enum { NOW = 1781524800, DAY = 24 * 3600 };

struct told {
    char text[4096];
    unsigned count;
};

static void tell(void *context, const char *sentence)
{
    struct told *told = context;

    ck_assert_uint_lt(strlen(told->text) + strlen(sentence) + 2, sizeof told->text);
    strcat(told->text, sentence);
    strcat(told->text, "\n");
    told->count++;
}

static struct told review_at(const char *name, int64_t now)
{
    struct told told = {.count = 0};
    struct certificate_chain *chain;
    struct crypto_fault fault;
    struct bytes pem;
    char path[128];

    snprintf(path, sizeof path, "certificates/%s", name);
    pem = data_file_read(path);
    chain = certificate_chain_new(pem, &fault);
    ck_assert_msg(chain != NULL, "%s: %s", name, fault.text);
    certificate_chain_review(chain, now, tell, &told);
    certificate_chain_free(chain);
    data_file_free(pem);
    return told;
}

/* Exactly the sentences of `text`, each ended by a newline. */
static void says_at(const char *name, int64_t now, const char *text)
{
    struct told told = review_at(name, now);

    ck_assert_msg(strcmp(told.text, text) == 0, "%s: \"%s\" instead of \"%s\"", name, told.text, text);
}

static void says(const char *name, const char *text)
{
    says_at(name, NOW, text);
}

START_TEST(a_good_chain_leaves_nothing_to_tell)
{
    static const char *const good[] = {
        "rsa2048.crt", "rsa3072.crt", "p256.crt",          "p384.crt",        "wildcard.crt",
        "exact.crt",   "other.crt",   "p256-together.pem", "odd-subject.crt", "constrained-intermediate.crt"};

    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        says(good[i], "");
}
END_TEST

START_TEST(dates_are_told_with_their_days)
{
    says("expired.crt", "certificate 1 (CN=app.example) expired on 2021-01-01 00:00:00 UTC\n");
    says("not-yet.crt", "certificate 1 (CN=app.example) is not valid before 2045-01-01 00:00:00 UTC\n");
}
END_TEST

START_TEST(an_end_within_thirty_days_is_told)
{
    int64_t end = 2398377600;

    says_at(
        "leaf-only.crt", end - 31 * DAY,
        "the file has only the server's certificate: clients that do not know its issuer "
        "(CN=Sallyport Test Intermediate, O=Sallyport Test) will refuse it, so append the intermediate certificates\n");
    ck_assert_uint_eq(review_at("p256.crt", end - 30 * DAY).count, 0);
    says_at("p256.crt", end - 30 * DAY + 1,
            "certificate 1 (CN=app.example) expires in 29 days, on 2046-01-01 00:00:00 UTC\n"
            "certificate 2 (CN=Sallyport Test Intermediate, O=Sallyport Test) expires in 29 days, on 2046-01-01 "
            "00:00:00 UTC\n");
    ck_assert(strstr(review_at("p256.crt", end).text, "expires in 0 days") != NULL);
    ck_assert(strstr(review_at("p256.crt", end + 1).text, "expired on") != NULL);
    ck_assert(strstr(review_at("p256.crt", 1704067200 - 1).text, "is not valid before 2024-01-01") != NULL);
    ck_assert_uint_eq(review_at("p256.crt", 1704067200).count, 0);
}
END_TEST

START_TEST(a_missing_intermediate_is_told_unless_the_leaf_is_self_signed)
{
    says("leaf-only.crt",
         "the file has only the server's certificate: clients that do not know its issuer (CN=Sallyport Test "
         "Intermediate, O=Sallyport Test) will refuse it, so append the intermediate certificates\n");
    says("self-signed.crt", "");
}
END_TEST

START_TEST(order_is_told)
{
    says("wrong-order.crt",
         "the certificates are out of order: certificate 2 (CN=Sallyport Test Root, O=Sallyport Test) belongs right "
         "behind certificate 3\n"
         "the certificates are out of order: certificate 3 (CN=Sallyport Test Intermediate, O=Sallyport Test) belongs "
         "right behind certificate 1\n");
    says("leaf-last.crt",
         "the certificates are out of order: certificate 1 (CN=Sallyport Test Intermediate, O=Sallyport "
         "Test) issued certificate 2, but the server's own comes first\n");
}
END_TEST

START_TEST(a_certificate_that_does_not_belong_is_told)
{
    says("does-not-belong.crt", "certificate 2 (CN=Sallyport Test Stranger, O=Sallyport Test) does not belong to the "
                                "chain: it issued none of the others\n");
    says("wrong-issuer-key.crt", "certificate 2 (CN=Sallyport Test Intermediate, O=Sallyport Test) has the right name "
                                 "but the wrong key: the signature of certificate 1 does not fit\n");
}
END_TEST

START_TEST(a_root_sent_along_is_told)
{
    says("with-root.crt", "certificate 3 (CN=Sallyport Test Root, O=Sallyport Test) is a root: clients have it or do "
                          "not trust it, it is sent for nothing\n");
}
END_TEST

START_TEST(an_issuer_that_is_no_ca_is_told)
{
    says("issuer-no-ca.crt", "certificate 2 (CN=Sallyport Test No CA, O=Sallyport Test) is not one of a CA: clients "
                             "refuse what it issued\n");
}
END_TEST

/* The chain of p256.crt with one byte of its intermediate changed: `offset` bytes behind where `before` begins. */
static void says_with_other_issuer(struct bytes before, size_t offset, uint8_t byte, const char *text)
{
    struct bytes pem = data_file_read("certificates/p256.crt");
    struct told told = {.count = 0};
    struct crypto_fault fault;
    struct certificate_chain *chain = certificate_chain_new(pem, &fault);
    uint8_t der[4096], changed[8192], *at;
    struct writer w = writer_of(changed, sizeof changed);
    struct bytes issuer;

    ck_assert(chain != NULL);
    issuer = certificate_chain_der(chain, 1);
    memcpy(der, issuer.at, issuer.len);
    at = memmem(der, issuer.len, before.at, before.len);
    ck_assert(at != NULL);
    ck_assert_uint_ne(at[offset], byte);
    at[offset] = byte;
    pem_encode(&w, "CERTIFICATE", certificate_chain_der(chain, 0));
    pem_encode(&w, "CERTIFICATE", bytes_of(der, issuer.len));
    certificate_chain_free(chain);
    data_file_free(pem);
    chain = certificate_chain_new(writer_view(&w), &fault);
    ck_assert_msg(chain != NULL, "%s", fault.text);
    certificate_chain_review(chain, NOW, tell, &told);
    ck_assert_str_eq(told.text, text);
    certificate_chain_free(chain);
}

START_TEST(an_issuer_needs_both_the_ca_mark_and_the_key_usage)
{
    static const char no_ca[] = "certificate 2 (CN=Sallyport Test Intermediate, O=Sallyport Test) is not one of a CA: "
                                "clients refuse what it issued\n";

    says_with_other_issuer(BYTES_OF_LITERAL("\x55\x1d\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff"), 12, 0, no_ca);
    says_with_other_issuer(BYTES_OF_LITERAL("\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x01\x06"), 11, 2, no_ca);
}
END_TEST

START_TEST(a_weak_signature_is_told_but_not_of_a_certificate_by_itself)
{
    says("sha1.crt", "certificate 1 (CN=app.example) is signed with SHA-1, which clients refuse\n");
    says("self-signed-sha1.crt", "");
}
END_TEST

START_TEST(a_leaf_that_is_not_for_servers_is_told)
{
    says("client-auth.crt", "the extended key usage of the certificate does not allow servers (no serverAuth)\n");
    says("no-signature-usage.crt", "the key usage of the certificate does not allow signatures, which TLS 1.3 needs\n");
    says("cn-only.crt", "the certificate has no subjectAltName: clients of today take no name from its subject\n");
}
END_TEST

START_TEST(names_that_are_no_host_names_are_told)
{
    says("names.crt", "a name in the certificate's subjectAltName is no host name and is passed over\n");
}
END_TEST

/* An issuer whose algorithm we cannot check is not blamed. */
START_TEST(an_issuer_of_an_unknown_kind_is_not_blamed)
{
    says("ed25519-intermediate.crt", "");
}
END_TEST

/* ---- the development certificate */

struct made {
    char *certificate;
    char *key;
};

static struct made make(const char *const *names, size_t count, struct random_source random)
{
    struct made made;

    ck_assert(certificate_make_development(names, count, NOW, 90, random, &made.certificate, &made.key));
    return made;
}

static void give_back(struct made made)
{
    memory_free(made.certificate);
    memory_free(made.key);
}

static const char *const development_names[] = {"localhost", "127.0.0.1", "::1", "Dev.Example"};

START_TEST(the_development_certificate_is_its_keys_and_says_what_it_is)
{
    struct made made = make(development_names, 4, random_system());
    struct told told = {.count = 0};
    struct crypto_fault fault;
    struct certificate_chain *chain = certificate_chain_new(bytes_of_string(made.certificate), &fault);
    struct private_key *key = private_key_new(bytes_of_string(made.key), random_system(), &fault);

    ck_assert(chain && key);
    ck_assert_mem_eq(certificate_chain_key_id(chain), private_key_id(key), KEY_ID_LEN);
    ck_assert_int_eq(private_key_kind(key), KEY_KIND_ECDSA_P256);
    ck_assert_str_eq(certificate_chain_subject(chain), "CN=sallyport development certificate (not for production)");
    ck_assert_str_eq(certificate_chain_issuer(chain), certificate_chain_subject(chain));
    ck_assert_int_eq(certificate_chain_not_before(chain), NOW - 3600);
    ck_assert_int_eq(certificate_chain_not_after(chain), NOW + 90 * DAY);
    ck_assert_uint_eq(certificate_chain_name_count(chain), 2);
    ck_assert(bytes_equal(certificate_chain_name(chain, 0), BYTES_OF_LITERAL("localhost")));
    ck_assert(bytes_equal(certificate_chain_name(chain, 1), BYTES_OF_LITERAL("dev.example")));
    certificate_chain_review(chain, NOW, tell, &told);
    ck_assert_str_eq(told.text, "");
    certificate_chain_free(chain);
    private_key_free(key);
    give_back(made);
}
END_TEST

/* RFC 5758 3.2 MUST: "the encoding MUST omit the parameters field" of an ECDSA signature's AlgorithmIdentifier; the
 * NULL that mbedTLS 2.28 writes there makes browsers refuse the certificate as malformed. */
START_TEST(the_development_certificate_names_its_signature_without_parameters)
{
    static const char with_oid[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
    struct made made = make(development_names, 4, random_system());
    struct crypto_fault fault;
    struct certificate_chain *chain = certificate_chain_new(bytes_of_string(made.certificate), &fault);
    struct bytes der = certificate_chain_der(chain, 0);
    unsigned found = 0;

    for (size_t i = 0; i + 12 <= der.len; i++)
        found += memcmp(der.at + i, with_oid, 12) == 0;
    ck_assert_uint_eq(found, 2); /* once signed, once outside */
    certificate_chain_free(chain);
    give_back(made);
}
END_TEST

START_TEST(two_development_certificates_differ_and_the_same_random_bytes_give_the_same)
{
    struct test_random random[2] = {{.drawn = 0}, {.drawn = 0}};
    struct made one = make(development_names, 4, test_random_source(&random[0]));
    struct made two = make(development_names, 4, test_random_source(&random[1]));
    struct made other = make(development_names, 4, random_system());

    ck_assert_str_eq(one.certificate, two.certificate);
    ck_assert_str_eq(one.key, two.key);
    ck_assert_str_ne(one.certificate, other.certificate);
    ck_assert_str_ne(one.key, other.key);
    give_back(one);
    give_back(two);
    give_back(other);
}
END_TEST

/* openssl's own verdict, when it is there: a library that is not ours must take the certificate. */
START_TEST(openssl_verifies_the_development_certificate)
{
    struct made made = make(development_names, 4, random_system());
    char path[] = "/tmp/sallyport-development-XXXXXX", command[512];
    int fd = mkstemp(path);

    ck_assert(fd >= 0);
    ck_assert_int_eq(write(fd, made.certificate, strlen(made.certificate)), (ssize_t)strlen(made.certificate));
    close(fd);
    if (system("openssl version >/dev/null 2>&1") == 0) {
        snprintf(command, sizeof command,
                 "openssl verify -x509_strict -attime %d -purpose sslserver -verify_hostname dev.example -CAfile %s %s "
                 ">/dev/null 2>&1 && openssl verify -attime %d -verify_ip ::1 -CAfile %s %s >/dev/null 2>&1",
                 NOW, path, path, NOW, path, path);
        ck_assert_int_eq(system(command), 0);
    }
    unlink(path);
    give_back(made);
}
END_TEST

START_TEST(a_development_certificate_beyond_what_fits_is_refused)
{
    static char long_name[3000];
    const char *names[] = {long_name};
    struct made made;

    memset(long_name, 'a', sizeof long_name - 1);
    ck_assert(!certificate_make_development(names, 1, NOW, 90, random_system(), &made.certificate, &made.key));
    ck_assert(made.certificate == NULL && made.key == NULL);
    ck_assert(!certificate_make_development(development_names, 4, INT64_C(300000000000), 90, random_system(),
                                            &made.certificate, &made.key)); /* the year 11476 */
}
END_TEST

/* RFC 5280 4.1.2.5: UTCTime cannot say 2050. */
START_TEST(a_development_certificate_may_end_after_2049)
{
    struct crypto_fault fault;
    struct certificate_chain *chain;
    struct made made;

    ck_assert(
        certificate_make_development(development_names, 4, NOW, 9000, random_system(), &made.certificate, &made.key));
    chain = certificate_chain_new(bytes_of_string(made.certificate), &fault);
    ck_assert_msg(chain != NULL, "%s", fault.text);
    ck_assert_int_eq(certificate_chain_not_after(chain), NOW + INT64_C(9000) * DAY);
    certificate_chain_free(chain);
    give_back(made);
}
END_TEST

START_TEST(without_random_bytes_there_is_no_development_certificate)
{
    for (size_t limit = 1; limit < 300; limit += 11) {
        struct test_random random = {.limit = limit};
        struct made made;

        if (certificate_make_development(development_names, 4, NOW, 90, test_random_source(&random), &made.certificate,
                                         &made.key)) {
            ck_assert_uint_ge(limit, 32 + 32 + 16 + 32); /* scalar, blinding, serial number, signature */
            give_back(made);
        } else {
            ck_assert(made.certificate == NULL && made.key == NULL);
        }
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_good_chain_leaves_nothing_to_tell,
        dates_are_told_with_their_days,
        an_end_within_thirty_days_is_told,
        a_missing_intermediate_is_told_unless_the_leaf_is_self_signed,
        order_is_told,
        a_certificate_that_does_not_belong_is_told,
        a_root_sent_along_is_told,
        an_issuer_that_is_no_ca_is_told,
        an_issuer_needs_both_the_ca_mark_and_the_key_usage,
        a_weak_signature_is_told_but_not_of_a_certificate_by_itself,
        a_leaf_that_is_not_for_servers_is_told,
        names_that_are_no_host_names_are_told,
        an_issuer_of_an_unknown_kind_is_not_blamed,
        the_development_certificate_is_its_keys_and_says_what_it_is,
        the_development_certificate_names_its_signature_without_parameters,
        two_development_certificates_differ_and_the_same_random_bytes_give_the_same,
        openssl_verifies_the_development_certificate,
        a_development_certificate_beyond_what_fits_is_refused,
        a_development_certificate_may_end_after_2049,
        without_random_bytes_there_is_no_development_certificate,
    };
    return crypto_start() ? check_run("certificate_review", tests, ARRAY_LEN(tests)) : 1;
}
