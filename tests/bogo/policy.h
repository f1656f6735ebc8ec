/*
 * policy.h: the options of a connection become a policy and its keys.
 */
#ifndef BOGO_POLICY_H
#define BOGO_POLICY_H

#include "bogo/options.h"
#include "tls/key_operation.h"
#include "tls/policy.h"

struct shim {
    struct tls_policy *policy;
    struct private_key *keys[MAX_CREDENTIALS + 1];
    size_t key_count;
    struct ticket_keys *tickets; /* the same for all connections */
    bool seals_nothing;
    int64_t time;
};

/* Ends the process where the options ask for what there is not; false without memory. */
MUST_CHECK bool shim_set_policy(struct shim *shim, const struct options *options);
void shim_wipe_policy(struct shim *shim);
MUST_CHECK bool shim_set_ticket_keys(struct shim *shim);
struct tls_key_holder shim_holder(struct shim *shim);

#endif
