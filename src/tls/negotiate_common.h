/*
 * negotiate_common.h: what the negotiations of both versions share. For negotiate12.c and negotiate13.c alone.
 */
#ifndef TLS_NEGOTIATE_COMMON_H
#define TLS_NEGOTIATE_COMMON_H

#include "tls/credential.h"
#include "tls/negotiate.h"
#include "tls/policy_types.h"

struct negotiation {
    const struct client_hello *ch;
    const struct tls_policy *policy;
    const struct offered_session *offered;
    struct choice *out;
    struct decisions *decisions; /* may be NULL */
    enum why *why;
};

/* NULL when the policy has none of this code and version. */
const struct tls_suite *negotiate_find_suite(const struct negotiation *n, uint16_t code);

/* Whether it is for clients that offer nothing else: tls_policy_set_aes_last(). */
bool negotiate_is_last_resort(const struct negotiation *n, const struct tls_suite *suite);

/* How a suite of the client's list that is not taken is recorded. */
void negotiate_reject_suite(const struct negotiation *n, uint16_t code);

/* RFC 7301 3.2: our order; no overlap is fatal. A listener without protocols ignores the extension. */
MUST_CHECK bool negotiate_alpn(const struct negotiation *n);

/* Certificate and signature scheme for a suite, whose exchange says what the key must be. Records them all. */
MUST_CHECK bool negotiate_credential(const struct negotiation *n, enum suite_exchange exchange);

/* Whether there is a certificate for it, without a record, and one within its time; else n->why says why not. */
MUST_CHECK bool negotiate_has_credential(const struct negotiation *n, enum suite_exchange exchange, bool *is_current);

/* For the record, where no certificate serves suites of this exchange: what the best of them lacks. */
enum decision_verdict negotiate_exchange_lacks(const struct negotiation *n, enum suite_exchange exchange);

/* For the record of TLS 1.2, when there is no suite: what every certificate lacks. */
void negotiate_record_unserved(const struct negotiation *n);

/* The code of max_fragment_length that this hello leads to, 0: none. */
uint8_t negotiate_fragment_length(const struct client_hello *ch);

/* Staple, record size: what never fails. */
void negotiate_options(const struct negotiation *n);

/* Whether the opened ticket's age and version let it be used at all. */
MUST_CHECK bool negotiate_session_is_usable(const struct negotiation *n, uint16_t version);

#endif
