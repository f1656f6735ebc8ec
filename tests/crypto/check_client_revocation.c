/*
 * CRLs: fail closed, and each counts for the key that signed it.
 */
#include "crypto/client_trust_rig.h"
#include "crypto/pem.h"
#include "support/check_run.h"

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
    add_crl("intermediate");
    refuses("alice,intermediate", CHAIN_CRL_STALE); /* none of the root */
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
    begin_rekeyed("rekeyed-old", "rekeyed-new");
    add_crl("rekeyed-old");
    add_crl("rekeyed-new");
    believes("under-rekeyed-old");
    add_crl("rekeyed-new-revokes-old"); /* RFC 5280 6.3.3: by the issuer's name; its newer key speaks for it as well */
    refuses("under-rekeyed-old", CHAIN_REVOKED);
    believes("under-rekeyed-new");
    end();
    begin_with("rekeyed-old"); /* but the key of a CA that is none of ours speaks for nobody */
    add_crl("rekeyed-old");
    add_crl("rekeyed-new-revokes-old");
    believes("under-rekeyed-old");
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
    add_crl("root"); /* beside it one that lasts longer */
    ck_assert_int_eq(verify_at("client-P-256", STALE_FROM - 60), CHAIN_OK);
    ck_assert_int_gt(identity.not_after, STALE_FROM);
    end();
}
END_TEST

/* What an operator is told of beforehand: when the first CA is without a current list. */
START_TEST(a_trust_is_current_until_the_first_ca_is_without_a_list)
{
    int64_t until, root;

    begin();
    ck_assert(!client_trust_crl_end(trust, &until));
    add_crl("other-root"); /* of nobody here */
    ck_assert(!client_trust_crl_end(trust, &until));
    add_crl("root-stale");
    ck_assert(client_trust_crl_end(trust, &until));
    ck_assert_int_lt(until, now);
    add_crl("root"); /* beside it one that lasts longer */
    ck_assert(client_trust_crl_end(trust, &root));
    ck_assert_int_gt(root, now);
    add_crl("intermediate"); /* of no CA of ours: a client brings it along */
    ck_assert(client_trust_crl_end(trust, &until));
    ck_assert_int_eq(until, root);
    end();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        revocation_is_looked_up,
        a_crl_that_is_not_current_is_none,
        a_crl_with_a_wrong_signature_is_none,
        a_ca_that_changed_its_key_has_a_crl_of_each,
        a_crl_whose_issuer_may_sign_none_or_that_is_weakly_signed_is_none,
        an_identity_lasts_no_longer_than_its_crls,
        a_trust_is_current_until_the_first_ca_is_without_a_list,
    };

    return check_run("client_revocation", tests, ARRAY_LEN(tests));
}
