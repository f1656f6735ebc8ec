#include "tls/negotiate_common.h"

#include "tls/limits.h"

static bool offers_version(const struct client_hello *ch, uint16_t version)
{
    if (ch->supported_versions.at) /* RFC 8446 4.2.1 MUST: only supported_versions counts where it is present */
        return code_list_has(ch->supported_versions, version);
    return version == TLS_1_2 && ch->legacy_version >= TLS_1_2;
}

static void record_versions(const struct client_hello *ch, const struct tls_policy *policy, uint16_t chosen,
                            struct decisions *decisions)
{
    static const uint16_t ours[] = {TLS_1_3, TLS_1_2};

    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        enum decision_verdict verdict = VERDICT_LESS_PREFERRED;

        if (ours[i] == chosen)
            verdict = VERDICT_CHOSEN;
        else if (!policy_has_version(policy, ours[i]))
            verdict = VERDICT_NOT_ALLOWED;
        else if (!offers_version(ch, ours[i]))
            verdict = VERDICT_NOT_OFFERED;
        decide(decisions, DECISION_VERSION, verdict, ours[i]);
    }
}

static uint16_t highest_version(const struct tls_policy *policy)
{
    return policy_has_version(policy, TLS_1_3) ? TLS_1_3 : TLS_1_2;
}

bool negotiate_version(const struct client_hello *ch, const struct tls_policy *policy, uint16_t *version,
                       struct decisions *decisions, enum why *why)
{
    *version = 0;
    *why = WHY_LEGACY_VERSION; /* RFC 8446 D.5 MUST: abort when legacy_version is 0x0300 */
    if (ch->legacy_version <= 0x0300)
        return false;
    if (policy_has_version(policy, TLS_1_3) && offers_version(ch, TLS_1_3))
        *version = TLS_1_3;
    else if (policy_has_version(policy, TLS_1_2) && offers_version(ch, TLS_1_2))
        *version = TLS_1_2;
    record_versions(ch, policy, *version, decisions);
    /* RFC 7507 3 MUST: inappropriate_fallback when our highest version is above the client's. */
    *why = WHY_INAPPROPRIATE_FALLBACK;
    if (code_list_has(ch->cipher_suites, FALLBACK_SCSV) && *version < highest_version(policy))
        return false;
    *why = WHY_NO_COMMON_VERSION;
    return *version != 0;
}

const struct tls_suite *negotiate_find_suite(const struct negotiation *n, uint16_t code)
{
    for (size_t i = 0; i < n->policy->suite_count; i++)
        if (n->policy->suites[i]->code == code && n->policy->suites[i]->version == n->out->version)
            return n->policy->suites[i];
    return NULL;
}

bool negotiate_is_last_resort(const struct negotiation *n, const struct tls_suite *suite)
{
    return n->policy->has_aes_last && suite->aead != AEAD_CHACHA20_POLY1305;
}

void negotiate_reject_suite(const struct negotiation *n, uint16_t code)
{
    const struct tls_suite *suite = tls_suite_find(code);

    if (code == EMPTY_RENEGOTIATION_INFO_SCSV || code == FALLBACK_SCSV)
        return; /* RFC 5746 3.3, RFC 7507 2: signals, which are answered elsewhere, and no candidates */
    if (!suite)
        decide(n->decisions, DECISION_SUITE, VERDICT_UNKNOWN, code);
    else if (suite->version != n->out->version)
        decide(n->decisions, DECISION_SUITE, VERDICT_OTHER_VERSION, code);
    else
        decide(n->decisions, DECISION_SUITE, VERDICT_NOT_ALLOWED, code);
}

static bool offers_alpn(const struct client_hello *ch, struct bytes protocol)
{
    struct reader r = reader_of(ch->alpn);
    struct bytes name;

    while (read_vec8(&r, 1, 255, &name))
        if (bytes_equal(name, protocol))
            return true;
    return false;
}

bool negotiate_alpn(const struct negotiation *n)
{
    const struct tls_policy *policy = n->policy;

    if (!n->ch->alpn.at || policy->alpn_count == 0)
        return true;
    for (size_t i = 0; i < policy->alpn_count; i++) {
        if (offers_alpn(n->ch, policy->alpn[i])) {
            decide(n->decisions, DECISION_ALPN, VERDICT_CHOSEN, (uint16_t)i);
            n->out->alpn = policy->alpn[i];
            return true;
        }
        decide(n->decisions, DECISION_ALPN, VERDICT_NOT_OFFERED, (uint16_t)i);
    }
    *n->why = WHY_NO_COMMON_ALPN;
    return false;
}

