#include "tls/code_set.h"
#include "tls/negotiate_common.h"

/* RFC 8446 4.1.2 MUST: exactly one byte, zero. */
static bool check_compression(const struct negotiation *n)
{
    static const uint8_t null_only[] = {0};

    *n->why = WHY_COMPRESSION;
    return bytes_equal(n->ch->compression_methods, BYTES_OF_ARRAY(null_only));
}

/* RFC 8446 4.2.9, 4.2.11 and 9.2: which extensions need which others. */
static bool check_presence(const struct negotiation *n)
{
    const struct client_hello *ch = n->ch;

    *n->why = WHY_PSK_NOT_LAST; /* RFC 8446 4.2.11 MUST: the last extension */
    if (ch->psk_identities.at && !ch->is_psk_last)
        return false;
    *n->why = WHY_PSK_WITHOUT_MODES; /* RFC 8446 4.2.9 MUST: abort */
    if (ch->psk_identities.at && !ch->psk_modes.at)
        return false;
    *n->why = WHY_NO_SIGNATURE_ALGORITHMS; /* RFC 8446 4.2.3 MUST, 9.2 MUST: missing_extension */
    if (!ch->signature_algorithms.at && !ch->psk_identities.at)
        return false;
    *n->why = WHY_NO_SUPPORTED_GROUPS;
    if (!ch->supported_groups.at)
        return false;
    *n->why = WHY_NO_KEY_SHARE;
    return ch->key_shares.at != NULL;
}

static const struct tls_suite *first_that_fits(const struct negotiation *n, bool is_last_resort)
{
    struct reader r = reader_of(n->ch->cipher_suites);
    uint16_t code;

    while (code_list_next(&r, &code)) {
        const struct tls_suite *suite = negotiate_find_suite(n, code);
        if (suite && negotiate_is_last_resort(n, suite) == is_last_resort)
            return suite;
    }
    return NULL;
}

/* Up to the one chosen, or all of them. */
static void record_suites(const struct negotiation *n)
{
    struct reader r = reader_of(n->ch->cipher_suites);
    uint16_t code;

    while (code_list_next(&r, &code)) {
        const struct tls_suite *suite = negotiate_find_suite(n, code);
        if (!suite)
            negotiate_reject_suite(n, code);
        else
            decide(n->decisions, DECISION_SUITE, suite == n->out->suite ? VERDICT_CHOSEN : VERDICT_LESS_PREFERRED,
                   code);
        if (suite && suite == n->out->suite)
            return;
    }
}

/* The client's order within what we allow; what is a last resort comes behind all the rest. */
static bool choose_suite(const struct negotiation *n)
{
    n->out->suite = first_that_fits(n, false);
    if (!n->out->suite)
        n->out->suite = first_that_fits(n, true);
    record_suites(n);
    if (!n->out->suite)
        *n->why = WHY_NO_COMMON_SUITE;
    return n->out->suite != NULL;
}

/* RFC 8446 4.2.8 MUST NOT: two shares for one group, a share for a group that supported_groups does not name. */
static bool check_key_shares(const struct negotiation *n)
{
    struct code_set offered = {0}, seen = {0};
    struct reader r = reader_of(n->ch->supported_groups);
    struct key_share share;
    uint16_t group;

    while (code_list_next(&r, &group))
        (void)!code_set_add(&offered, group); /* naming a group twice is no offence */
    r = reader_of(n->ch->key_shares);
    while (key_share_next(&r, &share)) {
        *n->why = WHY_KEY_SHARE_UNOFFERED;
        if (!code_set_has(&offered, share.group))
            return false;
        *n->why = WHY_KEY_SHARE_DUPLICATE;
        if (!code_set_add(&seen, share.group))
            return false;
    }
    return true;
}

static bool find_share(const struct client_hello *ch, uint16_t group, struct bytes *share)
{
    struct reader r = reader_of(ch->key_shares);
    struct key_share next;

    while (key_share_next(&r, &next)) {
        if (next.group == group) {
            *share = next.key_exchange;
            return true;
        }
    }
    return false;
}

enum group_kind { GROUP_ANY, GROUP_POST_QUANTUM, GROUP_CLASSIC };

static bool is_of_kind(const struct tls_group *group, enum group_kind kind)
{
    return kind == GROUP_ANY || group->is_post_quantum == (kind == GROUP_POST_QUANTUM);
}

