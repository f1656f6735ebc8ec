/*
 * client_policy.h: whom a listener asks for a certificate, and whom it believes.
 */
#ifndef PROXY_CLIENT_POLICY_H
#define PROXY_CLIENT_POLICY_H

#include "config/config.h"
#include "proxy/supply.h"
#include "tls/policy.h"

/* Reads CAs and CRLs. False after telling what cannot be read or used; what will run out is told as a warning. */
MUST_CHECK bool client_policy_set(struct tls_policy *policy, const struct config_listen *listen,
                                  const struct supply *supply, int64_t now, struct config_findings findings);

#endif
