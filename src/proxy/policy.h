/*
 * policy.h: what the configuration says about a listener becomes what the engine agrees to.
 *
 * Its parts are read elsewhere: credentials.h (certificates and their keys), algorithms.h, staples.h, client_policy.h.
 * Here they come together; policy_review.h warns of what shows only then.
 */
#ifndef PROXY_POLICY_H
#define PROXY_POLICY_H

#include "config/config.h"
#include "proxy/keyring.h"
#include "proxy/supply.h"
#include "tls/policy.h"

/*
 * The policy of one listener, its private keys added to `keyring`. Without a keyring it is built of what is public
 * alone: others hold the keys. NULL after telling every fault found.
 */
MUST_CHECK struct tls_policy *policy_build(const struct config_listen *listen, const struct supply *supply,
                                           struct keyring *keyring, struct config_findings findings);

/* The clock that policies are built with: microseconds of CLOCK_MONOTONIC. */
uint64_t policy_now(void *context);

#endif
