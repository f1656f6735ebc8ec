#include "bogo/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bogo/decisions.h"

enum kind { SET, NUMBER, TEXT, CODE, PASS_OVER, PASS_OVER_VALUE };

static const struct row {
    const char *name;
    enum kind kind;
    size_t offset;
} rows[] = {
    {"-server", SET, offsetof(struct options, is_server)},
    {"-ipv6", SET, offsetof(struct options, is_ipv6)},
    {"-port", NUMBER, offsetof(struct options, port)},
    {"-shim-id", TEXT, offsetof(struct options, shim_id)},
    {"-resume-count", NUMBER, offsetof(struct options, resume_count)},
    {"-min-version", NUMBER, offsetof(struct options, min_version)},
    {"-max-version", NUMBER, offsetof(struct options, max_version)},
    {"-no-tls13", SET, offsetof(struct options, no_tls13)},
    {"-no-tls12", SET, offsetof(struct options, no_tls12)},
    {"-no-tls11", PASS_OVER, 0},
    {"-no-tls1", PASS_OVER, 0},
    {"-cipher", TEXT, offsetof(struct options, cipher)},
    {"-fips-202205", SET, offsetof(struct options, is_fips)},
    {"-wpa-202304", SET, offsetof(struct options, is_wpa)},
    {"-cnsa1-202603", SET, offsetof(struct options, is_cnsa1)},
    {"-curves", CODE, offsetof(struct options, curves)},
    {"-signing-prefs", CODE, offsetof(struct options, signing_prefs)},
    {"-verify-prefs", CODE, offsetof(struct options, verify_prefs)},
    {"-require-any-client-certificate", SET, offsetof(struct options, requires_client_certificate)},
    {"-verify-peer", SET, offsetof(struct options, asks_client_certificate)},
    {"-verify-fail", SET, offsetof(struct options, fails_verification)},
    {"-trust-cert", PASS_OVER_VALUE, 0}, /* the shim takes any certificate */
    {"-select-alpn", TEXT, offsetof(struct options, select_alpn)},
    {"-decline-alpn", PASS_OVER, 0}, /* without a list of ours the extension is not answered */
    {"-reject-alpn", SET, offsetof(struct options, rejects_alpn)},
    {"-no-ticket", SET, offsetof(struct options, has_no_ticket)},
    {"-resumption-delay", NUMBER, offsetof(struct options, resumption_delay)},
    {"-shim-shuts-down", SET, offsetof(struct options, shuts_down)},
    {"-key-update", SET, offsetof(struct options, updates_keys)},
    {"-check-close-notify", SET, offsetof(struct options, checks_close_notify)},
    {"-install-cert-compression-algs", SET, offsetof(struct options, compresses)},
    {"-install-one-cert-compression-alg", NUMBER, offsetof(struct options, compression)},
    {"-use-client-ca-list", TEXT, offsetof(struct options, client_cas)},
    {"-skip-ticket", SET, offsetof(struct options, seals_nothing)},
    {"-renew-ticket", SET, offsetof(struct options, ages_ticket_keys)},
    {"-export-keying-material", NUMBER, offsetof(struct options, exports)},
    {"-export-label", TEXT, offsetof(struct options, export_label)},
    {"-export-context", TEXT, offsetof(struct options, export_context)},
    {"-use-export-context", SET, offsetof(struct options, has_export_context)},
    {"-decline-ocsp-callback", SET, offsetof(struct options, declines_ocsp)},
    {"-expect-server-name", TEXT, offsetof(struct options, expect_server_name)},
    {"-expect-no-server-name", SET, offsetof(struct options, expects_no_server_name)},
    {"-expect-session-miss", SET, offsetof(struct options, expects_session_miss)},
    {"-expect-extended-master-secret", SET, offsetof(struct options, expects_extended_master_secret)},
    {"-expect-hrr", SET, offsetof(struct options, expects_hrr)},
    {"-expect-no-hrr", SET, offsetof(struct options, expects_no_hrr)},
    {"-expect-curve-id", NUMBER, offsetof(struct options, expect_curve)},
    {"-expect-selected-credential", NUMBER, offsetof(struct options, expect_credential)},
    {"-expect-cipher-aes", NUMBER, offsetof(struct options, expect_suite)},
    {"-expect-peer-cert-file", TEXT, offsetof(struct options, expect_client_chain)},
    {"-expect-msg-callback", TEXT, offsetof(struct options, expect_trace)},

    /* how BoringSSL's own interface is called, which is no difference for an engine without calls back */
    {"-async", PASS_OVER, 0},
    {"-implicit-handshake", PASS_OVER, 0},
    {"-no-op-extra-handshake", PASS_OVER, 0},
    {"-use-early-callback", PASS_OVER, 0},
    {"-use-custom-verify-callback", PASS_OVER, 0},
    {"-use-ocsp-callback", PASS_OVER, 0},
    {"-set-ocsp-in-callback", PASS_OVER, 0},
    {"-use-old-client-cert-callback", PASS_OVER, 0},
    {"-enable-ocsp-stapling", PASS_OVER, 0},
    {"-read-size", PASS_OVER_VALUE, 0},
    {"-use-ticket-callback", PASS_OVER, 0},
    {"-use-ticket-aead-callback", PASS_OVER, 0},
    {"-install-ddos-callback", PASS_OVER, 0},
    /* what we do without being told */
    {"-expect-no-session-id", PASS_OVER, 0}, /* we give none, whatever happens */
    {"-no-server-name-ack", PASS_OVER, 0},   /* server_name is answered where the name chose the certificate */
    {"-expect-reject-early-data", PASS_OVER, 0},
    {"-enable-early-data", PASS_OVER, 0}, /* -expect-accept-early-data is what cannot be done */
    {"-expect-early-data-reason", PASS_OVER_VALUE, 0},
    {"-jdk11-workaround", PASS_OVER, 0},           /* whom it is for is told apart in config.json */
    {"-expect-cipher-no-aes", PASS_OVER_VALUE, 0}, /* the client's order holds, whatever the processor is good at */
    {"-srtp-profiles", PASS_OVER_VALUE, 0},        /* an extension of DTLS: not answered over TCP */
    {"-quic-use-legacy-codepoint", PASS_OVER_VALUE, 0}, /* of QUIC, the same */
    /* what the client offered, which the runner knows by itself, or a result code of theirs */
    {"-expect-advertised-alpn", PASS_OVER_VALUE, 0},
    {"-expect-peer-verify-pref", PASS_OVER_VALUE, 0},
    {"-expect-verify-result", PASS_OVER, 0},
    /* the scheme that the runner was told to sign with; a signature of another one would not verify */
    {"-expect-peer-signature-algorithm", PASS_OVER_VALUE, 0},
};

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static struct credential_option *last_credential(struct options *options)
{
    if (options->credential_count == 0)
        return &options->default_credential;
    return &options->credentials[options->credential_count - 1];
}