/* The first of ours that came with a share; only when there is none, the first of ours that a retry can bring. */
static bool choose_group_of(const struct negotiation *n, enum group_kind kind)
{
    const struct tls_policy *policy = n->policy;

    for (size_t i = 0; i < policy->group_count; i++) {
        const struct tls_group *group = policy->groups[i];
        bool is_offered = code_list_has(n->ch->supported_groups, group->code);

        if (!is_of_kind(group, kind))
            continue;
        if (find_share(n->ch, group->code, &n->out->share)) {
            decide(n->decisions, DECISION_GROUP, VERDICT_CHOSEN, group->code);
            n->out->group = group;
            return true;
        }
        decide(n->decisions, DECISION_GROUP, is_offered ? VERDICT_NO_SHARE : VERDICT_NOT_OFFERED, group->code);
    }
    for (size_t i = 0; i < policy->group_count; i++) {
        const struct tls_group *group = policy->groups[i];

        if (is_of_kind(group, kind) && code_list_has(n->ch->supported_groups, group->code)) {
            decide(n->decisions, DECISION_GROUP, VERDICT_RETRIED, group->code);
            n->out->group = group;
            n->out->needs_retry = true;
            return true;
        }
    }
    return false;
}

static bool choose_group(const struct negotiation *n)
{
    enum tls_post_quantum post_quantum = n->policy->post_quantum;

    *n->why = post_quantum == TLS_POST_QUANTUM_REQUIRED ? WHY_NO_POST_QUANTUM : WHY_NO_COMMON_GROUP;
    if (post_quantum == TLS_POST_QUANTUM_AS_LISTED)
        return choose_group_of(n, GROUP_ANY);
    return choose_group_of(n, GROUP_POST_QUANTUM) ||
           (post_quantum == TLS_POST_QUANTUM_PREFERRED && choose_group_of(n, GROUP_CLASSIC));
}

static bool takes_psk_dhe_ke(const struct client_hello *ch)
{
    enum { PSK_DHE_KE = 1 };

    return ch->psk_modes.at && memchr(ch->psk_modes.at, PSK_DHE_KE, ch->psk_modes.len);
}

/* RFC 8446 4.2.11: the hash of the PSK is the one of the suite; the rest of the suite may be another one. */
static bool resumes(const struct negotiation *n)
{
    const struct tls_suite *suite;
    enum decision_verdict verdict = VERDICT_CHOSEN;

    if (!negotiate_session_is_usable(n, TLS_1_3))
        return false;
    suite = tls_suite_find(n->offered->session->suite);
    if (!takes_psk_dhe_ke(n->ch))
        verdict = VERDICT_NO_DHE_MODE;
    else if (!suite || suite->hash != n->out->suite->hash)
        verdict = VERDICT_SUITE_DIFFERS;
    decide(n->decisions, DECISION_RESUMPTION, verdict, n->offered->index);
    return verdict == VERDICT_CHOSEN;
}

static bool choose_authentication(const struct negotiation *n)
{
    n->out->is_resumed = resumes(n);
    if (n->out->is_resumed)
        return true;
    *n->why = WHY_NO_SIGNATURE_ALGORITHMS;
    return n->ch->signature_algorithms.at && negotiate_credential(n, EXCHANGE_ANY);
}

/* RFC 8879 4: an algorithm that the client offers; ours are in the order of preference. */
static void choose_compression(const struct negotiation *n)
{
    const struct tls_credential *credential = n->out->credential;

    if (!credential || !n->ch->compress_certificate.at)
        return;
    for (size_t i = 0; i < n->policy->compressor_count && n->out->compressor < 0; i++) {
        uint16_t code = n->policy->compressors[i]->code;
        enum decision_verdict verdict = VERDICT_CHOSEN;

        if (!code_list_has(n->ch->compress_certificate, code))
            verdict = VERDICT_NOT_OFFERED;
        else if (!credential->encoded[n->out->is_stapled].compressed[i].at)
            verdict = VERDICT_BIGGER;
        else
            n->out->compressor = (int)i;
        decide(n->decisions, DECISION_COMPRESSION, verdict, code);
    }
}

bool negotiate13(const struct client_hello *ch, const struct tls_policy *policy, const struct offered_session *offered,
                 struct choice *out, struct decisions *decisions, enum why *why)
{
    const struct negotiation n = {ch, policy, offered, out, decisions, why};

    *out = (struct choice){.version = TLS_1_3};
    if (!check_compression(&n) || !check_presence(&n) || !choose_suite(&n) || !check_key_shares(&n) ||
        !choose_group(&n) || !choose_authentication(&n) || !negotiate_alpn(&n))
        return false;
    negotiate_options(&n);
    choose_compression(&n);
    return true;
}
