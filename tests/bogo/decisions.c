#include "bogo/decisions.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"

/* Decisions that speak of more than one option. */
#define NO_RAW_PUBLIC_KEYS "no raw public keys (RFC 7250)"
#define NO_DELEGATED_CREDENTIALS "no delegated credentials (RFC 9345)"
#define NO_PSK "no keys shared beforehand: a PSK is a ticket of ours"
#define NO_PAKE "no PAKE"
#define NO_NPN "no NPN: it gave way to ALPN (RFC 7301)"
#define NO_CHANNEL_ID "no Channel ID"
#define NO_ALPS "no ALPS (application settings)"
#define NO_EARLY_DATA "no early data is taken: it can be replayed (RFC 8446 8)"
#define NO_ECH "no Encrypted Client Hello"
#define NO_TRUST_ANCHORS "no choice by the CAs or trust anchors that a client names"
#define NO_HANDSHAKER "no handshake split over two processes, as BoringSSL's handshaker has it"
#define CLIENTS_ORDER "the client's order of suites holds"
#define NO_CALLBACKS "nobody is asked between a ClientHello and its answer who could refuse or choose"
#define NO_PADDING "no server padding, an extension of BoringSSL's own"
#define NO_CERTIFICATE_HASH "client certificates are never kept, so there is nothing to keep their hash instead of"
#define NO_CBC "no CBC suites"
#define NO_EQUAL_PREFERENCE "no algorithms of equal preference"
#define NO_ML_KEM_1024 "no ML-KEM-1024"
#define NO_P521 "no keys of our own on P-521, and no key exchange on it"
#define NO_ED25519 "no Ed25519"
#define NO_ML_DSA "no ML-DSA"
#define NO_SHA1 "no SHA-1, no MD5"

