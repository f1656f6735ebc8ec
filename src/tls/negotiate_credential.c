#include "tls/negotiate_common.h"

static bool choose(const struct negotiation *n, enum suite_exchange exchange, struct credential_found *found)
{
    const struct credential_need need = {
        .sni = n->ch->server_name,
        .version = n->out->version,
        .exchange = exchange,
        .schemes = n->ch->signature_algorithms,
        .groups = n->ch->supported_groups,
    };
    bool is_found = credential_choose(n->policy, &need, found);

    *n->why = found->match == SNI_REJECTED ? WHY_SNI_UNKNOWN : WHY_NO_COMMON_SCHEME;
    return is_found;
}

/* ---- why not: what a ClientHello says to all certificates, looked up once since there may be thousands. For as many
 * it costs no more than for a few: none of what follows looks at each of them. */

struct signatures {
    enum signature_id ids[MAX_POLICY_SCHEMES];
    size_t count;
};

struct look {
    const struct negotiation *n;
    struct credential_namesakes namesakes;
    struct signatures common;  /* of the schemes that the client offers and we allow */
    struct signatures offered; /* and of those that our list leaves out too */
};

static void add_offered(const struct negotiation *n, const struct tls_signature_scheme *scheme,
                        struct signatures *signatures)
{
    enum signature_id id = scheme_signature(scheme, n->out->version);

    if (id != SIGNATURE_IDS && code_list_has(n->ch->signature_algorithms, scheme->code))
        signatures->ids[signatures->count++] = id;
}

static struct look look_of(const struct negotiation *n)
{
    struct look look = {.n = n, .namesakes = credential_find_namesakes(n->policy, n->ch->server_name)};

    for (size_t i = 0; i < n->policy->scheme_count; i++)
        add_offered(n, n->policy->schemes[i], &look.common);
    for (const struct tls_signature_scheme *scheme = tls_signature_schemes; scheme->code; scheme++)
        add_offered(n, scheme, &look.offered);
    return look;
}

static bool has_curve(const struct look *look, const struct tls_credential *credential)
{
    return credential_has_curve(credential, look->n->out->version, look->n->ch->supported_groups);
}

static bool makes_any(const struct tls_credential *credential, const struct signatures *signatures)
{
    for (size_t i = 0; i < signatures->count; i++)
        if (credential_makes(credential, signatures->ids[i]))
            return true;
    return false;
}

struct candidate {
    const struct tls_credential *credential; /* NULL: none more */
    bool is_namesake;
};

/* Enough of them to say how far the best gets: one of each type of key, and then all that bear the name. */
static struct candidate candidate_at(const struct look *look, size_t index)
{
    const struct credential_namesakes *namesakes = &look->namesakes;
    const struct tls_policy *policy = look->n->policy;

    if (index < policy->key_type_count) /* where no name decides, all of its type are as good as this one */
        return (struct candidate){policy->key_types[index].first, namesakes->match == SNI_UNUSED};
    index -= policy->key_type_count;
    if (index < namesakes->exact.count)
        return (struct candidate){namesakes->exact.at[index].credential, true};
    index -= namesakes->exact.count;
    if (index < namesakes->wildcard.count)
        return (struct candidate){namesakes->wildcard.at[index].credential, true};
    return (struct candidate){NULL, false};
}

/* ---- certificates */

static enum decision_verdict judge(const struct look *look, enum suite_exchange exchange,
                                   const struct tls_credential *credential)
{
    if (!credential_is_namesake(&look->namesakes, credential))
        return VERDICT_NAME_DIFFERS;
    if (!credential_has_kind(credential, exchange))
        return VERDICT_KIND_DIFFERS;
    if (!has_curve(look, credential))
        return VERDICT_CURVE_DIFFERS;
    if (exchange == EXCHANGE_RSA || makes_any(credential, &look->common))
        return VERDICT_LESS_PREFERRED;
    return makes_any(credential, &look->offered) ? VERDICT_SCHEME_NOT_ALLOWED : VERDICT_KEY_DIFFERS;
}

