#include "proxy/policy_review.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

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

/* Whether the path is one of those found in the directory. */
static bool is_in(const char *path, const char *directory)
{
    size_t len = strlen(directory);

    return strncmp(path, directory, len) == 0 && path[len] == '/';
}

/* Behind the certificates that are listed come those of directories. */
static const struct config_place *place_of(const struct tls_policy *policy, const struct config_listen *listen,
                                           size_t certificate)
{
    const char *path = tls_policy_certificate_label(policy, certificate);

    if (certificate < listen->certificates.count)
        return &listen->certificates.values[certificate].place;
    for (size_t i = 0; i < listen->cert_dirs.count; i++)
        if (is_in(path, listen->cert_dirs.values[i].text))
            return &listen->cert_dirs.values[i].place;
    return &listen->place;
}

/* ---- certificates */

/*
 * Mozilla's guidelines 6.0 on certificates. That intermediate has RSA of 2048 bits is taken for the least: longer keys
 * cost, and harm nobody. Less is served nowhere (MIN_RSA_BITS), and of curves there are P-256 and P-384 alone.
 */
struct recommendation {
    const char *profile;
    int64_t days; /* of validity, at most */
    bool has_rsa;
    const char *signatures[5]; /* NULL ends them */
};

static const struct recommendation recommendations[] = {
    [CONFIG_PROFILE_MODERN] = {"modern", 90, false, {"ecdsa-with-SHA256", "ecdsa-with-SHA384", "ecdsa-with-SHA512"}},
    [CONFIG_PROFILE_INTERMEDIATE] = {"intermediate",
                                     366,
                                     true,
                                     {"ecdsa-with-SHA256", "ecdsa-with-SHA384", "ecdsa-with-SHA512",
                                      "sha256WithRSAEncryption"}},
};

static bool recommends_signature(const struct recommendation *recommendation, const char *signature)
{
    for (size_t i = 0; i < ARRAY_LEN(recommendation->signatures) && recommendation->signatures[i]; i++)
        if (strcmp(recommendation->signatures[i], signature) == 0)
            return true;
    return false;
}

struct reasons {
    char text[256];
    size_t len;
};

static void add_reason(struct reasons *reasons, const char *format, ...) PRINTF_LIKE(2, 3);
static void add_reason(struct reasons *reasons, const char *format, ...)
{
    char reason[96];
    va_list args;
    int len;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    len = snprintf(reasons->text + reasons->len, sizeof reasons->text - reasons->len, "%s%s",
                   reasons->len > 0 ? "; " : "", reason);
    reasons->len += (size_t)len; /* three of them fit */
}

static void review_certificate(const struct recommendation *recommendation, const struct certificate_chain *chain,
                               const struct config_place *place, struct config_findings findings)
{
    enum { DAY = 24 * 3600 };
    int64_t seconds = certificate_chain_not_after(chain) - certificate_chain_not_before(chain);
    const char *signature = certificate_chain_signature(chain);
    struct reasons reasons = {.len = 0};

    if (is_of_rsa(chain) && !recommendation->has_rsa)
        add_reason(&reasons, "its key is of RSA");
    if (!recommends_signature(recommendation, signature))
        add_reason(&reasons, "it is signed by %s", signature);
    if (seconds > recommendation->days * DAY)
        add_reason(&reasons, "it is valid for %" PRId64 " days and not %" PRId64 " at most", (seconds + DAY - 1) / DAY,
                   recommendation->days);
    if (reasons.len > 0)
        config_warn(findings, place, "certificate '%s' is served, and is not as profile = %s (Mozilla 6.0) has it: %s",
                    certificate_chain_subject(chain), recommendation->profile, reasons.text);
}

/* The development certificate is nobody's recommendation, and known to be none. */
static void review_certificates(const struct tls_policy *policy, const struct config_listen *listen,
                                struct config_findings findings)
{
    if (listen->certificates.count > 0 &&
        strcmp(listen->certificates.values[0].text, CONFIG_CERTIFICATE_DEVELOPMENT) == 0)
        return;
    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++)
        review_certificate(&recommendations[listen->profile], tls_policy_chain(policy, i), place_of(policy, listen, i),
                           findings);
}

