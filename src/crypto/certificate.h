/*
 * certificate.h: the certificate chains we serve.
 *
 * A chain is parsed once, from PEM, and then answers questions. It is served in the order of the file; what a
 * client might stumble over is told in words by certificate_chain_review().
 */
#ifndef CRYPTO_CERTIFICATE_H
#define CRYPTO_CERTIFICATE_H

#include "base/writer.h"
#include "crypto/signature.h"

enum { MAX_CHAIN_CERTIFICATES = 10, MAX_CHAIN_LEN = 48 * 1024 };

struct certificate_chain;

/*
 * Reads the CERTIFICATE blocks of a PEM file, leaf first; other blocks are passed over. NULL with the reason in
 * `fault`: no certificate, one that does not parse (which, and why), more than MAX_CHAIN_CERTIFICATES, more than
 * MAX_CHAIN_LEN bytes, a public key that we cannot serve (algorithm, curve, RSA under MIN_RSA_BITS), no memory.
 */
MUST_CHECK struct certificate_chain *certificate_chain_new(struct bytes pem, struct crypto_fault *fault);
void certificate_chain_free(struct certificate_chain *chain);

/* In PEM, encrypted or not. */
bool certificate_holds_key(struct bytes file);

/*
 * Copies the blocks of certificates and CRLs of a PEM file and nothing else, whatever stands between them: a file may
 * hold a private key as well. `out` takes pem.len + 1 bytes.
 */
void certificate_copy_public(struct bytes pem, struct writer *out);

size_t certificate_chain_count(const struct certificate_chain *chain);
struct bytes certificate_chain_der(const struct certificate_chain *chain, size_t index); /* 0 is the leaf */

/* Of the leaf. */
enum key_kind certificate_chain_key_kind(const struct certificate_chain *chain);
unsigned certificate_chain_key_bits(const struct certificate_chain *chain);
bool certificate_chain_is_ca(const struct certificate_chain *chain);                 /* a CA's, not a server's */
bool certificate_chain_may_encipher_keys(const struct certificate_chain *chain);     /* true without a key usage */
const uint8_t *certificate_chain_key_id(const struct certificate_chain *chain);      /* as private_key_id() */
struct bytes certificate_chain_spki(const struct certificate_chain *chain);          /* for public_key_new() */
const uint8_t *certificate_chain_fingerprint(const struct certificate_chain *chain); /* SHA-256, 32 bytes */
struct bytes certificate_chain_serial(const struct certificate_chain *chain);        /* content of the INTEGER */
const char *certificate_chain_subject(const struct certificate_chain *chain);        /* printable */
const char *certificate_chain_issuer(const struct certificate_chain *chain);
const char *certificate_chain_signature(const struct certificate_chain *chain); /* "ecdsa-with-SHA256"; an OID */
int64_t certificate_chain_not_before(const struct certificate_chain *chain);    /* seconds since 1970, UTC */
int64_t certificate_chain_not_after(const struct certificate_chain *chain);

/* Names it is good for: every dNSName of the leaf in lower case, or its CN when it has no subjectAltName. */
size_t certificate_chain_name_count(const struct certificate_chain *chain);
struct bytes certificate_chain_name(const struct certificate_chain *chain, size_t index);

/*
 * Tells everything a client might refuse, one call of `tell` a sentence: expired, not valid yet, expires soon (30
 * days), certificates out of order, one that does not belong, an intermediate that is missing (only the leaf, and
 * it is not self-signed), the root sent along for nothing, a SHA-1 or MD5 signature, an issuer that is no CA, no
 * subjectAltName, an extended key usage without serverAuth. `now`: seconds since 1970.
 */
typedef void certificate_tell(void *context, const char *sentence);
void certificate_chain_review(const struct certificate_chain *chain, int64_t now, certificate_tell *tell,
                              void *context);

/*
 * A self-signed P-256 certificate for development, its subject "sallyport development certificate (not for
 * production)", for `names` (dNSNames, and addresses as iPAddress), valid from an hour before `now` for `days`.
 * Both outputs are NUL-terminated PEM from memory_new(); the key's is wiped and freed by the caller.
 */
MUST_CHECK bool certificate_make_development(const char *const *names, size_t name_count, int64_t now, unsigned days,
                                             struct random_source random, char **certificate_pem, char **key_pem);

#endif
