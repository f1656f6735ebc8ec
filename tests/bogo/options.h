/*
 * options.h: what BoringSSL's test runner asks of the shim, as far as a TLS server of our kind can do it.
 */
#ifndef BOGO_OPTIONS_H
#define BOGO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The runner's words for the exit status. */
enum { EXIT_SHIM_FAILED = 1, EXIT_ALLOCATION_FAILED = 88, EXIT_UNIMPLEMENTED = 89 };

enum { MAX_CODES = 16, MAX_CREDENTIALS = 8 };

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
    struct credential_option credentials[MAX_CREDENTIALS];
    int credential_count;
    int min_version, max_version;
    bool no_tls13, no_tls12;
    const char *cipher;
    struct codes curves, signing_prefs, verify_prefs;
    bool requires_client_certificate, asks_client_certificate, fails_verification;
    const char *select_alpn;
    bool rejects_alpn, has_no_ticket;
    int resumption_delay;
    bool updates_keys, shuts_down, checks_close_notify, declines_ocsp;

    const char *expect_server_name;
    bool expects_no_server_name, expects_session_miss, expects_extended_master_secret, expects_hrr, expects_no_hrr;
    int expect_curve, expect_peer_signature, expect_credential;
};

/* The options of the n-th connection, 0 being the first. Ends the process where it cannot do what is asked. */
struct options options_read(int argc, char **argv, int connection);

#endif
