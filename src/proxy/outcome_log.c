#include "proxy/outcome_log.h"

#include <stdio.h>

#include "base/log.h"
#include "base/writer.h"
#include "crypto/client_trust.h"
#include "proxy/address.h"
#include "proxy/limits.h"
#include "tls/iana.h"

enum { LIST_LEN = 1024 };

/* Which lists explain a failure. */
enum explained {
    EXPLAINED_VERSIONS = 1 << 0,
    EXPLAINED_SUITES = 1 << 1,
    EXPLAINED_GROUPS = 1 << 2,
    EXPLAINED_SCHEMES = 1 << 3,
    EXPLAINED_ALPN = 1 << 4,
    EXPLAINED_ALL = EXPLAINED_VERSIONS | EXPLAINED_SUITES | EXPLAINED_GROUPS | EXPLAINED_SCHEMES,
};

bool outcome_is_client_refused(const struct tls_outcome *outcome)
{
    switch (outcome->why) {
    case WHY_CLIENT_CERTIFICATE_MISSING:
    case WHY_CLIENT_CERTIFICATE_MISSING_12:
    case WHY_CLIENT_CERTIFICATE_BAD:
    case WHY_CLIENT_CERTIFICATE_UNKNOWN_CA:
    case WHY_CLIENT_CERTIFICATE_EXPIRED:
    case WHY_CLIENT_CERTIFICATE_REVOKED:
    case WHY_CLIENT_CERTIFICATE_CRL_STALE:
    case WHY_CLIENT_CERTIFICATE_UNSUPPORTED:
        return true;
    default:
        return false;
    }
}

static unsigned lists_that_explain(const struct tls_outcome *outcome)
{
    if (outcome_is_client_refused(outcome))
        return 0;
    switch (outcome->why) {
    case WHY_LEGACY_VERSION:
    case WHY_NO_COMMON_VERSION:
        return EXPLAINED_VERSIONS;
    case WHY_NO_COMMON_SUITE:
        return EXPLAINED_SUITES;
    case WHY_NO_COMMON_GROUP:
    case WHY_NO_POST_QUANTUM:
    case WHY_KEY_SHARE_INVALID:
    case WHY_KEY_SHARE_UNOFFERED:
    case WHY_RETRY_KEY_SHARE:
        return EXPLAINED_GROUPS;
    case WHY_NO_COMMON_SCHEME:
        return EXPLAINED_SCHEMES;
    case WHY_NO_COMMON_ALPN:
        return EXPLAINED_ALPN;
    case WHY_SNI_UNKNOWN:
        return 0;
    default:
        return EXPLAINED_ALL;
    }
}

/* ---- comma separated names; what does not fit is left out, the log's own limit is shorter */

static void add_name(struct writer *list, const char *name, uint16_t code)
{
    char text[8];

    if (writer_view(list).len > 0)
        write_u8(list, ',');
    if (!name) {
        snprintf(text, sizeof text, "0x%04x", code);
        name = text;
    }
    write_bytes(list, bytes_of_string(name));
}

typedef const char *name_of_code(uint16_t code);

static void log_codes(struct log_line *line, const char *key, const uint16_t *codes, size_t count, name_of_code *name)
{
    uint8_t text[LIST_LEN];
    struct writer list = writer_of(text, sizeof text);

    for (size_t i = 0; i < count; i++)
        add_name(&list, name(codes[i]), codes[i]);
    if (count > 0)
        log_bytes(line, key, writer_view(&list));
}

static void log_offered(struct log_line *line, const struct tls_offered *offered, unsigned lists)
{
    if (lists & EXPLAINED_VERSIONS)
        log_codes(line, "offered_versions", offered->versions, offered->version_count, tls_version_name);
    if (lists & EXPLAINED_SUITES)
        log_codes(line, "offered_suites", offered->suites, offered->suite_count, tls_suite_name);
    if (lists & EXPLAINED_GROUPS)
        log_codes(line, "offered_groups", offered->groups, offered->group_count, tls_group_name);
    if (lists & EXPLAINED_SCHEMES)
        log_codes(line, "offered_signatures", offered->schemes, offered->scheme_count, tls_signature_scheme_name);
    if ((lists & EXPLAINED_ALPN || offered->alpn[0] != 0) && lists != 0)
        log_bytes(line, "offered_alpn", bytes_of(offered->alpn, strnlen(offered->alpn, sizeof offered->alpn)));
}

