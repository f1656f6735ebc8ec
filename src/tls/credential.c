#include "tls/credential.h"

#include "tls/client_hello.h"

/* What a search for a certificate looks for. */
struct search {
    const struct tls_policy *policy;
    const struct credential_need *need;
    uint8_t lower_name[253];
    struct credential_name exact, wildcard;
    struct credential_found *found;
    bool is_current_wanted; /* within its time, now */
    int64_t now;
};

enum signature_id scheme_signature(const struct tls_signature_scheme *scheme, uint16_t version)
{
    return version == TLS_1_3 ? scheme->signature : scheme->signature12;
}

/* RFC 4343: names compare without regard to case. RFC 6125 6.4.3: the wildcard stands for one whole label. */
static void set_name(struct search *search, struct bytes sni)
{
    size_t len = sni.len < sizeof search->lower_name ? sni.len : sizeof search->lower_name, dot = 0;

    for (size_t i = 0; i < len; i++)
        search->lower_name[i] = (uint8_t)(sni.at[i] >= 'A' && sni.at[i] <= 'Z' ? sni.at[i] - 'A' + 'a' : sni.at[i]);
    while (dot < len && search->lower_name[dot] != '.')
        dot++;
    search->exact = (struct credential_name){bytes_of(search->lower_name, len), false, NULL};
    search->wildcard = (struct credential_name){bytes_of(search->lower_name + dot, len - dot), true, NULL};
}

bool credential_has_kind(const struct tls_credential *credential, enum suite_exchange exchange)
{
    enum key_kind kind = certificate_chain_key_kind(credential->chain);

    return exchange == EXCHANGE_ANY || (kind == KEY_KIND_RSA) == (exchange != EXCHANGE_ECDHE_ECDSA);
}

/* RFC 8422 5.1 MUST: in TLS 1.2 the client's list of curves guides the choice, of the certificate as well. */
bool credential_has_curve(const struct tls_credential *credential, uint16_t version, struct bytes groups)
{
    enum { SECP256R1 = 0x0017, SECP384R1 = 0x0018 };
    enum key_kind kind = certificate_chain_key_kind(credential->chain);

    if (version != TLS_1_2 || kind == KEY_KIND_RSA || !groups.at)
        return true;
    return code_list_has(groups, kind == KEY_KIND_ECDSA_P256 ? SECP256R1 : SECP384R1);
}

bool credential_makes(const struct tls_credential *credential, enum signature_id id)
{
    return signature_fits_key(id, certificate_chain_key_kind(credential->chain),
                              certificate_chain_key_bits(credential->chain));
}

static bool is_current_at(const struct tls_credential *credential, int64_t now)
{
    return certificate_chain_not_before(credential->chain) <= now &&
           now <= certificate_chain_not_after(credential->chain);
}

bool credential_is_current(const struct tls_policy *policy, const struct tls_credential *credential)
{
    int64_t now;

    return !tls_policy_time(policy, &now) || is_current_at(credential, now);
}

/* `scheme` NULL: no signature is needed. */
static bool can_serve(const struct credential_need *need, const struct tls_credential *credential,
                      const struct tls_signature_scheme *scheme)
{
    if (!credential_has_kind(credential, need->exchange) ||
        !credential_has_curve(credential, need->version, need->groups))
        return false;
    return !scheme || credential_makes(credential, scheme_signature(scheme, need->version));
}

static bool take_credential(const struct search *search, const struct tls_credential *credential,
                            const struct tls_signature_scheme *scheme)
{
    if (!can_serve(search->need, credential, scheme) ||
        (search->is_current_wanted && !is_current_at(credential, search->now)))
        return false;
    search->found->credential = credential;
    search->found->scheme = scheme;
    return true;
}

static bool take_named(const struct search *search, const struct credential_name *wanted,
                       const struct tls_signature_scheme *scheme)
{
    const struct tls_policy *policy = search->policy;

    for (size_t at = policy_name_at(policy, wanted); policy_has_name_at(policy, at, wanted); at++)
        if (take_credential(search, policy->names[at].credential, scheme))
            return true;
    return false;
}

static bool take_default(const struct search *search, const struct tls_signature_scheme *scheme)
{
    for (const struct tls_credential *credential = search->policy->defaults; credential;
         credential = credential->next_default)
        if (take_credential(search, credential, scheme))
            return true;
    return false;
}

/* NULL: none of them is within its time. */
static const struct tls_credential *first_current(const struct search *search, const struct tls_credential *credential)
{
    while (credential && !is_current_at(credential, search->now))
        credential = credential->next_alike;
    return credential;
}