static const struct decision {
    enum demand demand;
    const char *what, *text;
} decisions[] = {
    {DEMAND_OPTION, "-new-rpk-credential", NO_RAW_PUBLIC_KEYS},
    {DEMAND_OPTION, "-accepted-peer-cert-types", NO_RAW_PUBLIC_KEYS},
    {DEMAND_OPTION, "-expect-peer-certificate-type", NO_RAW_PUBLIC_KEYS},
    {DEMAND_OPTION, "-expect-peer-rpk-sha256", NO_RAW_PUBLIC_KEYS},
    {DEMAND_OPTION, "-new-delegated-credential", NO_DELEGATED_CREDENTIALS},
    {DEMAND_OPTION, "-delegated-credential", NO_DELEGATED_CREDENTIALS},
    {DEMAND_OPTION, "-new-psk-credential", NO_PSK},
    {DEMAND_OPTION, "-psk-importer-key", NO_PSK},
    {DEMAND_OPTION, "-psk-importer-identity", NO_PSK},
    {DEMAND_OPTION, "-psk-importer-context", NO_PSK},
    {DEMAND_OPTION, "-psk-importer-sha256", NO_PSK},
    {DEMAND_OPTION, "-psk-importer-sha384", NO_PSK},
    {DEMAND_OPTION, "-psk", NO_PSK},
    {DEMAND_OPTION, "-psk-identity", NO_PSK},
    {DEMAND_OPTION, "-new-spake2plusv1-credential", NO_PAKE},
    {DEMAND_OPTION, "-pake-context", NO_PAKE},
    {DEMAND_OPTION, "-pake-client-id", NO_PAKE},
    {DEMAND_OPTION, "-pake-server-id", NO_PAKE},
    {DEMAND_OPTION, "-pake-password", NO_PAKE},
    {DEMAND_OPTION, "-wrong-pake-role", NO_PAKE},
    {DEMAND_OPTION, "-advertise-npn", NO_NPN},
    {DEMAND_OPTION, "-advertise-empty-npn", NO_NPN},
    {DEMAND_OPTION, "-expect-next-proto", NO_NPN},
    {DEMAND_OPTION, "-expect-no-next-proto", NO_NPN},
    {DEMAND_OPTION, "-enable-channel-id", NO_CHANNEL_ID},
    {DEMAND_OPTION, "-expect-channel-id", NO_CHANNEL_ID},
    {DEMAND_OPTION, "-application-settings", NO_ALPS},
    {DEMAND_OPTION, "-alps-use-new-codepoint", NO_ALPS},
    {DEMAND_OPTION, "-expect-peer-application-settings", NO_ALPS},
    {DEMAND_OPTION, "-defer-alps", NO_ALPS},
    {DEMAND_OPTION, "-expect-accept-early-data", NO_EARLY_DATA},
    {DEMAND_OPTION, "-ech-server-config", NO_ECH},
    {DEMAND_OPTION, "-ech-server-key", NO_ECH},
    {DEMAND_OPTION, "-ech-is-retry-config", NO_ECH},
    {DEMAND_OPTION, "-expect-ech-accept", NO_ECH},
    {DEMAND_OPTION, "-fail-early-callback-ech-rewind", NO_ECH},
    {DEMAND_OPTION, "-must-match-issuer", NO_TRUST_ANCHORS},
    {DEMAND_OPTION, "-cert-properties", NO_TRUST_ANCHORS},
    {DEMAND_OPTION, "-available-trust-anchors", NO_TRUST_ANCHORS},
    {DEMAND_OPTION, "-allow-hint-mismatch", NO_HANDSHAKER},
    {DEMAND_OPTION, "-cnsa-202407", CLIENTS_ORDER},
    {DEMAND_OPTION, "-cnsa2-202603", NO_ML_KEM_1024}, /* which is the one group it has */
    {DEMAND_OPTION, "-fail-cert-callback", NO_CALLBACKS},
    {DEMAND_OPTION, "-fail-early-callback", NO_CALLBACKS},
    {DEMAND_OPTION, "-fail-ocsp-callback", NO_CALLBACKS},
    {DEMAND_OPTION, "-fail-ddos-callback", NO_CALLBACKS},
    {DEMAND_OPTION, "-server-supports-padding", NO_PADDING},
    {DEMAND_OPTION, "-expect-sha256-client-cert", NO_CERTIFICATE_HASH},
    {DEMAND_OPTION, "-retain-only-sha256-client-cert", NO_CERTIFICATE_HASH},
    {DEMAND_OPTION, "-curves-flags", NO_EQUAL_PREFERENCE},
    {DEMAND_OPTION, "-expect-ticket-age-skew", "what a client says of a ticket's age is of use to early data alone"},
    {DEMAND_OPTION, "-signing-prefs of a credential", "signature schemes are the listener's, not a certificate's"},
    {DEMAND_OPTION, "-expect-session-id", "no session ids: resumption is by ticket alone"},
    {DEMAND_OPTION, "-ticket-key", "tickets have a form of our own, which the runner cannot rewrite"},
    {DEMAND_OPTION, "-jdk11-workaround",
     "no TLS 1.2 for what looks like JDK 11: its fault is in how it resumes TLS 1.3"},
    {DEMAND_OPTION, "-max-send-fragment", "smaller records are the client's to ask for (RFC 8449, RFC 6066 4)"},
    {DEMAND_OPTION, "-signed-cert-timestamps", "SCTs stand in the certificate, not in an extension (RFC 6962 3.3)"},
    {DEMAND_OPTION, "-server-preference", CLIENTS_ORDER},
    {DEMAND_OPTION, "-select-empty-alpn", "an empty protocol cannot be configured (RFC 7301 3.1)"},
    {DEMAND_OPTION, "-resumption-across-names-enabled",
     "no ticket flags: a ticket is good for the name it was given to"},

    /* the names of OpenSSL or IANA, or a part of what only OpenSSL's lists have */
    {DEMAND_SUITES, "[", NO_EQUAL_PREFERENCE},
    {DEMAND_SUITES, "3DES", NO_CBC},
    {DEMAND_SUITES, "_CBC_", NO_CBC},
    {DEMAND_SUITES, "AES128", "no words for families of suites"},

    {DEMAND_GROUP, "0x0019", NO_P521},
    {DEMAND_GROUP, "0x0202", NO_ML_KEM_1024}, /* MLKEM1024 */

    {DEMAND_SCHEME, "0x0201", NO_SHA1},
    {DEMAND_SCHEME, "0x0203", NO_SHA1},
    {DEMAND_SCHEME, "0xff01", NO_SHA1}, /* BoringSSL's number for the hash of TLS 1.1 */
    {DEMAND_SCHEME, "0x0420", "no PKCS #1 v1.5 in TLS 1.3, whatever its number (RFC 8446 4.2.3)"},
    {DEMAND_SCHEME, "0x0807", NO_ED25519},
    {DEMAND_SCHEME, "0x0904", NO_ML_DSA},
    {DEMAND_SCHEME, "0x0905", NO_ML_DSA},
    {DEMAND_SCHEME, "0x0906", NO_ML_DSA},

    /* what certificate_chain_new() says of it */
    {DEMAND_KEY, "Ed25519 keys are not supported", NO_ED25519},
    {DEMAND_KEY, "ML-DSA-", NO_ML_DSA},
    {DEMAND_KEY, "P-521", NO_P521},
    {DEMAND_KEY, "has 1024 bits", "no RSA keys of less than 2048 bits"},

    {DEMAND_TRACE, "v2clienthello", "no hello of SSLv2 (RFC 8446 D.5)"},
    {DEMAND_TRACE, "clienthelloinner", NO_ECH},
};

static bool is_about(const struct decision *decision, enum demand demand, const char *what)
{
    if (decision->demand != demand)
        return false;
    if (demand == DEMAND_SUITES || demand == DEMAND_KEY || demand == DEMAND_TRACE)
        return strstr(what, decision->what) != NULL;
    return strcmp(decision->what, what) == 0;
}

/* One line in one write: many shims write at once. */
static void record_skip(const char *decision)
{
    const char *path = getenv("BOGO_SHIM_SKIPPED");
    char line[256];
    int len = snprintf(line, sizeof line, "%s\n", decision), fd;

    if (!path)
        return;
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, (size_t)len) != len) {
        perror(path);
        exit(EXIT_MUST_FAIL);
    }
    close(fd);
}

void skip(const char *decision)
{
    record_skip(decision);
    fprintf(stderr, "SKIPPED: %s\n", decision);
    exit(EXIT_UNIMPLEMENTED);
}

void decline(enum demand demand, const char *what)
{
    for (size_t i = 0; i < ARRAY_LEN(decisions); i++)
        if (is_about(&decisions[i], demand, what))
            skip(decisions[i].text);
    if (demand == DEMAND_OPTION && strncmp(what, "-on-handshaker-", strlen("-on-handshaker-")) == 0)
        skip(NO_HANDSHAKER);
    fprintf(stderr, "neither done nor decided: %s\n", what);
    exit(EXIT_MUST_FAIL);
}

void decline_code(enum demand demand, unsigned code)
{
    char text[sizeof "0x0000"];

    snprintf(text, sizeof text, "0x%04x", code & 0xffff);
    decline(demand, text);
}
