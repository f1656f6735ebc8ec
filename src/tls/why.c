#include "tls/why.h"

#include "tls/iana.h"

struct why_row {
    const char *name;
    uint8_t alert;
    const char *sentence;
    const char *section;
};

#define X(name, text, alert, sentence, section) [WHY_##name] = {text, ALERT_##alert, sentence, section},
static const struct why_row rows[WHY_COUNT] = {[WHY_NONE] = {"none", ALERT_NONE, "no failure", "-"}, WHYS(X)};
#undef X

/* Rules of both versions that are written elsewhere for TLS 1.2. */
static const char *const sections12[WHY_COUNT] = {
    [WHY_RECORD_VERSION] = "5246 6.2.1",
    [WHY_RECORD_TYPE] = "5246 6",
    [WHY_RECORD_TOO_LONG] = "5246 6.2.3",
    [WHY_PLAINTEXT_TOO_LONG] = "5246 6.2.1",
    [WHY_RECORD_MAC] = "5246 6.2.3.3",
    [WHY_EMPTY_FRAGMENT] = "5246 6.2.1",
    [WHY_CCS_MALFORMED] = "5246 7.1",
    [WHY_CCS_UNEXPECTED] = "5246 7.1",
    [WHY_SEQUENCE_EXHAUSTED] = "5246 6.1",
    [WHY_RECORDS_INTERLEAVED] = "-",
    [WHY_ALERT_MALFORMED] = "5246 7.2",
    [WHY_ALERT_LEVEL] = "5246 7.2",
    [WHY_ALERT_RECEIVED] = "5246 7.2.2",
    [WHY_CLOSED_EARLY] = "5246 7.2.1",
    [WHY_CUT_OFF] = "5246 7.2.1",
    [WHY_UNEXPECTED_HANDSHAKE] = "5246 7.4",
    [WHY_TRAILING_BYTES] = "5246 7.2.2",
    [WHY_ACROSS_KEY_CHANGE] = "5246 7.1",
    [WHY_COMPRESSION] = "5246 7.4.1.2",
    [WHY_NO_COMMON_SUITE] = "5246 7.4.1.3",
    [WHY_NO_COMMON_GROUP] = "8422 5.1",
    [WHY_NO_COMMON_SCHEME] = "5246 7.4.1.4.1",
    [WHY_KEY_SHARE_INVALID] = "8422 5.11",
    [WHY_CERTIFICATE_MALFORMED] = "5246 7.4.6",
    [WHY_CLIENT_CERTIFICATE_BAD] = "5246 7.2.2",
    [WHY_CLIENT_CERTIFICATE_UNKNOWN_CA] = "5246 7.2.2",
    [WHY_CLIENT_CERTIFICATE_EXPIRED] = "5246 7.2.2",
    [WHY_CLIENT_CERTIFICATE_REVOKED] = "5246 7.2.2",
    [WHY_CLIENT_CERTIFICATE_CRL_STALE] = "5246 7.2.2",
    [WHY_CLIENT_CERTIFICATE_UNSUPPORTED] = "5246 7.2.2",
    [WHY_CERTIFICATE_VERIFY_MALFORMED] = "5246 7.4.8",
    [WHY_CERTIFICATE_VERIFY_SCHEME] = "5246 7.4.8",
    [WHY_CERTIFICATE_VERIFY_SIGNATURE] = "5246 7.4.8",
    [WHY_FINISHED_LENGTH] = "5246 7.4.9",
    [WHY_FINISHED_MAC] = "5246 7.4.9",
    [WHY_DATA_BEFORE_FINISHED] = "5246 7.4.9",
};

const char *why_name(enum why why)
{
    return rows[why].name;
}

const char *why_sentence(enum why why)
{
    return rows[why].sentence;
}

const char *why_section(enum why why, uint16_t version)
{
    const char *section = version == TLS_1_2 && sections12[why] ? sections12[why] : rows[why].section;

    return section[0] == '-' ? NULL : section;
}

uint8_t why_alert(enum why why)
{
    return rows[why].alert;
}
