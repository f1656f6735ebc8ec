/*
 * iana.h: code points and names, as the IANA registries and the RFCs have them, in X-macro tables.
 */
#ifndef TLS_IANA_H
#define TLS_IANA_H

#include "crypto/aead.h"
#include "crypto/hash.h"
#include "crypto/key_exchange.h"
#include "crypto/signature.h"

enum tls_version { TLS_1_0 = 0x0301, TLS_1_1 = 0x0302, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304 };

/* RFC 8446 5.1 */
enum content_type {
    CONTENT_CHANGE_CIPHER_SPEC = 20,
    CONTENT_ALERT = 21,
    CONTENT_HANDSHAKE = 22,
    CONTENT_APPLICATION_DATA = 23,
};

/* RFC 8446 4 and B.3, with those of RFC 5246 7.4 */
#define HANDSHAKE_TYPES(X)                                                                                             \
    X(HELLO_REQUEST, 0, "HelloRequest")                                                                                \
    X(CLIENT_HELLO, 1, "ClientHello")                                                                                  \
    X(SERVER_HELLO, 2, "ServerHello")                                                                                  \
    X(NEW_SESSION_TICKET, 4, "NewSessionTicket")                                                                       \
    X(END_OF_EARLY_DATA, 5, "EndOfEarlyData")                                                                          \
    X(ENCRYPTED_EXTENSIONS, 8, "EncryptedExtensions")                                                                  \
    X(CERTIFICATE, 11, "Certificate")                                                                                  \
    X(SERVER_KEY_EXCHANGE, 12, "ServerKeyExchange")                                                                    \
    X(CERTIFICATE_REQUEST, 13, "CertificateRequest")                                                                   \
    X(SERVER_HELLO_DONE, 14, "ServerHelloDone")                                                                        \
    X(CERTIFICATE_VERIFY, 15, "CertificateVerify")                                                                     \
    X(CLIENT_KEY_EXCHANGE, 16, "ClientKeyExchange")                                                                    \
    X(FINISHED, 20, "Finished")                                                                                        \
    X(CERTIFICATE_STATUS, 22, "CertificateStatus")                                                                     \
    X(KEY_UPDATE, 24, "KeyUpdate")                                                                                     \
    X(COMPRESSED_CERTIFICATE, 25, "CompressedCertificate")                                                             \
    X(MESSAGE_HASH, 254, "message_hash")
#define X(name, code, text) name = code,
enum handshake_type {
    HANDSHAKE_TYPES(X) CHANGE_CIPHER_SPEC = 256 /* no handshake message, but a row of the map of TLS 1.2 */
};
#undef X

/* RFC 8446 6 and B.2, with those of RFC 5246, RFC 7301 and RFC 7507 */
#define ALERTS(X)                                                                                                      \
    X(CLOSE_NOTIFY, 0, "close_notify")                                                                                 \
    X(UNEXPECTED_MESSAGE, 10, "unexpected_message")                                                                    \
    X(BAD_RECORD_MAC, 20, "bad_record_mac")                                                                            \
    X(RECORD_OVERFLOW, 22, "record_overflow")                                                                          \
    X(HANDSHAKE_FAILURE, 40, "handshake_failure")                                                                      \
    X(BAD_CERTIFICATE, 42, "bad_certificate")                                                                          \
    X(UNSUPPORTED_CERTIFICATE, 43, "unsupported_certificate")                                                          \
    X(CERTIFICATE_REVOKED, 44, "certificate_revoked")                                                                  \
    X(CERTIFICATE_EXPIRED, 45, "certificate_expired")                                                                  \
    X(CERTIFICATE_UNKNOWN, 46, "certificate_unknown")                                                                  \
    X(ILLEGAL_PARAMETER, 47, "illegal_parameter")                                                                      \
    X(UNKNOWN_CA, 48, "unknown_ca")                                                                                    \
    X(ACCESS_DENIED, 49, "access_denied")                                                                              \
    X(DECODE_ERROR, 50, "decode_error")                                                                                \
    X(DECRYPT_ERROR, 51, "decrypt_error")                                                                              \
    X(PROTOCOL_VERSION, 70, "protocol_version")                                                                        \
    X(INSUFFICIENT_SECURITY, 71, "insufficient_security")                                                              \
    X(INTERNAL_ERROR, 80, "internal_error")                                                                            \
    X(INAPPROPRIATE_FALLBACK, 86, "inappropriate_fallback")                                                            \
    X(USER_CANCELED, 90, "user_canceled")                                                                              \
    X(NO_RENEGOTIATION, 100, "no_renegotiation")                                                                       \
    X(MISSING_EXTENSION, 109, "missing_extension")                                                                     \
    X(UNSUPPORTED_EXTENSION, 110, "unsupported_extension")                                                             \
    X(UNRECOGNIZED_NAME, 112, "unrecognized_name")                                                                     \
    X(BAD_CERTIFICATE_STATUS_RESPONSE, 113, "bad_certificate_status_response")                                         \
    X(UNKNOWN_PSK_IDENTITY, 115, "unknown_psk_identity")                                                               \
    X(CERTIFICATE_REQUIRED, 116, "certificate_required")                                                               \
    X(NO_APPLICATION_PROTOCOL, 120, "no_application_protocol")
#define X(name, code, text) ALERT_##name = code,
enum alert { ALERTS(X) ALERT_NONE = 255 }; /* ALERT_NONE: nothing is sent, the connection just closes */
#undef X

