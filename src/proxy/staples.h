/*
 * staples.h: OCSP responses from files, each for the certificate it speaks of.
 */
#ifndef PROXY_STAPLES_H
#define PROXY_STAPLES_H

#include "config/config.h"
#include "tls/policy.h"

/*
 * False after telling what cannot be read, or is for none of the `chains`, which are those of the policy in its order.
 * What is out of date or says something else than good is told as a warning and not served. What expires later is not
 * served from then on: staple_watch.h tells that. `policy` NULL: it has no certificates, for a fault of theirs; the
 * files are read alone.
 */
MUST_CHECK bool staples_set(struct tls_policy *policy, const struct config_listen *listen, int64_t now,
                            struct config_findings findings);

#endif