static void log_allowed_versions(struct log_line *line, const struct tls_suite *const *suites, size_t count)
{
    uint16_t versions[MAX_POLICY_SUITES] = {0};
    size_t version_count = 0;

    for (size_t i = 0; i < count && i < MAX_POLICY_SUITES; i++) {
        size_t seen = 0;
        while (seen < version_count && versions[seen] != suites[i]->version)
            seen++;
        if (seen == version_count)
            versions[version_count++] = suites[i]->version;
    }
    log_codes(line, "allowed_versions", versions, version_count, tls_version_name);
}

static void log_allowed_suites(struct log_line *line, const struct tls_policy *policy, unsigned lists)
{
    const struct tls_suite *const *suites;
    size_t count = tls_policy_suites(policy, &suites);
    uint8_t text[LIST_LEN];
    struct writer list = writer_of(text, sizeof text);

    if (lists & EXPLAINED_VERSIONS)
        log_allowed_versions(line, suites, count);
    for (size_t i = 0; i < count; i++)
        add_name(&list, suites[i]->name, suites[i]->code);
    if (lists & EXPLAINED_SUITES)
        log_bytes(line, "allowed_suites", writer_view(&list));
}

static void log_allowed_groups(struct log_line *line, const struct tls_policy *policy)
{
    const struct tls_group *const *groups;
    size_t count = tls_policy_groups(policy, &groups);
    uint8_t text[LIST_LEN];
    struct writer list = writer_of(text, sizeof text);

    for (size_t i = 0; i < count; i++)
        add_name(&list, groups[i]->name, groups[i]->code);
    log_bytes(line, "allowed_groups", writer_view(&list));
}

static void log_allowed_schemes(struct log_line *line, const struct tls_policy *policy)
{
    const struct tls_signature_scheme *const *schemes;
    size_t count = tls_policy_schemes(policy, &schemes);
    uint8_t text[LIST_LEN];
    struct writer list = writer_of(text, sizeof text);

    for (size_t i = 0; i < count; i++)
        add_name(&list, schemes[i]->name, schemes[i]->code);
    log_bytes(line, "allowed_signatures", writer_view(&list));
}

static void log_allowed_alpn(struct log_line *line, const struct config_list *alpn)
{
    uint8_t text[LIST_LEN];
    struct writer list = writer_of(text, sizeof text);

    for (size_t i = 0; i < alpn->count; i++)
        add_name(&list, alpn->values[i].text, 0);
    log_bytes(line, "allowed_alpn", writer_view(&list));
}

static void log_allowed(struct log_line *line, const struct outcome_report *report, unsigned lists)
{
    if (lists & (EXPLAINED_VERSIONS | EXPLAINED_SUITES))
        log_allowed_suites(line, report->policy, lists);
    if (lists & EXPLAINED_GROUPS)
        log_allowed_groups(line, report->policy);
    if (lists & EXPLAINED_SCHEMES)
        log_allowed_schemes(line, report->policy);
    if (lists & EXPLAINED_ALPN)
        log_allowed_alpn(line, &report->listen->alpn);
}

/* ---- what to do about it */

static const char *hint_for_alert(uint8_t alert)
{
    switch (alert) {
    case ALERT_UNKNOWN_CA:
        return "the client does not trust the certificate's issuer: is the intermediate missing from the file, or "
               "the certificate self-signed?";
    case ALERT_BAD_CERTIFICATE:
    case ALERT_CERTIFICATE_UNKNOWN:
        return "the client refuses the certificate: wrong name, untrusted issuer, or a user who did not accept it";
    case ALERT_CERTIFICATE_EXPIRED:
        return "the client finds the certificate expired: renew it, or check the client's clock";
    case ALERT_UNSUPPORTED_CERTIFICATE:
        return "the client cannot use this kind of certificate";
    case ALERT_UNRECOGNIZED_NAME:
        return "the certificate does not carry the name the client asked for";
    case ALERT_PROTOCOL_VERSION:
        return "the client speaks none of the allowed versions";
    case ALERT_DECRYPT_ERROR:
        return "the client could not verify our signature or Finished: does something on the way change bytes?";
    default:
        return NULL;
    }
}