/* ---- versions */

/* `suites` says which versions there are: a profile of TLS 1.3 alone was hardly meant to be widened. */
static void review_versions(const struct config_listen *listen, struct config_findings findings)
{
    for (size_t i = 0; listen->profile == CONFIG_PROFILE_MODERN && i < listen->suites.count; i++) {
        const struct config_value *value = &listen->suites.values[i];
        if (algorithms_find_suite(value->text)->version == TLS_1_3)
            continue;
        config_warn(findings, &value->place,
                    "[listen %s] has profile = modern, which is TLS 1.3 alone, and takes TLS 1.2 too: '%s' is a suite "
                    "of it",
                    listen->name, value->text);
        return;
    }
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
            config_warn(findings, place_of(policy, listen, i),
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
                "that was recorded%s; switch it off as soon as the last old client is gone",
                listen->name,
                crypto_rsa_leaks_time() ? ", and the mbedTLS of this build leaks through the time of its RSA operation "
                                          "(CVE-2024-23170)"
                                        : "");
    if (!has_certificate_of_rsa(policy))
        config_warn(findings, &listen->place,
                    "[listen %s] has rsa-key-exchange = yes and no certificate with a key of RSA", listen->name);
    review_key_usage(policy, listen, findings);
}

/* ---- AES from tables */

static bool takes_aes(const struct tls_policy *policy)
{
    const struct tls_suite *const *suites;
    size_t count = tls_policy_suites(policy, &suites);

    for (size_t i = 0; i < count; i++)
        if (suites[i]->aead != AEAD_CHACHA20_POLY1305)
            return true;
    return false;
}

static void review_aes(const struct tls_policy *policy, const struct config_listen *listen,
                       struct config_findings findings)
{
    if (!crypto_aes_is_table_based())
        return;
    if (listen->suites.count == 0)
        config_warn(findings, &listen->place,
                    "[listen %s]: AES is computed from tables here, slowly and so that its time tells of the key: of "
                    "the profile only the suites of ChaCha20-Poly1305 are offered, and a client that has none of them "
                    "is refused; to serve it all the same name those of AES in 'suites'",
                    listen->name);
    if (takes_aes(policy))
        config_warn(findings, listen->suites.count ? &listen->suites.values[0].place : &listen->place,
                    "[listen %s] takes suites of AES, which is computed from tables here, slowly and so that its time "
                    "tells of the key: clients get them that offer none of ChaCha20-Poly1305",
                    listen->name);
}

/* ---- suites that nobody will get */

static bool has_key_for(const struct tls_suite *suite, const struct certificate_chain *chain)
{
    return suite->exchange == EXCHANGE_ANY || is_of_rsa(chain) == (suite->exchange != EXCHANGE_ECDHE_ECDSA);
}

