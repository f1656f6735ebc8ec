/*
 * credentials.h: the certificates of a listener and their private keys.
 *
 * Reads their files, pairs them by public key (never by their order) and reviews what a client might stumble over.
 * Those of directories (certificate_dir.h) come behind those that are listed.
 */
#ifndef PROXY_CREDENTIALS_H
#define PROXY_CREDENTIALS_H

#include "config/config.h"
#include "proxy/keyring.h"
#include "proxy/supply.h"
#include "tls/policy.h"

/*
 * The chains go to `policy`, the keys to `keyring`; NULL: keys are none of our business, they are neither read nor
 * paired. False after telling every fault, and then both are of no use any more.
 */
MUST_CHECK bool credentials_add(struct tls_policy *policy, const struct config_listen *listen,
                                const struct supply *supply, struct keyring *keyring, struct config_findings findings);

#endif
