/*
 * decision.h: the record of a negotiation, what was chosen and what was rejected and why.
 *
 * negotiate() writes it as it goes; the log, the admin view and `sallyport explain` read it. An entry is four bytes, so
 * every handshake keeps one.
 */
#ifndef TLS_DECISION_H
#define TLS_DECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was decided. `code` is its code point (of a certificate: its index in the policy; of ALPN: the index in ours).
 */
#define DECISION_SUBJECTS(X)                                                                                           \
    X(VERSION, "version")                                                                                              \
    X(SUITE, "suite")                                                                                                  \
    X(GROUP, "group")                                                                                                  \
    X(SIGNATURE, "signature")                                                                                          \
    X(CERTIFICATE, "certificate")                                                                                      \
    X(ALPN, "alpn")                                                                                                    \
    X(RESUMPTION, "resumption") /* code: the index of the ticket among those offered */                                \
    X(CLIENT_CERTIFICATE, "client_certificate")                                                                        \
    X(COMPRESSION, "certificate_compression")                                                                          \
    X(STAPLE, "ocsp_staple")

#define DECISION_VERDICTS(X)                                                                                           \
    X(CHOSEN, "chosen")                                                                                                \
    X(AS_DEFAULT, "chosen, for no certificate carries the name asked for")                                             \
    X(NOT_OFFERED, "not offered by the client")                                                                        \
    X(NOT_ALLOWED, "not allowed here")                                                                                 \
    X(UNKNOWN, "not known to this build")                                                                              \
    X(OTHER_VERSION, "belongs to another version")                                                                     \
    X(LESS_PREFERRED, "the one chosen is preferred")                                                                   \
    X(NO_SHARE, "no key share came for it")                                                                            \
    X(RETRIED, "asked for with a HelloRetryRequest")                                                                   \
    X(NO_FORWARD_SECRECY, "no forward secrecy, and one that has it fits")                                              \
    X(NO_CERTIFICATE, "no certificate of its kind")                                                                    \
    X(NO_NAME, "no certificate of its kind carries the name asked for")                                                \
    X(NO_SCHEME, "no signature scheme in common for it")                                                               \
    X(SCHEME_NOT_ALLOWED, "the signature schemes that the client takes for it are not allowed here")                   \
    X(OTHER_SUITE, "does not sign for the suite that was chosen")                                                      \
    X(NO_CURVE, "no curve in common for it")                                                                           \
    X(NAME_DIFFERS, "does not carry the name asked for")                                                               \
    X(KEY_DIFFERS, "its key makes no signature the client takes")                                                      \
    X(KIND_DIFFERS, "the suite that was chosen needs another kind of key")                                             \
    X(NO_SUITE, "no suite in common is for its kind of key")                                                           \
    X(CURVE_DIFFERS, "its curve is none that the client names")                                                        \
    X(NOT_OPENED, "the ticket does not open: unknown key, changed, or for another listener, name or client policy")    \
    X(TOO_OLD, "the ticket is too old")                                                                                \
    X(VERSION_DIFFERS, "the ticket is of another version")                                                             \
    X(SUITE_DIFFERS, "the ticket's suite does not fit")                                                                \
    X(FRAGMENT_LENGTH_DIFFERS, "the ticket's session had another max_fragment_length")                                 \
    X(NO_IDENTITY, "the ticket carries no client certificate, and one is required")                                    \
    X(NO_EXTENDED_MASTER_SECRET, "no extended master secret")                                                          \
    X(NO_DHE_MODE, "the client does not take psk_dhe_ke")                                                              \
    X(SWITCHED_OFF, "switched off here")                                                                               \
    X(ASKED, "asked for")                                                                                              \
    X(BIGGER, "would not be smaller")                                                                                  \
    X(NOT_CURRENT, "has expired, or is not valid yet")                                                                 \
    X(NO_CURRENT_CERTIFICATE, "its certificate has expired, or is not valid yet, and another one is current")

#define X(name, text) DECISION_##name,
enum decision_subject { DECISION_SUBJECTS(X) DECISION_SUBJECT_COUNT };
#undef X
#define X(name, text) VERDICT_##name,
enum decision_verdict { DECISION_VERDICTS(X) DECISION_VERDICT_COUNT };
#undef X

enum {
    MAX_REJECTED = 16, /* of a subject, so that none pushes out another, whatever a client offers */
    MAX_DECISIONS = 128,
};

struct decision {
    uint8_t subject; /* an enum decision_subject */
    uint8_t verdict; /* an enum decision_verdict */
    uint16_t code;
};

struct decisions {
    struct decision entries[MAX_DECISIONS]; /* what does not fit any more is left out, never what was chosen */
    uint8_t count;
    uint8_t rejected[DECISION_SUBJECT_COUNT];  /* among the entries */
    uint16_t left_out[DECISION_SUBJECT_COUNT]; /* how many */
};

/* What `decision` is about, in words: "TLSv1.3", "x25519", a certificate's label; a number where it has no name. */
struct tls_policy;
enum { DECISION_TEXT_LEN = 256 };
void decision_code_text(const struct decision *decision, const struct tls_policy *policy, char text[DECISION_TEXT_LEN]);

const char *decision_subject_name(enum decision_subject subject);
const char *decision_verdict_text(enum decision_verdict verdict);

/* What was decided and not what was rejected: chosen, chosen for want of a better one, asked for. */
bool decision_is_choice(const struct decision *decision);

/* Why something was rejected is not kept any more, or nobody wants to know. */
bool decisions_are_full(const struct decisions *decisions, enum decision_subject subject);

/* One more line. `decisions` NULL: nobody wants to know. */
void decide(struct decisions *decisions, enum decision_subject subject, enum decision_verdict verdict, uint16_t code);

/* `count` more that were not taken, without a line. */
void decisions_leave_out(struct decisions *decisions, enum decision_subject subject, size_t count);

#endif
