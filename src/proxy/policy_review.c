#include "proxy/policy_review.h"

#include "proxy/algorithms.h"

static bool is_of_rsa(const struct certificate_chain *chain)
{
    return certificate_chain_key_kind(chain) == KEY_KIND_RSA;
}

static bool has_certificate_of_rsa(const struct tls_policy *policy)
{
    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++)
        if (is_of_rsa(tls_policy_chain(policy, i)))
            return true;
    return false;
}

static const struct config_place *place_of(const struct config_listen *listen, size_t certificate)
{
    return &listen->certificates.values[certificate < listen->certificates.count ? certificate : 0].place;
}

/* ---- certificates */

/* Mozilla's guidelines 6.0: modern has certificates of ECDSA alone. */
static void review_profile(const struct tls_policy *policy, const struct config_listen *listen,
                           struct config_findings findings)
{
    for (size_t i = 0; listen->profile == CONFIG_PROFILE_MODERN && i < tls_policy_certificate_count(policy); i++)
        if (is_of_rsa(tls_policy_chain(policy, i)))
            config_warn(findings, place_of(listen, i),
                        "certificate '%s' has a key of RSA, which profile = modern does not know; it is served",
                        certificate_chain_subject(tls_policy_chain(policy, i)));
}

/* ---- the classic RSA key exchange */

static bool takes_rsa_exchange(const struct tls_policy *policy)
{
    const struct tls_suite *const *suites;
    size_t count = tls_policy_suites(policy, &suites);

    for (size_t i = 0; i < count; i++)
        if (suites[i]->exchange == EXCHANGE_RSA)
            return true;
    return false;
}

/* RFC 5246 7.4.2 MUST: for the classic RSA key exchange the keyEncipherment bit is set, if there is a key usage. */
static void review_key_usage(const struct tls_policy *policy, const struct config_listen *listen,
                             struct config_findings findings)
{
    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++) {
        const struct certificate_chain *chain = tls_policy_chain(policy, i);
        if (is_of_rsa(chain) && !certificate_chain_may_encipher_keys(chain))
            config_warn(findings, place_of(listen, i),
                        "the key usage of certificate '%s' does not allow to encipher keys, as rsa-key-exchange = yes "
                        "of [listen %s] needs: strict clients (GnuTLS, NSS) refuse that",
                        certificate_chain_subject(chain), listen->name);
    }
}

static void review_rsa_exchange(const struct tls_policy *policy, const struct config_listen *listen,
                                struct config_findings findings)
{
    if (!listen->has_rsa_key_exchange)
        return;
    if (!takes_rsa_exchange(policy)) {
        config_warn(findings, listen->suites.count ? &listen->suites.values[0].place : &listen->place,
                    "[listen %s] has rsa-key-exchange = yes, and 'suites' names none of its suites: no client gets it",
                    listen->name);
        return;
    }
    config_warn(findings, &listen->place,
                "[listen %s] takes the classic RSA key exchange: whoever gets the private key one day can read all "
                "that was recorded, and mbedTLS before 2.28.7 (Debian 12) leaks through the time of its RSA "
                "operation (CVE-2024-23170); switch it off as soon as the last old client is gone",
                listen->name);
    if (!has_certificate_of_rsa(policy))
        config_warn(findings, &listen->place,
                    "[listen %s] has rsa-key-exchange = yes and no certificate with a key of RSA", listen->name);
    review_key_usage(policy, listen, findings);
}

/* ---- suites that nobody will get */

static bool has_key_for(const struct tls_suite *suite, const struct certificate_chain *chain)
{
    return suite->exchange == EXCHANGE_ANY || is_of_rsa(chain) == (suite->exchange != EXCHANGE_ECDHE_ECDSA);
}

static bool can_sign(const struct tls_policy *policy, const struct tls_suite *suite,
                     const struct certificate_chain *chain)
{
    const struct tls_signature_scheme *const *schemes;
    size_t count = tls_policy_schemes(policy, &schemes);

    for (size_t i = 0; i < count; i++) {
        enum signature_id id = suite->version == TLS_1_3 ? schemes[i]->signature : schemes[i]->signature12;
        if (id != SIGNATURE_IDS &&
            signature_fits_key(id, certificate_chain_key_kind(chain), certificate_chain_key_bits(chain)))
            return true;
    }
    return false;
}

/* NULL: nothing, it can be served. */
static const char *what_suite_lacks(const struct tls_policy *policy, const struct tls_suite *suite)
{
    bool has_key = false;

    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++) {
        const struct certificate_chain *chain = tls_policy_chain(policy, i);
        if (!has_key_for(suite, chain))
            continue;
        if (suite->exchange == EXCHANGE_RSA || can_sign(policy, suite, chain))
            return NULL;
        has_key = true;
    }
    if (has_key)
        return "a scheme among signature-algorithms that its key can sign by";
    return suite->exchange == EXCHANGE_ECDHE_ECDSA ? "a key of ECDSA" : "a key of RSA";
}

/* Those of a profile are for both kinds of certificates; whoever names one means to have it. */
static void review_suites(const struct tls_policy *policy, const struct config_listen *listen,
                          struct config_findings findings)
{
    for (size_t i = 0; i < listen->suites.count; i++) {
        const struct config_value *value = &listen->suites.values[i];
        const char *lacking = what_suite_lacks(policy, algorithms_find_suite(value->text));
        if (lacking)
            config_warn(findings, &value->place, "no certificate of [listen %s] can serve '%s': it needs %s",
                        listen->name, value->text, lacking);
    }
}

void policy_review(const struct tls_policy *policy, const struct config_listen *listen, struct config_findings findings)
{
    review_profile(policy, listen, findings);
    review_rsa_exchange(policy, listen, findings);
    review_suites(policy, listen, findings);
}
