/*
 * options.h: what BoringSSL's test runner asks of the shim, as far as a TLS server of our kind can do it.
 */
#ifndef BOGO_OPTIONS_H
#define BOGO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum { MAX_CODES = 16, MAX_CREDENTIALS = 8 };

/* What -expect-selected-credential says of the default one, and what stands there without it. */
enum { DEFAULT_CREDENTIAL = -1, NO_EXPECTATION = -2 };

struct codes {
    uint16_t at[MAX_CODES];
    int count;
};

struct credential_option {
    const char *certificate, *key, *ocsp; /* two files, and base64 */
};

/* One connection's. Text is NULL, numbers are -1 where nothing was asked. */
struct options {
    bool is_server, is_ipv6;
    int port, resume_count;
    const char *shim_id; /* a number of 64 bits */
    struct credential_option credentials[MAX_CREDENTIALS], default_credential;
    int credential_count; /* without the default one */
    int min_version, max_version;
    bool no_tls13, no_tls12;
    const char *cipher;
    bool is_fips, is_wpa, is_cnsa1; /* lists that BoringSSL has a name for */
    struct codes curves, signing_prefs, verify_prefs;
    bool requires_client_certificate, asks_client_certificate, fails_verification;
    const char *select_alpn;
    bool rejects_alpn, has_no_ticket;
    int resumption_delay;
    bool compresses, seals_nothing, ages_ticket_keys;
    int compression;
    const char *client_cas; /* DER Names in hexadecimal, separated by commas; or <EMPTY>, or <NULL> */
    int exports;            /* bytes of keying material */
    const char *export_label, *export_context;
    bool has_export_context;
    bool updates_keys, shuts_down, checks_close_notify, declines_ocsp;

    const char *expect_server_name;
    bool expects_no_server_name, expects_session_miss, expects_extended_master_secret, expects_hrr, expects_no_hrr;
    int expect_curve, expect_credential, expect_suite;
    const char *expect_client_chain; /* a PEM file */
    const char *expect_trace;
};

/* The options of the n-th connection, 0 being the first. Ends the process where it cannot do what is asked. */
struct options options_read(int argc, char **argv, int connection);

#endif