/* An expired one is not what the choice was preferred to. */
static enum decision_verdict judge_beside_choice(const struct look *look, enum suite_exchange exchange,
                                                 const struct tls_credential *credential)
{
    enum decision_verdict verdict = judge(look, exchange, credential);

    return verdict == VERDICT_LESS_PREFERRED && !credential_is_current(look->n->policy, credential)
               ? VERDICT_NOT_CURRENT
               : verdict;
}

/* In their order, up to where no more is kept. The choice may stand behind that: it is known without a search. */
static void record_credentials(const struct look *look, enum suite_exchange exchange,
                               const struct credential_found *found)
{
    const struct negotiation *n = look->n;
    bool is_name_unknown = found->match == SNI_UNUSED && n->ch->server_name.len > 0;
    enum decision_verdict choice = is_name_unknown ? VERDICT_AS_DEFAULT : VERDICT_CHOSEN;
    const struct tls_credential *credential = n->policy->credentials, *due = found->credential;
    size_t told = 0;

    for (; credential && !decisions_are_full(n->decisions, DECISION_CERTIFICATE); credential = credential->next) {
        bool is_choice = credential == due;
        decide(n->decisions, DECISION_CERTIFICATE, is_choice ? choice : judge_beside_choice(look, exchange, credential),
               credential->index);
        due = is_choice ? NULL : due;
        told++;
    }
    if (due) {
        decide(n->decisions, DECISION_CERTIFICATE, choice, due->index);
        told++;
    }
    decisions_leave_out(n->decisions, DECISION_CERTIFICATE, n->policy->credential_count - told);
}

/* ---- schemes */

/* Of a scheme that the client offers: how far the best of the certificates that make it gets. */
static enum decision_verdict judge_scheme(const struct look *look, enum suite_exchange exchange, enum signature_id id)
{
    enum decision_verdict best = VERDICT_NO_CERTIFICATE;
    struct candidate candidate;

    for (size_t i = 0; (candidate = candidate_at(look, i)).credential; i++) {
        if (!credential_makes(candidate.credential, id))
            continue;
        if (!credential_has_kind(candidate.credential, exchange))
            return VERDICT_OTHER_SUITE; /* so have all that make it: a scheme is of one kind of key */
        if (candidate.is_namesake)
            return VERDICT_LESS_PREFERRED;
        best = VERDICT_NO_NAME;
    }
    return best;
}

static void record_schemes(const struct look *look, enum suite_exchange exchange,
                           const struct tls_signature_scheme *chosen)
{
    const struct negotiation *n = look->n;

    for (size_t i = 0; i < n->policy->scheme_count; i++) {
        const struct tls_signature_scheme *scheme = n->policy->schemes[i];
        enum signature_id id = scheme_signature(scheme, n->out->version);
        enum decision_verdict verdict = VERDICT_CHOSEN;

        if (id == SIGNATURE_IDS)
            verdict = VERDICT_OTHER_VERSION;
        else if (!code_list_has(n->ch->signature_algorithms, scheme->code))
            verdict = VERDICT_NOT_OFFERED;
        else if (scheme != chosen)
            verdict = judge_scheme(look, exchange, id);
        decide(n->decisions, DECISION_SIGNATURE, verdict, scheme->code);
        if (scheme == chosen)
            return;
    }
}

/* ---- suites of TLS 1.2 */

enum decision_verdict negotiate_exchange_lacks(const struct negotiation *n, enum suite_exchange exchange)
{
    /* the further, the later */
    static const enum decision_verdict steps[] = {VERDICT_NO_CERTIFICATE, VERDICT_NO_NAME, VERDICT_NO_CURVE,
                                                  VERDICT_NO_SCHEME, VERDICT_SCHEME_NOT_ALLOWED};
    const struct look look = look_of(n);
    struct candidate candidate = candidate_at(&look, 0);
    size_t best = 0;