static bool can_sign(const struct tls_policy *policy, uint16_t version, const struct certificate_chain *chain)
{
    const struct tls_signature_scheme *const *schemes;
    size_t count = tls_policy_schemes(policy, &schemes);

    for (size_t i = 0; i < count; i++) {
        enum signature_id id = version == TLS_1_3 ? schemes[i]->signature : schemes[i]->signature12;
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
        if (suite->exchange == EXCHANGE_RSA || can_sign(policy, suite->version, chain))
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

static bool takes_ecdhe12(const struct tls_policy *policy)
{
    const struct tls_suite *const *suites;
    size_t count = tls_policy_suites(policy, &suites);

    for (size_t i = 0; i < count; i++)
        if (suites[i]->version == TLS_1_2 && suites[i]->exchange != EXCHANGE_RSA)
            return true;
    return false;
}

static bool has_group_of_12(const struct tls_policy *policy)
{
    const struct tls_group *const *groups;
    size_t count = tls_policy_groups(policy, &groups);

    for (size_t i = 0; i < count; i++)
        if (!groups[i]->is_post_quantum)
            return true;
    return false;
}

/* pq = require says itself that TLS 1.2 is out. */
static void review_groups(const struct tls_policy *policy, const struct config_listen *listen,
                          struct config_findings findings)
{
    if (listen->pq != CONFIG_PQ_REQUIRE && takes_ecdhe12(policy) && !has_group_of_12(policy))
        config_warn(findings, &listen->groups.values[0].place,
                    "[listen %s] takes TLS 1.2, and 'groups' names none for it: its ECDHE suites serve nobody",
                    listen->name);
}

/* ---- signature-algorithms by which nothing can be signed */

/* How far a certificate gets in one version: no suite is for its key, or one is and no scheme, or it serves clients. */
enum reach { REACHES_NO_SUITE, REACHES_NO_SCHEME, REACHES_CLIENTS };

static enum reach reach_of(const struct tls_policy *policy, size_t certificate, uint16_t version)
{
    const struct certificate_chain *chain = tls_policy_chain(policy, certificate);
    const struct tls_suite *const *suites;
    size_t count = tls_policy_suites(policy, &suites);
    enum reach reach = REACHES_NO_SUITE;

    for (size_t i = 0; i < count; i++) {
        if (suites[i]->version != version || !has_key_for(suites[i], chain))
            continue;
        if (suites[i]->exchange == EXCHANGE_RSA || can_sign(policy, version, chain))
            return REACHES_CLIENTS;
        reach = REACHES_NO_SCHEME;
    }
    return reach;
}

static enum reach farther(enum reach a, enum reach b)
{
    return a > b ? a : b;
}

static enum reach reach_of_any(const struct tls_policy *policy, uint16_t version)
{
    enum reach reach = REACHES_NO_SUITE;

    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++)
        reach = farther(reach, reach_of(policy, i, version));
    return reach;
}

/* RFC 8446 4.2.3: PKCS #1 v1.5 signs nothing in TLS 1.3, and the curve of ECDSA is bound to the hash there. */
static void review_version(const struct tls_policy *policy, const struct config_listen *listen, uint16_t version,
                           struct config_findings findings)
{
    if (reach_of_any(policy, version) == REACHES_NO_SCHEME)
        config_warn(findings, &listen->signature_algorithms.values[0].place,
                    "no certificate of [listen %s] can sign by one of these signature-algorithms in %s: no handshake "
                    "of that version succeeds",
                    listen->name, tls_version_name(version));
}

static bool review_schemes(const struct tls_policy *policy, const struct config_listen *listen,
                           struct config_findings findings)
{
    if (listen->signature_algorithms.count == 0)
        return true;
    if (farther(reach_of_any(policy, TLS_1_2), reach_of_any(policy, TLS_1_3)) == REACHES_NO_SCHEME) {
        config_complain(findings, &listen->signature_algorithms.values[0].place,
                        "no certificate of [listen %s] can sign by one of these signature-algorithms: no handshake "
                        "could succeed",
                        listen->name);
        return false;
    }
    review_version(policy, listen, TLS_1_3, findings);
    review_version(policy, listen, TLS_1_2, findings);
    for (size_t i = 0; i < tls_policy_certificate_count(policy); i++)
        if (farther(reach_of(policy, i, TLS_1_2), reach_of(policy, i, TLS_1_3)) == REACHES_NO_SCHEME)
            config_warn(findings, &listen->signature_algorithms.values[0].place,
                        "certificate '%s' can sign by none of these signature-algorithms: it is shown to nobody",
                        certificate_chain_subject(tls_policy_chain(policy, i)));
    return true;
}

bool policy_review(const struct tls_policy *policy, const struct config_listen *listen, struct config_findings findings)
{
    if (!review_schemes(policy, listen, findings))
        return false;
    review_certificates(policy, listen, findings);
    review_versions(listen, findings);
    review_rsa_exchange(policy, listen, findings);
    review_aes(policy, listen, findings);
    review_suites(policy, listen, findings);
    review_groups(policy, listen, findings);
    return true;
}
