#include "tls/negotiate_common.h"

/* RFC 5246 7.4.1.2 MUST: the list contains null; TLS 1.2 lets it contain others. */
static bool check_compression(const struct negotiation *n)
{
    *n->why = WHY_COMPRESSION;
    return memchr(n->ch->compression_methods.at, 0, n->ch->compression_methods.len) != NULL;
}

/* RFC 5746 3.6 MUST: in an initial handshake renegotiated_connection is empty. */
static bool check_renegotiation(const struct negotiation *n)
{
    *n->why = WHY_RENEGOTIATION_INFO;
    return n->ch->renegotiation.len == 0;
}

/* RFC 8422 5.1.2 MUST: a client that sends the extension lists the uncompressed format. */
static bool check_point_formats(const struct negotiation *n)
{
    *n->why = WHY_POINT_FORMATS;
    return !n->ch->point_formats.at || memchr(n->ch->point_formats.at, 0, n->ch->point_formats.len) != NULL;
}

/* A policy of ours, as no group of this version is post-quantum. */
static bool check_post_quantum(const struct negotiation *n)
{
    *n->why = WHY_NO_POST_QUANTUM;
    return n->policy->post_quantum != TLS_POST_QUANTUM_REQUIRED;
}

/* No client authentication without it: an attacker in the middle could pass it on (RFC 7627 1, triple handshake). */
static bool check_extended_master_secret(const struct negotiation *n)
{
    *n->why = WHY_CLIENT_CERTIFICATE_WITHOUT_EMS;
    return n->ch->has_extended_master_secret || n->policy->client_certificate == TLS_CLIENT_CERTIFICATE_NONE;
}

/*
 * RFC 8422 5.1: a client that names no groups takes any; secp256r1 is the one all of them have. A hybrid with ML-KEM
 * is defined for TLS 1.3 alone (draft-ietf-tls-ecdhe-mlkem), though clients of both versions name it.
 */
static enum decision_verdict judge_group(const struct negotiation *n, const struct tls_group *group)
{
    bool is_offered = n->ch->supported_groups.at ? code_list_has(n->ch->supported_groups, group->code)
                                                 : group->key_exchange == KEY_EXCHANGE_SECP256R1;

    if (!is_offered)
        return VERDICT_NOT_OFFERED;
    return group->is_post_quantum ? VERDICT_OTHER_VERSION : VERDICT_CHOSEN;
}

static const struct tls_group *choose_group(const struct negotiation *n, bool is_recorded)
{
    for (size_t i = 0; i < n->policy->group_count; i++) {
        const struct tls_group *group = n->policy->groups[i];
        enum decision_verdict verdict = judge_group(n, group);

        if (is_recorded)
            decide(n->decisions, DECISION_GROUP, verdict, group->code);
        if (verdict == VERDICT_CHOSEN)
            return group;
    }
    return NULL;
}

/* Whether suites of one exchange can be taken, which is the same for all of them. */
struct fit {
    bool is_known;
    enum decision_verdict verdict; /* VERDICT_CHOSEN: they can */
    enum why why;
    bool is_current; /* with a certificate that is within its time */
};

struct suite_search {
    const struct negotiation *n;
    struct fit fits[EXCHANGE_RSA + 1];
};

static struct fit judge_exchange(const struct negotiation *n, enum suite_exchange exchange)
{
    struct fit fit = {true, VERDICT_CHOSEN, WHY_NONE, true};

    if (exchange != EXCHANGE_RSA && !choose_group(n, false))
        return (struct fit){true, VERDICT_NO_CURVE, WHY_NO_COMMON_GROUP, true};
    if (!negotiate_has_credential(n, exchange, &fit.is_current))
        fit.verdict = negotiate_exchange_lacks(n, exchange);
    fit.why = *n->why;
    return fit;
}

/*
 * VERDICT_CHOSEN: it can be; else n->why says why not. RFC 8422 5.1 MUST NOT: a suite of ECC where none of the client's
 * curves does.
 */
static enum decision_verdict judge_suite(struct suite_search *search, const struct tls_suite *suite)
{
    struct fit *fit = &search->fits[suite->exchange];

    if (!fit->is_known)
        *fit = judge_exchange(search->n, suite->exchange);
    *search->n->why = fit->why;
    return fit->verdict;
}

static bool has_current_certificate(struct suite_search *search, const struct tls_suite *suite)
{
    return judge_suite(search, suite) != VERDICT_CHOSEN || search->fits[suite->exchange].is_current;
}

/* Those of a higher rank are for clients that can do nothing better, whatever they list first. */
enum { RANK_LAST_RESORT = 1, RANK_RSA = 2, RANK_EXPIRED = 4, RANKS = 8 };

static unsigned rank_of(struct suite_search *search, const struct tls_suite *suite)
{
    return (suite->exchange == EXCHANGE_RSA ? RANK_RSA : 0u) +
           (negotiate_is_last_resort(search->n, suite) ? RANK_LAST_RESORT : 0u) +
           (has_current_certificate(search, suite) ? 0u : RANK_EXPIRED);
}

