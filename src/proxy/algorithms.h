/*
 * algorithms.h: profile and lists of a listener become suites, groups and signature schemes of its policy.
 */
#ifndef PROXY_ALGORITHMS_H
#define PROXY_ALGORITHMS_H

#include "config/config.h"
#include "tls/policy.h"

/* False after telling every name that is unknown, or known and not to be had here. */
MUST_CHECK bool algorithms_set(struct tls_policy *policy, const struct config_listen *listen,
                               struct config_findings findings);

/* By its name as `suites` takes it; NULL for one that algorithms_set() refuses. */
const struct tls_suite *algorithms_find_suite(const char *name);

#endif