/* Certificates come in groups: -new-x509-credential begins another one, what stands before is the default. */
static bool take_credential(struct options *options, const char *name, const char *value, bool *takes_value)
{
    *takes_value = true;
    if (strcmp(name, "-new-x509-credential") == 0) {
        *takes_value = false;
        if (options->credential_count == MAX_CREDENTIALS)
            decline(DEMAND_OPTION, "more credentials than the shim has room for");
        options->credential_count++;
    } else if (strcmp(name, "-signing-prefs") == 0 && options->credential_count > 0) {
        decline(DEMAND_OPTION, "-signing-prefs of a credential");
    } else if (strcmp(name, "-cert-file") == 0) {
        last_credential(options)->certificate = value;
    } else if (strcmp(name, "-key-file") == 0) {
        last_credential(options)->key = value;
    } else if (strcmp(name, "-ocsp-response") == 0) {
        last_credential(options)->ocsp = value;
    } else {
        return false;
    }
    return true;
}

static bool take_row(struct options *options, const struct row *row, const char *value)
{
    char *target = (char *)options + row->offset;
    struct codes *codes = (struct codes *)target;

    switch (row->kind) {
    case SET:
        *(bool *)target = true;
        return false;
    case NUMBER:
        *(int *)target = atoi(value);
        return true;
    case TEXT:
        *(const char **)target = value;
        return true;
    case CODE:
        if (codes->count == MAX_CODES)
            decline(DEMAND_OPTION, "more codes than the shim has room for");
        codes->at[codes->count++] = (uint16_t)atoi(value);
        return true;
    case PASS_OVER:
        return false;
    case PASS_OVER_VALUE:
        return true;
    }
    return false;
}

/* "-on-resume-x" is "-x" for all connections but the first. Answers the bare name; *applies tells whether it counts. */
static const char *strip_prefix(const char *name, int connection, bool *applies)
{
    static const char initial[] = "-on-initial", resume[] = "-on-resume", shim[] = "-on-shim";

    *applies = true;
    if (strncmp(name, shim, sizeof shim - 1) == 0)
        name += sizeof shim - 1;
    if (strncmp(name, initial, sizeof initial - 1) == 0) {
        *applies = connection == 0;
        name += sizeof initial - 1;
    } else if (strncmp(name, resume, sizeof resume - 1) == 0) {
        *applies = connection > 0;
        name += sizeof resume - 1;
    }
    return name;
}

static bool has_option(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

/* What the whole case is about goes first, whatever else is asked for. */
static void skip_other_kinds(int argc, char **argv)
{
    if (has_option(argc, argv, "-dtls"))
        skip("DTLS");
    if (has_option(argc, argv, "-quic"))
        skip("QUIC");
    if (!has_option(argc, argv, "-server"))
        skip("client");
}

struct options options_read(int argc, char **argv, int connection)
{
    struct options options = {.min_version = -1,
                              .max_version = -1,
                              .expect_curve = -1,
                              .expect_suite = -1,
                              .compression = -1,
                              .expect_credential = NO_EXPECTATION};

    skip_other_kinds(argc, argv);
    for (int i = 1; i < argc; i++) {
        struct options scratch = options;
        bool applies, takes_value;
        const char *name = strip_prefix(argv[i], connection, &applies), *value = i + 1 < argc ? argv[i + 1] : "";
        struct options *target = applies ? &options : &scratch;
        const struct row *row = find_row(name);

        if (!take_credential(target, name, value, &takes_value)) {
            if (!row)
                decline(DEMAND_OPTION, name);
            takes_value = take_row(target, row, value);
        }
        i += takes_value;
    }
    if (options.expect_trace)
        decline(DEMAND_TRACE, options.expect_trace);
    return options;
}
