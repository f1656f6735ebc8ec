/*
 * client_trust.h: whom we believe that they are who their certificate says.
 *
 * A set of CA certificates and their CRLs, read once from PEM, and the verification of a client's chain against
 * it. libmbedx509 verifies; what it lets pass and should not is refused here, by checks of our own over the DER.
 * A verification costs as much as a signature or more, so the last results are kept, by the chain's digest, while
 * nothing they depend on has changed.
 */
#ifndef CRYPTO_CLIENT_TRUST_H
#define CRYPTO_CLIENT_TRUST_H

#include "crypto/signature.h"

enum {
    MAX_CLIENT_CHAIN = 6,
    MAX_CLIENT_CHAIN_LEN = 1 << 16,
    MAX_CLIENT_RSA_BITS = 4096,
    MAX_CLIENT_NAMES = 256,  /* subjectAltNames of one certificate */
    MAX_IDENTITY_TEXT = 256, /* of subject and of names, cut with "..." beyond */
};

struct client_trust;

/* Why a chain is not believed. */
enum chain_result {
    CHAIN_OK,
    CHAIN_MALFORMED,  /* a certificate does not parse, or is longer or has more names than we take */
    CHAIN_TOO_LONG,   /* more than MAX_CLIENT_CHAIN certificates */
    CHAIN_UNKNOWN_CA, /* leads to none of our CAs, or a signature in it is wrong */
    CHAIN_EXPIRED,    /* of any certificate in it */
    CHAIN_NOT_YET_VALID,
    CHAIN_REVOKED,
    CHAIN_CRL_STALE,        /* fail closed: CRLs are configured, and none that is current covers an issuer */
    CHAIN_NOT_FOR_CLIENTS,  /* extended key usage without clientAuth, or key usage without digitalSignature */
    CHAIN_NOT_A_CA,         /* an issuer whose basicConstraints, pathlen or keyUsage do not make it one */
    CHAIN_NAME_CONSTRAINTS, /* a CA with nameConstraints, which we do not evaluate */
    CHAIN_WEAK,             /* a key or signature algorithm in it is too weak, too big or not supported */
    CHAIN_FAILED,           /* ours: memory or the library */
    CHAIN_RESULTS
};
const char *chain_result_name(enum chain_result result); /* "unknown_ca" */

/* Who it is. The texts but common_name are printable ASCII, for people; what was not is escaped. */
struct client_identity {
    char subject[MAX_IDENTITY_TEXT];         /* "CN=alice,O=Example" */
    char names[MAX_IDENTITY_TEXT];           /* subjectAltNames: "DNS:a.example,email:a@example,URI:spiffe://x" */
    char common_name[MAX_IDENTITY_TEXT + 1]; /* the CN as it is, in UTF-8; empty: none, too long, or no text */
    uint8_t fingerprint[32];                 /* SHA-256 of the certificate */
    int64_t not_after; /* the earliest end of its chain and of the CRLs that cover it, seconds since 1970 */
};

/*
 * Reads CERTIFICATE blocks. NULL with the reason in `fault`: none there, one does not parse, is no CA, has
 * nameConstraints, a weak key or signature (a self-signed root's own signature does not count); out of memory.
 */
MUST_CHECK struct client_trust *client_trust_new(struct bytes ca_pem, struct crypto_fault *fault);
void client_trust_free(struct client_trust *trust);

/* More CERTIFICATE blocks (false as above, the trust is unchanged), and X509 CRL blocks. */
MUST_CHECK bool client_trust_add_ca(struct client_trust *trust, struct bytes ca_pem, struct crypto_fault *fault);
MUST_CHECK bool client_trust_add_crl(struct client_trust *trust, struct bytes crl_pem, struct crypto_fault *fault);

/* Whether it could be added: for who has no CA to add it to and still owes a word on it. */
MUST_CHECK bool client_trust_check_crl(struct bytes crl_pem, struct crypto_fault *fault);

/*
 * What an operator should know: a CA or CRL that is out of date or soon will be, with none beside it that is current; a
 * CRL of no CA of ours, a CA without one.
 */
struct client_trust_finding {
    bool is_of_crls;
    size_t file; /* the n-th call of client_trust_add_crl(), or of those that added CAs, from 0 */
    const char *sentence;
};
void client_trust_review(struct client_trust *trust, int64_t now,
                         void (*tell)(void *context, const struct client_trust_finding *finding), void *context);

/*
 * Until when, in seconds since 1970, each CA with CRLs has one that is current; of several of a CA the one that lasts
 * longest counts. False: there are none, or none that a CA of ours signed.
 */
MUST_CHECK bool client_trust_crl_end(const struct client_trust *trust, int64_t *end);

/* The digest of every CA and CRL in it, whatever their order; a ticket is bound to it. */
const uint8_t *client_trust_digest(const struct client_trust *trust); /* 32 bytes */

/* DER Names of the CAs, for CertificateRequest; *at is NULL before the first. False past the last. */
MUST_CHECK bool client_trust_next_subject(const struct client_trust *trust, const void **at, struct bytes *name);

/*
 * `chain` holds `count` certificates in DER, leaf first, in order, as the client sent them; `now` is in seconds since
 * 1970. On CHAIN_OK `identity` is filled in and *key is the leaf's public key, to be freed by the caller. Else *key is
 * NULL, and `identity` holds what could be read of the leaf (for the log), or is zeroed.
 */
MUST_CHECK enum chain_result client_trust_verify(struct client_trust *trust, const struct bytes *chain, size_t count,
                                                 int64_t now, struct client_identity *identity,
                                                 struct public_key **key);

/* How many verifications the cache answered; for counters and tests. */
uint64_t client_trust_cache_hits(const struct client_trust *trust);

#endif