static const char *hint_for(const struct tls_outcome *outcome)
{
    switch (outcome->why) {
    case WHY_ALERT_RECEIVED:
        return hint_for_alert(outcome->alert_received);
    case WHY_NOT_TLS_HTTP:
        return "the client should use https:// for this address";
    case WHY_NOT_TLS_PROXY:
        return "a balancer in front sends PROXY headers: switch that off there";
    case WHY_NO_COMMON_VERSION:
    case WHY_LEGACY_VERSION:
        return "the client is too old for the allowed versions";
    case WHY_NO_COMMON_SCHEME:
        return "add a certificate of the other kind (RSA or ECDSA)";
    case WHY_SNI_UNKNOWN:
        return "no certificate of this listener carries that name, and unknown-sni = reject";
    case WHY_INAPPROPRIATE_FALLBACK:
        return "something between client and server broke its first attempt, or it is a test";
    case WHY_CLIENT_CERTIFICATE_WITHOUT_EMS:
        return "the client is too old to prove a certificate safely";
    case WHY_CLIENT_CERTIFICATE_MISSING:
    case WHY_CLIENT_CERTIFICATE_MISSING_12:
        return "give the client a certificate of one of the CAs in client-ca";
    case WHY_CLIENT_CERTIFICATE_UNKNOWN_CA:
        return "is its CA in client-ca, and does the client send its intermediates?";
    case WHY_CLIENT_CERTIFICATE_EXPIRED:
        return "renew the client's certificate, or check the clocks";
    case WHY_CLIENT_CERTIFICATE_CRL_STALE:
        return "renew the file of client-crl: while any is configured every CA in the chain needs a current one";
    case WHY_CLIENT_CERTIFICATE_UNSUPPORTED:
        return "client_verify says what is wrong with it";
    case WHY_CLOSED_EARLY:
        return outcome->stage >= TLS_STAGE_CLIENT_FINISHED
                   ? "closed after our certificate: often a client that does not trust it"
                   : NULL;
    case WHY_KEY_OPERATION:
        return "see the lines before this one, or the machine is overloaded";
    default:
        return NULL;
    }
}

/* ---- the lines */

static bool is_ours(enum why why)
{
    return why == WHY_KEY_OPERATION || why == WHY_CRYPTO || why == WHY_NO_MEMORY || why == WHY_INTERNAL;
}

bool outcome_is_silent(const struct tls_outcome *outcome)
{
    return outcome->stage == TLS_STAGE_START &&
           (outcome->why == WHY_NO_BYTES || outcome->why == WHY_TIMEOUT_CLIENT_HELLO || outcome->why == WHY_SHUTDOWN);
}

static enum log_level level_for(const struct outcome_report *report)
{
    enum why why = report->outcome->why;

    if (is_ours(why))
        return LOG_LEVEL_ERROR;
    if (why == WHY_BACKEND_REFUSED || why == WHY_BACKEND_TIMEOUT || why == WHY_BACKEND_UNRESOLVED ||
        why == WHY_BACKEND_RESET || why == WHY_OVERLOADED || why == WHY_OVERLOADED_SOURCE)
        return LOG_LEVEL_WARNING;
    if (outcome_is_silent(report->outcome))
        return LOG_LEVEL_DEBUG;
    return report->is_connected ? LOG_LEVEL_INFO : LOG_LEVEL_NOTICE;
}

/* Else it is bounded by what a handshake costs, or told at debug level only. */
static bool is_trouble(const struct outcome_report *report)
{
    return level_for(report) <= (report->is_connected ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE);
}

static void log_who(struct log_line *line, const struct outcome_report *report)
{
    char client[ADDRESS_TEXT_LEN];

    address_format(report->client, sizeof(struct sockaddr_in6), client);
    log_number(line, "id", (int64_t)report->id);
    log_text(line, "listener", report->listen->name);
    log_text(line, "client", client);
}

bool outcome_is_rsa_exchange(const struct tls_outcome *outcome)
{
    return !outcome->is_resumed && outcome->suite && outcome->suite->exchange == EXCHANGE_RSA;
}

/* Who the client proved to be, also long ago by the ticket it came with; or who it only claimed to be. */
static void log_client(struct log_line *line, const struct tls_outcome *outcome)
{
    const struct client_identity *client = outcome->client;

    log_text(line, "client_subject", client->subject);
    if (client->names[0])
        log_text(line, "client_names", client->names);
    log_hex(line, "client_fingerprint", BYTES_OF_ARRAY(client->fingerprint));
    if (outcome->client_result != CHAIN_OK)
        log_text(line, "client_verify", chain_result_name((enum chain_result)outcome->client_result));
    else if (outcome->stage != TLS_STAGE_CONNECTED) /* anybody can show the certificate, and send the ticket */
        log_text(line, "client_verify", "unproved");
}

