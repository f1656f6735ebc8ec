#include "tls/credential.h"

#include "tls/client_hello.h"

/* What a search for a certificate looks for, and how well a credential must match to be in. */
struct search {
    const struct tls_policy *policy;
    uint8_t lower_name[253];
    struct credential_name exact, wildcard;
    struct bytes offered_schemes;
    const struct tls_credential **credential;
    const struct tls_signature_scheme **scheme;
};

/* RFC 4343: names compare without regard to case. RFC 6125 6.4.3: the wildcard stands for one whole label. */
static void begin_search(struct search *search, struct bytes sni)
{
    size_t len = sni.len < sizeof search->lower_name ? sni.len : sizeof search->lower_name, dot = 0;

    for (size_t i = 0; i < len; i++)
        search->lower_name[i] = (uint8_t)(sni.at[i] >= 'A' && sni.at[i] <= 'Z' ? sni.at[i] - 'A' + 'a' : sni.at[i]);
    while (dot < len && search->lower_name[dot] != '.')
        dot++;
    search->exact = (struct credential_name){bytes_of(search->lower_name, len), false, NULL};
    search->wildcard = (struct credential_name){bytes_of(search->lower_name + dot, len - dot), true, NULL};
}

static bool can_sign(const struct tls_credential *credential, const struct tls_signature_scheme *scheme)
{
    return signature_fits_key(scheme->signature, certificate_chain_key_kind(credential->chain),
                              certificate_chain_key_bits(credential->chain));
}

static bool take_named(const struct search *search, const struct credential_name *wanted,
                       const struct tls_signature_scheme *scheme)
{
    const struct tls_policy *policy = search->policy;

    for (size_t at = policy_name_at(policy, wanted); policy_has_name_at(policy, at, wanted); at++) {
        if (!can_sign(policy->names[at].credential, scheme))
            continue;
        *search->credential = policy->names[at].credential;
        *search->scheme = scheme;
        return true;
    }
    return false;
}

static bool take_default(const struct search *search, bool is_any_good, const struct tls_signature_scheme *scheme)
{
    for (const struct tls_credential *credential = search->policy->credentials; credential;
         credential = credential->next) {
        if (!(credential->is_default || is_any_good) || !can_sign(credential, scheme))
            continue;
        *search->credential = credential;
        *search->scheme = scheme;
        return true;
    }
    return false;
}

/* The kinds of match, the best first. */
enum match { MATCH_EXACT, MATCH_WILDCARD, MATCH_DEFAULT, MATCH_ANY };

static bool take(const struct search *search, enum match match)
{
    for (size_t i = 0; i < search->policy->scheme_count; i++) {
        const struct tls_signature_scheme *scheme = search->policy->schemes[i];

        if (!code_list_has(search->offered_schemes, scheme->code))
            continue;
        if (match == MATCH_EXACT && take_named(search, &search->exact, scheme))
            return true;
        if (match == MATCH_WILDCARD && take_named(search, &search->wildcard, scheme))
            return true;
        if (match >= MATCH_DEFAULT && take_default(search, match == MATCH_ANY, scheme))
            return true;
    }
    return false;
}

static bool is_named(const struct tls_policy *policy, const struct credential_name *wanted)
{
    return policy_has_name_at(policy, policy_name_at(policy, wanted), wanted);
}

bool credential_choose(const struct tls_policy *policy, struct bytes sni, struct bytes offered_schemes,
                       const struct tls_credential **credential, const struct tls_signature_scheme **scheme,
                       enum sni_match *match)
{
    struct search search = {
        .policy = policy, .offered_schemes = offered_schemes, .credential = credential, .scheme = scheme};

    begin_search(&search, sni);
    *match = SNI_UNUSED;
    if (sni.len > 0 && (is_named(policy, &search.exact) || is_named(policy, &search.wildcard)))
        *match = SNI_MATCHED;
    else if (sni.len > 0 && policy->unknown_sni == TLS_UNKNOWN_SNI_REJECT)
        *match = SNI_REJECTED;
    if (*match == SNI_REJECTED)
        return false;
    if (*match == SNI_MATCHED)
        return take(&search, MATCH_EXACT) || take(&search, MATCH_WILDCARD);
    return take(&search, MATCH_DEFAULT) || take(&search, MATCH_ANY);
}