/* The first of the client's list that fits, among those of this rank. */
static const struct tls_suite *first_that_fits(struct suite_search *search, unsigned rank)
{
    struct reader r = reader_of(search->n->ch->cipher_suites);
    uint16_t code;

    while (code_list_next(&r, &code)) {
        const struct tls_suite *suite = negotiate_find_suite(search->n, code);
        if (suite && rank_of(search, suite) == rank && judge_suite(search, suite) == VERDICT_CHOSEN)
            return suite;
    }
    return NULL;
}

static enum decision_verdict verdict_of(struct suite_search *search, const struct tls_suite *suite,
                                        const struct tls_suite *chosen)
{
    enum decision_verdict verdict = suite == chosen ? VERDICT_CHOSEN : judge_suite(search, suite);

    if (verdict != VERDICT_CHOSEN || suite == chosen)
        return verdict;
    if (!has_current_certificate(search, suite))
        return VERDICT_NO_CURRENT_CERTIFICATE;
    return suite->exchange == EXCHANGE_RSA ? VERDICT_NO_FORWARD_SECRECY : VERDICT_LESS_PREFERRED;
}

/* Up to the one chosen; past one that is no first choice also why none that is better fitted. */
static void record_suites(struct suite_search *search, const struct tls_suite *chosen)
{
    const struct negotiation *n = search->n;
    struct reader r = reader_of(n->ch->cipher_suites);
    bool is_past = false;
    uint16_t code;

    *n->why = WHY_NO_COMMON_SUITE;
    while (code_list_next(&r, &code)) {
        const struct tls_suite *suite = negotiate_find_suite(n, code);

        if (!suite && !is_past)
            negotiate_reject_suite(n, code);
        if (!suite || (is_past && rank_of(search, suite) >= rank_of(search, chosen)))
            continue;
        decide(n->decisions, DECISION_SUITE, verdict_of(search, suite, chosen), code);
        is_past = is_past || suite == chosen;
        if (is_past && rank_of(search, chosen) == 0)
            return;
    }
}

/*
 * The client's order within what we allow and have a certificate and a group for. Only that the classic RSA exchange,
 * where it is on at all, comes behind all the rest, and so does a last resort; and behind both what only a certificate
 * that has expired could serve.
 */
static bool choose_suite(const struct negotiation *n)
{
    struct suite_search search = {.n = n};

    for (unsigned rank = 0; rank < RANKS && !n->out->suite; rank++)
        n->out->suite = first_that_fits(&search, rank);
    record_suites(&search, n->out->suite);
    if (!n->out->suite)
        negotiate_record_unserved(n);
    return n->out->suite != NULL;
}

static bool offers_suite(const struct client_hello *ch, uint16_t code)
{
    return code_list_has(ch->cipher_suites, code);
}

/* RFC 7627 5.3 MUST: a session with an extended master secret is not resumed without one, but refused. */
static bool check_session(const struct negotiation *n)
{
    *n->why = WHY_RESUMED_WITHOUT_EMS;
    return !n->offered->session || n->offered->session->version != TLS_1_2 || n->ch->has_extended_master_secret;
}

/*
 * RFC 5246 7.4.1.3: a resumed session goes on with its suite, which the client must offer and we still allow. RFC 6066
 * 4: and with its max_fragment_length, so that a client that now says something else begins another session.
 */
static bool resumes(const struct negotiation *n)
{
    const struct tls_suite *suite;
    enum decision_verdict verdict = VERDICT_CHOSEN;

    if (!negotiate_session_is_usable(n, TLS_1_2))
        return false;
    suite = negotiate_find_suite(n, n->offered->session->suite);
    if (!suite || !offers_suite(n->ch, suite->code))
        verdict = VERDICT_SUITE_DIFFERS;
    else if (n->offered->session->fragment_length != negotiate_fragment_length(n->ch))
        verdict = VERDICT_FRAGMENT_LENGTH_DIFFERS;
    decide(n->decisions, DECISION_RESUMPTION, verdict, n->offered->index);
    if (verdict != VERDICT_CHOSEN)
        return false;
    n->out->suite = suite;
    return true;
}

static bool choose_all(const struct negotiation *n)
{
    n->out->is_resumed = resumes(n);
    if (n->out->is_resumed) {
        n->out->is_sni_used = credential_match_name(n->policy, n->ch->server_name) == SNI_MATCHED;
        return true;
    }
    if (!choose_suite(n) || !negotiate_credential(n, n->out->suite->exchange))
        return false;
    if (n->out->suite->exchange != EXCHANGE_RSA)
        n->out->group = choose_group(n, true);
    return true;
}

bool negotiate12(const struct client_hello *ch, const struct tls_policy *policy, const struct offered_session *offered,
                 struct choice *out, struct decisions *decisions, enum why *why)
{
    const struct negotiation n = {ch, policy, offered, out, decisions, why};

    *out = (struct choice){.version = TLS_1_2};
    if (!check_compression(&n) || !check_renegotiation(&n) || !check_point_formats(&n) || !check_post_quantum(&n) ||
        !check_extended_master_secret(&n) || !check_session(&n) || !choose_all(&n) || !negotiate_alpn(&n))
        return false;
    negotiate_options(&n);
    return true;
}