/* RFC 8449 5: max_fragment_length is ignored beside record_size_limit. */
uint8_t negotiate_fragment_length(const struct client_hello *ch)
{
    return ch->record_size_limit ? 0 : ch->max_fragment_length;
}

/* RFC 8449 4: the limit counts the inner type in TLS 1.3. */
static void choose_record_limit(const struct negotiation *n)
{
    const struct client_hello *ch = n->ch;
    size_t limit = MAX_PLAINTEXT_LEN;

    n->out->has_size_limit = ch->record_size_limit != 0;
    n->out->fragment_length = negotiate_fragment_length(ch);
    if (n->out->has_size_limit)
        limit = ch->record_size_limit - (n->out->version == TLS_1_3 ? 1u : 0u);
    else if (n->out->fragment_length) /* RFC 6066 4: 2^9 to 2^12 */
        limit = (size_t)1 << (8 + n->out->fragment_length);
    n->out->record_limit = (uint16_t)(limit < MAX_PLAINTEXT_LEN ? limit : MAX_PLAINTEXT_LEN);
}

/* RFC 6960 3.2 (5), (6): from thisUpdate on, before nextUpdate. Who refuses a response outside that does well with
 * none. */
static bool is_staple_current(const struct tls_policy *policy, const struct tls_credential *credential)
{
    const struct tls_staple_time *time = &credential->staple_time;
    int64_t now;

    return tls_policy_time(policy, &now) && time->from <= now && (time->until == 0 || now < time->until);
}

static void choose_staple(const struct negotiation *n)
{
    const struct tls_credential *credential = n->out->credential;
    enum decision_verdict verdict = VERDICT_CHOSEN;

    if (!n->ch->has_status_request)
        return;
    if (!credential->staple)
        verdict = VERDICT_SWITCHED_OFF;
    else if (!is_staple_current(n->policy, credential))
        verdict = VERDICT_NOT_CURRENT;
    n->out->is_stapled = verdict == VERDICT_CHOSEN;
    decide(n->decisions, DECISION_STAPLE, verdict, 1);
}

void negotiate_options(const struct negotiation *n)
{
    const struct tls_credential *credential = n->out->credential;

    choose_record_limit(n);
    n->out->compressor = -1;
    if (!credential)
        return;
    choose_staple(n);
    n->out->asks_client_certificate = n->policy->client_certificate != TLS_CLIENT_CERTIFICATE_NONE;
    if (n->out->asks_client_certificate)
        decide(n->decisions, DECISION_CLIENT_CERTIFICATE, VERDICT_ASKED, 0);
}

bool negotiate_session_is_usable(const struct negotiation *n, uint16_t version)
{
    const struct session *session = n->offered->session;
    enum decision_verdict verdict = VERDICT_CHOSEN;

    if (!session)
        return false;
    if (n->policy->ticket_count == 0)
        verdict = VERDICT_SWITCHED_OFF;
    else if (session->version != version)
        verdict = VERDICT_VERSION_DIFFERS;
    else if (session->expires_at <= n->offered->now)
        verdict = VERDICT_TOO_OLD;
    else if (n->policy->client_certificate == TLS_CLIENT_CERTIFICATE_REQUIRED && !session->has_client)
        verdict = VERDICT_NO_IDENTITY;
    else if (credential_match_name(n->policy, n->ch->server_name) == SNI_REJECTED)
        verdict = VERDICT_NAME_DIFFERS;
    if (verdict != VERDICT_CHOSEN)
        decide(n->decisions, DECISION_RESUMPTION, verdict, n->offered->index);
    return verdict == VERDICT_CHOSEN;
}

bool negotiate(const struct client_hello *ch, const struct tls_policy *policy, struct choice *out,
               struct decisions *decisions, enum why *why)
{
    const struct offered_session none = {0};
    uint16_t version;

    *out = (struct choice){0};
    if (!negotiate_version(ch, policy, &version, decisions, why))
        return false;
    return version == TLS_1_3 ? negotiate13(ch, policy, &none, out, decisions, why)
                              : negotiate12(ch, policy, &none, out, decisions, why);
}
