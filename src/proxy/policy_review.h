/*
 * policy_review.h: what is odd about a policy although every part of it is good.
 *
 * Warnings alone: such a listener works, and hardly as it was meant.
 */
#ifndef PROXY_POLICY_REVIEW_H
#define PROXY_POLICY_REVIEW_H

#include "config/config.h"
#include "tls/policy.h"

/* Once `policy` has its suites, schemes and certificates. */
void policy_review(const struct tls_policy *policy, const struct config_listen *listen,
                   struct config_findings findings);

#endif
