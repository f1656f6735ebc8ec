/*
 * policy_review.h: what is odd about a policy although every part of it is good.
 *
 * Warnings: such a listener works, and hardly as it was meant. An error where no handshake at all can succeed.
 */
#ifndef PROXY_POLICY_REVIEW_H
#define PROXY_POLICY_REVIEW_H

#include "config/config.h"
#include "tls/policy.h"

/* Once `policy` has its suites, schemes and certificates. False after telling that it is good for nobody. */
MUST_CHECK bool policy_review(const struct tls_policy *policy, const struct config_listen *listen,
                              struct config_findings findings);

#endif
