/*
 * policy.h: what the configuration says about a listener becomes what the engine agrees to.
 *
 * Reads the certificate and key files, pairs them by public key (never by their order), and tells every fault in
 * words with the file and line of the option that named it.
 */
#ifndef PROXY_POLICY_H
#define PROXY_POLICY_H

#include "config/config.h"
#include "proxy/keyring.h"
#include "tls/policy.h"

/*
 * The policy of one listener, its private keys added to `keyring`. NULL after telling every fault found: a file
 * that cannot be read or used, a certificate without its key, a key without its certificate. What a client might
 * stumble over (an expired certificate, a missing intermediate) is told as "warning: ..." and served all the same.
 *
 * With CONFIG_CERTIFICATE_DEVELOPMENT the development certificate is loaded, and made if there is none yet.
 */
MUST_CHECK struct tls_policy *policy_build(const struct config_listen *listen, struct keyring *keyring,
                                           struct config_findings findings);

/* The clock that policies are built with: microseconds of CLOCK_MONOTONIC. */
uint64_t policy_now(void *context);

#endif