/* The extensions we know by name; all others are ignored (RFC 8446 4.1.2). Which message may carry which: extensions.c
 */
#define EXTENSIONS(X)                                                                                                  \
    X(SERVER_NAME, 0, "server_name")                                                                                   \
    X(MAX_FRAGMENT_LENGTH, 1, "max_fragment_length")                                                                   \
    X(STATUS_REQUEST, 5, "status_request")                                                                             \
    X(SUPPORTED_GROUPS, 10, "supported_groups")                                                                        \
    X(EC_POINT_FORMATS, 11, "ec_point_formats")                                                                        \
    X(SIGNATURE_ALGORITHMS, 13, "signature_algorithms")                                                                \
    X(USE_SRTP, 14, "use_srtp")                                                                                        \
    X(HEARTBEAT, 15, "heartbeat")                                                                                      \
    X(ALPN, 16, "application_layer_protocol_negotiation")                                                              \
    X(SIGNED_CERTIFICATE_TIMESTAMP, 18, "signed_certificate_timestamp")                                                \
    X(PADDING, 21, "padding")                                                                                          \
    X(ENCRYPT_THEN_MAC, 22, "encrypt_then_mac")                                                                        \
    X(EXTENDED_MASTER_SECRET, 23, "extended_master_secret")                                                            \
    X(COMPRESS_CERTIFICATE, 27, "compress_certificate")                                                                \
    X(RECORD_SIZE_LIMIT, 28, "record_size_limit")                                                                      \
    X(DELEGATED_CREDENTIAL, 34, "delegated_credential")                                                                \
    X(SESSION_TICKET, 35, "session_ticket")                                                                            \
    X(PRE_SHARED_KEY, 41, "pre_shared_key")                                                                            \
    X(EARLY_DATA, 42, "early_data")                                                                                    \
    X(SUPPORTED_VERSIONS, 43, "supported_versions")                                                                    \
    X(COOKIE, 44, "cookie")                                                                                            \
    X(PSK_KEY_EXCHANGE_MODES, 45, "psk_key_exchange_modes")                                                            \
    X(CERTIFICATE_AUTHORITIES, 47, "certificate_authorities")                                                          \
    X(OID_FILTERS, 48, "oid_filters")                                                                                  \
    X(POST_HANDSHAKE_AUTH, 49, "post_handshake_auth")                                                                  \
    X(SIGNATURE_ALGORITHMS_CERT, 50, "signature_algorithms_cert")                                                      \
    X(KEY_SHARE, 51, "key_share")                                                                                      \
    X(QUIC_TRANSPORT_PARAMETERS, 57, "quic_transport_parameters")                                                      \
    X(APPLICATION_SETTINGS, 17613, "application_settings")                                                             \
    X(ENCRYPTED_CLIENT_HELLO, 0xfe0d, "encrypted_client_hello")                                                        \
    X(RENEGOTIATION_INFO, 0xff01, "renegotiation_info")
#define X(name, code, text) EXTENSION_##name = code,
enum extension_type { EXTENSIONS(X) };
#undef X

/* How a suite of TLS 1.2 exchanges keys and which key signs; a suite of 1.3 leaves both open. */
enum suite_exchange { EXCHANGE_ANY, EXCHANGE_ECDHE_ECDSA, EXCHANGE_ECDHE_RSA, EXCHANGE_RSA };

struct tls_suite {
    uint16_t code;
    const char *name; /* the IANA name */
    uint16_t version; /* the one version it belongs to */
    enum aead_id aead;
    enum hash_id hash;
    enum suite_exchange exchange;
};

struct tls_group {
    uint16_t code;
    const char *name; /* the IANA name */
    enum key_exchange_id key_exchange;
    bool is_post_quantum; /* a hybrid with ML-KEM: in TLS 1.3 alone */
};

struct tls_signature_scheme {
    uint16_t code;
    const char *name;              /* the name of RFC 8446 4.2.3 */
    enum signature_id signature;   /* in TLS 1.3; SIGNATURE_IDS: not there */
    enum signature_id signature12; /* in TLS 1.2, where ECDSA leaves the curve open */
};

/* The tables, in our order of preference, each ended by an entry with code 0. */
extern const struct tls_suite tls_suites[];
extern const struct tls_group tls_groups[];
extern const struct tls_signature_scheme tls_signature_schemes[];

const struct tls_suite *tls_suite_find(uint16_t code);
const struct tls_group *tls_group_find(uint16_t code);
const struct tls_signature_scheme *tls_signature_scheme_find(uint16_t code);

/* Signalling values among the cipher suites (RFC 5746 3.3, RFC 7507 2). */
enum { EMPTY_RENEGOTIATION_INFO_SCSV = 0x00ff, FALLBACK_SCSV = 0x5600 };

/* RFC 8701 2 and 3.1: 0x0a0a, 0x1a1a, ... 0xfafa mean nothing, so that servers stay used to the unknown. */
bool tls_is_grease(uint16_t code);

/* Names for logs; NULL for a code this build has no name for (also known: code points that we never negotiate). */
const char *tls_version_name(uint16_t version); /* "TLSv1.3" */
const char *tls_alert_name(uint8_t code);
const char *tls_handshake_type_name(uint8_t type);
const char *tls_extension_name(uint16_t code);
const char *tls_suite_name(uint16_t code);
const char *tls_group_name(uint16_t code);
const char *tls_signature_scheme_name(uint16_t code);

#endif
