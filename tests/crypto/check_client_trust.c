/*
 * Client certificates: who is believed, who is not and why, each refusal beside a control that passes. The certificates
 * are made by tests/data/client_trust/make.sh; the clock is the test's.
 */
#include "crypto/client_trust.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "crypto/certificate_der.h"
#include "crypto/pem.h"
#include "support/check_run.h"
#include "support/data_file.h"

enum { MAX_DER = 16 * 1024 };

static const int64_t now = 1800000000; /* January 2027 */

static struct client_trust *trust;
static struct client_identity identity;
static struct public_key *key;
static uint8_t ders[10][MAX_DER];
static struct bytes chain[10];
static size_t count;

static struct bytes file(const char *name, const char *suffix)
{
    static uint8_t text[16 * 1024];
    char path[128];
    struct bytes contents;

    snprintf(path, sizeof path, "client_trust/%s.%s", name, suffix);
    contents = data_file_read(path);
    ck_assert_uint_le(contents.len, sizeof text);
    memcpy(text, contents.at, contents.len);
    data_file_free(contents);
    return bytes_of(text, contents.len);
}

static void begin_with(const char *ca)
{
    struct crypto_fault fault;

    ck_assert(crypto_start());
    trust = client_trust_new(file(ca, "crt"), &fault);
    ck_assert_msg(trust != NULL, "%s", fault.text);
}

static void begin(void)
{
    begin_with("root");
}

static void end(void)
{
    client_trust_free(trust);
}

static void add(const char *name)
{
    struct pem_reader pem = pem_reader_of(file(name, "crt"));
    struct pem_block block;
    struct writer w = writer_of(ders[count], MAX_DER);

    ck_assert_int_eq(pem_next(&pem, &block), PEM_BLOCK);
    ck_assert(pem_decode(&block, &w));
    chain[count++] = writer_view(&w);
}

/* "leaf,intermediate": what the client sends. */
static enum chain_result verify_at(const char *names, int64_t at)
{
    char name[64];
    enum chain_result result;

    count = 0;
    while (*names) {
        size_t len = strcspn(names, ",");
        memcpy(name, names, len);
        name[len] = 0;
        add(name);
        names += len + (names[len] == ',');
    }
    result = client_trust_verify(trust, chain, count, at, &identity, &key);
    ck_assert((result == CHAIN_OK) == (key != NULL));
    public_key_free(key);
    key = NULL;
    return result;
}

static void believes(const char *names)
{
    enum chain_result result = verify_at(names, now);
    ck_assert_msg(result == CHAIN_OK, "%s: %s", names, chain_result_name(result));
}

static void refuses(const char *names, enum chain_result wanted)
{
    enum chain_result result = verify_at(names, now);
    ck_assert_msg(result == wanted, "%s: %s, not %s", names, chain_result_name(result), chain_result_name(wanted));
}

static void add_crl(const char *name)
{
    struct crypto_fault fault;
    ck_assert_msg(client_trust_add_crl(trust, file(name, "crl"), &fault), "%s", fault.text);
}

START_TEST(good_chains_are_believed)
{
    begin();
    believes("client-P-256");
    believes("client-P-384");
    believes("client-P-521");
    believes("client-rsa2048");
    believes("client-rsa4096");
    believes("alice,intermediate");
    believes("alice,intermediate,root"); /* RFC 5246 7.4.2: the root may be there */
    believes("client-P-256,root");
    believes("plain"); /* no usage named: any */
    end();
}
END_TEST

START_TEST(who_leads_to_no_ca_of_ours_is_not_believed)
{
    struct crypto_fault fault;

    begin();
    refuses("nobody", CHAIN_UNKNOWN_CA);
    refuses("nobody,other-root", CHAIN_UNKNOWN_CA);
    refuses("alice", CHAIN_UNKNOWN_CA); /* the intermediate is missing */
    ck_assert(client_trust_add_ca(trust, file("other-root", "crt"), &fault));
    believes("nobody");
    end();
}
END_TEST

/* RFC 5246 7.4.2: in order, each certifying the one before it. */
START_TEST(a_chain_out_of_order_is_not_believed)
{
    begin();
    refuses("alice,root,intermediate", CHAIN_UNKNOWN_CA);
    refuses("alice,client-P-256", CHAIN_NOT_A_CA);
    refuses("intermediate,alice", CHAIN_NOT_FOR_CLIENTS);
    refuses("alice,intermediate,intermediate", CHAIN_UNKNOWN_CA);
    end();
}
END_TEST

