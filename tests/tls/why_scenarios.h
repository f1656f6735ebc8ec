/*
 * why_scenarios.h: for every reason of the failure table, what makes it happen.
 */
#ifndef TESTS_WHY_SCENARIOS_H
#define TESTS_WHY_SCENARIOS_H

#include "support/rig.h"

/* What the scenarios play with; check_why.c sets them up afresh for each. */
extern struct rig rig;
extern struct client13 client;

/* By reason; NULL for one that nothing provokes, which fails the test. */
extern void (*const why_scenarios[WHY_COUNT])(void);

/* Those of TLS 1.2, of tickets and of client certificates: why_scenarios12.c. */
#define WHYS_12(X)                                                                                                     \
    X(INAPPROPRIATE_FALLBACK)                                                                                          \
    X(MAX_FRAGMENT_LENGTH)                                                                                             \
    X(RECORD_SIZE_LIMIT)                                                                                               \
    X(POINT_FORMATS)                                                                                                   \
    X(RENEGOTIATION_INFO)                                                                                              \
    X(RESUMED_WITHOUT_EMS)                                                                                             \
    X(CLIENT_CERTIFICATE_WITHOUT_EMS)                                                                                  \
    X(RETRY_WITHOUT_PSK)                                                                                               \
    X(PSK_BINDER)                                                                                                      \
    X(CERTIFICATE_MALFORMED)                                                                                           \
    X(CERTIFICATE_CONTEXT)                                                                                             \
    X(CERTIFICATE_EXTENSION)                                                                                           \
    X(CLIENT_CERTIFICATE_MISSING)                                                                                      \
    X(CLIENT_CERTIFICATE_MISSING_12)                                                                                   \
    X(CLIENT_CERTIFICATE_BAD)                                                                                          \
    X(CLIENT_CERTIFICATE_UNKNOWN_CA)                                                                                   \
    X(CLIENT_CERTIFICATE_EXPIRED)                                                                                      \
    X(CLIENT_CERTIFICATE_REVOKED)                                                                                      \
    X(CLIENT_CERTIFICATE_CRL_STALE)                                                                                    \
    X(CLIENT_CERTIFICATE_UNSUPPORTED)                                                                                  \
    X(CERTIFICATE_VERIFY_MALFORMED)                                                                                    \
    X(CERTIFICATE_VERIFY_SCHEME)                                                                                       \
    X(CERTIFICATE_VERIFY_SIGNATURE)                                                                                    \
    X(CLIENT_KEY_EXCHANGE_MALFORMED)                                                                                   \
    X(RENEGOTIATION)
#define X(why) void provoke_##why(void);
WHYS_12(X)
#undef X

#endif
