/*
 * why.h: THE failure table. The reason implies the alert.
 *
 * One row a reason: its stable name for logs and counters, the alert that goes out, the sentence, and where the
 * rule is written ("8446 4.1.1": RFC and section; "-": our own decision). Where that is another place in TLS 1.2, the
 * table of why.c says so. Call sites only name the reason. Two
 * alerts are two reasons. From this table come the alert, the log line, the counter and the list of tests.
 */
#ifndef TLS_WHY_H
#define TLS_WHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHYS(X)                                                                                                        \
    /* what came is no TLS */                                                                                          \
    X(NOT_TLS, "not_tls", UNEXPECTED_MESSAGE, "the first bytes are no TLS record", "8446 5")                           \
    X(NOT_TLS_HTTP, "not_tls_http", NONE, "a plain HTTP request came to the TLS port", "-")                            \
    X(NOT_TLS_PROXY, "not_tls_proxy", NONE, "a PROXY protocol header came, none is expected here", "-")                \
    X(NOT_TLS_SSH, "not_tls_ssh", NONE, "an SSH client came to the TLS port", "-")                                     \
    X(NOT_TLS_SSLV2, "not_tls_sslv2", PROTOCOL_VERSION, "an SSLv2 hello came", "8446 D.5")                             \
    /* records */                                                                                                      \
    X(RECORD_VERSION, "record_version", PROTOCOL_VERSION, "a record carries a version that is no TLS", "8446 5.1")     \
    X(RECORD_TYPE, "record_type", UNEXPECTED_MESSAGE, "a record has an unknown or unexpected type", "8446 5")          \
    X(RECORD_TOO_LONG, "record_too_long", RECORD_OVERFLOW, "a record is longer than allowed", "8446 5.1")              \
    X(PLAINTEXT_TOO_LONG, "plaintext_too_long", RECORD_OVERFLOW, "a record opens to more than 2^14 bytes", "8446 5.4") \
    X(RECORD_MAC, "record_mac", BAD_RECORD_MAC, "a record does not decrypt", "8446 5.2")                               \
    X(RECORD_ALL_PADDING, "record_all_padding", UNEXPECTED_MESSAGE, "a record holds nothing but padding", "8446 5.4")  \
    X(EMPTY_FRAGMENT, "empty_fragment", UNEXPECTED_MESSAGE, "an empty handshake record", "8446 5.1")                   \
    X(EMPTY_RECORDS, "empty_records", UNEXPECTED_MESSAGE, "too many empty records in a row", "-")                      \
    X(CCS_MALFORMED, "ccs_malformed", UNEXPECTED_MESSAGE, "a ChangeCipherSpec that is not the one byte 1", "8446 5")   \
    X(CCS_UNEXPECTED, "ccs_unexpected", UNEXPECTED_MESSAGE, "a ChangeCipherSpec out of place", "8446 5")               \
    X(CCS_FLOOD, "ccs_flood", UNEXPECTED_MESSAGE, "too many ChangeCipherSpec records", "-")                            \
    X(EARLY_DATA_TOO_LONG, "early_data_too_long", UNEXPECTED_MESSAGE, "more declined early data than we skip",         \
      "8446 4.6.1")                                                                                                    \
    X(SEQUENCE_EXHAUSTED, "sequence_exhausted", INTERNAL_ERROR, "the record sequence numbers ran out", "8446 5.3")     \
    X(RECORD_UNPROTECTED, "record_unprotected", UNEXPECTED_MESSAGE, "a record in the clear after the keys changed",    \
      "8446 5")                                                                                                        \
    X(RECORDS_INTERLEAVED, "records_interleaved", UNEXPECTED_MESSAGE, "another record inside a handshake message",     \
      "8446 5.1")                                                                                                      \
    /* alerts that came */                                                                                             \
    X(ALERT_MALFORMED, "alert_malformed", DECODE_ERROR, "an alert that is not two bytes", "8446 6")                    \
    X(ALERT_LEVEL, "alert_level", ILLEGAL_PARAMETER, "an alert of an unknown level", "8446 6")                         \
    X(ALERT_RECEIVED, "alert_received", NONE, "the client gave up with an alert", "8446 6.2")                          \
    X(ALERT_FLOOD, "alert_flood", UNEXPECTED_MESSAGE, "too many warning alerts", "-")                                  \
    X(CLOSED_EARLY, "closed_early", NONE, "the client closed during the handshake", "8446 6.1")                        \
    X(CUT_OFF, "cut_off", NONE, "the connection broke off during the handshake", "8446 6.1")                           \
    X(NO_BYTES, "no_bytes", NONE, "the client connected and left without a byte", "-")                                 \
    /* handshake framing */                                                                                            \
    X(UNEXPECTED_HANDSHAKE, "unexpected_message", UNEXPECTED_MESSAGE, "a handshake message out of order", "8446 4")    \
    X(MESSAGE_TOO_LONG, "message_too_long", ILLEGAL_PARAMETER, "a handshake message is longer than allowed here", "-") \
    X(TRAILING_BYTES, "trailing_bytes", DECODE_ERROR, "bytes are left over in a handshake message", "8446 6.2")        \
    X(ACROSS_KEY_CHANGE, "across_key_change", UNEXPECTED_MESSAGE, "a message does not end its record at a key change", \
      "8446 5.1")                                                                                                      \
    X(HANDSHAKE_FLOOD, "handshake_flood", UNEXPECTED_MESSAGE, "too many handshake messages without any data", "-")     \
    /* ClientHello */                                                                                                  \
    X(CLIENT_HELLO_MALFORMED, "client_hello_malformed", DECODE_ERROR, "the ClientHello does not parse", "8446 4.1.2")  \
    X(LEGACY_VERSION, "legacy_version", PROTOCOL_VERSION, "legacy_version is SSL 3.0 or older", "8446 D.5")            \
    X(NO_COMMON_VERSION, "no_common_version", PROTOCOL_VERSION, "no protocol version in common", "8446 4.2.1")         \
    X(INAPPROPRIATE_FALLBACK, "inappropriate_fallback", INAPPROPRIATE_FALLBACK,                                        \
      "the client fell back from a version that both sides speak", "7507 3")                                           \
    X(COMPRESSION, "compression", ILLEGAL_PARAMETER, "a compression method other than null is offered", "8446 4.1.2")  \
    X(EXTENSION_DUPLICATE, "extension_duplicate", ILLEGAL_PARAMETER, "an extension is there twice", "8446 4.2")        \
    X(EXTENSION_MALFORMED, "extension_malformed", DECODE_ERROR, "an extension does not parse", "8446 4.2")             \
    X(EXTENSION_MISPLACED, "extension_misplaced", ILLEGAL_PARAMETER,                                                   \
      "an extension that does not belong in this message", "8446 4.2")                                                 \
    X(PSK_NOT_LAST, "psk_not_last", ILLEGAL_PARAMETER, "pre_shared_key is not the last extension", "8446 4.2.11")      \
    X(PSK_WITHOUT_MODES, "psk_without_modes", MISSING_EXTENSION, "pre_shared_key without psk_key_exchange_modes",      \
      "8446 4.2.9")                                                                                                    \
    X(PSK_MALFORMED, "psk_malformed", ILLEGAL_PARAMETER, "pre_shared_key with unequal identities and binders",         \
      "8446 4.2.11")                                                                                                   \
    X(NO_SIGNATURE_ALGORITHMS, "no_signature_algorithms", MISSING_EXTENSION, "signature_algorithms is missing",        \
      "8446 4.2.3")                                                                                                    \
    X(NO_SUPPORTED_GROUPS, "no_supported_groups", MISSING_EXTENSION, "supported_groups is missing", "8446 9.2")        \
    X(NO_KEY_SHARE, "no_key_share", MISSING_EXTENSION, "key_share is missing", "8446 9.2")                             \
    X(SNI_INVALID, "sni_invalid", ILLEGAL_PARAMETER, "server_name holds something that is no host name", "6066 3")     \
    X(SNI_UNKNOWN, "sni_unknown", UNRECOGNIZED_NAME, "no certificate for this name", "6066 3")                         \
    X(MAX_FRAGMENT_LENGTH, "max_fragment_length", ILLEGAL_PARAMETER, "max_fragment_length has an unknown value",       \
      "6066 4")                                                                                                        \
    X(RECORD_SIZE_LIMIT, "record_size_limit", ILLEGAL_PARAMETER, "record_size_limit is less than 64", "8449 4")        \
    X(POINT_FORMATS, "point_formats", ILLEGAL_PARAMETER, "ec_point_formats without the uncompressed format",           \
      "8422 5.1.2")                                                                                                    \
    X(RENEGOTIATION_INFO, "renegotiation_info", HANDSHAKE_FAILURE,                                                     \
      "renegotiation_info speaks of an earlier handshake", "5746 3.6")                                                 \
    /* negotiation */                                                                                                  \
    X(NO_COMMON_SUITE, "no_common_suite", HANDSHAKE_FAILURE, "no cipher suite in common", "8446 4.1.1")                \
    X(NO_COMMON_GROUP, "no_common_group", HANDSHAKE_FAILURE, "no key exchange group in common", "8446 4.1.1")          \
    X(NO_POST_QUANTUM, "no_post_quantum", HANDSHAKE_FAILURE,                                                           \
      "the client does not take the post-quantum key exchange that is required here", "-")                             \
    X(NO_COMMON_SCHEME, "no_common_scheme", HANDSHAKE_FAILURE,                                                         \
      "no certificate fits the client's signature algorithms", "8446 4.4.2.2")                                         \
    X(NO_COMMON_ALPN, "no_common_alpn", NO_APPLICATION_PROTOCOL, "no application protocol in common", "7301 3.2")      \
    X(RESUMED_WITHOUT_EMS, "resumed_without_ems", HANDSHAKE_FAILURE,                                                   \
      "the ticket comes from an extended master secret, the ClientHello offers none", "7627 5.3")                      \
    X(CLIENT_CERTIFICATE_WITHOUT_EMS, "client_certificate_without_ems", HANDSHAKE_FAILURE,                             \
      "client certificates need the extended master secret, the client offers none", "-")                              \
    X(PSK_BINDER, "psk_binder", DECRYPT_ERROR, "the binder of the ticket does not verify", "8446 4.2.11")              \
    X(KEY_SHARE_DUPLICATE, "key_share_duplicate", ILLEGAL_PARAMETER, "two key shares for one group", "8446 4.2.8")     \
    X(KEY_SHARE_UNOFFERED, "key_share_unoffered", ILLEGAL_PARAMETER, "a key share for a group that is not offered",    \
      "8446 4.2.8")                                                                                                    \
    X(KEY_SHARE_INVALID, "key_share_invalid", ILLEGAL_PARAMETER, "the key share is no valid public value",             \
      "8446 4.2.8.1")                                                                                                  \
    /* HelloRetryRequest */                                                                                            \
    X(RETRY_CHANGED, "retry_changed", ILLEGAL_PARAMETER, "the second ClientHello differs where it must not",           \
      "8446 4.1.2")                                                                                                    \
    X(RETRY_KEY_SHARE, "retry_key_share", ILLEGAL_PARAMETER, "the second ClientHello lacks the one share asked for",   \
      "8446 4.1.2")                                                                                                    \
    X(RETRY_WITHOUT_PSK, "retry_without_psk", MISSING_EXTENSION, "the second ClientHello lacks the PSK of the first",  \
      "8446 4.1.2")                                                                                                    \
    X(RETRY_EARLY_DATA, "retry_early_data", ILLEGAL_PARAMETER, "early_data in the second ClientHello", "8446 4.2.10")  \
    /* the client's certificate */                                                                                     \
    X(CERTIFICATE_MALFORMED, "certificate_malformed", DECODE_ERROR, "the client's Certificate message does not parse", \
      "8446 4.4.2")                                                                                                    \
    X(CERTIFICATE_CONTEXT, "certificate_context", ILLEGAL_PARAMETER,                                                   \
      "the client's Certificate answers another request", "8446 4.4.2")                                                \
    X(CERTIFICATE_EXTENSION, "certificate_extension", UNSUPPORTED_EXTENSION,                                           \
      "the client's Certificate carries an extension we did not ask for", "8446 4.4.2")                                \
    X(CLIENT_CERTIFICATE_MISSING, "client_certificate_missing", CERTIFICATE_REQUIRED,                                  \
      "the client showed no certificate", "8446 4.4.2.4")                                                              \
    X(CLIENT_CERTIFICATE_MISSING_12, "client_certificate_missing_12", HANDSHAKE_FAILURE,                               \
      "the client of TLS 1.2 showed no certificate", "5246 7.4.6")                                                     \
    X(CLIENT_CERTIFICATE_BAD, "client_certificate_bad", BAD_CERTIFICATE,                                               \
      "the client's certificate does not parse or is too long", "8446 6.2")                                            \
    X(CLIENT_CERTIFICATE_UNKNOWN_CA, "client_certificate_unknown_ca", UNKNOWN_CA,                                      \
      "the client's certificate leads to none of the configured CAs", "8446 6.2")                                      \
    X(CLIENT_CERTIFICATE_EXPIRED, "client_certificate_expired", CERTIFICATE_EXPIRED,                                   \
      "a certificate of the client is expired or not valid yet", "8446 6.2")                                           \
    X(CLIENT_CERTIFICATE_REVOKED, "client_certificate_revoked", CERTIFICATE_REVOKED,                                   \
      "a certificate of the client is revoked", "8446 6.2")                                                            \
    X(CLIENT_CERTIFICATE_CRL_STALE, "client_certificate_crl_stale", CERTIFICATE_UNKNOWN,                               \
      "no current CRL tells whether the client's certificate is revoked", "8446 6.2")                                  \
    X(CLIENT_CERTIFICATE_UNSUPPORTED, "client_certificate_unsupported", UNSUPPORTED_CERTIFICATE,                       \
      "the client's certificate is too weak, not for clients, or has a CA we cannot judge", "8446 6.2")                \
    X(CERTIFICATE_VERIFY_MALFORMED, "certificate_verify_malformed", DECODE_ERROR, "CertificateVerify does not parse",  \
      "8446 4.4.3")                                                                                                    \
    X(CERTIFICATE_VERIFY_SCHEME, "certificate_verify_scheme", ILLEGAL_PARAMETER,                                       \
      "CertificateVerify uses a signature scheme that does not fit or was not asked for", "8446 4.4.3")                \
    X(CERTIFICATE_VERIFY_SIGNATURE, "certificate_verify_signature", DECRYPT_ERROR,                                     \
      "the signature of CertificateVerify is wrong", "8446 4.4.3")                                                     \
    /* TLS 1.2 */                                                                                                      \
    X(CLIENT_KEY_EXCHANGE_MALFORMED, "client_key_exchange_malformed", DECODE_ERROR,                                    \
      "ClientKeyExchange does not parse", "5246 7.4.7")                                                                \
    X(RENEGOTIATION, "renegotiation", NO_RENEGOTIATION, "the client wants to renegotiate, which is refused",           \
      "5746 4.4")                                                                                                      \
    /* the client's Finished and what follows */                                                                       \
    X(FINISHED_LENGTH, "finished_length", DECODE_ERROR, "Finished has the wrong length", "8446 4.4.4")                 \
    X(FINISHED_MAC, "finished_mac", DECRYPT_ERROR, "Finished does not verify", "8446 4.4.4")                           \
    X(DATA_BEFORE_FINISHED, "data_before_finished", UNEXPECTED_MESSAGE, "application data before Finished",            \
      "8446 4.4.4")                                                                                                    \
    X(KEY_UPDATE_MALFORMED, "key_update_malformed", DECODE_ERROR, "KeyUpdate is not one byte", "8446 4.6.3")           \
    X(KEY_UPDATE_VALUE, "key_update_value", ILLEGAL_PARAMETER, "KeyUpdate asks for something unknown", "8446 4.6.3")   \
    X(KEY_UPDATE_IGNORED, "key_update_ignored", UNEXPECTED_MESSAGE,                                                    \
      "the client was asked for a new key and kept the old one", "8446 5.5")                                           \
    /* ours */                                                                                                         \
    X(KEY_OPERATION, "key_operation", INTERNAL_ERROR, "the private key did not answer", "-")                           \
    X(CRYPTO, "crypto", INTERNAL_ERROR, "a cryptographic primitive failed", "-")                                       \
    X(NO_MEMORY, "no_memory", INTERNAL_ERROR, "out of memory", "-")                                                    \
    X(INTERNAL, "internal", INTERNAL_ERROR, "a fault in sallyport itself", "-")                                        \
    /* the proxy's; none says close_notify, which would tell the client that all of the backend's text came */         \
    X(TIMEOUT_CLIENT_HELLO, "timeout_client_hello", NONE, "no complete ClientHello in time", "-")                      \
    X(TIMEOUT_HANDSHAKE, "timeout_handshake", NONE, "the handshake did not end in time", "-")                          \
    X(TIMEOUT_IDLE, "timeout_idle", NONE, "nothing was sent for too long", "-")                                        \
    X(TIMEOUT_WRITE, "timeout_write", NONE, "the client took nothing for too long", "-")                               \
    X(BACKEND_REFUSED, "backend_refused", INTERNAL_ERROR, "no backend server took the connection", "-")                \
    X(BACKEND_TIMEOUT, "backend_timeout", INTERNAL_ERROR, "no backend server answered in time", "-")                   \
    X(BACKEND_UNRESOLVED, "backend_unresolved", INTERNAL_ERROR, "the backend's name does not resolve (yet)", "-")      \
    X(BACKEND_RESET, "backend_reset", INTERNAL_ERROR, "the backend reset the connection", "-")                         \
    X(OVERLOADED, "overloaded", INTERNAL_ERROR, "the limit of connections is reached", "-")                            \
    X(OVERLOADED_SOURCE, "overloaded_source", INTERNAL_ERROR,                                                          \
      "there is no time for all full handshakes, and the client's network had its share", "-")                         \
    X(SHUTDOWN, "shutdown", NONE, "sallyport is stopping", "-")

#define X(name, text, alert, sentence, section) WHY_##name,
enum why { WHY_NONE, WHYS(X) WHY_COUNT };
#undef X

const char *why_name(enum why why);     /* "no_common_group"; "none" for WHY_NONE */
const char *why_sentence(enum why why); /* "no key exchange group in common" */
uint8_t why_alert(enum why why);        /* an enum alert; ALERT_NONE: nothing is sent */

/* "8446 4.1.1", or NULL for our own decisions. `version` is the one chosen, 0: none yet. */
const char *why_section(enum why why, uint16_t version);

#endif