START_TEST(dates_are_judged_by_the_callers_clock)
{
    begin();
    refuses("expired", CHAIN_EXPIRED);
    refuses("future", CHAIN_NOT_YET_VALID);
    ck_assert_int_eq(verify_at("expired", 1600000000), CHAIN_NOT_YET_VALID); /* the root begins in 2025 */
    ck_assert_int_eq(verify_at("client-P-256", 1700000000), CHAIN_NOT_YET_VALID);
    ck_assert_int_eq(verify_at("client-P-256", 3944678400 + 1), CHAIN_EXPIRED);
    ck_assert_int_eq(verify_at("future", 3800000000), CHAIN_OK);
    refuses("under-expired,expired-intermediate", CHAIN_EXPIRED);
    ck_assert_int_eq(verify_at("under-expired,expired-intermediate", 1750000000), CHAIN_OK);
    ck_assert_int_eq(identity.not_after, 1767225600); /* the earliest of the chain */
    end();
}
END_TEST

/* Reliability X06. */
START_TEST(a_certificate_that_is_not_for_clients_is_not_believed)
{
    begin();
    refuses("server-only", CHAIN_NOT_FOR_CLIENTS);
    refuses("email-only", CHAIN_NOT_FOR_CLIENTS);
    refuses("any-usage", CHAIN_NOT_FOR_CLIENTS);
    refuses("no-signature", CHAIN_NOT_FOR_CLIENTS);
    end();
}
END_TEST

/* Reliability X04: a leaf with a malformed basicConstraints is no CA, whatever the library thinks. */
START_TEST(who_is_no_ca_certifies_nobody)
{
    begin();
    refuses("under-leaf-ca,leaf-ca", CHAIN_NOT_A_CA);
    refuses("under-forged-ca,forged-ca", CHAIN_MALFORMED);
    refuses("under-no-cert-sign,no-cert-sign", CHAIN_NOT_A_CA);
    refuses("root", CHAIN_NOT_FOR_CLIENTS); /* the CA itself is no client */
    end();
}
END_TEST

/* RFC 5280 4.2.1.9. */
START_TEST(the_path_length_holds)
{
    begin();
    believes("just-pathlen,pathlen");
    refuses("under-pathlen,below-pathlen,pathlen", CHAIN_NOT_A_CA);
    end();
}
END_TEST

/* Reliability X05: what we do not evaluate we do not believe, critical or not. */
START_TEST(name_constraints_are_refused)
{
    struct crypto_fault fault;

    begin();
    refuses("under-constrained,constrained", CHAIN_NAME_CONSTRAINTS);
    refuses("under-constrained-critical,constrained-critical", CHAIN_NAME_CONSTRAINTS);
    ck_assert(!client_trust_add_ca(trust, file("constrained", "crt"), &fault));
    ck_assert(strstr(fault.text, "name constraints") != NULL);
    end();
}
END_TEST

/* Reliability X03, X07. */
START_TEST(weak_and_oversized_keys_and_signatures_are_refused)
{
    begin();
    refuses("under-sha1,sha1-intermediate", CHAIN_WEAK);
    refuses("under-weak,weak-intermediate", CHAIN_WEAK);
    refuses("big", CHAIN_WEAK);
    refuses("p224", CHAIN_WEAK);
    end();
}
END_TEST

START_TEST(a_chain_has_six_certificates_at_most)
{
    begin();
    refuses("deep7,deep6,deep5,deep4,deep3,deep2,deep1", CHAIN_TOO_LONG);
    refuses("deep7,deep6,deep5,deep4,deep3,deep2", CHAIN_UNKNOWN_CA); /* the last is not ours */
    end();
}
END_TEST

/* Fail closed: with any CRL there, every issuer needs a current one. */
START_TEST(revocation_is_looked_up)
{
    begin();
    add_crl("root");
    believes("client-P-256");
    refuses("alice,intermediate", CHAIN_CRL_STALE); /* none of the intermediate */
    add_crl("intermediate");
    believes("alice,intermediate");
    end();

    begin();
    add_crl("root-revokes");
    add_crl("intermediate");
    refuses("client-P-256", CHAIN_REVOKED);
    believes("client-P-384");
    refuses("alice,intermediate", CHAIN_REVOKED); /* the intermediate is */
    end();

    begin();
    add_crl("root");
    add_crl("intermediate-revokes");
    refuses("alice,intermediate", CHAIN_REVOKED);
    end();
}
END_TEST

