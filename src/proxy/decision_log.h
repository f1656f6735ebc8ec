/*
 * decision_log.h: the record of a negotiation as a line of the log, for who wants to know why it went as it did.
 */
#ifndef PROXY_DECISION_LOG_H
#define PROXY_DECISION_LOG_H

#include "tls/decision.h"
#include "tls/policy.h"

/* At level debug, one field a subject: "x25519: no key share came for it; secp256r1: chosen". NULL: nothing. */
void decision_log_write(uint64_t id, const struct tls_policy *policy, const struct decisions *decisions);

#endif
