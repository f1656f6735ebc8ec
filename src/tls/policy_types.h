/*
 * policy_types.h: the inside of a policy, for the engine alone.
 */
#ifndef TLS_POLICY_TYPES_H
#define TLS_POLICY_TYPES_H

#include "tls/client_hello.h"
#include "tls/policy.h"

struct tls_credential {
    char *label;
    struct certificate_chain *chain;
    uint8_t *certificate_list; /* the CertificateEntry list of RFC 8446 4.4.2, encoded once */
    size_t certificate_list_len;
    bool is_default; /* the first one added, and those that share a name with it (RSA beside ECDSA) */
    struct tls_credential *next;
};

/* One name of one credential. The array is sorted, so that thousands of names cost a dozen comparisons. */
struct credential_name {
    struct bytes name; /* lower case; of "*.example.org" the part from the dot on */
    bool is_wildcard;
    struct tls_credential *credential;
};

struct tls_policy {
    unsigned references;
    struct random_source random;
    uint64_t (*now)(void *context);
    void *now_context;
    const struct tls_suite *suites[MAX_POLICY_SUITES];
    const struct tls_group *groups[MAX_POLICY_GROUPS];
    const struct tls_signature_scheme *schemes[MAX_POLICY_SCHEMES];
    struct bytes alpn[MAX_POLICY_ALPN]; /* own their bytes */
    size_t suite_count, group_count, scheme_count, alpn_count;
    enum tls_unknown_sni unknown_sni;
    struct tls_credential *credentials; /* in the order they were added */
    size_t credential_count;
    struct credential_name *names;
    size_t name_count;
};

/* Where `wanted` stands among the sorted names, or would stand; and whether it stands there. */
size_t policy_name_at(const struct tls_policy *policy, const struct credential_name *wanted);
bool policy_has_name_at(const struct tls_policy *policy, size_t at, const struct credential_name *wanted);

#endif