static void log_agreed(struct log_line *line, const struct tls_outcome *outcome)
{
    if (outcome->version)
        log_text(line, "version", tls_version_name(outcome->version));
    if (outcome->suite)
        log_text(line, "suite", outcome->suite->name);
    if (outcome->group)
        log_text(line, "group", outcome->group->name);
    else if (outcome_is_rsa_exchange(outcome))
        log_text(line, "key_exchange", "rsa");
    if (outcome->scheme)
        log_text(line, "signature", outcome->scheme->name);
    if (outcome->sni.len)
        log_bytes(line, "sni", outcome->sni);
    if (outcome->alpn.len)
        log_bytes(line, "alpn", outcome->alpn);
    if (outcome->credential)
        log_text(line, "certificate", tls_credential_label(outcome->credential));
    if (outcome->is_hello_retried)
        log_text(line, "hello_retried", "true");
    if (outcome->is_resumed)
        log_text(line, "resumed", "true");
    if (outcome->client)
        log_client(line, outcome);
}

static void log_time(struct log_line *line, const char *key, uint64_t microseconds)
{
    if (microseconds)
        log_seconds(line, key, microseconds);
}

static const char *end_name(const struct outcome_report *report)
{
    if (report->outcome->why != WHY_NONE)
        return why_name(report->outcome->why);
    return report->is_truncated ? "truncated" : "clean";
}

static void log_failure(struct log_line *line, const struct tls_outcome *outcome)
{
    const char *section = why_section(outcome->why, outcome->version);
    uint8_t alert = why_alert(outcome->why);
    char text[32];

    log_text(line, "detail", why_sentence(outcome->why));
    if (section) {
        snprintf(text, sizeof text, "RFC %s", section);
        log_text(line, "rule", text);
    }
    if (alert != ALERT_NONE)
        log_text(line, "alert_sent", tls_alert_name(alert));
    if (!outcome->has_alert_received)
        return;
    snprintf(text, sizeof text, "%u", outcome->alert_received);
    log_text(line, "alert_received",
             tls_alert_name(outcome->alert_received) ? tls_alert_name(outcome->alert_received) : text);
}

static void log_handshake_failed(struct log_line *line, const struct outcome_report *report)
{
    unsigned lists = lists_that_explain(report->outcome);

    log_begin(line, level_for(report), "handshake_failed");
    log_who(line, report);
    log_text(line, "reason", why_name(report->outcome->why));
    log_failure(line, report->outcome);
    log_text(line, "stage", tls_stage_name(report->outcome->stage));
    log_text(line, "hint", hint_for(report->outcome));
    log_agreed(line, report->outcome);
    if (report->offered) {
        log_offered(line, report->offered, lists);
        log_allowed(line, report, lists);
    }
    log_time(line, "t_hello", report->hello_after);
    log_seconds(line, "t_total", report->total);
}

static void log_connection(struct log_line *line, const struct outcome_report *report)
{
    log_begin(line, level_for(report), "connection");
    log_who(line, report);
    log_agreed(line, report->outcome);
    log_text(line, "backend", report->backend);
    log_text(line, "server", report->server);
    log_number(line, "bytes_in", (int64_t)report->bytes_in);
    log_number(line, "bytes_out", (int64_t)report->bytes_out);
    log_time(line, "t_hello", report->hello_after);
    log_time(line, "t_handshake", report->handshake_after);
    log_time(line, "t_backend", report->backend_took);
    log_seconds(line, "t_total", report->total);
    log_text(line, "end", end_name(report));
    if (report->outcome->why != WHY_NONE)
        log_failure(line, report->outcome);
}

enum outcome_logged outcome_log_write(const struct outcome_report *report, struct log_limit *limit, uint64_t now)
{
    struct log_line line;
    uint32_t suppressed = 0;

    if (!log_is_on(level_for(report))) /* before the numbers become text */
        return OUTCOME_LOGGED;
    if (limit && is_trouble(report) &&
        !log_limit_allows(limit, now, MAX_LOG_LINES_PER_SECOND, 1000 * 1000, &suppressed))
        return OUTCOME_SUPPRESSED;
    if (report->is_connected)
        log_connection(&line, report);
    else
        log_handshake_failed(&line, report);
    if (suppressed)
        log_number(&line, "suppressed", suppressed);
    log_end(&line);
    return OUTCOME_LOGGED;
}
