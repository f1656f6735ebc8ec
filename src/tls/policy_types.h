/*
 * policy_types.h: the inside of a policy, for the engine alone.
 */
#ifndef TLS_POLICY_TYPES_H
#define TLS_POLICY_TYPES_H

#include "tls/client_hello.h"
#include "tls/policy.h"

/* One body of a message; NULL: there is none. */
struct encoded_body {
    uint8_t *at;
    size_t len;
};

struct encoded_certificate {
    struct encoded_body certificate;                        /* Certificate of RFC 8446 4.4.2 */
    struct encoded_body compressed[MAX_POLICY_COMPRESSORS]; /* CompressedCertificate of RFC 8879 4; where smaller */
};

struct tls_credential {
    char *label;
    struct certificate_chain *chain;
    /* Bodies of messages, encoded once; [1] is with the staple, empty when there is none. */
    struct encoded_certificate encoded[2];
    uint8_t *staple; /* OCSPResponse; NULL: none */
    size_t staple_len;
    struct tls_staple_time staple_time;
    uint16_t index;  /* in the order they were added */
    bool is_default; /* the first one added, and those that share a name with it (RSA beside ECDSA) */
    struct tls_credential *next, *next_default, *next_alike; /* next_alike: of the same key type */
};

/* One name of one credential. The array is sorted, so that thousands of names cost a dozen comparisons. */
struct credential_name {
    struct bytes name; /* lower case; of "*.example.org" the part from the dot on */
    bool is_wildcard;
    struct tls_credential *credential;
};

/* P-256, P-384, P-521; of RSA the short ones, for which some hashes are too long. */
enum { MAX_KEY_TYPES = 7 };

struct tls_policy {
    unsigned references;
    struct random_source random;
    uint64_t (*now)(void *context);
    void *now_context;
    int64_t (*time)(void *context); /* NULL: no clock, so no tickets, client certificates, OCSP responses */
    const struct tls_suite *suites[MAX_POLICY_SUITES];
    const struct tls_group *groups[MAX_POLICY_GROUPS];
    const struct tls_signature_scheme *schemes[MAX_POLICY_SCHEMES];        /* for our signatures */
    const struct tls_signature_scheme *client_schemes[MAX_POLICY_SCHEMES]; /* for those of clients */
    struct bytes alpn[MAX_POLICY_ALPN];                                    /* own their bytes */
    size_t suite_count, group_count, scheme_count, client_scheme_count, alpn_count;
    enum tls_post_quantum post_quantum;
    enum tls_unknown_sni unknown_sni;
    struct tls_credential *credentials; /* in the order they were added */
    struct tls_credential *defaults;    /* in that order, too */
    size_t credential_count;
    /* Sets that are of one kind of key and make the same signatures: in this they are all alike. */
    struct {
        struct tls_credential *first, *last;
    } key_types[MAX_KEY_TYPES];
    size_t key_type_count;
    struct credential_name *names;
    size_t name_count;
    const struct tls_compressor *compressors[MAX_POLICY_COMPRESSORS];
    size_t compressor_count;
    enum tls_client_certificate client_certificate;
    struct client_trust *client_trust;
    unsigned ticket_count; /* 0: no resumption */
    uint32_t ticket_lifetime;
    uint8_t resumption_context[32]; /* of listener and client-certificate policy; goes into every ticket's binding */
    bool has_dynamic_records;
    bool has_aes_last;
};

/* Whether any suite of the policy belongs to `version`. */
bool policy_has_version(const struct tls_policy *policy, uint16_t version);

/* Where `wanted` stands among the sorted names, or would stand; and whether it stands there. */
size_t policy_name_at(const struct tls_policy *policy, const struct credential_name *wanted);
bool policy_has_name_at(const struct tls_policy *policy, size_t at, const struct credential_name *wanted);

#endif