START_TEST(a_crl_that_is_not_current_is_none)
{
    begin();
    add_crl("root-stale");
    refuses("client-P-256", CHAIN_CRL_STALE);
    ck_assert_int_eq(verify_at("client-P-256", 1750000000), CHAIN_OK);
    add_crl("root"); /* beside it, a current one */
    believes("client-P-256");
    end();
    begin();
    add_crl("root-future");
    refuses("client-P-256", CHAIN_CRL_STALE);
    end();
    begin();
    add_crl("other-root");
    refuses("client-P-256", CHAIN_CRL_STALE);
    end();
}
END_TEST

START_TEST(a_crl_with_a_wrong_signature_is_none)
{
    struct pem_reader pem;
    struct pem_block block;
    static uint8_t der[4096], text[8192];
    struct writer w = writer_of(der, sizeof der), out = writer_of(text, sizeof text);
    struct crypto_fault fault;

    begin();
    pem = pem_reader_of(file("root", "crl"));
    ck_assert_int_eq(pem_next(&pem, &block), PEM_BLOCK);
    ck_assert(pem_decode(&block, &w));
    der[w.len - 1] ^= 1;
    pem_encode(&out, "X509 CRL", writer_view(&w));
    ck_assert_msg(client_trust_add_crl(trust, writer_view(&out), &fault), "%s", fault.text);
    refuses("client-P-256", CHAIN_CRL_STALE);
    end();
}
END_TEST

static void begin_rekeyed(const char *first, const char *second)
{
    struct crypto_fault fault;
    begin_with(first);
    ck_assert(client_trust_add_ca(trust, file(second, "crt"), &fault));
}

/* Two CAs of one name: each CRL counts for the one whose key signed it, whatever the order of either. */
START_TEST(a_ca_that_changed_its_key_has_a_crl_of_each)
{
    static const char *const ages[][2] = {{"rekeyed-old", "rekeyed-new"}, {"rekeyed-new", "rekeyed-old"}};

    for (size_t i = 0; i < 4; i++) {
        begin_rekeyed(ages[i % 2][0], ages[i % 2][1]);
        add_crl(ages[i / 2][0]);
        add_crl(ages[i / 2][1]);
        believes("under-rekeyed-old");
        believes("under-rekeyed-new");
        end();
    }
    begin_rekeyed("rekeyed-old", "rekeyed-new");
    add_crl("rekeyed-old");
    believes("under-rekeyed-old");
    refuses("under-rekeyed-new", CHAIN_CRL_STALE); /* none that its key signed */
    add_crl("rekeyed-new-revokes");
    believes("under-rekeyed-old");
    refuses("under-rekeyed-new", CHAIN_REVOKED);
    add_crl("rekeyed-old-revokes"); /* beside one that does not: what any of them revokes is */
    refuses("under-rekeyed-old", CHAIN_REVOKED);
    end();
}
END_TEST

/* RFC 5280 6.3.3 (f); and no signature over SHA-1. */
START_TEST(a_crl_whose_issuer_may_sign_none_or_that_is_weakly_signed_is_none)
{
    begin_with("no-crl-sign");
    add_crl("no-crl-sign");
    refuses("under-no-crl-sign", CHAIN_CRL_STALE);
    end();
    begin_with("rekeyed-old");
    add_crl("rekeyed-old-sha1");
    refuses("under-rekeyed-old", CHAIN_CRL_STALE);
    add_crl("rekeyed-old");
    believes("under-rekeyed-old");
    end();
}
END_TEST

/* Reliability X08: nobody is known for longer than what vouches for them. */
START_TEST(an_identity_lasts_no_longer_than_its_crls)
{
    enum { STALE_FROM = 1767225600 }; /* 2026-01-01, when root-stale ends */
    begin();
    ck_assert_int_eq(verify_at("client-P-256", STALE_FROM - 60), CHAIN_OK);
    ck_assert_int_gt(identity.not_after, STALE_FROM);
    add_crl("root-stale");
    for (int i = 0; i < 2; i++) { /* anew, and from the cache */
        ck_assert_int_eq(verify_at("client-P-256", STALE_FROM - 60), CHAIN_OK);
        ck_assert_int_eq(identity.not_after, STALE_FROM);
    }
    end();
}
END_TEST

