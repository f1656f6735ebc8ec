/*
 * policy.h: what a listener agrees to. Immutable once the first connection uses it, shared by reference count.
 *
 * Built by proxy/policy from the configuration: new, then the adders, then only read. Connections keep the policy
 * they began under, so a reload swaps one pointer.
 */
#ifndef TLS_POLICY_H
#define TLS_POLICY_H

#include "crypto/certificate.h"
#include "crypto/client_trust.h"
#include "crypto/random.h"
#include "tls/iana.h"

enum tls_unknown_sni { TLS_UNKNOWN_SNI_DEFAULT, TLS_UNKNOWN_SNI_REJECT };

/*
 * What a group with ML-KEM is to us. AS_LISTED: what its place among the groups says. PREFERRED: a client that names
 * one is asked for a share of it even where it sent a share of another group. REQUIRED: likewise, and who names none,
 * or speaks TLS 1.2 alone, is refused.
 */
enum tls_post_quantum { TLS_POST_QUANTUM_AS_LISTED, TLS_POST_QUANTUM_PREFERRED, TLS_POST_QUANTUM_REQUIRED };

/* NONE: not asked for. OPTIONAL: who shows one must show a good one; who shows none passes. */
enum tls_client_certificate {
    TLS_CLIENT_CERTIFICATE_NONE,
    TLS_CLIENT_CERTIFICATE_OPTIONAL,
    TLS_CLIENT_CERTIFICATE_REQUIRED,
};

enum {
    MAX_POLICY_SUITES = 16,
    MAX_POLICY_GROUPS = 8,
    MAX_POLICY_SCHEMES = 16,
    MAX_POLICY_ALPN = 16,
    MAX_POLICY_COMPRESSORS = 2,
    MAX_STAPLE_LEN = 8 * 1024,
    MAX_TICKET_LIFETIME = 7 * 24 * 3600, /* RFC 8446 4.6.1 MUST NOT be more */
};

/* A certificate chain as it is served. Its private key is known by key id alone. */
struct tls_credential;

struct tls_policy;

/* How a Certificate message is made smaller (RFC 8879); done once for each certificate, when it is added. */
struct tls_compressor {
    uint16_t code; /* CertificateCompressionAlgorithm */
    const char *name;
    /* `out` has room for *len bytes; *len becomes what was used. False: it does not fit, or failed. */
    bool (*compress)(struct bytes in, uint8_t *out, size_t *len);
};

/*
 * Every group and scheme of this build and every suite but those of the classic RSA key exchange, in our order of
 * preference; no certificate, no ALPN, no tickets, no client certificates. The versions follow from the suites.
 */
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

/* Seconds since 1970; tickets, client certificates and OCSP responses need it. The context is the one of now(). */
void tls_policy_set_time(struct tls_policy *policy, int64_t (*time)(void *context));
MUST_CHECK bool tls_policy_time(const struct tls_policy *policy, int64_t *now); /* false: it has no clock */

/* Before the certificates, the preferred one first. False when there are MAX_POLICY_COMPRESSORS already. */
MUST_CHECK bool tls_policy_add_compressor(struct tls_policy *policy, const struct tls_compressor *compressor);

/* RFC 6960 4.2.1: thisUpdate and nextUpdate of a response, in seconds since 1970. */
struct tls_staple_time {
    int64_t from;
    int64_t until; /* 0: it names no end */
};

/*
 * An OCSP response in DER (copied) for the `index`-th certificate that was added. It is sent while the clock of
 * tls_policy_set_time() is within its time. False: too long, no memory.
 */
MUST_CHECK bool tls_policy_set_staple(struct tls_policy *policy, size_t index, struct bytes response,
                                      struct tls_staple_time time);

/*
 * The certificates whose response names an end, in the order they were added: the first one behind `last`, which is
 * NULL at the beginning. NULL: none more.
 */
const struct tls_credential *tls_policy_next_staple(const struct tls_policy *policy, const struct tls_credential *last);
int64_t tls_policy_staple_end(const struct tls_policy *policy, size_t index); /* of a certificate; 0: none is named */
int64_t tls_credential_staple_end(const struct tls_credential *credential);   /* the nextUpdate of its response */

/* Takes over `trust`, which is NULL for NONE. */
void tls_policy_set_client_certificates(struct tls_policy *policy, enum tls_client_certificate mode,
                                        struct client_trust *trust);

/* client_trust_crl_end() of it. */
MUST_CHECK bool tls_policy_crl_end(const struct tls_policy *policy, int64_t *end);

/*
 * Resumption. `listener` names what a ticket is good for (it and the client-certificate policy are hashed into every
 * ticket's binding); `count` tickets (0 to 2; 0 switches resumption off) follow a full TLS 1.3 handshake; `lifetime` is
 * in seconds, at most MAX_TICKET_LIFETIME, and a ticket never outlives the key that sealed it. After
 * tls_policy_set_client_certificates(). False: the hash failed.
 */
MUST_CHECK bool tls_policy_set_tickets(struct tls_policy *policy, struct bytes listener, unsigned count,
                                       uint32_t lifetime);

/* Small records at first and after a pause, full ones then; off in tls_policy_new(). */
void tls_policy_set_dynamic_records(struct tls_policy *policy, bool is_dynamic);

/* Replace the lists of this build. False when too long. */
MUST_CHECK bool tls_policy_set_suites(struct tls_policy *policy, const struct tls_suite *const *suites, size_t count);
/* Suites of AES only for clients that offer none of ChaCha20-Poly1305 that fits; off in tls_policy_new(). */
void tls_policy_set_aes_last(struct tls_policy *policy, bool is_last);

MUST_CHECK bool tls_policy_set_groups(struct tls_policy *policy, const struct tls_group *const *groups, size_t count);
MUST_CHECK bool tls_policy_set_schemes(struct tls_policy *policy, const struct tls_signature_scheme *const *schemes,
                                       size_t count);

void tls_policy_set_post_quantum(struct tls_policy *policy, enum tls_post_quantum post_quantum);

/* What we take from clients; that of this build is every scheme, also those of which we have no key. */
MUST_CHECK bool tls_policy_set_client_schemes(struct tls_policy *policy,
                                              const struct tls_signature_scheme *const *schemes, size_t count);

/* What is allowed, for the log line of a failed handshake. */
size_t tls_policy_suites(const struct tls_policy *policy, const struct tls_suite *const **suites);
size_t tls_policy_groups(const struct tls_policy *policy, const struct tls_group *const **groups);
size_t tls_policy_schemes(const struct tls_policy *policy, const struct tls_signature_scheme *const **schemes);
const struct certificate_chain *tls_policy_chain(const struct tls_policy *policy, size_t index); /* as added */
const char *tls_policy_certificate_label(const struct tls_policy *policy, size_t index);         /* likewise */
size_t tls_policy_certificate_count(const struct tls_policy *policy);

const char *tls_credential_label(const struct tls_credential *credential);
const struct certificate_chain *tls_credential_chain(const struct tls_credential *credential);

#endif