    for (size_t i = 1; candidate.credential && best + 1 < ARRAY_LEN(steps); candidate = candidate_at(&look, i++)) {
        size_t step = 4;

        if (!credential_has_kind(candidate.credential, exchange))
            continue;
        if (!candidate.is_namesake)
            step = 1;
        else if (!has_curve(&look, candidate.credential))
            step = 2;
        else if (!makes_any(candidate.credential, &look.offered))
            step = 3;
        best = step > best ? step : best;
    }
    return steps[best];
}

/* Whether the client offers a suite of ours with this exchange. */
static bool has_suite(const struct negotiation *n, enum suite_exchange exchange)
{
    for (size_t i = 0; i < n->policy->suite_count; i++) {
        const struct tls_suite *suite = n->policy->suites[i];
        if (suite->version == TLS_1_2 && suite->exchange == exchange &&
            code_list_has(n->ch->cipher_suites, suite->code))
            return true;
    }
    return false;
}

/* A key of RSA that bears the name would serve the classic RSA key exchange: its suites need not be looked for. */
static enum decision_verdict judge_unserved(const struct look *look, const struct tls_credential *credential,
                                            bool has_ecdsa, bool has_rsa)
{
    bool is_rsa = credential_has_kind(credential, EXCHANGE_ECDHE_RSA);
    enum decision_verdict verdict = judge(look, is_rsa ? EXCHANGE_ECDHE_RSA : EXCHANGE_ECDHE_ECDSA, credential);

    return verdict == VERDICT_NAME_DIFFERS || (is_rsa ? has_rsa : has_ecdsa) ? verdict : VERDICT_NO_SUITE;
}

void negotiate_record_unserved(const struct negotiation *n)
{
    enum { MAX_LOOKED_AT = 64 }; /* those that are good take no room in the record, and there may be thousands */
    const struct tls_credential *credential = n->policy->credentials;
    const struct look look = look_of(n);
    bool has_ecdsa = has_suite(n, EXCHANGE_ECDHE_ECDSA), has_rsa = has_suite(n, EXCHANGE_ECDHE_RSA);
    bool is_any_unserved = look.namesakes.match != SNI_UNUSED;
    size_t looked_at = 0;

    for (size_t i = 0; i < n->policy->key_type_count && !is_any_unserved; i++)
        is_any_unserved =
            judge_unserved(&look, n->policy->key_types[i].first, has_ecdsa, has_rsa) != VERDICT_LESS_PREFERRED;
    if (!is_any_unserved)
        return;
    for (; credential && looked_at < MAX_LOOKED_AT && !decisions_are_full(n->decisions, DECISION_CERTIFICATE);
         credential = credential->next, looked_at++) {
        enum decision_verdict verdict = judge_unserved(&look, credential, has_ecdsa, has_rsa);

        if (verdict != VERDICT_LESS_PREFERRED) /* else it is good, and what is lacking is a group */
            decide(n->decisions, DECISION_CERTIFICATE, verdict, credential->index);
    }
    decisions_leave_out(n->decisions, DECISION_CERTIFICATE, n->policy->credential_count - looked_at);
}

/* ---- the choice */

bool negotiate_has_credential(const struct negotiation *n, enum suite_exchange exchange, bool *is_current)
{
    struct credential_found found;

    if (!choose(n, exchange, &found))
        return false;
    *is_current = credential_is_current(n->policy, found.credential);
    return true;
}

bool negotiate_credential(const struct negotiation *n, enum suite_exchange exchange)
{
    struct credential_found found;
    bool is_found = choose(n, exchange, &found);
    const struct look look = look_of(n);

    if (exchange != EXCHANGE_RSA)
        record_schemes(&look, exchange, found.scheme);
    record_credentials(&look, exchange, &found);
    if (!is_found)
        return false;
    n->out->credential = found.credential;
    n->out->scheme = found.scheme;
    n->out->is_sni_used = found.match == SNI_MATCHED;
    return true;
}