START_TEST(every_changed_bit_of_a_certificate_is_noticed)
{
    size_t len;

    begin();
    believes("client-P-256");
    len = chain[0].len;
    for (size_t bit = 0; bit < 8 * len; bit += 11) {
        struct public_key *none = NULL;
        ders[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
        ck_assert_int_ne(client_trust_verify(trust, chain, 1, now, &identity, &none), CHAIN_OK);
        ck_assert_ptr_null(none);
        ders[0][bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < len; cut += 3) {
        struct bytes shorter = bytes_of(ders[0], cut);
        struct public_key *none = NULL;
        ck_assert_int_ne(client_trust_verify(trust, &shorter, 1, now, &identity, &none), CHAIN_OK);
    }
    end();
}
END_TEST

/* ---- who it is */

START_TEST(the_identity_is_told)
{
    begin();
    believes("client-P-256");
    ck_assert_str_eq(identity.subject, "CN=alice, O=Example");
    ck_assert_str_eq(identity.common_name, "alice");
    ck_assert_str_eq(identity.names,
                     "DNS:alice.example,email:alice@example.org,URI:spiffe://example/alice,IP:192.0.2.1,"
                     "IP:2001:db8:0:0:0:0:0:1");
    ck_assert_int_eq(identity.not_after, 3944678400);
    refuses("nobody", CHAIN_UNKNOWN_CA); /* who was refused is told too */
    ck_assert_str_eq(identity.common_name, "nobody");
    end();
}
END_TEST

/* Reliability X09: no byte of a certificate breaks a line or a list. */
START_TEST(the_texts_are_printable)
{
    begin();
    believes("odd");
    for (const char *c = identity.subject; *c; c++)
        ck_assert(*c >= 0x20 && *c < 0x7f);
    for (const char *c = identity.common_name; *c; c++)
        ck_assert(*c > 0x20 && *c < 0x7f);
    ck_assert(strstr(identity.common_name, "\\x") != NULL);
    end();
}
END_TEST

/* ---- the cache */

START_TEST(a_chain_is_verified_once)
{
    begin();
    believes("client-P-256");
    ck_assert_uint_eq(client_trust_cache_hits(trust), 0);
    believes("client-P-256");
    ck_assert_uint_eq(client_trust_cache_hits(trust), 1);
    ck_assert_str_eq(identity.common_name, "alice");
    refuses("nobody", CHAIN_UNKNOWN_CA);
    refuses("nobody", CHAIN_UNKNOWN_CA); /* a refusal is never kept */
    ck_assert_uint_eq(client_trust_cache_hits(trust), 1);
    ck_assert_int_eq(verify_at("client-P-256", 3944678400 + 1), CHAIN_EXPIRED); /* nor believed past its time */
    end();
}
END_TEST

START_TEST(a_new_crl_empties_the_cache)
{
    begin();
    believes("client-P-256");
    add_crl("root-revokes");
    refuses("client-P-256", CHAIN_REVOKED);
    end();
}
END_TEST

START_TEST(what_is_kept_ends_with_its_crl)
{
    begin();
    add_crl("root-stale");
    ck_assert_int_eq(verify_at("client-P-256", 1750000000), CHAIN_OK);
    ck_assert_int_eq(verify_at("client-P-256", 1767225600 + 1), CHAIN_CRL_STALE);
    ck_assert_uint_eq(client_trust_cache_hits(trust), 0);
    end();
}
END_TEST

/* ---- the set itself */

START_TEST(the_digest_names_the_set_whatever_its_order)
{
    struct client_trust *other;
    struct crypto_fault fault;
    uint8_t before[32];

    begin();
    memcpy(before, client_trust_digest(trust), 32);
    ck_assert(client_trust_add_ca(trust, file("root", "crt"), &fault)); /* once more: no change */
    ck_assert(memcmp(before, client_trust_digest(trust), 32) == 0);
    ck_assert(client_trust_add_ca(trust, file("other-root", "crt"), &fault));
    ck_assert(memcmp(before, client_trust_digest(trust), 32) != 0);
    other = client_trust_new(file("other-root", "crt"), &fault);
    ck_assert(other && client_trust_add_ca(other, file("root", "crt"), &fault));
    ck_assert(memcmp(client_trust_digest(other), client_trust_digest(trust), 32) == 0);
    memcpy(before, client_trust_digest(trust), 32);
    add_crl("root");
    ck_assert(memcmp(before, client_trust_digest(trust), 32) != 0);
    add_crl("root"); /* once more: it does not cancel the first */
    ck_assert(memcmp(before, client_trust_digest(trust), 32) != 0);
    client_trust_free(other);
    end();
}
END_TEST

START_TEST(what_is_no_ca_is_refused_in_words)
{
    static const struct {
        const char *file, *suffix, *words;
    } rows[] = {{"client-P-256", "crt", "is no CA"},
                {"weak-intermediate", "crt", "too weak"},
                {"alice", "key", "CA certificate"},
                {"root", "crl", "CA certificate"}};
    struct crypto_fault fault;

    ck_assert(crypto_start());
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert(client_trust_new(file(rows[i].file, rows[i].suffix), &fault) == NULL);
        ck_assert_msg(strstr(fault.text, rows[i].words) != NULL, "%s: %s", rows[i].file, fault.text);
    }
    begin();
    ck_assert(!client_trust_add_crl(trust, file("root", "crt"), &fault));
    ck_assert(strstr(fault.text, "CRL") != NULL);
    end();
}
END_TEST

static size_t told;
static void tell(void *context, const char *sentence)
{
    (void)context;
    ck_assert_uint_gt(strlen(sentence), 20);
    told++;
}

START_TEST(the_operator_hears_of_what_runs_out)
{
    begin();
    client_trust_review(trust, now, tell, NULL);
    ck_assert_uint_eq(told, 0);
    add_crl("root-stale");
    client_trust_review(trust, now, tell, NULL);
    ck_assert_uint_eq(told, 1);
    told = 0;
    add_crl("other-root");
    client_trust_review(trust, now, tell, NULL);
    ck_assert_uint_eq(told, 2);
    told = 0;
    client_trust_review(trust, 3944678400 + 1, tell, NULL);
    ck_assert_uint_eq(told, 4);
    end();
}
END_TEST

/* Each once, in the order of the file. */
START_TEST(the_names_of_the_cas_are_listed)
{
    static uint8_t text[16 * 1024];
    static const char *const names[] = {"root", "other-root", "intermediate"};
    struct writer w = writer_of(text, sizeof text);
    struct crypto_fault fault;
    const void *at = NULL;
    struct bytes name;

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        write_bytes(&w, file(names[i], "crt"));
    ck_assert(crypto_start());
    trust = client_trust_new(writer_view(&w), &fault);
    ck_assert_msg(trust != NULL, "%s", fault.text);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct certificate ca;

        count = 0;
        add(names[i]);
        ck_assert(certificate_read(chain[0], &ca, &fault));
        ck_assert(client_trust_next_subject(trust, &at, &name));
        ck_assert(bytes_equal(name, ca.subject));
    }
    ck_assert(!client_trust_next_subject(trust, &at, &name));
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        good_chains_are_believed,
        who_leads_to_no_ca_of_ours_is_not_believed,
        a_chain_out_of_order_is_not_believed,
        dates_are_judged_by_the_callers_clock,
        a_certificate_that_is_not_for_clients_is_not_believed,
        who_is_no_ca_certifies_nobody,
        the_path_length_holds,
        name_constraints_are_refused,
        weak_and_oversized_keys_and_signatures_are_refused,
        a_chain_has_six_certificates_at_most,
        revocation_is_looked_up,
        a_crl_that_is_not_current_is_none,
        a_crl_with_a_wrong_signature_is_none,
        a_ca_that_changed_its_key_has_a_crl_of_each,
        a_crl_whose_issuer_may_sign_none_or_that_is_weakly_signed_is_none,
        an_identity_lasts_no_longer_than_its_crls,
        every_changed_bit_of_a_certificate_is_noticed,
        the_identity_is_told,
        the_texts_are_printable,
        a_chain_is_verified_once,
        a_new_crl_empties_the_cache,
        what_is_kept_ends_with_its_crl,
        the_digest_names_the_set_whatever_its_order,
        what_is_no_ca_is_refused_in_words,
        the_operator_hears_of_what_runs_out,
        the_names_of_the_cas_are_listed,
    };

    return check_run("client_trust", tests, ARRAY_LEN(tests));
}
