/*
 * policy.h: what a listener agrees to. Immutable once the first connection uses it, shared by reference count.
 *
 * Built by proxy/policy from the configuration: new, then the adders, then only read. Connections keep the policy
 * they began under, so a reload swaps one pointer.
 */
#ifndef TLS_POLICY_H
#define TLS_POLICY_H

#include "crypto/certificate.h"
#include "crypto/random.h"
#include "tls/iana.h"

enum tls_unknown_sni { TLS_UNKNOWN_SNI_DEFAULT, TLS_UNKNOWN_SNI_REJECT };

enum { MAX_POLICY_SUITES = 8, MAX_POLICY_GROUPS = 8, MAX_POLICY_SCHEMES = 8, MAX_POLICY_ALPN = 16 };

/* A certificate chain as it is served. Its private key is known by key id alone. */
struct tls_credential;

struct tls_policy;

/* Every suite, group and scheme of this build, in our order of preference; no certificate, no ALPN. */
MUST_CHECK struct tls_policy *tls_policy_new(struct random_source random, uint64_t (*now)(void *context),
                                             void *now_context);
struct tls_policy *tls_policy_ref(struct tls_policy *policy);
void tls_policy_unref(struct tls_policy *policy); /* frees with the last one; NULL is fine */

/*
 * Takes over `chain`, also on failure. `label` (copied) is what logs call it. The first one added answers
 * clients that send no name, and unknown names under TLS_UNKNOWN_SNI_DEFAULT.
 */
MUST_CHECK bool tls_policy_add_certificate(struct tls_policy *policy, struct certificate_chain *chain,
                                           const char *label);

/* In the order of preference. False when the list is full, the name is empty or longer than 255, or no memory. */
MUST_CHECK bool tls_policy_add_alpn(struct tls_policy *policy, struct bytes protocol);
void tls_policy_set_unknown_sni(struct tls_policy *policy, enum tls_unknown_sni unknown_sni);

/* Replace the lists of this build; used by tests now, by explicit configuration later. False when too long. */
MUST_CHECK bool tls_policy_set_suites(struct tls_policy *policy, const struct tls_suite *const *suites, size_t count);
MUST_CHECK bool tls_policy_set_groups(struct tls_policy *policy, const struct tls_group *const *groups, size_t count);
MUST_CHECK bool tls_policy_set_schemes(struct tls_policy *policy, const struct tls_signature_scheme *const *schemes,
                                       size_t count);

/* What is allowed, for the log line of a failed handshake. */
size_t tls_policy_suites(const struct tls_policy *policy, const struct tls_suite *const **suites);
size_t tls_policy_groups(const struct tls_policy *policy, const struct tls_group *const **groups);
size_t tls_policy_schemes(const struct tls_policy *policy, const struct tls_signature_scheme *const **schemes);
size_t tls_policy_certificate_count(const struct tls_policy *policy);

const char *tls_credential_label(const struct tls_credential *credential);
const struct certificate_chain *tls_credential_chain(const struct tls_credential *credential);

#endif