/* Where the first of a type of key cannot serve, no other of the type can: there may be thousands, and few types. */
static bool take_any(const struct search *search, const struct tls_signature_scheme *scheme)
{
    for (size_t i = 0; i < search->policy->key_type_count; i++) {
        const struct tls_credential *credential = search->policy->key_types[i].first;
        if (!can_serve(search->need, credential, scheme))
            continue;
        if (search->is_current_wanted)
            credential = first_current(search, credential);
        if (credential && take_credential(search, credential, scheme))
            return true;
    }
    return false;
}

/* The kinds of match, the best first. */
enum match { MATCH_EXACT, MATCH_WILDCARD, MATCH_DEFAULT, MATCH_ANY };

static bool take_with(const struct search *search, enum match match, const struct tls_signature_scheme *scheme)
{
    if (match == MATCH_EXACT)
        return take_named(search, &search->exact, scheme);
    if (match == MATCH_WILDCARD)
        return take_named(search, &search->wildcard, scheme);
    return match == MATCH_DEFAULT ? take_default(search, scheme) : take_any(search, scheme);
}

static bool take(const struct search *search, enum match match)
{
    if (search->need->exchange == EXCHANGE_RSA)
        return take_with(search, match, NULL);
    for (size_t i = 0; i < search->policy->scheme_count; i++) {
        const struct tls_signature_scheme *scheme = search->policy->schemes[i];
        if (scheme_signature(scheme, search->need->version) != SIGNATURE_IDS &&
            code_list_has(search->need->schemes, scheme->code) && take_with(search, match, scheme))
            return true;
    }
    return false;
}

static bool is_named(const struct tls_policy *policy, const struct credential_name *wanted)
{
    return policy_has_name_at(policy, policy_name_at(policy, wanted), wanted);
}

static enum sni_match match_name(const struct search *search, struct bytes sni)
{
    if (sni.len > 0 && (is_named(search->policy, &search->exact) || is_named(search->policy, &search->wildcard)))
        return SNI_MATCHED;
    return sni.len > 0 && search->policy->unknown_sni == TLS_UNKNOWN_SNI_REJECT ? SNI_REJECTED : SNI_UNUSED;
}

enum sni_match credential_match_name(const struct tls_policy *policy, struct bytes sni)
{
    struct search search = {.policy = policy};

    set_name(&search, sni);
    return match_name(&search, sni);
}

/* Those that the name means; for the lack of one, the default or any other. */
static bool take_meant(const struct search *search)
{
    if (search->found->match == SNI_MATCHED)
        return take(search, MATCH_EXACT) || take(search, MATCH_WILDCARD);
    return take(search, MATCH_DEFAULT) || take(search, MATCH_ANY);
}

bool credential_choose(const struct tls_policy *policy, const struct credential_need *need,
                       struct credential_found *found)
{
    struct search search = {.policy = policy, .need = need, .found = found};

    *found = (struct credential_found){0};
    set_name(&search, need->sni);
    found->match = match_name(&search, need->sni);
    if (found->match == SNI_REJECTED)
        return false;
    search.is_current_wanted = tls_policy_time(policy, &search.now);
    if (search.is_current_wanted && take_meant(&search))
        return true;
    search.is_current_wanted = false;
    return take_meant(&search);
}

/* How many stand there under the same name. */
static size_t count_named(const struct tls_policy *policy, const struct credential_name *wanted, size_t at)
{
    size_t count = 0;

    while (policy_has_name_at(policy, at + count, wanted))
        count++;
    return count;
}

struct credential_namesakes credential_find_namesakes(const struct tls_policy *policy, struct bytes sni)
{
    struct credential_namesakes namesakes = {.match = SNI_UNUSED};
    struct search search = {.policy = policy};
    size_t exact, wildcard;

    set_name(&search, sni);
    namesakes.match = match_name(&search, sni);
    if (namesakes.match != SNI_MATCHED)
        return namesakes;
    exact = policy_name_at(policy, &search.exact);
    wildcard = policy_name_at(policy, &search.wildcard);
    namesakes.exact.at = policy->names + exact;
    namesakes.exact.count = count_named(policy, &search.exact, exact);
    namesakes.wildcard.at = policy->names + wildcard;
    namesakes.wildcard.count = count_named(policy, &search.wildcard, wildcard);
    return namesakes;
}

static bool is_among(const struct credential_name *names, size_t count, const struct tls_credential *credential)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].credential == credential)
            return true;
    return false;
}

bool credential_is_namesake(const struct credential_namesakes *namesakes, const struct tls_credential *credential)
{
    if (namesakes->match != SNI_MATCHED)
        return namesakes->match == SNI_UNUSED;
    return is_among(namesakes->exact.at, namesakes->exact.count, credential) ||
           is_among(namesakes->wildcard.at, namesakes->wildcard.count, credential);
}
