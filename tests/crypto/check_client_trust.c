/*
 * Client certificates: who is believed, who is not and why, each refusal beside a control that passes. The certificates
 * are made by tests/data/client_trust/make.sh; the clock is the test's.
 */
#include "crypto/client_trust_rig.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "crypto/certificate_der.h"
#include "crypto/pem.h"
#include "support/check_run.h"
#include "support/data_file.h"

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
/* Reliability X06: what an intermediate is limited to limits those below it. */
START_TEST(an_issuer_that_is_not_for_clients_certifies_none)
{
    begin_with("usage-root");
    believes("under-clients-ca,clients-ca");
    believes("under-any-ca,any-ca");
    refuses("under-servers-ca,servers-ca", CHAIN_NOT_FOR_CLIENTS);
    end();
}
END_TEST

/* RFC 5280 4.2.1.3 MUST: a CA's certificate has a keyUsage. */
START_TEST(an_intermediate_that_does_not_say_that_it_signs_certificates_certifies_nobody)
{
    begin_with("usage-root");
    believes("under-clients-ca,clients-ca");
    refuses("under-silent-ca,silent-ca", CHAIN_NOT_A_CA);
    end();
    begin_with("silent-ca"); /* an anchor need not: we were told to believe it, sent or not */
    believes("under-silent-ca");
    believes("under-silent-ca,silent-ca");
    end();
}
END_TEST

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
    ck_assert(strstr(identity.subject, "\\0A") != NULL);
    ck_assert_str_eq(identity.common_name, ""); /* it has a line feed */
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

/* Else who knows a good chain makes as many others as they like, and drives the honest ones out. */
START_TEST(a_chain_with_a_certificate_beside_the_path_is_believed_and_not_kept)
{
    begin_with("usage-root");
    believes("under-clients-ca,clients-ca,impostor");
    believes("under-clients-ca,clients-ca,impostor");
    ck_assert_uint_eq(client_trust_cache_hits(trust), 0);
    believes("under-clients-ca,clients-ca,usage-root");
    believes("under-clients-ca,clients-ca,usage-root");
    ck_assert_uint_eq(client_trust_cache_hits(trust), 1);
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
                {"servers-ca", "crt", "other things than clients"},
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
static struct client_trust_finding last_told;
static char last_sentence[256];
static void tell(void *context, const struct client_trust_finding *finding)
{
    (void)context;
    ck_assert(finding->is_of_crls == (strncmp(finding->sentence, "the CRL of", 10) == 0));
    ck_assert_uint_gt(strlen(finding->sentence), 20);
    last_told = *finding;
    snprintf(last_sentence, sizeof last_sentence, "%s", finding->sentence);
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

static void review_at(int64_t at)
{
    told = 0;
    client_trust_review(trust, at, tell, NULL);
}

/* Of two lists by one hand the better counts; the finding names the file of the other when there is none. */
START_TEST(a_crl_beside_a_better_one_is_no_trouble)
{
    begin();
    add_crl("root");
    add_crl("root-stale");
    add_crl("root-future");
    review_at(now);
    ck_assert_uint_eq(told, 0);
    end();

    begin_with("root");
    add_crl("root-future");
    review_at(now);
    ck_assert_uint_eq(told, 1);
    ck_assert_ptr_nonnull(strstr(last_sentence, "not valid yet"));
    ck_assert(last_told.is_of_crls && last_told.file == 0);
    end();

    begin_rekeyed("rekeyed-old", "root"); /* another name's list helps nobody */
    add_crl("rekeyed-old");
    add_crl("root-stale");
    review_at(now);
    ck_assert_uint_eq(told, 1);
    ck_assert_ptr_nonnull(strstr(last_sentence, "is out of date: "));
    ck_assert(last_told.is_of_crls && last_told.file == 1);
    end();

    begin_rekeyed("rekeyed-old", "rekeyed-new");
    add_crl("rekeyed-old"); /* of its name, but not of its key */
    review_at(now);
    ck_assert_uint_eq(told, 1);
    ck_assert(!last_told.is_of_crls && last_told.file == 1);
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

        chain_count = 0;
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
        an_issuer_that_is_not_for_clients_certifies_none,
        an_intermediate_that_does_not_say_that_it_signs_certificates_certifies_nobody,
        the_path_length_holds,
        name_constraints_are_refused,
        weak_and_oversized_keys_and_signatures_are_refused,
        a_chain_has_six_certificates_at_most,
        every_changed_bit_of_a_certificate_is_noticed,
        the_identity_is_told,
        the_texts_are_printable,
        a_chain_is_verified_once,
        a_chain_with_a_certificate_beside_the_path_is_believed_and_not_kept,
        a_new_crl_empties_the_cache,
        what_is_kept_ends_with_its_crl,
        the_digest_names_the_set_whatever_its_order,
        what_is_no_ca_is_refused_in_words,
        the_operator_hears_of_what_runs_out,
        a_crl_beside_a_better_one_is_no_trouble,
        the_names_of_the_cas_are_listed,
    };

    return check_run("client_trust", tests, ARRAY_LEN(tests));
}
