/*
 * client_trust_types.h: the inside of a trust, for client_trust.c, client_chain.c, client_revocation.c and
 * client_cache.c.
 */
#ifndef CRYPTO_CLIENT_TRUST_TYPES_H
#define CRYPTO_CLIENT_TRUST_TYPES_H

#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#include "crypto/certificate_der.h"
#include "crypto/client_cache.h"
#include "crypto/client_trust.h"

/* A revocation list. It may be large: what its issuer signed is hashed once, when it is read. */
struct client_crl {
    struct client_crl *next;
    mbedtls_x509_crl crl; /* this one alone */
    uint8_t digest[MBEDTLS_MD_MAX_SIZE];
    size_t digest_len;        /* 0: signed over a hash that we do not take */
    mbedtls_x509_crt *signer; /* the CA of ours that signed it; NULL: none, it can be an intermediate's */
    size_t file;
};

struct client_trust {
    mbedtls_x509_crt cas;
    size_t *ca_files; /* of each CA, which file it came from */
    size_t ca_count, ca_file_count, crl_file_count;
    struct client_crl *crls; /* NULL: none, and nobody asks whether a certificate is revoked */
    uint8_t digest[32];
    struct client_cache cache;
};

static inline struct bytes client_x509_bytes(const mbedtls_x509_buf *part)
{
    return bytes_of(part->p, part->len);
}

/* Seconds since 1970 of a time of the library; INT64_MIN when there is none. */
int64_t client_trust_seconds(const mbedtls_x509_time *time);

/* What keeps a certificate from being used as an issuer, by its own words. CHAIN_OK when nothing does. */
enum chain_result client_issuer_check(const struct certificate *issuer);

/* Key and signature algorithm; `is_anchor`: nobody looks at the signature. */
enum chain_result client_strength_check(const struct certificate *certificate, bool is_anchor);

/* The hashes of signatures that we take, as a set of MBEDTLS_X509_ID_FLAG. */
#define CLIENT_DIGESTS                                                                                                 \
    (MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) | MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |                               \
     MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512))

/* From the leaf to the anchor, as the library found it. */
struct client_path {
    mbedtls_x509_crt *certificates[MAX_CLIENT_CHAIN + 2];
    size_t count;
};

/* What certificates and CRLs have in common: a span of time in which all are good, in seconds since 1970. */
struct client_span {
    int64_t from, until;
};
void client_span_narrow(struct client_span *span, int64_t from, int64_t until);

/* NULL: it does not parse, or no memory. */
struct client_crl *client_crl_new(struct bytes der);
void client_crl_free(struct client_crl *crl); /* and all behind it; NULL is fine */

bool client_crl_has_name(const struct client_crl *crl, const mbedtls_x509_crt *issuer);

/* RFC 5280 6.3.3 (f), (g): the issuer has its name, may sign CRLs, and its key did sign this one. */
bool client_crl_is_of(const struct client_crl *crl, mbedtls_x509_crt *issuer);

/* For each CRL the CA that signed it; after CAs or CRLs were added. */
void client_trust_find_signers(struct client_trust *trust);

/* CHAIN_REVOKED, CHAIN_CRL_STALE or CHAIN_OK; the CRLs that say so narrow `span`. */
enum chain_result client_revocation_check(const struct client_trust *trust, const struct client_path *path, int64_t now,
                                          struct client_span *span);

/* Fills in the texts. */
void client_identity_read(const struct certificate *leaf, struct client_identity *identity);

#endif
